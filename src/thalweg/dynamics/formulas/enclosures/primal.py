"""A function as the primitive operations that make its values, so that derivatives are of these.

A custom derivative, or `stop_gradient`, may say anything. What is proved of a function is proved of
its values: here its program is carried out again without them.
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from thalweg.core.trees import has_tracer
from thalweg.dynamics.formulas.programs import kept_and_carried

_CALLS = ("jaxpr", "call_jaxpr", "fun_jaxpr")
_LOOPS = ("scan", "while", "cond")
_FOLDED = {"reduce_max": jnp.maximum, "reduce_min": jnp.minimum}
_CUMULATED = {
    "cumprod": jnp.multiply,
    "cummax": jnp.maximum,
    "cummin": jnp.minimum,
    "cumlogsumexp": lambda a, b: b + jnp.log1p(jnp.exp(a - b)),
}
# Longer loops are not written out: programs grow with them, and so do the bounds of their values.
_LONGEST = 256
# What changes nothing in a maximum and in a minimum.
_EXTREMES = {"max": -np.inf, "min": np.inf}


def primal(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function of equal values, whose derivatives by JAX are those of its values."""

    def evaluated(*arguments: Any) -> Any:
        closed, shape = jax.make_jaxpr(fn, return_shape=True)(*arguments)
        found = _evaluate(closed.jaxpr, closed.consts, jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(shape), found)

    return evaluated


def _evaluate(jaxpr: Any, constants: Any, arguments: list[Any]) -> list[Any]:
    known: dict[Any, Any] = dict(zip(jaxpr.constvars, constants, strict=True))
    known.update(zip(jaxpr.invars, arguments, strict=True))

    def look_up(atom: Any) -> Any:
        return atom.val if isinstance(atom, core.Literal) else known[atom]

    for equation in jaxpr.eqns:
        operands = [look_up(atom) for atom in equation.invars]
        known.update(zip(equation.outvars, _results(equation, operands), strict=True))
    return [look_up(atom) for atom in jaxpr.outvars]


def _results(equation: Any, operands: list[Any]) -> list[Any]:
    name, params = equation.primitive.name, equation.params
    if name == "stop_gradient":
        return operands
    if name in _EXTREMES and any(_is_all(operand, _EXTREMES[name]) for operand in operands):
        return [operands[int(_is_all(operands[0], _EXTREMES[name]))]]
    if name in _FOLDED:
        return [_folded(_FOLDED[name], operands[0], params["axes"])]
    if name in _CUMULATED and operands[0].shape[params["axis"]] <= _LONGEST:
        return [_cumulated(_CUMULATED[name], operands[0], params["axis"], params["reverse"])]
    if name == "sort" and len(operands) == 1 and _num_pairs(operands[0], params) <= _LONGEST:
        return [_sorted(operands[0], params["dimension"])]
    if name == "rem" and jnp.issubdtype(operands[0].dtype, jnp.floating):
        return [_remainder(*operands)]
    if name == "cond" and len(params["branches"]) == 2:
        return _selected(params["branches"], operands)
    if name == "scan" and params["length"] <= _LONGEST:
        return _unrolled(params, operands)
    body = next((params[key] for key in _CALLS if key in params and name not in _LOOPS), None)
    if body is None:
        found = equation.primitive.bind(*operands, **params)
        return list(found) if equation.primitive.multiple_results else [found]
    if _is_log_of_sum(body):
        a, b = operands
        return [b + jnp.log1p(jnp.exp(a - b))]
    if isinstance(body, core.ClosedJaxpr):
        return _evaluate(body.jaxpr, body.consts, operands)
    return _evaluate(body, [], operands)


def _folded(fold: Callable[[Any, Any], Any], x: Any, axes: tuple[int, ...]) -> Any:
    """An extreme over axes as one of pairs, whose derivative needs no count of ties."""
    for axis in sorted(axes, reverse=True):
        rows = jnp.moveaxis(x, axis, 0)
        while len(rows) > 1:
            half = len(rows) // 2
            odd = rows[2 * half :]
            rows = jnp.concatenate([fold(rows[:half], rows[half : 2 * half]), odd])
        x = rows[0]
    return x


def _cumulated(fold: Callable[[Any, Any], Any], x: Any, axis: int, is_last_first: bool) -> Any:
    rows = list(jnp.moveaxis(x, axis, 0))
    made = list(itertools.accumulate(rows[::-1] if is_last_first else rows, fold))
    return jnp.stack(made[::-1] if is_last_first else made, axis)


def _num_pairs(x: Any, params: dict[str, Any]) -> int:
    """Number of pairs that are put in order to sort an array along an axis."""
    length = x.shape[params["dimension"]]
    return length * (length - 1) // 2


def _sorted(x: Any, axis: int) -> Any:
    """An array in order along an axis: neighbours are put in order, again and again."""
    rows = list(jnp.moveaxis(x, axis, 0))
    for last in range(len(rows) - 1, 0, -1):
        for i in range(last):
            a, b = rows[i], rows[i + 1]
            rows[i], rows[i + 1] = jnp.minimum(a, b), jnp.maximum(a, b)
    return jnp.stack(rows, axis)


def _remainder(x: Any, y: Any) -> Any:
    """x less the multiple of y that is next to it towards 0."""
    ratio = x / y
    return x - y * jnp.where(ratio < 0.0, jnp.ceil(ratio), jnp.floor(ratio))


def _selected(branches: Any, operands: list[Any]) -> list[Any]:
    """The results of one of two branches, as a selection between both."""
    which, *given = operands
    otherwise, chosen = (_evaluate(branch.jaxpr, branch.consts, given) for branch in branches)
    return [jnp.where(which != 0, b, a) for a, b in zip(otherwise, chosen, strict=True)]


def _unrolled(params: dict[str, Any], operands: list[Any]) -> list[Any]:
    """A loop of known length, written out."""
    body, (same, carried) = params["jaxpr"], kept_and_carried(params)
    kept, carry = operands[:same], operands[same : same + carried]
    rows = operands[same + carried :]
    turns = range(params["length"])
    made = []
    for turn in reversed(turns) if params["reverse"] else turns:
        at = [row[turn] for row in rows]
        found = _evaluate(body.jaxpr, body.consts, [*kept, *carry, *at])
        carry, made = found[:carried], [*made, found[carried:]]
    columns = zip(*(made[::-1] if params["reverse"] else made), strict=True)
    return [*carry, *(jnp.stack(column) for column in columns)]


def _is_all(operand: Any, value: float) -> bool:
    return not has_tracer(operand) and np.ndim(operand) == 0 and bool(operand == value)


def _is_log_of_sum(body: Any) -> bool:
    """True for the body of `jnp.logaddexp`, which is smooth although it takes a maximum."""
    if not isinstance(body, core.ClosedJaxpr):
        return False
    shapes = tuple((v.aval.shape, v.aval.dtype) for v in body.jaxpr.invars)
    return len(shapes) == 2 and str(body) in _bodies_of_log_of_sum(shapes)


@functools.cache
def _bodies_of_log_of_sum(shapes: tuple[Any, ...]) -> frozenset[str]:
    examples = [jax.ShapeDtypeStruct(*shape) for shape in shapes]
    if any(dtype.kind != "f" for _, dtype in shapes):
        return frozenset()
    try:
        np.broadcast_shapes(*(shape for shape, _ in shapes))
    except ValueError:  # no logaddexp of these
        return frozenset()
    found, waiting = set(), [jax.make_jaxpr(jnp.logaddexp)(*examples)]
    while waiting:
        for equation in waiting.pop().jaxpr.eqns:
            inner = [v for k, v in equation.params.items() if k in _CALLS]
            waiting += [v for v in inner if isinstance(v, core.ClosedJaxpr)]
            found |= {str(v) for v in inner}
    return frozenset(found)
