"""Messages on the commonest slips of a first system, in the words of the slip."""

import inspect
import re
import traceback
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import Layout
from thalweg.dynamics.rules import Deterministic, Rule

_TIMES = ("t", "time")
# A call of `math` or NumPy in a line of code.
_COUNTS = re.compile(r"too many values to unpack \(expected (\d+)|expected (\d+), got")
_FOREIGN = re.compile(r"\b(math|np|numpy)\.(\w+)")


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
    if isinstance(got, Rule):
        return InputError(
            f"{subject} must be {wanted}, got {type(got).__name__}, a {got.rule_kind}."
        )
    return InputError(
        f"{subject} must be {wanted}, got {got!r}. Wrap a function with as_flow or as_map, an "
        f"energy with SteepestDescent."
    )


def check_energy_is_made(subject: str, energy: Any) -> None:
    """Refuse the class of an energy where an energy is wanted.

    Raises:
        InputError: it is a class.
    """
    if inspect.isclass(energy):
        name = energy.__name__
        raise InputError(f"{subject}: energy is the class {name}: call it, {name}().")


def written_wrongly(rule: Rule) -> str:
    """A sentence on the arguments of a rule's law, where they are not `(self, t, state)`; or ""."""
    law = rule.words.law
    function = getattr(type(rule), law, None)
    if not isinstance(rule, Deterministic) or not inspect.isfunction(function):
        return ""
    parameters = inspect.signature(function).parameters.values()
    names = [parameter.name for parameter in parameters]
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return ""
    is_swapped = len(names) == 3 and names[2] in _TIMES and names[1] not in _TIMES
    if len(names) == 3 and not is_swapped:
        return ""
    return f"{law} must be written {law}(self, t, state); this one is {law}({', '.join(names)})."


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


def cure_of(error: Exception, shape: Any) -> str:
    """A sentence on the cure of the error of a law at a state of that shape; or ""."""
    if isinstance(error, jax.errors.TracerBoolConversionError):
        return " Use jnp.where instead of `if`."
    if isinstance(error, jax.errors.JAXTypeError):  # a number was wanted of what JAX traces
        return _own_function(error)
    counts = _COUNTS.search(str(error))
    if counts is not None:
        wanted = counts[1] or counts[2]
        return f" It unpacks {wanted} coordinates, but a state of shape {shape} was asked about."
    return ""


def _own_function(error: Exception) -> str:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        calls = dict.fromkeys(_FOREIGN.findall(frame.line or ""))
        foreign = [(module, name) for module, name in calls if hasattr(jnp, name)]
        if foreign:
            ours = " and ".join(f"jnp.{name}" for _, name in foreign)
            theirs = " and ".join(f"{module}.{name}" for module, name in foreign)
            return f" Use {ours}, not {theirs} (line {frame.lineno})."
    return " Use jax.numpy in it, not numpy or math."


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
    return (
        f"{law} must return the structure of the state, {layout.treedef}, got "
        f"{jax.tree.structure(result)}."
    )
