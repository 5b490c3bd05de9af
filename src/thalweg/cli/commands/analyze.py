"""`thalweg analyze`: the main job."""

import shlex

from thalweg.cli.parse.options import (
    ConservedOption,
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
    conserved: ConservedOption = None,
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
        from thalweg.cli.parse.totals import read_conserved

        loaded = load_system(system, settings or ())
        box, warnings = read_domain(domain, loaded.rule)
        totals = read_conserved(conserved)
        current.open_folder(loaded.slug)

        from thalweg.report import analyze as job

        files: dict[str, bytes] = {}
        known = {"seed": seed, "name": loaded.name, "warnings": warnings, "conserved": totals}
        with Stages(loaded.name, len(job.STAGES) + 1, quiet=quiet) as stage:
            found = job.analyze(loaded.subject, box, **known, stage=stage)
            if current.folder is not None:
                from thalweg.cli.versions import installed
                from thalweg.report import analysis_page

                stage("figures")
                command = _command(loaded.portable_name, settings or (), domain, totals, seed)
                page = found.called(loaded.portable_name)
                files = analysis_page(page, command=command, versions=installed()).files()

        current.finish(found.to_dict(), str(found), lambda: files)


def _command(
    name: str,
    settings: list[str] | tuple[()],
    domain: str | None,
    totals: dict[str, float],
    seed: int,
) -> str:
    """What was typed, without where files went."""
    words = ["thalweg", "analyze", name]
    words += [word for text in settings for word in ("--set", text)]
    words += [] if domain is None else ["--domain", domain]
    words += [
        word for total in totals.items() for word in ("--conserved", "{}={!r}".format(*total))
    ]
    return shlex.join([*words, *(["--seed", str(seed)] if seed else [])])
