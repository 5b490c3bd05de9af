"""Programs that JAX traces: does a function make the same one each time?

What a function draws from NumPy's generators, or reads from a clock, is a constant of the program
that is traced from it, and the same number at every step of a run. A second trace shows it.
"""

import weakref
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.core import Tracer
from jax.extend import core

from thalweg.core.errors import InputError

# Owners that were looked at, with what must be alive for the answer to hold. A few, because a key
# keeps the static fields of its owner.
_LOOKED_AT: dict[Any, tuple[Callable[[], Any], ...]] = {}
_MOST_KEPT = 256  # functions remembered: a process that makes thousands must not keep them all


# Of an energy; rules say what to write for theirs.
DRAWN = "Let it be a function of the state alone"


def refuse_frozen_chance(name: str, cure: str, owner: Any, fn: Any, *examples: Any) -> None:
    """Refuse a function of which a second trace makes another program.

    Arguments:
        name: what the function is called.
        cure: what to do instead, an imperative.
        owner: whose function it is, a pytree.
        fn: the function.
        examples: arrays or shape structures.

    Raises:
        InputError: it is not the same twice.
    """
    if not is_reproducible(owner, fn, *examples):
        raise InputError(
            f"{name} is another function each time JAX traces it: it draws random numbers without "
            f"a key (numpy.random, random) or reads a clock, and one draw would be frozen into the "
            f"compiled program. {cure}; or draw once, outside, and hand the numbers over as "
            f"a parameter."
        )


def is_reproducible(owner: Any, fn: Callable[..., Any], *examples: Any) -> bool:
    """True if two traces of a function have the same operations and the same constants.

    Looks once at every class, and at every plain function in its fields, for each shape of the
    examples; values of parameters do not matter.

    Arguments:
        owner: the rule or the energy whose function it is, a pytree.
        fn: the function; its arrays and those of the examples may be traced already.
        examples: arrays or shape structures.
    """
    key, parts = _key(owner, examples)
    known = _LOOKED_AT.get(key)
    if known is not None and all(ref() is part for ref, part in zip(known, parts, strict=True)):
        return True
    is_same = _same(*(_traced(fn, *examples) for _ in range(2)))
    if is_same and key is not None:
        if len(_LOOKED_AT) >= _MOST_KEPT:
            _LOOKED_AT.clear()
        _LOOKED_AT[key] = tuple(map(_reference, parts))
    return is_same


def _key(owner: Any, examples: Any) -> tuple[Any, list[Any]]:
    """Key that tells owners apart, None if nothing does; and the functions among their leaves."""
    leaves, treedef = jax.tree.flatten(owner)
    parts = [leaf for leaf in leaves if not eqx.is_array_like(leaf)]
    shapes, of_examples = jax.tree.flatten(examples)
    looks = tuple((np.shape(x), str(x.dtype)) for x in shapes)
    key = (treedef, tuple(map(id, parts)), looks, of_examples)
    try:
        hash(key)
    except TypeError:
        return None, parts
    return key, parts


def _reference(part: Any) -> Callable[[], Any]:
    """A way to an object that does not keep it alive, where it allows that."""
    try:
        return weakref.ref(part)
    except TypeError:
        return lambda: part


def _traced(fn: Callable[..., Any], *examples: Any) -> Any:
    # A new function each time, because JAX keeps the traces of one.
    return jax.make_jaxpr(lambda *arguments: fn(*arguments))(*examples)


def _same(one: Any, two: Any) -> bool:
    """True if two programs, or parameters of an operation, are the same but for names."""
    if one is two:
        return True
    if isinstance(one, core.ClosedJaxpr) and isinstance(two, core.ClosedJaxpr):
        if not _all_same(one.consts, two.consts):
            return False
        if one.jaxpr is not one:  # from JAX 0.12 on a program and one with constants are one class
            return _same(one.jaxpr, two.jaxpr)
    if isinstance(one, core.Jaxpr) and isinstance(two, core.Jaxpr):
        return _all_same(one.eqns, two.eqns) and _all_same(one.outvars, two.outvars)
    if isinstance(one, core.JaxprEqn) and isinstance(two, core.JaxprEqn):
        inner = [list(equation.params.values()) for equation in (one, two)]
        return (
            one.primitive == two.primitive
            and _all_same(one.invars, two.invars)
            and _all_same(*inner)
        )
    if isinstance(one, core.Literal) and isinstance(two, core.Literal):
        return _same(one.val, two.val)
    if isinstance(one, tuple | list) and isinstance(two, tuple | list):
        return _all_same(one, two)
    if _is_number(one) and _is_number(two):
        one, two = np.asarray(one), np.asarray(two)
        return one.shape == two.shape and one.tobytes() == two.tobytes()
    # Names, shardings, functions and the like say nothing about numbers.
    return isinstance(one, core.Literal) == isinstance(two, core.Literal)


def _all_same(ones: Any, twos: Any) -> bool:
    return len(ones) == len(twos) and all(map(_same, ones, twos))


def _is_number(value: Any) -> bool:
    return eqx.is_array_like(value) and not isinstance(value, Tracer)
