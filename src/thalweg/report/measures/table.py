"""The named measures."""

from collections.abc import Callable
from typing import Any

from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.dynamics import resolve_domain
from thalweg.report.measures.base import Asked, rule_of
from thalweg.report.measures.basins import basins
from thalweg.report.measures.cycles import cycles
from thalweg.report.measures.equilibria import equilibria
from thalweg.report.measures.exponents import exponents
from thalweg.report.measures.settled import settled
from thalweg.report.measures.verdicts import verdicts
from thalweg.sweeps import Measure

# What makes each measure, by its name. A new one is a module and a row.
MEASURES: dict[str, Callable[[Asked], Measure]] = {
    "equilibria": equilibria,
    "settled": settled,
    "cycles": cycles,
    "basins": basins,
    "exponents": exponents,
    "verdict": verdicts,
}

# What each of them can be told besides the system and the domain.
_RUNS = ("start", "duration", "steps")
OPTIONS: dict[str, tuple[str, ...]] = {"settled": _RUNS, "exponents": _RUNS, "basins": ("starts",)}


def unknown_measure(name: str) -> InputError:
    """The error of a name that is none of `MEASURES`."""
    return InputError(
        f"measure must be one of {', '.join(MEASURES)}, or a function in a file, "
        f"path/to/file.py:fn; got {name!r}."
    )


def named_measure(name: str, system: Any, domain: Domain | None = None, **others: Any) -> Measure:
    """A measure of a sweep by its name.

    Arguments:
        name: one of `MEASURES`: `"equilibria"`, `"settled"`, `"cycles"`, `"basins"`,
            `"exponents"`, `"verdict"`.
        system: the rule, or the energy, whose parameters will vary.
        domain: the region of the question; None means the domain that the system declares.
        others: of `settled` and `exponents`: `start`, and `duration` (of a flow) or `steps` (of a
            map); of `basins`: `starts`, how many there are.

    Raises:
        InputError: there is none of that name, or it does not fit the system.

    Example:
        >>> import tempfile, thalweg as tw
        >>> from thalweg.report.measures import named_measure
        >>> membrane = tw.models.FitzHughNagumo()
        >>> grid = tw.sweeps.Grid(membrane, {"current": [0.0, 0.2, 0.8]})
        >>> measure = named_measure("settled", membrane, duration=200.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = tw.sweep(measure, grid, folder + "/rest.zarr")
        ...     rests = found.read("is_at_rest")
        >>> rests.tolist()
        [1, 1, 0]
    """
    if name not in MEASURES:
        raise unknown_measure(name)
    rule = rule_of(system)
    unused = [key for key in others if key not in OPTIONS.get(name, ())]
    if unused:
        raise InputError(f"{unused[0]}: the measure {name} has no use for it.")
    return MEASURES[name](Asked(rule, resolve_domain(rule, domain), **others))
