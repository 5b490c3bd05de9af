"""The forms of the rule against plain NumPy, and against one another, to 1e-12."""

from typing import Literal

import jax
import numpy as np
import pytest
from tests.models.normalization.reweighting_reference import outputs, run_full
from tests.results import keeps_the_protocol

from thalweg.core.codes import Result
from thalweg.core.errors import DivergenceError
from thalweg.models.normalization import (
    Annealed,
    Draws,
    Ensemble,
    Held,
    HeldInput,
    InTurn,
    NormalizationNetwork,
    RaisedCosine,
    ReducedMap,
    Tabulated,
    VonMises,
    adapt,
    alternating,
    averaged_rule,
    biased_ensemble,
    blank,
    factored_rule,
    full_rule,
    grating,
    hold,
    mixture,
    plaid,
    reduced_flow,
    reduced_map,
    uniform_ensemble,
    weights_after,
)

N = 12
NETWORK = {"alpha": 0.05, "beta": -0.03, "sigma": 0.4, "baseline": 0.05}


def network(initial: Literal["identity", "ones"] = "identity", target=None, **changes):
    target = uniform_ensemble(5) if target is None else target
    return NormalizationNetwork(
        RaisedCosine(N, 30.0), target, initial=initial, **{**NETWORK, **changes}
    )


def cosine_drive(contrasts, orientations, half_width=30.0, baseline=0.05):
    preferred = 180.0 * np.arange(N) / N
    summed = np.zeros(N)
    for contrast, orientation in zip(contrasts, orientations, strict=True):
        angle = np.abs((preferred - orientation + 90.0) % 180.0 - 90.0)
        bump = np.where(angle <= 60.0, 0.5 + 0.5 * np.cos(np.pi * angle / (2 * half_width)), 0.0)
        summed = summed + contrast * bump
    return np.maximum(summed + baseline, 0.0) ** 2


@pytest.mark.parametrize("initial", ["identity", "ones"])
def test_drive_and_target_are_the_sources(initial):
    rule = full_rule(network(initial), Held(plaid([0.5, 0.3], [10.0, 100.0])))
    np.testing.assert_allclose(rule.drives[0], cosine_drive([0.5, 0.3], [10.0, 100.0]), rtol=1e-13)
    first = np.eye(N) if initial == "identity" else np.ones((N, N))
    np.testing.assert_array_equal(rule.start(), first)
    target = np.zeros((N, N))
    for orientation in (0.0, 36.0, 72.0, 108.0, 144.0):
        output = outputs(cosine_drive([1.0], [orientation]), first, 0.4)
        target += np.outer(output, output) / 5
    np.testing.assert_allclose(rule.target, target, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("initial", ["identity", "ones"])
def test_full_rule_is_the_sources_equation(initial):
    rule = full_rule(network(initial), InTurn(uniform_ensemble(7, 0.8)))
    weights, kept = run_full(
        rule.drives[np.arange(70) % 7], rule.start(), rule.target, 0.05, -0.03, 0.4
    )
    run = adapt(rule, steps=70)
    keeps_the_protocol(run)
    assert run.outputs.dtype == np.float64
    np.testing.assert_allclose(run.state, weights, rtol=0, atol=1e-12)
    np.testing.assert_allclose(run.outputs, kept, rtol=0, atol=1e-12)
    one_at_a_time = adapt(rule, steps=70, save_every=5)
    np.testing.assert_allclose(one_at_a_time.state, weights, rtol=0, atol=1e-12)
    np.testing.assert_allclose(one_at_a_time.outputs, kept[::5], rtol=0, atol=1e-12)


def test_annealed_rectified_rule_is_the_published_one():
    rate = Annealed(3.0, 20.0, 0.05)
    rule = full_rule(network("ones", alpha=rate, rectify=True), InTurn(alternating(15.0)))
    drives = rule.drives[np.arange(60) % 2]
    weights, kept = run_full(
        drives,
        rule.start(),
        rule.target,
        lambda t: 3.0 * np.exp(-t / 20.0) + 0.05,
        -0.03,
        0.4,
        rectify=True,
    )
    run = adapt(rule, steps=60)
    np.testing.assert_allclose(run.state, weights, rtol=0, atol=1e-12)
    np.testing.assert_allclose(run.outputs, kept, rtol=0, atol=1e-12)
    assert np.any(run.state == 0.0)
    # An α of the step in the delayed form.
    rate = Annealed(0.04, 20.0, 0.01)
    free = full_rule(network("ones", alpha=rate), InTurn(alternating(15.0)))
    low = 0.05 * (free.start() * 0 + 1)
    weights, _ = run_full(
        drives[:40],
        free.start() + low,
        free.target,
        lambda t: 0.04 * np.exp(-t / 20.0) + 0.01,
        -0.03,
        0.4,
    )
    np.testing.assert_allclose(adapt(free, free.start() + low, steps=40).state, weights, atol=1e-12)


@pytest.mark.parametrize("initial", ["identity", "ones"])
def test_reduction_is_exact(initial):
    model, shown = network(initial), grating(0.7, 20.0)
    rule, reduced = full_rule(model, Held(shown)), reduced_map(model, shown)
    weights, kept = run_full(
        np.repeat(rule.drives, 200, 0), rule.start(), rule.target, 0.05, -0.03, 0.4
    )
    run = adapt(reduced, steps=200)
    np.testing.assert_allclose(run.outputs, kept, rtol=0, atol=1e-12)
    np.testing.assert_allclose(run.state, weights @ rule.drives[0] / N, rtol=0, atol=1e-12)
    np.testing.assert_allclose(weights_after(rule, run), weights, rtol=0, atol=1e-12)


def test_map_is_the_unit_step_of_the_flow():
    model, shown = network(), grating(0.7, 20.0)
    state = hold(model, shown).start + 0.1
    with jax.enable_x64(True):
        step = reduced_map(model, shown).displacement(0, state)
        velocity = reduced_flow(model, shown).velocity(0.0, state)
    np.testing.assert_allclose(step, velocity, rtol=0, atol=1e-15)


@pytest.mark.long
def test_factored_form_is_exact():
    model = network("ones", target=biased_ensemble(6))
    shown = Draws(mixture([(0.7, biased_ensemble(3, 0.9)), (0.3, blank())]), jax.random.key(3))
    full, factored = full_rule(model, shown), factored_rule(model, shown)
    assert factored.start().shape == (N, 4)
    run, short = adapt(full, steps=150), adapt(factored, steps=150)
    np.testing.assert_allclose(short.outputs, run.outputs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(short.state, run.state @ factored.basis, rtol=0, atol=1e-12)
    np.testing.assert_allclose(weights_after(full, short), run.state, rtol=0, atol=1e-12)


def test_averaged_rule_is_the_mean_of_the_single_ones():
    model, shown = network(), biased_ensemble(4, 0.8, weight=3.0)
    rule = averaged_rule(model, shown)
    weights = rule.start() + 0.01
    mean = np.zeros((N, N))
    for j, weight in enumerate(shown.weights):
        single = run_full(rule.drives[j : j + 1], weights, rule.target, 0.05, -0.03, 0.4)[0]
        mean += weight * single
    np.testing.assert_allclose(adapt(rule, weights, steps=1).state, mean, rtol=0, atol=1e-13)


def test_draws_follow_the_weights_and_depend_on_the_step_alone():
    shown = Draws(biased_ensemble(10, weight=5.0), jax.random.key(11))
    drawn = np.asarray(jax.jit(jax.vmap(shown.index))(np.arange(4000)))
    assert int(shown.index(77)) == drawn[77]
    counts = np.bincount(drawn, minlength=10)
    chance = shown.ensemble.weights
    errors = np.sqrt(4000 * chance * (1.0 - chance))
    assert np.all(np.abs(counts - 4000 * chance) < 4.0 * errors)


def test_tunings():
    angles = np.array([0.0, 37.0, 90.0, 179.0])
    with jax.enable_x64(True):
        cosine = np.asarray(RaisedCosine(18, 30.0)(angles))
        von_mises = np.asarray(VonMises(18, 2.0, 0.1)(angles))
        unit = np.asarray(RaisedCosine(18, 30.0, normalised=True)(angles))
        measured = np.asarray(Tabulated(cosine[[0, 2]])(np.array([45.0, 90.0, 180.0])))
    assert cosine[0, 0] == 1.0
    np.testing.assert_allclose(cosine[0, 3], 0.5)  # 30 degrees away: half height
    assert cosine[0, 6] == 0.0
    assert cosine[2, 9] == 1.0
    assert von_mises[0, 0] == 1.0
    np.testing.assert_allclose(von_mises[0, 9], 0.1 + 0.9 * np.exp(-4.0))
    np.testing.assert_allclose((unit**2).sum(1), 1.0, rtol=1e-13)
    np.testing.assert_allclose(unit[1] / unit[1].max(), cosine[1] / cosine[1].max(), rtol=1e-12)
    np.testing.assert_allclose(measured[0], 0.5 * (cosine[0] + cosine[2]))
    np.testing.assert_allclose(measured[1:], cosine[[2, 0]])


def test_a_crossing_is_reported_with_step_neuron_and_value():
    rng = np.random.default_rng(0)
    drive = rng.uniform(0.5, 1.0, 5)
    held = HeldInput(drive, np.full(5, 2.0), 0.5, 0.0, 0.3)
    pool, step = held.start.copy(), 0
    while step < 100 and np.all(0.09 + pool > 0.0):
        output = drive / (0.09 + pool)
        pool = pool + 0.5 * (output * (output @ drive) / 5 - 2.0)
        step += 1
    run = adapt(ReducedMap(held), steps=100, throw=False)
    assert run.result == Result.diverged
    assert run.crossing is not None
    assert (run.crossing.step, run.crossing.neuron) == (step, int(np.argmin(pool)))
    np.testing.assert_allclose(run.crossing.value, 0.09 + pool.min(), rtol=1e-9)
    assert np.all(np.isnan(run.outputs[step:]))
    assert np.all(np.isfinite(run.outputs[:step]))
    with pytest.raises(DivergenceError, match=f"neuron {np.argmin(pool)}.* at step {step}"):
        adapt(ReducedMap(held), steps=100, save_every=50)
    # The rule itself never continues silently.
    with jax.enable_x64(True):
        assert np.isnan(np.asarray(ReducedMap(held).step(0, np.full(5, -0.1)))).all()


def test_a_crossing_of_the_full_rule_is_reported():
    rule = full_rule(network(alpha=40.0), Held(grating(0.7, 20.0)))
    run = adapt(rule, steps=50, throw=False)
    weights, step = rule.start(), 0
    while step < 50 and np.all(0.16 + weights @ rule.drives[0] / N > 0.0):
        weights, _ = run_full(rule.drives, weights, rule.target, 40.0, -0.03, 0.4)
        step += 1
    assert run.crossing is not None
    assert run.crossing.step == step > 0
    keeps_the_protocol(run)
    assert str(run).splitlines()[-1].startswith("The denominator sigma² + u of neuron")


@pytest.mark.long
def test_dtype_follows_the_start():
    rule = reduced_map(network(), grating(0.7, 20.0))
    run = adapt(rule, rule.start().astype(np.float32), steps=20)
    assert run.state.dtype == np.float32
    np.testing.assert_allclose(run.state, adapt(rule, steps=20).state, rtol=1e-4)


@pytest.mark.long
def test_silent_neurons_have_no_output_and_follow_beta_alone():
    model = network(baseline=0.0)
    held = hold(model, grating(1.0, 0.0))
    silent = ~held.is_driven
    assert silent.any()
    run = adapt(ReducedMap(held), steps=30)
    assert np.all(run.outputs[:, silent] == 0.0)
    rest = held.expected[silent] * (0.05 - 0.03) / -0.03
    expected = rest + (held.start[silent] - rest) * 0.97**30
    np.testing.assert_allclose(run.state[silent], expected, rtol=1e-12)


@pytest.mark.long
def test_an_ensemble_of_one_is_the_sources_text():
    model = network(target=grating(0.7, 20.0))
    held = hold(model, grating(0.7, 20.0))
    first = held.drive / (0.16 + held.drive / N)
    np.testing.assert_allclose(held.expected, first * (first @ held.drive) / N, rtol=1e-12)
    assert Ensemble([[0.7]], [[20.0]]).size == 1
