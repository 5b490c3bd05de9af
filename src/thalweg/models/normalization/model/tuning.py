"""Orientation tuning: how strongly each neuron of a population is driven by a grating."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import for_rows
from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer, is_integer

PERIOD = 180.0  # degrees: a grating turned half round is the same one
"""Orientations are in degrees; a grating turned by this angle is the same grating."""


class Tuning(eqx.Module):
    r"""The tuning f: orientations → [c₀, 1]ⁿ of n neurons (abstract).

    For developers: implement `__call__`, `size` and `floor`. Values outside [floor, 1] are refused
    where the tuning is used.
    """

    @abstractmethod
    def __call__(self, orientations: Any) -> jax.Array:
        """The tuning at orientations of shape `(…)` in degrees, shape `(…, n)`."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of neurons n."""

    @property
    @abstractmethod
    def floor(self) -> float:
        """The smallest value c₀ that the tuning may take."""


class RaisedCosine(Tuning):
    r"""f(Δ) = ½(1 + cos(πΔ / 2w)) for |Δ| ≤ 2w and 0 beyond; Δ is the angle to the preferred one.

    Preferred orientations are spaced evenly, 180°·i/n.

    Arguments:
        neurons: n.
        half_width: the half width at half height w, in degrees, at most 45.
        normalised: divide by the norm over neurons, so that Σ_i f_i² = 1 at every orientation;
            otherwise the peak is 1.
    """

    neurons: int = eqx.field(static=True)
    half_width: float = 30.0
    normalised: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        _check_count("RaisedCosine", self.neurons)
        _check_range("RaisedCosine", "half_width", self.half_width, 0.0, 45.0)

    def __call__(self, orientations: Any) -> jax.Array:
        """f at orientations of shape `(…)`, shape `(…, n)`."""
        angle = jnp.abs(_from_preferred(orientations, self.neurons))
        bump = 0.5 * (1.0 + jnp.cos(jnp.pi * angle / (2.0 * self.half_width)))
        bump = jnp.where(angle <= 2.0 * self.half_width, bump, 0.0)
        return _unit_power(bump) if self.normalised else bump

    @property
    def size(self) -> int:
        """The number of neurons."""
        return self.neurons

    @property
    def floor(self) -> float:
        """0."""
        return 0.0


class VonMises(Tuning):
    r"""f(Δ) = c₀ + (1 − c₀) exp(κ(cos 2Δ − 1)), evenly spaced preferred orientations.

    Arguments:
        neurons: n.
        concentration: κ > 0; the half width at half height is ½ arccos(1 − log 2 / κ).
        offset: the floor c₀ in [0, 1): what the least driven neuron still receives.
        normalised: divide by the norm over neurons, so that Σ_i f_i² = 1 at every orientation (the
            floor is then scaled too); otherwise the peak is 1.
    """

    neurons: int = eqx.field(static=True)
    concentration: float = 2.0
    offset: float = 0.0
    normalised: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        _check_count("VonMises", self.neurons)
        _check_range("VonMises", "concentration", self.concentration, 0.0, np.inf)
        if not has_tracer(self.offset) and not 0.0 <= float(self.offset) < 1.0:
            raise InputError(
                f"VonMises: offset (the floor c0) must be in [0, 1), got {self.offset}."
            )

    def __call__(self, orientations: Any) -> jax.Array:
        """f at orientations of shape `(…)`, shape `(…, n)`."""
        angle = jnp.deg2rad(2.0 * _from_preferred(orientations, self.neurons))
        bump = jnp.exp(self.concentration * (jnp.cos(angle) - 1.0))
        bump = self.offset + (1.0 - self.offset) * bump
        return _unit_power(bump) if self.normalised else bump

    @property
    def size(self) -> int:
        """The number of neurons."""
        return self.neurons

    @property
    def floor(self) -> float:
        """c₀, or 0 when normalised."""
        return 0.0 if self.normalised else float(self.offset)


class Tabulated(Tuning):
    """A measured tuning: values at evenly spaced orientations, interpolated linearly.

    Arguments:
        values: shape `(m, n)`, the tuning of n neurons at the orientations 180°·j/m.
        least: the floor c₀ that the values must keep to.

    Raises:
        InputError: the values are not a finite matrix within [least, 1].
    """

    values: Any
    least: float = eqx.field(static=True)

    def __init__(self, values: Any, least: float = 0.0):
        table = np.asarray(values, dtype=np.float64)
        if table.ndim != 2 or 0 in table.shape:
            raise InputError(
                f"Tabulated: values must be a matrix (orientations, neurons), got shape "
                f"{table.shape}."
            )
        self.values, self.least = table, float(least)
        check_values(table, PERIOD * np.arange(len(table)) / len(table), self.least)

    def __call__(self, orientations: Any) -> jax.Array:
        """f at orientations of shape `(…)`, shape `(…, n)`."""
        table = jnp.asarray(self.values)
        position = jnp.mod(jnp.asarray(orientations), PERIOD) * (len(table) / PERIOD)
        low = jnp.floor(position).astype(int)
        share = (position - low)[..., None]
        return (1.0 - share) * table[low % len(table)] + share * table[(low + 1) % len(table)]

    @property
    def size(self) -> int:
        """The number of neurons."""
        return self.values.shape[1]

    @property
    def floor(self) -> float:
        """c₀."""
        return self.least


def check_values(values: np.ndarray, orientations: np.ndarray, floor: float) -> None:
    """Refuse tuning values `(m, n)` outside [floor, 1], naming the first.

    Raises:
        InputError: a value is outside, or not finite.
    """
    slack = 1e-12
    good = (values >= floor - slack) & (values <= 1.0 + slack)
    if not good.all():
        j, i = (int(x) for x in np.argwhere(~good)[0])
        raise InputError(
            f"tuning: neuron {i} has the value {values[j, i]:.6g} at {orientations[j]:.6g}°, "
            f"outside [{floor:g}, 1]. Scale the tuning to a peak of 1, or lower its floor."
        )


def _from_preferred(orientations: Any, neurons: int) -> jax.Array:
    """The angle from every preferred orientation, in [−90, 90)."""
    orientations = jnp.asarray(orientations, dtype=jnp.result_type(float))
    seen = orientations[..., None]
    preferred = for_rows(jnp.arange(neurons) * (PERIOD / neurons), seen)
    return jnp.mod(seen - preferred + PERIOD / 2, PERIOD) - PERIOD / 2


def _unit_power(bump: jax.Array) -> jax.Array:
    power = jnp.sum(bump**2, axis=-1, keepdims=True)
    return bump / jnp.sqrt(jnp.where(power > 0.0, power, 1.0))


def _check_count(name: str, neurons: Any) -> None:
    if not is_integer(neurons) or neurons < 1:
        raise InputError(f"{name}: neurons must be a whole number of at least 1, got {neurons!r}.")


def _check_range(name: str, field: str, value: Any, low: float, high: float) -> None:
    if not has_tracer(value) and not low < float(value) <= high:
        limit = f"in ({low:g}, {high:g}]" if np.isfinite(high) else "positive"
        raise InputError(f"{name}: {field} must be {limit}, got {value}.")
