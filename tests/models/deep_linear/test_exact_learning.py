"""The matrix Riccati solution against Diffrax at rtol 1e-11."""

import jax
import numpy as np
import pytest
from tests.models.deep_linear import learning_reference as reference

import thalweg as tw
from thalweg.models import deep_linear as dl

TIMES = np.array([0.0, 0.2, 0.7, 2.0, 5.0, 16.0])
SHAPES = [(3, 3, 3), (5, 4, 3), (3, 4, 6), (6, 3, 4), (4, 16, 7), (7, 2, 7), (1, 5, 1)]


def task_of(widths, seed=0):
    """Random modes with strengths from 3 down to 0.8, learned by the last of TIMES."""
    rng, r = np.random.default_rng([seed, *widths]), min(widths[0], widths[-1])
    left, right = (np.linalg.qr(rng.standard_normal((n, r)))[0] for n in (widths[-1], widths[0]))
    return dl.Covariances((left * np.linspace(3.0, 0.8, r)) @ right.T)


def worst(exact, weights, tau=1.0):
    first, second = reference.two_layers(exact_target(exact), weights, TIMES, tau)
    return max(
        np.abs(exact.product(TIMES) - second @ first).max(),
        np.abs(exact.input_gram(TIMES) - first.mT @ first).max(),
        np.abs(exact.output_gram(TIMES) - second @ second.mT).max(),
    )


def exact_target(exact):
    r = len(exact.modes.strengths)
    return (exact.modes.left[:, :r] * exact.modes.strengths) @ exact.modes.right[:, :r].T


@pytest.mark.long
@pytest.mark.parametrize("widths", SHAPES)
def test_balanced_starts_of_every_shape(widths):
    start = dl.balanced(widths, 0.4)
    exact = dl.ExactLearning(task_of(widths), start)
    assert exact.balance == 0.0
    assert worst(exact, start) < 1e-9


@pytest.mark.long
@pytest.mark.parametrize("widths", SHAPES)
@pytest.mark.parametrize("balance", [2.0, -1.5, 50.0, -50.0])
def test_every_feasible_lambda_balanced_start(widths, balance):
    num_in, hidden, num_out = widths
    product = dl.end_to_end(dl.small_gaussian(widths, 0.3))
    if hidden > (num_out if balance > 0 else num_in):
        with pytest.raises(tw.InputError, match="no λ-balanced start exists"):
            dl.lambda_balanced(product, hidden, balance)
        return
    start = dl.lambda_balanced(product, hidden, balance)
    np.testing.assert_allclose(
        dl.imbalances(start)[0], balance * np.eye(hidden), atol=1e-13 * abs(balance)
    )
    np.testing.assert_allclose(start[1] @ start[0], product, atol=1e-13)
    exact = dl.ExactLearning(task_of(widths), start)
    assert exact.balance == pytest.approx(balance)
    assert worst(exact, start) < 1e-9


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_singular_tasks_make_a_singular_f(rank):
    rng = np.random.default_rng(rank)
    task = dl.Covariances(rng.standard_normal((5, rank)) @ rng.standard_normal((rank, 4)))
    for hidden in (2, 6):
        start = dl.balanced((4, hidden, 5), 0.5)
        assert worst(dl.ExactLearning(task, start), start) < 1e-9


def test_tau_rescales_time():
    start = dl.balanced((5, 4, 3), 0.4)
    assert worst(dl.ExactLearning(task_of((5, 4, 3)), start, tau=2.5), start, tau=2.5) < 1e-9


@pytest.mark.long
def test_width_200_to_full_convergence():
    n, hidden, times = 200, 16, np.array([0.0, 1.0, 4.0, 20.0])
    rng = np.random.default_rng(3)
    left, right = (np.linalg.qr(rng.standard_normal((n, hidden)))[0] for _ in range(2))
    yx = (left * np.linspace(1.5, 3.0, hidden)) @ right.T
    product = rng.standard_normal((n, hidden)) @ rng.standard_normal((hidden, n)) / n
    start = dl.lambda_balanced(product, hidden, 0.5)
    exact = dl.ExactLearning(dl.Covariances(yx), start)
    first, second = reference.two_layers(yx, start, times)
    assert np.abs(exact.product(times) - second @ first).max() < 1e-9
    assert np.abs(exact.product(20.0) - yx).max() < 1e-9


def test_growth_of_every_size_in_one_problem():
    """Strengths from 300 to 1e-3: e^{2 s t} spans 1e-300 to far beyond what a float can hold."""
    s = np.array([300.0, 10.0, 1.0, 1e-3])
    start = dl.orthogonal(dl.Covariances(np.diag(s)), (4, 4, 4), 0.01)
    exact = dl.ExactLearning(dl.Covariances(np.diag(s)), start)
    for t in (0.01, 1.0, 30.0, 1e4, 1e6):
        expected = dl.balanced_strength(s, 1e-4, t)
        np.testing.assert_allclose(exact.strengths(t), expected, rtol=1e-9)
        np.testing.assert_allclose(exact.product(t), np.diag(expected), atol=1e-9)


def test_a_start_without_a_mode_never_learns_it():
    task = task_of((3, 3, 3))
    start = dl.orthogonal(task, (3, 3, 3), [[0.3, 0.0, 0.2]] * 2)
    learned = dl.ExactLearning(task, start).strengths(1e6)
    np.testing.assert_allclose(learned, dl.Modes.of(task).strengths * [1, 0, 1], atol=1e-12)
    still = (np.zeros((3, 3)), np.zeros((3, 3)))
    assert not dl.ExactLearning(task, still).product(5.0).any()


def test_a_narrow_network_learns_the_best_low_rank_map():
    task = task_of((6, 2, 5))
    modes = dl.Modes.of(task)
    best = (modes.left[:, :2] * modes.strengths[:2]) @ modes.right[:, :2].T
    learned = dl.ExactLearning(task, dl.balanced((6, 2, 5), 0.3)).product(1e4)
    np.testing.assert_allclose(learned, best, atol=1e-12)


def test_agrees_with_the_closed_forms_of_aligned_starts():
    task, balance = task_of((4, 3, 3)), 0.7
    b = np.array([0.2, 0.5, 1.0])
    a = np.sqrt(b**2 + balance)
    start = dl.orthogonal(task, (4, 3, 3), [a, b])
    exact = dl.ExactLearning(task, start)
    assert exact.balance == pytest.approx(-balance)
    grown = dl.unbalanced_strengths(dl.Modes.of(task).strengths, (a, b), TIMES)
    np.testing.assert_allclose(exact.strengths(TIMES), grown[0] * grown[1], atol=1e-12)


def test_the_learned_weights_up_to_a_rotation():
    task, start = task_of((5, 4, 3)), dl.balanced((5, 4, 3), 0.4)
    exact = dl.ExactLearning(task, start)
    first, second = exact.weights(TIMES)
    np.testing.assert_allclose(second @ first, exact.product(TIMES), atol=1e-13)
    np.testing.assert_allclose(exact.gram(TIMES)[:, :5, :5], first.mT @ first, atol=1e-13)
    np.testing.assert_allclose(dl.imbalances((first[3], second[3]))[0], 0.0, atol=1e-13)


def test_times_keep_their_shape():
    exact = dl.ExactLearning(task_of((5, 4, 3)), dl.balanced((5, 4, 3), 0.4))
    assert exact.product(1.0).shape == (3, 5)
    assert exact.product(np.ones((2, 3))).shape == (2, 3, 3, 5)
    assert exact.product([]).shape == (0, 3, 5)


def test_the_kernel_along_the_way():
    task, start = (
        task_of((4, 3, 4)),
        dl.lambda_balanced(0.3 * np.eye(4)[:3].T @ np.eye(4)[:3], 3, 1.0),
    )
    exact = dl.ExactLearning(task, start)
    inputs = np.random.default_rng(0).standard_normal((5, 4))
    first, second = reference.two_layers(np.asarray(task.yx), start, TIMES)
    for i, t in enumerate(TIMES):
        along = dl.tangent_kernel_from_grams(exact.input_gram(t), exact.output_gram(t), inputs)
        direct = dl.tangent_kernel((first[i], second[i]), inputs)
        np.testing.assert_allclose(along, direct, atol=1e-8)


def test_conditions_are_refused_with_how_much_they_fail():
    white, start = task_of((5, 4, 3)), dl.balanced((5, 4, 3), 0.4)
    colored = dl.Covariances(white.yx, np.diag([1.0, 1.0, 1.0, 1.0, 1.25]))
    with pytest.raises(tw.InputError, match=r"white inputs.*0\.25.*[Ww]hiten first"):
        dl.ExactLearning(colored, start)
    lopsided = (start[0], 1.5 * start[1])
    with pytest.raises(tw.InputError, match=r"λ-balanced.*departs by"):
        dl.ExactLearning(white, lopsided)
    with pytest.raises(tw.InputError, match="two layers of weights, got 3"):
        dl.ExactLearning(white, dl.balanced((5, 4, 4, 3), 0.4))
    with pytest.raises(tw.InputError, match=r"Σyx has the shape \(3, 5\)"):
        dl.ExactLearning(white, dl.balanced((4, 4, 3), 0.4))
    with pytest.raises(tw.InputError, match="times must be finite and not negative"):
        dl.ExactLearning(white, start).product(-1.0)


def measured_strengths(task, weights, times):
    first, second = reference.by_scipy(reference.TwoLayers(task.yx), weights, times, rtol=1e-9)
    return second @ first, dl.Modes.of(task).of_product((first, second))


@pytest.mark.parametrize("widths", [(6, 16, 5), (5, 5, 5), (6, 3, 5)])
def test_the_error_of_the_small_start_prediction_is_second_order(widths):
    task, times, errors = task_of(widths, seed=1), np.linspace(0.0, 8.0, 81), []
    for scale in (0.04, 0.01):
        start = dl.small_gaussian(widths, scale, jax.random.key(2))
        predicted = dl.predict_small_start(task, start)
        product, _ = measured_strengths(task, start, times)
        errors.append(np.abs(predicted.product(times) - product).max())
        assert 0.0 < predicted.excess < 40 * scale**2
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.4)
    assert errors[-1] < 20 * 0.01**2


def test_effective_strengths_account_for_the_stronger_modes():
    task, times = dl.Covariances(np.diag([4.0, 2.0, 1.0])), np.linspace(0.0, 16.0, 161)
    s, errors, naive = np.array([4.0, 2.0, 1.0]), [], []
    for scale in (1e-2, 1e-4):
        start = dl.small_gaussian((3, 5, 3), scale)
        _, measured = measured_strengths(task, start, times)
        p = 0.5 * (start[0].T + start[1])
        for record, u0 in ((errors, dl.effective_strengths(task, start)), (naive, (p**2).sum(1))):
            record.append(np.abs(dl.balanced_strength(s, u0, times) - measured).max())
    assert errors[0] < 0.25
    assert errors[1] < 0.04 * errors[0]
    assert naive[1] > 0.05
