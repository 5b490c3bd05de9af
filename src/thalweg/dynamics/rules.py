"""Rules: what changes a state.

Analysis and recovery ask every deterministic rule the same things and never which kind it is:
`displacement`, zero where the rule is at rest, `growth`, the sign of which decides stability,
`rise`, the sign of which decides descent, and `words` for what they say.
"""

import inspect
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.shown import as_code, as_html
from thalweg.core.trees import dot
from thalweg.dynamics.words import WORDS, Words


class Rule(eqx.Module):
    """A law that changes a state (abstract): subclass `Flow`, `Map`, `Diffusion` or `Kernel`.

    A rule is an immutable pytree whose fields are its parameters. Four things may be declared on
    the class, without annotation and therefore not as fields: `domain` (the default region),
    `state_names` (labels of the coordinates), `start` (where a run begins, unless told) and a
    method `energy(state)`.

    Raises:
        InputError: a class annotates a field with the name of a method that rules have.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse fields that would hide a method."""
        super().__init_subclass__(**kwargs)
        bases = [b for b in cls.__mro__[1:] if b.__module__.startswith("thalweg.dynamics")]
        own = inspect.get_annotations(cls)
        hidden = [name for name in own if any(name in vars(base) for base in bases)]
        if hidden:
            raise InputError(
                f"{cls.__name__} has a field {hidden[0]!r}, which would hide the method of that "
                f"name that every rule has: rename the field."
            )

    def __repr__(self) -> str:
        """The class with all its parameters, also those that are the default."""
        return as_code(self)

    def _repr_html_(self) -> str:
        return as_html(self, self.rule_kind)

    @property
    @abstractmethod
    def rule_kind(self) -> str:
        """`"flow"`, `"map"`, `"diffusion"` or `"kernel"`."""

    @property
    @abstractmethod
    def has_continuous_time(self) -> bool:
        """True if time is a real number, rather than a count of steps."""

    @abstractmethod
    def trial(self, t: Any, state: Any) -> Any:
        """The law at a state, to see whether it fits: shaped and typed like the state."""

    @property
    def words(self) -> Words:
        """Names of things for such a rule."""
        return WORDS[self.rule_kind]

    def time_dtype(self, dtype: Any) -> Any:
        """The dtype of times, for states of a dtype: that one, or int32 for counts of steps."""
        return dtype if self.has_continuous_time else np.dtype(np.int32)


class Deterministic(Rule):
    """A rule without chance (abstract): subclass `Flow` or `Map`."""

    @abstractmethod
    def displacement(self, t: Any, state: Any) -> Any:
        """Change of the state: f of a flow, g − x of a map. Zero exactly at equilibria."""

    @abstractmethod
    def growth(self, eigenvalues: Any) -> Any:
        """The rate at which a mode grows: negative decays, positive grows."""

    @abstractmethod
    def growth_error(self, eigenvalues: Any, error: Any) -> Any:
        """Error of `growth` for eigenvalues that may be off by `error`."""

    @abstractmethod
    def own_jacobian(self, jacobian: Any) -> Any:
        """The Jacobian of the rule itself, from that of its displacement (`(…, d, d)`)."""

    @abstractmethod
    def rise(self, energy: Callable[[Any], Any], t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """The rate at which an energy changes, and the size against which rounding counts.

        A flow: dE/dt = ∇E·f, and |∇E||f|. A map: E(x⁺) − E(x), and |E(x⁺)| + |E(x)|.
        """

    @abstractmethod
    def quadratic_rise(self, hessian: Any, jacobian: Any) -> Any:
        """The matrix of the rise of ½xᵀHx under the linear rule x ↦ Jx, shape `(…, d, d)`."""

    @abstractmethod
    def pairing(self, one: Any, other: Any) -> Any:
        """The number that is zero for the two eigenvalues of a conjugate pair that is neutral."""

    @abstractmethod
    def flip_sign(self, eigenvalues: Any) -> Any:
        """The sign of det(Dg + 1) of a map, by its multipliers `(…, d)`; 1 of a flow, `(…,)`."""

    @abstractmethod
    def turning_rate(self, eigenvalue: Any) -> Any:
        """Radians in a unit of time (a step) by which a mode of this eigenvalue turns."""

    @property
    @abstractmethod
    def probe_times(self) -> np.ndarray:
        """Times, in no simple ratio, at which a rule that depends on time gives itself away."""


class Random(Rule):
    """A rule with chance (abstract): subclass `Diffusion` or `Kernel`.

    It is simulated with a `key`; what analysis asks (states of rest, cycles, energies that fall) is
    defined for deterministic rules.
    """

    @property
    @abstractmethod
    def cure(self) -> str:
        """A sentence on the question to ask instead."""


class Flow(Deterministic):
    """A vector field, dx/dt = f(t, x) (abstract).

    To write one, subclass and implement `velocity`; annotate parameters as fields:

    Example:
        >>> import thalweg as tw
        >>> class Decay(tw.Flow):
        ...     rate: float = 0.5
        ...     def velocity(self, t, state):
        ...         return -self.rate * state
        >>> float(Decay().velocity(0.0, 2.0))
        -1.0
    """

    @abstractmethod
    def velocity(self, t: Any, state: Any) -> Any:
        """dx/dt at time `t`, of the same structure, shapes and dtypes as `state`."""

    @property
    def rule_kind(self) -> str:
        """`"flow"`."""
        return "flow"

    @property
    def has_continuous_time(self) -> bool:
        """True."""
        return True

    def trial(self, t: Any, state: Any) -> Any:
        """The velocity."""
        return self.velocity(t, state)

    def displacement(self, t: Any, state: Any) -> Any:
        """The velocity f(t, x)."""
        return self.velocity(t, state)

    def growth(self, eigenvalues: Any) -> Any:
        """Re λ."""
        return eigenvalues.real

    def growth_error(self, eigenvalues: Any, error: Any) -> Any:
        """The error itself."""
        return error

    def own_jacobian(self, jacobian: Any) -> Any:
        """The Jacobian of f, unchanged."""
        return jacobian

    def rise(self, energy: Callable[[Any], Any], t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """∇E·f, and |∇E||f|; where the energy is not finite, the rise is not either."""
        value, gradient = jax.value_and_grad(energy)(state)
        velocity = self.velocity(t, state)
        rise = jnp.where(jnp.isfinite(value), dot(gradient, velocity), value)
        return rise, jnp.sqrt(dot(gradient, gradient) * dot(velocity, velocity))

    def quadratic_rise(self, hessian: Any, jacobian: Any) -> Any:
        """HJ + JᵀH, twice the symmetric part of HJ."""
        return hessian @ jacobian + np.swapaxes(jacobian, -1, -2) @ hessian

    def pairing(self, one: Any, other: Any) -> Any:
        """λ + μ."""
        return one + other

    def flip_sign(self, eigenvalues: Any) -> Any:
        """1: a flow does not flip."""
        return np.ones(np.shape(eigenvalues)[:-1])

    def turning_rate(self, eigenvalue: Any) -> Any:
        """|Im λ|."""
        return np.abs(np.imag(eigenvalue))

    @property
    def probe_times(self) -> np.ndarray:
        """Four times."""
        return np.array([0.3719, 1.6180, 17.31, 123.4])


class Map(Deterministic):
    """A map of the state to itself, x⁺ = g(t, x) with an integer step count `t` (abstract).

    Example:
        >>> import thalweg as tw
        >>> class Logistic(tw.Map):
        ...     r: float = 3.2
        ...     domain = tw.Box(0.0, 1.0)
        ...     def step(self, t, state):
        ...         return self.r * state * (1.0 - state)
        >>> round(float(Logistic().step(0, 0.5)), 12)
        0.8
    """

    @abstractmethod
    def step(self, t: Any, state: Any) -> Any:
        """The next state, of the same structure, shapes and dtypes as `state`."""

    @property
    def rule_kind(self) -> str:
        """`"map"`."""
        return "map"

    @property
    def has_continuous_time(self) -> bool:
        """False."""
        return False

    def trial(self, t: Any, state: Any) -> Any:
        """The next state."""
        return self.step(t, state)

    def displacement(self, t: Any, state: Any) -> Any:
        """g(t, x) − x."""
        return _minus(self.step(t, state), state)

    def growth(self, eigenvalues: Any) -> Any:
        """log|λ| (−∞ at λ = 0)."""
        if isinstance(eigenvalues, np.ndarray):
            with np.errstate(divide="ignore"):
                return np.log(np.abs(eigenvalues))
        return jnp.log(jnp.abs(eigenvalues))

    def growth_error(self, eigenvalues: Any, error: Any) -> Any:
        """The error over |λ|."""
        return error / np.maximum(np.abs(eigenvalues), np.finfo(np.float64).eps)

    def own_jacobian(self, jacobian: Any) -> Any:
        """Dg = D(g − x) + I."""
        return jacobian + np.eye(jacobian.shape[-1])

    def rise(self, energy: Callable[[Any], Any], t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """E(x⁺) − E(x), and |E(x⁺)| + |E(x)|."""
        before, after = energy(state), energy(self.step(t, state))
        return after - before, jnp.abs(after) + jnp.abs(before)

    def quadratic_rise(self, hessian: Any, jacobian: Any) -> Any:
        """JᵀHJ − H, twice the rise."""
        return np.swapaxes(jacobian, -1, -2) @ hessian @ jacobian - hessian

    def pairing(self, one: Any, other: Any) -> Any:
        """λμ − 1."""
        return one * other - 1.0

    def flip_sign(self, eigenvalues: Any) -> Any:
        """The sign of Π(1 + λ); conjugate pairs give a positive factor."""
        is_real = np.imag(eigenvalues) == 0.0
        return np.prod(np.where(is_real, np.sign(1.0 + np.real(eigenvalues)), 1.0), axis=-1)

    def turning_rate(self, eigenvalue: Any) -> Any:
        """|arg λ|."""
        return np.abs(np.angle(eigenvalue))

    @property
    def probe_times(self) -> np.ndarray:
        """Four step counts."""
        return np.array([1, 2, 3, 17])


def _minus(a: Any, b: Any) -> Any:
    return jax.tree.map(lambda x, y: x - y, a, b)
