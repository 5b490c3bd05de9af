"""Rules: what changes a state.

Analysis and recovery ask every deterministic rule the same things and never which kind it is:
`displacement`, zero where the rule is at rest, `growth`, the sign of which decides stability,
`rise`, the sign of which decides descent, and `words` for what they say.
"""

import inspect
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Self

import jax
import numpy as np

from thalweg.core.arguments import Frozen
from thalweg.core.errors import InputError
from thalweg.core.shown import as_code, as_html
from thalweg.dynamics.words import WORDS, Words

Function = Callable[[Any], Any]
_LAWS = (
    "A Flow needs velocity(self, t, state), a Map step(self, t, state), a Diffusion "
    "drift(self, t, state) and noise(self, t, state), a Kernel draw(self, key, t, state)."
)


class Rule(Frozen):
    """A law that changes a state (abstract): subclass `Flow`, `Map`, `Diffusion` or `Kernel`.

    A rule is an immutable pytree whose fields are its parameters. Four things may be declared on
    the class, without annotation and therefore not as fields: `domain` (the default region),
    `state_names` (labels of the coordinates), `start` (where a run begins, unless told) and a
    method `energy(state)`.

    Raises:
        InputError: a class annotates a field with the name of a method that rules have; a rule is
            made of a class without its law, or given a number that its class does not annotate.
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

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse a class without its law."""
        if inspect.isabstract(cls):
            lacks = ", ".join(sorted(cls.__abstractmethods__))
            raise InputError(f"{cls.__name__} lacks {lacks}. {_LAWS}")
        return super().__new__(cls, *args, **kwargs)

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
    def rise(self, energy: Function, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """The rate at which an energy changes, and the size against which rounding counts.

        A flow: dE/dt = ∇E·f, and |∇E||f|. A map: E(x⁺) − E(x), and |E(x⁺)| + |E(x)|.
        """

    @abstractmethod
    def factors_of_rise(
        self, function: Function, y: Any, displacement: Any
    ) -> tuple[jax.Array, jax.Array]:
        """Two arrays whose product is the rise of a function of coordinates by a displacement."""

    @abstractmethod
    def fall(self, function: Function, y: Any, displacement: Any, widths: Any) -> jax.Array:
        """Steepness, in [−1, 1], of the fall of a function of coordinates by a displacement.

        Arguments:
            function: of coordinates `(d,)`, a scalar.
            y: where from, `(d,)`.
            displacement: of the rule, `(d,)`.
            widths: units of the coordinates, `(d,)`, in which lengths are taken.
        """

    @abstractmethod
    def own_product(self, product: Any, vector: Any) -> Any:
        """The product of the rule's own Jacobian and a vector, from that of its displacement's."""

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
