"""Initializations, measures of balance, the tangent kernel, and the convergence guarantee."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.core.trees import Layout, as_arrays
from thalweg.models import deep_linear as dl


def task_of(num_in=4, num_out=3):
    return dl.Covariances(np.random.default_rng(0).standard_normal((num_out, num_in)))


def test_gaussian_starts_have_their_scale_and_repeat():
    first, second = dl.small_gaussian((60, 50, 40), 0.01, jax.random.key(1))
    assert first.dtype == second.dtype == np.float64
    error = 0.01 / np.sqrt(2 * first.size)
    assert abs(first.std() - 0.01) < 5 * error
    assert abs(np.corrcoef(first.ravel()[:2000], second.ravel())[0, 1]) < 5 / np.sqrt(2000)
    np.testing.assert_array_equal(
        first, dl.small_gaussian((60, 50, 40), 0.01, jax.random.key(1))[0]
    )
    assert not np.array_equal(first, dl.small_gaussian((60, 50, 40), 0.01)[0])


@pytest.mark.parametrize("widths", [(4, 3), (4, 5, 3), (4, 2, 3), (4, 6, 5, 3)])
def test_orthogonal_starts_are_aligned_with_the_task(widths):
    task, modes = task_of(), dl.Modes.of(task_of())
    weights = dl.orthogonal(task, widths, 0.5)
    product = modes.left.T @ dl.end_to_end(weights) @ modes.right
    r = min(widths)
    expected = np.zeros((3, 4))
    expected[range(r), range(r)] = 0.5 ** (len(widths) - 1)
    np.testing.assert_allclose(product, expected, atol=1e-14)
    if len(widths) == 3:
        hidden = weights[0] @ modes.right
        np.testing.assert_allclose((hidden.T @ hidden)[:r, :r], 0.25 * np.eye(r), atol=1e-14)


@pytest.mark.parametrize("widths", [(4, 5, 3), (3, 3, 3, 3), (6, 2, 5), (5, 7, 4, 6)])
def test_balanced_starts_are_balanced_and_keep_their_product(widths):
    gaussian = dl.small_gaussian(widths, 0.3)
    weights = dl.balanced(widths, 0.3)
    np.testing.assert_allclose(dl.end_to_end(weights), dl.end_to_end(gaussian), atol=1e-14)
    assert dl.unbalancedness(weights) < 1e-14
    assert dl.unbalancedness(gaussian) > 0.01


def test_a_start_that_cannot_be_is_refused():
    with pytest.raises(tw.InputError, match="higher rank than the narrowest layer, 2"):
        dl.balanced((3, 2, 3), product=np.eye(3))
    with pytest.raises(tw.InputError, match=r"λ = -2.*at most the 3 inputs"):
        dl.lambda_balanced(np.ones((5, 3)), 4, -2.0)
    with pytest.raises(tw.InputError, match=r"product must have the shape \(3, 4\)"):
        dl.balanced((4, 5, 3), product=np.eye(3))
    with pytest.raises(tw.InputError, match="one entry a layer: got 3 for 2"):
        dl.orthogonal(task_of(), (4, 5, 3), [0.1, 0.1, 0.1])
    with pytest.raises(
        tw.InputError, match=r"has 3 diagonal strengths, got an array of shape \(4,"
    ):
        dl.orthogonal(task_of(), (4, 5, 3), [0.1, np.ones(4)])


def test_balance_and_margin_by_hand():
    weights = (np.diag([1.0, 2.0]), np.diag([3.0, 1.0]))
    np.testing.assert_allclose(dl.imbalances(weights)[0], np.diag([8.0, -3.0]))
    assert dl.unbalancedness(weights) == pytest.approx(np.hypot(8.0, 3.0))
    target = np.diag([4.0, 5.0])
    assert dl.deficiency_margin(weights, target) == pytest.approx(4.0 - np.hypot(1.0, 3.0))
    with pytest.raises(tw.InputError, match=r"the shape of Wᴺ⋯W¹, \(2, 2\), got \(3, 2\)"):
        dl.deficiency_margin(weights, np.ones((3, 2)))


@pytest.mark.parametrize("widths", [(3, 2), (3, 4, 2), (3, 4, 5, 2)])
def test_the_tangent_kernel_is_that_of_automatic_differentiation(widths):
    weights, x = dl.small_gaussian(widths, 1.0), np.random.default_rng(1).standard_normal((5, 3))
    layout = Layout.of(weights)
    with jax.enable_x64(True):

        def outputs_of(flat):
            return (x @ dl.end_to_end(layout.unflatten(flat)).T).T.ravel()

        outputs = jax.jit(jax.jacobian(outputs_of))(layout.flatten(weights))
    jacobian = np.asarray(outputs)
    kernel = dl.tangent_kernel(weights, x)
    np.testing.assert_allclose(kernel, jacobian @ jacobian.T, atol=1e-12)
    assert dl.kernel_change(kernel, 3.0 * kernel) == pytest.approx(2.0)
    assert dl.kernel_distance(kernel, 3.0 * kernel) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(tw.InputError, match="samples in rows of 3 values"):
        dl.tangent_kernel(weights, x.T)


def run_losses(task, weights, rate, count):
    """The excess loss at every step of gradient descent."""
    target = np.asarray(task.yx)

    def step(state, _):
        loss = 0.5 * jnp.sum((dl.end_to_end(state) - target) ** 2)
        return rule.step(0, state), loss

    with jax.enable_x64(True):
        rule = as_arrays(dl.GradientDescent(task, tuple([3] * (len(weights) + 1)), rate))
        start = jax.tree.map(jnp.asarray, weights)
        return np.asarray(jax.lax.scan(step, start, None, length=count)[1])


@pytest.mark.parametrize("depth", [2, 3])
def test_where_the_guarantee_holds_descent_keeps_its_promise(depth):
    target = np.diag([1.0, 0.9, 0.8])
    task = dl.Covariances(target)
    start = dl.balanced((3,) * (depth + 1), product=0.85 * target)
    unknown = dl.convergence_guarantee(task, start, 1.0)
    c, size = 0.8 - 0.15 * np.linalg.norm(target), np.linalg.norm(target)
    assert unknown.margin == pytest.approx(c)
    assert not unknown.holds
    assert [name for name, ok in unknown.conditions.items() if not ok] == ["learning rate"]
    limit = c ** ((4 * depth - 2) / depth) / (6144 * depth**3 * size ** ((6 * depth - 4) / depth))
    assert unknown.allowed_rate == pytest.approx(limit)
    balance = c**2 / (256 * depth**3 * size ** (2 * (depth - 1) / depth))
    assert unknown.allowed_imbalance == pytest.approx(balance)
    guarantee = dl.convergence_guarantee(task, start, 0.999 * limit)
    assert guarantee.holds
    losses = run_losses(task, start, 0.999 * limit, 2000)
    assert guarantee.loss == pytest.approx(losses[0])
    assert dl.measured_rate(losses) > guarantee.rate > 0.0
    fast = run_losses(task, start, 0.05, 2000)
    promised = dl.convergence_guarantee(task, start, 0.05).rate
    assert dl.measured_rate(fast) > promised
    steps = guarantee.steps_to(1e-3 * guarantee.loss)
    assert steps == int(np.ceil(np.log(1e3) / guarantee.rate))


def test_each_hypothesis_can_fail_and_is_told():
    target = np.diag([1.0, 0.9, 0.8])
    task, good = dl.Covariances(target), dl.balanced((3, 3, 3), product=0.85 * target)
    far = dl.convergence_guarantee(task, dl.balanced((3, 3, 3), 0.01), 1e-9)
    assert far.margin < 0.0
    assert far.conditions["deficiency margin"] is False
    assert far.rate == 0.0
    lopsided = dl.convergence_guarantee(task, (2.0 * good[0], 0.5 * good[1]), 1e-9)
    assert [name for name, ok in lopsided.conditions.items() if not ok] == ["approximate balance"]
    with pytest.raises(tw.InputError, match=r"does not hold(.|\n)*approximate balance.*fails"):
        lopsided.steps_to(0.1)
    narrow = dl.convergence_guarantee(task, dl.small_gaussian((3, 2, 3)), 1e-9)
    assert narrow.conditions["hidden widths"] is False
    assert narrow.table()[1][-1] == ["hidden widths", "2 >= 3", "fails"]
    keeps_the_protocol(narrow)
    with pytest.raises(tw.InputError, match="convergence theorem holds for white inputs"):
        dl.convergence_guarantee(dl.Covariances(target, 2 * np.eye(3)), good, 0.1)
    with pytest.raises(tw.InputError, match="two positive values"):
        dl.measured_rate([0.0, 0.0])
