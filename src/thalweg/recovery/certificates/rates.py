"""The rate of an energy along a rule, as functions of coordinates that bounds can be taken of."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from thalweg.core.charts import Chart
from thalweg.dynamics import Problem
from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.primal import primal

Function = Callable[..., Any]


class Posed(NamedTuple):
    """A rule in coordinates and an energy, as what the functions here are asked about.

    They are functions of one of these and of coordinates, so that the program of one serves all
    rules and energies of the same structure.

    Attributes:
        problem: the rule, whose chart has no angles: inside the domain no angle has to be brought
            back into it.
        energy: a function of the state, likewise.
    """

    problem: Problem
    energy: Any


def posed(problem: Problem, energy: Callable[[Any], Any]) -> Posed:
    """The question whether an energy falls along a rule, smooth across the ends of an angle."""
    return Posed(_opened(problem), _opened(energy))


def level(about: Posed, y: Any) -> Any:
    """The energy at coordinates."""
    return primal(lambda at: about.energy(about.problem.chart.embed(at)))(y)


def displacement(about: Posed, y: Any) -> Any:
    """The displacement at coordinates: f of a flow, g − x of a map."""
    return primal(about.problem.displacement)(y)


def displacement_and_jacobian(about: Posed, y: Any) -> Any:
    """The displacement and its Jacobian."""
    return displacement(about, y), jax.jacfwd(displacement, argnums=1)(about, y)


def factors(about: Posed, y: Any) -> Any:
    """Two arrays whose product is `rate`: ∇E and f of a flow, E(x⁺) − E(x) and 1 of a map."""
    rule = about.problem.rule
    return rule.factors_of_rise(lambda at: level(about, at), y, displacement(about, y))


def rate(about: Posed, y: Any) -> Any:
    """Rate of the energy's rise: ∇E·f of a flow, E(x⁺) − E(x) of a map."""
    return jnp.dot(*factors(about, y))


def factors_and_slopes(about: Posed, y: Any) -> Any:
    """The factors u and v of the rate, of shape `(n,)`, and their Jacobians, `(n, d)`."""

    def twice(at: Any) -> tuple[Any, Any]:
        found = factors(about, at)
        return found, found

    slopes, values = jax.jacfwd(twice, has_aux=True)(y)
    return *values, *slopes


def curvature_of_rate(about: Posed, y: Any) -> Any:
    """The Hessian of the rate."""
    return jax.hessian(rate, argnums=1)(about, y)


def enclosed(fn: Function, about: Posed) -> Enclosure:
    """The bounds of one of these functions over boxes.

    Raises:
        InputError: the program of the rule or of the energy holds an operation without bounds.
    """
    return Enclosure(fn, about.problem.chart.dimension, about)


def _opened(tree: Any) -> Any:
    """A pytree whose charts have no angles."""

    def is_chart(part: Any) -> bool:
        return isinstance(part, Chart)

    return jax.tree.map(lambda p: p.without_angles() if is_chart(p) else p, tree, is_leaf=is_chart)
