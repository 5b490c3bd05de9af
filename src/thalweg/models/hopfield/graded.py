"""Graded neurons: Hopfield's network in continuous time."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, has_tracer
from thalweg.dynamics import Flow, SteepestDescent
from thalweg.energies import ContinuousHopfield
from thalweg.energies.lagrangian import sech_squared
from thalweg.geometry import DiagonalMetric


class GradedNeurons(Flow):
    r"""Neurons with a graded response, τ x' = −x + W tanh(x) + b.

    Arguments:
        network: W and b, as their energy.
        tau: τ > 0.

    Raises:
        InputError: τ is not positive.

    References:
        Hopfield (1984), *PNAS* 81, 3088.
    """

    network: ContinuousHopfield
    tau: float = 1.0

    def __check_init__(self):
        """Refuse time constants that are not positive."""
        if not has_tracer(self.tau) and not self.tau > 0.0:
            raise InputError(f"GradedNeurons: tau must be positive, got {self.tau}.")

    def velocity(self, t: Any, state: Any) -> jax.Array:
        """(−x + W tanh(x) + b) / τ."""
        weights, bias = (cast_like(v, state) for v in (self.network.weights, self.network.bias))
        return (-state + weights @ jnp.tanh(state) + bias) / cast_like(self.tau, state)

    def energy(self, state: Any) -> jax.Array:
        """Hopfield's energy, which falls along the flow."""
        return self.network(state)

    def as_descent(self) -> SteepestDescent:
        """The same flow, as the descent of its energy in the metric τ diag(1 − tanh²x).

        Metric and slope are taken from e^{−2|x|}, so their quotient keeps its digits where tanh is
        saturated. It is NaN once e^{−2|x|} underflows: from |x| = 44 on in single precision, from
        372 on in double.
        """
        return SteepestDescent(self.network, DiagonalMetric(_Slope(self.tau)))


class _Slope(eqx.Module):
    """The metric of the descent: τ tanh'(x)."""

    tau: float

    def __call__(self, x: jax.Array) -> jax.Array:
        return cast_like(self.tau, x) * sech_squared(x)
