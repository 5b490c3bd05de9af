"""Langevin dynamics with inertia, of which positions are drawn."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer
from thalweg.dynamics import MemoryKernel, Phase, Underdamped
from thalweg.sampling.methods.base import Energy, Told, check_temperature
from thalweg.sampling.methods.continuous import PlainContinuousMethod, refuse_constrained
from thalweg.sampling.methods.sgld import check_step


class InertialKernel(MemoryKernel):
    """One step of `Underdamped`, of which the state is the position; it begins at rest.

    Arguments:
        rule: positions and momenta.
    """

    rule: Underdamped

    def init(self, state: Any) -> Any:
        """The position, at rest."""
        return self.rule.init(Phase(state, jax.tree.map(jnp.zeros_like, state)))

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Told]:
        """A step of both."""
        return self.rule.step(key, t, carry)[0], Told()

    def state(self, carry: Any) -> Any:
        """The position."""
        return self.rule.state(carry).position


class BAOAB(PlainContinuousMethod):
    r"""Langevin dynamics with inertia, by the splitting BAOAB, without an accept test.

    On a bowl its positions have the exact law, whatever the step; elsewhere it is off by order h².
    See `thalweg.dynamics.Underdamped`. Chains begin at rest.

    Arguments:
        step_size: h > 0; h√λ < 2 for the largest curvature λ.
        temperature: T > 0, in units of the energy.
        friction: γ > 0.

    Raises:
        InputError: a number is out of its range.

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> bowl = tw.energies.Quadratic([[1.0]])
        >>> run = tw.sample(bowl, tw.sampling.BAOAB(1.0), jnp.zeros(1), key=jax.random.key(0))
        >>> bool(abs(run.sd[0] - 1.0) < 0.1)
        True

    References:
        Leimkuhler & Matthews (2013), *Applied Mathematics Research eXpress* 2013, 34.
    """

    step_size: Any
    temperature: Any = 1.0
    friction: Any = 1.0

    def __check_init__(self):
        """Refuse numbers out of their range."""
        _check("BAOAB", self)

    def kernel(self, energy: Energy) -> InertialKernel:
        """The step; it leaves e^{−E/T} invariant but for order h²."""
        return _kernel("BAOAB", self, energy)


class OBABO(PlainContinuousMethod):
    r"""Langevin dynamics with inertia, by the splitting OBABO, without an accept test.

    To compare: on a bowl of curvature λ its positions are too wide by 1/(1 − λh²/4).

    Arguments:
        step_size: h > 0; h√λ < 2 for the largest curvature λ.
        temperature: T > 0, in units of the energy.
        friction: γ > 0.

    Raises:
        InputError: a number is out of its range.

    References:
        Bussi & Parrinello (2007), *Physical Review E* 75, 056707.
    """

    step_size: Any
    temperature: Any = 1.0
    friction: Any = 1.0

    def __check_init__(self):
        """Refuse numbers out of their range."""
        _check("OBABO", self)

    def kernel(self, energy: Energy) -> InertialKernel:
        """The step; it leaves e^{−E/T} invariant but for order h²."""
        return _kernel("OBABO", self, energy)


def _check(name: str, method: Any) -> None:
    check_temperature(name, method.temperature)
    check_step(name, method.step_size)
    if not has_tracer(method.friction) and not method.friction > 0.0:
        raise InputError(f"{name}: friction must be positive, got {method.friction!r}.")


def _kernel(name: str, method: Any, energy: Energy) -> InertialKernel:
    refuse_constrained(name, energy)
    rule = Underdamped(energy, method.step_size, method.temperature, method.friction, name)
    return InertialKernel(rule)
