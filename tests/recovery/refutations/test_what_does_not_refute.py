"""What looks like a refutation and is none."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import Linear, square

import thalweg as tw
from thalweg.recovery.question import make_question
from thalweg.recovery.refutations.equilibria import EquilibriaLevel


@pytest.mark.long
def test_an_equilibrium_outside_the_region_excludes_nothing_in_it():
    """A rotation about 0 has E = −atan2(y, x) and M = I/r² where the region leaves 0 out."""
    rule = Linear(np.array([[0.0, -1.0], [1.0, 0.0]]))
    found = tw.find_equilibria(rule, tw.Box([-3.0, -3.0], [3.0, 3.0]))
    assert len(found) == 1
    right = tw.Box([0.5, -1.0], [2.0, 1.0])
    verdict = tw.recover_energy(rule, right, equilibria=found, cycles=(), thorough=False)
    assert verdict.kind != "refuted"


def bent(x):
    return jnp.maximum(jnp.sin(x) + 0.5, 0.0) ** 4


@pytest.mark.long
def test_a_circle_that_rests_on_an_arc_leaves_room_for_a_rise():
    circle = tw.Box([0.0], [2.0 * np.pi], periodic=True)
    verdict = tw.recover_energy(tw.as_flow(bent), circle, thorough=False)
    assert not any(level.outcome == "yes" and "measure" in level.name for level in verdict.levels)
    assert not any("jump" in warning for warning in verdict.warnings)


@pytest.mark.long
def test_a_step_that_leaves_the_finite_is_no_fall():
    rule = tw.as_map(lambda x: x - 3.0 * jnp.sqrt(x))
    verdict = tw.recover_energy(rule, tw.Box([0.1], [1.0]), thorough=False)
    assert verdict.kind != "euclidean"


def bump(squared):
    return jnp.maximum(1.0 - squared, 0.0) ** 3


CIRCLE = tw.Box([0.0], [2.0 * np.pi], periodic=True)


def stopped(x):
    """An angle that goes round at speed 1 but for a short arc, where it stops."""
    return 1.0 - 2.0 * bump(((x - 1.0) / 0.03) ** 2)


@pytest.mark.long
def test_an_angle_that_stops_in_a_short_arc_does_not_go_round():
    """It rests at 1 ± .0136, and no energy is excluded: ∮ m f dx = 0 for some m > 0."""
    verdict = tw.recover_energy(tw.as_flow(stopped), CIRCLE)
    assert verdict.kind != "refuted"
    assert verdict.witnesses == ()


@pytest.mark.long
def test_a_rule_that_moves_in_a_small_disc_only_need_not_keep_volume():
    """It contracts there, in a constant metric times a scalar, and J = 0 at most points."""
    matrix = jnp.array([[-1.0, 0.9], [0.1, -2.0]])

    def small(x):
        return bump(jnp.sum((x - 0.3) ** 2) / 0.01) * (matrix @ (x - 0.3))

    box = tw.Box([-1.0, -1.0], [1.0, 1.0])
    verdict = tw.recover_energy(tw.as_flow(small), box, cycles=(), thorough=False)
    assert verdict.kind != "refuted"


@pytest.mark.long
def test_a_channel_that_few_points_of_a_wall_meet_lets_trajectories_out():
    """A flow along a channel has no divergence, leaves the region, and goes down −x."""

    def channel(x):
        return jnp.stack([bump(((x[1] - 0.111) / 0.004) ** 2), 0.0 * x[0]])

    box = tw.Box([-1.0, -1.0], [1.0, 1.0])
    verdict = tw.recover_energy(tw.as_flow(channel), box, cycles=(), thorough=False)
    assert verdict.kind != "refuted"


@pytest.mark.long
@pytest.mark.parametrize(("factor", "falls"), [(-1.0, False), (-0.999, True), (0.0, True)])
def test_a_step_to_the_same_height_is_no_fall(factor, falls):
    """x⁺ = 1/2 + factor (x − 1/2) goes down (x − 1/2)², but for factor −1, where nothing does."""
    rule = tw.as_map(lambda x, a=factor: 0.5 + a * (x - 0.5))
    verdict = tw.recover_energy(rule, tw.Box([0.0], [1.0]), thorough=False)
    assert (verdict.kind == "euclidean") == falls


class Angular(tw.Flow):
    """Descent of Σx⁴/4 + x²y²/4 + ε|x|²/2 in diag(1, 1 + .8 x²/(|x|² + w²))."""

    width: Any
    slope: Any

    def level(self, x):
        return jnp.sum(x**4) / 4.0 + x[0] ** 2 * x[1] ** 2 / 4.0 + self.slope * jnp.sum(x**2) / 2.0

    def velocity(self, t, state):
        share = state[0] ** 2 / (jnp.sum(state**2) + self.width**2)
        return -jax.grad(self.level)(state) / jnp.stack([1.0, 1.0 + 0.8 * share])


@pytest.mark.long
@pytest.mark.parametrize(
    ("width", "slope", "outcome"),
    [(1e-4, 0.0, "no"), (1e-12, 1e-7, "no"), (1e-30, 0.0, "yes")],
)
def test_a_metric_may_change_close_to_where_the_jacobian_vanishes(width, slope, outcome):
    rule = Angular(np.array(width), np.array(slope))
    with jax.enable_x64(True):
        found = EquilibriaLevel().ask(make_question(rule, square(1.0)))
    assert found.outcome == outcome
    assert (outcome == "yes") == ("but one that changes nearer" in found.note)
