"""Rules made from an energy: its steepest descent as a flow and as a map."""

from collections.abc import Callable
from typing import Any

import jax

from thalweg.core.checks import check_energy, check_made, check_positive
from thalweg.core.declared import checks_of, domain_of, names_of
from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like
from thalweg.dynamics.flows import Flow
from thalweg.dynamics.maps import Map
from thalweg.geometry import Euclidean, Geometry


class SteepestDescent(Flow):
    r"""The gradient flow of an energy, dx/dt = −M(x)⁻¹ ∇E(x).

    Arguments:
        energy: any callable `state → scalar`.
        geometry: the metric M; Euclidean unless given.

    Along it dE/dt = −|∇E|² ≤ 0 in any geometry (theorem 2 of *Continuum of Hopfield*); the flow is
    the same whatever the coordinates, if the metric is transformed along. Domain and names of the
    coordinates are those that the energy declares.

    Raises:
        InputError: `energy` is not callable, or `geometry` is not a geometry.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> flow = tw.SteepestDescent(lambda x: jnp.sum(x**2))
        >>> flow.velocity(0.0, jnp.array([1.0, -2.0])).tolist()
        [-2.0, 4.0]
    """

    energy: Callable[..., Any]
    geometry: Geometry = Euclidean()

    def __check_init__(self):
        """Refuse what is no energy or no geometry."""
        _check_parts(self, self.energy, self.geometry)

    def velocity(self, t: Any, state: Any) -> Any:
        """−M(x)⁻¹ ∇E(x)."""
        raised = self.geometry.sharp(state, jax.grad(self.energy)(state))
        return jax.tree.map(lambda leaf: -leaf, raised)

    @property
    def has_symmetric_jacobian(self) -> bool:
        """True in the Euclidean geometry, where the Jacobian is made of the Hessian."""
        return isinstance(self.geometry, Euclidean)

    check_state = checks_of("geometry")
    domain = domain_of("energy")
    state_names = names_of("energy")


class GradientStep(Map):
    r"""Gradient descent, x⁺ = x − η M(x)⁻¹ ∇E(x).

    Arguments:
        energy: any callable `state → scalar`.
        step_size: the step η > 0.
        geometry: the metric M; Euclidean unless given.

    Unlike the flow, it descends only for small enough steps: on a quadratic of curvature λ, iff
    ηλ ≤ 2. The step is straight: on a curved space (`Simplex`, `Sphere`) it leaves the space at
    second order in η.

    Raises:
        InputError: `energy` is not callable, `geometry` is not a geometry, or `step_size` is not
            positive.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> rule = tw.GradientStep(lambda x: jnp.sum(x**2), step_size=0.25)
        >>> rule.step(0, jnp.array([1.0, -2.0])).tolist()
        [0.5, -1.0]
    """

    energy: Callable[..., Any]
    step_size: float
    geometry: Geometry = Euclidean()

    def __check_init__(self):
        """Refuse what is no energy, no geometry or no step."""
        _check_parts(self, self.energy, self.geometry)
        check_positive("GradientStep: step_size", self.step_size)

    def step(self, t: Any, state: Any) -> Any:
        """x − η M(x)⁻¹ ∇E(x)."""
        raised = self.geometry.sharp(state, jax.grad(self.energy)(state))
        return jax.tree.map(lambda x, d: x - cast_like(self.step_size, x) * d, state, raised)

    @property
    def has_symmetric_jacobian(self) -> bool:
        """True in the Euclidean geometry, where the Jacobian is made of the Hessian."""
        return isinstance(self.geometry, Euclidean)

    check_state = checks_of("geometry")
    domain = domain_of("energy")
    state_names = names_of("energy")


def _check_parts(rule: Any, energy: Any, geometry: Any) -> None:
    name = type(rule).__name__
    check_energy(f"{name}: energy", energy)
    check_made(f"{name}: geometry", geometry)
    if not isinstance(geometry, Geometry):
        raise InputError(f"{name}: geometry must be a Geometry instance, got {geometry!r}.")
