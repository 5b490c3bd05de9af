"""Layers that follow an energy downhill, and a classifier around one."""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like
from thalweg.dynamics import Flow, Map, SteepestDescent
from thalweg.energies import NeuralEnergy
from thalweg.learning import Gradient, Unrolled
from thalweg.learning.runs import Run
from thalweg.simulation import RungeKutta4, Settled

Kind = Literal["none", "network", "norm", "square", "squared-sum", "half-square"]


class ReluNetwork(eqx.Module):
    r"""A feed-forward network of rectified linear units with a linear output.

        f(x) = W_L relu(W_{L−1} … relu(W₁x + b₁) … + b_{L−1}) + b_L

    With zero biases, as it starts, f(λx) = λf(x) for λ ≥ 0 (theorem 9 of *Continuum of Hopfield*).

    Arguments:
        weights: the matrices W_k, `(outputs, inputs)` each.
        biases: the vectors b_k.
    """

    weights: tuple[Any, ...]
    biases: tuple[Any, ...]

    @classmethod
    def random(cls, sizes: tuple[int, ...], key: jax.Array) -> "ReluNetwork":
        """Glorot-uniform weights and zero biases, for layers of these sizes, in float32."""
        keys = jax.random.split(key, len(sizes) - 1)
        pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
        weights = tuple(glorot(k, n, m) for k, (n, m) in zip(keys, pairs, strict=True))
        return cls(weights, tuple(jnp.zeros(n, jnp.float32) for n, _ in pairs))

    def __call__(self, x: Any) -> jax.Array:
        """f(x)."""
        *inner, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in inner:
            x = jax.nn.relu(cast_like(weight, x) @ x + cast_like(bias, x))
        return cast_like(last[0], x) @ x + cast_like(last[1], x)


class NetworkFlow(Flow):
    """A network as a vector field, x' = f(x): what a neural ODE without an energy does."""

    network: ReluNetwork

    def velocity(self, t: Any, state: Any) -> Any:
        """f(x)."""
        return self.network(state)


class EnergyODELayer(eqx.Module):
    r"""A layer that follows a flow for a while, x(0) ↦ x(T): by default the descent of an energy.

    Classical Runge–Kutta steps of one length, on one state (`jax.vmap` it over a batch). The
    reverse pass keeps the states of the stages alone and computes the rest anew, which takes a
    fortieth of the memory and, on a processor's caches, half of the time.

    Arguments:
        flow: what moves the state; for a Hopfield dynamic, `SteepestDescent(energy)`.
        dt: the step.
        duration: T, a whole number of steps.
        gradient: how the end is differentiated, as in `Relax`: the steps that were taken unless
            given. Those of rest are right where the layer comes to rest.

    Raises:
        InputError: `dt` or `duration` is not positive, or no whole number of steps fits.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> from thalweg.models.hopfield import EnergyODELayer
        >>> layer = EnergyODELayer(tw.SteepestDescent(lambda x: 0.5 * jnp.sum(x**2)))
        >>> round(float(layer(jnp.ones(1))[0]), 4)
        0.3679
    """

    flow: Flow
    dt: float = eqx.field(static=True, default=0.1)
    duration: float = eqx.field(static=True, default=1.0)
    gradient: Gradient = Unrolled()

    def __check_init__(self):
        """Refuse steps that do not fit the duration."""
        self.num_steps(self.duration)

    def __call__(self, x: Any, duration: float | None = None) -> jax.Array:
        """The state after `duration` (the layer's own unless given)."""
        count = self.num_steps(self.duration if duration is None else duration)
        never = Settled(np.float32(0.0), np.float32(0.0))
        return self.gradient.end(Run(_Steps(self.flow, self.dt), x, None, never, count))[0]

    def path(self, x: Any, duration: float | None = None) -> jax.Array:
        """The states after every step, the start first, `(steps + 1, …)`."""
        count = self.num_steps(self.duration if duration is None else duration)
        steps = _Steps(self.flow, self.dt)

        def advance(y: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
            new = steps.step(0, y)
            return new, new

        return jnp.concatenate(
            [jnp.asarray(x)[None], jax.lax.scan(advance, x, None, length=count)[1]]
        )

    def num_steps(self, duration: float) -> int:
        """Number of steps of a duration.

        Raises:
            InputError: it is not a whole number of steps, at least one.
        """
        if not self.dt > 0.0 or not duration > 0.0:
            raise InputError(
                f"EnergyODELayer: dt and duration must be positive, got dt={self.dt} and "
                f"duration={duration}."
            )
        count = round(duration / self.dt)
        if count < 1 or not np.isclose(count * self.dt, duration, rtol=1e-6):
            raise InputError(
                f"EnergyODELayer: duration {duration} is no whole number of steps of {self.dt}."
            )
        return count


class _Steps(Map):
    """The Runge–Kutta steps of a flow, as a map."""

    flow: Flow
    dt: float = eqx.field(static=True)

    def step(self, t: Any, state: Any) -> Any:
        return RungeKutta4(self.dt).advance(_Thrifty(self.flow), 0.0, state, self.dt)


class _Thrifty(Flow):
    """A flow whose derivative keeps the states alone: the reverse pass computes the rest anew."""

    flow: Flow

    def velocity(self, t: Any, state: Any) -> Any:
        return eqx.filter_checkpoint(self.flow.velocity)(t, state)


class EnergyClassifier(eqx.Module):
    r"""A linear code, a layer that follows a flow, and a linear read-out of classes.

        logits = A x(T) + a,    x(0) = C·input

    Arguments:
        code: C, `(width, inputs)`, without bias.
        layer: the layer; None for a linear network.
        readout: A, `(classes, width)`.
        bias: a, `(classes,)`.
    """

    code: jax.Array
    layer: EnergyODELayer | None
    readout: jax.Array
    bias: jax.Array

    @classmethod
    def random(
        cls,
        kind: Kind,
        key: jax.Array,
        *,
        scale: float = 1.0,
        num_inputs: int = 784,
        width: int = 64,
        hidden: int = 1024,
        num_classes: int = 10,
    ) -> "EnergyClassifier":
        """Glorot-uniform weights and zero biases, in float32.

        Arguments:
            kind: `"none"` for no layer, `"network"` for x' = f(x), else the form of `NeuralEnergy`
                that the layer descends, with f a network `width → hidden → width`.
            key: the randomness.
            scale: the factor c of the energy.
            num_inputs: the length of an input.
            width: the dimension of x.
            hidden: rectified units of the network.
            num_classes: the number of logits.
        """
        first, middle, last = jax.random.split(key, 3)
        layer = None
        if kind != "none":
            network = ReluNetwork.random((width, hidden, width), middle)
            is_plain = kind == "network"
            flow = (
                NetworkFlow(network)
                if is_plain
                else SteepestDescent(NeuralEnergy(network, kind, scale))
            )
            layer = EnergyODELayer(flow)
        return cls(
            glorot(first, width, num_inputs),
            layer,
            glorot(last, num_classes, width),
            jnp.zeros(num_classes, jnp.float32),
        )

    def __call__(self, inputs: Any, duration: float | None = None) -> jax.Array:
        """The logits of one input, after the layer's own duration unless another is given."""
        x = self.code @ inputs
        if self.layer is not None:
            x = self.layer(x, duration)
        return self.readout @ x + self.bias


def glorot(key: jax.Array, outputs: int, inputs: int) -> jax.Array:
    """A matrix `(outputs, inputs)` of uniform entries within ±√(6 / (inputs + outputs))."""
    limit = np.sqrt(6.0 / (inputs + outputs))
    return jax.random.uniform(key, (outputs, inputs), jnp.float32, -limit, limit)
