"""The map of a flow over a period, against the solution of a forced decay."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw


class ForcedDecay(tw.Flow):
    """x' = −x + cos t, which tends to (cos t + sin t)/2."""

    def velocity(self, t, state):
        return jnp.cos(t) - state


def follower(t):
    return (np.cos(t) + np.sin(t)) / 2.0


@pytest.mark.parametrize("steps", [None, 32])
def test_a_step_begins_at_its_phase(steps):
    start, phase, period = 2.0, 0.7, 1.5
    with jax.enable_x64(True):
        turn = tw.Stroboscopic(ForcedDecay(), period, phase=phase, steps=steps)
        end = eqx.filter_jit(turn.step)(0, jnp.asarray(start))
    expected = follower(phase + period) + (start - follower(phase)) * np.exp(-period)
    assert float(end) == pytest.approx(expected, abs=1e-9)
