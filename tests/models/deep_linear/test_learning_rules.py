"""The network as a rule: gradients, steps, online learning, precision, recompilation, bad input."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import thalweg as tw
from thalweg.core.trees import Layout, as_arrays
from thalweg.models import deep_linear as dl


def samples(num_in=4, num_out=3, count=30, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((count, num_in)) @ rng.standard_normal((num_in, num_in))
    return x, x @ rng.standard_normal((num_in, num_out)) + rng.standard_normal((count, num_out))


def error_on(x, y, weights):
    return 0.5 * jnp.mean(jnp.sum((y - x @ dl.end_to_end(weights).T) ** 2, axis=1))


WIDTHS = [(4, 3), (4, 5, 3), (4, 2, 6, 3), (4, 5, 5, 5, 3)]


@pytest.mark.long
@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("white", [True, False])
def test_the_velocity_descends_the_mean_squared_error(widths, white):
    x, y = samples()
    if white:
        x = np.linalg.qr(x)[0] * np.sqrt(len(x))
    task = dl.Covariances.from_data(x, y)
    if white:
        task = dl.Covariances(task.yx, None, task.yy)
    network = dl.DeepLinearNetwork(task, widths, tau=0.6)
    with jax.enable_x64(True):
        state = jax.tree.map(jnp.asarray, dl.small_gaussian(widths, 0.7))
        value, gradient = jax.jit(jax.value_and_grad(lambda w: error_on(x, y, w)))(state)
        energy, velocity = jax.jit(lambda w: (network.energy(w), network.velocity(0.0, w)))(state)
        assert float(energy) == pytest.approx(float(value), rel=1e-12)
        for v, g in zip(velocity, map(np.asarray, gradient), strict=True):
            np.testing.assert_allclose(v, -g / 0.6, atol=1e-12 * float(np.abs(g).max()))


@eqx.filter_jit
def iterate(rule, state, count):
    return jax.lax.fori_loop(0, count, lambda t, s: rule.step(t, s), state)


def many_steps(rule, start, count):
    with jax.enable_x64(True):
        return iterate(as_arrays(rule), jax.tree.map(jnp.asarray, start), jnp.asarray(count))


def test_a_step_is_that_of_optax():
    task, widths = dl.Covariances.from_data(*samples()), (4, 5, 3)
    descent = dl.DeepLinearNetwork(task, widths).descent(0.01)
    with jax.enable_x64(True):
        state = jax.tree.map(jnp.asarray, dl.small_gaussian(widths, 0.5))
        sgd = optax.sgd(0.01)
        slope = jax.jit(jax.grad(descent.energy))(state)
        moves, _ = sgd.update(slope, sgd.init(state))
        for w, move, ours in zip(
            state, jax.tree.leaves(moves), descent.step(0, state), strict=True
        ):
            np.testing.assert_allclose(ours, w + move, atol=1e-14)


def test_descent_with_a_small_step_approximates_the_flow():
    """η steps of time η: the error of Euler's method halves with η."""
    task, widths = dl.Covariances(np.diag([2.0, 1.0])), (2, 3, 2)
    start, errors = dl.balanced(widths, 0.3), []
    exact = dl.ExactLearning(task, start).product(2.0)
    for count in (200, 400):
        descent = dl.GradientDescent(task, widths, 2.0 / count)
        with jax.enable_x64(True):
            end = many_steps(descent, start, count)
            errors.append(np.abs(np.asarray(dl.end_to_end(end)) - exact).max())
    assert errors[0] < 0.02
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.05)


@pytest.mark.long
@pytest.mark.parametrize("batch_size", [1, 4])
def test_online_steps_are_full_batch_steps_on_average(batch_size):
    x, y = samples()
    widths, rate = (4, 5, 3), 1e-3
    online = dl.OnlineDescent(x, y, widths, rate, batch_size=batch_size, key=jax.random.key(3))
    full = dl.GradientDescent(dl.Covariances.from_data(x, y), widths, rate)
    with jax.enable_x64(True):
        state = jax.tree.map(jnp.asarray, dl.small_gaussian(widths, 0.5))
        moved = jax.jit(jax.vmap(lambda t: online.step(t, state)))(jnp.arange(4000))
        assert float(online.energy(state)) == pytest.approx(float(full.energy(state)))
        whole = eqx.filter_jit(full.step)(0, state)
        for many, w, one in zip(*jax.tree.map(np.asarray, (moved, state, whole)), strict=True):
            steps, expected = many - w, one - w
            error = steps.std(axis=0) / np.sqrt(len(steps))
            assert np.abs((steps.mean(axis=0) - expected) / error).max() < 4.5
            assert np.all(steps.std(axis=0) > 0.0)
        again = eqx.filter_jit(online.step)(7, state)
        # Of many at a time a product may be summed in another order.
        np.testing.assert_allclose(again[0], moved[0][7], rtol=0.0, atol=1e-15)


def test_float32_states_stay_float32():
    x, y = samples()
    widths, task = (4, 5, 3), dl.Covariances.from_data(x, y)
    state = tuple(jnp.asarray(w, dtype=jnp.float32) for w in dl.small_gaussian(widths))
    with jax.enable_x64(True):
        state = tuple(jnp.asarray(w, dtype=jnp.float32) for w in state)
        network = dl.DeepLinearNetwork(task, widths)
        online = dl.OnlineDescent(x, y, widths, 0.01)
        descent = network.descent(0.01)
        moved = jax.eval_shape(
            lambda w: (network.velocity(0.0, w), descent.step(0, w), online.step(0, w)), state
        )
        for part in jax.tree.leaves((moved, jax.eval_shape(network.energy, state))):
            assert part.dtype == jnp.float32


def test_a_new_value_does_not_compile_again(count_compiles):
    task, widths = dl.Covariances(np.eye(2)), (2, 2, 2)
    state = jax.tree.map(jnp.float32, dl.small_gaussian(widths))
    step = eqx.filter_jit(lambda network, state: network.velocity(0.0, state))
    networks = [dl.DeepLinearNetwork(task, widths, tau) for tau in (1.0, 2.0, 3.0)]
    step(as_arrays(networks[0]), state)
    with count_compiles() as compiled:
        outputs = [step(as_arrays(network), state) for network in networks]
    assert compiled.count == 0
    np.testing.assert_allclose(outputs[0][0], 2.0 * outputs[1][0], rtol=1e-6)


def test_it_is_a_system_with_names_and_a_domain():
    network = dl.DeepLinearNetwork(dl.Covariances(np.diag([3.0, 1.0])), (2, 1, 2))
    assert network.depth == 2
    assert network.state_names == ("W1[0,0]", "W1[0,1]", "W2[0,0]", "W2[1,0]")
    assert network.domain is not None
    assert network.domain.dimension == 4
    assert network.domain.chart().inside(np.full(4, np.sqrt(3.0)))


@pytest.mark.long
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("white", [True, False])
def test_steps_beyond_the_stable_one_are_refused(depth, white):
    rng = np.random.default_rng(depth)
    yx = rng.standard_normal((3, 3)) + np.eye(3)
    task = dl.Covariances(yx) if white else dl.Covariances(yx, np.diag([2.0, 1.0, 0.5]))
    widths = (3,) * (depth + 1)
    limit = dl.largest_stable_step(task, depth)
    balanced_solution = dl.balanced(widths, product=task.best_map())
    reached = 2.0 / dl.sharpness(task, balanced_solution)
    assert reached <= limit * (1 + 1e-9)
    if white or depth == 1:
        assert reached == pytest.approx(limit, rel=1e-9)
    dl.GradientDescent(task, widths, 0.99 * limit)
    with pytest.raises(tw.InputError, match=r"beyond the largest stable step.*every minimum"):
        dl.GradientDescent(task, widths, 1.01 * limit)


def test_the_stable_step_is_where_descent_stops_converging():
    task, widths = dl.Covariances(np.diag([2.0, 1.0])), (2, 2, 2)
    limit = dl.largest_stable_step(task, 2)
    assert limit == pytest.approx(2.0 / (2 * 2.0))
    near = dl.orthogonal(task, widths, [np.sqrt([2.0, 1.0]) + 1e-3] * 2)
    network = dl.DeepLinearNetwork(task, widths)
    ends = {}
    for factor in (0.98, 1.02):
        rule = tw.GradientStep(network.energy, factor * limit)
        with jax.enable_x64(True):
            ends[factor] = float(network.energy(many_steps(rule, near, 600)))
    assert ends[0.98] < 1e-12
    assert ends[1.02] > 1e-4


def test_sharpness_is_the_top_of_the_hessian():
    task = dl.Covariances.from_data(*samples())
    for widths in ((4, 3, 3), (4, 9, 9, 3)):
        weights = dl.small_gaussian(widths, 0.5)
        flat = Layout.of(weights)
        with jax.enable_x64(True):
            error = jax.jit(jax.hessian(lambda v, to=flat.unflatten: dl.squared_error(task, to(v))))
            hessian = error(jnp.asarray(flat.flatten(weights)))
        top = np.linalg.eigvalsh(np.asarray(hessian))[-1]
        assert dl.sharpness(task, weights) == pytest.approx(top, rel=1e-8)


@pytest.mark.long
def test_bad_input_is_named():
    task = dl.Covariances(np.ones((3, 4)))
    with pytest.raises(tw.InputError, match=r"widths \(4, 5, 2\) must lead from 4 inputs to 3"):
        dl.DeepLinearNetwork(task, (4, 5, 2))
    with pytest.raises(tw.InputError, match="two or more positive integers"):
        dl.DeepLinearNetwork(task, (4, 0, 3))
    with pytest.raises(tw.InputError, match="tau must be a finite number above zero, got -1"):
        dl.DeepLinearNetwork(task, (4, 5, 3), tau=-1.0)
    network = dl.DeepLinearNetwork(task, (4, 5, 3))
    with pytest.raises(tw.InputError, match=r"do not chain: W2 of shape \(3, 4\).*gives 5"):
        network.velocity(0.0, (np.zeros((5, 4)), np.zeros((3, 4))))
    with pytest.raises(tw.InputError, match="do not fit the widths"):
        network.velocity(0.0, (np.zeros((6, 4)), np.zeros((3, 6))))
    with pytest.raises(tw.InputError, match="W1 must be a matrix"):
        dl.imbalances((np.zeros(3), np.zeros((3, 3))))
    with pytest.raises(tw.InputError, match="batch_size must be a positive integer, got 0"):
        dl.OnlineDescent(np.ones((5, 4)), np.ones((5, 3)), (4, 3), 0.1, batch_size=0)
