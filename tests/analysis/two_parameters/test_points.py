"""Points of curves over two parameters: what they hold, how far apart they are, which count."""

import equinox as eqx
import jax
import numpy as np
import pytest
from tests.analysis.two_parameters.planes import BogdanovTakens

import thalweg as tw
from thalweg.analysis.continuation.curves import LEFT, RANGE_END
from thalweg.analysis.continuation.traced import Curve
from thalweg.analysis.two_parameters.find import _marked
from thalweg.analysis.two_parameters.indicators import _crossing, _others, left_vectors
from thalweg.analysis.two_parameters.plane import Plane, fold, pair
from thalweg.analysis.two_parameters.special import Located
from thalweg.core.parameters import find_parameter
from thalweg.dynamics.problem import make_problem

LOW, WIDTH = np.array([-1.0, -1.5]), np.array([2.0, 3.0])  # of the parameters `first`, `second`
UNITS = np.array([2.0, 4.0])  # of the coordinates
AT = np.array([0.5, -0.25])  # a state in these units
ALONG = np.array([0.6, 0.8])  # a null vector


def plane(system):
    rule = BogdanovTakens()
    names = (find_parameter(rule, "first"), find_parameter(rule, "second"))
    problem, _ = make_problem(rule, tw.Box([-2.0, -4.0], [2.0, 4.0]))
    return Plane(problem, names, system, UNITS, np.ones(2), LOW, WIDTH, 1.0, ALONG)


def point(*numbers, v=ALONG, second=0.5, first=0.25):
    return np.concatenate([AT, v, numbers, [second, first]])


def test_a_point_holds_a_state_a_vector_and_both_parameters():
    found = plane(fold)
    np.testing.assert_array_equal(found.values(point()), [-0.5, 0.0])
    np.testing.assert_array_equal(found.coordinates(point()), [1.0, -1.0])
    np.testing.assert_array_equal(found.vector(point()), ALONG)
    assert plane(pair).number(point(0.7)) == 0.7


def test_a_null_vector_and_its_negative_are_one():
    other = np.stack([point(v=-ALONG), point(v=ALONG, first=0.5)])
    apart = plane(fold).away(point()[None], other)
    np.testing.assert_allclose(apart, [[0.0] * 6, [0.0] * 5 + [-0.25]], atol=1e-15)


@pytest.mark.parametrize("end", [RANGE_END, LEFT])
def test_marks_of_a_curve_are_its_special_points_also_after_others(end):
    shares = np.linspace(0.0, 1.0, 5)
    z = np.stack([point(first=share) for share in shares])
    followed = Curve(z, np.ones_like(z), np.ones((5, 5, 6)), (RANGE_END, end), (z[0], z[0]))
    special = [(0.2, 0), (0.6, 2), (0.7, 2), (0.9, 3)]
    special += [(1.0 + 1e-9, 4)] if end == LEFT else []
    found = [Located("cusp", point(first=at), segment, np.zeros((0, 0))) for at, segment in special]
    points, marks = _marked(plane(fold), followed, found[::-1])
    assert points[list(marks), -1].tolist() == [at for at, _ in special]
    assert np.all(np.diff(points[:, -1]) > 0.0)
    assert len(points) == 9


@eqx.filter_jit
def inside(plane, z):
    return jax.vmap(plane.is_inside)(z)


def test_points_count_within_both_ranges_where_a_pair_is_one():
    places = [
        point(0.1), point(-0.1), point(0.1, second=1.1), point(0.1, first=-0.1),
        point(0.1) + np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ]  # fmt: skip
    with jax.enable_x64(True):
        counts = np.asarray(inside(plane(pair), np.stack(places)))
    assert counts.tolist() == [True, False, False, False, False]


def test_eigenvalues_besides_the_critical_ones_are_those_farther_from_growing():
    own = np.array([[[0.0, 1.0, 0.0], [-4.0, 0.0, 0.0], [0.0, 0.0, -0.5]]])
    (left,) = _others(plane(pair), own, 2)
    assert left.tolist() == [-0.5]


@pytest.mark.parametrize(
    ("values", "sign"), [([2.0, -3.0], -1.0), ([1.0 + 2.0j, 1.0 - 2.0j], 1.0), ([-1.0, -1.0], 1.0)]
)
def test_the_sign_of_a_product_changes_with_one_real_number(values, sign):
    assert _crossing(np.array([values], dtype=np.complex128)).tolist() == [sign]


def test_left_vectors_of_a_fold_end_its_jacobian():
    matrix = np.array([[[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]]])
    (found,) = left_vectors(plane(fold), matrix)
    np.testing.assert_allclose(found @ matrix[0, :, :2], 0.0, atol=1e-15)
    assert np.linalg.norm(found) == pytest.approx(1.0)
