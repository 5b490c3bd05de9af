"""Operations at which a program may leave C¹: quotients, logarithms, roots, comparisons …

Each such operation has quantities whose zeros are suspicious. Whether something happens where one
vanishes is seen from values nearby: nothing does for sin(x)/x.
"""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.dynamics.formulas.programs import Equation, Program, is_whole, run

_COMPARISONS = ("gt", "ge", "lt", "le")


def quantities_of(program: Program, y: jax.Array) -> list[jax.Array]:
    """A flat array for each suspicious operation of a program."""
    found = []
    for equation, operands, _ in run(program, y):
        if is_suspect(program, equation):
            parts = [jnp.ravel(q).astype(y.dtype) for q in _quantities(equation, operands)]
            found.append(jnp.concatenate(parts))
    return found


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
    if name in _COMPARISONS:
        return True
    return name in (
        "log", "log1p", "sqrt", "rsqrt", "cbrt", "abs", "sign", "max", "min", "clamp", "floor",
        "ceil", "round", "tan",
    )  # fmt: skip


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
    if name in ("floor", "ceil"):
        return [jnp.sin(jnp.pi * operands[0])]
    if name in ("round", "tan"):
        scale = jnp.pi if name == "round" else 1.0
        return [jnp.cos(scale * operands[0])]
    return [jnp.asarray(operands[0])]
