r"""Every root of a function in a box, by exclusion and Krawczyk's operator in ball arithmetic.

A box X is left out where a component of f is zero nowhere in it. Of the others, with the middle m
and C ≈ f'(m)⁻¹,

    K(X) = m − C f(m) + (1 − C f'(X)) (X − m)

holds every root that X holds: if it misses X there is none, and if it lies inside X there is
exactly one. What decides nothing is cut to K(X), or halved. Around roots that are known this is
asked first, of the largest boxes that decide.

References:
    Krawczyk (1969); Neumaier, *Interval Methods for Systems of Equations* (1990), chapter 5.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np

from thalweg.dynamics.formulas.ball_functions import flint
from thalweg.dynamics.formulas.balls import Balls

Corners = tuple[list[float], list[float]]

# A box is asked about with this share of its longest side added all round, and no less than the
# finest one, so that a root on the face of two boxes is inside of both.
_ROOM = 0.05
# What is left is looked at as it is if it is smaller than this share; else it is halved.
_SMALLER = 0.6
# Boxes about known roots: half their sides, in widths of the whole.
_HALVES = 0.5 ** np.arange(2, 46)
# Turns of the operator that narrow a root down: each doubles the digits.
_TURNS = 60


@dataclass(frozen=True)
class Effort:
    """The effort that a proof may take.

    Attributes:
        max_boxes: how many boxes are looked at; those left then are undecided.
        finest: the smallest boxes, in widths of the whole: smaller ones are undecided.
        precision: the bits of the balls' middles.
    """

    max_boxes: int = 20_000
    finest: float = 1e-9
    precision: int = 80


class Root(NamedTuple):
    """A root, alone in its box.

    Attributes:
        box: corners of a box in which it is the only one.
        near: corners of one as small as it is known to lie in.
    """

    box: Corners
    near: Corners


class Decided(NamedTuple):
    """Outcome of a search for all roots in a box.

    Attributes:
        roots: those found, each once.
        undecided: the boxes that may hold roots besides, corners of shape `(m, 2, d)`.
        num_boxes: how many boxes were looked at.
    """

    roots: list[Root]
    undecided: np.ndarray
    num_boxes: int


class Zeros:
    """A function of d coordinates whose zeros are asked for."""

    def __init__(self, fn: Callable[[Any], Any], dimension: int) -> None:
        """Read the programs of `fn` and of its Jacobian. Call with x64 enabled."""
        self.values = Balls(fn, dimension)
        self.jacobians = Balls(jax.jacfwd(fn), dimension)
        self.size = dimension
        self._arb = flint().arb

    def box(self, corners: Corners) -> list[Any]:
        """The balls that hold a box."""
        return [self._arb(a).union(self._arb(b)) for a, b in zip(*corners, strict=True)]

    def point(self, y: Sequence[float]) -> list[Any]:
        """The balls of a point."""
        return [self._arb(value) for value in y]


def find_zeros(
    zeros: Zeros, lower: np.ndarray, upper: np.ndarray, known: np.ndarray, effort: Effort
) -> Decided:
    """Find every root in a box, or boxes that are undecided.

    Arguments:
        zeros: the function.
        lower: the lower corner of the box, shape `(d,)`.
        upper: its upper corner.
        known: points near roots, also outside of the box, shape `(k, d)`.
        effort: how far to go.
    """
    with flint().ctx.workprec(effort.precision):
        return _find(zeros, lower, upper, known, effort)


def _find(
    zeros: Zeros, lower: np.ndarray, upper: np.ndarray, known: np.ndarray, effort: Effort
) -> Decided:
    widths = upper - lower
    roots: list[Root] = []
    for y in known:
        found = _about(zeros, y, widths, roots)
        roots += [] if found is None else [found]
    smallest = effort.finest * widths
    waiting: deque[Corners] = deque([(lower.tolist(), upper.tolist())])
    undecided: list[Corners] = []
    count = 0
    while waiting and count < effort.max_boxes:
        box = waiting.popleft()
        if any(_is_within(box, root.box) for root in roots):
            continue
        count += 1
        longest = max((b - a) / w for a, b, w in zip(*box, widths, strict=True))
        outcome, left = _decide(zeros, box, max(_ROOM * longest, effort.finest) * widths)
        if outcome == "one":
            roots += _unless_known(zeros, left, roots)
        elif outcome == "open":
            if all(b - a <= s for a, b, s in zip(*left, smallest, strict=True)):
                undecided.append(left)
            elif _volume(left) < _SMALLER * _volume(box):
                waiting.appendleft(left)
            else:
                waiting.extend(_halves(left, widths))
    others = [box for box in waiting if not any(_is_within(box, root.box) for root in roots)]
    boxes = np.array([*undecided, *others]).reshape(-1, 2, len(lower))
    return Decided(roots, boxes, count)


def _about(zeros: Zeros, y: np.ndarray, widths: np.ndarray, roots: list[Root]) -> Root | None:
    """The root near a point, in the largest box about it that decides; None if none does."""
    if any(_is_within((y.tolist(), y.tolist()), root.box) for root in roots):
        return None
    for half in _HALVES:
        box = (y - half * widths).tolist(), (y + half * widths).tolist()
        if _newton(zeros, box)[0] == "one":
            found = _unless_known(zeros, box, roots)
            return found[0] if found else None
    return None


def _unless_known(zeros: Zeros, box: Corners, roots: list[Root]) -> list[Root]:
    """The one root in a box as a list; empty if it is one of those known."""
    near = box
    for _ in range(_TURNS):
        narrower = _newton(zeros, near)[1]
        if not _volume(narrower) < 0.9 * _volume(near):
            break
        near = narrower
    is_known = any(_is_within(near, root.box) for root in roots)
    return [] if is_known else [Root(box, near)]


def _decide(zeros: Zeros, box: Corners, room: np.ndarray) -> tuple[str, Corners]:
    """`"none"`, `"one"` or `"open"` of a box; of one its box, of an open one what is left."""
    if _is_missed(zeros.values(zeros.box(box))):
        return "none", box
    # With room a box may reach to where the function is not finite, or jumps.
    for wide in (_wider(box, room), box):
        outcome, left = _newton(zeros, wide)
        if outcome == "one":
            return outcome, wide
        if outcome == "none":
            return outcome, box
        if outcome == "open":
            left = _common(left, box)
            return ("none", box) if left is None else ("open", left)
    return "open", box


def _newton(zeros: Zeros, box: Corners) -> tuple[str, Corners]:
    """Krawczyk's operator on a box: `"none"`, `"one"`, `"open"`, or `"unknown"` if undefined.

    Besides, what it leaves of the box.
    """
    size, whole = range(zeros.size), zeros.box(box)
    over = zeros.values(whole)
    if _is_missed(over):
        return "none", box
    if zeros.values.is_open or not all(value.is_finite() for value in over):
        return "unknown", box
    flat = zeros.jacobians(whole)
    if not all(entry.is_finite() for entry in flat):
        return "unknown", box
    jacobians = [flat[i * zeros.size : (i + 1) * zeros.size] for i in size]
    middle = zeros.point([(a + b) / 2.0 for a, b in zip(*box, strict=True)])
    here = zeros.values(middle)
    away = [x - m for x, m in zip(whole, middle, strict=True)]
    if _is_missed([here[i] + sum(jacobians[i][j] * away[j] for j in size) for i in size]):
        return "none", box
    matrix = np.array([[float(entry.mid()) for entry in row] for row in jacobians])
    if not np.all(np.isfinite(matrix)) or np.linalg.matrix_rank(matrix) < zeros.size:
        return "open", box
    inverse = np.linalg.inv(matrix).tolist()
    low, high = [], []
    for i in size:
        moved = middle[i] - sum(inverse[i][k] * here[k] for k in size)
        for j in size:
            gap = (1 if i == j else 0) - sum(inverse[i][k] * jacobians[k][j] for k in size)
            moved += gap * away[j]
        low.append(_below(moved))
        high.append(_above(moved))
    found = low, high
    if all(a < c and d < b for a, b, c, d in zip(*box, *found, strict=True)):
        return "one", found
    left = _common(found, box)
    return ("none", box) if left is None else ("open", left)


def _is_missed(values: Sequence[Any]) -> bool:
    """True where a component is finite and zero nowhere."""
    return any(value.is_finite() and not value.contains(0) for value in values)


def _below(ball: Any) -> float:
    return float(np.nextafter(float(ball.lower()), -np.inf))


def _above(ball: Any) -> float:
    return float(np.nextafter(float(ball.upper()), np.inf))


def _wider(box: Corners, room: np.ndarray) -> Corners:
    low, high = np.asarray(box)
    return (low - room).tolist(), (high + room).tolist()


def _common(first: Corners, second: Corners) -> Corners | None:
    """The box that two boxes have in common, or None."""
    low = [max(a, b) for a, b in zip(first[0], second[0], strict=True)]
    high = [min(a, b) for a, b in zip(first[1], second[1], strict=True)]
    return None if any(a > b for a, b in zip(low, high, strict=True)) else (low, high)


def _is_within(box: Corners, other: Corners) -> bool:
    low, high = other
    return all(a >= b for a, b in zip(box[0], low, strict=True)) and all(
        a <= b for a, b in zip(box[1], high, strict=True)
    )


def _volume(box: Corners) -> float:
    return float(np.prod([b - a for a, b in zip(*box, strict=True)]))


def _halves(box: Corners, widths: np.ndarray) -> list[Corners]:
    """Both halves of a box, parted along its longest side in widths of the whole."""
    low, high = box
    at = max(range(len(low)), key=lambda i: (high[i] - low[i]) / widths[i])
    middle = (low[at] + high[at]) / 2.0
    first, second = high.copy(), low.copy()
    first[at] = second[at] = middle
    return [(low, first), (second, high)]
