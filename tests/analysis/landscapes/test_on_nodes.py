"""Landscapes where equilibria lie on nodes, form families, are not given or barely resolved."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.results import through_json
from tests.zoo import Linear, Sines, polynomial_flow, square

import thalweg as tw
from thalweg.analysis.landscapes.check import check
from thalweg.analysis.landscapes.lattice import Lattice
from thalweg.analysis.landscapes.moves import moves
from thalweg.dynamics.problem import make_problem

CUBIC = polynomial_flow(lambda x: x - x**3, 1)
# Spirals whose turns lie nearer together than the cells of a grid of 64.
SLOW_FOCUS = Linear(np.array([[-0.01, 1.0], [-1.0, -0.01]]))


def heights(found):
    return [(one.kind, one.height) for one in found.sets]


def order(found):
    return {(i, j) for i, one in enumerate(found.sets) for j in one.above}


def test_a_point_on_a_node_touches_the_cells_on_both_sides():
    lattice = Lattice.over(square(1.0).chart(), 9)
    node = lattice.points()[40:41]  # the middle
    assert len(lattice.touched(node)) == 9
    assert len(lattice.touched(node + np.array([[0.1, 0.0]]))) == 6
    assert len(lattice.touched(node + 0.1)) == 4
    assert len(lattice.touched(lattice.points()[:1])) == 4  # at a corner of the region
    circle = Lattice.over(tw.Box([0.0], [1.0], periodic=True).chart(), 8)
    np.testing.assert_array_equal(circle.touched(np.zeros((1, 1))), [0, 1, 7])


def test_what_rests_on_a_node_leads_to_it_alone():
    with jax.enable_x64(True):
        problem, _ = make_problem(Linear(np.diag([1.0, -1.0])), square(1.0))
        moved = moves(problem, Lattice.over(problem.chart, 9))
    assert np.flatnonzero(moved.rests).tolist() == [40]
    np.testing.assert_array_equal(moved.steps[40], 40)
    np.testing.assert_array_equal(moved.ends[40], 40)
    points = moved.lattice.points()
    for number, side in ((41, 0), (49, 1)):  # on the axes, which are invariant
        np.testing.assert_array_equal(points[moved.steps[number]][:, side], 0.0)


@pytest.mark.long
@pytest.mark.parametrize("nodes", [64, 61])
def test_on_a_node_of_a_line_a_source_is_above_both_sinks(nodes):
    found = tw.find_landscape(CUBIC, tw.Box([-1.5], [3.0]), nodes=nodes, cycles=())
    assert heights(found) == [("source", 1.0), ("sink", 0.0), ("sink", 0.0)]
    assert order(found) == {(0, 1), (0, 2)}
    assert found.check.worst < 0.01
    assert found.falls


@pytest.mark.long
def test_on_nodes_of_a_circle_each_source_is_above_both_sinks():
    circle = tw.Box([0.0], [4.0 * np.pi], periodic=True)  # twice round sin x
    flow = Sines(np.zeros(1), np.zeros((1, 1)), np.ones((1, 1)))
    found = tw.find_landscape(flow, circle, nodes=64, cycles=())
    assert heights(found) == 2 * [("source", 1.0)] + 2 * [("sink", 0.0)]
    assert order(found) == {(0, 2), (0, 3), (1, 2), (1, 3)}


@pytest.mark.long
def test_on_a_node_of_a_plane_a_saddle_is_above_both_sinks():
    flow = polynomial_flow(lambda x: np.stack([x[0] - x[0] ** 3, -x[1]]))
    found = tw.find_landscape(flow, tw.Box([-1.5, -1.0], [3.0, 1.0]), nodes=64, cycles=())
    assert heights(found) == [("saddle", 1.0), ("sink", 0.0), ("sink", 0.0)]
    assert order(found) == {(0, 1), (0, 2)}
    assert found.check.worst < 0.01


def test_four_wells_with_saddles_on_lines_of_nodes_have_their_order():
    flow = polynomial_flow(lambda x: x - x**3)
    found = tw.find_landscape(flow, square(1.7), nodes=65, cycles=())
    assert heights(found) == [("source", 3.0)] + 4 * [("saddle", 2.0)] + 4 * [("sink", 0.0)]
    places = np.array([one.point for one in found.sets])
    gaps = [np.linalg.norm(places[i] - places[j]) for i, j in order(found)]
    np.testing.assert_allclose(gaps, 1.0, atol=1e-9)
    assert len(gaps) == 4 + 8
    assert found.check.worst < 0.01


@pytest.mark.long
def test_a_line_of_equilibria_is_one_set():
    found = tw.find_landscape(Linear(np.diag([-1.0, 0.0])), square(1.0), nodes=64, cycles=())
    assert heights(found) == [("continuum (1-d)", 0.0)]
    assert len(found.sets[0].equilibria) == len(found.equilibria) > 1
    on_line = [float(found.value(jnp.array([0.0, y]))) for y in (-0.99, -0.3, 0.61)]
    np.testing.assert_allclose(on_line, 0.0, atol=1e-12)
    assert float(found.value(jnp.array([0.6, 0.2]))) > 0.1
    assert found.falls


def test_points_of_a_continuum_without_it_are_refused():
    line, box = Linear(np.diag([-1.0, 0.0])), square(1.0)
    some = list(tw.find_equilibria(line, box))
    with pytest.raises(tw.InputError, match="without the continuum itself"):
        tw.find_landscape(line, box, nodes=32, equilibria=some, cycles=())


def test_of_a_continuum_the_part_in_the_region_counts():
    line = Linear(np.diag([-1.0, 0.0]))
    whole = tw.find_equilibria(line, square(2.0))  # none of its points lies in the strip
    strip = tw.Box([-1.0, 0.25], [1.0, 0.75])
    assert not any(0.25 <= rest.state[1] <= 0.75 for rest in whole)
    found = tw.find_landscape(line, strip, nodes=64, equilibria=whole, cycles=())
    assert heights(found) == [("continuum (1-d)", 0.0)]
    assert 0.25 <= found.sets[0].point[1] <= 0.75


def test_what_recurs_across_the_seam_of_an_angle_is_one_set():
    marked = np.zeros((8, 8), dtype=bool)
    marked[[0, 7, 3], [7, 0, 4]] = True
    box = tw.Box([0.0, 0.0], [1.0, 1.0], periodic=[True, False])
    both = tw.Box([0.0, 0.0], [1.0, 1.0], periodic=True)
    for domain, expected in ((box, [[7], [28], [56]]), (both, [[7, 56], [28]])):
        found = Lattice.over(domain.chart(), 8).groups(marked.ravel())
        assert [nodes.tolist() for nodes in found] == expected
    circle = tw.Box([0.05], [2.0 * np.pi + 0.05], periodic=True)  # a sink in the seam's cell
    flow = Sines(np.zeros(1), np.zeros((1, 1)), -np.ones((1, 1)))
    seen = tw.find_landscape(flow, circle, nodes=64, equilibria=(), cycles=())
    assert heights(seen) == [("recurrent", 0.0)]


def test_where_nothing_moves_it_is_said():
    found = tw.find_landscape(Linear(np.zeros((2, 2))), square(1.0), nodes=32, cycles=())
    assert heights(found) == [("continuum (2-d)", 0.0)]
    assert "Nothing moves" in str(found)


def test_attractors_that_are_not_given_are_seen_on_the_grid():
    box = square(1.8, 1)
    source = [one for one in tw.find_equilibria(CUBIC, box) if one.kind == "source"]
    given = tw.find_landscape(CUBIC, box, nodes=64, equilibria=source, cycles=())
    assert heights(given) == [("source", 1.0), ("recurrent", 0.0), ("recurrent", 0.0)]
    nothing = tw.find_landscape(CUBIC, box, nodes=64, equilibria=(), cycles=())
    assert heights(nothing) == 2 * [("recurrent", 0.0)]
    np.testing.assert_allclose([one.point[0] for one in nothing.sets], [-1.0, 1.0], atol=0.06)
    assert "only the grid" in str(nothing)


def test_a_function_that_does_not_fall_does_not_pass_the_check():
    with jax.enable_x64(True):
        problem, _ = make_problem(polynomial_flow(lambda x: -x + 0.0 * x**3), square(1.0))
        lattice = Lattice.over(problem.chart, 64)
        moved = moves(problem, lattice)
        bowl = np.linalg.norm(lattice.points(), axis=1)
        good, flat = (check(problem, moved, [], [], size * bowl, None) for size in (1.0, 0.0))
    assert (good.flat, flat.flat, flat.rising) == (0.0, 1.0, 0.0)
    assert good.moving == flat.moving > 0.9


def test_a_sink_leads_nowhere_however_coarse_the_grid_is():
    found = tw.find_landscape(SLOW_FOCUS, square(1.0), nodes=64, cycles=())
    (sink,) = [one for one in found.sets if one.kind == "sink"]
    assert (sink.height, sink.above) == (0.0, ())
    said = " ".join(str(found).split())
    assert not found.falls
    assert "falls along runs" not in said
    assert "does not fall everywhere" in said
    assert "lead away from 1 of the sinks" in said
    assert "take more nodes" in said
    assert through_json(found).warnings == found.warnings


@pytest.mark.long
@pytest.mark.parametrize(
    ("fn", "low"), [(lambda x: 1.0 - jnp.sqrt(x), -3.0), (lambda x: -jnp.log(x), -5.0)]
)
def test_where_half_of_the_region_is_undefined_there_is_a_sink(fn, low):
    found = tw.find_landscape(tw.as_flow(fn), tw.Box([low], [2.0]), nodes=64, cycles=())
    assert heights(found) == [("sink", 0.0), ("outside", 0.0)]


@pytest.mark.long
def test_where_half_of_the_nodes_leave_at_once_the_source_is_above():
    found = tw.find_landscape(Linear(np.eye(3)), square(1.0, 3), nodes=8, cycles=())
    assert heights(found) == [("source", 1.0), ("outside", 0.0)]


def test_what_runs_nowhere_is_refused():
    flow = tw.as_flow(lambda x: jnp.where(x < 9.0, jnp.nan, x))
    with pytest.raises(tw.InputError, match=r"leaves the region at once|not defined|not finite"):
        tw.find_landscape(flow, tw.Box([1.0], [2.0]), nodes=64, equilibria=(), cycles=())


def test_what_is_no_set_of_equilibria_or_cycles_is_refused():
    box = square(1.8, 1)
    with pytest.raises(tw.InputError, match=r"equilibria must be .*, got an array of shape"):
        tw.find_landscape(CUBIC, box, equilibria=np.array([[0.0], [1.0]]))  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match=r"must be what find_cycles returned, got \[1\]\."):
        tw.find_landscape(CUBIC, box, equilibria=(), cycles=[1])  # type: ignore[list-item]
    with pytest.raises(tw.InputError, match=r"found must be a Landscape, got 'a'"):
        tw.plot.conley_landscape("a")  # type: ignore[arg-type]


@pytest.mark.long
@pytest.mark.parametrize("state", [jnp.zeros((5, 1)), [0.3], jnp.zeros(2)])
def test_a_value_is_asked_for_one_state(state):
    found = tw.find_landscape(CUBIC, square(1.8, 1), nodes=64, equilibria=(), cycles=())
    with pytest.raises(tw.InputError, match=r"state must be one state, arrays of shape \(1,\)"):
        found.value(state)
    assert jax.vmap(found.value)(jnp.zeros((5, 1))).shape == (5,)
