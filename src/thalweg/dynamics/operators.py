"""Ways down an energy in steps, besides the gradient step: momentum, proximal and mirror steps."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_energy, check_made, check_positive
from thalweg.core.declared import checks_of, domain_of, names_of
from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, cast_like, has_tracer
from thalweg.dynamics.maps import Map
from thalweg.dynamics.proximal import lowest_near
from thalweg.geometry.potentials import Entropy, Potential


class MemoryMap(Map):
    """A map of a position together with what is remembered of its past (abstract).

    Laws: `position(begin(x)) == x`; where `begin(x)` is at rest, so is the position.
    """

    @abstractmethod
    def begin(self, position: Any) -> Any:
        """The state of a run that begins at a position, with nothing behind it."""

    @abstractmethod
    def position(self, state: Any) -> Any:
        """The position in a state."""


class Moving(NamedTuple):
    """A position and the last step that led there.

    Attributes:
        position: x.
        step: d = x − x⁻, structured like x.
    """

    position: Any
    step: Any


class Momentum(MemoryMap):
    r"""Gradient descent with inertia: Polyak's heavy ball, or Nesterov's method.

        d⁺ = β d − η ∇E(x)          x⁺ = x + d⁺          (heavy ball)
        d⁺ = β d − η ∇E(x + β d)    x⁺ = x + d⁺          (Nesterov)

    Arguments:
        energy: any callable `state → scalar`.
        step_size: η > 0.
        momentum: β, in [0, 1).
        nesterov: whether the gradient is taken ahead.

    A state is a `Moving(position, step)`. On a quadratic with curvatures from m to L the spectral
    radius is least, (√L − √m)/(√L + √m), for the heavy ball with η = 4/(√L + √m)² and β that radius
    squared; Nesterov with η = 1/L and β = (√L − √m)/(√L + √m) has 1 − √(m/L). It is no contraction
    in the Euclidean norm, though, and the energy may rise on the way.

    Raises:
        InputError: the energy is not callable, or a number is out of its range.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> rule = tw.dynamics.Momentum(lambda x: jnp.sum(x**2) / 2, 0.5, 0.5)
        >>> rule.step(0, rule.begin(jnp.array([4.0]))).position.tolist()
        [2.0]

    References:
        Polyak (1964), *USSR Computational Mathematics* 4, 1; Nesterov (1983), *Soviet Mathematics
        Doklady* 27, 372; Lessard, Recht & Packard (2016), *SIAM Journal on Optimization* 26, 57.
    """

    energy: Callable[[Any], Any]
    step_size: float
    momentum: float = 0.9
    nesterov: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        """Refuse what is no energy, no step or no momentum."""
        _check_parts("Momentum", self.energy, self.step_size)
        if not has_tracer(self.momentum):
            beta = np.asarray(self.momentum)
            if not np.all((beta >= 0.0) & (beta < 1.0)):
                raise InputError(f"Momentum: momentum must lie in [0, 1), got {self.momentum!r}.")

    def step(self, t: Any, state: Any) -> Moving:
        """The next position and the step that leads there."""
        x, d = state
        eta, beta = cast_like(self.step_size, x), cast_like(self.momentum, x)
        kept = jax.tree.map(lambda d: beta * d, d)
        at = jax.tree.map(jnp.add, x, kept) if self.nesterov else x
        step = jax.tree.map(lambda k, g: k - eta * g, kept, jax.grad(self.energy)(at))
        return Moving(jax.tree.map(jnp.add, x, step), step)

    def begin(self, position: Any) -> Moving:
        """The position, at rest."""
        return Moving(position, jax.tree.map(jnp.zeros_like, position))

    def position(self, state: Any) -> Any:
        """x."""
        return state[0]


class ProximalStep(Map):
    r"""The implicit step: where a nearby state is lowest.

        x⁺ = argmin_z E(z) + |z − x|² / 2η, so that x⁺ = x − η∇E(x⁺)

    On a quadratic of curvature λ a step shrinks by 1/(1 + ηλ), for every η > 0. Where E is not
    convex, a minimum downhill from x is meant, which is the only one while η times the most
    negative curvature is above −1; NaN where none is found. So the energy never rises. A step
    factors a matrix of all coordinates several times: for small states.

    Arguments:
        energy: any callable `state → scalar`.
        step_size: η > 0.

    Raises:
        InputError: the energy is not callable, or the step is not positive.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> rule = tw.dynamics.ProximalStep(lambda x: 1.5 * jnp.sum(x**2), 1.0)
        >>> round(float(rule.step(0, jnp.array([4.0]))[0]), 5)
        1.0

    References:
        Martinet (1970); Rockafellar (1976), *SIAM Journal on Control* 14, 877.
    """

    energy: Callable[[Any], Any]
    step_size: float

    def __check_init__(self):
        """Refuse what is no energy or no step."""
        _check_parts("ProximalStep", self.energy, self.step_size)

    def step(self, t: Any, state: Any) -> Any:
        """x − η∇E(x⁺)."""
        layout, eta = Layout.of(state), cast_like(self.step_size, state)
        start = cast_like(layout.flatten(state), state)

        def objective(z: Any) -> jax.Array:
            return self.energy(layout.unflatten(z)) + jnp.sum((z - start) ** 2) / (2.0 * eta)

        found = lowest_near(objective, start, eta)
        return jax.tree.map(cast_like, layout.unflatten(found), state)

    domain = domain_of("energy")
    state_names = names_of("energy")


class MirrorStep(Map):
    r"""A gradient step in the coordinates of a potential: ∇φ(x⁺) = ∇φ(x) − η∇E(x).

    Arguments:
        energy: any callable `state → scalar`.
        step_size: η > 0.
        potential: φ; the entropy unless given, which makes exponentiated gradient,
            x⁺ ∝ x e^{−η∇E}. Others are `PNorm` and `LogBarrier` of `thalweg.geometry`.

    Its limit for small η is steepest descent in the metric φ'': for the entropy the replicator
    flow, `SteepestDescent(energy, Simplex())`. On a linear cost c·x, t steps are one of tη.

    Raises:
        InputError: the energy is not callable, the step is not positive, or the potential is none.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> rule = tw.dynamics.MirrorStep(lambda x: x[1], jnp.log(3.0))
        >>> [round(float(share), 6) for share in rule.step(0, jnp.array([0.5, 0.5]))]
        [0.75, 0.25]

    References:
        Nemirovsky & Yudin (1983); Beck & Teboulle (2003), *Operations Research Letters* 31, 167.
    """

    energy: Callable[[Any], Any]
    step_size: float
    potential: Potential = Entropy()

    def __check_init__(self):
        """Refuse what is no energy, no step or no potential."""
        _check_parts("MirrorStep", self.energy, self.step_size)
        check_made("MirrorStep: potential", self.potential)
        if not isinstance(self.potential, Potential):
            raise InputError(
                f"MirrorStep: potential must be a Potential such as Entropy(), got "
                f"{self.potential!r}."
            )

    def step(self, t: Any, state: Any) -> Any:
        """The state whose dual is ∇φ(x) − η∇E(x)."""
        eta, covector = cast_like(self.step_size, state), jax.grad(self.energy)(state)
        return self.potential.shift(state, jax.tree.map(lambda g: eta * g, covector))

    check_state = checks_of("potential")
    domain = domain_of("energy")
    state_names = names_of("energy")


def _check_parts(name: str, energy: Any, step_size: Any) -> None:
    check_energy(f"{name}: energy", energy)
    check_positive(f"{name}: step_size", step_size)
