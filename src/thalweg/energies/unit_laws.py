"""Units of a machine: the values that they take, and how they are drawn in a field."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like, computable, has_tracer, is_integer


class Units(eqx.Module):
    r"""The values that units take, drawn by p(x) ∝ exp((f·φ(x) − s(x))/T) in a field f (abstract).

    φ are the features that couple, s a unit's own energy.

    Law: `log_sum(f, T)` is log Σ_x exp((f·φ(x) − s(x))/T), an integral where x is a number.
    """

    @property
    @abstractmethod
    def width(self) -> int | None:
        """The number of features of a unit; None for one that has no axis of its own."""

    @property
    @abstractmethod
    def num_values(self) -> int:
        """The number of values of a unit that takes finitely many."""

    @abstractmethod
    def features(self, x: Any) -> jax.Array:
        """φ(x), of a floating dtype; of the shape of x, with one more axis if there is a width."""

    @abstractmethod
    def own_energy(self, x: Any) -> jax.Array:
        """Σ s(x), a scalar."""

    @abstractmethod
    def log_sum(self, field: Any, temperature: Any) -> jax.Array:
        """log Σ_x exp((f·φ(x) − s(x))/T) of each unit."""

    @abstractmethod
    def draw(self, key: jax.Array, field: Any, temperature: Any, x: Any, slack: Any) -> jax.Array:
        """New values; at T = 0 the best ones, and x itself where that is as good within slack."""

    @abstractmethod
    def random(self, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
        """Values, each as likely, that are whole numbers in bytes if they are known to be."""

    @abstractmethod
    def numbered(self, digits: Any) -> jax.Array:
        """The values with the numbers 0, 1, … of units that take finitely many."""

    @abstractmethod
    def at(self, sites: Any) -> "Units":
        """The units at some places, `(n,)` indices."""

    @abstractmethod
    def check(self, name: str, state: np.ndarray) -> None:
        """Refuse a state that has another value somewhere."""

    @property
    @abstractmethod
    def continuous(self) -> np.ndarray | bool:
        """The units that take any number: one truth for all, or one each."""


class Binary(Units):
    """Units of two values: spins ±1, or bits.

    Arguments:
        low: the lower value.
        high: the higher value.
    """

    low: float = -1.0
    high: float = 1.0

    def __check_init__(self):
        """Refuse values in the wrong order."""
        if not has_tracer(self.low, self.high) and not self.low < self.high:
            raise InputError(f"Binary: low must be below high, got {self.low} and {self.high}.")

    @property
    def width(self) -> int | None:
        """None."""
        return None

    @property
    def num_values(self) -> int:
        """2."""
        return 2

    def features(self, x: Any) -> jax.Array:
        """The value itself."""
        return computable(x)

    def own_energy(self, x: Any) -> jax.Array:
        """0."""
        return jnp.zeros((), computable(x).dtype)

    def log_sum(self, field: Any, temperature: Any) -> jax.Array:
        """log(e^{f low/T} + e^{f high/T})."""
        scaled = field / temperature
        return jnp.logaddexp(cast_like(self.low, field) * scaled, self._high(field) * scaled)

    def chances(self, field: Any, temperature: Any) -> jax.Array:
        """P(high) = 1/(1 + e^{−(high − low) f/T})."""
        gap = self._high(field) - cast_like(self.low, field)
        return jax.nn.sigmoid(gap * field / temperature)

    def draw(self, key: jax.Array, field: Any, temperature: Any, x: Any, slack: Any) -> jax.Array:
        """High with its chance; at T = 0 where the field is positive."""
        low, high = cast_like(self.low, field), self._high(field)
        warm = temperature > 0
        chance = self.chances(field, jnp.where(warm, temperature, 1.0))
        drawn = jax.random.uniform(key, field.shape, field.dtype) < chance
        stays = jnp.abs(field) <= slack
        up = jnp.where(warm, drawn, jnp.where(stays, x > low, field > 0))
        return jnp.where(jnp.isnan(field), field, jnp.where(up, high, low))

    def random(self, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
        """Bytes where low and high are whole numbers."""
        drawn = jnp.where(jax.random.bernoulli(key, 0.5, shape), self.high, self.low)
        is_known = not has_tracer(self.low, self.high)
        return drawn.astype(jnp.int8) if is_known and self._is_whole() else drawn

    def numbered(self, digits: Any) -> jax.Array:
        """0 is low, 1 high."""
        low = cast_like(self.low, digits)
        return low + (cast_like(self.high, digits) - low) * digits

    def at(self, sites: Any) -> "Binary":
        """The same anywhere."""
        return self

    def check(self, name: str, state: np.ndarray) -> None:
        """Refuse what is neither value."""
        low, high = float(self.low), float(self.high)
        wrong = np.argwhere((state != low) & (state != high))
        if len(wrong):
            where = tuple(wrong[0].tolist())
            raise InputError(
                f"{name} must hold {low:g} and {high:g} only, but the entry at {where} is "
                f"{state[where]}. Of bits b spins are 2 * b - 1, of spins s bits are s > 0."
            )

    @property
    def continuous(self) -> bool:
        """False."""
        return False

    def _is_whole(self) -> bool:
        return all(float(value) in range(-128, 128) for value in (self.low, self.high))

    def _high(self, field: Any) -> jax.Array:
        return cast_like(self.high, field)


class Potts(Units):
    """Units of q states, numbered 0 … q − 1, which couple where they are equal.

    Arguments:
        states: q.
    """

    states: int = eqx.field(static=True)

    def __check_init__(self):
        """Refuse what is no number of states."""
        if not is_integer(self.states) or self.states < 2:
            raise InputError(f"Potts: states must be at least 2, got {self.states!r}.")

    @property
    def width(self) -> int | None:
        """q."""
        return self.states

    @property
    def num_values(self) -> int:
        """q."""
        return self.states

    def features(self, x: Any) -> jax.Array:
        """One at the place of the state, zero elsewhere; NaN of a state that is NaN."""
        x = computable(x)[..., None]
        is_there = jnp.equal(*jnp.broadcast_arrays(x, jnp.arange(self.states)))
        return jnp.where(jnp.isnan(x), x, is_there.astype(x.dtype))

    def own_energy(self, x: Any) -> jax.Array:
        """0."""
        return jnp.zeros((), computable(x).dtype)

    def log_sum(self, field: Any, temperature: Any) -> jax.Array:
        """log Σ_k e^{f_k/T}."""
        return jax.nn.logsumexp(field / temperature, axis=-1)

    def chances(self, field: Any, temperature: Any) -> jax.Array:
        """The softmax of f/T."""
        return jax.nn.softmax(field / temperature, axis=-1)

    def draw(self, key: jax.Array, field: Any, temperature: Any, x: Any, slack: Any) -> jax.Array:
        """States drawn from the softmax; at T = 0 those of the largest fields."""
        warm = temperature > 0
        below = jnp.cumsum(self.chances(field, jnp.where(warm, temperature, 1.0)), axis=-1)[
            ..., :-1
        ]
        uniform = jax.random.uniform(key, (*field.shape[:-1], 1), field.dtype)
        drawn = jnp.sum(uniform >= below, axis=-1)
        own = jnp.sum(field * self.features(x).astype(field.dtype), axis=-1)
        stays = own >= jnp.max(field, axis=-1) - slack
        best = jnp.where(stays, x, jnp.argmax(field, axis=-1).astype(field.dtype))
        new = jnp.where(warm, drawn.astype(field.dtype), best.astype(field.dtype))
        return jnp.where(jnp.any(jnp.isnan(field), axis=-1), jnp.nan, new)

    def random(self, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
        """Bytes, of up to 128 states."""
        dtype = jnp.int8 if self.states <= 128 else jnp.int32
        return jax.random.randint(key, shape, 0, self.states).astype(dtype)

    def numbered(self, digits: Any) -> jax.Array:
        """The numbers themselves."""
        return digits

    def at(self, sites: Any) -> "Potts":
        """The same anywhere."""
        return self

    def check(self, name: str, state: np.ndarray) -> None:
        """Refuse what is no number of a state."""
        fine = (state == np.floor(state)) & (state >= 0) & (state < self.states)
        wrong = np.argwhere(~fine)
        if len(wrong):
            where = tuple(wrong[0].tolist())
            raise InputError(
                f"{name} must hold the whole numbers 0 to {self.states - 1}, but the entry at "
                f"{where} is {state[where]}."
            )

    @property
    def continuous(self) -> bool:
        """False."""
        return False


class GaussianBinary(Units):
    """Units of which some take any number, with the energy x²/(2σ²), and the others two values.

    Arguments:
        deviations: σ of each unit, `(N,)`; 0 for one of two values. Its square is the variance that
            the unit has alone, at T = 1.
        low: the lower value of the others.
        high: their higher value.
    """

    deviations: Any = eqx.field(converter=as_parameter)
    low: float = 0.0
    high: float = 1.0

    def __check_init__(self):
        """Refuse negative deviations."""
        if not has_tracer(self.deviations) and not np.all(np.asarray(self.deviations) >= 0.0):
            raise InputError("GaussianBinary: deviations must not be negative; 0 is a binary unit.")

    @property
    def width(self) -> int | None:
        """None."""
        return None

    @property
    def num_values(self) -> int:
        """2, of those that are no numbers."""
        return 2

    def features(self, x: Any) -> jax.Array:
        """The value itself."""
        return computable(x)

    def own_energy(self, x: Any) -> jax.Array:
        """Σ x²/(2σ²) of the numbers."""
        x = computable(x)
        is_number, deviations = self._split(x)
        return jnp.sum(jnp.where(is_number, 0.5 * (x / deviations) ** 2, 0.0))

    def log_sum(self, field: Any, temperature: Any) -> jax.Array:
        """(σf)²/(2T) + ½ log(2πTσ²) of the numbers."""
        is_number, deviations = self._split(field)
        scaled = (deviations * field) ** 2 / (2.0 * temperature)
        normal = scaled + 0.5 * jnp.log(2.0 * jnp.pi * temperature * deviations**2)
        return jnp.where(is_number, normal, self._binary.log_sum(field, temperature))

    def draw(self, key: jax.Array, field: Any, temperature: Any, x: Any, slack: Any) -> jax.Array:
        """Numbers have the mean σ²f and the variance σ²T."""
        is_number, deviations = self._split(field)
        one, two = jax.random.split(key)
        noise = jax.random.normal(one, field.shape, field.dtype)
        normal = deviations * (deviations * field + jnp.sqrt(temperature) * noise)
        return jnp.where(is_number, normal, self._binary.draw(two, field, temperature, x, slack))

    def random(self, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
        """Numbers are normal, with their deviation."""
        one, two = jax.random.split(key)
        bits = jax.random.bernoulli(one, 0.5, shape) * 1.0
        is_number, deviations = self._split(bits)
        widths = jnp.broadcast_to(deviations, shape)
        return jnp.where(is_number, widths * jax.random.normal(two, shape), self.numbered(bits))

    def numbered(self, digits: Any) -> jax.Array:
        """Numbers of the values of units that have two: 0 is low, 1 high."""
        return self._binary.numbered(digits)

    def at(self, sites: Any) -> "GaussianBinary":
        """Those at the places."""
        return GaussianBinary(jnp.asarray(self.deviations)[sites], self.low, self.high)

    def check(self, name: str, state: np.ndarray) -> None:
        """Refuse numbers that are not finite, and other values where there are two."""
        if not np.all(np.isfinite(state)):
            raise InputError(f"{name} must be finite.")
        self._binary.check(name, np.where(self.continuous, float(self.low), state))

    @property
    def continuous(self) -> np.ndarray:
        """Truths `(N,)`: the units with σ > 0."""
        return np.asarray(self.deviations) > 0.0

    @property
    def _binary(self) -> Binary:
        return Binary(self.low, self.high)

    def _split(self, like: Any) -> tuple[jax.Array, jax.Array]:
        """The units that are numbers, and deviations (1 elsewhere, so that derivatives are 0)."""
        deviations = cast_like(self.deviations, like)
        return deviations > 0.0, jnp.where(deviations > 0.0, deviations, 1.0)
