"""Study `normalization-adaptation`: responses before and after adaptation to an ensemble.

The published setting: 180 neurons, raised cosines of half width 30° with Σ_i f_i² = 1, σ = 1/6,
W rectified, α annealed as 99·e^{−t/100} + 1, without and with a decay of 0.05. One step is a pass
over the ensemble (`averaged_rule`).
"""

from dataclasses import dataclass

import numpy as np

from thalweg.models.normalization import (
    Annealed,
    Ensemble,
    NormalizationNetwork,
    RaisedCosine,
    adapt,
    alternating,
    averaged_rule,
    biased_ensemble,
    plaid,
    uniform_ensemble,
)
from thalweg.models.normalization.model.network import evaluate


@dataclass(frozen=True)
class Responses:
    """Responses of a network with given weights.

    Attributes:
        weights: W, shape `(n, n)`.
        tuning: R to gratings, shape `(orientations, n)`.
        contrast: R to a grating at the adapted orientation, shape `(contrasts, n)`.
        products: Σ_j w_j R_j R_jᵀ over the adapting ensemble, shape `(n, n)`.
        homeostasis: ‖products − C‖ / ‖C‖.
        seen: ‖(products − C) X‖ / ‖C X‖ with X = (√w_j r_j): the same as far as the drives r_j of
            the adaptor see it. Where it is zero, the outputs rest; a narrow adaptor cannot bring
            all of the products to their target, and W goes on where nothing sees it.
        masking: 1 − R(grating + mask) / R(grating) of the neuron that prefers the grating, by
            orientation of the mask, shape `(masks,)`; positive is suppression.
        distance: ‖R(grating + mask) − R(mask)‖ by orientation of the mask, the d′ of the readout.
    """

    weights: np.ndarray
    tuning: np.ndarray
    contrast: np.ndarray
    products: np.ndarray
    homeostasis: float
    seen: float
    masking: np.ndarray
    distance: np.ndarray


@dataclass(frozen=True)
class AdaptationStudy:
    """One adaptor: responses before and after.

    Attributes:
        orientations: of the test gratings, degrees.
        contrasts: of the contrast responses.
        masks: orientations of the masks, degrees.
        before: at W₀.
        after: at the end of the run.
        target: C.
    """

    orientations: np.ndarray
    contrasts: np.ndarray
    masks: np.ndarray
    before: Responses
    after: Responses
    target: np.ndarray


def published_network(
    beta: float = 0.0, neurons: int = 180, *, rectify: bool = True, epochs: float = 100.0
) -> NormalizationNetwork:
    """The published setting; β = −0.05 is the decay of 0.05. `epochs` is the annealing constant."""
    return NormalizationNetwork(
        RaisedCosine(neurons, 30.0, normalised=True),
        uniform_ensemble(neurons),
        Annealed(99.0, epochs, 1.0),
        beta,
        1.0 / 6.0,
        0.0,
        initial="ones",
        rectify=rectify,
    )


def adaptors(contrast: float = 1.0) -> dict[str, Ensemble]:
    """The ensembles of the published experiments, by name."""
    return {
        "uniform": uniform_ensemble(10, contrast),
        "biased": biased_ensemble(10, contrast, favoured=0, weight=5.0),
        "plaid": plaid([contrast / 2, contrast / 2], [0.0, 90.0]),
        "alternating 15°": alternating(15.0, contrast),
        "alternating 45°": alternating(45.0, contrast),
    }


def adaptation_study(
    network: NormalizationNetwork, adaptor: Ensemble, *, steps: int = 2000
) -> AdaptationStudy:
    """Adapt a network to an ensemble, and test it before and after.

    Raises:
        DivergenceError: a denominator reached zero (it cannot while W is rectified).
    """
    orientations = np.arange(0.0, 180.0, 3.0)
    contrasts = np.geomspace(0.02, 1.0, 15)
    masks = np.arange(0.0, 91.0, 15.0)
    rule = averaged_rule(network, adaptor)
    adapted = adapt(rule, steps=steps, save_every=steps).state
    tests = _tests(orientations, contrasts, masks)
    drives = {name: evaluate(network, ensemble).drives for name, ensemble in tests.items()}
    target = rule.target
    before, after = (
        _responses(weights, float(network.sigma), drives, rule.drives, rule.weights, target)
        for weights in (network.initial_weights(), adapted)
    )
    return AdaptationStudy(orientations, contrasts, masks, before, after, target)


def _tests(
    orientations: np.ndarray, contrasts: np.ndarray, masks: np.ndarray
) -> dict[str, Ensemble]:
    half = np.full((len(masks), 2), 0.5)
    return {
        "tuning": Ensemble(np.ones(len(orientations)), orientations),
        "contrast": Ensemble(contrasts, np.zeros(len(contrasts))),
        "alone": Ensemble([[0.5]], [[0.0]]),
        "mask": Ensemble(half[:, :1], masks[:, None]),
        "both": Ensemble(half, np.stack([np.zeros(len(masks)), masks], axis=1)),
    }


def _responses(
    weights: np.ndarray,
    sigma: float,
    drives: dict[str, np.ndarray],
    shown: np.ndarray,
    shares: np.ndarray,
    target: np.ndarray,
) -> Responses:
    def respond(drive: np.ndarray) -> np.ndarray:
        return drive / (sigma**2 + drive @ weights.T / drive.shape[-1])

    outputs = respond(shown)
    products = outputs.T @ (shares[:, None] * outputs)
    seen = (np.sqrt(shares)[:, None] * shown).T
    alone, both, mask = (respond(drives[name]) for name in ("alone", "both", "mask"))
    return Responses(
        weights,
        respond(drives["tuning"]),
        respond(drives["contrast"]),
        products,
        float(np.linalg.norm(products - target) / np.linalg.norm(target)),
        float(np.linalg.norm((products - target) @ seen) / np.linalg.norm(target @ seen)),
        1.0 - both[:, 0] / alone[0, 0],
        np.linalg.norm(both - mask, axis=1),
    )
