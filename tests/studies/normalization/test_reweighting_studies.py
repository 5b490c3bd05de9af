"""The studies' computations, in small: what they return follows from the model."""

import numpy as np
import pytest
from tests.models.normalization.reweighting_reference import reduced_field, same_input

from thalweg.models.normalization import (
    Held,
    NormalizationNetwork,
    VonMises,
    full_rule,
    grating,
    hold,
)
from thalweg.studies.normalization import adaptation, energy, stability


def network(**changes):
    return NormalizationNetwork(VonMises(6, 1.0), grating(), 0.05, -0.05, 0.5, 0.2, **changes)


def test_stability_map_agrees_with_itself_and_explains_the_rest():
    held = same_input(np.random.default_rng(0), 5, 0.05, -0.05)
    found = stability.stability_map(
        held, np.linspace(0.005, 1.2, 12), np.linspace(-2.4, 0.2, 14), steps=300
    )
    assert set(np.unique(found.theory)) >= {0, 2}
    assert sum(found.reasons.values()) == np.sum(found.reason >= 0)
    assert found.reasons["unexplained"] == 0
    assert np.mean(found.reason >= 0) < 0.3
    assert np.all(found.theory[found.betas <= -2.0] == 2)
    assert sum(row["simulation"] for row in found.table()) == pytest.approx(1.0)


def test_simulated_outcomes_are_those_of_a_plain_loop():
    held = same_input(np.random.default_rng(1), 4, 0.05, -0.05)
    rng = np.random.default_rng(2)
    alpha, beta = rng.uniform(0.0, 1.5, 30), rng.uniform(-2.2, 0.3, 30)
    crossed, moving, _ = stability.run_many(held, alpha, beta, 200)
    for i in range(30):
        lane = type(held)(held.drive, held.expected, alpha[i], beta[i], held.sigma, held.start)
        pool, broke = held.start.copy(), False
        for _ in range(200):
            pool = pool + reduced_field(pool, lane)
            broke |= bool(np.any(1.0 + pool <= 0.0))
            if broke:
                break
        assert crossed[i] == broke
        if not broke and np.abs(pool).max() < 1e3:
            last = np.max(np.abs(reduced_field(pool, lane)) / (1.0 + np.abs(pool)))
            np.testing.assert_allclose(moving[i], last, rtol=1e-3, atol=1e-12)
    assert 0 < crossed.sum() < 30


def test_energy_falls_below_the_critical_step_and_cycles_beyond_it():
    model, shown = network(), grating(0.8, 20.0)
    held, rule = hold(model, shown), full_rule(model, Held(shown))
    slow, fast = energy.energy_along(rule, held, [0.05, 0.4], 120)
    assert slow.rises == 0
    assert np.all(np.isfinite(slow.energies))
    assert slow.energies[-1] < slow.energies[0]
    assert len(fast.energies) == 120
    shares = energy.descent_share(held, [0.2, 0.95, 1.3], [0.01, 1.0], samples=60)
    assert shares[0, 0] == shares[1, 0] == 1.0
    assert shares[2, 0] < 1.0
    assert np.all(shares[:, 1] <= shares[:, 0] + 0.5)
    totals = energy.bifurcation(held, [0.9, 1.05], settle=3000, keep=8)
    assert np.ptp(totals[0]) < 1e-6 * totals[0, 0]
    # A flip: beyond the critical step the state alternates, or leaves for a zero denominator.
    assert not np.ptp(totals[1]) < 1e-6 * abs(totals[1, 0])


@pytest.mark.long
def test_adaptation_keeps_response_products_near_their_target():
    model = adaptation.published_network(0.0, neurons=20)
    found = adaptation.adaptation_study(model, adaptation.adaptors()["biased"], steps=1500)
    assert found.after.homeostasis < 0.2 * found.before.homeostasis
    preferred = int(np.argmax(found.before.tuning[0]))
    assert found.after.tuning[0, preferred] < found.before.tuning[0, preferred]
    assert found.before.tuning.shape == (60, 20)
    assert np.all(np.diff(found.before.contrast[:, preferred]) > 0.0)
    assert np.all(found.after.weights >= 0.0)
    # A mask 60° away drives the pool and not the neuron (half-width 30°): it suppresses.
    apart = np.abs(found.masks) >= 60.0
    assert np.any(apart)
    assert np.all(found.before.masking[apart] > 0.0)
    assert set(adaptation.adaptors()) == {
        "uniform",
        "biased",
        "plaid",
        "alternating 15°",
        "alternating 45°",
    }
