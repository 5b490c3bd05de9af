"""`thalweg recover`: is a rule steepest descent of something?"""

from thalweg.cli.options import (
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


def recover(
    system: SystemArgument,
    settings: SetOption = None,
    domain: DomainOption = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Ask whether a system is steepest descent of an energy: of which, or why not.

    The JSON has the keys `schema`, `version`, `system`, `parameters`, `rule`, `dimension`,
    `domain`, `seed`, `verdict` (as in `analyze`) and `warnings`.
    """
    with session(out, as_json, quiet, debug) as current:
        import dataclasses

        from thalweg.cli.header import header
        from thalweg.cli.loader import load_system
        from thalweg.cli.region import read_domain

        loaded = load_system(system, settings or ())
        region, warnings = read_domain(domain, loaded.rule)
        current.open_folder(loaded.slug)

        from thalweg.cli.seeds import key_of
        from thalweg.recovery import recover_energy

        verdict = recover_energy(loaded.rule, region, key=key_of(seed))
        verdict = dataclasses.replace(
            verdict, system=loaded.name, warnings=(*warnings, *verdict.warnings)
        )
        result = header(loaded, region.chart().layout.size) | {
            "domain": region.to_dict(),
            "seed": seed,
            "verdict": verdict.to_dict(),
            "warnings": list(verdict.warnings),
        }
        current.finish(result, str(verdict))
