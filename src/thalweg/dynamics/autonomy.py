"""One test of whether a rule depends on time, for what is asked only of rules that do not."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.dynamics.problem import Problem
from thalweg.dynamics.rules import Deterministic

# Of the largest displacement in a coordinate: a change in it below that is rounding to whatever is
# computed of the rule.
_ROUNDING = 1e-11
NUM_POINTS = (
    16  # to be looked at: where f vanishes for all times, or is not finite, one says nothing
)


class TimeChange(NamedTuple):
    """The change of a displacement when only the time changes.

    Attributes:
        most: the largest change of each component at one of the points, what is not finite left
            out, shape `(d,)`.
        size: the largest size of each at the first time, likewise.
    """

    most: Any
    size: Any

    @property
    def is_seen(self) -> bool:
        """True if the rule depends on time, beyond rounding."""
        size = np.maximum(np.asarray(self.size), 1e-300)
        return bool(np.any(np.asarray(self.most) > _ROUNDING * size))

    def refuse(self, rule: Deterministic, why: str, cure: str) -> None:
        """Refuse a rule that depends on time.

        Arguments:
            rule: the rule.
            why: what follows from it, after "so".
            cure: what to do with `Stroboscopic(flow, period)` where the rule is periodic: a verb.

        Raises:
            InputError: it depends on time.
        """
        if self.is_seen:
            raise InputError(
                f"{type(rule).__name__} depends on time (at one state it changed by "
                f"{float(np.max(self.most)):.3g}), so {why}. If it is periodic, {cure} "
                f"Stroboscopic(flow, period)."
            )


def time_change(problem: Problem, points: np.ndarray) -> TimeChange:
    """The change with time at the first `NUM_POINTS` of points `(n, d)`, at `rule.probe_times`."""
    points = np.resize(points, (NUM_POINTS, points.shape[1]))
    return TimeChange(*map(np.asarray, _at_points(problem, points)))


def change_between(now: jax.Array, later: jax.Array) -> TimeChange:
    """The change from displacements `(n, d)` to those `(k, n, d)` at other times; compiles."""
    gaps = jnp.abs(later - now[None])
    sizes = jnp.where(jnp.isfinite(now), jnp.abs(now), 0.0)
    most = jnp.max(jnp.where(jnp.isfinite(gaps), gaps, 0.0), axis=(0, 1))
    return TimeChange(most, jnp.max(sizes, axis=0))


@eqx.filter_jit
def _at_points(problem: Problem, points: Any) -> TimeChange:
    times = jnp.asarray([0, *problem.rule.probe_times])
    values = jax.vmap(lambda t: jax.vmap(lambda y: problem.displacement(y, t))(points))(times)
    return change_between(values[0], values[1:])
