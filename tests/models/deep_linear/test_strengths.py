"""Closed forms of one mode against Diffrax, published numbers, and each other."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.models.deep_linear import learning_reference as reference

import thalweg as tw
from thalweg.models import deep_linear as dl

TIMES = np.array([0.0, 0.1, 0.5, 2.0, 6.0, 20.0])


class EqualLayers(eqx.Module):
    """τ du/dt = N u^{2−2/N}(s − u) for arrays of (u, s, N)."""

    strength: jax.Array
    depth: jax.Array

    def velocity(self, t, u):
        return self.depth * jnp.abs(u) ** (2 - 2 / self.depth) * (self.strength - u)


@pytest.mark.long
def test_deep_and_balanced_and_shallow_modes_match_simulation():
    cases = np.array(list(itertools.product([1, 2, 3, 4, 5, 8], [2.0, 0.7, 0.0], [0.05, 0.6, 3.0])))
    depths, s, u0 = cases.T
    simulated = reference.run(EqualLayers(s, depths), u0, TIMES)
    for depth in (1, 2, 3, 4, 5, 8):
        rows = depths == depth
        closed = dl.deep_strength(s[rows], u0[rows], TIMES, depth)
        assert closed.shape == (len(TIMES), rows.sum())
        np.testing.assert_allclose(closed, simulated[:, rows], atol=1e-9)


@pytest.mark.long
def test_unbalanced_modes_match_simulation():
    starts = [
        (0.1, 0.4),
        (0.1, -0.4),
        (2.0, 0.01),
        (0.0, 0.3),
        (-3.0, -0.1),
        (0.5, 0.5),
        (0.0, 0.0),
    ]
    cases = np.array([(s, *start) for s in (2.0, 0.3, 0.0) for start in starts])
    s, a, b = cases.T
    simulated = reference.run(dl.DecoupledModes(s), (a, b), TIMES)
    closed = dl.unbalanced_strengths(s, (a, b), TIMES)
    np.testing.assert_allclose(closed[0], simulated[0], atol=1e-9)
    np.testing.assert_allclose(closed[1], simulated[1], atol=1e-9)


def test_the_published_balanced_values():
    expected = [0.18884156, 1.72300223, 2.89324077]
    np.testing.assert_allclose(
        dl.balanced_strength(3.0, 0.01, [0.5, 1.0, 1.5]), expected, atol=5e-9
    )


@given(s=st.floats(0.05, 5.0), a=st.floats(0.5, 3.0), ratio=st.floats(0.01, 0.95))
def test_the_hyperbolic_form_is_the_same_curve(s, a, ratio):
    """(z − z₊)/(z − z₋) = K e^{−√(κ² + 4s²) t} for z = b/a, as the theory page states it."""
    b, t = ratio * a, np.array([0.3, 1.0, 3.0])
    kappa = a**2 - b**2
    root = np.hypot(kappa, 2 * s)
    upper, lower = (-kappa + root) / (2 * s), (-kappa - root) / (2 * s)
    decay = (ratio - upper) / (ratio - lower) * np.exp(-root * t)
    z = (upper - lower * decay) / (1 - decay)
    first, second = dl.unbalanced_strengths(s, (a, b), t)
    np.testing.assert_allclose(second / first, z, rtol=1e-9)
    np.testing.assert_allclose(first**2 - second**2, kappa, rtol=1e-9)


@given(s=st.floats(0.0, 10.0), a=st.floats(0.0, 3.0), t=st.floats(0.0, 100.0))
@example(s=5e-324, a=1.0, t=0.0)
def test_equal_layers_are_a_case_of_unequal_ones(s, a, t):
    first, second = dl.unbalanced_strengths(s, (a, a), t)
    np.testing.assert_allclose(
        first * second, dl.balanced_strength(s, a * a, t), rtol=1e-10, atol=1e-300
    )


def test_everything_is_learned_at_large_times_and_nothing_overflows():
    s = np.array([1e3, 3.0, 1e-2])
    for depth in (1, 2, 3, 6):
        np.testing.assert_allclose(dl.deep_strength(s, 0.5, 1e8, depth), s, rtol=1e-12)
    assert dl.balanced_strength(7.0, 0.0, 1e3) == 0.0
    first, second = dl.unbalanced_strengths(s, (2.0, -0.5), 1e8)
    np.testing.assert_allclose(first * second, s, rtol=1e-12)
    np.testing.assert_allclose(first**2 - second**2, 3.75, rtol=1e-9)


def test_the_origin_attracts_along_its_stable_line_exactly():
    first, second = dl.unbalanced_strengths(3.0, (-1.0, 1.0), [1.0, 10.0, 1e4])
    np.testing.assert_array_equal(first, -second)
    assert abs(second[1]) < 1e-12
    assert second[2] == 0.0


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7])
def test_learning_time_inverts_the_curve(depth):
    for s, start, target in (
        (3.0, 0.01, 2.9),
        (0.5, 0.2, 0.3),
        (1.0, 40.0, 1.001),
        (0.0, 2.0, 0.1),
    ):
        time = dl.learning_time(s, start, target, depth, tau=1.7)
        reached = dl.deep_strength(s, start, time, depth, tau=1.7)
        np.testing.assert_allclose(reached, target, rtol=1e-10)
    saxe = 1.0 / (2 * 3.0) * np.log(2.9 * (3.0 - 0.01) / (0.01 * (3.0 - 2.9)))
    np.testing.assert_allclose(dl.learning_time(3.0, 0.01, 2.9), saxe, rtol=1e-13)


def test_a_start_far_above_its_target_keeps_its_precision():
    """u ≫ s forgets s: c^{−(2N−2)} grows linearly, with a relative correction of order s/u."""
    for depth in (3, 5):
        fade, t = 2 - 2 / depth, 1e-14
        free = (1e9**-fade + depth * fade * t) ** (-1 / fade)
        np.testing.assert_allclose(dl.deep_strength(1.0, 1e9, t, depth), free, rtol=1e-6)


def test_bad_input_is_named():
    with pytest.raises(tw.InputError, match=r"start must not be negative.*unbalanced_strengths"):
        dl.balanced_strength(1.0, -0.1, 1.0)
    with pytest.raises(tw.InputError, match="depth must be a positive integer, got 0"):
        dl.deep_strength(1.0, 0.1, 1.0, 0)
    with pytest.raises(tw.InputError, match="times must be finite and not negative"):
        dl.shallow_strength(1.0, 0.0, [-1.0])
    with pytest.raises(tw.InputError, match=r"never reached from start 0.1 towards strength 1"):
        dl.learning_time(1.0, 0.1, 1.5)
    with pytest.raises(tw.InputError, match="tau must be a finite number above zero"):
        dl.balanced_strength(1.0, 0.1, 1.0, tau=0.0)
    with pytest.raises(tw.InputError, match="must be finite, got a NaN"):
        dl.unbalanced_strengths(np.nan, (0.1, 0.1), 1.0)
