"""Continuous Hopfield networks: energies made of Lagrangians."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.checks import check_positive
from thalweg.core.errors import InputError
from thalweg.core.shapes import Num
from thalweg.core.trees import as_parameter, cast_like, computable
from thalweg.energies.base import Energy
from thalweg.energies.hopfield import check_symmetric


class LagrangianHopfield(Energy):
    r"""A network of visible neurons through one hidden layer, by the layer's Lagrangian F.

        E(x) = ½ x·x − v·x − F(Wx + b),        −∇E = −x + v + Wᵀ F'(Wx + b)

    F' is the activation of the hidden layer. With F the log-sum-exp, at temperature T, it is
    `ModernHopfield` of the patterns W; with F = Σ relu(z)²/2 a ReLU memory; with F = Σ log cosh a
    two-layer network of tanh units; with F = ½|z|² a quadratic energy. It is bounded below if F
    grows slower than a quadratic, or where ½|x|² outgrows it.

    Arguments:
        lagrangian: F, a callable `vector → scalar` (see `LogSumExp`, `log_cosh`,
            `half_rectified_square`, `half_square`).
        weights: W, `(hidden, visible)`.
        visible_bias: v, `(visible,)` or one number.
        hidden_bias: b, `(hidden,)` or one number.

    Raises:
        InputError: the weights are no matrix, or the Lagrangian no callable.

    References:
        Krotov & Hopfield (2021), arXiv:2008.06996; Hoover et al. (2022), HAMUX.
    """

    lagrangian: Callable[[Any], Any]
    weights: Any = eqx.field(converter=as_parameter)
    visible_bias: Any = eqx.field(converter=as_parameter, default=0.0)
    hidden_bias: Any = eqx.field(converter=as_parameter, default=0.0)

    def __check_init__(self):
        """Refuse what is no Lagrangian or no matrix."""
        if not callable(self.lagrangian):
            raise InputError(
                f"LagrangianHopfield: lagrangian must be callable, got {self.lagrangian!r}."
            )
        if len(jnp.shape(self.weights)) != 2:
            raise InputError(
                f"LagrangianHopfield: weights must be a matrix, got the shape "
                f"{jnp.shape(self.weights)}."
            )

    def __call__(self, state: Any) -> jax.Array:
        """½ x·x − v·x − F(Wx + b)."""
        x = computable(state)
        hidden = cast_like(self.weights, x) @ x + cast_like(self.hidden_bias, x)
        visible = cast_like(self.visible_bias, x)
        return jnp.sum(x * (0.5 * x - visible)) - self.lagrangian(hidden)


class ContinuousHopfield(Energy):
    r"""Hopfield's energy of graded neurons, τ x' = −x + W tanh(x) + b.

        E(x) = Σ_i [x_i g_i − log cosh x_i] − ½ gᵀW g − bᵀg,        g = tanh(x)

    Along that flow τ dE/dt = −Σ_i g'(x_i) (τ x_i')² ≤ 0: the flow (`models.hopfield.GradedNeurons`)
    is the descent of E in the metric M = τ diag(1 − tanh²x_i), not in the Euclidean one.

    Arguments:
        weights: W, `(N, N)`, symmetric; a diagonal is allowed.
        bias: b, `(N,)` or one number.

    Raises:
        InputError: the weights are not square or not symmetric.

    References:
        Hopfield (1984), *PNAS* 81, 3088.
    """

    weights: Any = eqx.field(converter=as_parameter)
    bias: Any = eqx.field(converter=as_parameter, default=0.0)

    def __check_init__(self):
        """Refuse weights without an energy."""
        check_symmetric("ContinuousHopfield", self.weights)

    def __call__(self, state: Any) -> jax.Array:
        """Σ_i [x_i g_i − log cosh x_i] − ½ gᵀW g − bᵀg."""
        x = computable(state)
        g = _tanh(x)
        inner = 0.5 * (cast_like(self.weights, x) @ g) + cast_like(self.bias, x)
        return jnp.sum(_legendre(x)) - jnp.sum(g * inner)


class LogSumExp(eqx.Module):
    """F(z) = T log Σ e^{z_i/T}, whose activation is the softmax; T > 0."""

    temperature: float = 1.0

    def __check_init__(self):
        """Refuse temperatures that are not positive."""
        check_positive("LogSumExp: temperature", self.temperature)

    def __call__(self, z: jax.Array) -> jax.Array:
        """T log Σ e^{z_i/T}."""
        temperature = cast_like(self.temperature, z)
        return temperature * jax.nn.logsumexp(z / temperature)


def log_cosh(z: Num[jax.Array, "*shape"]) -> Num[jax.Array, ""]:
    """F(z) = Σ log cosh z_i, whose activation is tanh."""
    return jnp.sum(_log_cosh(z))


def half_rectified_square(z: Num[jax.Array, "*shape"]) -> Num[jax.Array, ""]:
    """F(z) = ½ Σ max(z_i, 0)², whose activation is the rectifier."""
    return 0.5 * jnp.sum(jnp.maximum(z, 0.0) ** 2)


def half_square(z: Num[jax.Array, "*shape"]) -> Num[jax.Array, ""]:
    """F(z) = ½ Σ z_i², whose activation is linear."""
    return 0.5 * jnp.sum(z * z)


def _log_cosh(x: jax.Array) -> jax.Array:
    # cosh overflows where this does not, and |x| would lose the curvature at 0.
    return jnp.logaddexp(x, -x) - jnp.log(jnp.asarray(2.0, x.dtype))


def sech_squared(x: jax.Array) -> jax.Array:
    """1 − tanh²x = 4 σ(2x) σ(−2x), to rounding however far tanh is saturated.

    The difference itself is 0 from |x| = 8.7 on in single precision, from 18.8 on in double.
    """
    return 4.0 * jax.nn.sigmoid(2.0 * x) * jax.nn.sigmoid(-2.0 * x)


@jax.custom_jvp
def _tanh(x: jax.Array) -> jax.Array:
    """tanh x, whose slope keeps its digits where tanh is saturated."""
    return jnp.tanh(x)


@_tanh.defjvp
def _tanh_tangent(primals: Any, tangents: Any) -> tuple[Any, Any]:
    return _tanh(primals[0]), sech_squared(primals[0]) * tangents[0]


@jax.custom_jvp
def _legendre(x: jax.Array) -> jax.Array:
    """x tanh x − log cosh x, the Legendre transform of log cosh; its slope is x sech²x."""
    return x * jnp.tanh(x) - _log_cosh(x)


@_legendre.defjvp
def _legendre_tangent(primals: Any, tangents: Any) -> tuple[Any, Any]:
    x = primals[0]
    return _legendre(x), x * sech_squared(x) * tangents[0]
