"""Lanes are told of the region that they are in, of many regions too."""

import jax
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

from thalweg.analysis.basins.lanes import Lanes, Regions, move_flow
from thalweg.dynamics.problem import make_problem

COUNT, SIZE = 48, 3


def told(forms, levels):
    """Centres, lanes about them, and what is seen of each: ratio and owner."""
    rng = np.random.default_rng(0)
    centers = rng.uniform(-0.4, 0.4, (COUNT, SIZE))
    flat, ones = np.zeros_like(centers), np.ones(COUNT)
    regions = Regions(centers, forms, levels, flat, flat, flat, ones, np.arange(COUNT))
    z = np.repeat(centers, 4, axis=0) + 0.03 * rng.normal(size=(4 * COUNT, SIZE))
    with jax.enable_x64(True):
        problem, _ = make_problem(polynomial_flow(lambda s: -s, SIZE), square(1.0, SIZE))
        # Lanes that end at once are looked at where they are.
        now = np.zeros(len(z))
        still = Lanes(now, now, z.T, now)
        seen = move_flow(problem, still, regions, np.asarray(1e-6), np.asarray(10.0))[1]
    away = z[:, None] - centers
    value = np.einsum("nij,mni,mnj->mn", forms, away, away) / levels
    return np.asarray(seen.ratio), np.asarray(seen.owner), value


@pytest.mark.long
def test_of_many_balls_the_one_that_holds_a_lane_is_told():
    ratio, owner, value = told(np.repeat(np.eye(SIZE)[None], COUNT, axis=0), np.full(COUNT, 2.5e-3))
    assert np.allclose(ratio, value.min(axis=1))
    assert np.array_equal(owner, value.argmin(axis=1))
    assert 0.2 < np.mean(ratio <= 1.0) < 0.9


def test_of_many_long_ellipsoids_none_is_told_that_does_not_hold_it():
    rng = np.random.default_rng(1)
    half = rng.normal(size=(COUNT, SIZE, SIZE))
    ratio, owner, value = told(half @ half.transpose(0, 2, 1), np.full(COUNT, 5e-3))
    assert np.allclose(ratio, value[np.arange(len(ratio)), owner])
    # Those that the two nearest do not hold are told later.
    assert np.mean(ratio <= 1.0) > 0.8 * np.mean(value.min(axis=1) <= 1.0) > 0.2
