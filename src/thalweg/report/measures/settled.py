"""The named measure `settled`: the state that a run from one start ends at, and when."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.codes import Result
from thalweg.core.errors import InputError
from thalweg.report.measures.base import Asked, rule_of
from thalweg.simulation import simulate
from thalweg.sweeps import Compiled, Measure, Status

_DURATION, _STEPS = 1000.0, 10_000  # long against what most models call slow


class SettledState(eqx.Module):
    """The state to which a system runs from a start, by `simulate(…, until="settled")`.

    Arguments:
        start: the start, a pytree of arrays.
        duration: how long it may take, of a flow.
        steps: how many steps it may take, of a map.
    """

    start: Any
    duration: Any
    steps: int = eqx.field(static=True)

    def __call__(self, system: Any) -> dict[str, Any]:
        """The state, the time, and whether it rests."""
        rule = rule_of(system)
        run = simulate(
            rule,
            self.start,
            duration=self.duration if rule.has_continuous_time else None,
            steps=None if rule.has_continuous_time else self.steps,
            until="settled",
            save="end",
            throw=False,
        )
        is_at_rest = run.result == Result.settled
        ended = jnp.where(run.result == Result.diverged, Status.DIVERGED, Status.UNFINISHED)
        leaves = jax.tree.leaves(run.last_state)
        return {
            "state": jnp.concatenate([jnp.ravel(leaf) for leaf in leaves]),
            "time": jnp.asarray(run.last_time, float),
            "is_at_rest": is_at_rest.astype(jnp.int8),
            "status": jnp.where(run.is_fine, Status.DONE, ended),
        }


def settled(asked: Asked) -> Measure:
    """The measure `settled`.

    Raises:
        InputError: the rule draws random numbers, and never settles.
    """
    if not hasattr(asked.rule, "displacement"):
        raise InputError(f"settled: a {asked.rule.rule_kind} moves at random and never rests.")
    start = asked.start
    if start is None:
        # The middle of a domain is too often a state of rest that does not attract.
        with jax.enable_x64(True):
            chart = asked.domain.chart()
            point = np.asarray(chart.sample(jax.random.key(0), 1))[0]
            start = jax.tree.map(np.asarray, chart.embed(point))
    said = {
        "state": {
            "long_name": "state at the end",
            "dims": ("coordinate",),
            "labels": asked.names,
        },
        "time": {"long_name": "time at the end"},
        "is_at_rest": {
            "long_name": "whether it came to rest",
            "flags": {"moves": 0, "rests": 1},
        },
    }
    duration = np.asarray(_DURATION if asked.duration is None else asked.duration, np.float64)
    fn = SettledState(start, duration, _STEPS if asked.steps is None else asked.steps)
    return Compiled(fn, said, called="settled")
