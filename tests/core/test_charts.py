"""The laws of charts, on boxes with angles and held coordinates, on pytrees, on the simplex."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thalweg as tw
from thalweg.core.level_sets import LevelSet

TREE = tw.Box(
    {"angle": [0.0], "w": [[-1.0, 2.0], [0.0, 7.0]]},
    {"angle": [6.25], "w": [[1.0, 3.0], [0.1, 7.0]]},
    {"angle": True, "w": False},
)
CHARTS = {
    "box": tw.Box([-3.0, -0.1], [3.0, 0.3]).chart(),
    "number": tw.Box(-1.0, 2.0).chart(),
    "angles": tw.Box([-np.pi, 0.0], [np.pi, 1.0], [True, False]).chart(),
    "slice of a tree": TREE.chart(),
    "simplex": tw.ProbabilitySimplex(4).chart(),
    "level set": LevelSet(
        tw.Box([0.0] * 4, [3.0, 3.0, 3.0, 0.5]), [[1, 0, 2, 0]], [2], ["t"]
    ).chart(),
}
ANGLES = CHARTS["angles"]


@jax.jit
def all_methods(chart, y):
    return chart.embed(y), chart.wrap(y), chart.shorten(y), chart.inside(y)


every_chart = pytest.mark.parametrize("name", CHARTS)


def points(chart, least=-20.0, most=20.0):
    number = st.floats(least, most, allow_subnormal=False)
    return st.lists(number, min_size=chart.dimension, max_size=chart.dimension).map(np.array)


@every_chart
@given(data=st.data())
def test_coordinates_invert_embed(name, data):
    chart = CHARTS[name]
    y = data.draw(points(chart))
    np.testing.assert_array_equal(chart.coordinates(chart.embed(y)), y)


@every_chart
@given(data=st.data())
def test_push_is_the_differential_of_the_coordinates(name, data):
    """Linear, and the inverse of the differential of embed."""
    chart = CHARTS[name]
    y, v = data.draw(points(chart)), data.draw(points(chart))
    displacement = jax.tree.map(np.subtract, chart.embed(y + v), chart.embed(y))
    np.testing.assert_allclose(chart.push(displacement), v, atol=1e-13)
    twice = jax.tree.map(lambda a: 2.0 * a, displacement)
    np.testing.assert_array_equal(chart.push(twice), 2.0 * chart.push(displacement))


@every_chart
@given(data=st.data())
def test_a_point_does_not_differ_from_itself(name, data):
    chart = CHARTS[name]
    a = data.draw(points(chart))
    np.testing.assert_array_equal(chart.difference(a, a), np.zeros(chart.dimension))


@pytest.mark.long
@every_chart
def test_every_sample_is_inside_and_the_domain_is_covered(name):
    chart = CHARTS[name]
    for dtype_is_wide in (False, True):
        with jax.enable_x64(dtype_is_wide):
            sample = chart.sample(jax.random.key(1), 1000)
            assert sample.shape == (1000, chart.dimension)
            assert bool(jnp.all(chart.inside(sample)))
    mean = np.mean(np.asarray(sample), axis=0)
    middle = 0.25 if name == "simplex" else (chart.lower + chart.upper) / 2
    # A uniform coordinate has the deviation width/√12; five standard errors of 1,000 draws.
    np.testing.assert_array_less(np.abs(mean - middle), 5 * chart.widths / np.sqrt(12 * 1000))


@pytest.mark.long
@every_chart
def test_numpy_in_numpy_out_and_jax_agrees_on_leading_axes(name):
    chart = CHARTS[name]
    y = np.asarray(chart.sample(jax.random.key(2), 3), dtype=np.float32)
    for state in jax.tree.leaves(chart.embed(y)):
        assert type(state) is np.ndarray
        assert state.dtype == np.float32
    y64 = y.astype(np.float64)
    with jax.enable_x64(True):
        theirs = all_methods(jax.tree.map(jnp.asarray, chart), y64)
        narrow = jax.eval_shape(lambda y: all_methods(chart, y), jnp.asarray(y))
    assert {leaf.dtype for leaf in jax.tree.leaves(narrow)} == {np.dtype("f4"), np.dtype(bool)}
    ours = (chart.embed(y64), chart.wrap(y64), chart.shorten(y64), chart.inside(y64))
    jax.tree.map(np.testing.assert_array_equal, ours, theirs)
    np.testing.assert_array_equal(chart.coordinates(ours[0]), y64)


@given(points(ANGLES))
def test_wrap_brings_angles_home_and_leaves_the_rest(y):
    wrapped = ANGLES.wrap(y)
    assert ANGLES.lower[0] <= wrapped[0] < ANGLES.upper[0]
    assert wrapped[1] == y[1]
    np.testing.assert_array_equal(ANGLES.wrap(wrapped), wrapped)
    turns = (y[0] - wrapped[0]) / ANGLES.period[0]
    assert turns == pytest.approx(round(turns), abs=1e-12)


def test_wrap_stays_half_open_where_rounding_would_not():
    just_below = np.array([np.nextafter(-np.pi, -4.0), 0.5])
    assert ANGLES.wrap(just_below)[0] < np.pi
    # One turn on from just below 0 is 1 after rounding, which is not in [0, 1).
    np.testing.assert_array_equal(tw.Box([0.0], [1.0], True).chart().wrap(np.array([-1e-17])), 0.0)
    np.testing.assert_array_equal(ANGLES.wrap(np.array([np.pi, 0.5]))[0], -np.pi)


def test_what_overflowed_beside_an_angle_stays_so_without_a_warning():
    np.testing.assert_array_equal(ANGLES.wrap(np.array([0.5, np.inf])), [0.5, np.inf])


def test_a_turn_of_an_angle_is_the_width_of_the_box():
    np.testing.assert_array_equal(ANGLES.period, [2.0 * np.pi, np.inf])
    np.testing.assert_allclose(ANGLES.wrap(np.array([np.pi + 0.5, 3.0])), [0.5 - np.pi, 3.0])
    high, low = np.array([np.pi - 0.1, 0.0]), np.array([0.1 - np.pi, 0.0])
    np.testing.assert_allclose(ANGLES.difference(low, high), [0.2, 0.0], atol=1e-15)


@given(points(ANGLES), points(ANGLES))
def test_difference_takes_the_shorter_way_round(a, b):
    difference = ANGLES.difference(a, b)
    assert abs(difference[0]) <= np.pi * (1 + 1e-12)
    assert difference[1] == a[1] - b[1]
    np.testing.assert_allclose(np.exp(1j * (b[0] + difference[0])), np.exp(1j * a[0]), atol=1e-12)


def test_inside_is_closed_widens_by_slack_and_refuses_what_is_not_finite():
    box = CHARTS["box"]
    np.testing.assert_array_equal(
        box.inside(np.array([[-3.0, 0.3], [3.001, 0.0], [0.0, -0.2], [np.nan, 0.0]])),
        [True, False, False, False],
    )
    assert box.inside(np.array([3.5, 0.0]), slack=0.1)
    assert ANGLES.inside(np.array([50.0, 0.5]))
    assert not ANGLES.inside(np.array([np.nan, 0.5]))
    simplex = CHARTS["simplex"]
    np.testing.assert_array_equal(
        simplex.inside(np.array([[0.5, 0.5, 0.0], [0.5, 0.6, 0.0], [-0.1, 0.5, 0.0]])),
        [True, False, False],
    )


def test_simplex_points_add_up_to_one_and_starts_are_uniform():
    chart = CHARTS["simplex"]
    state = chart.embed(np.array([0.2, 0.3, 0.1]))
    np.testing.assert_allclose(state, [0.2, 0.3, 0.1, 0.4], atol=1e-15)
    # Under the uniform law P(x₁ > 1/2) = (1/2)^(n−1) = 1/8.
    share = np.mean(np.asarray(chart.sample(jax.random.key(3), 4000))[:, 0] > 0.5)
    assert abs(share - 0.125) < 5 * np.sqrt(0.125 * 0.875 / 4000)


def test_a_new_box_does_not_compile_again(count_compiles):
    embed = jax.jit(lambda chart, y: chart.wrap(y))
    first, second = (
        jax.tree.map(jnp.asarray, tw.Box([lo, 0.0], [2.0, 1.0], [True, False]).chart())
        for lo in (-1.0, -2.0)
    )
    y = jnp.zeros(2)
    embed(first, y)
    with count_compiles() as compiled:
        embed(second, y)
    assert compiled.count == 0


@every_chart
def test_uniform_numbers_make_uniform_points(name):
    """The mean of many, by standard errors; every one inside; bounds that hold."""
    chart, rng = CHARTS[name], np.random.default_rng(0)
    drawn = chart.draw(rng, 4000)
    assert drawn.shape == (4000, chart.dimension)
    assert np.all(chart.inside(drawn))
    lower, upper = chart.bounds
    assert np.all((drawn >= lower) & (drawn <= upper))
    centre = np.full(3, 0.25) if name == "simplex" else (np.asarray(lower) + upper) / 2
    error = drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
    assert np.all(np.abs(drawn.mean(axis=0) - centre) < 4.5 * error)


def test_what_charts_say_of_their_coordinates():
    tree, simplex, box = (CHARTS[n] for n in ("slice of a tree", "simplex", "box"))
    assert (tree.indices, tree.held_at) == ((0, 1, 2, 3), {4: 7.0})
    assert tree.angles.tolist() == [True, False, False, False]
    assert (simplex.indices, simplex.held_at, simplex.angles.any()) == ((0, 1, 2), {}, False)
    assert [c.is_product for c in (tree, simplex, box)] == [True, False, True]
    assert [c.is_whole for c in (tree, simplex, box)] == [False, False, True]


def test_a_state_settles_by_whole_turns():
    state = np.array([0.5 + 6 * np.pi, 7.0])
    np.testing.assert_allclose(ANGLES.settle(state), [0.5, 7.0], atol=1e-14)
    slope = jax.jit(jax.jacfwd(lambda x: ANGLES.settle(x)))(state)
    np.testing.assert_array_equal(slope, np.eye(2))
