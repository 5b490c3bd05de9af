"""Where the rule has poles, jumps and kinks in the region, found from its suspicious quantities."""

from dataclasses import dataclass

import numpy as np

from thalweg.analysis import Problem
from thalweg.recovery.hazards import Suspects, has_suspects, suspects_at

BATCH = 256
_SEARCH_SIZE = 6
_SEARCHED = 8
_SHRINKS = 60


@dataclass(frozen=True)
class Trouble:
    """A point where the rule is not C¹.

    Attributes:
        kind: `"pole"` (the rule is unbounded on both sides of a surface), `"hole"` (it is unbounded
            at a point or surface round which nothing changes sign), `"jump"` or `"kink"`.
        point: where, in coordinates.
        column: which suspicious quantity vanishes there.
    """

    kind: str
    point: np.ndarray
    column: int

    def __str__(self) -> str:
        where = ", ".join(f"{v:.5g}" for v in np.where(np.abs(self.point) < 1e-9, 0.0, self.point))
        what = {
            "pole": "is unbounded near",
            "hole": "is unbounded near",
            "jump": "jumps at",
            "kink": "has no continuous Jacobian at",
        }
        return f"the rule {what[self.kind]} ({where})"


def find_troubles(problem: Problem, points: np.ndarray) -> list[Trouble]:
    """Poles, jumps and kinks, one of each kind for each suspicious quantity at most.

    Arguments:
        problem: the rule and its chart.
        points: 256 points of the region.
    """
    if not has_suspects(problem):
        return []
    seen = suspects_at(problem, points)
    found: list[Trouble] = []
    searched = 0
    for column in range(seen.values.shape[1]):
        q = seen.values[:, column]
        if np.any(q > 0.0) and np.any(q < 0.0):
            place, direction = _crossing(problem, points, q, column)
        elif problem.chart.dimension <= _SEARCH_SIZE and searched < _SEARCHED and _is_low(q):
            searched += 1
            place = _touching(problem, points, q, column)
            direction = None
        else:
            continue
        if place is not None:
            kind = _behaviour(problem, place, direction, seen)
            if kind is not None and not any(_is_same(t, kind, place, problem) for t in found):
                found.append(Trouble(kind, place, column))
    poles = [t.column for t in found if t.kind == "pole"]
    return [t for t in found if t.kind == "pole" or not _is_on(problem, t, poles, seen)]


def _is_on(problem: Problem, trouble: Trouble, poles: list[int], seen: Suspects) -> bool:
    """Whether a trouble lies on a surface of poles that was found already."""
    if not poles:
        return False
    here = suspects_at(problem, np.repeat(trouble.point[None], BATCH, axis=0)).values[0, poles]
    return bool(np.any(np.abs(here) < 1e-6 * np.nanmedian(np.abs(seen.values[:, poles]), axis=0)))


def _is_low(q: np.ndarray) -> bool:
    """Whether a quantity of one sign comes near enough to zero to be followed down."""
    finite = np.abs(q[np.isfinite(q)])
    return bool(len(finite)) and float(np.min(finite)) < 0.2 * float(np.median(finite))


def _is_same(trouble: Trouble, kind: str, place: np.ndarray, problem: Problem) -> bool:
    gap = np.abs(trouble.point - place) / np.asarray(problem.chart.widths)
    return trouble.kind == kind and float(np.max(gap)) < 1e-6


def _crossing(
    problem: Problem, points: np.ndarray, q: np.ndarray, column: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """A zero on the segment between two points of opposite signs, and the segment's direction."""
    plus = int(np.argmin(np.where(q > 0.0, q, np.inf)))
    minus = int(np.argmax(np.where(q < 0.0, q, -np.inf)))
    start, end = points[minus], points[plus]
    direction = end - start
    for _ in range(5):
        path = start + np.linspace(0.0, 1.0, BATCH)[:, None] * (end - start)
        values = suspects_at(problem, path).values[:, column]
        flips = np.flatnonzero((values[:-1] <= 0.0) & (values[1:] > 0.0))
        if not len(flips):
            return None, None
        start, end = path[flips[0]], path[flips[0] + 1]
    return (start + end) / 2.0, direction


def _touching(
    problem: Problem, points: np.ndarray, q: np.ndarray, column: int
) -> np.ndarray | None:
    """A zero that is not crossed, by a random search in shrinking boxes; None if there is none."""
    rng = np.random.default_rng(0)
    widths = np.asarray(problem.chart.widths)
    size = float(np.median(np.abs(q[np.isfinite(q)])))
    best = points[int(np.nanargmin(np.abs(q)))]
    least = float(np.nanmin(np.abs(q)))
    radius = 0.25
    for _ in range(_SHRINKS):
        tries = best + radius * widths * rng.uniform(-1.0, 1.0, (BATCH, len(widths)))
        tries = np.where(np.asarray(problem.chart.inside(tries))[:, None], tries, best)
        values = np.abs(suspects_at(problem, tries).values[:, column])
        values = np.where(np.isfinite(values), values, np.inf)
        if float(np.min(values)) < least:
            best, least = tries[int(np.argmin(values))], float(np.min(values))
        radius *= 0.7
    return best if least <= 1e-8 * size else None


def _behaviour(
    problem: Problem, place: np.ndarray, direction: np.ndarray | None, seen: Suspects
) -> str | None:
    """What the rule does on both sides of a point: `"pole"`, `"hole"`, `"jump"`, `"kink"`, None."""
    rng = np.random.default_rng(1)
    widths = np.asarray(problem.chart.widths)
    ways = rng.normal(size=(4, len(widths))) * widths if direction is None else direction[None]
    ways = ways / np.linalg.norm(ways / widths, axis=1, keepdims=True)
    steps = np.array([1e-3, 2e-3, 1e-5, 2e-5, 1e-7])
    offsets = np.concatenate([steps, -steps])
    tries = place + offsets[None, :, None] * ways[:, None, :]
    flat = tries.reshape(-1, len(widths))
    padded = np.concatenate([flat, np.repeat(flat[:1], BATCH - len(flat), axis=0)])
    f = suspects_at(problem, padded).velocity[: len(flat)].reshape(len(ways), 2, 5, -1)
    scale = float(np.nanmedian(np.linalg.norm(seen.velocity, axis=1))) + 1e-300
    if not np.all(np.isfinite(f)) or _grows(f, scale):
        return "hole" if direction is None else "pole"
    gap = np.linalg.norm(f[:, 0, 4] - f[:, 1, 4], axis=-1)
    if np.any(gap > 1e-4 * scale):
        return "jump"
    far, near = (
        np.linalg.norm((f[:, 0, i + 1] - f[:, 0, i]) + (f[:, 1, i + 1] - f[:, 1, i]), axis=-1) / s
        for i, s in ((0, 1e-3), (2, 1e-5))
    )
    slope = np.linalg.norm(f[:, 0, 1] - f[:, 0, 0], axis=-1) / 1e-3 + scale
    return "kink" if np.any((near > 1e-3 * slope) & (near > 0.3 * far)) else None


def _grows(f: np.ndarray, scale: float) -> bool:
    """Whether the change from step to step does not die out towards the point."""
    first = np.linalg.norm(f[:, :, 2] - f[:, :, 0], axis=-1)
    second = np.linalg.norm(f[:, :, 4] - f[:, :, 2], axis=-1)
    return bool(np.any((first > 1e-6 * scale) & (second >= 0.5 * first)))
