"""Energies far out on rays: they hold the states, fall without end, or rise too slowly for a law.

If Z = ∫ e^{−E/T} dx is finite, so is ∫ r^{d−1} e^{−E(c + r u)/T} dr for almost every direction u,
and ∫ e^{−E(x + s v)/T} ds for almost every x, v being any fixed direction (Fubini). A ray in a
direction that was drawn at random on which E does not outgrow d T log r, or such a line through a
random state with T log s, therefore says that there is no law.
"""

import enum
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.trees import Layout, in_float64

# The last drops, a decade apart or more, that must agree that E falls, or rises too slowly; and how
# many times as far as the first distance they must lie: near it E may do anything.
_LAST, _FAR = 6, 99.0
# A fall goes on without end if it shrinks by no more than this share from decade to decade: that of
# a bound approached as r^{-1/10} does so, that of log r not at all.
_SHRINKS = 0.8
# Energies that are no different but for rounding: a few units in the last place of float64.
_ROUNDING = 64 * np.finfo(np.float64).eps
# Of what grows as the logarithm exactly, up to rounding, the integral still diverges.
_MARGIN = 1.0 + 1e-6
_DECADES = 10.0 ** np.arange(31.0)  # beyond a state that a run came to
# Coordinates of states that are looked at together: an energy may hold arrays of its own for each.
_AT_ONCE, _MOST_AT_ONCE = 4096, 16


class Outlook(enum.Enum):
    """The energy at growing distances: it holds the states, or not, or nobody knows."""

    UNKNOWN = "unknown"
    HOLDS = "holds"
    SLOW = "slow"
    FALLS = "falls"


def energies_along(
    energy: Callable[[Any], Any], layout: Layout, places: np.ndarray
) -> np.ndarray | None:
    """E at many places, `(…,)`, in float64; None of an energy that takes no float64.

    Arguments:
        energy: `state → scalar`.
        layout: of a state.
        places: flat states, `(…, size)`.
    """
    rows = np.asarray(places, np.float64).reshape(-1, layout.size)
    with jax.enable_x64(True):
        try:
            values = _levels(in_float64(energy), layout, rows)
        except Exception:  # an energy may refuse float64 in any words
            return None
        return np.asarray(values, np.float64).reshape(places.shape[:-1])


@eqx.filter_jit
def _levels(energy: Any, layout: Layout, rows: Any) -> jax.Array:
    def level(row: Any) -> jax.Array:
        return energy(layout.unflatten(row))

    together = max(min(_AT_ONCE // layout.size, _MOST_AT_ONCE), 1)
    return jax.lax.map(level, rows, batch_size=together)


def view_on_ray(energy: Callable[[Any], Any], start: Any, last: Any, temperature: float) -> Outlook:
    """The outlook beyond a state that a run came to, on the ray from where it began.

    Arguments:
        energy: `state → scalar`.
        start: where the run began.
        last: where it came to, of the same structure.
        temperature: T, at which E must outgrow d T log of the distance.
    """
    layout = Layout.of(start)
    first, end = (np.asarray(layout.flatten(x), np.float64) for x in (start, last))
    away = end - first
    if not np.any(away) or not np.all(np.isfinite(end)):
        return Outlook.UNKNOWN
    values = energies_along(energy, layout, first + away * _DECADES[:, None])
    if values is None:
        return Outlook.UNKNOWN
    return outlook(values, _DECADES, temperature * layout.size)


def outlook(values: np.ndarray, radii: np.ndarray, least: float) -> Outlook:
    """The judgement on E at distances that grow by decades.

    Arguments:
        values: E at each, `(k,)`.
        radii: the distances, `(k,)`.
        least: what E must outgrow, in units of the logarithm of the distance: d T on a ray in a
            random direction, T on a line in a fixed one.
    """
    broken = np.flatnonzero(~np.isfinite(values))
    end = int(broken[0]) if broken.size else len(values)
    if broken.size and end >= 2 and not np.isnan(values[end]):
        is_falling = values[end] < 0.0 and values[end - 1] < values[end - 2]
        return Outlook.FALLS if is_falling else Outlook.HOLDS
    tail, distances = values[max(end - _LAST - 1, 0) : end], radii[max(end - _LAST - 1, 0) : end]
    if len(tail) <= _LAST or distances[0] < _FAR * radii[0]:
        return Outlook.UNKNOWN
    sizes = np.abs(tail)
    drops, rounding = -np.diff(tail), _ROUNDING * np.maximum(sizes[1:], sizes[:-1])
    if np.all(drops > rounding) and np.all(drops[1:] >= _SHRINKS * drops[:-1]):
        return Outlook.FALLS
    needed = least * np.log(distances[-1] / distances[:-1])
    rises, rounding = tail[-1] - tail[:-1], _ROUNDING * np.maximum(sizes[-1], sizes[:-1])
    if np.any(rises > _MARGIN * needed + rounding):
        return Outlook.HOLDS
    return Outlook.SLOW if rounding.max() < 0.1 * needed[-1] else Outlook.UNKNOWN
