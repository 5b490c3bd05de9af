"""Lyapunov exponents against closed forms and published values."""

import numpy as np
import pytest
from tests.results import keeps_the_protocol
from tests.zoo import Linear, LinearMap, pendulum

import thalweg as tw


@pytest.mark.long
def test_the_exponents_of_lorenz():
    found = tw.lyapunov_exponents(tw.models.Lorenz(), duration=200.0)
    expected = np.array([0.9056, 0.0, -14.572])
    assert np.all(np.abs(found.values - expected) < 4.0 * found.errors + 1e-4)
    assert np.all(found.errors < 0.01)
    assert abs(found.sum + 41.0 / 3.0) < 1e-5
    assert abs(found.divergence + 41.0 / 3.0) < 1e-6
    assert found.is_chaotic
    assert abs(found.dimension - 2.062) < 1e-3
    keeps_the_protocol(found)


def test_the_exponent_of_the_logistic_map_is_log_2():
    found = tw.lyapunov_exponents(tw.models.Logistic(r=4.0), duration=4000)
    assert abs(found.values[0] - np.log(2.0)) < 4.0 * found.errors[0]
    assert abs(found.divergence - found.values[0]) < 1e-9
    # The tent map stretches evenly: the sum over N steps is N log 2 and what the change of
    # coordinates makes of both ends, log |sin θ| each, θ uniform, of variance π²/12.
    error = np.pi / np.sqrt(6.0) / 4000 / np.sqrt(found.trajectories)
    assert found.errors[0] == pytest.approx(error, rel=0.5)


def test_henons_map_contracts_areas_evenly():
    found = tw.lyapunov_exponents(tw.models.Henon(), np.array([0.1, 0.1]), duration=4000)
    assert abs(found.values[0] - 0.4192) < 4.0 * found.errors[0]
    assert abs(found.sum - np.log(0.3)) < 1e-12
    assert abs(found.divergence - np.log(0.3)) < 1e-12


SHEARED = np.array([[-0.5, 20.0, 0.0], [0.0, -1.0, 3.0], [0.0, 0.0, -2.0]])
CUBE = tw.Box([-1.0] * 3, [1.0] * 3)


@pytest.mark.long
def test_of_linear_rules_they_are_the_eigenvalues():
    flow = tw.lyapunov_exponents(Linear(SHEARED), domain=CUBE, duration=400.0)
    assert np.allclose(flow.values, [-0.5, -1.0, -2.0], atol=0.02)
    assert not flow.is_chaotic
    own = tw.lyapunov_exponents(LinearMap(SHEARED / 4.0), domain=CUBE, duration=2000)
    assert np.allclose(own.values, np.log([0.5, 0.25, 0.125]), atol=0.005)


def test_the_first_alone_is_that_of_all():
    first = tw.lyapunov_exponents(tw.models.Henon(), np.array([0.1, 0.1]), count=1, duration=4000)
    assert abs(first.values[0] - 0.4192) < 4.0 * first.errors[0]
    assert np.isnan(first.divergence)
    keeps_the_protocol(first)


def test_what_escapes_has_none():
    with pytest.raises(tw.DivergenceError, match="left the finite"):
        tw.lyapunov_exponents(tw.models.Henon(), np.array([5.0, 5.0]))


def test_what_grows_without_bound_is_not_chaotic():
    line = tw.Box([-2.0], [2.0])
    growing, away = Linear(np.array([[0.1]])), LinearMap(np.array([[1.5]]))
    found = tw.lyapunov_exponents(growing, np.ones(1), domain=line, duration=50.0)
    assert found.values == pytest.approx(0.1)
    assert not found.is_chaotic
    with pytest.raises(tw.DivergenceError, match="runs away"):
        tw.lyapunov_exponents(growing, np.ones(1), domain=line)
    with pytest.raises(tw.DivergenceError, match="runs away"):
        tw.lyapunov_exponents(away, np.ones(1), domain=line, duration=200)
    # Slow enough to stay within the bound, from next to 0.
    small = tw.lyapunov_exponents(growing, np.zeros(1), domain=line, duration=120.0)
    assert not small.is_chaotic


@pytest.mark.long
def test_shear_is_not_chaotic_and_its_growth_falls_off():
    around = tw.Box([-2.0, -2.0], [2.0, 2.0])
    found = tw.lyapunov_exponents(
        pendulum(0.0), np.array([1.5, 0.0]), domain=around, duration=1000.0, transient=0.0
    )
    assert found.values[0] > 4.0 * found.errors[0]
    assert not found.is_chaotic


def test_a_superstable_point_has_no_finite_exponent():
    found = tw.lyapunov_exponents(tw.models.Logistic(r=2.0), 0.3, duration=500)
    assert found.values[0] == -np.inf
    assert not found.is_chaotic
    assert "superstable" in str(found)
    keeps_the_protocol(found)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"count": 3}, "count must be from 1 to 2"),
        ({"count": 1.5}, "count must be a whole number"),
        ({"trajectories": 2.5}, "trajectories must be a whole number"),
        ({"trajectories": 1}, "at least 2"),
        ({"duration": 0.0}, "duration must be positive"),
        ({"transient": -1.0}, "transient"),
    ],
)
def test_what_makes_no_sense_is_refused(options, said):
    with pytest.raises(tw.InputError, match=said):
        tw.lyapunov_exponents(tw.models.Henon(), **options)
