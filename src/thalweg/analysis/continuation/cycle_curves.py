"""Curves of closed orbits in a parameter: begun at a Hopf point or at a known cycle."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from thalweg.analysis.continuation.family import Family
from thalweg.analysis.continuation.rounds import NODES, Round, Unknowns, close, difference
from thalweg.analysis.continuation.special import Special

# Points of one curve, each way: a bound on time, because a point costs a hundred times what one of
# an equilibrium does; a canard explosion takes nearly all.
_POINTS = 300
# Steps, in units of the domain and the range: the first, the longest, the shortest.
_FIRST, _LONGEST, _SHORTEST = 5e-3, 5e-2, 1e-6
# Steps of one curve that may fail in all: a bound on time, because near a homoclinic orbit each
# failure costs as much as many steps.
_FAILURES = 40
# Radians by which a tangent may turn, and should; how much of a step the corrector may add.
_MOST_TURN, _TURN, _STRAY = 0.3, 0.12, 0.2
# An orbit on a wall of the range is inside whichever way it was rounded.
_ON_WALL = 1e-9
# The size of the first orbit beside a Hopf point, and that at which a curve ends in one.
_BORN = 4e-3
# An orbit that reaches so many widths of the domain has left it for good.
_FAR = 3.0
# A period so many times the first is on its way to a homoclinic orbit.
_LONG = 100.0
# Of the parameter's change beside that of the period's logarithm, close to a homoclinic orbit.
_STILL = 1e-6
# Of the extent's change beside it: where a whole family has one value of the parameter, orbits grow
# wider with their periods.
_SAME_EXTENT = 1e-4
# How many times a step is cut until an indicator is zero: regula falsi gains digits at each.
_CUTS = 30
# Cuts after which an indicator that passes through zero is less than where it began. One that does
# not jumps: the largest multiplier of an orbit close to a homoclinic one changes its sign with
# rounding.
_TRIED = 6
# How near a multiplier must be to −1 at a flip, or to the unit circle at a torus.
_NEAR = 1e-4
# A multiplier that near 1 is 1 but for what the segments are known to.
_ONE = 1e-6
# How near 1 the multiplier along an orbit must be for the others to be believed.
_TRIVIAL = 1e-3


@dataclass(frozen=True, eq=False)
class CycleCurve:
    """A curve of closed orbits, in the order in which it was followed.

    Attributes:
        rounds: the orbits.
        marks: which of them are bifurcations of cycles, by index, and their kinds.
        ends: why it ends at its first and at its last orbit, in words of `Branch.ends`, and
            `"hopf"` or `"homoclinic"`.
        hopf: which Hopf points it begins or ends at, `(d + 1,)` each.
        shares: the share of the period from each node of an orbit to the next.
    """

    rounds: tuple[Round, ...]
    marks: dict[int, str]
    ends: tuple[str, str]
    hopf: tuple[np.ndarray, ...]
    shares: np.ndarray


def born_at(family: Family, special: Special) -> CycleCurve | None:
    """The curve of orbits that begins at a Hopf point; None where the range has none beside it.

    Arguments:
        family: the flow and its parameter.
        special: the Hopf point.
    """
    assert special.frequency is not None
    shares = np.full(NODES, 1.0 / NODES)
    angles = 2.0 * np.pi * np.arange(NODES) / NODES
    wave = np.real(np.exp(1j * angles)[:, None] * special.vector[None])
    wave = wave / np.max(np.ptp(wave, axis=0))
    center, log_period = special.z[:-1], float(np.log(2.0 * np.pi / special.frequency))
    along = Unknowns(wave, 0.0, 0.0)
    along = along.scaled(1.0 / np.sqrt(along.dot(along)))
    guess = Unknowns(center + _BORN * wave, log_period, float(special.z[-1]))
    first = close(family, guess, along, shares)
    if first is None or not -_ON_WALL <= first.at.p <= 1.0 + _ON_WALL:
        return None
    first = _turned(first, along)
    rounds, end, other = _follow(family, first, shares)
    hopf = (special.z,) if other is None else (special.z, other)
    return _marked(family, rounds, ("hopf", end), hopf, shares)


def through(
    family: Family, y: np.ndarray, times: np.ndarray, period: float, p: float
) -> CycleCurve | None:
    """The curve of orbits through a known one, both ways; None where it does not close anew.

    Arguments:
        family: the flow and its parameter.
        y: points along the orbit in units of the domain, the first one last again, `(k, d)`.
        times: when they are reached, `(k,)`.
        period: of the orbit.
        p: its value of the parameter, in units of the range.
    """
    # Nodes at even distances along the orbit.
    length = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(y, axis=0), axis=1)))
    chosen = np.searchsorted(length, np.arange(NODES) / NODES * length[-1])
    chosen = np.unique(np.minimum(chosen, len(y) - 2))
    shares = np.diff(np.append(times[chosen], times[chosen[0]] + period)) / period
    start = _pinned(family, Unknowns(y[chosen], float(np.log(period)), p), shares)
    if start is None:
        return None
    ahead, end, first = _follow(family, start, shares)
    back, begin, last = _follow(family, _turned_round(start), shares)
    rounds = [*map(_turned_round, back[:0:-1]), *ahead]
    hopf = tuple(z for z in (first, last) if z is not None)
    return _marked(family, rounds, (begin, end), hopf, shares)


def periods_at(family: Family, curve: CycleCurve, p: float) -> list[float]:
    """The periods of the orbits of a curve at a value of the parameter, in units of the range."""
    found = []
    for last, new in itertools.pairwise(curve.rounds):
        before, after = last.at.p - p, new.at.p - p
        if (before <= 0.0) != (after <= 0.0):
            share = before / (before - after)
            guess = last.at.moved(share, difference(new.at, last.at))._replace(p=p)
            closed = _pinned(family, guess, curve.shares)
            found += [] if closed is None else [float(np.exp(closed.at.log_period))]
    return found


def _pinned(family: Family, guess: Unknowns, shares: np.ndarray) -> Round | None:
    """The closed orbit near a guess at the same value of the parameter."""
    return close(family, guess, Unknowns(np.zeros_like(guess.nodes), 0.0, 1.0), shares)


def _turned(found: Round, along: Unknowns) -> Round:
    """The orbit with its tangent pointing along a change."""
    return found if found.tangent.dot(along) > 0.0 else _turned_round(found)


def _turned_round(found: Round) -> Round:
    """The same orbit, followed the other way."""
    return replace(found, tangent=found.tangent.scaled(-1.0))


def _follow(
    family: Family, first: Round, shares: np.ndarray
) -> tuple[list[Round], str, np.ndarray | None]:
    """Orbits one after the other, why they end, and the Hopf point they end at, if any."""
    rounds, step, failures = [first], _FIRST, 0
    longest = np.log(_LONG) + first.at.log_period
    while len(rounds) < _POINTS:
        last = rounds[-1]
        new = _stepped(family, last, step, shares)
        turned = None if new is None else _angle(new, last)
        if new is None or turned is None or turned > _MOST_TURN or _strays(new, last, step):
            step, failures = 0.5 * step, failures + 1
            if step < _SHORTEST or failures > _FAILURES:
                end = "homoclinic" if _grows(rounds) else "undefined"
                return rounds, end, None
            continue
        rounds.append(new)
        step = min(step * float(np.clip(_TURN / max(turned, 1e-3), 0.5, 1.6)), _LONGEST)
        if not 0.0 <= new.at.p <= 1.0:
            rounds[-1] = _at_wall(family, last, new, shares)
            return rounds, "range", None
        if new.size < 0.5 * _BORN or (new.size < _BORN and len(rounds) > 3):
            return rounds, "hopf", np.append(0.5 * (new.low + new.high), new.at.p)
        if new.size > _FAR or np.max(np.abs(new.at.nodes - _middle(family))) > _FAR:
            return rounds, "domain", None
        if new.at.log_period > longest or _stands_still(new, last):
            return rounds, "homoclinic", None
    return rounds, "unfinished", None


def _middle(family: Family) -> np.ndarray:
    lower, upper = family.problem.chart.bounds
    return 0.5 * (np.asarray(lower) + np.asarray(upper)) / np.asarray(family.y_scale)


def _stepped(family: Family, last: Round, step: float, shares: np.ndarray) -> Round | None:
    """The orbit a step further along; None where none closes, or its multipliers are no good."""
    found = close(family, last.at.moved(step, last.tangent), last.tangent, shares)
    if found is None or abs(found.trivial - 1.0) > _TRIVIAL:
        return None
    return _turned(found, last.tangent)


def _angle(new: Round, last: Round) -> float:
    return float(np.arccos(np.clip(new.tangent.dot(last.tangent), -1.0, 1.0)))


def _strays(new: Round, last: Round, step: float) -> bool:
    away = difference(new.at, last.at.moved(step, last.tangent))
    return float(np.sqrt(away.dot(away))) > _STRAY * step


def _stands_still(new: Round, last: Round) -> bool:
    """True where the period grows while the parameter stands still, and the orbit's extent, too."""
    along, grown = new.tangent, new.at.log_period - last.at.log_period
    reached = np.abs(np.append(new.low - last.low, new.high - last.high))
    is_longer = new.period_share > 0.5 or np.max(reached) <= _SAME_EXTENT * grown
    return abs(along.p) <= _STILL * abs(along.log_period) and bool(is_longer)


def _grows(rounds: list[Round]) -> bool:
    """True if the period grew a good deal, and was growing when the curve ended."""
    log_periods = [found.at.log_period for found in rounds]
    return log_periods[-1] - log_periods[0] > np.log(3.0) and log_periods[-1] == max(log_periods)


def _at_wall(family: Family, last: Round, new: Round, shares: np.ndarray) -> Round:
    """The orbit between two at which the parameter leaves its range."""
    wall = 0.0 if new.at.p < 0.0 else 1.0
    share = (wall - last.at.p) / (new.at.p - last.at.p)
    guess = last.at.moved(share, difference(new.at, last.at))._replace(p=wall)
    found = _pinned(family, guess, shares)
    return new if found is None else _turned(found, last.tangent)


def _marked(
    family: Family, rounds: list[Round], ends: tuple[str, str], hopf: tuple[np.ndarray, ...],
    shares: np.ndarray,
) -> CycleCurve:  # fmt: skip
    """The curve with its bifurcations of cycles among its orbits."""
    kept, marks = [rounds[0]], {}
    for last, new in itertools.pairwise(rounds):
        changed = [kind for kind in INDICATORS if _changes(kind, last, new)]
        found = [(kind, _cut(family, last, new, INDICATORS[kind], shares)) for kind in changed]
        real = [(kind, r) for kind, r in found if r is not None and _is_real(kind, r)]
        for kind, r in sorted(real, key=lambda pair, last=last: _ahead(pair[1], last)):
            marks[len(kept)] = kind
            kept.append(r)
        kept.append(new)
    return CycleCurve(tuple(kept), marks, ends, hopf, shares)


def _ahead(found: Round, last: Round) -> float:
    """The distance along the curve from one orbit to another."""
    return difference(found.at, last.at).dot(last.tangent)


def _changes(kind: str, last: Round, new: Round) -> bool:
    """True where an indicator changes its sign, by more than rounding does.

    Where a whole family has one value of the parameter a multiplier is 1 all along.
    """
    before, after = INDICATORS[kind](last), INDICATORS[kind](new)
    is_family = kind == "cycle-fold" and max(_from_one(last), _from_one(new)) <= _ONE
    return before * after < 0.0 and not is_family


def _from_one(found: Round) -> float:
    """The distance of the nearest multiplier from 1, the trivial one apart."""
    return float(np.min(np.abs(found.multipliers - 1.0)))


def _cut(
    family: Family, last: Round, new: Round, indicator: Callable[[Round], float], shares: np.ndarray
) -> Round | None:
    """The orbit between two at which an indicator is zero (Illinois variant of regula falsi)."""
    low, high = 0.0, _ahead(new, last)
    at_low, at_high = indicator(last), indicator(new)
    best, side, least = None, 0, min(abs(at_low), abs(at_high))
    for count in range(_CUTS):
        step = (low * at_high - high * at_low) / (at_high - at_low)
        found = _stepped(family, last, step, shares)
        if found is None:
            return best
        best, value = found, indicator(found)
        if count >= _TRIED and abs(value) > 0.5 * least:
            return None
        if abs(value) <= 1e-11 or high - low <= 1e-12:
            return best
        if value * at_low < 0.0:
            high, at_high, at_low = step, value, at_low * (0.5 if side == 1 else 1.0)
            side = 1
        else:
            low, at_low, at_high = step, value, at_high * (0.5 if side == -1 else 1.0)
            side = -1
    return best


def _is_real(kind: str, found: Round) -> bool:
    """True where an indicator that is zero is a bifurcation: real pairs λμ = 1 are no torus."""
    if kind == "cycle-flip":
        return bool(np.min(np.abs(found.multipliers + 1.0)) < _NEAR)
    if kind == "torus":
        off = np.abs(np.abs(found.multipliers) - 1.0)
        nearest = found.multipliers[np.argmin(off)]
        return bool(np.min(off) < _NEAR and abs(nearest.imag) > 1e-6)
    return True


def _fold(found: Round) -> float:
    return found.tangent.p


def _flip(found: Round) -> float:
    return float(np.real(np.prod(1.0 + found.multipliers)))


def _torus(found: Round) -> float:
    """Π (λᵢλⱼ − 1) over pairs; 1 in the plane, where there is but one multiplier."""
    first, second = np.triu_indices(len(found.multipliers), 1)
    pairs = found.multipliers[first] * found.multipliers[second] - 1.0
    return float(np.real(np.prod(pairs))) if len(pairs) else 1.0


INDICATORS: dict[str, Callable[[Round], float]] = {
    "cycle-fold": _fold,
    "cycle-flip": _flip,
    "torus": _torus,
}
