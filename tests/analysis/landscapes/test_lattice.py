"""Grids: corners, values in between, distances round angles; and the check of a landscape."""

import jax
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg as tw
from thalweg.analysis.landscapes.check import check
from thalweg.analysis.landscapes.lattice import Lattice
from thalweg.analysis.landscapes.moves import moves
from thalweg.dynamics.problem import make_problem

CYLINDER = tw.Box([-1.0, 0.0], [1.0, 3.0], periodic=[True, False])


@pytest.fixture
def lattice():
    return Lattice.over(CYLINDER.chart(), 16)


def test_nodes_lie_on_walls_and_once_round_an_angle(lattice):
    points = lattice.points()
    assert points.shape == (256, 2)
    np.testing.assert_allclose(points.max(axis=0), [1.0 - 2.0 / 16, 3.0])
    np.testing.assert_allclose(points.min(axis=0), [-1.0, 0.0])


def test_values_in_between_are_multilinear(lattice):
    x, y = lattice.points().T
    values = (1.0 - np.abs(x)) * y  # linear in each cell, and round the angle
    some = np.random.default_rng(0).uniform([-1.0, 0.0], [1.0, 3.0], (100, 2))
    expected = (1.0 - np.abs(some[:, 0])) * some[:, 1]
    np.testing.assert_allclose(lattice.interpolated(values, some), expected, atol=1e-12)
    beyond = some + np.array([2.0, 0.0])
    np.testing.assert_allclose(lattice.interpolated(values, beyond), expected, atol=1e-12)


def test_a_point_on_a_node_depends_on_that_alone(lattice):
    np.testing.assert_array_equal(lattice.around(lattice.points()[37:38]), [37])
    assert len(lattice.around(lattice.points()[37:38] + 0.01)) == 4


def test_distances_go_round_angles_the_shorter_way(lattice):
    marked = np.zeros(256, dtype=bool)
    marked[lattice.nearest(np.array([[0.875, 0.0]]))] = True
    found = lattice.distances(marked)
    beside = lattice.nearest(np.array([[-1.0, 0.0], [0.0, 0.0], [0.875, 3.0]]))
    np.testing.assert_allclose(found[beside], [1.0 / 16, 7.0 / 16, 1.0])
    assert np.all(np.isinf(lattice.distances(np.zeros(256, dtype=bool))))


def test_a_function_that_rises_does_not_pass_the_check():
    with jax.enable_x64(True):
        problem, _ = make_problem(polynomial_flow(lambda x: -x + 0.0 * x**3), square(1.0))
        lattice = Lattice.over(problem.chart, 64)
        moved = moves(problem, lattice)
        bowl = np.linalg.norm(lattice.points(), axis=1)
        good, bad = (check(problem, moved, [], [], sign * bowl, None) for sign in (1.0, -1.0))
    assert good.rising < 1e-3
    assert good.worst < 1e-3
    assert bad.rising > 0.1  # of steps that rest at 0, too
    assert bad.usual > 0.9


def test_runs_end_where_the_linear_flow_says():
    with jax.enable_x64(True):
        problem, _ = make_problem(polynomial_flow(lambda x: -x + 0.0 * x**3), square(1.0))
        moved = moves(problem, Lattice.over(problem.chart, 64))
    assert not np.any(moved.ends == moved.outside)
    start = moved.lattice.points()
    ends = np.einsum("nc,ncd->nd", moved.weights, start[moved.ends])
    later = np.exp(-np.sum(moved.spent, axis=1))[:, None]
    np.testing.assert_allclose(ends, later * start, atol=1e-4)
    np.testing.assert_allclose(moved.integral(np.ones(len(start))), np.sum(moved.spent, axis=1))
