"""Landscapes of maps: cycles, chaos, rotations, and steps that lead neighbours far apart."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import LinearMap, square

import thalweg as tw
from thalweg.analysis.landscapes.lattice import Lattice
from thalweg.analysis.landscapes.moves import moves
from thalweg.dynamics.problem import make_problem

UNIT = tw.Box([0.0], [1.0])
CIRCLE = tw.Box([0.0], [1.0], periodic=True)


class Quadratic(tw.Map):
    """x⁺ = a + B x + c x₁²."""

    constant: Any
    matrix: Any
    square: Any

    def step(self, t, state):
        return self.constant + self.matrix @ state + self.square * state[0] ** 2


class Jump(tw.Map):
    """x⁺ = ∓h + x / 10, below and above c."""

    ends: Any

    def step(self, t, state):
        return jnp.where(state[0] < self.ends[0], -1.0, 1.0) * self.ends[1] + 0.1 * state


def logistic(rate):
    return Quadratic(np.zeros(1), np.array([[rate]]), np.array([-rate]))


def affine(shift, factor=1.0):
    return Quadratic(np.array([shift]), np.array([[factor]]), np.zeros(1))


HENON = Quadratic(np.array([1.0, 0.0]), np.array([[0.0, 1.0], [0.3, 0.0]]), np.array([-1.4, 0.0]))


def told(found):
    """The kinds with their heights, and the pairs of which the first is above the second."""
    kinds = [(one.kind, one.height) for one in found.sets]
    return kinds, {(i, j) for i, one in enumerate(found.sets) for j in one.above}


def steps_of(rule, domain, count):
    """The nodes that each node leads to, as sets, and the moves."""
    with jax.enable_x64(True):
        problem, _ = make_problem(rule, domain)
        moved = moves(problem, Lattice.over(problem.chart, count))
    return [set(row.tolist()) for row in moved.steps], moved


@pytest.mark.long
@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (2.8, [("source", 1.0), ("sink", 0.0)]),
        (3.2, [("source", 2.0), ("source", 1.0), ("attracting cycle", 0.0)]),
    ],
)
def test_the_logistic_map_falls_to_a_point_or_to_two(rate, expected):
    found = tw.find_landscape(logistic(rate), UNIT, nodes=512)
    assert told(found) == (expected, {(i, i + 1) for i in range(len(expected) - 1)})
    assert found.falls
    assert found.check.spread < 1e-9
    if rate > 3.0:
        high, low = (rate + 1 + s * np.sqrt((rate + 1) * (rate - 3)) for s in (1.0, -1.0))
        for point in (high, low):  # 2r x = r + 1 ± √((r + 1)(r − 3))
            assert float(found.value(jnp.array([point / (2 * rate)]))) < 1e-3


@pytest.mark.long
@pytest.mark.parametrize("rate", [3.7, 4.0])
def test_all_of_a_chaotic_band_recurs_together(rate):
    """Above r = 3.6786 all cycles but the source at 0 lie in one band; at 4 it reaches 0, too."""
    found = tw.find_landscape(logistic(rate), UNIT)
    count = 2 if rate < 4.0 else 1
    assert [one.height for one in found.sets] == [1.0, 0.0][-count:]
    assert len(found.sets[-1].cycles) > 5
    assert found.falls


@pytest.mark.long
def test_henons_attractor_lies_below_the_saddle_beside_it():
    box = tw.Box([-1.6, -0.6], [1.6, 0.6])
    found = tw.find_landscape(HENON, box, nodes=192)
    (kinds, above), points = told(found), [one.point for one in found.sets]
    assert [height for _, height in kinds] == [1.0, 0.0, 0.0]
    assert kinds[0][0] == "saddle"
    assert "outside" in dict(kinds)
    assert above == {(0, 1), (0, 2)}
    # x = 1 − 1.4 x² + .3 x
    roots = np.sort(np.roots([-1.4, -0.7, 1.0]))
    np.testing.assert_allclose(points[0], [roots[0], 0.3 * roots[0]], atol=1e-9)
    held = next(one for one in found.sets[1:] if "saddle + " in one.kind)
    np.testing.assert_allclose(held.point, [roots[1], 0.3 * roots[1]], atol=1e-9)
    assert held.nodes > 500  # of the attractor round it
    assert found.falls


def test_all_of_a_circle_recurs_under_a_turn_and_under_doubling():
    third = tw.find_landscape(affine(1.0 / 3.0), CIRCLE, nodes=96, equilibria=(), cycles=())
    golden = tw.find_landscape(affine(0.381966), CIRCLE, nodes=96, equilibria=(), cycles=())
    double = tw.find_landscape(affine(0.0, 2.0), CIRCLE, nodes=96, equilibria=(), cycles=())
    for found in (third, golden, double):
        assert told(found) == ([("recurrent", 0.0)], set())
        assert found.sets[0].nodes == 96


def test_a_turn_that_shrinks_has_a_sink_alone():
    turn = 0.6 * np.array([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])
    found = tw.find_landscape(LinearMap(turn), square(1.0), nodes=48, cycles=())
    assert told(found) == ([("sink", 0.0)], set())
    assert found.falls


def test_steps_lead_to_all_that_what_lies_round_a_node_may_touch():
    steps, moved = steps_of(LinearMap(np.array([[3.0]])), square(1.0, 1), 21)
    assert moved.pieces == 1
    assert steps[10] == {9, 10, 11}  # [−.05, .05] to [−.15, .15], in cells of .1
    assert steps[11] == {12, 13, 14}
    assert steps[14] == {moved.outside}
    still, _ = steps_of(LinearMap(np.array([[1.0]])), square(1.0, 1), 21)
    assert still == [{number} for number in range(21)]
    doubled, _ = steps_of(affine(0.0, 2.0), CIRCLE, 16)
    assert doubled[15] == {13, 14, 15}
    assert doubled[0] == {15, 0, 1}


def test_where_a_map_jumps_it_is_said():
    wide = Jump(np.array([0.1, 0.8]))
    _, moved = steps_of(wide, square(1.0, 1), 64)
    assert moved.torn == 0  # on a line all nodes between may be led to
    found = tw.find_landscape(wide, square(1.0), nodes=256, equilibria=(), cycles=())
    said = " ".join(str(found).split())
    assert "steps from 512 nodes lead neighbours too far apart" in said  # two columns
    assert told(found)[0] == 2 * [("recurrent", 0.0)]  # at ∓.8 / .9
    np.testing.assert_allclose([one.point[0] for one in found.sets], [-0.889, 0.889], atol=0.02)
