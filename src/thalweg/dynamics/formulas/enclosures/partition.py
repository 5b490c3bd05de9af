"""Branch and bound: is a function negative all over a box, but where that need not be asked?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.products import Bounds

Bounding = Callable[[list[Form]], Bounds]

# After this share of the effort it is given up if, at the pace so far, the whole region would take
# more than so many times the effort: the hard parts may come first.
_TRIAL, _HOPELESS = 0.1, 4.0
# Where a box costs more than this share of the effort, so many are looked at first.
_SAMPLE, _DEAR = 32, 5e-4
# An error shrinks with the square of the sides, but to a half at best where one of two is halved:
# one that is more than twice as large as it may be leaves both halves open.
_FAR = 2.0
# The first partition: as many parts along each of d coordinates, or as are looked at together.
_PARTS = {1: 64, 2: 16, 3: 8, 4: 5}


@dataclass(frozen=True)
class Search:
    """Outcome of a search for places where a function is not negative.

    Attributes:
        outcome: `"negative"` (all over the box), `"positive"` (somewhere, by proof), `"stuck"`
            (boxes as small as allowed decide nothing) or `"unfinished"`.
        where: a point of the box that decided, shape `(d,)`, or None.
        num_boxes: how many boxes were looked at.
    """

    outcome: str
    where: np.ndarray | None
    num_boxes: int


def search(
    enclosures: tuple[Enclosure, ...],
    bounds: Bounding,
    lower: np.ndarray,
    upper: np.ndarray,
    is_known: Callable[[np.ndarray, np.ndarray], np.ndarray],
    effort: float,
    finest: float,
) -> Search:
    """Part a box into smaller and smaller boxes, until a function is proven negative in all.

    Arguments:
        enclosures: of the function; then of those that may leave no choice open.
        bounds: makes bounds of the function of what the first of these gives.
        lower: the lower corner of the box, shape `(d,)`.
        upper: its upper corner.
        is_known: says of boxes with corners `(B, d)` in which the function need not be looked at,
            booleans `(B,)`.
        effort: how many numbers may be computed.
        finest: the smallest box, in widths of the whole.
    """
    widths, first = upper - lower, enclosures[0]
    low, high = _partition(lower, upper, first.batch)
    num_boxes, decided, cost = 0, 0.0, _cost(enclosures, len(widths))
    while len(low):
        # The smallest first: where nothing is ever decided, that is found out soon.
        some = low[-first.batch :], high[-first.batch :]
        low, high = low[: -first.batch], high[: -first.batch]
        outside = ~is_known(*some)
        decided += np.sum(np.prod((some[1] - some[0])[~outside] / widths, axis=1))
        some = some[0][outside], some[1][outside]
        if not len(some[0]):
            continue
        num_boxes += len(some[0])
        found = bounds(first(*some)[0])
        waiting = ~(found.largest < 0.0)
        for other in enclosures[1:]:
            waiting |= other(*some)[1]
        small = waiting & (np.max((some[1] - some[0]) / widths, axis=1) < finest)
        for outcome, ends in (("positive", found.least > 0.0), ("stuck", small)):
            if np.any(ends):
                at = int(np.argmax(ends))
                return Search(outcome, (some[0][at] + some[1][at]) / 2.0, num_boxes)
        decided += np.sum(np.prod((some[1] - some[0])[~waiting] / widths, axis=1))
        spent = num_boxes * cost / effort
        if spent > 1.0 or (spent > _TRIAL and spent > _HOPELESS * decided):
            return Search("unfinished", None, num_boxes)
        left = Bounds(*(part[waiting] for part in found))
        parts = _parts(some[0][waiting], some[1][waiting], left, widths)
        low, high = np.concatenate([low, parts[0]]), np.concatenate([high, parts[1]])
    return Search("negative", None, num_boxes)


def is_hopeless(
    enclosure: Enclosure, bounds: Bounding, lower: np.ndarray, upper: np.ndarray, effort: float
) -> bool:
    """True if a search whose boxes are dear cannot end: most of its smallest are open.

    Boxes as small as those of a partition that takes all of the effort are looked at, at random
    places. Both halves of each that is open would still have to be computed.

    Arguments:
        enclosure: of the function.
        bounds: makes bounds of the function of what it gives.
        lower: the lower corner of the box, shape `(d,)`.
        upper: its upper corner.
        effort: how many numbers the search may compute.
    """
    spent = _cost((enclosure,), len(lower)) / effort
    if spent < _DEAR:
        return False
    count = max(1.0 / spent, _PARTS[len(lower)] ** len(lower))
    sides = (upper - lower) * count ** (-1.0 / len(lower))
    places = np.random.default_rng(0).uniform(size=(_SAMPLE, len(lower)))
    low = lower + places * (upper - lower - sides)
    is_open = ~(bounds(enclosure(low, low + sides)[0]).largest < 0.0)
    return bool(2.0 * np.mean(is_open) * count * spent > 1.0)


def _cost(enclosures: tuple[Enclosure, ...], dimension: int) -> float:
    """Number of numbers that are computed a box."""
    return sum(enclosure.size for enclosure in enclosures) * (dimension + 2.0)


def _partition(lower: np.ndarray, upper: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The corners of `most` equal boxes or fewer; neighbours share their faces exactly."""
    size = len(lower)
    count = int(min(_PARTS[size], most ** (1.0 / size) * (1.0 + 1e-9)))
    edges = [np.linspace(a, b, count + 1) for a, b in zip(lower, upper, strict=True)]
    low = np.meshgrid(*(edge[:-1] for edge in edges), indexing="ij")
    high = np.meshgrid(*(edge[1:] for edge in edges), indexing="ij")
    return np.stack([a.ravel() for a in low], axis=1), np.stack([a.ravel() for a in high], axis=1)


def _shares(error: np.ndarray, low: np.ndarray, high: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The error of the linear form, shared among the coordinates as the square of their sides."""
    sides = ((high - low) / widths) ** 2
    shares = sides / np.sum(sides, axis=1, keepdims=True)
    return np.where(np.isfinite(error), error, 1.0)[:, None] * shares


def _parts(
    low: np.ndarray, high: np.ndarray, found: Bounds, widths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both halves of each box; four quarters where the error would leave both halves open."""
    spans = found.slopes + _shares(found.error, low, high, widths)
    low, high = _halves(low, high, spans, widths)
    is_far = np.tile(found.error > _FAR * np.abs(found.largest - found.error), 2)
    if not np.any(is_far):
        return low, high
    error = np.tile(found.error, 2)[is_far]
    spans = _shares(error, low[is_far], high[is_far], widths)
    quarters = _halves(low[is_far], high[is_far], spans, widths)
    return (
        np.concatenate([low[~is_far], quarters[0]]),
        np.concatenate([high[~is_far], quarters[1]]),
    )


def _halves(
    low: np.ndarray, high: np.ndarray, spans: np.ndarray, widths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both halves of each box, parted along the coordinate that moves the function most."""
    sides = (high - low) / widths
    # No box becomes too long and thin for its longest side to matter.
    long = sides > np.max(sides, axis=1, keepdims=True) / 16.0
    is_known = np.all(np.isfinite(spans), axis=1, keepdims=True)
    at = np.argmax(np.where(long, np.where(is_known, spans, sides), -1.0), axis=1)
    rows = np.arange(len(low))
    middle = (low[rows, at] + high[rows, at]) / 2.0
    first, second = high.copy(), low.copy()
    first[rows, at] = middle
    second[rows, at] = middle
    return np.concatenate([low, second]), np.concatenate([first, high])
