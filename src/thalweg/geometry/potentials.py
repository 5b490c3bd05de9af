"""Potentials of mirror descent: convex functions whose gradients are other coordinates."""

from abc import abstractmethod
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_finite
from thalweg.core.errors import InputError
from thalweg.core.shares import are_shares
from thalweg.core.tables import format_state
from thalweg.core.trees import cast_like, has_tracer


class Potential(eqx.Module):
    r"""A strictly convex function φ of the state, seen by its gradient (abstract).

    A mirror step goes downhill in the coordinates θ = ∇φ(x): θ⁺ = θ − η∇E(x). Its limit for small η
    is steepest descent in the metric φ''(x).

    For developers: implement `dual`, and `shift`, which must not lose digits where the two steps
    through `dual` would. Laws: `shift(x, 0) == x`; `dual(shift(x, p)) == dual(x) - p`, but for a
    constant where the states have one sum; `shift` is NaN where there is no such point.
    """

    # What states of the domain hold, in words.
    holds: ClassVar[str]

    def check_state(self, state: Any, name: str = "state") -> None:
        """Refuse a state, or one of many, at which φ is not defined.

        Raises:
            InputError: there is one.
        """
        if not _contains(self, state):
            raise InputError(
                f"{type(self).__name__}: {name} must hold {self.holds}, got {format_state(state)}."
            )

    @abstractmethod
    def dual(self, x: Any) -> Any:
        """∇φ(x), structured and shaped like the state."""

    @abstractmethod
    def shift(self, x: Any, covector: Any) -> Any:
        """The state whose dual is ∇φ(x) − p."""

    @abstractmethod
    def contains(self, x: Any) -> jax.Array:
        """Truth: φ is defined at the state."""


@eqx.filter_jit
def _contains(potential: Potential, state: Any) -> jax.Array:
    return potential.contains(state)


class Entropy(Potential):
    r"""The negative entropy φ(x) = Σ xᵢ log xᵢ of probabilities: mirror steps are multiplicative.

        x⁺ᵢ ∝ xᵢ e^{−pᵢ}

    This is exponentiated gradient, or the discrete replicator. A state is a probability vector, or
    several: every row along the last axis of every leaf is one, as for `Simplex`, whose metric is
    φ''. A share that is zero stays zero.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> halves = jnp.array([0.5, 0.5])
        >>> ahead = tw.geometry.Entropy().shift(halves, jnp.log(jnp.array([1.0, 3.0])))
        >>> [round(float(share), 6) for share in ahead]
        [0.75, 0.25]

    References:
        Kivinen & Warmuth (1997), *Information and Computation* 132, 1.
    """

    holds = "shares that are not negative and add up to one"

    def dual(self, x: Any) -> Any:
        """log x (the constant 1 left out)."""
        return jax.tree.map(jnp.log, x)

    def shift(self, x: Any, covector: Any) -> Any:
        """x e^{−p}, normalized; NaN where x are no shares."""

        def one(x: Any, p: Any) -> jax.Array:
            if jnp.ndim(x) == 0:
                raise InputError("Entropy: a state is a vector of probabilities, got a number.")
            # The largest weight that counts is e⁰, so that nothing overflows and not all vanish.
            least = jnp.min(jnp.where(x > 0, p, jnp.inf), axis=-1, keepdims=True)
            weights = x * jnp.exp(jnp.where(x > 0, least - p, 0.0))
            shares = weights / jnp.sum(weights, axis=-1, keepdims=True)
            return jnp.where(are_shares(x)[..., None], shares, jnp.nan)

        return jax.tree.map(one, x, covector)

    def contains(self, x: Any) -> jax.Array:
        """Shares that are not negative and add up to one, but for rounding."""
        return jnp.all(jnp.stack([jnp.all(are_shares(leaf)) for leaf in jax.tree.leaves(x)]))


class LogBarrier(Potential):
    r"""The barrier φ(x) = −Σ log xᵢ of positive coordinates.

        x⁺ᵢ = xᵢ / (1 + xᵢ pᵢ)

    A step that would pass the pole is NaN: take a shorter one.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> tw.geometry.LogBarrier().shift(jnp.array([1.0, 2.0]), jnp.array([1.0, 0.5])).tolist()
        [0.5, 1.0]
    """

    holds = "positive numbers"

    def dual(self, x: Any) -> Any:
        """−1/x."""
        return jax.tree.map(lambda x: -1.0 / x, x)

    def shift(self, x: Any, covector: Any) -> Any:
        """x / (1 + x p)."""

        def one(x: Any, p: Any) -> jax.Array:
            below = 1.0 + x * p
            return jnp.where((x > 0) & (below > 0), x / below, jnp.nan)

        return jax.tree.map(one, x, covector)

    def contains(self, x: Any) -> jax.Array:
        """Positive coordinates."""
        return jnp.all(jnp.stack([jnp.all(leaf > 0) for leaf in jax.tree.leaves(x)]))


class PNorm(Potential):
    r"""Half a squared norm, φ(x) = ½ ‖x‖_p², over all coordinates of the state.

        θᵢ = sign(xᵢ) |xᵢ|^{p−1} ‖x‖_p^{2−p}

    and back by the same formula with the conjugate q, 1/p + 1/q = 1. With p = 2 a mirror step is a
    gradient step; with p near 1 it favours few coordinates.

    Arguments:
        power: p > 1.

    Raises:
        InputError: p is not larger than 1.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> tw.geometry.PNorm(2.0).shift(jnp.array([1.0, 2.0]), jnp.array([0.5, -1.0])).tolist()
        [0.5, 3.0]

    References:
        Gentile (2003), *Machine Learning* 53, 265.
    """

    power: float = 2.0

    holds = "finite numbers"

    def __check_init__(self):
        """Refuse powers that make no strictly convex norm."""
        if not has_tracer(self.power) and not np.all(np.asarray(self.power) > 1.0):
            raise InputError(f"PNorm: power must be larger than 1, got {self.power!r}.")
        check_finite("PNorm: power", self.power)

    def dual(self, x: Any) -> Any:
        """The gradient of ½ ‖x‖_p²."""
        return _gradient(x, cast_like(self.power, x))

    def shift(self, x: Any, covector: Any) -> Any:
        """Down in the dual, and back."""
        power = cast_like(self.power, x)
        theta = jax.tree.map(lambda t, p: t - p, _gradient(x, power), covector)
        return _gradient(theta, power / (power - 1.0))

    def contains(self, x: Any) -> jax.Array:
        """Everything finite."""
        return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(x)]))


def _gradient(x: Any, power: Any) -> Any:
    """The gradient of ½ ‖x‖_p²; zero at zero, and nothing overflows."""
    leaves = jax.tree.leaves(x)
    largest = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in leaves]))
    size = jnp.where(largest > 0, largest, jnp.ones_like(largest))
    total = sum(jnp.sum(jnp.abs(leaf / size) ** power) for leaf in leaves)
    scale = size * jnp.where(largest > 0, total, 1.0) ** (2.0 / power - 1.0)
    return jax.tree.map(
        lambda leaf: scale * jnp.sign(leaf) * jnp.abs(leaf / size) ** (power - 1.0), x
    )
