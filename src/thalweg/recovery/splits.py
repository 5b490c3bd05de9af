"""A rule as a gradient and a remainder: what the split of a flow returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.about import UNSAID, About
from thalweg.core.plain import number
from thalweg.core.reports import NotKept, TableReport, about_in
from thalweg.dynamics import Problem
from thalweg.geometry import Geometry

# A share that changed by less with the last refinement is shown without a doubt.
_SHOWN = 5e-4
# A remainder of this share of |f|², 1e-10 of f, is what the roundings of a projection leave.
_NOTHING = 1e-20


class Remainder(eqx.Module):
    """A rule without the steepest descent of an energy, f + M⁻¹∇E, as a function of the state.

    Attributes:
        problem: the rule in coordinates.
        energy: E, a callable `state → scalar`.
        geometry: M, a metric of the states.
    """

    problem: Problem
    energy: Any
    geometry: Geometry

    def __call__(self, state: Any) -> Any:
        """The vector at a state, structured like it; 0 along what the domain holds fixed."""
        state = jax.tree.map(jnp.asarray, state)
        chart = self.problem.chart
        y = chart.coordinates(state)
        covector = jax.grad(lambda at: self.energy(chart.embed(at)))(y)
        lifted = jax.vjp(chart.push, state)[1](covector)[0]
        raised = chart.push(self.geometry.sharp(state, lifted))
        return jax.jvp(chart.embed, (y,), (self.problem.displacement(y) + raised,))[1]


@dataclass(frozen=True, eq=False, repr=False)
class Split(TableReport):
    r"""A flow as a gradient and a remainder, f = −M⁻¹∇E + remainder, orthogonal in the mean square.

    Of all E the one that makes the mean of |remainder|² least; so a gradient has none. In boxes
    the remainder has no divergence and does not cross the walls; on the simplex that holds of
    x₁⋯xₙ times it, and it may cross them. Other means, and other boundary conditions, give other
    splits. What goes round an angle for ever stays in the remainder.

    Attributes:
        energy: E, a callable `state → scalar`, up to a constant. **It need not fall along the
            rule.**
        remainder: the rest of the rule, a callable `state → vector` structured like the state.
        metric: M, Euclidean in boxes; on the simplex that of Fisher and Shahshahani, diag(1/x).
        metric_name: the metric and the mean in words.
        share: the mean of |remainder|² over that of |f|², from 0 (a gradient) to 1.
        change: how much the share changed with the last refinement.
        about: the rule and the region.
    """

    energy: Any = field(compare=False)
    remainder: Any = field(compare=False)
    metric: Any = field(compare=False)
    metric_name: str
    share: float
    change: float
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The rule, and how much of it is no gradient."""
        return f"Split of {self.about.system} ({self.about.rule_kind}): {self.percent} no gradient"

    @property
    def percent(self) -> str:
        """The share in per cent, with its doubt where it has not settled."""
        if self.share < _NOTHING:
            return "0 % (to rounding)"
        share = f"{100 * self.share:.4g} %"
        if self.change < _SHOWN:
            return share
        return f"{share} (not settled: the last refinement changed it by {100 * self.change:.1g} %)"

    @property
    def note(self) -> str:
        """The split in a sentence or two."""
        return (
            f"f = −M⁻¹∇E + remainder by orthogonal projection on gradients, in the "
            f"{self.metric_name} (where the remainder is orthogonal to every gradient): the "
            f"remainder holds {self.percent} of the mean |f|². This E need not fall along the rule."
        )

    def table(self) -> None:
        """Nothing: there is nothing to list."""

    def remarks(self) -> list[str]:
        """Sentences on what the parts are, and what they are not."""
        return [self.note]

    def data(self) -> dict[str, Any]:
        """`share`, `change` and `metric`; JSON cannot hold the two parts."""
        return {"share": self.share, "change": self.change, "metric": self.metric_name}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Split":
        """The split that `to_dict` wrote; its parts say that they are gone."""
        parts = (NotKept("energy"), NotKept("remainder"), NotKept("metric"))
        numbers = (number(data["share"]), number(data["change"]))
        return cls(*parts, data["metric"], *numbers, about_in(data, about))
