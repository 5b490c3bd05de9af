"""Langevin's rules: their laws, their metric, the exact linear map of BAOAB on a bowl."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import thalweg as tw
from thalweg.dynamics import Langevin, Phase, Underdamped

TEMPERATURE = 0.7


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


class Bent(eqx.Module):
    """A metric that depends on both coordinates, with a full matrix."""

    def __call__(self, x):
        return jnp.array([[2.0 + x[1] ** 2, x[0] * 0.3], [x[0] * 0.3, 1.0 + x[0] ** 2]])


def stretch(x):
    return 1.0 + x[::-1] ** 2


def tilted(x):
    return jnp.sum(x**4) / 4 + 0.3 * x[0] * x[1] - 0.2 * x[0]


@pytest.mark.long
@pytest.mark.parametrize(
    "geometry",
    [
        tw.Euclidean(),
        tw.ConstantMetric([[2.0, 0.5], [0.5, 1.0]]),
        tw.DiagonalMetric(stretch),
        tw.MetricField(Bent()),
    ],
    ids=lambda g: type(g).__name__,
)
def test_the_law_is_at_rest(geometry):
    """The flux f ρ − ½ ∇·(g gᵀ ρ) of ρ = e^{−E/T} vanishes everywhere: detailed balance."""
    rule = Langevin(tilted, TEMPERATURE, geometry)

    def density(x):
        return jnp.exp(-tilted(x) / TEMPERATURE)

    def spread(x):
        noise = rule.noise(0.0, x)
        matrix = noise if jnp.ndim(noise) == 2 else jnp.diag(jnp.broadcast_to(noise, (2,)))
        return matrix @ matrix.T

    @jax.jit
    def flux(x):
        slope = jax.jacfwd(lambda x: spread(x) * density(x))(x)
        return rule.drift(0.0, x) * density(x) - jnp.trace(slope, axis1=1, axis2=2) / 2

    @jax.jit
    def inverse(x):
        return jax.vmap(lambda e: geometry.sharp(x, e))(jnp.eye(2))

    for x in np.random.default_rng(0).normal(size=(5, 2)):
        np.testing.assert_allclose(flux(x), 0.0, atol=1e-14)
        np.testing.assert_allclose(spread(x), 2 * TEMPERATURE * inverse(x), rtol=1e-12)


@pytest.mark.long
def test_at_zero_temperature_it_is_steepest_descent():
    x = np.array([0.3, -0.8])
    for geometry in (tw.Euclidean(), tw.MetricField(Bent())):
        cold, descent = Langevin(tilted, 0.0, geometry), tw.SteepestDescent(tilted, geometry)
        run = tw.simulate(cold, x, duration=1.0, dt=0.05, key=jax.random.key(0))
        same = tw.simulate(descent, x, duration=1.0, method=tw.simulation.Euler(0.05))
        np.testing.assert_allclose(run.states, same.states, rtol=1e-14)


class Bowl(eqx.Module):
    """λq²/2, its curvature an array."""

    curvature: float

    def __call__(self, q):
        return self.curvature * jnp.sum(q**2) / 2


@eqx.filter_jit
def moments(rule, keys):
    """The matrix of a step, and its shakes for each key: a step from the origin adds them."""

    def step(phase, key):
        return jnp.concatenate(rule.draw(key, 0, Phase(phase[:1], phase[1:])))

    matrix = jax.jacfwd(step)(jnp.zeros(2), keys[0])
    return matrix, jax.vmap(lambda key: step(jnp.zeros(2), key))(keys)


def covariance_at_rest(rule):
    """The solution of Σ = M Σ Mᵀ + Q, M and the directions of the shakes those of the kernel.

    Shakes of normal numbers lie along B ξ; B is the derivative in the shake of the momentum.
    """
    matrix, shakes = moments(rule, jax.random.split(jax.random.key(0), 4000))
    # Of BAOAB one number shakes: a line, whose length is known (O is a half step before the end).
    h, curvature = rule.step_size, rule.energy.curvature
    decay = jnp.exp(-rule.friction * h)
    if rule.splitting == "BAOAB":
        along = np.sqrt(rule.temperature * (1 - decay**2)) * np.array(
            [h / 2, 1 - curvature * h**2 / 4]
        )
        added = np.outer(along, along)
        # The kernel's own shakes lie on that line, and have its length to five standard errors.
        found = np.asarray(shakes)
        np.testing.assert_allclose(found[:, 0] * along[1], found[:, 1] * along[0], atol=1e-12)
        spread = np.mean(found[:, 1] ** 2) / along[1] ** 2
        assert spread == pytest.approx(1.0, abs=5 * np.sqrt(2 / 4000))
    else:
        half = np.sqrt(rule.temperature * (1 - decay))
        kick = np.array([[1.0, 0.0], [-h * curvature / 2, 1.0]])
        drift = np.array([[1.0, h], [0.0, 1.0]])
        shrink = np.array([[1.0, 0.0], [0.0, float(np.sqrt(decay))]])
        first = shrink @ kick @ drift @ kick @ np.array([0.0, float(half)])
        added = np.outer(first, first) + np.diag(np.array([0.0, float(half) ** 2]))
        found = np.cov(np.asarray(shakes).T)
        np.testing.assert_allclose(found, added, atol=6 * np.abs(added).max() / np.sqrt(4000))
    return scipy.linalg.solve_discrete_lyapunov(np.asarray(matrix), added)


@pytest.mark.long
@pytest.mark.parametrize("friction", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("curvature", [0.5, 3.9])
def test_baoab_is_right_in_positions(friction, curvature):
    """var q = T/λ, var p = T(1 − λh²/4), covariance 0, for h√λ up to 1.97."""
    rule = Underdamped(Bowl(curvature), 1.0, TEMPERATURE, friction)
    exact = TEMPERATURE * np.diag(np.array([1 / curvature, 1 - curvature / 4]))
    np.testing.assert_allclose(covariance_at_rest(rule), exact, atol=1e-11)


@pytest.mark.long
@pytest.mark.parametrize("friction", [0.1, 1.0])
def test_obabo_is_off_in_positions(friction):
    """var q = T/(λ(1 − λh²/4)), var p = T."""
    curvature = 1.5
    rule = Underdamped(Bowl(curvature), 1.0, TEMPERATURE, friction, "OBABO")
    exact = TEMPERATURE * np.diag([1 / (curvature * (1 - curvature / 4)), 1.0])
    np.testing.assert_allclose(covariance_at_rest(rule), exact, atol=1e-11)


@pytest.mark.parametrize("splitting", ["BAOAB", "OBABO"])
def test_without_friction_it_is_the_leapfrog(splitting):
    """p²/2 + (1 − h²/4) q²/2 is kept, to rounding."""
    h = 0.7
    rule = Underdamped(Bowl(1.0), h, TEMPERATURE, 0.0, splitting)
    start = Phase(np.array([1.3]), np.array([-0.4]))
    q, p = tw.simulate(rule, start, steps=200, key=jax.random.key(0)).states
    kept = p**2 / 2 + (1 - h**2 / 4) * q**2 / 2
    np.testing.assert_allclose(kept / kept[0], 1.0, rtol=1e-14)


def test_the_divergence_of_a_volume_keeps_gradient_noise_out():
    """f = −(I + J)∇E with J antisymmetric keeps the law too: what is added has no flux out."""
    turn = np.array([[0.0, 0.8], [-0.8, 0.0]])

    @jax.jit
    def outflow(x):
        def flux(x):
            return -(turn @ jax.grad(tilted)(x)) * jnp.exp(-tilted(x) / TEMPERATURE)

        return jnp.trace(jax.jacfwd(flux)(x))

    for x in np.random.default_rng(1).normal(size=(4, 2)):
        assert abs(outflow(x)) < 1e-14


@pytest.mark.long
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Langevin(tilted, -1.0), "Langevin: temperature must be at least 0, got -1"),
        (lambda: Langevin(tilted, np.nan), "temperature must be at least 0, got nan"),
        (lambda: Langevin(3.0), "energy must be a callable"),  # type: ignore[arg-type]
        (lambda: Langevin(tilted, 1.0, tw.Simplex()), "a metric in free coordinates, not Simplex"),
        (lambda: Langevin(tilted, 1.0, 2.0), "must be a Geometry"),  # type: ignore[arg-type]
        (lambda: Underdamped(tilted, 0.0), "step_size must be positive"),
        (lambda: Underdamped(tilted, 0.1, -1.0), "temperature must be at least 0"),
        (lambda: Underdamped(tilted, 0.1, 1.0, -1.0), "friction must be at least 0"),
        (lambda: Underdamped(tilted, 0.1, 1.0, 1.0, "ABOBA"), "splitting must be 'BAOAB' or"),
    ],
)
def test_bad_input_is_refused(make, words):
    with pytest.raises(tw.InputError, match=words):
        make()
