"""A small network as an energy, trained to fall along a rule."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.dynamics import Problem
from thalweg.energies import Energy
from thalweg.recovery.candidates.fall import fall
from thalweg.recovery.candidates.random_units import scaled

NUM_UNITS = 64  # of one hidden layer, each a bend across one direction of a few coordinates
# A fall beyond it (a cosine of .2) is good enough: training goes to where it is worse.
_MARGIN = 0.2
_BATCH = 128  # samples an update: gradients of hinges are sparse
_EPOCHS = 12  # between two hunts, which bring new samples


class Network(eqx.Module):
    r"""N(z) = ½ zᵀSz + Σ_k a_k log cosh(w_k·z + b_k), of which S, a, w and b are trained.

    Attributes:
        form: any matrix whose symmetric part is S, shape `(m, m)`.
        weights: the a_k, shape `(k,)`.
        directions: the w_k, shape `(k, m)`.
        shifts: the b_k, shape `(k,)`.
    """

    form: Any
    weights: Any
    directions: Any
    shifts: Any

    def __call__(self, z: jax.Array) -> jax.Array:
        """N(z)."""
        inner = self.directions @ z + self.shifts
        # log cosh up to a constant, without overflow.
        return 0.5 * z @ self.form @ z + self.weights @ jnp.logaddexp(inner, -inner)


def make_network(width: int, rng: np.random.Generator) -> Network:
    """Network with which training begins: ½|z|² and units in random directions."""
    directions = rng.normal(size=(NUM_UNITS, width)) * np.sqrt(2.0 / width)
    weights = rng.normal(size=NUM_UNITS) / NUM_UNITS
    return Network(np.eye(width), weights, directions, rng.normal(size=NUM_UNITS))


class NetworkEnergy(Energy):
    r"""A network of a chart's scaled coordinates, its gradient taken away at given points.

    E = N(z) − Σ_j s_j(z) ∇N(z_j)·(z − z_j) with s_j ∝ |z − z_j|⁻² and Σ_j s_j = 1. As s_j is 1 at
    z_j, 0 at the other points and flat at all of them, ∇E(z_j) = 0 whatever the network.

    Attributes:
        chart: the coordinates.
        lower: where each coordinate starts, shape `(d,)`.
        angles: which coordinates are angles.
        centres: the points, in coordinates, shape `(m, d)`.
        network: N.

    References:
        Shepard, *A two-dimensional interpolation function for irregularly-spaced data* (1968).
    """

    chart: Chart
    lower: Any
    centres: Any
    network: Network
    angles: tuple[bool, ...] = eqx.field(static=True)

    def __call__(self, state: Any) -> jax.Array:
        """E."""
        y = jnp.asarray(self.chart.coordinates(state))
        network = jax.tree.map(lambda a: jnp.asarray(a, y.dtype), self.network)
        z = self.place(y)
        if not len(self.centres):
            return network(z)
        places = jax.vmap(self.place)(jnp.asarray(self.centres, y.dtype))
        gradients = jax.vmap(jax.grad(network))(places)
        gaps = z[None] - places
        tiny = jnp.finfo(y.dtype).tiny
        shares = jax.nn.softmax(-jnp.log(jnp.sum(gaps**2, axis=1) + tiny))
        return network(z) - jnp.dot(shares, jnp.sum(gradients * gaps, axis=1))

    def place(self, y: jax.Array) -> jax.Array:
        """z: coordinates in [−1, 1], and the cosine and sine of angles."""
        widths = jnp.asarray(self.chart.widths, y.dtype)
        return scaled((y - jnp.asarray(self.lower, y.dtype)) / widths, self.angles)


class _Loss(eqx.Module):
    """Loss of training: the mean shortfall of the fall below a margin."""

    problem: Problem
    energy: NetworkEnergy

    def __call__(self, network: Network, points: jax.Array, key: jax.Array) -> Any:
        energy = _with_network(self.energy, network)
        falls = jax.vmap(lambda y: fall(self.problem, energy, y))(points)
        return jnp.mean(jax.nn.relu(_MARGIN - falls)), {}


def train(
    problem: Problem, energy: NetworkEnergy, points: np.ndarray, key: jax.Array
) -> NetworkEnergy | None:
    """The energy after more training at points `(n, d)`; None where the fit left the finite."""
    from thalweg.training import fit  # few verdicts come to this level: spare the others Optax

    fitted = fit(
        _Loss(problem, energy),
        energy.network,
        points,
        optimizer=_optimizer(),
        epochs=_EPOCHS,
        batch_size=_BATCH,
        key=key,
        label="network energy",
        throw=False,
    )
    return None if fitted.failure is not None else _with_network(energy, fitted.model)


@functools.cache
def _optimizer() -> Any:
    """The optimizer, made once, so that a second fit finds the program of the first."""
    import optax

    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(3e-3))


def _with_network(energy: NetworkEnergy, network: Network) -> NetworkEnergy:
    return eqx.tree_at(lambda e: e.network, energy, network)
