"""Angles that act on each other: locked and still, locked and going round, not locked."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import CoupledAngles, values

import thalweg as tw

TURN = 2.0 * np.pi
TORUS = tw.Box([0.0, 0.0], [TURN, TURN], periodic=[True, True])


def locked(drift, strength, whole):
    with jax.enable_x64(True):
        parts = (drift, [strength], [whole])
        return CoupledAngles(*(jnp.asarray(part, dtype=float) for part in parts))


def ask(rule, **known):
    return tw.recover_energy(rule, TORUS, thorough=False, **known)


@pytest.mark.long
@pytest.mark.parametrize(
    ("drift", "strength", "whole"),
    [
        ([0.3, -0.3], -1.0, [1, -1]),
        ([0.9, -0.9], -1.0, [1, -1]),
        ([0.3, 0.6], -1.0, [1, 2]),
        ([0.2, -0.3], -0.5, [2, -3]),
    ],
)
def test_angles_that_lock_and_rest_descend_in_a_metric(drift, strength, whole):
    rule = locked(drift, strength, whole)
    verdict = ask(rule)
    assert verdict.kind == "diagonal-metric", str(verdict)
    metric = verdict.metric
    assert metric is not None
    points = np.random.default_rng(0).uniform(0.0, TURN, (200, 2))
    slopes = values(jax.grad(verdict.energy), points)
    pushes = values(lambda x: metric.flat(x, rule.velocity(0.0, x)), points)
    np.testing.assert_allclose(slopes, -pushes, atol=1e-6 * np.max(np.abs(pushes)))
    ends = np.concatenate([points[:9] * [0.0, 1.0], points[:9] * [0.0, 1.0] + [TURN, 0.0]])
    levels = values(verdict.energy, ends)
    room = 1e-6 * np.ptp(values(verdict.energy, points))
    np.testing.assert_allclose(levels[:9], levels[9:], atol=room)


@pytest.mark.long
def test_angles_that_lock_and_go_round_have_no_energy():
    """Nothing rests, yet no angle by itself is driven one way: x' = .3 + sin(y − x)."""
    for mean in (0.2, 0.05, -0.4):
        verdict = ask(locked([0.1 + mean, -0.1 + mean], -1.0, [1, -1]))
        assert verdict.kind == "refuted"
        assert verdict.witness is not None
        assert verdict.witness.to_dict()["measure"] == "drift"


@pytest.mark.long
def test_the_locked_orbit_is_closed():
    """The difference rests at sin φ = −.1, and the mean goes round at .2."""
    verdict = tw.recover_energy(
        locked([0.3, 0.1], -1.0, [1, -1]), TORUS,
        levels=[level for level in tw.recovery.LEVELS if level.name.startswith("a cycle")],
    )  # fmt: skip
    assert verdict.kind == "refuted"
    assert verdict.witness is not None
    assert verdict.witness.to_dict()["period"] == pytest.approx(TURN / 0.2, rel=1e-6)


@pytest.mark.long
def test_a_drift_along_the_rests_is_no_rest():
    """Without a drift of the mean there are circles of rests; with ever so little there is none."""
    assert ask(locked([0.3, -0.3], -1.0, [1, -1])).kind == "diagonal-metric"
    assert ask(locked([0.3 + 1e-4, -0.3], -1.0, [1, -1])).kind in ("undecided", "refuted")
    assert ask(locked([1.3, -1.3], -1.0, [1, -1])).kind == "refuted"
