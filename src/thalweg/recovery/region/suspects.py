"""Where a rule may leave C¹: denominators, logarithms, roots, absolute values, comparisons.

The rule's own program is read for quantities whose zeros are suspicious. Whether the rule really
misbehaves where such a quantity vanishes is then seen from its values nearby: sin(x)/x does not,
and a ReLU squared does not either.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.dynamics import Problem
from thalweg.dynamics.formulas.programs import Equation, Program, is_whole, read_program, run

_COMPARISONS = ("gt", "ge", "lt", "le")


class Suspects(NamedTuple):
    """Suspicious quantities at some points.

    Attributes:
        values: shape `(n, k)`.
        velocity: the displacement there, shape `(n, d)`.
    """

    values: Any
    velocity: Any


def has_suspects(problem: Problem) -> bool:
    """Whether the rule's program holds anything suspicious at all; compiles nothing."""
    program = _program(problem)
    return any(_is_suspect(program, equation) for equation in program.equations)


def suspects_at(problem: Problem, points: np.ndarray) -> Suspects:
    """The suspicious quantities at any number of points `(n, d)`, through one compiled program."""
    return Suspects(*in_batches(lambda some: _suspects(problem, some), points))


def origins(problem: Problem) -> np.ndarray:
    """The operation that each suspicious quantity comes from, as a number, shape `(k,)`."""
    program = _program(problem)
    example = jax.ShapeDtypeStruct((problem.chart.dimension,), np.float64)
    found = jax.eval_shape(lambda y: _quantities_of(program, y), example)
    return np.repeat(np.arange(len(found)), [f.size for f in found])


@eqx.filter_jit
def _suspects(problem: Problem, points: Any) -> tuple[jax.Array, jax.Array]:
    program = _program(problem)

    def at(y: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jnp.concatenate(_quantities_of(program, y)), problem.displacement(y)

    return jax.vmap(at)(points)


def _quantities_of(program: Program, y: jax.Array) -> list[jax.Array]:
    """A flat array for each suspicious operation of a program."""
    found = []
    for equation, operands, _ in run(program, y):
        if _is_suspect(program, equation):
            parts = [jnp.ravel(q).astype(y.dtype) for q in _quantities(equation, operands)]
            found.append(jnp.concatenate(parts))
    return found


def _program(problem: Problem) -> Program:
    example = jax.ShapeDtypeStruct((problem.chart.dimension,), np.float64)
    return read_program(problem.displacement, example)


def _is_suspect(program: Program, equation: Equation) -> bool:
    """Whether an operation on something that varies can go wrong."""
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
    """What vanishes where the operation may go wrong."""
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
