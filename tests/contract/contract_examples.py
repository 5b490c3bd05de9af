"""Example states, parameters and small classes that the rows of the contract are made of."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw
from thalweg.energies import (
    DoubleWell,
    EquilibriumNetwork,
    FourWells,
    Pairwise,
    Smooth,
)
from thalweg.models import deep_linear, hopfield
from thalweg.models import normalization as reweighting
from thalweg.recovery.candidates.network import NetworkEnergy, make_network
from thalweg.recovery.candidates.polynomials import SeriesEnergy, make_basis
from thalweg.recovery.candidates.random_units import frame_of
from thalweg.recovery.candidates.two_step import ThresholdEnergy, TwoStepEnergy
from thalweg.recovery.forms.one_forms import LineIntegral, gauss_legendre
from thalweg.sampling import (
    Boltzmann,
)

CHART = tw.Box([-2.0, -3.0], [2.0, 3.0], [False, True]).chart()
PLANE = np.array([0.3, -0.7])
THREE = np.array([0.2, 0.5, 0.3])
TREE = {"a": np.array([0.3, -0.7]), "b": np.array([[1.1]])}
LOW, HIGH = (jax.tree.map(lambda leaf, d=d: leaf + d, TREE) for d in (-2.0, 3.0))
SPD = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 2.0]])
RNG = np.random.default_rng(0)


class Stretch(eqx.Module):
    """A positive diagonal with a parameter, for any pytree."""

    gain: float = 0.8

    def __call__(self, x: Any) -> Any:
        return jax.tree.map(lambda leaf: 1.0 + self.gain * leaf**2, x)


class Bent(eqx.Module):
    """A positive definite matrix with a parameter, for any pytree."""

    gain: float = 0.5

    def __call__(self, x: Any) -> jax.Array:
        v = jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(x)])
        return jnp.diag(1.0 + v**2) + self.gain * jnp.outer(v, v)


class Ripple(tw.Flow):
    """A user's flow of a tree, which depends on time."""

    rate: float = 0.7

    def velocity(self, t: Any, state: Any) -> Any:
        return jax.tree.map(lambda leaf: -self.rate * jnp.sin(leaf + t), state)


class Shaken(tw.Diffusion):
    """A user's diffusion of a tree, whose noise depends on time and state."""

    rate: float = 0.7
    level: float = 0.4

    def drift(self, t: Any, state: Any) -> Any:
        return jax.tree.map(lambda leaf: -self.rate * jnp.sin(leaf + t), state)

    def noise(self, t: Any, state: Any) -> Any:
        return jax.tree.map(lambda leaf: self.level * jnp.cos(leaf) + t, state)


class Mixed(tw.Diffusion):
    """A user's diffusion whose coordinates share three processes."""

    level: float = 0.4

    def drift(self, t: Any, state: Any) -> Any:
        return -(state**3)

    def noise(self, t: Any, state: Any) -> Any:
        return self.level * state[:, None] * jnp.arange(1.0, 4.0).astype(state.dtype)[None]


def first_sine(x: jax.Array) -> jax.Array:
    return jnp.sin(x[0])


def ripple(t: Any, state: Any, args: Any) -> Any:
    return jax.tree.map(lambda leaf: args * jnp.cos(leaf) * t, state)


def line_integral() -> LineIntegral:
    flow = tw.SteepestDescent(FourWells())
    return LineIntegral(flow, CHART, tw.Euclidean(), np.zeros(2), *gauss_legendre(4))


def series() -> SeriesEnergy:
    basis = make_basis(CHART, 3)
    return SeriesEnergy(CHART, basis, np.linspace(-1.0, 1.0, len(basis.orders)))


def trained() -> NetworkEnergy:
    lower, angles = frame_of(CHART)
    network = make_network(len(angles) + sum(angles), np.random.default_rng(0))
    return NetworkEnergy(CHART, lower, np.array([[-2.0, -1.5], [2.0, 1.5]]), network, angles)


def saturate(state):
    return jnp.tanh(jnp.asarray([[0.5, 0.2], [0.2, -0.3]], state.dtype) @ state)


def two_step() -> TwoStepEnergy:
    rule = tw.as_map(saturate)
    return TwoStepEnergy(rule, CHART, np.eye(2), np.zeros(2), *gauss_legendre(4))


def switch(state):
    return jnp.sign(state[::-1])


def threshold() -> ThresholdEnergy:
    return ThresholdEnergy(tw.as_map(switch), CHART, np.eye(2)[::-1], np.full(2, 0.25))


LAW = Boltzmann(DoubleWell(), 0.7, tw.Box([-1.0], [1.5]), 3)
MOMENTS = deep_linear.Covariances(np.diag([3.0, 1.0]), [[1.0, 0.2], [0.2, 1.5]])
LAYERS = (RNG.normal(size=(3, 2)), RNG.normal(size=(2, 3)))
MODE_VECTORS = (RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3)))
MODES = (np.array([0.3, 0.5]), np.array([0.4, -0.2]))
SAMPLES = (RNG.normal(size=(4, 2)), RNG.normal(size=(4, 2)))

POOL_INPUT = reweighting.HeldInput([0.5, 0.9, 0.7], [0.2, 0.1, 0.3], 0.3, -0.05, 0.8)
NETWORK = reweighting.NormalizationNetwork(reweighting.VonMises(3), alpha=0.3, sigma=0.8)
IN_TURN = reweighting.InTurn(reweighting.uniform_ensemble(2))
WEIGHTS = RNG.uniform(0.2, 1.0, (3, 3))

COUPLINGS = SPD - np.diag(np.diag(SPD))
GRADED = EquilibriumNetwork(0.5 * COUPLINGS, [0.1, -0.2, 0.3], Smooth())
PAIRS = Pairwise(COUPLINGS, 0.1)
SQUARE = RNG.choice([-1.0, 1.0], (4, 4))
BITS = Pairwise.rbm(COUPLINGS[:2, 2:], 0.3)
BITS_OF_THREE = np.array([1.0, 0.0, 1.0])
LOADED = RNG.normal(size=(4, 3))
SPINS = np.array([1.0, -1.0, 1.0])
STORED = np.array([[1.0, 1.0, -1.0], [-1.0, 1.0, 1.0]])
RECTIFIED = hopfield.ReluNetwork(
    (RNG.normal(size=(7, 3)), RNG.normal(size=(3, 7))), (RNG.normal(size=7), RNG.normal(size=3))
)
