"""Partition functions against closed forms, enumeration in NumPy, and one another."""

import itertools
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
import scipy.integrate
from tests.results import through_json

import thalweg as tw
from thalweg.energies import (
    Binary,
    DenseCouplings,
    GaussianBinary,
    Hopfield,
    LayeredCouplings,
    Pairwise,
    SparseCouplings,
)
from thalweg.sampling import (
    Annealed,
    Exact,
    Torus,
    free_energy,
    log_partition,
    spontaneous_magnetization,
)
from thalweg.sampling.partition.exact import enumerated
from thalweg.sampling.partition.summed import SummedOut

RNG = np.random.default_rng(2)
CRITICAL = 2.0 / np.log(1.0 + np.sqrt(2.0))
RESTRICTED = Pairwise.rbm(RNG.normal(size=(10, 5)), RNG.normal(size=10), RNG.normal(size=5))
OTHER: Any = None
WRONG: Any = "exact"


def enumerated_in_numpy(matrix, fields, values, temperature):
    """log Z and ⟨E⟩ by every state."""
    states = np.array(list(itertools.product(values, repeat=len(matrix))))
    levels = -0.5 * np.einsum("ni,ij,nj->n", states, matrix, states) - states @ fields
    weights = np.exp((levels.min() - levels) / temperature)
    value = np.log(weights.sum()) - levels.min() / temperature
    return value, weights @ levels / weights.sum()


@pytest.mark.long
@pytest.mark.parametrize(
    "couplings",
    [
        DenseCouplings(np.ones((5, 5)) - np.eye(5)),
        SparseCouplings([[0, 1], [1, 2], [0, 2], [3, 4]], RNG.normal(size=4), 6),
        LayeredCouplings([RNG.normal(size=(3, 2)), RNG.normal(size=(2, 4))]),
    ],
    ids=["complete", "graph", "layers"],
)
@pytest.mark.parametrize("low", [0.0, -1.0])
def test_enumeration(couplings, low):
    fields = RNG.normal(size=couplings.size)
    energy = Pairwise(couplings, fields, units=Binary(low, 1.0))
    found = log_partition(energy, 1.3)
    expected = enumerated_in_numpy(couplings.dense(), fields, (low, 1.0), 1.3)
    assert found.value == pytest.approx(expected[0], rel=1e-13)
    assert found.mean_energy == pytest.approx(expected[1], rel=1e-12)
    assert abs(found.value - expected[0]) <= found.error


@pytest.mark.long
@pytest.mark.parametrize("coupling", [1.0, -0.7])
def test_chains_and_rings(coupling):
    k = coupling / 2.0
    for count in (3, 12, 31):
        chain = Pairwise.lattice([count], coupling, periodic=False)
        expected = np.log(2.0) + (count - 1) * np.log(2.0 * np.cosh(k))
        assert log_partition(chain, 2.0).value == pytest.approx(expected, rel=1e-13)
        ring = Pairwise.lattice([count], coupling)
        expected = np.log((2.0 * np.cosh(k)) ** count + (2.0 * np.sinh(k)) ** count)
        assert log_partition(ring, 2.0).value == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("states", [3, 4])
def test_chains_of_potts_states(states):
    chain = Pairwise.lattice([9], 1.0, periodic=False, states=states)
    expected = np.log(states) + 8 * np.log(np.exp(1.0 / 1.7) + states - 1.0)
    assert log_partition(chain, 1.7).value == pytest.approx(expected, rel=1e-13)


def test_hopfield_networks_have_one_too():
    matrix = np.ones((4, 4)) - np.eye(4)
    expected = enumerated_in_numpy(matrix, np.full(4, 0.2), (-1.0, 1.0), 1.0)[0]
    assert log_partition(Hopfield(matrix, 0.2), 1.0).value == pytest.approx(expected, rel=1e-13)


@pytest.mark.long
def test_units_that_take_any_number_are_integrated():
    """One visible unit and two hidden ones, by quadrature."""
    weights, fields, temperature = np.array([[0.8, -0.5]]), np.array([0.3, 0.2, -0.1]), 0.7
    energy = Pairwise.rbm(weights, fields[:1], fields[1:], deviations=1.4)

    def weight(v):
        hidden = np.array(list(itertools.product([0.0, 1.0], repeat=2)))
        levels = v**2 / (2 * 1.4**2) - fields[0] * v - hidden @ (fields[1:] + weights[0] * v)
        return np.exp(-levels / temperature).sum()

    expected = np.log(scipy.integrate.quad(weight, -30.0, 30.0, epsabs=0, epsrel=1e-12)[0])
    assert log_partition(energy, temperature).value == pytest.approx(expected, rel=1e-11)
    found = log_partition(energy, temperature, Annealed(30, 2000))
    assert abs(found.value - expected) < 4.0 * found.error


@pytest.mark.parametrize("sides", [[4, 4], [3, 5], [4, 6]])
@pytest.mark.parametrize("temperature", [0.5, 2.0, CRITICAL, 5.0])
def test_kaufman_against_enumeration(sides, temperature):
    lattice = Pairwise.lattice(sides, 1.0)
    one, two = log_partition(lattice, temperature), log_partition(lattice, temperature, Torus())
    assert two.value == pytest.approx(one.value, rel=1e-13)
    assert two.mean_energy == pytest.approx(one.mean_energy, rel=1e-11)
    assert abs(one.value - two.value) <= one.error + two.error


def test_kaufman_of_negative_couplings():
    lattice = Pairwise.lattice(4, -0.8)
    one, two = log_partition(lattice, 1.5), log_partition(lattice, 1.5, Torus())
    assert two.value == pytest.approx(one.value, rel=1e-13)
    assert two.mean_energy == pytest.approx(one.mean_energy, rel=1e-11)


@pytest.mark.long
def test_published_numbers_of_the_torus():
    found = log_partition(Pairwise.lattice(4, 1.0), 2.0, Torus())
    assert found.value == pytest.approx(17.1053671187, abs=5e-11)
    for side, temperature, level, digits in (
        (32, 2.0, -1.7455645, 7),
        (32, CRITICAL, -1.4336585, 7),
        (32, 3.0, -0.8173097, 7),
        (64, CRITICAL, -1.42394, 5),
    ):
        found = log_partition(Pairwise.lattice(side, 1.0), temperature, Torus())
        assert found.mean_energy / side**2 == pytest.approx(level, abs=0.6 * 10.0**-digits)


@pytest.mark.parametrize("temperature", [1e-3, 0.05, CRITICAL, 50.0])
def test_kaufman_does_not_overflow(temperature):
    """Against Onsager's integral of the infinite lattice, by quadrature."""
    found = log_partition(Pairwise.lattice(1024, 1.0), temperature, Torus())
    assert np.isfinite(found.mean_energy)
    k = 1.0 / temperature
    if temperature < 0.1:  # the two ground states alone
        expected, spare = 2.0 * k * 1024**2 + np.log(2.0), 1e-12
    else:
        cosh, sinh = np.cosh(2.0 * k), np.sinh(2.0 * k)

        def integrand(angle):
            part = np.sqrt(max(cosh**4 / sinh**2 - 4.0 * np.cos(angle) ** 2, 0.0)) * sinh
            return np.log((cosh**2 + part) / 2.0)

        whole = scipy.integrate.quad(integrand, 0.0, np.pi / 2, epsabs=0, epsrel=1e-12)[0]
        expected = 1024**2 * (np.log(2.0) + whole / np.pi)
        spare = 1e-6  # of a finite torus, at the critical point
    assert found.value == pytest.approx(expected, rel=spare)


def test_magnetization_of_the_infinite_lattice():
    assert spontaneous_magnetization(2.0) == pytest.approx(0.911319, abs=5e-7)
    hot = np.array([CRITICAL + 1e-9, 3.0])
    np.testing.assert_array_equal(spontaneous_magnetization(hot), [0.0, 0.0])
    assert spontaneous_magnetization(4.0, 2.0) == spontaneous_magnetization(2.0)


def seeds_within(energy, method, expected, seeds):
    found = [log_partition(energy, 1.0, method, key=jax.random.key(seed)) for seed in seeds]
    errors = np.array([(one.value - expected) / one.error for one in found])
    return np.sum(np.abs(errors) < 3.0), errors


@pytest.mark.long
def test_annealed_estimates_of_a_few_seeds():
    expected = log_partition(RESTRICTED, 1.0).value
    inside, errors = seeds_within(RESTRICTED, Annealed(), expected, range(6))
    assert inside == 6
    assert np.abs(errors).max() > 0.01


@pytest.mark.long
def test_annealed_estimates_are_within_three_errors():
    """In at least 197 of 200 seeds; a normal error would be in 199.5. Errors have width one."""
    expected = log_partition(RESTRICTED, 1.0).value
    inside, errors = seeds_within(RESTRICTED, Annealed(), expected, range(200))
    assert inside >= 197
    assert errors.std() == pytest.approx(1.0, abs=4.0 / np.sqrt(2 * 200))


@pytest.mark.long
@pytest.mark.parametrize(
    "energy",
    [
        Pairwise.lattice(4, 0.5, 0.1),
        Pairwise.lattice([6], 1.0, states=3),
        Pairwise(DenseCouplings(0.4 * (np.ones((6, 6)) - np.eye(6))), 0.2),
    ],
    ids=["lattice", "potts", "complete"],
)
def test_annealed_estimates_of_other_machines(energy):
    expected = log_partition(energy, 1.0).value
    found = log_partition(energy, 1.0, Annealed(60, 1000))
    assert abs(found.value - expected) < 4.0 * found.error
    assert found.error < 0.05


@pytest.mark.long
def test_gradient_of_the_likelihood():
    """T ∇NLL = ⟨∂F⟩_data − ⟨∂F⟩_model, the latter by every visible state."""
    energy, temperature = Pairwise.rbm(RNG.normal(size=(4, 3)), RNG.normal(size=4), 0.2), 0.8
    hidden = np.arange(7) >= 4
    visible = np.array(list(itertools.product([0.0, 1.0], repeat=4)))
    states = np.concatenate([visible, np.zeros((16, 3))], axis=1)
    data = states[RNG.integers(0, 16, 30)]
    with jax.enable_x64(True):
        found = _likelihood_slope(energy, data, hidden, np.arange(4), temperature)
        free, slopes = _free_slopes(energy, states, hidden, temperature)
        on_data = _free_slopes(energy, data, hidden, temperature)[1]
    masses = np.exp(-np.asarray(free) / temperature)
    masses /= masses.sum()
    parts = [(one.couplings.weights[0], one.fields) for one in (found, slopes, on_data)]
    for nll, model, seen in zip(*parts, strict=True):
        expected = np.mean(np.asarray(seen), 0) - np.tensordot(masses, np.asarray(model), 1)
        np.testing.assert_allclose(np.asarray(nll), expected, rtol=1e-12, atol=1e-14)


@eqx.filter_jit
def _likelihood_slope(energy, data, hidden, others, temperature):
    @eqx.filter_grad
    def loss(energy):
        parts = SummedOut(hidden)
        free = jax.vmap(lambda x: free_energy(energy, x, temperature, hidden))(data)
        return free.mean() + temperature * enumerated(energy, parts, others, temperature * 1.0)

    return loss(_only_floats(energy))


@eqx.filter_jit
def _free_slopes(energy, states, hidden, temperature):
    def one(x):
        def at(energy):
            return free_energy(energy, x, temperature, hidden)

        return eqx.filter_value_and_grad(at)(_only_floats(energy))

    return jax.vmap(one)(states)


def _only_floats(energy):
    return jax.tree.map(jax.numpy.asarray, energy)


@pytest.mark.long
def test_results_come_back():
    found = log_partition(RESTRICTED, 1.0, Annealed(5, 10))
    assert through_json(found) == found
    text = str(log_partition(Pairwise.lattice(4), 2.0, Torus()))
    assert "17.1053671187" in text
    assert max(map(len, text.splitlines())) <= 80
    few = Pairwise.rbm(3.0 * np.ones((10, 5)), -6.0)
    poor = log_partition(few, 1.0, Annealed(1, 1000))
    assert poor.share < 0.1
    assert "the error is too small" in str(poor)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: log_partition(RESTRICTED, 0.0), "temperature must be positive, got 0.0"),
        (lambda: log_partition(RESTRICTED, float("nan")), "temperature must be positive, got nan"),
        (lambda: log_partition(Pairwise.lattice(16), 1.0), r"2\^24 states.*Annealed\(\)"),
        (lambda: log_partition(Pairwise.lattice(4), 1.0, Exact(3)), r"8 units.*2\^3 states"),
        (lambda: log_partition(OTHER, 1.0), "must be thalweg.energies.Pairwise or Hopfield"),
        (lambda: log_partition(RESTRICTED, 1.0, WRONG), "method must be Exact"),
        (lambda: log_partition(RESTRICTED, 1.0, Torus()), "square torus"),
        (lambda: log_partition(Pairwise.lattice(4, 1.0, 0.1), 1.0, Torus()), "without a field"),
        (lambda: log_partition(Pairwise.lattice(5, -1.0), 1.0, Torus()), "even sides, got -1"),
        (lambda: Annealed(chains=1), "chains must be a whole number from 2"),
        (lambda: Exact(most=OTHER), "most must be a whole number"),
        (
            lambda: log_partition(
                Pairwise([[0.0, 1.0], [1.0, 0.0]], units=GaussianBinary([1.0, 1.0])), 1.0
            ),
            "units 0 and 1 take any number and are coupled",
        ),
    ],
)
def test_bad_input(ask, message):
    with pytest.raises(tw.InputError, match=message):
        ask()
