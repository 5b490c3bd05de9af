"""Messages on the commonest slips of a first system, in the words of the slip."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, structure_in_words
from thalweg.dynamics.rules import Rule

_TIMES = ("t", "time")


def no_rule(subject: str, got: Any, wanted: str) -> InputError:
    """The error of something that is no rule where one is wanted.

    Arguments:
        subject: the argument.
        got: what was given.
        wanted: the kinds of rules that will do, such as `a Flow or a Map`.
    """
    if inspect.isclass(got) and issubclass(got, Rule):
        name = got.__name__
        return InputError(f"{subject} is the class {name}, not a rule: call it, {name}().")
    if inspect.isclass(got):  # perhaps of an energy
        return InputError(f"{subject} is the class {got.__name__}: call it, {got.__name__}().")
    if isinstance(got, Rule):
        return InputError(
            f"{subject} must be {wanted}, got {type(got).__name__}, a {got.rule_kind}."
        )
    return InputError(
        f"{subject} must be {wanted}, got {got!r}. Wrap a function with as_flow or as_map, an "
        f"energy with SteepestDescent."
    )


def written_wrongly(rule: Rule) -> str:
    """A sentence on the arguments of a rule's functions, where they are not as promised; or ""."""
    laws = (rule.words.law, *(["noise"] if rule.rule_kind == "diffusion" else []))
    return next(filter(None, (_signature(rule, law) for law in laws)), "")


def _signature(rule: Rule, law: str) -> str:
    function = getattr(type(rule), law, None)
    if not inspect.isfunction(function) or function.__module__.startswith("thalweg."):
        return ""
    promised = next(
        vars(base)[law]
        for base in type(rule).__mro__
        if base.__module__.startswith("thalweg.") and law in vars(base)
    )
    wanted = list(inspect.signature(promised).parameters)
    parameters = list(inspect.signature(function).parameters.values())
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return ""
    # Further ones that have a value need not be given.
    count = max(len(wanted), sum(p.default is p.empty for p in parameters))
    time, names = wanted.index("t"), [p.name for p in parameters]
    has_time = any(name in _TIMES for name in names[:count])
    is_as_long = len(names) >= count == len(wanted)
    if is_as_long and (names[time] in _TIMES or not has_time):
        return ""
    said = ", ".join(wanted)
    return f"{law} must be written {law}({said}); this one is {law}({', '.join(names)})."


def check_order(name: str, fn: Callable[..., Any]) -> None:
    """Refuse a function whose second argument is called the time: `f(x, t)`.

    Raises:
        InputError: it is.
    """
    try:
        names = list(inspect.signature(fn).parameters)
    except (TypeError, ValueError):
        return
    if len(names) > 1 and names[1] in _TIMES and names[0] not in _TIMES:
        raise InputError(
            f"{name}: fn takes ({', '.join(names)}), but the time comes first: (t, state). Swap "
            f"them, as in lambda t, x: f(x, t)."
        )


def wrong_structure(law: str, result: Any, layout: Layout) -> str:
    """A sentence on the wrong structure of what a law returned."""
    is_one = len(layout.shapes) == 1
    if is_one and isinstance(result, list | tuple):
        return (
            f"{law} returned a {type(result).__name__} of {len(result)}, but the state is one "
            f"array of shape {layout.shapes[0]}. Join the coordinates: jnp.stack([…])."
        )
    if result is None:
        return f"{law} returned None: it needs a return."
    if is_one and isinstance(result, dict):
        return (
            f"{law} returned a dict with {', '.join(map(repr, result))}, but the state is one "
            f"array of shape {layout.shapes[0]}. Join the coordinates: jnp.stack([…])."
        )
    return (
        f"{law} must return the structure of the state, "
        f"{structure_in_words(layout.treedef)}, got "
        f"{structure_in_words(jax.tree.structure(result))}."
    )


def no_number(law: str, result: Any) -> str:
    """A sentence on what a law returned that is no number; or ""."""
    for leaf in jax.tree.leaves(result):
        if not hasattr(leaf, "dtype") and np.asarray(leaf).dtype.kind not in "biufc":
            return f"{law} must return numbers, got {leaf!r}."
    return ""


def as_box(bounds: Any) -> str:
    """A sentence on the box to write for plain numbers that were given as a domain; or "".

    Arguments:
        bounds: what was given, such as a pair a coordinate, or two corners.
    """
    if isinstance(bounds, dict):
        pairs = _numbers(list(bounds.values()))
        if pairs is None or pairs.ndim != 2 or pairs.shape[1] != 2:
            return ""
        low, high = (
            ", ".join(f'"{name}": {x:g}' for name, x in zip(bounds, side, strict=True))
            for side in pairs.T
        )
        return f" Write Box({{{low}}}, {{{high}}})."
    numbers = _numbers(bounds)
    if numbers is None:
        return ""
    if numbers.shape == (2,) and numbers[0] < numbers[1]:
        return f" Write Box({numbers[0]:g}, {numbers[1]:g})."
    if numbers.ndim != 2:
        return ""
    # One pair a coordinate, or the two corners.
    ways = [way for way in (numbers.T, numbers) if len(way) == 2 and np.all(way[0] < way[1])]
    boxes = [f"Box({_listed(low)}, {_listed(high)})" for low, high in ways]
    if not boxes:
        return ""
    return f" Write {' or '.join(dict.fromkeys(boxes))}: the lower corner, then the upper."


def _numbers(given: Any) -> np.ndarray | None:
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _listed(numbers: np.ndarray) -> str:
    return f"[{', '.join(f'{x:g}' for x in numbers)}]"
