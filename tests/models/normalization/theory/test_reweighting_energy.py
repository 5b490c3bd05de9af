"""The energy, in u and in R, and the metric in which the reduced flow is its descent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.models.normalization.reweighting_reference import (
    full_increment,
    random_input,
    reduced_field,
    same_input,
    there,
)

from thalweg.dynamics import SteepestDescent
from thalweg.models.normalization import (
    HeldInput,
    OutputEnergy,
    PoolEnergy,
    ReducedFlow,
    ReducedMap,
    adapt,
    output_metric,
    pool_metric,
    stable_equilibrium,
)


def pool_energy(pool, held):
    """E(u) of theory/normalization.md, term by term."""
    denominator, r, c = held.sigma**2 + pool, held.drive, held.expected
    total = np.sum(r**2 / denominator)
    leak = np.sum(r * (pool - (held.sigma**2 + c) * np.log(denominator)))
    target = held.alpha * np.sum(c * r * np.log(denominator))
    return held.alpha / (2 * held.size) * total**2 + target - held.beta * leak


@pytest.mark.long
@pytest.mark.parametrize("sign", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("silent", [False, True])
def test_steepest_descent_is_the_reduced_flow(sign, silent):
    rng = np.random.default_rng(5)
    held = random_input(rng, 6, sign)
    if silent:
        drive = held.drive.copy()
        drive[2] = 0.0
        held = HeldInput(drive, held.expected, held.alpha, held.beta, held.sigma)
    descent = SteepestDescent(PoolEnergy(held), pool_metric(held))
    with jax.enable_x64(True):
        for _ in range(5):
            pool = rng.uniform(-0.9, 3.0, 6) * held.sigma**2
            field = reduced_field(pool, held)
            scale = np.abs(field).max()
            flow = np.asarray(ReducedFlow(held).velocity(0.0, pool))
            np.testing.assert_allclose(flow, field, rtol=0, atol=1e-13 * scale)
            np.testing.assert_allclose(
                descent.velocity(0.0, jnp.asarray(pool)), field, rtol=0, atol=1e-12 * scale
            )


def test_energy_is_the_one_of_the_theory():
    rng = np.random.default_rng(6)
    held = random_input(rng, 5, 1.0)
    pools = [rng.uniform(0.0, 2.0, 5) for _ in range(3)]
    with jax.enable_x64(True):
        values = [float(PoolEnergy(held)(jnp.asarray(p))) for p in pools]
        by_outputs = [
            float(OutputEnergy(held)(jnp.asarray(held.drive / (held.sigma**2 + p)))) for p in pools
        ]
    np.testing.assert_allclose(values, [pool_energy(p, held) for p in pools], rtol=1e-13)
    np.testing.assert_allclose(by_outputs, values, rtol=1e-12)


def test_descent_in_the_outputs_is_the_same_motion():
    rng = np.random.default_rng(7)
    held = random_input(rng, 5, -1.0)
    pool = rng.uniform(0.0, 2.0, 5)
    output = held.drive / (held.sigma**2 + pool)
    descent = SteepestDescent(OutputEnergy(held), output_metric(held))
    with jax.enable_x64(True):
        velocity = np.asarray(descent.velocity(0.0, jnp.asarray(output)))
    pushed = -(output**2) / held.drive * reduced_field(pool, held)
    np.testing.assert_allclose(velocity, pushed, rtol=1e-11, atol=1e-14 * np.abs(pushed).max())


@pytest.mark.parametrize("sign", [-1.0, 0.0])
def test_energy_is_strictly_convex_in_log_outputs_for_a_leak(sign):
    rng = np.random.default_rng(8)
    held = random_input(rng, 4, sign)

    def in_logs(logs):
        return OutputEnergy(held)(jnp.exp(logs))

    with jax.enable_x64(True):
        hessian = jax.jit(jax.hessian(in_logs))
        lowest = [np.linalg.eigvalsh(hessian(rng.normal(0.0, 1.5, 4)))[0] for _ in range(20)]
    assert min(lowest) > 0.0


def test_weights_do_not_descend_anything_euclidean():
    rng = np.random.default_rng(9)
    held = same_input(rng, 3, 0.05, -0.02)
    first = held.drive / (1.0 + held.drive / 3)
    target, flat, step = np.outer(first, first), rng.uniform(0.5, 1.5, 9), 1e-6
    columns = []
    for unit in np.eye(9):
        high, low = (
            full_increment((flat + s * unit).reshape(3, 3), held.drive, target, 0.05, -0.02, 1.0)
            for s in (step, -step)
        )
        columns.append((high - low).ravel() / (2 * step))
    jacobian = np.array(columns).T
    assert np.abs(jacobian - jacobian.T).max() > 1e-3 * np.abs(jacobian).max()


@pytest.mark.long
def test_the_map_descends_up_to_the_critical_step_and_not_beyond():
    rng = np.random.default_rng(10)
    unit = same_input(rng, 4, 1.0, 0.0)
    output = there(stable_equilibrium(unit)).outputs
    seen = np.diag(output**2 * (output @ unit.drive) / unit.drive) + np.outer(output, output**2)
    critical = 2.0 * 4 / np.linalg.eigvals(seen).real.max()
    rises = {}
    for factor in (0.9, 1.1):
        held = HeldInput(unit.drive, unit.expected, factor * critical, 0.0, 1.0, unit.start)
        start = unit.start + 1e-5 * rng.normal(size=4)
        run = adapt(ReducedMap(held), start, steps=40)
        pools = held.drive / run.outputs - 1.0
        energies = np.array([pool_energy(p, held) for p in pools])
        energies -= pool_energy(unit.start, held)
        rises[factor] = np.any(np.diff(energies) > 1e-14)
        assert (energies[-1] < energies[0]) == (factor < 1.0)
    assert rises == {0.9: False, 1.1: True}


@pytest.mark.long
def test_energy_and_metric_take_a_state_of_either_dtype():
    held = same_input(np.random.default_rng(11), 3, 0.01, 0.02)
    pool = jnp.asarray(held.start, dtype=jnp.float32)
    assert PoolEnergy(held)(pool).dtype == jnp.float32
    assert SteepestDescent(PoolEnergy(held), pool_metric(held)).velocity(0.0, pool).dtype == (
        jnp.float32
    )
