"""A test of whether e^{−E/T} can be normalized, by how fast E grows along rays."""

from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import format_state

# Radii in units of the spread of the draws: far enough that the highest powers lead.
_RADII = (1e2, 1e3, 1e4)
_DIRECTIONS = 512  # of the rays, at random; in the plane some are .7° apart


def where_open(energy: Any, states: np.ndarray, temperature: float) -> str:
    """The direction in which an energy does not confine a law, in a sentence; "" if none is seen.

    Along a ray the density falls like r^{−s}, where s is the slope of E/T over log r; it can be
    integrated in d dimensions where s > d. Only what a ray of some hundred shows is found. Where E
    is not a number, or +∞, the ray has left its domain.

    Arguments:
        energy: `state → scalar`, in float64.
        states: draws, `(n, d)`.
        temperature: T.
    """
    size = states.shape[1]
    centre = np.mean(states, axis=0)
    spread = float(np.sqrt(np.sum(np.var(states, axis=0))))
    directions = np.random.default_rng(0).standard_normal((_DIRECTIONS, size))
    directions = np.concatenate([np.eye(size), -np.eye(size), directions])
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    radii = spread * np.array(_RADII)
    levels = np.asarray(_levels(energy, centre, directions, radii)) / temperature
    with np.errstate(invalid="ignore"):  # beyond the domain ∞ − ∞ is NaN, of which nothing is said
        slopes = np.diff(levels, axis=1) / np.diff(np.log(radii))
    is_open = slopes[:, -1] <= size
    if not np.any(is_open):
        return ""
    worst = int(np.nanargmin(np.where(is_open, slopes[:, -1], np.nan)))
    slope = float(slopes[worst, -1])
    how = "it falls" if slope < 0.0 else f"E/T grows no faster than {size} log r"
    return (
        f"The energy has no normalizable law at T = {temperature:g}: far away in the direction "
        f"{format_state(directions[worst])} {how}."
    )


def check_normalizable(energy: Any, states: np.ndarray, temperature: float, when: str) -> None:
    """Refuse an energy that has no law.

    Raises:
        InputError: it has none; the message names the direction, and says `when` that was seen.
    """
    sentence = where_open(energy, states, temperature)
    if sentence:
        raise InputError(
            f"learn_density, {when}: {sentence} Add a bowl to it, or a higher even power, or give "
            f"draws of more places."
        )


@eqx.filter_jit
def _levels(energy: Any, centre: Any, directions: Any, radii: Any) -> jax.Array:
    return jax.vmap(lambda way: jax.vmap(lambda r: energy(centre + r * way))(radii))(directions)
