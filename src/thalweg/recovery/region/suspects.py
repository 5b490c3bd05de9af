"""Places where a rule may leave C¹: quotients, logarithms, roots, comparisons …

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
from thalweg.dynamics.formulas.corners import joint_zero
from thalweg.dynamics.formulas.programs import Program, read_program
from thalweg.dynamics.formulas.suspects import is_suspect, quantities_of

_LANES = 192  # of one batch of joint zeros: as many as are asked for at once


class Suspects(NamedTuple):
    """Suspicious quantities at some points.

    Attributes:
        values: shape `(n, k)`.
        velocity: the displacement there, shape `(n, d)`.
    """

    values: Any
    velocity: Any


def has_suspects(problem: Problem) -> bool:
    """True if the rule's program holds anything suspicious at all; compiles nothing."""
    program = _program(problem)
    return any(is_suspect(program, equation) for equation in program.equations)


def suspects_at(problem: Problem, points: np.ndarray) -> Suspects:
    """The suspicious quantities at any number of points `(n, d)`, through one compiled program."""
    return Suspects(*in_batches(lambda some: _suspects(problem, some), points))


def origins(problem: Problem) -> np.ndarray:
    """The operation that each suspicious quantity comes from, as a number, shape `(k,)`."""
    program = _program(problem)
    example = jax.ShapeDtypeStruct((problem.chart.dimension,), np.float64)
    found = jax.eval_shape(lambda y: quantities_of(program, y), example)
    return np.repeat(np.arange(len(found)), [f.size for f in found])


@eqx.filter_jit
def _suspects(problem: Problem, points: Any) -> tuple[jax.Array, jax.Array]:
    program = _program(problem)

    def at(y: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jnp.concatenate(quantities_of(program, y)), problem.displacement(y)

    return jax.vmap(at)(points)


def joint_zeros(problem: Problem, starts: np.ndarray, columns: np.ndarray) -> Any:
    """Points at which several quantities vanish together; as `joint_zero` of each row."""
    return in_batches(lambda some: _joint_zeros(problem, *some), (starts, columns), _LANES)


@eqx.filter_jit
def _joint_zeros(problem: Problem, starts: Any, columns: Any) -> Any:
    program = _program(problem)

    def quantities(y: jax.Array) -> jax.Array:
        return jnp.concatenate(quantities_of(program, y))

    return jax.vmap(lambda y, c: joint_zero(quantities, problem.chart, y, c))(starts, columns)


def _program(problem: Problem) -> Program:
    example = jax.ShapeDtypeStruct((problem.chart.dimension,), np.float64)
    return read_program(problem.displacement, example)
