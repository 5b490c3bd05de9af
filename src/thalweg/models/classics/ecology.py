"""Lotka–Volterra systems: competition, and predator and prey."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like
from thalweg.dynamics import Flow


def _array(default: list[Any]) -> Any:
    return eqx.field(converter=as_parameter, default_factory=lambda: np.array(default))


class Competition(Flow):
    r"""Species that crowd themselves and one another.

        x_i' = x_i (ρ_i − Σ_j α_ij x_j),        x ≥ 0

    For a symmetric α it is steepest descent of E = −ρ·x + xᵀαx/2 in the metric diag(1/x). With the
    defaults each species can exclude the other: two sinks, a saddle between them, and the origin.

    Arguments:
        rates: the growth rates ρ, shape `(n,)`.
        interactions: the matrix α of competition, shape `(n, n)`.

    References:
        R. MacArthur, Theor. Popul. Biol. 1, 1 (1970).
    """

    rates: Any = _array([1.0, 1.0])
    interactions: Any = _array([[1.0, 1.5], [1.5, 1.0]])

    def __check_init__(self):
        """Refuse arrays that do not fit each other."""
        size = np.shape(self.rates)
        if len(size) != 1 or np.shape(self.interactions) != size * 2:
            raise InputError(
                f"Competition: rates must have the shape (n,) and interactions (n, n), got {size} "
                f"and {np.shape(self.interactions)}."
            )

    @property
    def domain(self) -> Box:
        """From the origin to half as much again as any species reaches alone."""
        alone = np.asarray(self.rates) / np.diagonal(np.asarray(self.interactions))
        return Box(np.zeros(len(alone)), np.full(len(alone), 1.5 * max(float(alone.max()), 1.0)))

    def energy(self, state: jax.Array) -> jax.Array:
        """−ρ·x + xᵀαx/2."""
        rates, interactions = self._arrays(state)
        return -rates @ state + 0.5 * state @ (interactions @ state)

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """x', shape `(n,)`."""
        rates, interactions = self._arrays(state)
        return state * (rates - interactions @ state)

    def _arrays(self, state: jax.Array) -> tuple[jax.Array, jax.Array]:
        return cast_like(self.rates, state), cast_like(self.interactions, state)


class PredatorPrey(Flow):
    r"""Predators that live on prey.

        x' = x(α − βy)        y' = y(δx − γ)

    The origin is a saddle; (γ/δ, α/β) is a center with eigenvalues ±i√(αγ), surrounded by cycles
    on which δx − γ log x + βy − α log y is constant.

    Arguments:
        birth: the birth rate α of the prey.
        predation: the rate β at which a predator catches prey.
        conversion: the rate δ at which prey turn into predators.
        death: the death rate γ of the predators.

    References:
        A. J. Lotka, PNAS 6, 410 (1920); V. Volterra, Nature 118, 558 (1926).
    """

    birth: float = 1.0
    predation: float = 0.5
    conversion: float = 0.25
    death: float = 0.75

    domain = Box([0.0, 0.0], [10.0, 8.0])
    state_names = ("prey", "predators")

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """(x', y')."""
        prey, predators = state
        return jnp.stack(
            [
                prey * (self.birth - self.predation * predators),
                predators * (self.conversion * prey - self.death),
            ]
        )
