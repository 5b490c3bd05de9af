"""All equilibria by the one-dimensional structure, against closed forms, SciPy and searches."""

import numpy as np
import pytest
from scipy.optimize import fsolve
from tests.models.normalization.reweighting_reference import (
    random_input,
    reduced_field,
    reduced_jacobian,
    same_input,
    there,
)
from tests.results import keeps_the_protocol

from thalweg.analysis import find_equilibria
from thalweg.core.domains import Box
from thalweg.models.normalization import (
    HeldInput,
    ReducedFlow,
    alpha_intervals,
    beta_intervals,
    output_equilibria,
    stable_equilibrium,
)
from thalweg.models.normalization.theory.energy import constant_rate


def newton_roots(held, rng, starts):
    """Distinct zeros of F with positive denominators, by SciPy from random starts."""
    found = []
    for _ in range(starts):
        start = -(held.sigma**2) + np.exp(rng.normal(0.0, 2.0, held.size)) * held.drive
        root, _, code, _ = fsolve(reduced_field, start, (held,), full_output=True, xtol=1e-13)
        is_root = code == 1 and np.abs(reduced_field(root, held)).max() < 1e-12
        is_inside = np.all(held.sigma**2 + root > 1e-9 * held.sigma**2)
        if is_root and is_inside and not any(np.allclose(root, f, rtol=1e-5) for f in found):
            found.append(root)
    return found


@pytest.mark.parametrize(("beta", "count", "stable"), [(1e-4, 16, 1), (-0.05, 1, 1), (0.0, 1, 1)])
def test_counts_for_four_neurons(beta, count, stable):
    held = same_input(np.random.default_rng(3), 4, 0.01, beta)
    found = output_equilibria(held)
    assert len(found) == count
    assert sum(e.stable is True for e in found) == stable
    for equilibrium in found:
        np.testing.assert_allclose(reduced_field(equilibrium.pool, held), 0.0, atol=1e-15)
        spectrum = np.linalg.eigvals(reduced_jacobian(equilibrium.pool, held))
        assert np.abs(spectrum.imag).max() < 1e-12
        np.testing.assert_allclose(
            equilibrium.eigenvalues, np.sort(spectrum.real)[::-1], rtol=1e-8, atol=1e-12
        )
    patterns = {tuple(e.lower) for e in found}
    assert len(patterns) == count
    best = there(stable_equilibrium(held))
    np.testing.assert_allclose(best.outputs, next(e for e in found if e.stable).outputs, rtol=1e-9)
    assert not best.lower.any()


@pytest.mark.long
@pytest.mark.parametrize(("beta", "count"), [(1e-3, 16), (-0.05, 1)])
def test_counts_agree_with_the_generic_search(beta, count):
    held = same_input(np.random.default_rng(3), 4, 0.01, beta)
    ours = output_equilibria(held)
    assert len(ours) == count
    high = 2.0 * max(e.pool.max() for e in ours)
    found = find_equilibria(
        ReducedFlow(held), Box(np.full(4, -0.999), np.full(4, high)), starts=512
    )
    assert len(found) == count
    states = np.array([e.pool for e in ours])
    for equilibrium in found:
        near = np.abs(states - equilibrium.state).max(axis=1)
        assert near.min() < 1e-9
        assert equilibrium.stable == ours[int(np.argmin(near))].stable


def test_beta_zero_gives_back_the_target():
    held = same_input(np.random.default_rng(4), 5, 0.2, 0.0, ones=True)
    (found,) = output_equilibria(held)
    np.testing.assert_allclose(found.outputs, held.drive / (1.0 + held.start), rtol=1e-13)
    assert found.stable is True


def test_one_neuron_exists_iff_the_cubic_says_so():
    rng = np.random.default_rng(5)
    answers = []
    for _ in range(60):
        held = random_input(rng, 1, 1.0)
        alpha = constant_rate(held)
        p = held.beta * (held.sigma**2 + held.expected[0]) + alpha * held.expected[0]
        exists = 4.0 * p**3 >= 27.0 * alpha * held.beta**2 * held.drive[0] ** 3
        assert (stable_equilibrium(held) is not None) == exists
        assert len(output_equilibria(held)) == (2 if exists else 0)
        answers.append(exists)
    assert {True, False} == set(answers)


def test_nothing_is_missed_and_at_most_one_state_is_stable():
    rng = np.random.default_rng(6)
    seen = 0
    for size in (1, 2, 3, 4) * 10:
        held = random_input(rng, size, 1.0)
        found = output_equilibria(held)
        pools = np.array([e.pool for e in found])
        for root in newton_roots(held, rng, 15):
            seen += 1
            far = np.abs(pools - root).max(axis=1).min()
            assert far < 1e-6 * (1.0 + np.abs(root).max())
        stable = [e for e in found if e.stable]
        assert len(stable) <= 1
        best = stable_equilibrium(held)
        assert (best is not None) == bool(stable)
        if best is not None:
            np.testing.assert_allclose(best.outputs, stable[0].outputs, rtol=1e-8)
    assert seen > 10


def scaled_input(limits, strengths, alpha=1.0, beta=1.0):
    """An input with given S_i and A_i (the notation of `stable`), n = d."""
    limits, strengths = np.asarray(limits), np.asarray(strengths)
    drive = (4.0 * alpha * strengths**2 * limits / (len(limits) * beta)) ** (1.0 / 3.0)
    linear = beta * drive**2 / strengths
    sigma = np.sqrt(0.5 * linear.min() / beta)
    return HeldInput(drive, (linear - beta * sigma**2) / (alpha + beta), alpha, beta, sigma)


def test_a_neuron_on_its_lower_root_need_not_be_the_tightest():
    # A single neuron is stable on its lower root for A slightly above S_1/2 · (1 + s), s < 1/3; a
    # second, feeble one with a limit between S and S_1 does not upset it.
    slack = 0.25
    held = scaled_input([1.0, 0.97], [0.5 * (1.0 - slack**2) * (1.0 + slack), 1e-4])
    found = there(stable_equilibrium(held))
    np.testing.assert_array_equal(found.lower, [True, False])
    jacobian = reduced_jacobian(found.pool, held)
    assert np.linalg.eigvals(jacobian).real.max() < 0.0
    assert sum(e.stable is True for e in output_equilibria(held)) == 1


def test_no_second_stable_state_near_folds():
    """The theorem of `stable`, tried where it would fail first, lower roots included."""
    rng = np.random.default_rng(7)
    lower = 0
    for _ in range(100):
        size = int(rng.integers(2, 6))
        limits = np.exp(rng.normal(0.0, 10.0 ** rng.uniform(-3.0, -0.5), size))
        strengths = np.exp(rng.normal(0.0, rng.uniform(0.0, 3.0), size))
        least = limits.min()
        load = np.sum(2.0 * strengths * limits * (1.0 + np.sqrt(1.0 - least / limits)))
        strengths *= least**2 / load * np.exp(rng.normal(-0.02, 0.05))
        held = scaled_input(limits, strengths)
        stable = [e for e in output_equilibria(held) if e.stable]
        assert len(stable) <= 1
        assert (stable_equilibrium(held) is not None) == bool(stable)
        lower += bool(stable) and bool(stable[0].lower.any())
    assert lower > 3


@pytest.mark.long
def test_hundreds_of_neurons():
    rng = np.random.default_rng(8)
    drive, first = rng.uniform(0.2, 1.0, (2, 300))
    first = first / (0.25 + first / 300)
    held = HeldInput(drive, first * (first @ drive) / 300, 0.5, 1e-5, 0.5)
    found = there(stable_equilibrium(held))
    np.testing.assert_allclose(reduced_field(found.pool, held), 0.0, atol=1e-13)
    spectrum = np.sort(np.linalg.eigvals(reduced_jacobian(found.pool, held)).real)[::-1]
    np.testing.assert_allclose(found.eigenvalues, spectrum, atol=1e-11)
    assert spectrum[0] < 0.0


def test_folds_of_one_neuron_are_the_roots_of_a_cubic():
    r, c, alpha, sigma = 2.0, 0.3, 0.1, 0.9
    a = sigma**2 + c
    cubic = [4 * a**3, 12 * a**2 * alpha * c - 27 * alpha * r**3, 12 * a * (alpha * c) ** 2]
    roots = np.roots([*cubic, 4 * (alpha * c) ** 3])
    folds = np.sort(roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)].real)
    held = HeldInput(np.array([r]), np.array([c]), alpha, 0.0, sigma)
    found = beta_intervals(held, -1.0, 10.0)
    assert len(folds) == 2
    np.testing.assert_allclose(found.folds, folds, rtol=1e-9)
    # It vanishes and returns.
    np.testing.assert_allclose(found.intervals, [(-1.0, folds[0]), (folds[1], 10.0)], rtol=1e-9)
    # No fold at all where c (σ² + c)² ≥ r³.
    safe = HeldInput(np.array([1.0]), np.array([0.9]), alpha, 0.0, sigma)
    assert beta_intervals(safe, 0.0, 10.0).intervals == [(0.0, 10.0)]


def test_an_eigenvalue_passes_zero_at_a_fold():
    rng = np.random.default_rng(10)
    held = same_input(rng, 6, 0.01, 0.0, sigma=1.0)
    found = beta_intervals(held, 0.0, 1.0)
    keeps_the_protocol(found)
    assert found.folds
    inside = [low if low in found.folds else high for low, high in found.intervals]
    for fold, (low, high) in zip(inside, found.intervals, strict=True):
        toward = 1.0 if fold == low else -1.0
        leading = []
        for offset in (1e-6, 1e-8):
            beta = fold * (1.0 + toward * offset)
            near = HeldInput(held.drive, held.expected, 0.01, beta, 1.0)
            equilibrium = there(stable_equilibrium(near))
            leading.append(equilibrium.eigenvalues[0] / equilibrium.eigenvalues[-1])
            assert low < beta < high
        # A fold: the eigenvalue goes like the square root of the distance.
        np.testing.assert_allclose(leading[0] / leading[1], 10.0, rtol=0.05)
        beyond = HeldInput(held.drive, held.expected, 0.01, fold * (1.0 - toward * 1e-8), 1.0)
        assert stable_equilibrium(beyond) is None


def test_near_zero_beta_and_a_silent_target():
    drive = np.array([0.5, 1.0])
    expected = np.array([0.0, 0.3])
    at_zero = HeldInput(drive, expected, 0.1, 0.0, 0.5)
    assert output_equilibria(at_zero) == []
    assert stable_equilibrium(HeldInput(drive, expected, 0.1, 1e-6, 0.5)) is None
    assert stable_equilibrium(HeldInput(drive, expected, 0.1, -1e-6, 0.5)) is not None
    found = beta_intervals(at_zero, -0.5, 200.0)
    assert found.intervals[0] == (-0.5, 0.0)
    first = found.intervals[1][0]
    # Upper roots grow like √β, so the stable state returns.
    assert stable_equilibrium(HeldInput(drive, expected, 0.1, first * 1.0001, 0.5)) is not None
    assert stable_equilibrium(HeldInput(drive, expected, 0.1, first * 0.9999, 0.5)) is None


def test_intervals_of_alpha_end_at_the_critical_step():
    held = same_input(np.random.default_rng(10), 5, 0.1, 0.0)
    found = alpha_intervals(held, 1e-3, 1e3)
    output = there(stable_equilibrium(held)).outputs
    seen = np.diag(output**2 * (output @ held.drive) / held.drive) + np.outer(output, output**2)
    critical = 2.0 * 5 / np.linalg.eigvals(seen).real.max()
    np.testing.assert_allclose(found.flips, [critical], rtol=1e-10)
    assert found.folds == []
