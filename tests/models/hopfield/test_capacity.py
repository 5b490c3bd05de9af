"""Capacity: the mean-field equations, and networks that are run, within standard errors."""

import math

import numpy as np
import pytest
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.models.hopfield import capacity_curve, capacity_limit, mean_field_overlap, storkey


def test_the_limit_is_the_known_one():
    limit, overlap = capacity_limit()
    assert limit == pytest.approx(0.137905566494932, abs=1e-14)
    assert overlap == pytest.approx(0.967417115685, abs=1e-8)


@pytest.mark.parametrize("load", [0.02, 0.1, 0.137])
def test_overlaps_solve_the_mean_field_equations(load):
    """In the variables of the source: m, r and C."""
    m = mean_field_overlap(load)
    y = next(v for v in np.linspace(0.0, 6.0, 600_001) if math.erf(v) >= m)
    r = (m / y) ** 2 / (2.0 * load)
    c = math.sqrt(2.0 / (math.pi * load * r)) * math.exp(-(y**2))
    assert r * (1.0 - c) ** 2 == pytest.approx(1.0, rel=1e-3)
    assert mean_field_overlap(0.1) == pytest.approx(0.997999, abs=5e-7)
    assert mean_field_overlap(0.14) == 0.0


def test_networks_follow_the_theory_below_the_limit():
    curve = capacity_curve(200, [0.08, 0.25], networks=4, patterns=12)
    assert abs(curve.mean[0] - curve.theory[0]) < 5 * curve.standard_error[0] + 2e-3
    assert curve.mean[1] < 0.8
    assert curve.theory[1] == 0.0
    assert curve.overlaps.shape == (2, 4, 12)
    assert curve.title == "Overlaps with patterns stored by hebb, N = 200"
    keeps_the_protocol(curve)
    better = capacity_curve(200, [0.2], storkey, networks=2, patterns=12)
    assert better.mean[0] > 0.97


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 1, "loads": [1.0]}, "size must be an integer of at least 2, got 1"),
        ({"size": 9, "loads": [0.01]}, r"at least one pattern, 1/9"),
        ({"size": 9, "loads": [0.5, np.nan]}, "loads must be finite"),
        ({"size": 9, "loads": [0.5], "networks": 1}, "networks must be an integer of at least 2"),
        ({"size": 9, "loads": [0.5], "flipped": 2.0}, "flipped must be from 0 to 1"),
    ],
)
def test_bad_numbers_are_refused(options, message):
    with pytest.raises(tw.InputError, match=message):
        capacity_curve(**options)
    with pytest.raises(tw.InputError, match="load must be positive"):
        mean_field_overlap(0.0)
