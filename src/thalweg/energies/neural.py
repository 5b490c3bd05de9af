"""Energies made from a network: the size of its output, or a scalar one in a bowl."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.tables import counted
from thalweg.core.trees import Layout, cast_like, is_integer
from thalweg.energies.base import Energy

Form = Literal["norm", "square", "squared-sum", "half-square"]


class NeuralEnergy(Energy):
    r"""The size of a network's output, as an energy of its input.

        form           E(x)                        degree, if f is of degree 1
        norm           c √(f(x)·f(x))              1
        square         c f(x)·f(x)                 2
        squared-sum    c (Σ_i f_i(x))²             2
        half-square    ½ c f(x)·f(x)               2

    All are bounded below by zero. A network of rectified units without biases is positively
    homogeneous of degree 1 (theorem 9), so `"norm"` is the form whose descent keeps its speed
    however far away x is: ∇E(λx) = ∇E(x) for λ > 0. It is not smooth where f = 0, its minimum: a
    flow arrives there in finite time, and steps of finite length chatter around it. There its
    gradient is taken to be zero, the smallest of its subgradients.

    Arguments:
        network: f, any callable from a vector to a vector or number.
        form: one of the above.
        scale: c.

    Raises:
        InputError: the form is none of the above, or the network is no callable.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.NeuralEnergy(lambda x: 2.0 * x, "norm", scale=5.0)
        >>> float(energy(jnp.array([3.0, 4.0])))
        50.0

    References:
        *Continuum of Hopfield*, section 2.3 and its note 1 (c₁ = 5).
    """

    network: Callable[[Any], Any]
    form: Form = eqx.field(static=True, default="norm")
    scale: float = 1.0

    def __check_init__(self):
        """Refuse unknown forms and networks that cannot be called."""
        if self.form not in _FORMS:
            raise InputError(
                f"NeuralEnergy: form must be one of {', '.join(map(repr, _FORMS))}, got "
                f"{self.form!r}."
            )
        if not callable(self.network):
            raise InputError(f"NeuralEnergy: network must be callable, got {self.network!r}.")

    def __call__(self, state: Any) -> jax.Array:
        """The size of f(x)."""
        value = _FORMS[self.form](self.network(state))
        return cast_like(self.scale, value) * value


@jax.custom_jvp
def _norm(f: jax.Array) -> jax.Array:
    """√(f·f), taken in units of the largest entry, whose square may neither over- nor underflow."""
    return _norm_and_direction(f)[0]


@_norm.defjvp
def _norm_tangent(primals: Any, tangents: Any) -> tuple[Any, Any]:
    norm, direction = _norm_and_direction(primals[0])
    return norm, jnp.sum(direction * tangents[0])


def _norm_and_direction(f: jax.Array) -> tuple[jax.Array, jax.Array]:
    """|f| and f / |f|, which is zero where f is."""
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(f), initial=0.0))
    is_regular = (largest > 0.0) & jnp.isfinite(largest)
    scale = jnp.where(is_regular, largest, 1.0)
    scaled = f / scale
    square = jnp.sum(scaled * scaled)
    is_zero = square == 0.0
    # The inner `where` keeps the infinite slope of the root out of the gradient.
    root = jnp.sqrt(jnp.where(is_zero, 1.0, square))
    return jnp.where(is_zero, 0.0, scale * root), scaled / root


def _square(f: jax.Array) -> jax.Array:
    return jnp.sum(f * f)


def _squared_sum(f: jax.Array) -> jax.Array:
    return jnp.sum(f) ** 2


def _half_square(f: jax.Array) -> jax.Array:
    return 0.5 * jnp.sum(f * f)


_FORMS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "norm": _norm,
    "square": _square,
    "squared-sum": _squared_sum,
    "half-square": _half_square,
}


class ConfinedNetwork(Energy):
    r"""A network of tanh units in a bowl, whatever its weights bounded below.

        E(x) = u·h(x) + ½ eᵏ |x|²        h = tanh(W_n tanh(… tanh(W_1 x + b_1) …) + b_n)

    |u·h| ≤ Σ|u_i|, so that the bowl decides far away: no run of its descent leaves the finite, and
    there is a minimum. The form that `learn_energy` is at its best with.

    Arguments:
        weights: the matrices W, one a layer, shape `(after, before)` each.
        biases: the vectors b, one a layer.
        output: u, as long as the last layer.
        log_stiffness: k, the logarithm of the bowl's curvature.

    Raises:
        InputError: there is no layer, or the shapes do not fit one another.

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.ConfinedNetwork.random((2, 64, 64), jax.random.key(0))
        >>> energy(jnp.zeros(2)).shape
        ()
    """

    weights: tuple[Any, ...]
    biases: tuple[Any, ...]
    output: Any
    log_stiffness: Any = 0.0

    @classmethod
    def random(
        cls,
        sizes: Sequence[int],
        key: jax.Array,
        *,
        sharpness: float = 2.0,
        stiffness: float = 1.0,
    ) -> "ConfinedNetwork":
        """One that is not trained yet.

        Arguments:
            sizes: the number of coordinates of a state, then that of the units of each layer.
            key: the randomness.
            sharpness: how much faster than over a length of one the first layer varies: states of
                another size than one ask for another.
            stiffness: eᵏ, the curvature of the bowl.

        Raises:
            InputError: there are fewer than two sizes, or one is no positive integer; sharpness or
                stiffness is not positive.
        """
        if len(sizes) < 2 or not all(is_integer(size) and size > 0 for size in sizes):
            raise InputError(
                f"ConfinedNetwork: sizes must be two positive integers or more, of a state and of "
                f"each layer, got {tuple(sizes)}."
            )
        for name, value in (("sharpness", sharpness), ("stiffness", stiffness)):
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(
                    f"ConfinedNetwork: {name} must be finite and above zero, got {value!r}."
                )
        rng = host_generator(key)
        weights, biases = [], []
        for before, after in itertools.pairwise(sizes):
            gain = 1.0 if weights else sharpness
            weights.append(gain / np.sqrt(before) * rng.standard_normal((after, before)))
            biases.append(rng.uniform(-gain, gain, after))
        output = rng.standard_normal(sizes[-1]) / np.sqrt(sizes[-1])
        return cls(tuple(weights), tuple(biases), output, math.log(stiffness))

    def __check_init__(self):
        """Refuse layers that do not fit one another."""
        shapes = [np.shape(weight) for weight in self.weights]
        is_fit = bool(shapes) and all(len(shape) == 2 for shape in shapes)
        is_fit = is_fit and all(a[0] == b[1] for a, b in itertools.pairwise(shapes))
        is_fit = is_fit and [np.shape(bias) for bias in self.biases] == [s[:1] for s in shapes]
        if not (is_fit and np.shape(self.output) == shapes[-1][:1]):
            raise InputError(
                f"ConfinedNetwork: weights, biases and output must fit one another, got the shapes "
                f"{shapes}, {[np.shape(bias) for bias in self.biases]} and "
                f"{np.shape(self.output)}. ConfinedNetwork.random(sizes, key) makes them."
            )

    def __call__(self, state: Any) -> jax.Array:
        """u·h(x) + ½ eᵏ|x|²."""
        x = cast_like(Layout.of(state).flatten(state), state)
        if x.size != np.shape(self.weights[0])[1]:
            raise InputError(
                f"ConfinedNetwork: a state of {counted(x.size, 'coordinate')} does not fit a first "
                f"layer of the shape {np.shape(self.weights[0])}."
            )
        units = x
        for weight, bias in zip(self.weights, self.biases, strict=True):
            units = jnp.tanh(cast_like(weight, x) @ units + cast_like(bias, x))
        bowl = 0.5 * jnp.exp(cast_like(self.log_stiffness, x)) * jnp.sum(x * x)
        return jnp.sum(cast_like(self.output, x) * units) + bowl
