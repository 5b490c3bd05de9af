"""Dense, modern and continuous memories: attention, known retrieval errors, falling energies."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.dynamics import DenseSpins
from thalweg.energies import (
    ContinuousHopfield,
    DenseAssociative,
    Hopfield,
    LagrangianHopfield,
    LogSumExp,
    ModernHopfield,
    half_rectified_square,
    half_square,
    log_cosh,
)
from thalweg.models.hopfield import GradedNeurons, hebb

RNG = np.random.default_rng(0)
PATTERNS = RNG.choice([-1.0, 1.0], (6, 20)).astype(np.float32)
X = RNG.standard_normal(20).astype(np.float32)


def test_the_modern_update_is_attention():
    memory = ModernHopfield(PATTERNS, 0.5)
    energy, retrieve = eqx.filter_jit(memory), eqx.filter_jit(memory.retrieve)
    scores = PATTERNS @ X / 0.5
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    new = retrieve(X)
    np.testing.assert_allclose(new, weights @ PATTERNS, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(eqx.filter_jit(memory.attention)(X), weights, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(X - jax.jit(jax.grad(memory))(X), new, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(retrieve(np.stack([X, -X]))[0], new, rtol=1e-6)
    with jax.enable_x64(True):
        x = np.asarray(X, np.float64)
        energies = [float(energy(x))]
        for _ in range(5):
            x = retrieve(x)
            energies.append(float(energy(x)))
    assert np.all(np.diff(energies) <= 1e-12)


def test_one_step_retrieves_as_well_as_is_known():
    """2,000 Gaussian patterns of norm √d, d = 64, noise 0.3: median relative errors by β."""
    rng = np.random.default_rng(1)
    stored = rng.standard_normal((2000, 64))
    stored *= 8.0 / np.linalg.norm(stored, axis=1, keepdims=True)
    queries = stored[:500] + 0.3 * rng.standard_normal((500, 64))
    with jax.enable_x64(True):
        for inverse, low, high in ((0.125, 0.42, 0.52), (0.25, 0.7e-3, 2.8e-3), (0.5, 1e-8, 1e-7)):
            found = np.asarray(ModernHopfield(stored, 1.0 / inverse).retrieve(queries))
            errors = np.linalg.norm(found - stored[:500], axis=1) / 8.0
            assert low < np.median(errors) < high


@pytest.mark.long
def test_dense_memories_descend_and_hold_more_than_hebb():
    quadratic = DenseAssociative(PATTERNS, power=2)
    spins = PATTERNS[0] * np.where(np.arange(20) < 4, -1, 1).astype(np.float32)
    hebbian = hebb(PATTERNS)
    gap = [float(quadratic(s)) - float(hebbian(s)) for s in (spins, PATTERNS[1])]
    assert gap[0] == pytest.approx(gap[1], rel=1e-5)
    many = RNG.choice([-1.0, 1.0], (40, 20)).astype(np.float32)
    wrong = {}
    for name, memory in {
        "hebb": DenseAssociative(many, power=2),
        "quartic": DenseAssociative(many, "rectified", power=6),
        "exponential": DenseAssociative(many, "exponential"),
    }.items():
        step = eqx.filter_jit(DenseSpins(memory).step)
        ends = []
        for pattern in many[:10]:
            after = step(0, pattern)
            assert float(memory(after)) <= float(memory(pattern)) + 1e-3
            ends.append(np.sum(np.asarray(after) != pattern))
        wrong[name] = np.sum(ends)
    assert wrong["exponential"] <= wrong["quartic"] < wrong["hebb"]


@pytest.mark.long
def test_lagrangians_give_the_modern_network_and_their_own_activations():
    weights = RNG.standard_normal((5, 20)).astype(np.float32)
    by_lagrangian = LagrangianHopfield(LogSumExp(0.5), PATTERNS)
    memory = ModernHopfield(PATTERNS, 0.5)
    assert float(by_lagrangian(X)) == pytest.approx(float(memory(X)), rel=1e-5)
    activations = (
        (log_cosh, np.tanh),
        (half_rectified_square, lambda z: np.maximum(z, 0)),
        (half_square, lambda z: z),
    )
    for lagrangian, activation in activations:
        energy = LagrangianHopfield(lagrangian, weights, visible_bias=0.3, hidden_bias=-0.2)
        expected = X - 0.3 - weights.T @ activation(weights @ X - 0.2)
        np.testing.assert_allclose(jax.jit(jax.grad(energy))(X), expected, rtol=1e-4, atol=1e-4)
    curvature = jax.jit(jax.grad(jax.grad(lambda z: log_cosh(z[None]))))(np.float32(0.0))
    assert float(curvature) == pytest.approx(1.0)
    assert np.isfinite(float(log_cosh(jnp.full(3, 500.0))))


@pytest.mark.parametrize(("dtype", "far"), [(np.float32, 40.0), (np.float64, 300.0)])
def test_graded_neurons_descend_where_tanh_is_saturated(dtype, far):
    with jax.enable_x64(True):
        flow = GradedNeurons(ContinuousHopfield([[0.0, 1.0], [1.0, 0.0]], 0.2 * np.ones(2)))
        descent = flow.as_descent()
        velocity, downhill = (eqx.filter_jit(rule.velocity) for rule in (flow, descent))
        for size in (0.0, 7.0, 8.0, 19.0, far):
            x = np.array([size, -size / 2], dtype)
            expected, found = np.asarray(velocity(0.0, x)), np.asarray(downhill(0.0, x))
            assert found.dtype == dtype
            np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(dtype).eps)
        curvature = jax.jit(jax.hessian(flow.energy))(np.array([1.5, -0.5]))
        slope = jax.jit(jax.jacfwd(lambda x: descent.geometry.flat(x, -flow.velocity(0.0, x))))
        np.testing.assert_allclose(curvature, slope(np.array([1.5, -0.5])), rtol=1e-12)


def test_negative_overlaps_count_in_odd_powers_unless_they_are_rectified():
    memory, state = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, 1.0]]), np.array([1.0, 1.0, -1.0])
    # The overlaps are 1/3 and −1.
    plain, rectified = (
        DenseAssociative(memory, power=3),
        DenseAssociative(memory, "rectified", power=3),
    )
    assert float(plain(state)) == pytest.approx(1.0 - 1 / 27, rel=1e-6)
    assert float(rectified(state)) == pytest.approx(-1 / 27, rel=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("interaction", ["polynomial", "rectified"])
@pytest.mark.parametrize("power", [3, 14, 30])
def test_high_powers_neither_overflow_nor_lose_the_order(interaction, power):
    """784 spins in single precision: 784¹⁴ is beyond its range, (28/784)³⁰ below it."""
    rng = np.random.default_rng(3)
    stored = rng.choice([-1.0, 1.0], (4, 784)).astype(np.float32)
    memory = DenseAssociative(stored, interaction, power=power)
    turned = stored[0] * np.where(np.arange(784) < 80, -1, 1).astype(np.float32)
    np.testing.assert_array_equal(DenseSpins(memory).step(0, turned), stored[0])
    exact = -sum((int(row @ turned) / 784) ** power for row in stored.astype(int)) * 784 / power
    if interaction == "polynomial":
        assert float(memory(turned)) == pytest.approx(exact, rel=1e-5)
    far = rng.choice([-1.0, 1.0], 784).astype(np.float32)
    z = stored @ far
    closer, farther = np.maximum(z, 0) * 1.01, np.maximum(z, 0) * 0.99
    assert bool(memory.falls(farther, closer))
    assert not bool(memory.falls(closer, farther))


@pytest.mark.long
def test_bytes_and_half_precision_count_as_numbers():
    memory = ModernHopfield([[10.0]])
    assert float(memory(np.array([200], np.uint8))) == 18000.0
    spins = RNG.choice([-1.0, 1.0], (3, 400)).astype(np.float32)
    network, large = hebb(spins), hebb(np.ones((40, 400), np.float32))
    for dtype in (jnp.bfloat16, jnp.float16, np.int8, np.float32):
        x = jnp.asarray(spins[0]).astype(dtype)
        assert float(network(x)) == pytest.approx(float(network(spins[0])), rel=1e-6)
        np.testing.assert_array_equal(network.field(x), network.field(spins[0]))
        assert float(large(jnp.ones(400, dtype))) == pytest.approx(-20.0 * 399, rel=1e-5)
        np.testing.assert_array_equal(np.sign(hebb(x[None]).field(x)), spins[0])


def test_graded_neurons_descend_their_energy_in_its_metric():
    matrix = RNG.standard_normal((4, 4))
    flow = GradedNeurons(ContinuousHopfield(matrix + matrix.T, 0.2 * np.ones(4)), tau=2.0)
    x = np.array([0.3, -0.8, 1.1, 0.05])
    with jax.enable_x64(True):
        expected = (-x + (matrix + matrix.T) @ np.tanh(x) + 0.2) / 2.0
        velocity, downhill = (
            eqx.filter_jit(rule.velocity)(0.0, x) for rule in (flow, flow.as_descent())
        )
        np.testing.assert_allclose(velocity, expected, rtol=1e-12)
        np.testing.assert_allclose(downhill, expected, rtol=1e-10)
        rate = float(np.asarray(jax.jit(jax.grad(flow.energy))(x)) @ expected)
    assert rate == pytest.approx(-2.0 * np.sum((1 - np.tanh(x) ** 2) * expected**2), rel=1e-10)


@pytest.mark.long
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ModernHopfield(PATTERNS[0]), r"patterns must be a matrix \(P, N\), got .*\(20,\)"),
        (lambda: ModernHopfield(PATTERNS, 0.0), "temperature must be positive, got 0.0"),
        (lambda: ModernHopfield(PATTERNS, np.inf), "temperature must be finite, got inf"),
        (lambda: ModernHopfield(PATTERNS).retrieve(X, steps=-1), "steps must be .* got -1"),
        (lambda: ModernHopfield(PATTERNS).retrieve(X, steps=2.5), "steps must be .* got 2.5"),  # type: ignore[arg-type]
        (lambda: ModernHopfield(PATTERNS).retrieve(X[:3]), r"20 entries, .* the shape \(3,\)"),
        (lambda: ModernHopfield(PATTERNS).attention(1.0), r"20 entries, .* the shape \(\)"),
        (lambda: ModernHopfield(np.full((2, 2), np.nan)), "not finite: patterns = nan"),
        (lambda: DenseAssociative(PATTERNS * np.inf), "not finite: patterns"),
        (lambda: Hopfield(np.array([[0, np.nan], [np.nan, 0]])), "not finite: weights.matrix"),
        (lambda: Hopfield(np.zeros((2, 2)), np.inf), "not finite: bias = inf"),
        (lambda: LagrangianHopfield(log_cosh, [[np.nan]]), "not finite: weights = nan"),
        (lambda: DenseAssociative(PATTERNS, power=1), "power must be at least 2, got 1"),
        (lambda: DenseAssociative(PATTERNS, "cubic"), "interaction must be"),  # type: ignore[arg-type]
        (lambda: ContinuousHopfield([[0, 1], [0, 0]]), "weights must be symmetric"),
        (lambda: LagrangianHopfield(3, PATTERNS), "lagrangian must be callable"),  # type: ignore[arg-type]
        (lambda: LagrangianHopfield(log_cosh, X), "weights must be a matrix"),
        (lambda: GradedNeurons(ContinuousHopfield(np.eye(2)), 0.0), "tau must be positive"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()
