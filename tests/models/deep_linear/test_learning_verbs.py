"""The library's own verbs on learning rules: simulate, check_descent, find_equilibria."""

import equinox as eqx
import jax
import numpy as np
import pytest

import thalweg as tw
from thalweg.models import deep_linear as dl

STRENGTH, TAU = 3.0, 0.5


@pytest.mark.long
def test_simulating_the_flow_gives_the_exact_solution():
    task, start = dl.Covariances(np.diag([2.0, 1.0])), dl.balanced((2, 3, 2), 0.3)
    with jax.enable_x64(True):
        run = tw.simulate(
            dl.DeepLinearNetwork(task, (2, 3, 2)), start, duration=6.0, save=13, rtol=1e-9
        )
    product = np.asarray(run.states[1]) @ np.asarray(run.states[0])
    exact = dl.ExactLearning(task, start).product(np.asarray(run.times))
    np.testing.assert_allclose(product, exact, atol=1e-6)


@pytest.mark.long
def test_descent_is_checked_by_the_library():
    task = dl.Covariances(np.array([[2.0, 0.3], [0.1, 1.0]]), np.diag([1.5, 0.5]))
    network = dl.DeepLinearNetwork(task, (2, 1, 2))

    def energy(sign, state):
        return sign * network.energy(state)

    for sign, holds in ((1.0, True), (-1.0, False)):  # an array: both share their programs
        signed = eqx.Partial(energy, np.asarray(sign))
        assert tw.check_descent(network, signed, network.domain).holds is holds


def test_online_learning_runs_and_learns():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 3))
    y = x @ np.diag([2.0, 1.0, 0.5])
    rule = dl.OnlineDescent(x, y, (3, 4, 3), 0.02, key=jax.random.key(1))
    run = tw.simulate(rule, dl.small_gaussian((3, 4, 3), 0.1), steps=3000, save="end")
    learned = dl.end_to_end([np.asarray(w)[-1] for w in run.states])
    np.testing.assert_allclose(learned, np.diag([2.0, 1.0, 0.5]), atol=0.02)


@pytest.mark.long
def test_exercise_six_a_to_c_fixed_points_linearizations_kinds():
    found = tw.find_equilibria(tw.models.DeepLinearMode(STRENGTH, TAU))
    origin = [e for e in found if e.continuum == 0]
    assert len(origin) == 1
    np.testing.assert_allclose(origin[0].state, 0.0, atol=1e-12)
    assert origin[0].kind == "saddle"
    np.testing.assert_allclose(np.real(origin[0].eigenvalues), [STRENGTH / TAU, -STRENGTH / TAU])
    line = [e for e in found if e.continuum == 1]
    assert len(line) >= 2
    for point in line:
        a, b = point.state
        assert a * b == pytest.approx(STRENGTH, abs=1e-10)
        assert point.stable is None
        np.testing.assert_allclose(
            np.sort(np.real(point.eigenvalues)), [-(a**2 + b**2) / TAU, 0.0], atol=1e-9
        )
    assert {np.sign(e.state[0]) for e in line} == {-1.0, 1.0}


@pytest.mark.parametrize("start", [(0.2, -0.1), (-1.5, 0.4), (2.5, 0.01)])
def test_exercise_six_d_where_it_ends_up(start):
    """On the branch of ab = s that its conserved hyperbola a² − b² = κ meets on its side."""
    mode = tw.models.DeepLinearMode(STRENGTH, TAU)
    with jax.enable_x64(True):
        run = tw.simulate(mode, np.array(start), duration=20.0, save=41, rtol=1e-10)
    a, b = np.asarray(run.states).T
    np.testing.assert_allclose(a**2 - b**2, start[0] ** 2 - start[1] ** 2, atol=1e-7)
    closed = dl.unbalanced_strengths(STRENGTH, start, np.asarray(run.times), TAU)
    np.testing.assert_allclose([a, b], closed, atol=1e-7)
    assert a[-1] * b[-1] == pytest.approx(STRENGTH, abs=1e-7)
    assert np.sign(a[-1]) == np.sign(start[0] + start[1])
