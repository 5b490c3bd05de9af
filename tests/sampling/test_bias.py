"""The bias ledger against published answers, and against the kernels' own matrices."""

import numpy as np
import pytest
from tests.results import through_json

import thalweg as tw
from thalweg.sampling import BAOAB, MALA, NUTS, OBABO, SGLD, NoisyGradient, bias_ledger


def test_langevin_without_a_test():
    """T/(λ(1 − ηλ/2)); with gradient noise (2 + ηs²)/(λ(2 − ηλ)) at T = 1; (1 − ηλ) a step."""
    eta, curvature, s = 0.3, 1.7, 0.9
    ledger = bias_ledger([SGLD(eta, 0.6), SGLD(eta, 1.0, NoisyGradient(s))], curvature)
    assert ledger.variance[0] == pytest.approx(0.6 / (curvature * (1 - eta * curvature / 2)))
    exact = (2 + eta * s**2) / (curvature * (2 - eta * curvature))
    assert ledger.variance[1] == pytest.approx(exact, rel=1e-14)
    assert ledger.correlation[0] == pytest.approx(1 - eta * curvature, rel=1e-14)
    rho = ledger.correlation[0] ** np.arange(1, 400)
    assert ledger.steps[0] == pytest.approx(1 + 2 * rho.sum(), rel=1e-12)


def test_acceptance_of_mala():
    ledger = bias_ledger([MALA(0.5), MALA(0.8)])
    np.testing.assert_allclose(ledger.acceptance, [0.92083, 0.84226], atol=5e-6)
    np.testing.assert_array_equal(ledger.bias, 0.0)
    # Only ηλ matters.
    assert bias_ledger([MALA(0.25, 3.0)], 2.0).acceptance[0] == ledger.acceptance[0]


@pytest.mark.parametrize("friction", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("h", [0.1, 1.0, 1.99])
def test_splittings(h, friction):
    curvature, t = 0.8, 0.6
    step = h / np.sqrt(curvature)
    one, other = BAOAB(step, t, friction), OBABO(step, t, friction)
    ledger = bias_ledger([one, other], curvature)
    wide = t / (curvature * (1 - h**2 / 4))
    np.testing.assert_allclose(ledger.variance, [t / curvature, wide], rtol=1e-10)
    np.testing.assert_allclose(ledger.momentum, [t * (1 - h**2 / 4), t], rtol=1e-10)


def test_it_prints_and_comes_back():
    ledger = bias_ledger([SGLD(0.5), SGLD(0.5, 1.0, NoisyGradient(1.0)), MALA(0.5), OBABO(0.5)])
    text = str(ledger)
    assert max(map(len, text.splitlines())) <= 80
    assert "+33.3 %" in text
    assert "SGLD(0.5, s = 1)" in text
    assert "none" in text
    assert "0.92083" in text
    assert through_json(ledger) == ledger


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: bias_ledger([SGLD(2.0)]),
            r"SGLD has no law .* step_size · curvature = 2, .*below 2",
        ),
        (lambda: bias_ledger([BAOAB(1.0)], 5.0), r"√curvature = 2\.236.* step_size below 0\.8944"),
        (lambda: bias_ledger([NUTS()]), "NUTS has no exact answer here; known are SGLD, MALA"),
        (lambda: bias_ledger([SGLD(0.1)], 0.0), "curvature must be positive, got 0.0"),
        (lambda: bias_ledger([SGLD(lambda t: 0.1)]), "a step_size that is a number"),
        (lambda: bias_ledger([SGLD(0.1, 1.0, lambda *_: 0.0)]), "gradients of known noise"),
    ],
)
def test_bad_input_is_refused(make, words):
    with pytest.raises(tw.InputError, match=words):
        make()
