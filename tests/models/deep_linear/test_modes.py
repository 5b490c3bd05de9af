"""The change of variables of the worksheet, eqs. 3 to 10: each form maps onto the others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.models.deep_linear import learning_reference as reference

import thalweg as tw
from thalweg.models import deep_linear as dl

TIMES = np.array([0.0, 0.3, 1.0, 3.0, 8.0, 50.0])


def random_task(num_in, num_out, seed=0):
    return dl.Covariances(np.random.default_rng(seed).standard_normal((num_out, num_in)))


def test_the_trajectories_of_equations_3_5_and_6_7_are_one():
    task, widths = random_task(4, 3), (4, 5, 3)
    network = dl.DeepLinearNetwork(task, widths, tau=1.3)
    start, modes = dl.small_gaussian(widths, 0.4), dl.Modes.of(task)
    in_modes = dl.DeepLinearNetwork(modes.covariances(task), widths, tau=1.3)
    original = reference.by_scipy(network, start, TIMES)
    turned = reference.by_scipy(in_modes, modes.to_modes(start), TIMES)
    flow = dl.ModeFlow(modes.strengths, tau=1.3)
    vectors = reference.by_scipy(flow, dl.mode_vectors(modes.to_modes(start)), TIMES)
    for i in range(len(TIMES)):
        here = tuple(w[i] for w in original)
        for w, other in zip(modes.to_modes(here), turned, strict=True):
            np.testing.assert_allclose(w, other[i], atol=1e-9)
        for w, back in zip(here, modes.from_modes(tuple(w[i] for w in turned)), strict=True):
            np.testing.assert_allclose(w, back, atol=1e-9)
        for vector, other in zip(dl.mode_vectors(modes.to_modes(here)), vectors, strict=True):
            np.testing.assert_allclose(vector, other[i], atol=1e-9)


@pytest.mark.long
def test_f_is_the_energy_of_equations_6_and_7():
    rng = np.random.default_rng(1)
    strengths, tau = np.array([3.0, 1.5, 0.2]), 0.7
    with jax.enable_x64(True):
        state = (jnp.asarray(rng.standard_normal((5, 4))), jnp.asarray(rng.standard_normal((3, 4))))
        flow, energy = dl.ModeFlow(strengths, tau), dl.mode_energy(strengths, tau)
        descent = tw.SteepestDescent(energy).velocity(0.0, state)
        for ours, theirs in zip(flow.velocity(0.0, state), descent, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-12)
        a, b = state
        overlap = np.array(a @ b.T)
        own = 0.5 / tau * np.sum((strengths - np.diag(overlap)) ** 2)
        np.fill_diagonal(overlap, 0.0)
        assert float(dl.Cooperation(strengths, tau)(state)) == pytest.approx(own)
        across = 0.5 / tau * np.sum(overlap**2)
        assert float(dl.Competition(tau)(state)) == pytest.approx(across)
        assert float(energy(state)) == pytest.approx(own + across)
        assert float(flow.energy(state)) == pytest.approx(own + across)


@pytest.mark.long
def test_what_each_term_of_f_does_alone():
    start = dl.mode_vectors(dl.small_gaussian((3, 6, 3), 0.5))
    strengths = np.array([2.0, 1.0, 0.5])
    a, b = reference.by_scipy(tw.SteepestDescent(dl.Cooperation(strengths)), start, TIMES)
    np.testing.assert_allclose(np.sum(a[-1] * b[-1], axis=1), strengths, atol=1e-8)
    assert np.abs(a[-1] @ b[-1].T - np.diag(strengths)).max() > 0.05
    a, b = reference.by_scipy(tw.SteepestDescent(dl.Competition()), start, 20 * TIMES)
    overlap = a[-1] @ b[-1].T
    assert np.abs(overlap - np.diag(np.diag(overlap))).max() < 1e-3
    assert np.abs(np.diag(overlap) - strengths).max() > 0.5


def test_aligned_starts_decouple_into_equations_9_and_10():
    task, widths = random_task(4, 3), (4, 5, 3)
    start = dl.orthogonal(task, widths, [[0.1, -0.2, 0.3], [0.4, 0.3, 0.0]])
    a0, b0, r = dl.aligned_modes(task, start)
    np.testing.assert_allclose(np.abs(a0), [0.1, 0.2, 0.3], atol=1e-14)
    np.testing.assert_allclose(a0 * b0, [0.04, -0.06, 0.0], atol=1e-14)
    np.testing.assert_allclose(r @ r.T, np.eye(3), atol=1e-13)
    modes = dl.Modes.of(task)
    first, second = reference.by_scipy(dl.DeepLinearNetwork(task, widths), start, TIMES)
    a, b = reference.by_scipy(dl.DecoupledModes(modes.strengths), (a0, b0), TIMES)
    np.testing.assert_allclose((first @ modes.right)[:, :, :3], r.T * a[:, None, :], atol=1e-9)
    np.testing.assert_allclose(modes.left.T @ second, b[:, :, None] * r, atol=1e-9)
    np.testing.assert_allclose(modes.of_product((first, second)), a * b, atol=1e-9)


def test_unaligned_starts_are_refused_with_the_misfit():
    task = random_task(4, 3)
    with pytest.raises(tw.InputError, match=r"not aligned with the modes.*part by.*overlap by"):
        dl.aligned_modes(task, dl.small_gaussian((4, 5, 3), 0.1))
    with pytest.raises(tw.InputError, match=r"Eqs. 9 and 10.*white inputs"):
        dl.aligned_modes(dl.Covariances(task.yx, 2 * np.eye(4)), dl.small_gaussian((4, 5, 3)))
    with pytest.raises(tw.InputError, match="two layers of weights, got 3"):
        dl.mode_vectors(dl.small_gaussian((4, 5, 5, 3)))


def correlated_task(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((90, 4)) @ (np.eye(4) + 0.3 * rng.standard_normal((4, 4)))
    y = x @ rng.standard_normal((4, 3)) + rng.standard_normal((90, 3))
    return dl.Covariances.from_data(x, y)


def test_whitening_keeps_outputs_and_errors():
    task = correlated_task()
    white, weights = dl.whiten(task), dl.small_gaussian((4, 5, 3), 0.7)
    turned = white.to_white(weights)
    for w, back in zip(weights, white.from_white(turned), strict=True):
        np.testing.assert_allclose(w, back, atol=1e-12)
    with jax.enable_x64(True):
        before = float(dl.squared_error(task, weights))
        assert float(dl.squared_error(white.covariances, turned)) == pytest.approx(
            before, rel=1e-12
        )
    assert white.covariances.least_error() == pytest.approx(task.least_error())
    xx = white.inverse_root @ task.input_covariance() @ white.inverse_root
    np.testing.assert_allclose(xx, np.eye(4), atol=1e-12)


def test_what_stays_true_without_whitening():
    task, widths = correlated_task(), (4, 5, 3)
    network, start = dl.DeepLinearNetwork(task, widths), dl.small_gaussian(widths, 0.5)
    first, second = reference.by_scipy(network, start, TIMES)
    for i in range(len(TIMES)):
        now = dl.imbalances((first[i], second[i]))[0]
        np.testing.assert_allclose(now, dl.imbalances(start)[0], atol=1e-9)
    np.testing.assert_allclose(second[-1] @ first[-1], task.best_map(), atol=1e-6)
    white = dl.whiten(task)
    theirs = dl.DeepLinearNetwork(white.covariances, widths)
    w1, w2 = reference.by_scipy(theirs, white.to_white(start), TIMES)
    learned_white = w2[2] @ w1[2] @ white.inverse_root
    assert np.abs(learned_white - second[2] @ first[2]).max() > 0.05


@pytest.mark.long
def test_shared_input_modes_decouple_with_their_variances():
    rng = np.random.default_rng(5)
    right = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    left = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    s, d = np.array([2.0, 1.0, 1.0]), np.array([1.5, 0.4, 2.0, 0.8])
    task = dl.Covariances((left * s) @ right[:, :3].T, (right * d) @ right.T)
    modes, variances = dl.shared_input_modes(task)
    np.testing.assert_allclose(sorted(variances[1:]), [0.4, 2.0], atol=1e-12)
    start = modes.from_modes((0.3 * np.eye(5, 4), 0.2 * np.eye(3, 5)))
    first, second = reference.by_scipy(dl.DeepLinearNetwork(task, (4, 5, 3)), start, TIMES)
    flow = dl.DecoupledModes(modes.strengths, variances=variances)
    a, b = reference.by_scipy(flow, (np.full(3, 0.3), np.full(3, 0.2)), TIMES)
    product = modes.left.T @ second @ first @ modes.right
    np.testing.assert_allclose(np.einsum("tii->ti", product[:, :, :3]), a * b, atol=1e-9)
    scaled = dl.unbalanced_strengths(s, (0.3 * variances**0.5, 0.2 * variances**0.5), TIMES)
    np.testing.assert_allclose(a * b, scaled[0] * scaled[1] / variances, atol=1e-9)
    with pytest.raises(tw.InputError, match="two modes are coupled by"):
        dl.shared_input_modes(correlated_task())
