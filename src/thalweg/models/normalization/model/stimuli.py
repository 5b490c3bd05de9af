"""Stimuli: gratings, plaids and blanks, ensembles of them, and the order they come in.

A stimulus is a superposition of k gratings, each with a contrast and an orientation in degrees. An
`Ensemble` is a weighted list of stimuli; a `Presentation` says which of them is shown at step t.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError


class Ensemble(eqx.Module):
    """A weighted list of m stimuli of k gratings each.

    Arguments:
        contrasts: shape `(m, k)`.
        orientations: shape `(m, k)`, degrees.
        weights: shape `(m,)`, non-negative, of sum 1: how often each is shown. None: equally often.

    Raises:
        InputError: shapes differ, a value is not finite, or the weights do not sum to 1.
    """

    contrasts: Any
    orientations: Any
    weights: Any

    def __init__(self, contrasts: Any, orientations: Any, weights: Any = None):
        self.contrasts = _matrix("contrasts", contrasts)
        self.orientations = _matrix("orientations", orientations)
        if self.contrasts.shape != self.orientations.shape:
            raise InputError(
                f"Ensemble: contrasts and orientations must have one shape (stimuli, gratings), "
                f"got {self.contrasts.shape} and {self.orientations.shape}."
            )
        count = len(self.contrasts)
        if weights is None:
            weights = np.full(count, 1.0 / count)
        self.weights = np.asarray(weights, dtype=np.float64)
        if self.weights.shape != (count,) or not np.all(self.weights >= 0.0):
            raise InputError(
                f"Ensemble: weights must be {count} non-negative numbers, one a stimulus, got "
                f"{weights!r}."
            )
        total = float(self.weights.sum())
        if abs(total - 1.0) > 1e-9:
            raise InputError(
                f"Ensemble: weights must sum to 1, got {total:.6g}. Divide them by their sum."
            )

    @property
    def size(self) -> int:
        """The number of stimuli m."""
        return len(self.contrasts)


def grating(contrast: float = 1.0, orientation: float = 0.0) -> Ensemble:
    """A single grating."""
    return Ensemble([[contrast]], [[orientation]])


def plaid(contrasts: Sequence[float], orientations: Sequence[float]) -> Ensemble:
    """A single stimulus of several superimposed gratings."""
    return Ensemble([list(contrasts)], [list(orientations)])


def blank() -> Ensemble:
    """A single stimulus of no contrast: the baseline alone drives the neurons."""
    return grating(0.0, 0.0)


def uniform_ensemble(count: int = 10, contrast: float = 1.0) -> Ensemble:
    """Gratings at `count` evenly spaced orientations, equally often."""
    return biased_ensemble(count, contrast, weight=1.0)


def biased_ensemble(
    count: int = 10, contrast: float = 1.0, favoured: int = 0, weight: float = 5.0
) -> Ensemble:
    """Gratings at `count` evenly spaced orientations, one of them `weight` times as often."""
    weights = np.ones(count)
    weights[favoured] = weight
    orientations = 180.0 * np.arange(count) / count
    return Ensemble(np.full((count, 1), contrast), orientations[:, None], weights / weights.sum())


def alternating(angle: float, contrast: float = 1.0, centre: float = 0.0) -> Ensemble:
    """Two gratings at `centre` ± `angle`, equally often."""
    return Ensemble([[contrast], [contrast]], [[centre - angle], [centre + angle]])


def mixture(parts: Sequence[tuple[float, Ensemble]]) -> Ensemble:
    """Ensembles shown with given shares: `[(0.8, adaptor), (0.2, blank())]`.

    Raises:
        InputError: the shares do not sum to 1.
    """
    widest = max(part.contrasts.shape[1] for _, part in parts)

    def padded(matrix: np.ndarray) -> np.ndarray:
        return np.pad(matrix, ((0, 0), (0, widest - matrix.shape[1])))

    return Ensemble(
        np.concatenate([padded(part.contrasts) for _, part in parts]),
        np.concatenate([padded(part.orientations) for _, part in parts]),
        np.concatenate([share * part.weights for share, part in parts]),
    )


class Presentation(eqx.Module):
    """Order in which the stimuli of an ensemble are shown, step by step (abstract).

    For developers: implement `index`; it must be a pure function of the step.
    """

    ensemble: eqx.AbstractVar[Ensemble]

    @abstractmethod
    def index(self, t: Any) -> Any:
        """The position in the ensemble of what is shown at step `t`, an integer."""


class Held(Presentation):
    """One stimulus, shown at every step.

    Raises:
        InputError: an ensemble of more than one stimulus is given.
    """

    ensemble: Ensemble

    def __check_init__(self):
        if self.ensemble.size != 1:
            raise InputError(
                f"Held: one stimulus is held, got an ensemble of {self.ensemble.size}. Use InTurn "
                f"or Draws."
            )

    def index(self, t: Any) -> Any:
        """0."""
        return jnp.zeros((), dtype=jnp.int32)


class InTurn(Presentation):
    """The stimuli of an ensemble one after the other, again and again (weights play no part)."""

    ensemble: Ensemble

    def index(self, t: Any) -> Any:
        """t modulo the number of stimuli."""
        return jnp.asarray(t, dtype=jnp.int32) % self.ensemble.size


class Draws(Presentation):
    """Independent draws from an ensemble, with its weights.

    Arguments:
        ensemble: what is drawn from.
        key: a `jax.random` key; None is a fixed one. Step t always shows the same stimulus.
    """

    ensemble: Ensemble
    key: Any

    def __init__(self, ensemble: Ensemble, key: Any = None):
        self.ensemble = ensemble
        self.key = jax.random.key(0) if key is None else key

    def index(self, t: Any) -> Any:
        """A draw that depends on the key and on t alone."""
        at_t = jax.random.fold_in(self.key, jnp.asarray(t, dtype=jnp.int32))
        bounds = jnp.cumsum(jnp.asarray(self.ensemble.weights, dtype=jnp.float32))
        uniform = jax.random.uniform(at_t, dtype=jnp.float32) * bounds[-1]
        return jnp.minimum(jnp.searchsorted(bounds, uniform, side="right"), self.ensemble.size - 1)


def _matrix(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"Ensemble: {name} must have the shape (stimuli, gratings), got {array.shape}."
        )
    if not np.all(np.isfinite(array)):
        raise InputError(f"Ensemble: {name} must be finite, got {value!r}.")
    return array
