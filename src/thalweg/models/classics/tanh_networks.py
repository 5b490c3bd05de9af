"""Networks of saturating units: a symmetric one as a flow and as a map, and random ones."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like
from thalweg.dynamics import Flow, Map


def ring_weights(size: int) -> np.ndarray:
    """The symmetric matrix whose row i is −(−1, …, 1) shifted left by i, shape `(size, size)`."""
    ramp = np.linspace(-1.0, 1.0, size)
    return np.stack([-np.roll(ramp, -i) for i in range(size)])


class RingTanhFlow(Flow):
    r"""A symmetric network in continuous time, h' = −h + tanh(hW).

    Row i of W is −(−1, …, 1) shifted left by i (`ring_weights`). Since W is symmetric every
    trajectory comes to rest, at a rest state of `RingTanhMap`, which shares its equilibria.

    Arguments:
        size: the number of units.

    References:
        J. J. Hopfield, PNAS 81, 3088 (1984).
    """

    size: int = eqx.field(static=True, default=2)

    def __check_init__(self):
        """Refuse a network without two units."""
        _check_size(self)

    @property
    def domain(self) -> Box:
        """A cube a little wider than the range of tanh."""
        return _cube(self.size, 1.2)

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """h', shape `(size,)`."""
        return jnp.tanh(state @ cast_like(ring_weights(self.size), state)) - state


class RingTanhMap(Map):
    r"""The same network updated at once, h⁺ = tanh(hW).

    Synchronous updates of a symmetric network end in a fixed point or in a 2-cycle.

    Arguments:
        size: the number of units.

    References:
        E. Goles & G. Y. Vichniac, AIP Conf. Proc. 151, 165 (1986).
    """

    size: int = eqx.field(static=True, default=2)

    def __check_init__(self):
        """Refuse a network without two units."""
        _check_size(self)

    @property
    def domain(self) -> Box:
        """A cube a little wider than the range of tanh."""
        return _cube(self.size, 1.2)

    def step(self, t: Any, state: jax.Array) -> jax.Array:
        """h⁺, shape `(size,)`."""
        return jnp.tanh(state @ cast_like(ring_weights(self.size), state))


class RandomTanhNetwork(Flow):
    r"""A rate network with random asymmetric weights, x' = −x + g J tanh(x).

    J_ij ~ N(0, 1/n), independent. In a large network the origin is the only equilibrium for g < 1
    and activity is chaotic for g > 1; a small one has a few equilibria or cycles.

    Arguments:
        size: the number n of units.
        gain: g, which multiplies the weights.
        draw: which random network: the seed of J.

    Attributes:
        coupling: the matrix J, shape `(n, n)`.

    References:
        H. Sompolinsky, A. Crisanti & H. J. Sommers, Phys. Rev. Lett. 61, 259 (1988).
    """

    coupling: Any
    gain: float

    def __init__(self, size: int = 8, gain: float = 2.0, draw: int = 0):
        if size < 1:
            raise InputError(f"RandomTanhNetwork: size must be at least 1, got {size}.")
        with jax.enable_x64(True):
            normal = jax.random.normal(jax.random.key(draw), (size, size), dtype=np.float64)
        self.coupling = np.asarray(normal) / np.sqrt(size)
        self.gain = gain

    @property
    def domain(self) -> Box:
        """A cube that every trajectory enters: |x_i| ≤ g Σ_j |J_ij|."""
        reach = abs(float(self.gain)) * np.max(np.sum(np.abs(np.asarray(self.coupling)), axis=1))
        return _cube(len(self.coupling), float(reach))

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """x', shape `(n,)`."""
        weights = cast_like(self.coupling, state)
        return -state + self.gain * (weights @ jnp.tanh(state))


def _cube(size: int, reach: float) -> Box:
    return Box(np.full(size, -reach), np.full(size, reach))


def _check_size(network: RingTanhFlow | RingTanhMap) -> None:
    if network.size < 2:
        name = type(network).__name__
        raise InputError(f"{name}: size must be at least 2, got {network.size}.")
