"""Refutation by cycles: which are witnesses, and which are not."""

import jax.numpy as jnp
import numpy as np
from tests.recovery.recovery_systems import Replicator, cube
from tests.zoo import Linear

import thalweg as tw
from thalweg import recovery

CYCLES = [level for level in recovery.LEVELS if level.name.endswith("cycle excludes an energy")]


def closed(curve, period, residual):
    """A closed orbit as `find_cycles` would give it."""
    return tw.Cycle(
        period=period, point=curve[0], multipliers=np.ones(2), trivial=1, stable=False,
        kind="neutral", states=curve, times=np.linspace(0.0, period, len(curve)),
        residual=residual, accuracy=0.0,
    )  # fmt: skip


def circle(radius, centre=0.0):
    angle = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False)
    return centre + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_a_loop_from_rest_to_rest_is_no_closed_orbit():
    """The boundary of an attracting rock-paper-scissors: −log(xyz) falls inside.

    It closes to 1e-7 and passes 1e-9 from the corners, which rest.
    """
    rule = Replicator(jnp.array([[0.0, -1.0, 2.0], [2.0, 0.0, -1.0], [-1.0, 2.0, 0.0]]))
    share = np.append(np.logspace(-9.0, -0.31, 60), 1.0 - np.logspace(-0.31, -9.0, 60))
    edge = np.stack([1.0 - share, share, np.full(len(share), 1e-9)], axis=1)
    loop = np.concatenate([np.roll(edge, k, axis=1) for k in range(3)])
    loop /= loop.sum(axis=1, keepdims=True)
    simplex = tw.ProbabilitySimplex(3)
    cycles = [closed(loop, 92.8, 1.7e-7)]
    verdict = tw.recover_energy(rule, simplex, cycles=cycles, levels=CYCLES)
    assert verdict.kind == "undecided"
    assert "from rest to rest" in verdict.levels[0].note
    fine = tw.recover_energy(rule, simplex, cycles=[closed(loop, 92.8, 1e-12)], levels=CYCLES)
    assert fine.kind == "refuted"  # if it closed that well it would be an orbit


def test_what_leaves_the_region_is_told():
    rule = Linear(jnp.array([[0.0, -1.0], [1.0, 0.0]]))
    orbits = [closed(circle(0.5), 2.0 * np.pi, 1e-12), closed(circle(1.2), 2.0 * np.pi, 1e-12)]
    both = tw.recover_energy(rule, cube(-1.0, 1.0, 2), cycles=orbits, levels=CYCLES)
    assert both.kind == "refuted"
    outside = tw.recover_energy(rule, cube(-1.0, 1.0, 2), cycles=orbits[1:], levels=CYCLES)
    assert outside.kind == "undecided"
    assert "1 found run partly outside" in outside.levels[0].note
