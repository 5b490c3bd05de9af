"""Langevin dynamics with inertia, of which positions are drawn."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, has_tracer
from thalweg.dynamics import Phase, Transition, Underdamped
from thalweg.sampling.methods.base import Energy, Told, check_temperature
from thalweg.sampling.methods.continuous import PlainContinuousMethod, refuse_constrained
from thalweg.sampling.methods.sgld import check_step


class InertialKernel(Transition):
    """One step of `Underdamped`, of which the state is the position.

    A chain begins with a momentum of the law N(0, T).

    Arguments:
        rule: positions and momenta.
    """

    rule: Underdamped

    def init(self, state: Any) -> Any:
        """The position, at rest: no draw of the law, for which `begin` is."""
        return self.rule.init(Phase(state, jax.tree.map(jnp.zeros_like, state)))

    def begin(self, key: jax.Array, state: Any) -> Any:
        """The position, with a momentum drawn from N(0, T)."""
        leaves, treedef = jax.tree.flatten(jax.tree.map(jnp.asarray, state))
        keys = jax.random.split(key, len(leaves))
        drawn = [
            jnp.sqrt(cast_like(self.rule.temperature, x)) * jax.random.normal(k, x.shape, x.dtype)
            for k, x in zip(keys, leaves, strict=True)
        ]
        return self.rule.init(Phase(state, jax.tree.unflatten(treedef, drawn)))

    def resumed(self, carry: Any) -> Any:
        """The position and the momentum, with the gradient there."""
        return self.rule.init(self.rule.state(carry))

    def draw(self, key: jax.Array, t: Any, state: Any) -> Any:
        """The position a step later, from a momentum drawn from N(0, T)."""
        first, later = jax.random.split(key)
        return self.state(self.step(later, t, self.begin(first, state))[0])

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Told]:
        """A step of both."""
        return self.rule.step(key, t, carry)[0], Told()

    def state(self, carry: Any) -> Any:
        """The position."""
        return self.rule.state(carry).position


class BAOAB(PlainContinuousMethod):
    r"""Langevin dynamics with inertia, by the splitting BAOAB, without an accept test.

    On a bowl its positions have the exact law, whatever the step; elsewhere it is off by order h².
    See `thalweg.dynamics.Underdamped`. Chains begin with momenta of N(0, T).

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
