"""A rule in the coordinates of a domain: what every analysis computes with.

Everything here is float64; call it inside `with jax.enable_x64(True)` (the verbs do).
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

from thalweg.core.charts import Chart
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.shapes import Num
from thalweg.core.trees import in_float64, non_finite_leaves
from thalweg.dynamics.declared import resolve_domain
from thalweg.dynamics.misuse import no_rule
from thalweg.dynamics.rules import Deterministic, Random, Rule
from thalweg.geometry import Geometry


class Problem(eqx.Module):
    """A rule seen in a chart: vectors `y` of shape `(d,)` in, vectors out.

    It is a pytree whose numbers are arrays, so a compiled function that takes one compiles once for
    all parameter values and all boxes of a system.
    """

    rule: Deterministic
    chart: Chart

    def displacement(self, y: jax.Array, t: Any = 0.0) -> jax.Array:
        """The displacement in coordinates: f of a flow, g − x of a map (angles shortened)."""
        pushed = self.chart.push(self.rule.displacement(t, self.chart.embed(y)))
        # A velocity is no difference of two points: it may exceed any period.
        return pushed if self.rule.has_continuous_time else self.chart.shorten(pushed)

    def jacobian(self, y: jax.Array) -> jax.Array:
        """The Jacobian of the displacement, shape `(d, d)`."""
        return jax.jacfwd(self.displacement)(y)

    def own_jacobian(self, y: jax.Array) -> jax.Array:
        """The Jacobian of the rule itself: Df of a flow, Dg of a map."""
        return self.rule.own_jacobian(self.jacobian(y))

    def step(self, y: jax.Array, t: Any = 0) -> jax.Array:
        """The next point of a map, angles brought back into the domain."""
        return self.chart.wrap(y + self.displacement(y, t))

    def rise(
        self, energy: Callable[[Any], Any], y: jax.Array, t: Any = 0.0
    ) -> tuple[jax.Array, jax.Array]:
        """The rise of an energy at `y` and the size that rounding is relative to (`rule.rise`).

        The energy of a state is that of the point of the domain with the same angles.
        """
        return self.rule.rise(lambda x: energy(self.chart.settle(x)), t, self.chart.embed(y))


def make_problem(rule: Any, domain: Domain | None = None) -> tuple[Problem, Domain]:
    """The problem of `rule` on `domain` (None: the declared one), and the domain resolved.

    Call with x64 enabled.

    Raises:
        InputError: the rule is no rule, holds a non-finite parameter, or does not fit the domain.
    """
    if not isinstance(rule, Rule):
        raise no_rule("rule", rule, "a Flow or a Map")
    if isinstance(rule, Random):
        raise InputError(
            f"{type(rule).__name__} is a {rule.rule_kind}, which moves at random: states of rest, "
            f"cycles, descent and energies are asked about rules without chance. {rule.cure}"
        )
    assert isinstance(rule, Deterministic)
    broken = non_finite_leaves(rule)
    if broken:
        raise InputError(
            f"{type(rule).__name__} has a parameter that is not finite: {', '.join(broken)}."
        )
    domain = resolve_domain(rule, domain)
    return Problem(in_float64(rule), domain.chart()), domain


def covector(problem: Problem, geometry: Geometry, y: Num[jax.Array, "d"]) -> Num[jax.Array, "d"]:
    """ω(y) = Pᵀ M(x) P f(y) with x = embed(y) and P its differential, shape `(d,)`."""
    velocity = problem.displacement(y)
    state, tangent = jax.jvp(problem.chart.embed, (y,), (velocity,))
    _, pull = jax.vjp(problem.chart.embed, y)
    return pull(geometry.flat(state, tangent))[0]
