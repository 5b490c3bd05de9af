"""Diffusions and kernels against closed forms; the same key, the same run; bad input."""

import itertools
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.simulation.rules_to_simulate import (
    Counter,
    GeometricNoise,
    LinearNoise,
    Logistic,
    rotation,
)

import thalweg as tw
from thalweg.core.ensembles import lane_keys
from thalweg.dynamics import GlauberSpins, RandomOrderSpins
from thalweg.energies import Hopfield
from thalweg.simulation import EulerMaruyama, Milstein

KEY = jax.random.key(3)
TREE = {"a": np.array([1.0, -1.0]), "b": np.array([[0.5]])}


def ends(rule: Any, start: Any, count: int, **how: Any) -> np.ndarray:
    """The last states of runs with keys of their own."""

    def one(key):
        return tw.simulate(rule, start, key=key, save="end", throw=False, **how).final

    return np.asarray(jax.jit(jax.vmap(one))(lane_keys(KEY, count)))


def test_ornstein_uhlenbeck_has_the_mean_and_variance_of_its_steps():
    """x⁺ = (1 − λ dt) x + σ √dt ξ, so both are known exactly, by standard errors over lanes."""
    rate, level, dt, steps, lanes = 1.5, 0.7, 0.2, 8, 20_000
    x = ends(LinearNoise(rate, level), 2.0, lanes, steps=steps, dt=dt)
    shrink = 1 - rate * dt
    variance = level**2 * dt * (1 - shrink ** (2 * steps)) / (1 - shrink**2)
    assert abs(x.mean() - 2.0 * shrink**steps) < 4 * np.sqrt(variance / lanes)
    assert abs(x.var() - variance) < 4 * variance * np.sqrt(2 / lanes)
    # The skew and the excess of a normal distribution vanish.
    z = (x - x.mean()) / x.std()
    assert abs(np.mean(z**3)) < 4 * np.sqrt(6 / lanes)
    assert abs(np.mean(z**4) - 3) < 4 * np.sqrt(24 / lanes)


def test_ornstein_uhlenbeck_comes_to_its_stationary_variance():
    rate, level, dt, lanes = 1.5, 0.7, 0.2, 20_000
    x = ends(LinearNoise(rate, level), 0.0, lanes, steps=60, dt=dt)
    variance = level**2 / (rate * (2 - rate * dt))
    assert abs(x.var() - variance) < 4 * variance * np.sqrt(2 / lanes)


def test_a_matrix_mixes_the_processes_of_all_leaves():
    """The covariance of one step is dt G Gᵀ; rows of two leaves share the processes."""
    mixing = np.array([[0.5, -0.2], [0.1, 0.4], [0.3, 0.3]])
    rule = LinearNoise(0.0, {"a": mixing[:2], "b": mixing[2:, None]})
    dt, lanes = 0.1, 20_000

    def one(key):
        run = tw.simulate(rule, TREE, steps=1, dt=dt, key=key, save="end")
        return jnp.concatenate([run.final["a"] - TREE["a"], run.final["b"][0] - TREE["b"][0]])

    x = np.asarray(jax.jit(jax.vmap(one))(lane_keys(KEY, lanes)))
    exact = dt * mixing @ mixing.T
    size = np.sqrt(np.diag(exact))
    error = np.sqrt((np.outer(size, size) ** 2 + exact**2) / lanes)
    assert np.all(np.abs(x.T @ x / lanes - exact) < 4.5 * error)
    assert np.all(np.abs(exact) > 10 * error)  # so that a mixed-up row would be seen


@pytest.mark.long
@pytest.mark.parametrize(
    "level", [0.5, np.array([0.5, 0.5]), np.eye(2) * 0.5], ids=["number", "diagonal", "matrix"]
)
def test_noise_of_every_shape_has_its_variance(level):
    x = ends(LinearNoise(0.0, level), np.zeros(2), 8000, steps=4, dt=0.25)
    exact = 0.25 * np.eye(2)
    assert np.all(np.abs(x.T @ x / 8000 - exact) < 4.5 * 0.25 * np.sqrt((1 + np.eye(2)) / 8000))


@pytest.mark.long
def test_geometric_brownian_motion_converges_to_its_path():
    """Euler–Maruyama and Milstein at the dt of one path, whose increments a fine run adds up."""
    rule, fine, lanes = GeometricNoise(), 2**-6, 400
    errors = {}
    for method in (EulerMaruyama(fine), Milstein(fine), Milstein(4 * fine)):
        dt = method.step_size
        steps = round(1 / dt)

        def one(key, method=method, dt=dt, steps=steps):
            path = tw.simulate(LinearNoise(0.0, 1.0), 0.0, steps=steps, dt=dt, key=key).states[-1]
            exact = jnp.exp((rule.growth_rate - rule.level**2 / 2) + rule.level * path)
            return tw.simulate(rule, 1.0, steps=steps, method=method, key=key).states[-1] - exact

        with jax.enable_x64(True):
            found = np.asarray(jax.jit(jax.vmap(one))(lane_keys(KEY, lanes)))
        errors[type(method).__name__, dt] = np.sqrt(np.mean(found**2))
    assert errors["Milstein", fine] < 0.25 * errors["EulerMaruyama", fine]
    ratio = errors["Milstein", 4 * fine] / errors["Milstein", fine]
    assert 3.0 < ratio < 5.0  # of first order


@pytest.mark.long
def test_diffrax_makes_the_same_path_of_the_same_increments():
    """An independent loop: Diffrax's own solve, on the Brownian path that thalweg drew."""
    rule, dt, steps = LinearNoise(1.3, np.array([0.4, 0.8])), 0.1, 12
    with jax.enable_x64(True):
        start = np.array([1.0, -2.0])
        free = tw.simulate(LinearNoise(0.0, 1.0), np.zeros(2), steps=steps, dt=dt, key=KEY)
        run = tw.simulate(rule, start, steps=steps, dt=dt, key=KEY)
        path = diffrax.LinearInterpolation(jnp.asarray(free.times), jnp.asarray(free.states))
        noise = diffrax.ControlTerm(lambda t, y, args: jnp.diag(rule.level), path)
        terms = diffrax.MultiTerm(diffrax.ODETerm(lambda t, y, args: -rule.rate * y), noise)
        save = diffrax.SaveAt(t0=True, steps=True)
        solved = diffrax.diffeqsolve(
            terms, diffrax.Euler(), 0.0, dt * steps, dt, jnp.asarray(start), saveat=save,
            max_steps=steps,
        )  # fmt: skip
    assert solved.ys is not None
    np.testing.assert_allclose(run.states, np.asarray(solved.ys)[: steps + 1], rtol=1e-12)


def test_late_steps_are_as_long_as_early_ones():
    """In float32 a late t + dt − t is not dt: the drift of a step must not notice."""
    rule = LinearNoise(1.0, 0.0)
    late = tw.simulate(rule, np.float32(1.0), steps=50, dt=0.01, t0=1e5, key=KEY)
    np.testing.assert_allclose(late.final, 0.99**50, rtol=1e-5)


@pytest.mark.long
def test_the_same_key_gives_the_same_run_however_it_is_run():
    rule, keys = LinearNoise(1.0, 0.5), lane_keys(KEY, 5)
    spins = RandomOrderSpins(Hopfield(np.ones((6, 6)) - np.eye(6)))
    start = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])

    def diffuse(key):
        return tw.simulate(rule, np.array([1.0, 2.0]), steps=20, dt=0.1, key=key).states

    def draw(key):
        return tw.simulate(spins, start, steps=3, key=key).states

    for fn, atol in ((diffuse, 1e-6), (draw, 0.0)):
        plain = [np.asarray(fn(key)) for key in keys]
        np.testing.assert_array_equal(fn(keys[0]), plain[0])
        np.testing.assert_allclose(jax.jit(fn)(keys[1]), plain[1], rtol=0, atol=atol)
        np.testing.assert_allclose(jax.vmap(fn)(keys), plain, rtol=0, atol=atol)
        np.testing.assert_allclose(tw.ensemble(fn, keys, chunk=2), plain, rtol=0, atol=atol)
    assert not np.allclose(diffuse(keys[0])[-1], diffuse(keys[1])[-1])


def test_saving_less_saves_the_same_states():
    rule = LinearNoise(1.0, 0.5)
    every = tw.simulate(rule, 1.0, duration=2.0, dt=0.1, key=KEY)
    some = tw.simulate(rule, 1.0, duration=2.0, dt=0.1, key=KEY, save=5)
    np.testing.assert_array_equal(some.states, every.states[::5])
    np.testing.assert_allclose(every.times, np.arange(21) * 0.1, rtol=1e-6)
    assert every.evaluations == 20


def test_a_gradient_is_that_of_the_path():
    """x_n is linear in the strength of the noise and in the start."""

    def end(start, level):
        return tw.simulate(LinearNoise(1.0, level), start, steps=10, dt=0.1, key=KEY).final

    with jax.enable_x64(True):
        value = end(2.0, 0.5)
        by_start, by_level = jax.jit(jax.grad(end, argnums=(0, 1)))(2.0, 0.5)
        forward = jax.jit(jax.jacfwd(end, argnums=1))(2.0, 0.5)
        by_start, by_level, forward = map(np.asarray, (by_start, by_level, forward))
    np.testing.assert_allclose(by_start, 0.9**10, rtol=1e-12)
    np.testing.assert_allclose(2.0 * by_start + 0.5 * by_level, value, rtol=1e-12)
    np.testing.assert_allclose(forward, by_level, rtol=1e-12)


@pytest.mark.long
def test_glauber_spins_follow_their_transition_matrix():
    """Of a sweep: N visits at random spins, each a heat bath; by standard errors."""
    matrix, bias = np.array([[0, 0.8, -0.5], [0.8, 0, 0.3], [-0.5, 0.3, 0]]), [0.4, -0.2, 0.1]
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))
    visit = np.zeros((8, 8))
    for i, x in enumerate(states):
        for spin in range(3):
            up = 1 / (1 + np.exp(-2 * (matrix[spin] @ x + bias[spin]) / 0.7))
            for new, chance in ((1.0, up), (-1.0, 1 - up)):
                y = x.copy()
                y[spin] = new
                visit[i, int(((y + 1) / 2) @ [4, 2, 1])] += chance / 3
    exact = np.linalg.matrix_power(visit, 3)
    rule, lanes = GlauberSpins(Hopfield(matrix, bias), 0.7), 4000

    def one(start, key):
        return tw.simulate(rule, start, steps=2, key=key, save=[1, 2]).states

    runs = jax.jit(jax.vmap(jax.vmap(one, (None, 0)), (0, None)))(states, lane_keys(KEY, lanes))
    index = np.asarray(((runs + 1) / 2) @ np.array([4, 2, 1])).astype(int)
    for step in (0, 1):
        expected = np.linalg.matrix_power(exact, step + 1)
        shares = np.stack([(index[:, :, step] == k).mean(axis=1) for k in range(8)], axis=1)
        error = np.sqrt(expected * (1 - expected) / lanes)
        assert np.all(np.abs(shares - expected) < 4.5 * error)


@pytest.mark.long
def test_a_kernel_with_memory_keeps_it():
    run = tw.simulate(Counter(), 0.0, steps=30, key=KEY)
    assert set(np.abs(np.diff(run.states))) == {1.0}
    assert run.times.tolist() == list(range(31))
    rule, carry = Counter(), Counter().init(jnp.zeros(()))
    for index in range(30):
        carry, _ = rule.step(jax.random.fold_in(KEY, index), index, carry)
    assert carry[0] == run.final
    assert 2 * carry[1] - 30 == run.final
    one = tw.simulate(Counter(), 0.0, steps=1, key=KEY).final
    assert rule.draw(jax.random.fold_in(KEY, 0), 0, jnp.zeros(())) == one


def test_long_runs_do_not_depend_on_where_they_pause(monkeypatch):
    whole = tw.simulate(Counter(), 0.0, steps=60, key=KEY)
    monkeypatch.setattr("thalweg.simulation.stepping.first_budget", lambda state: 7)
    parts = tw.simulate(Counter(), 0.0, steps=60, key=KEY)
    np.testing.assert_array_equal(whole.states, parts.states)


def test_a_new_value_or_key_compiles_nothing(count_compiles):
    tw.simulate(LinearNoise(1.0, 0.5), 1.0, steps=10, dt=0.1, key=jax.random.key(0), save="end")
    other = jax.random.key(1)
    with count_compiles() as compiled:
        tw.simulate(LinearNoise(2.0, 0.1), 3.0, steps=12, dt=0.2, key=other, save="end")
    assert compiled.count == 0


def test_a_run_says_what_it_is():
    lines = str(tw.simulate(Counter(), 0.0, steps=3, key=KEY)).splitlines()
    assert lines[0] == "Trajectory of Counter (kernel): 4 points to step 3"
    run = tw.simulate(LinearNoise(), 0.0, duration=1.0, dt=0.5, key=KEY)
    assert str(run).startswith("Trajectory of LinearNoise (diffusion): 3 points to t = 1\n")


def test_a_run_that_leaves_the_finite_says_where():
    with pytest.raises(tw.DivergenceError, match=r"left the finite in step .*take shorter steps"):
        tw.simulate(LinearNoise(-1e6, 0.5), 1.0, steps=100, dt=1.0, key=KEY)


OU: Any = LinearNoise()
BAD: list[tuple[Any, Any, dict[str, Any], str]] = [
    (OU, 1.0, {"dt": 0.1}, "LinearNoise is a diffusion, which draws random numbers: give key="),
    (Counter(), 1.0, {}, "Counter is a kernel, which draws random numbers: give key="),
    (Logistic(), 0.5, {"key": KEY}, "Logistic, a map, draws none. Leave it out"),
    (rotation(), [1.0, 0.0], {"key": KEY}, "Linear, a flow, draws none"),
    (OU, 1.0, {"key": KEY}, "is a diffusion, so give dt=…, the length of its steps"),
    (OU, 1.0, {"key": 3, "dt": 0.1}, r"key must be one key, such as jax.random.key\(0\), got 3"),
    (OU, 1.0, {"key": jax.random.split(KEY), "dt": 0.1}, r"got an array of shape \(2,\)"),
    (OU, 1.0, {"key": KEY, "dt": 0.1, "rtol": 1e-3}, "rtol is for flows"),
    (OU, 1.0, {"key": KEY, "dt": 0.1, "until": "settled"}, "until is for rules without chance"),
    (OU, 1.0, {"key": KEY, "method": tw.simulation.Euler(0.1)}, "method must be EulerMaruyama"),
    (rotation(), [1.0, 0.0], {"method": Milstein(0.1)}, r"method must be Adaptive\(\)"),
    (OU, 1.0, {"key": KEY, "dt": -0.1}, "EulerMaruyama: dt must be a positive number"),
    (OU, 1.0, {"key": KEY, "method": Milstein(0.1), "dt": 0.1}, "exactly one of the two"),
    (Counter(), 1.0, {"key": KEY, "dt": 0.1}, "dt is for flows and diffusions, and Counter"),
    (LinearNoise(1.0, np.ones(3)), np.ones(2), {"key": KEY, "dt": 0.1}, "noise must be a number"),
    (LinearNoise(1.0, {"c": 1.0}), TREE, {"key": KEY, "dt": 0.1}, "have the structure of the st"),
]


@pytest.mark.long
@pytest.mark.parametrize(("rule", "start", "how", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_named(rule, start, how, message):
    with pytest.raises(tw.InputError, match=message):
        tw.simulate(rule, start, steps=3, **how)


@pytest.mark.long
def test_a_kernel_has_steps_and_no_duration():
    with pytest.raises(tw.InputError, match="Counter is a kernel, so give steps=… instead of dur"):
        tw.simulate(Counter(), 0.0, duration=3.0, key=KEY)
