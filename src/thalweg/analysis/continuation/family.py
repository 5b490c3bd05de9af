"""A rule together with one of its parameters: one more coordinate, in units of the domain.

A point is z = (y / widths, (p − low) / (high − low)), shape `(d + 1,)`: the coordinates of a state,
then the parameter. Everything here is float64; call it inside `with jax.enable_x64(True)`.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.core.level_charts import LevelChart
from thalweg.core.parameters import Parameter
from thalweg.core.trees import replace
from thalweg.dynamics.problem import Problem


@dataclass(frozen=True)
class Total:
    """The value of a conserved total, as a parameter of the domain.

    Attributes:
        name: what the total is called.
        index: which of the totals of the domain it is.
    """

    name: str
    index: int


class Line(eqx.Module):
    """Two parameters along a line of their plane: at a value s they are start + s·way.

    The line is numbers, not structure: another one compiles nothing.

    Attributes:
        pair: both parameters.
        start: their values where s = 0, `(2,)`.
        span: how much they grow until s = 1, `(2,)`.
    """

    pair: tuple[Parameter, Parameter] = eqx.field(static=True)
    start: Any
    span: Any

    @property
    def name(self) -> str:
        """Both names."""
        return " and ".join(parameter.name for parameter in self.pair)

    def put(self, system: Any, value: Any) -> Any:
        """A copy of a system at a value, which may be traced."""
        for k, parameter in enumerate(self.pair):
            system = parameter.put(system, self.start[k] + value * self.span[k])
        return system


class Equations(Protocol):
    """Equations, one fewer than unknowns, whose solutions are curves that can be followed.

    Lengths along a curve are those of the unknowns, so all should be of order one. The last unknown
    is the one whose range ends a curve at 0 and at 1.
    """

    def with_jacobian(self, z: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The values that are zero at a solution, `(n,)`, and derivatives, `(n, n + 1)`."""
        ...

    def is_inside(self, z: jax.Array) -> jax.Array:
        """True where curves are to be followed."""
        ...

    def away(self, z: Any, other: Any) -> Any:
        """Points `(…, n + 1)` seen from others, where some unknowns may stand for one place."""
        ...


class Family(eqx.Module):
    """A rule at every value of a parameter between two.

    A pytree whose numbers are arrays: another range, or another value, compiles nothing.

    Attributes:
        problem: the rule and its chart.
        varied: what varies: a parameter of the rule, two along a line, or a total of the domain.
        y_scale: the unit of each coordinate, `(d,)`.
        f_scale: the unit of each component of the displacement, `(d,)`.
        low: the parameter where the last coordinate is 0.
        width: how much it grows until that is 1.
    """

    problem: Problem
    varied: Parameter | Line | Total
    y_scale: Any
    f_scale: Any
    low: Any
    width: Any

    @property
    def dimension(self) -> int:
        """The number d of coordinates of a state."""
        return self.problem.chart.dimension

    def at(self, value: Any) -> Problem:
        """The rule and its chart at a value of the parameter."""
        if isinstance(self.varied, Total):
            return replace(self.problem, chart=self.chart_at(value))
        return replace(self.problem, rule=self.varied.put(self.problem.rule, value))

    def chart_at(self, value: Any) -> Chart:
        """The chart at a value of the parameter."""
        if isinstance(self.varied, Total):
            return _moved(self.problem.chart, self.varied, value)
        return self.problem.chart

    def value(self, z: Any) -> Any:
        """The parameter at points `(…, d + 1)`."""
        return self.low + self.width * z[..., -1]

    def coordinates(self, z: Any) -> Any:
        """The coordinates of the states at points `(…, d + 1)`."""
        return z[..., :-1] * self.y_scale

    def __call__(self, z: jax.Array) -> jax.Array:
        """The displacement at a point, in its units, `(d,)`."""
        return self.at(self.value(z)).displacement(self.coordinates(z)) / self.f_scale

    def with_jacobian(self, z: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The displacement `(d,)`, and its derivatives by state and parameter, `(d, d + 1)`."""

        def look(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            value = self(z)
            return value, value

        jacobian, value = jax.jacfwd(look, has_aux=True)(z)
        return value, jacobian

    def is_inside(self, z: jax.Array) -> jax.Array:
        """True where a point lies in the domain and in the range, but for rounding."""
        chart, p = self.chart_at(self.value(z)), z[-1]
        return chart.inside(chart.wrap(self.coordinates(z)), _ROUNDING) & (p >= 0.0) & (p <= 1.0)

    def state(self, z: jax.Array) -> jax.Array:
        """The state at a point, flat, angles in the domain."""
        chart = self.chart_at(self.value(z))
        return chart.layout.flatten(chart.embed(chart.wrap(self.coordinates(z))))

    def away(self, z: Any, other: Any) -> Any:
        """Points `(…, d + 1)` seen from others, the shorter way round where there are angles."""
        step = z - other
        y = self.problem.chart.shorten(step[..., :-1] * self.y_scale) / self.y_scale
        xp = np if isinstance(step, np.ndarray) else jnp
        return xp.concatenate([y, step[..., -1:]], axis=-1)

    def own_jacobians(self, jacobians: np.ndarray) -> np.ndarray:
        """The rule's own Jacobians `(n, d, d)`, of those in units `(n, d, d + 1)`."""
        plain = jacobians[:, :, :-1] * np.asarray(self.f_scale)[:, None] / np.asarray(self.y_scale)
        return np.asarray(self.problem.rule.own_jacobian(plain))


# An equilibrium on the wall of a domain is inside whichever way it was rounded.
_ROUNDING = 1e-11


def _moved(chart: Any, total: Total, value: Any) -> Any:
    """The chart of a level set at another value of one total."""
    assert isinstance(chart, LevelChart)
    decided = np.flatnonzero(~np.isin(np.arange(chart.layout.size), chart.kept))
    decided = np.array([i for i in decided if i not in chart.fixed], dtype=int)
    rows = jnp.asarray(chart.rows)[:, decided]
    change = jnp.zeros(rows.shape[0]).at[total.index].set(value - chart.values[total.index])
    offset = jnp.asarray(chart.offset).at[decided].add(jnp.linalg.solve(rows, change))
    values = jnp.asarray(chart.values).at[total.index].set(value)
    return replace(chart, offset=offset, values=values)
