"""Kernels: rules with chance in steps, which draw the next state."""

from abc import abstractmethod
from typing import Any

import jax

from thalweg.dynamics.rules import Random


class Transition(Random):
    """A Markov transition, x⁺ ~ K(· | t, x) (abstract): subclass `Kernel` or `MemoryKernel`.

    Where a part of what is remembered is random (momenta), subclass this.

    What runs one asks for `begin`, `step` and `state`, whether there is a memory or not.

    Laws: `state(init(x)) == x`; everything is pure, the same key giving the same result; `draw` is
    one step from a fresh memory.
    """

    @abstractmethod
    def draw(self, key: jax.Array, t: Any, state: Any) -> Any:
        """The next state, of the same structure, shapes and dtypes as `state`."""

    @abstractmethod
    def init(self, state: Any) -> Any:
        """The carry at a start: the state, with what a step would have to compute again."""

    @abstractmethod
    def begin(self, key: jax.Array, state: Any) -> Any:
        """The carry at a start of which a part is drawn, momenta say; else `init(state)`."""

    @abstractmethod
    def resumed(self, carry: Any) -> Any:
        """The carry where another kernel of this type left off, whose numbers differ."""

    @abstractmethod
    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Any]:
        """The next carry, of the same structure, shapes and dtypes, and its info.

        What is told (the *info*) is a pytree of diagnostics, which the next step does not need.
        """

    @abstractmethod
    def state(self, carry: Any) -> Any:
        """The state in a carry."""

    @property
    def rule_kind(self) -> str:
        """`"kernel"`."""
        return "kernel"

    @property
    def has_continuous_time(self) -> bool:
        """False."""
        return False

    @property
    def cure(self) -> str:
        """Run it."""
        return (
            "Run it instead: simulate(rule, start, steps=…, key=…), many times by "
            "thalweg.ensemble; or ask about a map without the chance."
        )

    def trial(self, t: Any, state: Any) -> Any:
        """One draw, for a fixed key."""
        return self.draw(jax.random.key(0), t, state)


class Kernel(Transition):
    """A Markov transition without memory, x⁺ ~ K(· | t, x) (abstract).

    To write one, subclass and implement `draw`; annotate parameters as fields. It must be pure: the
    same key, the same result.

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> class Walk(tw.Kernel):
        ...     stride: float = 1.0
        ...     def draw(self, key, t, state):
        ...         way = jax.random.rademacher(key, state.shape, state.dtype)
        ...         return state + self.stride * way
        >>> run = tw.simulate(Walk(), jnp.zeros(1), steps=100, key=jax.random.key(0))
        >>> run.states.shape
        (101, 1)
    """

    def init(self, state: Any) -> Any:
        """The state itself."""
        return state

    def begin(self, key: jax.Array, state: Any) -> Any:
        """The state itself."""
        return state

    def resumed(self, carry: Any) -> Any:
        """The carry itself."""
        return carry

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Any]:
        """A draw, of which there is nothing to tell."""
        return self.draw(key, t, carry), None

    def state(self, carry: Any) -> Any:
        """The carry itself."""
        return carry


class MemoryKernel(Transition):
    """A Markov transition that keeps what it would else compute again (abstract).

    To write one, subclass and implement `init(state) → carry`, `step(key, t, carry) → (carry,
    info)` and `state(carry)`: the fields of spins, say, or the gradient at the last accepted state.
    """

    def begin(self, key: jax.Array, state: Any) -> Any:
        """The same as `init`."""
        return self.init(state)

    def resumed(self, carry: Any) -> Any:
        """A fresh memory at the state."""
        return self.init(self.state(carry))

    def draw(self, key: jax.Array, t: Any, state: Any) -> Any:
        """One step from a fresh memory."""
        return self.state(self.step(key, t, self.init(state))[0])
