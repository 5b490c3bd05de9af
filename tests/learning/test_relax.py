"""Layers that run to rest: what they flag, what they refuse, what they compile."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.learning.layers import INPUT, START, STEP, TARGET, A, Bowl, Power, bowl, half_square

import thalweg as tw
from thalweg.dynamics import Momentum
from thalweg.learning import EquilibriumPropagation, Implicit, Truncated, Unrolled

build: Any = tw.Relax  # called as by those who do not check types


def test_rest_residual_steps_and_radius_are_those_of_the_map():
    with jax.enable_x64(True):
        end = bowl(Implicit(), tol=1e-9)(START, INPUT)
        rest = np.linalg.solve(A, INPUT)
        radius = np.max(np.abs(1.0 - STEP * np.linalg.eigvalsh(A)))
        np.testing.assert_allclose(end.state, rest, atol=1e-7)
        assert float(end.spectral_radius) == pytest.approx(radius, rel=1e-3)
        change = STEP * (INPUT - A @ np.asarray(end.state))
        assert float(end.residual) == pytest.approx(np.sqrt(np.mean(change**2)), rel=1e-6)
        assert bool(end.is_settled)
        assert not bool(end.is_marginal)
        assert "1 of 1 sample at rest" in str(end)


def test_what_did_not_settle_is_flagged():
    with jax.enable_x64(True):
        end = jax.vmap(bowl(Implicit(), max_steps=12, tol=1e-6), in_axes=(0, None))(
            np.stack([START, np.linalg.solve(A, INPUT)]), INPUT
        )
        assert end.is_settled.tolist() == [False, True]
        assert end.share_unsettled == 0.5
        assert end.num_steps.tolist()[0] == 12
        assert "50.0% did not come to rest" in str(end)


def test_a_marginal_rest_is_flagged_and_has_no_gradient():
    with jax.enable_x64(True):
        layer = tw.Relax(tw.GradientStep(Power(4), 0.1))
        end = layer(np.zeros(2))
        assert bool(end.is_settled)
        assert bool(end.is_marginal)
        found = layer.value_and_grad(lambda end: jnp.sum(end.state), np.zeros(2))
        assert not bool(found.solve.is_solved)
        slope = jax.grad(lambda c: layer_of(c)(np.zeros(2)).state[0])(1.0)
        assert np.isnan(float(slope))


def test_a_nudge_beyond_the_least_curvature_has_no_gradient():
    """E − βL has no rest then: its run goes away, finite as it may be still."""
    least = np.linalg.eigvalsh(A)[0]
    with jax.enable_x64(True):
        for share, is_solved in ((0.9, True), (1.5, False)):
            layer = bowl(EquilibriumPropagation(share * least, 2))
            found = layer.value_and_grad(half_square, START, INPUT, TARGET)
            assert bool(found.solve.is_solved) == is_solved
            assert np.all(np.isfinite(found.input)) == is_solved


def layer_of(factor):
    return tw.Relax(tw.GradientStep(Power(4, factor), 0.1))


def test_an_energy_that_falls_without_bound_is_flagged():
    end = tw.Relax(tw.GradientStep(Power(4, -1.0), 0.1), max_steps=50)(np.ones(2))
    assert not bool(end.is_settled)
    assert not np.isfinite(float(end.residual))


def test_a_state_whose_square_overflows_is_not_at_rest():
    with jax.enable_x64(True):
        end = tw.Relax(tw.as_map(lambda x: 4.0 * x), max_steps=300)(jnp.ones(2))
    assert 1e154 < float(end.state[0]) < np.inf
    assert not bool(end.is_settled)


def test_single_precision_stays_single():
    layer = tw.Relax(tw.GradientStep(Bowl(A.astype(np.float32)), STEP))
    found = layer.value_and_grad(
        half_square, *(v.astype(np.float32) for v in (START, INPUT, TARGET))
    )
    assert {leaf.dtype for leaf in jax.tree.leaves((found.input, found.end.state))} == {
        np.dtype(np.float32)
    }
    assert bool(found.end.is_settled)
    with jax.enable_x64(True):
        truth = bowl(Implicit()).value_and_grad(half_square, START, INPUT, TARGET)
        np.testing.assert_allclose(found.input, truth.input, atol=1e-4)


@pytest.mark.long
def test_single_precision_is_solved_where_doubles_are_allowed():
    """The solve is judged by the rounding of its own numbers, not of the widest there are."""
    with jax.enable_x64(True):
        rule = tw.GradientStep(Bowl(A.astype(np.float32)), STEP)
        layer = tw.Relax(rule, Implicit(rtol=1e-9))
        start, input, target = (v.astype(np.float32) for v in (START, INPUT, TARGET))
        found = layer.value_and_grad(half_square, start, input, target)
        slope = jax.grad(lambda b: half_square(layer(start, b), target))(input)
        assert bool(found.solve.is_solved)
        assert found.input.dtype == slope.dtype == np.float32
        np.testing.assert_allclose(slope, found.input, atol=1e-5)


def test_another_number_compiles_nothing(count_compiles):
    with jax.enable_x64(True):
        layer = bowl(Implicit(), tol=1e-9)
        layer(START, INPUT)
        layer.value_and_grad(half_square, START, INPUT, TARGET)
        with count_compiles() as compiled:
            other = tw.Relax(tw.GradientStep(Bowl(2.0 * A), 0.2), Implicit(), 1e-8)
            other(START, 2.0 * INPUT)
            other.value_and_grad(half_square, START, 2.0 * INPUT, TARGET)
        assert compiled.count == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: build(tw.SteepestDescent(Power(4))), "rule must be a map"),
        (lambda: build(tw.GradientStep(Power(4), 0.1), "implicit"), "must be a strategy"),
        (lambda: bowl(Implicit(), tol=-1.0), "tol must be finite and not negative, got -1.0"),
        (lambda: bowl(Implicit(), tol="a"), "tol must be finite and not negative, got 'a'"),
        (
            lambda: tw.Relax(Momentum(Power(2), 0.1, 0.5))(np.ones(2)),
            r"a state of Momentum, which has a memory.* Begin with rule\.begin\(x\)",
        ),
        (
            lambda: tw.Relax(Momentum(Power(2), 0.1, 0.5))(np.ones(3)),
            r"a state of Momentum, which has a memory.* Begin with rule\.begin\(x\)",
        ),
        (
            lambda: tw.compare_gradients(bowl(Implicit()), lambda end: end.state, START, INPUT),
            r"loss_fn must return one floating number, got float64 of the shape .*take a sum",
        ),
        (lambda: bowl(Implicit(), max_steps=0), "max_steps must be a positive integer, got 0"),
        (lambda: bowl(Implicit(), max_steps=True), "positive integer, got True"),
        (lambda: Truncated(0), "num_steps must be a positive integer, got 0"),
        (lambda: bowl(Truncated(9), max_steps=5)(START, INPUT), "num_steps=9 is more than"),
        (lambda: EquilibriumPropagation(0.0), "nudge must be positive, got 0.0"),
        (lambda: EquilibriumPropagation(0.1, 0), "points must be a positive integer, got 0"),
        (
            lambda: tw.Relax(tw.as_map(lambda x: 0.5 * x))(np.ones(2), np.ones(2)),
            "FunctionMap has no field `energy`",
        ),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()


def test_whole_numbers_begin_as_floats():
    layer = tw.Relax(tw.GradientStep(Power(2), 0.1))
    whole, real = (layer(np.array([3, 4], dtype)) for dtype in (int, np.float32))
    np.testing.assert_array_equal(whole.state, real.state)


def test_complex_nudges_want_plain_gradient_descent():
    rule = tw.GradientStep(Power(2), 0.1, tw.ConstantMetric(np.eye(2)))
    with pytest.raises(tw.InputError, match="takes points=2"):
        tw.Relax(rule, EquilibriumPropagation(0.1, 4)).value_and_grad(
            lambda end: jnp.sum(end.state), np.ones(2)
        )


@pytest.mark.long
def test_unrolled_keeps_what_checkpoints_compute_again():
    """The two are one gradient, whatever the number of steps leaves over."""
    with jax.enable_x64(True):
        found = [
            bowl(Unrolled(checkpoint), max_steps=11).value_and_grad(
                half_square, START, INPUT, TARGET
            )
            for checkpoint in (False, True)
        ]
        np.testing.assert_allclose(found[0].input, found[1].input, rtol=1e-13)
        assert found[0].end.num_steps == found[1].end.num_steps == 11
