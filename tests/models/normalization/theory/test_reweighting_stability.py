"""The stability report against the n²-dimensional model: what settles, what diverges, and why."""

import warnings

import numpy as np
import pytest
from tests.models.normalization.reweighting_reference import (
    full_increment,
    reduced_field,
    run_full,
    there,
)
from tests.results import keeps_the_protocol

from thalweg.models.normalization import (
    Held,
    NormalizationNetwork,
    RaisedCosine,
    VonMises,
    adapt,
    blank,
    full_rule,
    grating,
    hold,
    reduced_map,
    stability_report,
    uniform_ensemble,
)


def network(beta, alpha=0.01, neurons=8, target=None, **changes):
    target = grating() if target is None else target
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NormalizationNetwork(
            VonMises(neurons, 1.0), target, alpha=alpha, beta=beta, sigma=0.7, **changes
        )


def full_jacobian(weights, drive, target, alpha, beta, sigma):
    """Of the increment, by central differences, (n², n²)."""
    columns = []
    for unit in np.eye(weights.size):
        change = 1e-6 * unit.reshape(weights.shape)
        high = full_increment(weights + change, drive, target, alpha, beta, sigma)
        low = full_increment(weights - change, drive, target, alpha, beta, sigma)
        columns.append((high - low).ravel() / 2e-6)
    return np.array(columns).T


def test_the_unseen_and_the_seen_eigenvalues_are_those_of_all_the_weights():
    model, shown = network(-0.05, alpha=0.4), grating(0.8, 30.0)
    report, rule = stability_report(model, shown), full_rule(model, Held(shown))
    run = run_full(np.repeat(rule.drives, 2000, 0), rule.start(), rule.target, 0.4, -0.05, 0.7)
    spectrum = np.linalg.eigvals(
        full_jacobian(run[0], rule.drives[0], rule.target, 0.4, -0.05, 0.7)
    )
    unseen = np.abs(spectrum + 0.05) < 1e-8
    assert unseen.sum() == report.unseen_count == 56
    seen = np.sort(spectrum[~unseen].real)[::-1]
    np.testing.assert_allclose(report.seen_eigenvalues, seen, atol=1e-8)
    assert report.unseen_eigenvalue == -0.05


def test_silent_neurons_rest_where_their_leak_balances_and_add_its_eigenvalue():
    model = NormalizationNetwork(RaisedCosine(12), grating(), alpha=0.002, beta=-0.03, sigma=0.7)
    held = hold(model, grating(0.6, 30.0))
    assert np.any(held.expected[~held.is_driven] > 0.0)
    report = stability_report(model, grating(0.6, 30.0), steps=10)
    rest = there(report.equilibrium)
    np.testing.assert_allclose(reduced_field(rest.pool, held), 0.0, atol=1e-14)
    steps = 1e-6 * np.eye(held.size)
    ahead, behind = (
        np.array([reduced_field(rest.pool + sign * step, held) for step in steps])
        for sign in (1.0, -1.0)
    )
    seen = np.sort(np.linalg.eigvals((ahead - behind).T / 2e-6).real)[::-1]
    np.testing.assert_allclose(report.seen_eigenvalues, seen, atol=1e-9)


def test_one_neuron_has_nothing_unseen_to_diverge():
    for beta in (-0.02, 0.02):
        report = stability_report(network(beta, neurons=1), grating(0.8, 30.0))
        assert (report.unseen_count, report.outputs, report.weights) == (0, "settles", "settles")
        assert not report.hidden_instability


def test_a_leak_settles_everything():
    model, shown = network(-0.05), grating(0.8, 30.0)
    report = stability_report(model, shown)
    assert (report.outputs, report.weights) == ("settles", "settles")
    assert report.start.outcome == "reaches the stable state"
    rule = full_rule(model, Held(shown))
    weights = adapt(rule, steps=1500).state
    last = full_increment(weights, rule.drives[0], rule.target, 0.01, -0.05, 0.7)
    assert np.abs(last).max() < 1e-12
    # The premise R Rᵀ = C is not necessary for rest.
    output = there(report.equilibrium).outputs
    keeps_the_protocol(report)
    keeps_the_protocol(there(report.equilibrium))
    assert there(report.premise_gap) > 0.01
    rest = rule.target + 0.01 / 0.05 * (np.outer(output, output) - rule.target)
    np.testing.assert_allclose(weights, rest, atol=1e-10)


def test_hidden_instability():
    model, shown = network(0.003, alpha=0.3), grating(0.8)
    report = stability_report(model, shown)
    assert report.hidden_instability
    assert (report.outputs, report.weights) == ("settles", "diverges")
    assert "Hidden instability" in str(report)
    rule = full_rule(model, Held(shown))
    early, late = (adapt(rule, steps=steps) for steps in (2000, 2500))
    np.testing.assert_allclose(late.outputs[-1], there(report.equilibrium).outputs, rtol=1e-6)
    rest = rule.target - 0.3 / 0.003 * (
        np.outer(there(report.equilibrium).outputs, there(report.equilibrium).outputs) - rule.target
    )
    growth = np.linalg.norm(late.state - rest) / np.linalg.norm(early.state - rest)
    np.testing.assert_allclose(growth, 1.003**500, rtol=1e-4)
    # Exactly right in its unseen part, W stays.
    still = adapt(rule, rest, steps=300).state
    assert np.abs(still - rest).max() < 1e-9


def test_without_leak_or_push():
    same = stability_report(network(0.0), grating())
    assert (same.outputs, same.weights) == ("settles", "settles")
    assert there(same.premise_gap) < 1e-12
    # A target of many stimuli: R rests, W drifts unseen.
    model = network(0.0, target=uniform_ensemble(4))
    drifting = stability_report(model, grating())
    assert (drifting.outputs, drifting.weights) == ("settles", "drifts")
    rule = full_rule(model, Held(grating()))
    run = adapt(rule, steps=8000)
    last = full_increment(run.state, rule.drives[0], rule.target, 0.01, 0.0, 0.7)
    assert np.abs(last @ rule.drives[0]).max() < 1e-5 * np.abs(last).max()
    assert np.abs(last).max() > 1e-4


def test_newly_driven_neurons_grow_like_the_square_root_of_time():
    model = NormalizationNetwork(RaisedCosine(12), grating(), alpha=0.002, beta=0.0, sigma=0.7)
    report = stability_report(model, grating(0.6, 30.0), steps=200)
    assert report.newly_driven == (4, 5)
    assert report.newly_silent
    assert report.equilibrium is None
    held = hold(model, grating(0.6, 30.0))
    neuron = report.newly_driven[0]
    run = adapt(reduced_map(model, grating(0.6, 30.0)), steps=400_000, save_every=100_000)
    squares = (held.drive[neuron] / run.outputs[1:, neuron]) ** 2
    np.testing.assert_allclose(squares[2] - squares[1], squares[1] - squares[0], rtol=0.02)
    assert squares[2] > 2.0 * squares[0]


def test_newly_silent_rows_never_rest_without_a_leak():
    model = NormalizationNetwork(RaisedCosine(12), grating(), alpha=0.002, beta=0.0, sigma=0.7)
    shown = grating(0.6, 30.0)
    report, rule = stability_report(model, shown, steps=100), full_rule(model, Held(shown))
    row = report.newly_silent[0]
    run = adapt(rule, steps=100)
    np.testing.assert_allclose(
        run.state[row], rule.start()[row] - 0.2 * rule.target[row], atol=1e-13
    )


def test_the_critical_step():
    shown = grating(0.8, 30.0)
    report = stability_report(network(-0.05), shown)
    for factor, settles in ((0.98, True), (1.02, False)):
        model = network(-0.05, alpha=factor * there(report.critical_alpha))
        again = stability_report(model, shown)
        assert (again.outputs == "settles") == settles
        near = there(again.equilibrium).pool + 1e-6
        run = adapt(reduced_map(model, shown), near, steps=800, throw=False)
        far = np.abs(run.outputs[-1] - there(again.equilibrium).outputs).max()
        assert (far < 1e-7) == settles
    assert "step of the map is too large" in " ".join(again.remarks())


def test_no_stable_state_and_the_words_for_it():
    report = stability_report(network(0.05, alpha=0.3), grating(0.9, 80.0))
    assert report.equilibrium is None
    assert report.outputs == "does not settle"
    assert report.start.outcome in ("crosses zero", "fades")
    assert "no stable rest state" in str(report)
    assert report.to_dict()["equilibrium"] is None
    keeps_the_protocol(report)


def test_a_leak_of_more_than_two_overshoots():
    report = stability_report(network(-2.1), grating(0.8, 30.0))
    assert (report.outputs, report.weights) == ("does not settle", "does not settle")
    assert there(report.equilibrium).stable is True


@pytest.mark.long
def test_the_basin_matches_the_run_of_all_the_weights():
    shown = grating(0.8, 30.0)
    for beta in (0.01, 0.1, 0.4):
        model = network(beta)
        report = stability_report(model, shown)
        run = adapt(full_rule(model, Held(shown)), steps=report.start.step + 1, throw=False)
        if report.start.outcome == "crosses zero":
            assert run.crossing is not None
            assert (run.crossing.step, run.crossing.neuron) == (
                report.start.step,
                report.start.neuron,
            )
        elif report.start.outcome == "reaches the stable state":
            np.testing.assert_allclose(
                run.outputs[-1], there(report.equilibrium).outputs, rtol=1e-5
            )


@pytest.mark.long
@pytest.mark.parametrize("shown", [blank(), grating(0.5, 45.0)])
def test_words_and_data_cover_every_case(shown):
    for beta in (-0.05, 0.0, 0.02):
        report = stability_report(network(beta, baseline=0.3), shown)
        text = str(report)
        assert "W" in text
        assert text.count("\n") >= 6
        keeps_the_protocol(report)
