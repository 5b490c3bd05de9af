"""Laws on the line by their quantiles, in which Wasserstein's metric is Euclid's."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, has_tracer, is_integer
from thalweg.dynamics import Map
from thalweg.dynamics.operators import ProximalStep
from thalweg.energies import Energy


class QuantileFreeEnergy(Energy):
    r"""The free energy of a law on the line that is given by n quantiles, sorted.

        F(x) = 1/n Σ_k E(x_k) − T/n Σ_k log n(x_{k+1} − x_k)

    is ⟨E⟩ + T⟨log p⟩ of equal masses 1/n, each spread over a gap; its error is of order 1/n. It is
    infinite where quantiles are out of order.

    Arguments:
        energy: of one number, `(1,) → scalar`.
        temperature: T > 0.

    Raises:
        InputError: the temperature is not positive.
    """

    energy: Callable[[Any], Any]
    temperature: float = 1.0

    def __check_init__(self):
        """Refuse temperatures that are not positive."""
        if not has_tracer(self.temperature) and not self.temperature > 0.0:
            raise InputError(
                f"QuantileFreeEnergy: temperature must be positive, got {self.temperature!r}."
            )

    def __call__(self, state: Any) -> jax.Array:
        """F(x)."""
        x = jnp.asarray(state)
        gaps = x.shape[0] * jnp.diff(x)
        logs = jnp.where(gaps > 0, jnp.log(jnp.where(gaps > 0, gaps, 1.0)), -jnp.inf)
        level = jnp.mean(jax.vmap(lambda point: self.energy(point[None]))(x))
        return level - cast_like(self.temperature, x) * jnp.sum(logs) / x.shape[0]


class _JKOStep(Map):
    """The implicit step of a law by n sorted quantiles; NaN from states that are out of order.

    Arguments:
        energy: F.
        step_size: nτ.
        count: n.
    """

    energy: QuantileFreeEnergy
    step_size: float
    count: int = eqx.field(static=True)

    def step(self, t: Any, state: Any) -> Any:
        """x − nτ∇F(x⁺)."""
        if not hasattr(state, "shape") or state.shape != (self.count,):
            raise InputError(
                f"jko_step: a state must be {self.count} sorted quantiles (count={self.count}), "
                f"of shape ({self.count},), got {_described(state)}."
            )
        ahead = ProximalStep(self.energy, self.step_size).step(t, state)
        return jnp.where(jnp.all(jnp.diff(jnp.asarray(state)) > 0), ahead, jnp.nan)


def _described(state: Any) -> str:
    return f"the shape {state.shape}" if hasattr(state, "shape") else type(state).__name__


def jko_step(energy: Callable[[Any], Any], temperature: float, step_size: float, count: int) -> Map:
    r"""The implicit step of the free energy in Wasserstein's metric, on the line.

        p⁺ = argmin_q F(q) + W₂(q, p)² / 2τ

    (Jordan, Kinderlehrer and Otto). On quantiles W₂² is the mean of (x'_k − x_k)², so it is
    that of a `ProximalStep` of length nτ. Its limit for small τ is Fokker–Planck; at rest it has
    no bias.

    Arguments:
        energy: of one number, `(1,) → scalar`.
        temperature: T > 0.
        step_size: τ > 0.
        count: the number n of quantiles; a state is sorted, of shape `(n,)`. From one that is out
            of order the step is NaN.

    Raises:
        InputError: a number is out of its range.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> rule = tw.sampling.jko_step(lambda x: jnp.sum(x**2) / 2, 1.0, 0.5, 20)
        >>> round(float(rule.step(0, 1.0 + jnp.linspace(-2.0, 2.0, 20)).mean()), 4)
        0.6667

    References:
        Jordan, Kinderlehrer & Otto (1998), *SIAM Journal on Mathematical Analysis* 29, 1.
    """
    if not is_integer(count) or count < 2:
        raise InputError(f"jko_step: count must be a whole number, at least 2, got {count!r}.")
    if not has_tracer(step_size) and not step_size > 0.0:
        raise InputError(f"jko_step: step_size must be positive, got {step_size!r}.")
    free_energy = QuantileFreeEnergy(energy, temperature)
    return _JKOStep(free_energy, step_size * count, int(count))
