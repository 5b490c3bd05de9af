"""Steps of length one: of a map, a kernel, a flow or a diffusion."""

from abc import abstractmethod
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.dynamics import Diffusion, Flow, Map, Transition
from thalweg.dynamics.diffusions import noise_matrix
from thalweg.simulation.ito_methods import ItoMethod
from thalweg.simulation.methods import FixedStep

# The key of what is drawn before the first step: no index of a step comes so far.
_BEFORE = 2**32 - 1


class Stepper(eqx.Module):
    """Steps counted by an index (abstract).

    Between two steps a *carry* is kept: the state, or a state and what the rule remembers.
    """

    @abstractmethod
    def time(self, index: Any) -> Any:
        """The time after `index` steps."""

    @abstractmethod
    def init(self, state: Any) -> Any:
        """The carry at the start."""

    @abstractmethod
    def state(self, carry: Any) -> Any:
        """The state in a carry."""

    @abstractmethod
    def step(self, index: Any, carry: Any) -> Any:
        """The carry after the next step."""

    @abstractmethod
    def change(self, index: Any, old: Any, new: Any) -> Any:
        """Quantity that vanishes at rest, after the step that led from one carry to another."""

    @property
    @abstractmethod
    def evaluations(self) -> int | None:
        """Number of evaluations of the rule by a step; None where nobody counts."""


class MapSteps(Stepper):
    """A map; its time is an integer that begins at `first`."""

    rule: Map
    first: Any

    def time(self, index: Any) -> Any:
        """`first + index`."""
        return self.first + index

    def init(self, state: Any) -> Any:
        """The state itself."""
        return state

    def state(self, carry: Any) -> Any:
        """The carry itself."""
        return carry

    def step(self, index: Any, carry: Any) -> Any:
        """g(t, x)."""
        return self.rule.step(self.first + index, carry)

    def change(self, index: Any, old: Any, new: Any) -> Any:
        """g(t, x) − x."""
        return jax.tree.map(lambda a, b: a - b, new, old)

    @property
    def evaluations(self) -> int:
        """One."""
        return 1


class FlowSteps(Stepper):
    """A flow, by a method with steps of length `dt` from `start_time` on."""

    rule: Flow
    method: FixedStep
    start_time: Any
    dt: Any

    def time(self, index: Any) -> Any:
        """`start_time + index·dt`, which adds up no rounding errors."""
        return self.start_time + index * self.dt

    def init(self, state: Any) -> Any:
        """The state itself."""
        return state

    def state(self, carry: Any) -> Any:
        """The carry itself."""
        return carry

    def step(self, index: Any, carry: Any) -> Any:
        """One step of the method."""
        return self.method.advance(self.rule, self.time(index), carry, self.dt)

    def change(self, index: Any, old: Any, new: Any) -> Any:
        """The velocity at the new state."""
        return self.rule.velocity(self.time(index + 1), new)

    @property
    def evaluations(self) -> int:
        """The number that the method says."""
        return self.method.evaluations


class KernelSteps(Stepper):
    """A kernel; its time is an integer that begins at `first`, its draws come from `key`."""

    rule: Transition
    first: Any
    key: Any

    def time(self, index: Any) -> Any:
        """`first + index`."""
        return self.first + index

    def init(self, state: Any) -> Any:
        """The kernel's carry."""
        return self.rule.begin(jax.random.fold_in(self.key, _BEFORE), state)

    def state(self, carry: Any) -> Any:
        """The state in it."""
        return self.rule.state(carry)

    def step(self, index: Any, carry: Any) -> Any:
        """A transition, with a key of its own."""
        key = jax.random.fold_in(self.key, index)
        return self.rule.step(key, self.first + index, carry)[0]

    def change(self, index: Any, old: Any, new: Any) -> Any:
        """The difference of the states."""
        return jax.tree.map(lambda a, b: a - b, self.state(new), self.state(old))

    @property
    def evaluations(self) -> int:
        """One."""
        return 1


class DiffusionSteps(Stepper):
    """A diffusion, by a method with steps of length `dt` from `start_time` on.

    The increments of step n come from `fold_in(key, n)`: they depend neither on how the steps are
    run nor on rounding of the time. Diffrax takes each step from time 0 to `dt`, so that no step is
    shorter or longer than another by the rounding of a late time.
    """

    rule: Diffusion
    method: ItoMethod
    start_time: Any
    dt: Any
    key: Any

    def time(self, index: Any) -> Any:
        """`start_time + index·dt`, which adds up no rounding errors."""
        return self.start_time + index * self.dt

    def init(self, state: Any) -> Any:
        """The state itself."""
        return state

    def state(self, carry: Any) -> Any:
        """The carry itself."""
        return carry

    def step(self, index: Any, carry: Any) -> Any:
        """One step of Diffrax's solver."""
        solver, begin = self.method.solver, self.time(index)
        zero, dt = jnp.zeros_like(self.dt), jnp.asarray(self.dt)
        key = jax.random.fold_in(self.key, index)
        _, count = noise_matrix(self.rule, begin, carry)
        shapes = carry if count is None else jnp.zeros(count, dt.dtype)
        terms = diffrax.MultiTerm(
            diffrax.ODETerm(lambda t, state, rule: rule.drift(begin + t, state)),
            _Noise(_increments(key, dt, shapes), begin, count is None),
        )
        memory = solver.init(terms, zero, dt, carry, self.rule)
        # Traced: of a plain False, Diffrax would compile programs of their own.
        never = jnp.isnan(zero)
        return solver.step(terms, zero, dt, carry, self.rule, memory, never)[0]

    def change(self, index: Any, old: Any, new: Any) -> Any:
        """The drift at the new state."""
        return self.rule.drift(self.time(index + 1), new)

    @property
    def evaluations(self) -> int | None:
        """The number that the method says."""
        return self.method.evaluations


class _Noise(diffrax.AbstractTerm):
    """g dW over one step, with the increments given; the diffusion is the argument."""

    increments: Any
    begin: Any
    is_diagonal: bool = eqx.field(static=True)

    def vf(self, t: Any, y: Any, args: Any) -> Any:
        """g."""
        return noise_matrix(args, self.begin + t, y)[0]

    def contr(self, t0: Any, t1: Any, **kwargs: Any) -> Any:
        """W(t1) − W(t0) of the whole step."""
        return self.increments

    def prod(self, vf: Any, control: Any) -> Any:
        """The product of a diagonal, or of a matrix whose processes all leaves share."""
        if self.is_diagonal:
            return jax.tree.map(lambda g, w: g * w, vf, control)
        return jax.tree.map(lambda g: jnp.tensordot(g, control.astype(g.dtype), 1), vf)


def _increments(key: Any, dt: Any, shapes: Any) -> Any:
    """Independent normal numbers of variance dt, shaped and typed like a pytree."""
    leaves, treedef = jax.tree.flatten(shapes)
    keys = jax.random.split(key, len(leaves))
    drawn = [
        jnp.sqrt(dt).astype(x.dtype) * jax.random.normal(k, x.shape, x.dtype)
        for k, x in zip(keys, leaves, strict=True)
    ]
    return jax.tree.unflatten(treedef, drawn)
