"""Operations at which a program may leave C¹: quotients, logarithms, roots, comparisons …

Each such operation has quantities whose zeros are suspicious. Whether something happens where one
vanishes is seen from values nearby: nothing does for sin(x)/x.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.dynamics.formulas.programs import (
    Equation,
    Name,
    Program,
    is_whole,
    kept_and_carried,
    read_body,
    run,
)

_COMPARISONS = ("gt", "ge", "lt", "le", "lt_to", "le_to")
_PLAIN = (
    "log", "log1p", "sqrt", "rsqrt", "cbrt", "abs", "sign", "max", "min", "clamp", "floor",
    "ceil", "round", "tan", "atan2", "rem", "argmax", "argmin", "bitcast_convert_type",
)  # fmt: skip
# What goes from one value to another round the zero of its argument, however fast.
_RAMPS = ("tanh", "logistic", "erf", "erfc", "atan")
# Each turn of a loop has its own quantities; longer ones are not looked into.
_LONGEST = 256


def quantities_of(program: Program, y: jax.Array) -> list[jax.Array]:
    """A flat array for each suspicious operation of a program."""
    return _carried_out(program, [y], y.dtype)[0]


def is_suspect(program: Program, equation: Equation) -> bool:
    """True if an operation on something that varies can go wrong."""
    name, operands = equation.primitive.name, equation.operands
    if not any(program.varies(o) for o in operands):
        return False
    if name == "div":
        return program.varies(operands[1])
    if name == "integer_pow":
        return equation.params["y"] < 0
    if name == "pow":
        return program.varies(operands[1]) or not is_whole(operands[1])
    if name == "convert_element_type":
        return _is_cut(equation)
    if name in ("scan", "cond"):
        return any(
            is_suspect(body, inner)
            for body in _bodies(program, equation)
            for inner in body.equations
        )
    # Whole numbers jump where they were made, which is seen already.
    is_smooth = all(np.issubdtype(dtype, np.floating) for dtype in equation.given)
    return is_smooth and (name in _COMPARISONS or name in _PLAIN)


def arguments_of_ramps(program: Program, y: jax.Array) -> list[jax.Array]:
    """A flat array for each sigmoid of a program, loops left out: it turns where this is zero."""
    return [
        jnp.ravel(operands[0]).astype(y.dtype)
        for equation, operands, _ in run(program, y)
        if _is_ramp(program, equation)
    ]


def may_be_steep(program: Program, slope: float) -> bool:
    """True if a program holds a sigmoid, and a number that may make it as steep as that."""
    if not any(_is_ramp(program, equation) for equation in program.equations):
        return False
    constants = [o for e in program.equations for o in e.operands if not isinstance(o, Name)]
    sizes = [np.abs(c) for c in map(np.asarray, constants) if c.dtype.kind == "f" and c.size]
    return any(np.any((c > slope) | ((c > 0.0) & (c < 1.0 / slope))) for c in sizes)


def _is_ramp(program: Program, equation: Equation) -> bool:
    return equation.primitive.name in _RAMPS and program.varies(equation.operands[0])


def _carried_out(
    program: Program, leaves: Sequence[Any], dtype: Any
) -> tuple[list[jax.Array], list[Any]]:
    """The quantities of a program, and its outputs."""
    values: dict[int, Any] = dict(zip(program.inputs, leaves, strict=True))
    found = []
    for equation, operands, results in run(program, *leaves):
        values.update(zip(equation.results, results, strict=True))
        if is_suspect(program, equation):
            if equation.primitive.name in ("scan", "cond"):
                parts = _inside(program, equation, operands, dtype)
            else:
                parts = _quantities(equation, operands)
            found.append(jnp.concatenate([jnp.ravel(q).astype(dtype) for q in parts]))
    return found, [values[o.number] if isinstance(o, Name) else o for o in program.outputs]


def _is_cut(equation: Equation) -> bool:
    """True if a conversion cuts a number down to a whole one."""
    return np.issubdtype(equation.params["new_dtype"], np.integer) and np.issubdtype(
        equation.given[0], np.floating
    )


def _bodies(program: Program, equation: Equation) -> list[Program]:
    """The programs that a loop of known length, or a choice, carries out."""
    varies = [program.varies(o) for o in equation.operands]
    if equation.primitive.name == "cond":
        return [read_body(branch, varies[1:]) for branch in equation.params["branches"]]
    if equation.params["length"] > _LONGEST:
        return []
    kept, carried = kept_and_carried(equation.params)
    while True:
        body = read_body(equation.params["jaxpr"], varies)
        later = [body.varies(output) for output in body.outputs[:carried]]
        wider = [a or b for a, b in zip(varies[kept : kept + carried], later, strict=True)]
        if wider == varies[kept : kept + carried]:
            return [body]
        varies[kept : kept + carried] = wider


def _inside(program: Program, equation: Equation, operands: list[Any], dtype: Any) -> list[Any]:
    """The quantities of all branches, or of all turns of a loop."""
    bodies = _bodies(program, equation)
    if equation.primitive.name == "cond":
        return [q for body in bodies for q in _carried_out(body, operands[1:], dtype)[0]]
    kept, carried = kept_and_carried(equation.params)
    same, first, rows = operands[:kept], operands[kept : kept + carried], operands[kept + carried :]

    def turn(carry: list[Any], row: list[Any]) -> tuple[list[Any], list[jax.Array]]:
        found, outputs = _carried_out(bodies[0], [*same, *carry, *row], dtype)
        return list(outputs[:carried]), found

    params = equation.params
    first = [jnp.asarray(value) for value in first]
    return jax.lax.scan(turn, first, rows, length=params["length"], reverse=params["reverse"])[1]


def _quantities(equation: Equation, operands: list[Any]) -> list[jax.Array]:
    """Quantities that vanish at places where the operation may go wrong."""
    name = equation.primitive.name
    if name == "div":
        return [jnp.asarray(operands[1])]
    if name == "log1p":
        return [1.0 + operands[0]]
    if name in ("max", "min", *_COMPARISONS):
        left, right = jnp.broadcast_arrays(*operands)
        return [left - right]
    if name == "clamp":
        low, value, high = operands
        return [value - low, value - high]
    if name in ("floor", "ceil", "convert_element_type"):
        return [jnp.sin(jnp.pi * operands[0])]
    if name == "rem":
        return [jnp.sin(jnp.pi * operands[0] / operands[1])]
    if name in ("round", "tan"):
        scale = jnp.pi if name == "round" else 1.0
        return [jnp.cos(scale * operands[0])]
    if name in ("argmax", "argmin"):
        return [_leads(operands[0] if name == "argmax" else -operands[0], equation.params["axes"])]
    # Of atan2 the ordinate: it jumps across half an axis. Of what is read as bits, the sign may be.
    return [jnp.asarray(operands[0])]


def _leads(values: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    """The lead of each entry before all others along an axis."""
    (axis,) = axes
    ordered = jnp.sort(values, axis=axis)
    first, second = (
        jax.lax.slice_in_dim(ordered, n - 1, n, axis=axis)
        for n in (values.shape[axis], max(values.shape[axis] - 1, 1))
    )
    return values - jnp.where(values == first, second, first)
