"""Bad input: one clear message that names the argument, the value and the cure."""

from typing import Any

import numpy as np
import pytest

from thalweg.core.errors import InputError
from thalweg.models.normalization import (
    Annealed,
    Ensemble,
    Held,
    HeldInput,
    NormalizationNetwork,
    PoolEnergy,
    RaisedCosine,
    ReducedMap,
    Tabulated,
    Tuning,
    VonMises,
    adapt,
    alpha_intervals,
    beta_intervals,
    factored_rule,
    full_rule,
    grating,
    hold,
    mixture,
    output_equilibria,
    stability_report,
    uniform_ensemble,
    weights_after,
)

GOOD = RaisedCosine(6)
OTHER: Any = "zeros"


class Doubled(Tuning):
    """A tuning that leaves its range."""

    def __call__(self, orientations):
        return 2.0 * GOOD(orientations)

    @property
    def size(self):
        return 6

    @property
    def floor(self):
        return 0.0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: RaisedCosine(0), "neurons must be"),
        (lambda: RaisedCosine(6, 60.0), "half_width must be in"),
        (lambda: VonMises(6, -1.0), "concentration must be positive"),
        (lambda: VonMises(6, 1.0, 1.5), r"offset .* must be in \[0, 1\), got 1.5"),
        (lambda: Tabulated([[0.5, 1.2]]), "neuron 1 has the value 1.2"),
        (lambda: Tabulated([0.5]), "must be a matrix"),
        (lambda: Ensemble([[1.0], [1.0]], [[0.0], [9.0]], [0.5, 0.6]), "sum to 1, got 1.1"),
        (lambda: Ensemble([[1.0]], [[0.0]], [-1.0]), "non-negative"),
        (lambda: Ensemble([[np.nan]], [[0.0]]), "contrasts must be finite"),
        (lambda: Ensemble([[1.0]], [[0.0, 1.0]]), "one shape"),
        (lambda: mixture([(0.5, grating()), (0.4, grating())]), "sum to 1"),
        (lambda: Held(uniform_ensemble(3)), "one stimulus is held"),
        (lambda: NormalizationNetwork(GOOD, alpha=np.inf), "alpha must be finite"),
        (lambda: NormalizationNetwork(GOOD, alpha=-0.1), "not negative, got -0.1"),
        (lambda: NormalizationNetwork(GOOD, beta=np.nan), "beta must be finite"),
        (lambda: NormalizationNetwork(GOOD, sigma=0.0), "sigma must be finite and positive"),
        (lambda: NormalizationNetwork(GOOD, baseline=np.nan), "baseline"),
        (lambda: NormalizationNetwork(GOOD, target_scale=-1.0), "target_scale"),
        (lambda: NormalizationNetwork(GOOD, initial=OTHER), '"identity" or "ones"'),
        (lambda: hold(NormalizationNetwork(GOOD), grating(0.0)), "no neuron is driven"),
        (lambda: hold(NormalizationNetwork(GOOD), uniform_ensemble(2)), "one stimulus"),
        (lambda: hold(NormalizationNetwork(Doubled()), grating()), "neuron 0 has the value 2"),
        (lambda: HeldInput(np.zeros(2), np.ones(2), 0.1, 0.0, 1.0), "every neuron is silent"),
        (lambda: HeldInput(np.ones(2), np.ones(3), 0.1, 0.0, 1.0), "one length"),
        (lambda: HeldInput(np.ones(2), -np.ones(2), 0.1, 0.0, 1.0), "expected must be"),
    ],
)
def test_what_is_given_wrong_is_named(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_forms_that_need_linearity_refuse_the_rectifier():
    model = NormalizationNetwork(GOOD, rectify=True)
    for make in (lambda: hold(model, grating()), lambda: factored_rule(model, Held(grating()))):
        with pytest.raises(InputError, match="rectify=True is not linear"):
            make()


def test_a_schedule_has_no_energy_and_no_equilibria():
    held = HeldInput(np.ones(2), np.ones(2), Annealed(), -0.1, 1.0)
    model = NormalizationNetwork(GOOD, alpha=Annealed())
    for make in (
        lambda: PoolEnergy(held),
        lambda: output_equilibria(held),
        lambda: beta_intervals(held),
        lambda: stability_report(model, grating()),
    ):
        with pytest.raises(InputError, match="alpha is a function of the step"):
            make()


def test_verbs_check_their_arguments():
    held = HeldInput(np.ones(2), np.ones(2), 0.1, -0.1, 1.0)
    rule = ReducedMap(held)
    many = HeldInput(np.ones(17), np.ones(17), 0.1, 0.1, 1.0)
    for make, says in (
        (lambda: adapt(rule, steps=0), "steps must be a whole number"),
        (lambda: adapt(rule, steps=5, save_every=0), "save_every"),
        (lambda: adapt(rule, np.ones(3), steps=5), r"shape \(2,\), got \(3,\)"),
        (lambda: beta_intervals(held, 1.0, 0.5), "lower must be below upper"),
        (lambda: alpha_intervals(held, 0.0, 0.5), "0 < lower < upper"),
        (lambda: output_equilibria(many), "Use stable_equilibrium"),
    ):
        with pytest.raises(InputError, match=says):
            make()
    idle = HeldInput(np.ones(2), np.ones(2), 0.0, 0.0, 1.0)
    with pytest.raises(InputError, match="nothing moves"):
        output_equilibria(idle)
    model = NormalizationNetwork(GOOD)
    full, skipped = full_rule(model, Held(grating())), adapt(rule, steps=6, save_every=2)
    with pytest.raises(InputError, match="every step"):
        weights_after(full, skipped)


def test_a_push_warns():
    with pytest.warns(UserWarning, match="W grows as"):
        NormalizationNetwork(GOOD, beta=0.01)
