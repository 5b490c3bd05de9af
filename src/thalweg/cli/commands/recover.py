"""`thalweg recover`: is a rule steepest descent of something?"""

from typing import Annotated, Any

import typer

from thalweg.cli.parse.options import (
    AnimateOption,
    DebugOption,
    DomainOption,
    JsonOption,
    LandscapeOption,
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
    typer.Option(
        "--symbolic", metavar="", help="Ask in exact form: E and the metric as text and LaTeX."
    ),
]


def recover(
    context: typer.Context,
    system: SystemArgument,
    settings: SetOption = None,
    domain: DomainOption = None,
    symbolic: SymbolicOption = False,
    landscape: LandscapeOption = False,
    animate: AnimateOption = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Ask whether a system is steepest descent of an energy: of which, or why not.

    Prints the verdict, and writes result.json, the figures and report.html.

    The JSON has the keys `schema`, `version`, `system`, `parameters`, `rule`, `dimension`,
    `domain`, `seed`, `verdict` (as in `analyze`) and `warnings`. With `--symbolic` the verdict
    also has `energy`, `latex`, `note`, `proved`, `conditions`, `seen` and `exact` (the expressions
    as trees), and no levels.
    """
    with session(out, as_json, quiet, debug) as current:
        import dataclasses

        from thalweg.cli.page import made_with
        from thalweg.cli.parse.animation import read_animation, say_what_is_missing
        from thalweg.cli.parse.loader import load_system, pointing_to_a_map
        from thalweg.cli.parse.region import read_domain
        from thalweg.report.header import header

        if symbolic and landscape:
            from thalweg.core.errors import InputError

            raise InputError("--landscape is computed on a grid: ask for it without --symbolic.")
        loaded = load_system(system, settings or ())
        region, warnings = read_domain(domain, loaded.rule)
        moving = read_animation(animate, out is not None or not as_json)
        current.open_folder(f"{loaded.slug}-recover")

        if symbolic:
            with Stages(loaded.name, 1, quiet=quiet) as stage:
                stage("exact energy")
                found = _symbolic(loaded, region)
        else:
            from thalweg.cli.parse.seeds import key_of
            from thalweg.recovery import recover_energy

            with (
                pointing_to_a_map(loaded, "recover"),
                Stages(loaded.name, 1, quiet=quiet) as stage,
            ):
                stage("energy")
                found = recover_energy(loaded.rule, region, key=key_of(seed), landscape=landscape)
            found = dataclasses.replace(found, warnings=(*warnings, *found.warnings))
            warnings = list(found.warnings)
        found = dataclasses.replace(found, about=found.about.called(loaded.name))
        size, kind = region.layout.size, loaded.rule.rule_kind
        result = header(loaded.name, loaded.parameters, kind, size) | {
            "domain": region.to_dict(),
            "seed": seed,
            "verdict": found.data(),
            "warnings": list(warnings),
        }

        def draw() -> dict[str, bytes]:
            from thalweg.report import recovery_page, symbolic_page

            page: Any = symbolic_page if symbolic else recovery_page
            named = dataclasses.replace(found, about=found.about.called(loaded.portable_name))
            known = {"parameters": loaded.parameters, "seed": seed, "animate": moving}
            files = page(named, loaded.rule, **known, **made_with(loaded, context)).files()
            say_what_is_missing(current, moving, files, system)
            return files

        current.finish(result, str(found), draw)


def _symbolic(loaded: Any, region: Any) -> Any:
    """The verdict in closed form."""
    from thalweg.core.errors import InputError
    from thalweg.core.extras import not_installed

    try:
        from thalweg.recovery.closed_form import recover_symbolic
    except ModuleNotFoundError as error:
        raise InputError(not_installed("--symbolic", "SymPy", "symbolic")) from error
    return recover_symbolic(loaded.rule, region)
