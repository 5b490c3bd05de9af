"""Rules made from an energy: its steepest descent as a flow and as a map."""

from collections.abc import Callable
from typing import Any

import jax

from thalweg.dynamics.rules import Flow, Map
from thalweg.geometry import Euclidean, Geometry


class SteepestDescent(Flow):
    r"""The gradient flow of an energy, dx/dt = −M(x)⁻¹ ∇E(x).

    Arguments:
        energy: any callable `state → scalar`.
        geometry: the metric M; Euclidean unless given.

    Along it dE/dt = −|∇E|² ≤ 0 in any geometry (theorem 2 of *Continuum of Hopfield*).
    """

    energy: Callable[[Any], Any]
    geometry: Geometry = Euclidean()

    def velocity(self, t: Any, state: Any) -> Any:
        """−M(x)⁻¹ ∇E(x)."""
        raised = self.geometry.sharp(state, jax.grad(self.energy)(state))
        return jax.tree.map(lambda leaf: -leaf, raised)

    @property
    def domain(self) -> Any:
        """The energy's declared domain."""
        return getattr(self.energy, "domain", None)

    @property
    def state_names(self) -> Any:
        """The energy's declared names."""
        return getattr(self.energy, "state_names", None)


class GradientStep(Map):
    r"""Gradient descent, x⁺ = x − η M(x)⁻¹ ∇E(x).

    Arguments:
        energy: any callable `state → scalar`.
        step_size: the step η > 0.
        geometry: the metric M; Euclidean unless given.

    Unlike the flow, it descends only for small enough steps: on a quadratic of curvature λ, iff
    ηλ ≤ 2.
    """

    energy: Callable[[Any], Any]
    step_size: float
    geometry: Geometry = Euclidean()

    def step(self, t: Any, state: Any) -> Any:
        """x − η M(x)⁻¹ ∇E(x)."""
        raised = self.geometry.sharp(state, jax.grad(self.energy)(state))
        return jax.tree.map(lambda x, d: x - self.step_size * d, state, raised)

    @property
    def domain(self) -> Any:
        """The energy's declared domain."""
        return getattr(self.energy, "domain", None)

    @property
    def state_names(self) -> Any:
        """The energy's declared names."""
        return getattr(self.energy, "state_names", None)
