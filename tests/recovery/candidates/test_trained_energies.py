"""Where a polynomial would be too large: an energy that is trained, and what must not fool it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import cube, values

import thalweg as tw

SIZE = 17


class Mixed(tw.Flow):
    """f = −M∇V with two wells, V = ½ xᵀHx + ¼ (w·x)⁴."""

    mixing: jax.Array
    form: jax.Array
    way: jax.Array

    def velocity(self, t, state):
        return -self.mixing @ (self.form @ state + (self.way @ state) ** 3 * self.way)


def mixed(mixing, way, kind):
    """The rule and its equilibria ±w and 0."""
    form = np.eye(SIZE) - 2.0 * np.outer(way, way)
    rests = []
    for place in (-1.0, 0.0, 1.0):
        jacobian = -mixing @ (form + 3.0 * place**2 * np.outer(way, way))
        turns = np.linalg.eigvals(jacobian).astype(complex)
        rests.append(tw.Equilibrium(place * way, kind, None, None, turns, jacobian, 0.0, 0.0))
    return Mixed(*(jnp.asarray(a, dtype=jnp.float32) for a in (mixing, form, way))), rests


def turning():
    """M = 1 + A, A antisymmetric, and a direction w outside the first two coordinates."""
    rng = np.random.default_rng(0)
    way = np.concatenate([np.zeros(2), rng.normal(size=SIZE - 2)])
    upper = np.triu(rng.normal(size=(SIZE, SIZE)), 1)
    return np.eye(SIZE) + 0.15 * (upper - upper.T), way / np.linalg.norm(way)


def asked(rule, rests):
    verdict = tw.recover_energy(rule, cube(-1.5, 1.5, SIZE), equilibria=rests, cycles=())
    return verdict, next(found for found in verdict.levels if found.name == "lyapunov")


@pytest.mark.long
def test_a_network_falls_between_two_wells_that_turn():
    """V itself falls: dV/dt = −|∇V|². No metric is continuous at its spirals."""
    mixing, way = turning()
    rule, rests = mixed(mixing, way, "saddle")
    verdict, level = asked(rule, rests)
    assert verdict.kind == "refuted"
    assert level.outcome == "yes"
    assert "trained network" in level.note
    assert "hunts" in level.note
    assert "Checked, not proved" in level.note
    assert level.residual is not None
    assert level.residual > 1e-3
    # Fresh points, in the whole box and close to each equilibrium, by this test's own derivative.
    rng = np.random.default_rng(7)
    points = [rng.uniform(-1.5, 1.5, (4000, SIZE))]
    points += [e.state + 1e-2 * rng.normal(size=(500, SIZE)) for e in rests]
    points = np.concatenate(points)
    rates = np.sum(
        values(jax.grad(verdict.energy), points) * values(lambda x: rule.velocity(0.0, x), points),
        axis=1,
    )
    assert np.max(rates) < 0.0
    # The slope vanishes at the wells and between them.
    slopes = values(jax.grad(verdict.energy), np.asarray([e.state for e in rests]))
    assert np.max(np.abs(slopes)) < 1e-6


@pytest.mark.long
def test_a_plane_of_closed_orbits_is_never_given_an_energy():
    """Two coordinates turn for ever while all others settle: nothing falls along a circle.

    |x₃|² + … falls almost everywhere, so that samples alone would let it pass.
    """
    mixing, way = turning()
    mixing[:2], mixing[:, :2] = 0.0, 0.0
    mixing[0, 1], mixing[1, 0] = 1.0, -1.0
    verdict, level = asked(*mixed(mixing, way, "center"))
    assert level.outcome == "open"
    assert verdict.kind != "lyapunov"
    assert verdict.energy is None
