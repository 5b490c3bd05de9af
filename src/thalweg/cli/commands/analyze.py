"""`thalweg analyze`: the main job."""

import typer

from thalweg.cli.parse.options import (
    AnimateOption,
    CertifyOption,
    ConservedOption,
    DebugOption,
    DomainOption,
    JsonOption,
    LandscapeOption,
    OutOption,
    QuietOption,
    SeedOption,
    SetOption,
    SystemArgument,
    VaryOption,
)
from thalweg.cli.session import session


def analyze(
    context: typer.Context,
    system: SystemArgument,
    settings: SetOption = None,
    domain: DomainOption = None,
    conserved: ConservedOption = None,
    vary: VaryOption = None,
    certify: CertifyOption = False,
    landscape: LandscapeOption = False,
    animate: AnimateOption = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Find where a system rests, how stable that is, and whether it goes down on an energy.

    Prints a table, and writes result.json, the figures and report.html.

    Examples: `thalweg analyze fitzhugh-nagumo --set current=0.3`,
    `thalweg analyze fitzhugh-nagumo --vary current=0:1.5` (`--vary` twice: over two parameters),
    `thalweg analyze model.py:MyFlow --domain "-3,3;-3,3" --json`.
    """
    with session(out, as_json, quiet, debug) as current:
        from thalweg.cli.page import analyzed
        from thalweg.cli.parse.animation import read_animation, say_what_is_missing
        from thalweg.cli.parse.inquiry import read_inquiry

        asked = read_inquiry(system, settings, domain, conserved, vary)
        moving = read_animation(animate, out is not None or not as_json)
        current.open_folder(asked.system.slug)
        options = {"certify": certify, "landscape": landscape, "seed": seed}
        with_page = current.folder is not None
        found, files = analyzed(asked, options, context, with_page, quiet, moving)
        say_what_is_missing(current, moving, files, system)
        current.finish(found.to_dict(), str(found), lambda: files)
