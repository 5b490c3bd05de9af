"""Equilibria that are not isolated: recognised, measured, counted once."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg as tw

RING = polynomial_flow(lambda x: x * (1 - np.sum(x**2)))


def split(found):
    isolated = [e for e in found if e.continuum == 0]
    return isolated, [e for e in found if e.continuum > 0]


@pytest.mark.long
@pytest.mark.parametrize("s", [1.0, 2.5])
def test_deep_linear_mode_has_a_saddle_and_one_hyperbola(s):
    mode = polynomial_flow(lambda x: (s - x[0] * x[1]) * x[::-1])
    found = tw.find_equilibria(mode, square(3.0))
    (origin,), family = split(found)
    assert found.search.distinct == 2
    assert found.search.continuum
    assert found.title == (
        f"1 equilibrium and 1 continuum of equilibria of {found.about.system} "
        f"(flow, state x[0], x[1]); {len(family)} points of it are shown"
    )
    assert origin.kind == "saddle"
    np.testing.assert_allclose(origin.eigenvalues, [s, -s], atol=1e-12)
    assert {e.continuum for e in family} == {1}
    assert {np.sign(e.state[0]) for e in family} == {-1.0, 1.0}
    for e in family:
        a, b = e.state
        assert a * b == pytest.approx(s, abs=1e-10)
        np.testing.assert_allclose(e.eigenvalues, [0.0, -(a**2 + b**2)], atol=1e-9)
        assert e.stable is None


def test_branches_of_a_hyperbola_that_leave_through_the_middle_of_walls_are_one():
    """They meet at infinity, and begin their way to there half a width from the middle."""
    near_the_axes = polynomial_flow(lambda x: np.stack([0.05 - x[0] * x[1], 0.0 * x[1]]))
    found = tw.find_equilibria(near_the_axes, square(1.0), starts=64)
    assert (found.search.continua, split(found)[0]) == (1, [])


def test_a_ring_and_the_origin():
    found = tw.find_equilibria(RING, square(3.0))
    (origin,), ring = split(found)
    assert found.search.distinct == 2
    assert origin.kind == "source"
    np.testing.assert_allclose([np.linalg.norm(e.state) for e in ring], 1.0, atol=1e-12)
    angles = np.sort([np.arctan2(*e.state) for e in ring])
    assert np.max(np.diff(angles)) < 2.5
    (family,) = found.continua
    assert not family.leaves
    lengths = np.linalg.norm(np.diff(family.points[family.links], axis=1)[:, 0], axis=1)
    assert len(family.links) > 60
    assert lengths.max() < 0.3


@pytest.mark.long
def test_a_sphere_has_dimension_two():
    rule = polynomial_flow(lambda x: -4 * (np.sum(x**2) - 1) * x, 3)
    found = tw.find_equilibria(rule, square(2.0, 3))
    (origin,), sphere = split(found)
    assert found.search.distinct == 2
    assert origin.kind == "source"
    assert {e.continuum for e in sphere} == {2}


def test_several_continua_beside_an_isolated_point():
    def rings(x):
        r = np.sum(x**2)
        return x * (1 - r) * (4 - r)

    found = tw.find_equilibria(polynomial_flow(rings), square(3.0))
    assert found.search.distinct == 3
    radii = sorted({round(float(np.linalg.norm(e.state)), 9) for e in found})
    assert radii == [0.0, 1.0, 2.0]


def test_parallel_lines_are_three_and_not_one():
    rule = polynomial_flow(lambda x: np.stack([x[0] - x[0] ** 3, 0 * x[1]]))
    found = tw.find_equilibria(rule, square(3.0))
    assert found.search.distinct == 3
    assert {round(float(e.state[0]), 9) for e in found} == {-1.0, 0.0, 1.0}


@pytest.mark.long
def test_a_plane_of_equilibria_in_three_dimensions():
    rule = polynomial_flow(lambda x: np.stack([0 * x[0], 0 * x[1], -x[2]]), 3)
    found = tw.find_equilibria(rule, square(1.0, 3))
    assert found.search.distinct == 1
    assert {e.continuum for e in found} == {2}


def test_a_ring_cut_by_the_border_is_one_family():
    found = tw.find_equilibria(RING, tw.Box([-0.8, -2.0], [0.8, 2.0]))
    assert found.search.distinct == 2
    (family,) = found.continua
    assert family.leaves


def test_a_ring_beside_a_degenerate_point():
    def field(x):
        r = np.sum(x**2)
        return x * r * (1 - r)

    found = tw.find_equilibria(polynomial_flow(field), square(2.0))
    (origin,), ring = split(found)
    assert found.search.distinct == 2
    assert origin.kind == "non-hyperbolic"
    np.testing.assert_allclose(origin.state, 0.0, atol=1e-6)
    assert {e.continuum for e in ring} == {1}


@pytest.mark.long
def test_a_flat_region_is_said_to_be_flat():
    rule = tw.as_flow(lambda x: -(jnp.maximum(x - 1, 0) ** 3))
    found = tw.find_equilibria(rule, square(2.0))
    assert {e.continuum for e in found} == {2}
    assert any("zero on a whole region" in note for note in found.warnings)


def test_deflation_does_not_end_on_a_continuum():
    found = tw.find_equilibria(RING, square(3.0))
    assert found.search.directed == 0
