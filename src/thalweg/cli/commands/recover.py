"""`thalweg recover`: is a rule steepest descent of something?"""

from typing import Annotated, Any

import typer

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

SymbolicOption = Annotated[
    bool,
    typer.Option("--symbolic", help="Ask in exact form: E and the metric as text and LaTeX."),
]


def recover(
    system: SystemArgument,
    settings: SetOption = None,
    domain: DomainOption = None,
    symbolic: SymbolicOption = False,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Ask whether a system is steepest descent of an energy: of which, or why not.

    The JSON has the keys `schema`, `version`, `system`, `parameters`, `rule`, `dimension`,
    `domain`, `seed`, `verdict` (as in `analyze`) and `warnings`. With `--symbolic` the verdict
    also has `energy`, `latex`, `note`, `proved`, `conditions`, `seen` and `exact` (the expressions
    as trees), and no levels.
    """
    with session(out, as_json, quiet, debug) as current:
        import dataclasses

        from thalweg.cli.parse.loader import load_system
        from thalweg.cli.parse.region import read_domain
        from thalweg.report.header import header

        loaded = load_system(system, settings or ())
        region, warnings = read_domain(domain, loaded.rule)
        current.open_folder(loaded.slug)

        if symbolic:
            with Stages(loaded.name, 1, quiet=quiet) as stage:
                stage("exact energy")
                verdict, text = _symbolic(loaded, region)
        else:
            from thalweg.cli.parse.seeds import key_of
            from thalweg.recovery import recover_energy

            with Stages(loaded.name, 1, quiet=quiet) as stage:
                stage("energy")
                found = recover_energy(loaded.rule, region, key=key_of(seed))
            found = dataclasses.replace(
                found, about=found.about.called(loaded.name), warnings=(*warnings, *found.warnings)
            )
            verdict, text, warnings = found.data(), str(found), list(found.warnings)
        size, kind = region.layout.size, loaded.rule.rule_kind
        result = header(loaded.name, loaded.parameters, kind, size) | {
            "domain": region.to_dict(),
            "seed": seed,
            "verdict": verdict,
            "warnings": list(warnings),
        }
        current.finish(result, text)


def _symbolic(loaded: Any, region: Any) -> tuple[dict[str, Any], str]:
    """The verdict in closed form: as data and as text."""
    import dataclasses

    from thalweg.core.errors import InputError

    try:
        from thalweg.recovery.closed_form import recover_symbolic
    except ModuleNotFoundError as error:
        raise InputError(
            "--symbolic needs SymPy, which is not installed: pip install 'thalweg[symbolic]'."
        ) from error
    found = recover_symbolic(loaded.rule, region)
    found = dataclasses.replace(found, about=found.about.called(loaded.name))
    return found.data(), str(found)
