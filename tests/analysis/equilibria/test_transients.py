"""Reactivity and transient growth against closed forms and brute force."""

import numpy as np
import pytest
from tests.results import keeps_the_protocol

from thalweg.analysis.equilibria.transients import transients


def largest_norm(jacobian, times):
    """max ‖e^{Jt}‖ over those times, of J = [[a, s], [0, b]] by the closed form of its exponential.

    The entry above the diagonal is s (e^{at} − e^{bt})/(a − b), or s t e^{at} where b = a.
    """
    (a, shear), (_, b) = jacobian
    apart = (
        (np.exp(a * times) - np.exp(b * times)) / (a - b) if a != b else times * np.exp(a * times)
    )
    exponentials = np.zeros((len(times), 2, 2))
    exponentials[:, 0, 0], exponentials[:, 1, 1] = np.exp(a * times), np.exp(b * times)
    exponentials[:, 0, 1] = shear * apart
    return np.linalg.norm(exponentials, 2, axis=(1, 2)).max()


def test_a_normal_flow_never_grows():
    found = transients(np.diag([-1.0, -3.0]), "flow")
    assert (found.reactivity, found.growth, found.time) == (-1.0, 1.0, 0.0)


@pytest.mark.parametrize("shear", [3.0, 10.0, 200.0])
def test_a_sheared_flow_against_brute_force(shear):
    jacobian = np.array([[-1.0, shear], [0.0, -2.0]])
    found = transients(jacobian, "flow")
    assert found.reactivity == pytest.approx((-3.0 + np.sqrt(1.0 + shear**2)) / 2.0, rel=1e-12)
    times = np.linspace(0.0, 3.0, 20_001)
    # e^{Jt} = [[e^{-t}, shear (e^{-t} − e^{-2t})], [0, e^{-2t}]]
    a, b, c = np.exp(-times), shear * (np.exp(-times) - np.exp(-2 * times)), np.exp(-2 * times)
    trace = a**2 + b**2 + c**2
    norms = np.sqrt((trace + np.sqrt(trace**2 - 4 * (a * c) ** 2)) / 2.0)
    assert found.growth == pytest.approx(norms.max(), rel=1e-7)
    keeps_the_protocol(found)
    assert found.time == pytest.approx(times[norms.argmax()], abs=2e-4)


def test_a_defective_flow_uses_no_eigenvectors():
    jacobian = np.array([[-1.0, 20.0], [0.0, -1.0]])
    found = transients(jacobian, "flow")
    brute = largest_norm(jacobian, np.linspace(0.9, 1.1, 2001))
    assert found.growth == pytest.approx(brute, rel=1e-6)


def test_time_scales_far_apart():
    jacobian = np.array([[-1e-3, 1.0], [0.0, -1e3]])
    found = transients(jacobian, "flow")
    brute = largest_norm(jacobian, np.logspace(-6, 1, 4001))
    assert found.growth == pytest.approx(brute, rel=1e-5)


def test_a_stable_map_can_grow_first():
    jacobian = np.array([[0.5, 10.0], [0.0, 0.5]])
    found = transients(jacobian, "map")
    powers = [np.linalg.norm(np.linalg.matrix_power(jacobian, n), 2) for n in range(40)]
    assert found.growth == pytest.approx(max(powers), rel=1e-14)
    assert found.time == np.argmax(powers)
    assert found.reactivity == pytest.approx(np.log(powers[1]))
    assert found.growth > 10.0


def test_a_map_that_grows_for_many_steps():
    jacobian = np.array([[0.95, 1.0], [0.0, 0.95]])
    found = transients(jacobian, "map")
    powers = [np.linalg.norm(np.linalg.matrix_power(jacobian, n), 2) for n in range(200)]
    assert found.growth == pytest.approx(max(powers), rel=1e-12)
    assert found.time == np.argmax(powers) > 10


def test_a_map_whose_growth_dips_before_its_peak():
    turn, stretch = np.deg2rad(118.0), np.diag([100.0, 1.0])  # after three turns almost home
    rotation = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    jacobian = 0.99 * stretch @ rotation @ np.linalg.inv(stretch)
    powers = [np.linalg.norm(np.linalg.matrix_power(jacobian, n), 2) for n in range(1000)]
    assert 1.0 < powers[3] < 0.2 * powers[1]
    assert max(powers) > 1.01 * powers[1]
    found = transients(jacobian, "map")
    assert found.growth == pytest.approx(max(powers), rel=1e-9)
    assert found.time == np.argmax(powers) > 3


def test_what_is_not_stable_grows_without_bound():
    assert transients(np.diag([1.0, -1.0]), "flow").growth == np.inf
    assert transients(np.diag([1.1, 0.0]), "map").growth == np.inf


@pytest.mark.parametrize(
    ("jacobian", "kind"), [(np.diag([1.0, -1.0]), "flow"), (np.zeros((2, 2)), "map")]
)
def test_what_is_infinite_comes_back_so(jacobian, kind):
    keeps_the_protocol(transients(jacobian, kind))
