"""Finite-size breakdown: made-up networks whose limit is known, and a few real ones."""

import numpy as np
import pytest
from scipy.optimize import minimize
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.models.hopfield import (
    Breakdown,
    CapacityCurve,
    capacity_curve,
    extrapolate,
    find_breakdown,
)

LIMIT, SHIFT, SCATTER = 0.14, 1.5, 0.4
LOADS = np.arange(0.10, 0.2601, 0.005)


def made_up(size, networks, rng):
    """Networks that each break down at a load of its own, which is logistic in scatter."""
    middle = LIMIT + SHIFT * size ** (-2 / 3)
    odds = rng.logistic(size=(len(LOADS), networks, 1))
    limits = middle + SCATTER / np.sqrt(size) * odds
    overlaps = np.where(LOADS[:, None, None] < limits, 0.97, 0.35)
    return CapacityCurve(size, LOADS, np.broadcast_to(overlaps, (*overlaps.shape[:2], 5)), LOADS)


def test_a_line_in_a_power_of_the_size_is_found_again():
    sizes, errors = (250, 500, 1000, 2000), (3e-3, 2e-3, 1e-3, 2e-3)
    exact = [
        Breakdown(n, LIMIT + SHIFT * n ** (-2 / 3), e, 0.01)
        for n, e in zip(sizes, errors, strict=True)
    ]
    line = extrapolate(exact)
    assert line.limit == pytest.approx(LIMIT, abs=1e-14)
    assert line.slope == pytest.approx(SHIFT, abs=1e-11)
    assert line.chi_squared < 1e-20
    keeps_the_protocol(line)
    keeps_the_protocol(exact[0])
    assert exact[0].title == f"Half of the retrievals succeed at α = {exact[0].load:.5f} ± 0.00300"
    bent = extrapolate(exact, power=0.5)
    assert bent.limit < LIMIT - 2 * bent.standard_error
    x, y = np.array(sizes) ** -0.5, [f.load for f in exact]
    fit, covariance = np.polyfit(x, y, 1, w=1 / np.array(errors), cov="unscaled")
    np.testing.assert_allclose([bent.slope, bent.limit], fit, rtol=1e-10)
    assert bent.standard_error == pytest.approx(np.sqrt(covariance[1, 1]))
    misses = (np.polyval(fit, x) - y) / np.array(errors)
    assert bent.chi_squared == pytest.approx(np.sum(misses**2))


def test_the_known_limit_of_scattered_networks_within_their_standard_errors():
    rng = np.random.default_rng(5)
    pulls, widths = [], []
    for _ in range(40):
        found = [find_breakdown(made_up(n, 10, rng)) for n in (250, 500, 1000, 2000)]
        line = extrapolate(found)
        pulls.append((line.limit - LIMIT) / line.standard_error)
        widths.append(found[-1].width)
    assert abs(np.mean(pulls)) < 0.5
    assert 0.7 < np.std(pulls) < 1.6
    assert np.mean(widths) == pytest.approx(SCATTER / np.sqrt(2000), rel=0.1)


def test_where_all_but_one_share_is_0_or_1_the_width_is_that_of_firth():
    """Without ½ log det of the information, the likelihood would grow with the slope for ever."""
    loads, successes, count = np.linspace(0.1, 0.3, 5), np.array([40, 40, 28, 0, 0]), 40
    retrieved = np.arange(10) < successes[:, None] / 4  # seven of ten in each of four networks
    overlaps = np.repeat(np.where(retrieved, 0.97, 0.35)[:, None], 4, axis=1)
    found = find_breakdown(CapacityCurve(100, loads, overlaps, loads))
    columns = np.stack([np.ones(5), (loads - 0.2) / 0.05], axis=1)

    def loss(odds):
        z = columns @ odds
        share = 1.0 / (1.0 + np.exp(-z))
        information = columns.T @ ((count * share * (1.0 - share))[:, None] * columns)
        likelihood = successes @ -np.logaddexp(0, -z) + (count - successes) @ -np.logaddexp(0, z)
        return -likelihood - 0.5 * np.linalg.slogdet(information)[1]

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 2000}
    odds = minimize(loss, [0.8, -3.0], method="Nelder-Mead", options=options).x
    assert found.load == pytest.approx(0.2 - 0.05 * odds[0] / odds[1], rel=1e-6)
    assert found.width == pytest.approx(-0.05 / odds[1], rel=1e-5)


@pytest.mark.long
def test_networks_that_are_run_break_down_later_the_smaller_they_are():
    loads = [0.14, 0.20, 0.26, 0.34]
    small, large = (
        find_breakdown(capacity_curve(n, loads, networks=4, patterns=12)) for n in (80, 240)
    )
    assert 0.15 < large.load < small.load < 0.32
    assert 0.0 < large.standard_error < 0.02


def test_what_says_nothing_of_the_limit_is_refused():
    rng = np.random.default_rng(0)
    found = find_breakdown(made_up(500, 6, rng))
    with pytest.raises(tw.InputError, match=r"three or more sizes, got \[500.0, 500.0, 500.0\]"):
        extrapolate([found] * 3)
    exact = [Breakdown(n, 0.15, 0.0, 0.01) for n in (10, 20, 30)]
    with pytest.raises(tw.InputError, match=r"must be positive, got \[0.0, 0.0, 0.0\]"):
        extrapolate(exact)
    with pytest.raises(tw.InputError, match="power must be positive, got -1"):
        extrapolate([Breakdown(n, 0.15, 0.1, 0.01) for n in (10, 20, 30)], power=-1)
    overlaps = np.full((2, 2, 3), 0.97)
    good = CapacityCurve(100, np.array([0.01, 0.02]), overlaps, np.ones(2))
    with pytest.raises(tw.InputError, match=r"N = 100 the shares go from 1.00 to 1.00. Add larger"):
        find_breakdown(good)


@pytest.mark.parametrize(
    ("overlaps", "words"),
    [
        ([1.0, 1.0, 0.3, 0.3], "too far apart"),
        ([[0.3, 1.0], 0.3, 1.0, 1.0], "does not fall with the load"),
    ],
)
def test_a_breakdown_that_cannot_be_told_is_refused(overlaps, words):
    rows = [np.broadcast_to(row, (2, 2)).T for row in overlaps]
    curve = CapacityCurve(100, np.array([0.1, 0.2, 0.3, 0.4]), np.stack(rows), np.ones(4))
    with pytest.raises(tw.InputError, match=words):
        find_breakdown(curve)
