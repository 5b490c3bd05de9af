"""The table of strategies."""

import json

import jax
import numpy as np
import pytest
from tests.learning.layers import INPUT, START, STEP, TARGET, A, Power, bowl, half_square

import thalweg as tw
from thalweg.core.jsontext import to_text
from thalweg.learning import GradientComparison, Implicit, OneStep, Unrolled


@pytest.mark.long
def test_the_table_has_the_biases_of_the_closed_forms():
    with jax.enable_x64(True):
        layer = bowl(Implicit(), max_steps=300)
        found = tw.compare_gradients(
            layer, half_square, START, INPUT, TARGET, strategies=(OneStep(), Implicit())
        )
    rest = np.linalg.solve(A, INPUT)
    pulled = rest - TARGET
    truth = np.concatenate([outer(np.linalg.solve(A, pulled), rest), np.linalg.solve(A, pulled)])
    step = np.concatenate([outer(STEP * pulled, rest), STEP * pulled])
    one, implicit = found.rows
    assert one.bias == pytest.approx(np.linalg.norm(step - truth) / np.linalg.norm(truth), rel=1e-9)
    cosine = step @ truth / np.linalg.norm(step) / np.linalg.norm(truth)
    assert one.cosine == pytest.approx(cosine, rel=1e-9)
    assert implicit.bias < 1e-10
    assert found.error < 1e-7
    assert one.unsettled == 0.0
    text = str(found)
    assert max(map(len, text.splitlines())) <= 80
    assert "OneStep()" in text
    assert GradientComparison.from_dict(json.loads(to_text(found.to_dict()))) == found


def outer(adjoint, rest):
    """The derivative in A, of which the energy sees the symmetric part."""
    matrix = -np.outer(adjoint, rest)
    return (0.5 * (matrix + matrix.T)).ravel()


def test_what_did_not_settle_is_said():
    with jax.enable_x64(True):
        layer = bowl(Implicit(), max_steps=3, tol=1e-9)
        found = tw.compare_gradients(
            layer, half_square, START, INPUT, TARGET, strategies=(Unrolled(),)
        )
    assert "Unrolled(): 100.0% of the samples did not settle." in str(found)


def test_bad_input_is_named():
    with pytest.raises(tw.InputError, match="runs must be a positive integer, got 0"):
        tw.compare_gradients(bowl(Implicit()), half_square, START, INPUT, TARGET, runs=0)
    with pytest.raises(tw.InputError, match="nothing to differentiate"):
        tw.compare_gradients(bowl_of(1.0), half_square, START, None, TARGET)


@pytest.mark.long
def test_a_marginal_reference_is_refused():
    with pytest.raises(tw.DivergenceError, match="not finite"):
        tw.compare_gradients(bowl_of(np.array(0.0)), half_square, START, None, TARGET)


def bowl_of(factor):
    """A layer on c·|x|²/2."""
    return tw.Relax(tw.GradientStep(Power(2, factor), 0.1), max_steps=100)
