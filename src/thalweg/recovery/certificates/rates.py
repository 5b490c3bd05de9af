"""The rate of an energy along a rule, as functions of coordinates that bounds can be taken of."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.charts import Chart
from thalweg.dynamics import Problem
from thalweg.dynamics.formulas.enclosures.primal import primal

Scalar = Callable[[Any], Any]


def level_of(problem: Problem, energy: Scalar) -> Scalar:
    """The energy as a function of coordinates, smooth across the ends of an angle.

    Inside the domain no angle has to be brought back into it; so that it is not, charts forget
    here that coordinates return.
    """
    opened = _opened(energy)
    return primal(lambda y: opened(problem.chart.embed(y)))


def displacement_of(problem: Problem) -> Scalar:
    """The displacement as a function of coordinates: f of a flow, g − x of a map."""
    return primal(_opened(problem).displacement)


def rate_of(problem: Problem, energy: Scalar) -> Scalar:
    """How fast the energy rises: ∇E·f of a flow, E(x⁺) − E(x) of a map."""
    energy, displacement = level_of(problem, energy), displacement_of(problem)
    if problem.rule.has_continuous_time:
        return lambda y: jnp.dot(jax.grad(energy)(y), displacement(y))
    return lambda y: energy(y + displacement(y)) - energy(y)


def _opened(tree: Any) -> Any:
    """A pytree whose charts have no angles."""

    def is_chart(part: Any) -> bool:
        return isinstance(part, Chart)

    return jax.tree.map(lambda p: p.without_angles() if is_chart(p) else p, tree, is_leaf=is_chart)
