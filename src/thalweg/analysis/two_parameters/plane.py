"""The equations of a fold, a Hopf point or a flip in two parameters: one fewer than unknowns.

The unknowns are a state, a null vector v of length 1 and both parameters, and for a pair of
eigenvalues one number more. A is the rule's own Jacobian.

    fold            F = 0, Jv = 0, v·v = 1
    flip            F = 0, Av = −v, v·v = 1
    Hopf            F = 0, A²v = −κv, v·v = 1, c·v = 0             κ = ω²
    Neimark–Sacker  F = 0, A²v = 2kAv − v, v·v = 1, c·v = 0        k = cos θ

Along a curve these stay regular at a cusp, where both parameters stand still, and where the pair
becomes real at κ = 0 or k = ±1, so that the point itself is on the curve (Kuznetsov 2004, chapter
10). The equations of `continuation.defining` are not: Aq = iωq is singular at ω = 0.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.parameters import Parameter
from thalweg.core.trees import replace
from thalweg.dynamics.problem import Problem


class Plane(eqx.Module):
    """Bifurcations of one kind over two parameters, as curves that `curves.follow` follows.

    A point is z = (y / y_scale, v, κ or k where there is a pair, the second parameter, the first),
    the parameters as shares of their ranges. A pytree whose numbers are arrays.

    Attributes:
        problem: the rule and its chart.
        pair: both parameters.
        system: the equations, one of the functions below.
        y_scale: the unit of each coordinate, `(d,)`.
        f_scale: the unit of each component of the displacement, `(d,)`.
        low: where the ranges of the parameters begin, `(2,)`.
        width: how long they are, `(2,)`.
        rate: the unit of eigenvalues; 1 of a map, whose multipliers have none.
        phase: the vector c, `(d,)`: any that is not at right angles to what a pair spans.
    """

    problem: Problem
    pair: tuple[Parameter, Parameter] = eqx.field(static=True)
    system: Callable = eqx.field(static=True)
    y_scale: Any
    f_scale: Any
    low: Any
    width: Any
    rate: Any
    phase: Any

    @property
    def dimension(self) -> int:
        """The number d of coordinates of a state."""
        return self.problem.chart.dimension

    @property
    def has_pair(self) -> bool:
        """True where a pair of eigenvalues is neutral."""
        return self.system is pair

    def values(self, z: Any) -> Any:
        """The parameters, first and second, at points: `(…, 2)`."""
        return self.low + self.width * z[..., :-3:-1]

    def coordinates(self, z: Any) -> Any:
        """The coordinates of the states at points."""
        return z[..., : self.dimension] * self.y_scale

    def vector(self, z: Any) -> Any:
        """v at points, in units of the domain."""
        return z[..., self.dimension : 2 * self.dimension]

    def number(self, z: Any) -> Any:
        """κ in units of the rate, or k, at points with a pair."""
        return z[..., 2 * self.dimension]

    def at(self, z: Any) -> Problem:
        """The rule and its chart at the parameters of a point."""
        rule, values = self.problem.rule, self.values(z)
        for k, parameter in enumerate(self.pair):
            rule = parameter.put(rule, values[k])
        return replace(self.problem, rule=rule)

    def displacement(self, z: jax.Array) -> Callable[[jax.Array], jax.Array]:
        """The displacement at the parameters of a point, of scaled coordinates, in its units."""
        problem = self.at(z)
        return lambda y: problem.displacement(y * self.y_scale) / self.f_scale

    def own(self, z: jax.Array, v: jax.Array) -> jax.Array:
        """Av at a point, in units of the rate."""
        _, product = jax.jvp(self.displacement(z), (z[: self.dimension],), (v,))
        product = self.problem.rule.own_product(product * self.f_scale / self.y_scale, v)
        return product / self.rate

    def with_jacobian(self, z: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The values that are zero at a bifurcation, `(n,)`, and derivatives, `(n, n + 1)`."""

        def look(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            value = self.system(self, z)
            return value, value

        jacobian, value = jax.jacfwd(look, has_aux=True)(z)
        return value, jacobian

    def is_inside(self, z: jax.Array) -> jax.Array:
        """True in the domain and in both ranges, where a pair is one."""
        chart = self.problem.chart
        is_in = chart.inside(chart.wrap(self.coordinates(z)), _ROUNDING)
        is_in &= jnp.all((z[-2:] >= 0.0) & (z[-2:] <= 1.0))
        if not self.has_pair:
            return is_in
        number = self.number(z)
        if self.problem.rule.has_continuous_time:
            return is_in & (number >= 0.0)
        return is_in & (jnp.abs(number) <= 1.0)

    def away(self, z: Any, other: Any) -> Any:
        """Points seen from others; v and −v are the same, angles go the shorter way round."""
        d = self.dimension
        xp = np if isinstance(z, np.ndarray) and isinstance(other, np.ndarray) else jnp
        step = self.problem.chart.shorten((z - other)[..., :d] * self.y_scale) / self.y_scale
        v, known = self.vector(z), self.vector(other)
        turned = xp.where(xp.sum(v * known, axis=-1, keepdims=True) < 0.0, -v, v) - known
        return xp.concatenate([step, turned, (z - other)[..., 2 * d :]], axis=-1)

    def state(self, z: jax.Array) -> jax.Array:
        """The state at a point, flat, angles in the domain."""
        chart = self.problem.chart
        return chart.layout.flatten(chart.embed(chart.wrap(self.coordinates(z))))


# An equilibrium on the wall of a domain is inside whichever way it was rounded.
_ROUNDING = 1e-11


def fold(plane: Plane, z: jax.Array) -> jax.Array:
    """Residuals of a fold: F, Jv, and v·v − 1."""
    v = plane.vector(z)
    value, product = jax.jvp(plane.displacement(z), (z[: plane.dimension],), (v,))
    return jnp.concatenate([value, product, jnp.array([v @ v - 1.0])])


def flip(plane: Plane, z: jax.Array) -> jax.Array:
    """Residuals of a flip: F, Av + v, and v·v − 1."""
    v = plane.vector(z)
    value = plane.displacement(z)(z[: plane.dimension])
    return jnp.concatenate([value, plane.own(z, v) + v, jnp.array([v @ v - 1.0])])


def pair(plane: Plane, z: jax.Array) -> jax.Array:
    """Residuals of a pair: F, A²v + κv (A²v − 2kAv + v of a map), v·v − 1 and c·v."""
    v, number = plane.vector(z), plane.number(z)
    value = plane.displacement(z)(z[: plane.dimension])
    once = plane.own(z, v)
    twice = plane.own(z, once)
    if plane.problem.rule.has_continuous_time:
        zero = twice + number * v
    else:
        zero = twice - 2.0 * number * once + v
    return jnp.concatenate([value, zero, jnp.array([v @ v - 1.0, plane.phase @ v])])


def turning_vector(plane: Plane, q: np.ndarray) -> np.ndarray:
    """v of length 1 at right angles to c in what the real and imaginary part of q span."""
    v = np.real(1j * np.conj(np.asarray(plane.phase) @ q) * q)
    return v / np.linalg.norm(v)


def eigenvector(plane: Plane, z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Real and imaginary part of Aq = iωq at a Hopf point, in plain coordinates, and ω."""
    v, root = plane.vector(z), jnp.sqrt(plane.number(z))
    return plane.y_scale * plane.own(z, v), plane.y_scale * root * v, plane.rate * root


@eqx.filter_jit
def states_at(plane: Plane, z: Any) -> jax.Array:
    """The states `(n, n_state)`, flat, at points."""
    return jax.vmap(plane.state)(z)
