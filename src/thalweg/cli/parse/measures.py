"""`--measure NAME`: a named measure, or a function in a Python file."""

from collections.abc import Mapping
from typing import Any

from thalweg.cli.parse.loader import System, load_object
from thalweg.cli.parse.region import read_domain
from thalweg.cli.parse.starts import read_start
from thalweg.core.declared import declared_domain
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.report.measures import MEASURES, OPTIONS, named_measure, unknown_measure
from thalweg.sweeps import Compiled, Measure


def read_measure(
    name: str,
    system: System,
    domain: str | None,
    start: str | None,
    seed: int,
    limits: Mapping[str, float | int | None],
) -> tuple[Measure, Domain | None, list[str]]:
    """The measure that the words of a command ask for, where, and warnings about the domain.

    Arguments:
        name: of a measure, or `path/to/file.py:fn`.
        system: the system.
        domain: the text of `--domain`.
        start: that of `--start`.
        seed: of a start that is drawn.
        limits: `duration`, `steps` and `starts` where they are given.

    Raises:
        InputError: there is no such measure, or it has no use for what is given.
    """
    given = {key: value for key, value in limits.items() if value is not None}
    if name not in MEASURES and ".py" in name:
        texts = {"domain": domain, "start": start, **given}
        unused = [f"--{key}" for key, value in texts.items() if value is not None]
        if unused:
            raise InputError(f"{unused[0]}: a function in a file has no use for it.")
        return _in_file(name), declared_domain(system.rule), []
    words = {"start": start} if start else {}
    unused = [key for key in words | given if key not in OPTIONS.get(name, ())]
    if unused and name in MEASURES:
        raise InputError(f"--{unused[0]}: the measure {name} has no use for it.")
    wrong = "steps" if system.rule.has_continuous_time else "duration"
    if wrong in given:
        raise InputError(f"--{wrong}: a {system.rule.rule_kind} takes the other of the two.")
    if name not in MEASURES:
        raise unknown_measure(name)
    region, warnings = read_domain(domain, system.rule)
    if start is not None or name == "settled":
        given["start"] = read_start(start, system, seed)
    return named_measure(name, system.subject, region, **given), region, warnings


def _in_file(name: str) -> Measure:
    found: Any = load_object(name)
    if isinstance(found, Measure):
        return found
    if not callable(found) or isinstance(found, type):
        raise InputError(
            f"{name} is {type(found).__name__}; expected a function of a system that returns "
            f"arrays, or a thalweg.sweeps.Measure such as OnHost(fn)."
        )
    return Compiled(found)
