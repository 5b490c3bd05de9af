"""Bits of where data begin: the prior mass of the basins of an energy."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis import find_equilibria
from thalweg.core.checks import check_count, check_finite, check_positive
from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.shapes import Array, Float, Num
from thalweg.core.tables import format_state
from thalweg.core.trees import as_parameter, in_float64
from thalweg.dynamics import SteepestDescent
from thalweg.learning.inverse.data.base import checked, stable_steps
from thalweg.learning.relax import Relax

# So many deviations hold all of a normal law but 1e-15.
_REACH = 8.0
_NEAR = 1e-3  # two rests are one where they differ by less than this share of the prior's width
# At rest before Newton polishes, and how many steps that may take: flat valleys take thousands.
_TOL, _MOST_STEPS = 1e-7, 20_000
# Steps of Newton after that: each doubles the digits.
_POLISHINGS = 3
# Minima outside the box of the prior are sought so many of its widths away, at so many places, and
# refined so often that they are known to rounding.
_BEYOND, _LOOKS, _REFINEMENTS = (1e-6, 1e6), 256, 8


class Normal(eqx.Module):
    """The prior of starts: independent normal coordinates.

    Arguments:
        mean: one number for all coordinates, or `(d,)`.
        deviation: likewise.
        draws: how many starts are drawn to weigh basins, in two coordinates or more.
    """

    mean: Any = eqx.field(converter=as_parameter, default=0.0)
    deviation: Any = eqx.field(converter=as_parameter, default=1.0)
    draws: int = eqx.field(static=True, default=4000)

    def __check_init__(self):
        """Refuse a deviation that is not positive."""
        check_finite("Normal: mean", self.mean)
        check_positive("Normal: deviation", self.deviation)
        check_count("Normal: draws", self.draws)

    def box(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """The ends of what holds nearly all of it, `(d,)` each."""
        middle = np.broadcast_to(np.asarray(self.mean, np.float64), (size,))
        reach = _REACH * np.broadcast_to(np.asarray(self.deviation, np.float64), (size,))
        return middle - reach, middle + reach


def start_bits(
    energy: Callable[..., Any],
    states: Num[Array, "n d"],
    prior: Normal,
    *,
    key: jax.Array | None = None,
) -> Float[np.ndarray, "n"]:
    r"""Bits of the basin that each state lies in, −log₂ of its prior mass, `(n,)`.

    K basins of equal mass cost log₂ K bits a state, whatever is at their bottom: a minimum that no
    datum needs makes all others dearer. In one coordinate basins end at the other equilibria, and
    masses are exact, wherever the minima are; in more, starts drawn from the prior are run to rest
    and counted.

    Arguments:
        energy: `state → scalar`.
        states: starts, or data in the basins of theirs, `(n, d)`.
        prior: of starts.
        key: the randomness of the draws.

    Raises:
        InputError: the states are not finite, or one runs off or lies in a basin that no draw of
            the prior came to.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> from thalweg.learning import Normal, start_bits
        >>> wells = tw.energies.Polynomial([-0.5, 0.25], [(2,), (4,)])
        >>> start_bits(wells, np.array([[0.3], [-2.0]]), Normal()).round(6).tolist()
        [1.0, 1.0]
    """
    rows = checked(states, "start_bits: states", "(n, d)")
    return basins(energy, rows, prior, key)[0]


def basins(
    energy: Callable[..., Any], rows: np.ndarray, prior: Normal, key: jax.Array | None
) -> tuple[np.ndarray, np.ndarray]:
    """Bits of the basin of each state, `(n,)`, and its minimum, `(n, d)`; as `start_bits`."""
    if rows.shape[1] == 1:
        bits, minima = _by_ends(energy, rows[:, 0], prior, key)
        return bits, minima[:, None]
    return _by_draws(energy, rows, prior, key)


def _by_ends(energy: Any, x: np.ndarray, prior: Normal, key: Any) -> tuple[np.ndarray, np.ndarray]:
    """Masses by the ends of basins on a line, and their minima."""
    # Imported here: it takes a while, and importing the room should not.
    from scipy.special import log_ndtr, ndtr

    low, high = prior.box(1)
    low, high = np.minimum(low, x.min() - 1.0), np.maximum(high, x.max() + 1.0)
    found = find_equilibria(SteepestDescent(energy), Box(low, high), key=key)
    places = np.sort(np.asarray(found.states, np.float64).reshape(-1))
    # Between two equilibria, and beyond the last, the energy rises or falls throughout.
    around = np.concatenate([low, places, high])
    rises = _derivatives(energy, 0.5 * (around[:-1] + around[1:])) > 0.0
    is_sink = ~rises[:-1] & rises[1:]
    ends, sinks = places[~is_sink], places[is_sink]
    cell = np.searchsorted(ends, x)
    minima = np.full(len(x), np.nan)
    for number in np.unique(cell):
        inside = sinks[np.searchsorted(ends, sinks) == number]
        is_own = cell == number
        if len(inside):
            nearest = np.argmin(np.abs(x[is_own, None] - inside), axis=1)
            minima[is_own] = inside[nearest]
            continue
        # There is no equilibrium inside: the energy falls towards one side.
        goes_up = not rises[np.searchsorted(places, x[is_own][0])]
        is_open = number == (len(ends) if goes_up else 0)
        if not is_open:
            raise InputError(_lost(x, is_own, "a saddle or a shoulder is below it"))
        minima[is_own] = _beyond(energy, low[0], high[0], goes_up)
        if np.isnan(minima[is_own][0]):
            raise InputError(_lost(x, is_own, "the energy falls on, as far as was looked"))
    mean, deviation = float(np.ravel(prior.mean)[0]), float(np.ravel(prior.deviation)[0])
    edges = (np.concatenate([[-np.inf], ends, [np.inf]]) - mean) / deviation
    left, right = edges[:-1], edges[1:]
    # In the upper tail differences are taken from the other end, where they keep their digits.
    flips = left > 0.0
    left, right = np.where(flips, -right, left), np.where(flips, -left, right)
    with np.errstate(divide="ignore"):
        masses = np.where(np.isinf(left), log_ndtr(right), np.log(ndtr(right) - ndtr(left)))
    return -masses[cell] / np.log(2.0), minima


def _lost(x: np.ndarray, is_lost: np.ndarray, why: str) -> str:
    first = int(np.argmax(is_lost))
    return (
        f"start_bits: state {first}, {x[first]:.6g}, lies in the basin of no minimum: {why} "
        f"({np.sum(is_lost)} of {len(x)} do)."
    )


def _beyond(energy: Any, low: float, high: float, goes_up: bool) -> float:
    """The first minimum outside a box, above or below it; NaN where none is found."""
    sign, edge, width = (1.0, high, high - low) if goes_up else (-1.0, low, high - low)
    places = edge + sign * width * np.concatenate([[0.0], np.geomspace(*_BEYOND, _LOOKS - 1)])
    for _ in range(_REFINEMENTS):
        is_past = sign * _derivatives(energy, places) > 0.0
        if not np.any(is_past[1:]):
            return float("nan")
        first = 1 + int(np.argmax(is_past[1:]))
        places = np.linspace(places[first - 1], places[first], _LOOKS)
    return float(places[-1])


def _derivatives(energy: Any, x: np.ndarray) -> np.ndarray:
    """E' at places on a line; NaN where it is not finite."""
    # Filled up: another number of places compiles nothing new.
    filled = np.concatenate([x, np.full(-len(x) % _LOOKS, x[0])])
    with jax.enable_x64(True):
        return np.asarray(_gradients(in_float64(energy), filled[:, None]))[: len(x), 0]


@eqx.filter_jit
def _gradients(energy: Any, rows: Any) -> Any:
    return jax.vmap(jax.grad(energy))(rows)


def _by_draws(
    energy: Any, rows: np.ndarray, prior: Normal, key: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Masses by draws that are run to rest, and the rests of the states."""
    size = rows.shape[1]
    mean = np.broadcast_to(np.asarray(prior.mean, np.float64), (size,))
    deviation = np.broadcast_to(np.asarray(prior.deviation, np.float64), (size,))
    draws = mean + deviation * host_generator(key).standard_normal((prior.draws, size))
    with jax.enable_x64(True):
        ends, is_settled = map(
            np.asarray, _at_rest(in_float64(energy), np.concatenate([rows, draws]))
        )
    own, others = ends[: len(rows)], ends[len(rows) :]
    unsettled = np.flatnonzero(~is_settled[: len(rows)])
    if len(unsettled):
        raise InputError(
            f"start_bits: state {unsettled[0]}, {format_state(rows[unsettled[0]])}, does not come "
            f"to rest in {_MOST_STEPS} steps ({len(unsettled)} of {len(rows)} do not)."
        )
    near = _NEAR * float(np.sqrt(np.sum(deviation**2)))
    is_same = np.linalg.norm(own[:, None] - others[is_settled[len(rows) :]], axis=2) <= near
    counts = np.sum(is_same, axis=1)
    alone = np.flatnonzero(counts == 0)
    if len(alone):
        raise InputError(
            f"start_bits: no draw of {prior.draws} comes to rest where state {alone[0]} does, "
            f"{format_state(own[alone[0]])}: give a wider prior, or more draws."
        )
    with jax.enable_x64(True):
        minima = np.asarray(_polished(in_float64(energy), own))
    return -np.log2(counts / prior.draws), minima


@eqx.filter_jit
def _polished(energy: Any, rests: Any) -> jax.Array:
    """Rests after steps of Newton, of which each is taken where the slope falls by it."""
    gradient = jax.grad(energy)

    def one(x: jax.Array) -> jax.Array:
        for _ in range(_POLISHINGS):
            nearer = x - jnp.linalg.solve(jax.hessian(energy)(x), gradient(x))
            x = jnp.where(jnp.sum(gradient(nearer) ** 2) < jnp.sum(gradient(x) ** 2), nearer, x)
        return x

    return jax.vmap(one)(rests)


@eqx.filter_jit
def _at_rest(energy: Any, starts: Any) -> Any:
    layer = Relax(stable_steps(energy, starts), tol=_TOL, max_steps=_MOST_STEPS)
    found = jax.vmap(layer)(starts)
    return found.state, found.is_settled
