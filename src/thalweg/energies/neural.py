"""Energies made from a network: the size of its output."""

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like
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
def _norm_slope(primals: Any, tangents: Any) -> tuple[Any, Any]:
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
