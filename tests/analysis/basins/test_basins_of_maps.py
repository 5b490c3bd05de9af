"""Basins of maps: Newton's fractal, what escapes from Hénon's map, cycles that orbits settle on."""

import numpy as np
import pytest
from tests.analysis.basins.map_systems import Newton, Swapping, Turning
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.analysis import Following
from thalweg.analysis.basins import find, looks

SQUARE = tw.Box([-2.0, -2.0], [2.0, 2.0])


@pytest.mark.long
def test_newtons_method_finds_each_root_from_a_known_share():
    found = tw.find_basins(Newton(), grid=1000)
    below, above, real = found.attractors
    assert np.allclose(real.point, [1.0, 0.0])
    assert abs(real.fraction - 0.3453) < 2e-4
    # Complex conjugation is an exact symmetry, of the grid too.
    assert below.count == above.count
    mirrored = np.array([1, 0, 2])[found.labels[:, ::-1]]
    assert np.array_equal(mirrored, found.labels)
    # The Julia set of Newton's method for a cubic: far from smooth, which is 1.
    assert found.dimension is not None
    assert 1.35 < found.dimension < 1.5
    assert found.boundary_entropy > np.log(2.0)


@pytest.mark.long
def test_a_known_share_escapes_from_henons_map():
    found = tw.find_basins(tw.models.Henon(), SQUARE, grid=1000)
    assert abs(found.diverged - 0.5675) < 3e-4
    assert [a.kind for a in found.attractors] == ["chaos"]
    assert found.undecided == 0.0


@pytest.mark.long
def test_more_points_give_the_known_share_to_four_digits():
    found = tw.find_basins(tw.models.Henon(), SQUARE, grid=3000)
    assert abs(found.diverged - 0.5675) < 2e-4
    newton = tw.find_basins(Newton(), grid=2000)
    assert np.allclose(newton.fractions, [0.3274, 0.3274, 0.3453], atol=1e-4)
    # Not one of these is another when every point is followed.
    every = tw.find_basins(Newton(), grid=500, refine=False)
    assert np.array_equal(tw.find_basins(Newton(), grid=500).labels, every.labels)


@pytest.mark.long
def test_a_cycle_that_no_search_was_asked_for_is_found_by_orbits():
    found = tw.find_basins(tw.models.Logistic(r=3.83), starts=500)
    (cycle,) = found.attractors
    assert (cycle.kind, cycle.period, cycle.fraction) == ("cycle", 3.0, 1.0)
    # Through any of its three points.
    x = float(cycle.point[0])
    for _ in range(3):
        x = 3.83 * x * (1.0 - x)
    assert abs(x - cycle.point[0]) < 1e-9
    keeps_the_protocol(found)
    keeps_the_protocol(found.attractors[0])


@pytest.mark.long
def test_chaos_in_two_pieces_that_orbits_visit_in_turn_is_one_attractor():
    found = tw.find_basins(tw.models.Logistic(r=3.6), starts=300)
    assert [(a.kind, a.fraction) for a in found.attractors] == [("chaos", 1.0)]


@pytest.mark.long
def test_a_grid_shows_every_cycle_wherever_it_is():
    few = Following(max_steps=1000)
    found = tw.find_basins(Swapping(), grid=240, refine=False, following=few)
    assert found.undecided == 0.0
    assert {(a.kind, a.period) for a in found.attractors} == {("cycle", 2.0)}
    assert sorted(abs(a.point[0]) for a in found.attractors) == pytest.approx(np.arange(60) + 0.5)


@pytest.mark.long
def test_a_turn_is_an_attractor_only_where_it_draws_others_in():
    (circle,) = tw.find_basins(Turning(0.05), starts=40).attractors
    assert (circle.kind, circle.fraction) == ("recurrent", 1.0)
    assert np.hypot(*circle.point) == pytest.approx(1.0)
    turns = tw.find_basins(Turning(0.0), starts=40, following=Following(max_steps=2000))
    assert (turns.attractors, turns.undecided + turns.left) == ((), 1.0)


@pytest.mark.long
def test_what_is_found_late_tells_what_was_undecided_before(monkeypatch):
    """One look a call finds some of ten cycles: the others are met where the grid is refined."""
    monkeypatch.setattr(looks, "_LOOKS", 1)
    monkeypatch.setattr(looks, "LOOKED_AT", 4)
    monkeypatch.setattr(find, "LOOKED_AT", 4)
    near, few = tw.Box([-10.0], [10.0]), Following(max_steps=1000)
    found = tw.find_basins(Swapping(), near, grid=240, following=few)
    assert len(found.attractors) == 10
    assert found.undecided == 0.0
