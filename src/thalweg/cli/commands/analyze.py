"""`thalweg analyze`: the main job."""

from thalweg.cli.parse.options import (
    DebugOption,
    DomainOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedOption,
    SetOption,
    SystemArgument,
)
from thalweg.cli.session import session
from thalweg.cli.stages import Stages


def analyze(
    system: SystemArgument,
    settings: SetOption = None,
    domain: DomainOption = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Find where a system rests, how stable that is, and whether it goes down on an energy.

    Prints a table, and writes result.json, the figures and report.html.

    Examples: `thalweg analyze fitzhugh-nagumo --set current=0.3`,
    `thalweg analyze model.py:MyFlow --domain "-3,3;-3,3" --json`.
    """
    with session(out, as_json, quiet, debug) as current:
        from thalweg.cli.parse.loader import load_system
        from thalweg.cli.parse.region import read_domain

        loaded = load_system(system, settings or ())
        box, warnings = read_domain(domain, loaded.rule)
        current.open_folder(loaded.slug)

        from thalweg.cli.analysis import STAGES, analyze_system

        files: dict[str, bytes] = {}
        with Stages(loaded.name, len(STAGES) + 1, quiet=quiet) as stage:
            analysis = analyze_system(loaded, box, seed, tuple(warnings), stage)
            if current.folder is not None:
                from thalweg.cli.reporting import report_files

                stage("figures")
                files = report_files(analysis, box, settings or (), domain)

        current.finish(analysis.to_dict(), str(analysis), lambda: files)
