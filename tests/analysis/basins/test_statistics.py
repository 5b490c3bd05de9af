"""Intervals, entropies and dimensions of labels whose answers are known."""

import numpy as np
import pytest
from scipy.stats import binomtest

from thalweg.analysis.basins.follow import UNDECIDED
from thalweg.analysis.basins.grids import label_grid
from thalweg.analysis.basins.statistics import basin_entropy, binomial_interval, boundary_dimension


@pytest.mark.parametrize(("count", "total"), [(0, 50), (3, 20), (500, 1000), (20, 20)])
def test_the_interval_is_the_exact_one(count, total):
    expected = binomtest(count, total).proportion_ci(0.95, method="exact")
    assert np.allclose(binomial_interval(count, total), expected, atol=1e-12)


def test_the_entropy_of_a_straight_boundary():
    labels = np.zeros((100, 100), dtype=int)
    labels[52:] = 1  # through the second row of the boxes from 50 to 54
    share = 2.0 / 5.0
    one = -share * np.log(share) - (1.0 - share) * np.log(1.0 - share)
    assert np.allclose(basin_entropy(labels), (one * 20 / 400, one))


def test_the_entropy_of_one_label_is_zero():
    assert basin_entropy(np.ones((10, 10), dtype=int)) == (0.0, 0.0)
    assert np.isnan(basin_entropy(np.ones((3, 10), dtype=int))[0])


def test_a_straight_boundary_has_dimension_one():
    x, y = np.meshgrid(np.arange(512), np.arange(512))
    dimension, error = boundary_dimension((x + 0.37 * y > 300.2).astype(int))
    assert abs(dimension - 1.0) < 0.02
    assert error < 0.01
    assert np.isnan(boundary_dimension(np.ones((64, 64), dtype=int))[0])


def test_the_dimension_of_a_fractal_boundary_with_a_closed_form():
    """θ⁺ = 2θ, z⁺ = λz + cos θ: z grows without bound up or down, D = 2 − log λ / log 2."""
    growth, n = 1.3, 3**7  # of a power of two, doubling would meet its own points
    theta = 2.0 * np.pi * (np.arange(n) + 0.5) / n
    # The boundary is z = −Σ cos(2^k θ) λ^−(k+1).
    k = np.arange(60)[:, None]
    edge = -np.sum(np.cos(2.0**k * theta) * growth ** -(k + 1.0), axis=0)
    z = np.linspace(-4.0, 4.0, n)
    labels = (z[None] > edge[:, None]).astype(int)
    dimension, _ = boundary_dimension(labels)
    assert boundary_dimension(labels.T)[0] == dimension
    assert abs(dimension - (2.0 - np.log(growth) / np.log(2.0))) < 0.06


def test_refining_finds_what_following_every_point_does():
    """A disc, and a thin spiral that winds round it."""

    def label(points: np.ndarray) -> np.ndarray:
        radius, angle = np.hypot(*points.T), np.arctan2(points[:, 1], points[:, 0])
        thin = np.abs(np.mod(radius - angle / (2.0 * np.pi) * 0.4, 0.4) - 0.2) < 0.008
        return np.where(radius < 0.3, 1, np.where(thin, 2, 0))

    axes = [np.linspace(-1.0, 1.0, 401), np.linspace(-1.0, 1.0, 301)]
    labels, followed = label_grid(label, axes, True)
    every, all_followed = label_grid(label, axes, False)
    assert np.array_equal(labels, every)
    assert all_followed.all()
    assert followed.mean() < 0.5


def test_undecided_points_are_no_basin():
    labels = np.zeros((105, 105), dtype=int)
    labels[52:] = 1
    labels[52] = UNDECIDED  # on the boundary
    assert boundary_dimension(labels)[0] == pytest.approx(1.0)
    share = 2.0 / 5.0
    one = -share * np.log(share) - (1.0 - share) * np.log(1.0 - share)
    assert basin_entropy(labels)[1] == pytest.approx(one)
    labels[40:] = UNDECIDED
    assert basin_entropy(labels)[1] == 0.0
    assert np.isnan(boundary_dimension(labels)[0])


def test_a_point_between_halves_of_a_line_is_a_boundary_of_dimension_zero():
    assert boundary_dimension((np.arange(64) > 30).astype(int))[0] == pytest.approx(0.0, abs=1e-9)
