"""Poles, jumps and kinks of the rule in the region, found from its suspicious quantities."""

from dataclasses import dataclass, replace

import numpy as np

from thalweg.core.batches import BATCH
from thalweg.dynamics import Problem
from thalweg.recovery.region.suspects import Suspects, has_suspects, origins, suspects_at

_SEARCH_SIZE = 6  # coordinates in which random descent finds a zero that is only touched
_SEARCHED = 8  # quantities that are followed down to a touching zero, each a descent of its own
_SHRINKS = 60  # rounds of random descent, radii from .25 by .7 to 1e-10 widths
_FOLLOWED_EACH = 8  # quantities of an operation, of which a large array has thousands
_FOLLOWED = 48  # quantities in all, one of each operation first
_AT_ONCE = 16  # quantities in one compiled batch


@dataclass(frozen=True)
class Trouble:
    """A point where the rule is not C¹.

    Attributes:
        kind: `"pole"` (the rule is unbounded on both sides of a surface), `"hole"` (it is unbounded
            at a point or surface round which nothing changes sign), `"jump"` or `"kink"`.
        point: where, in coordinates.
        columns: the suspicious quantities that make such trouble where they vanish: the one that
            vanishes here first, then others of the same operation.
    """

    kind: str
    point: np.ndarray
    columns: tuple[int, ...]

    def __str__(self) -> str:
        shown = np.where(np.abs(self.point) < 1e-9, 0.0, self.point)
        where = ", ".join([*(f"{v:.5g}" for v in shown[:6]), *(["…"] if len(shown) > 6 else [])])
        what = {
            "pole": "is unbounded near",
            "hole": "is unbounded near",
            "jump": "jumps at",
            "kink": "has no continuous Jacobian at",
        }
        others = len(self.columns) - 1
        more = f", and where {others} more of its terms of this sort vanish" if others else ""
        return f"the rule {what[self.kind]} ({where}){more}"


@dataclass(frozen=True)
class Troubles:
    """Places found at which the rule's program leaves C¹.

    Attributes:
        found: one for each operation and kind.
        num_places: how many of the suspicious quantities vanish somewhere, as far as seen.
        num_followed: how many of these were followed to where they vanish.
        switches: where they vanish, shape `(m, d)`, whether the rule leaves C¹ there or not: it may
            be another rule on the far side.
    """

    found: tuple[Trouble, ...] = ()
    num_places: int = 0
    num_followed: int = 0
    switches: tuple[np.ndarray, ...] = ()
    columns: tuple[int, ...] = ()


def find_troubles(problem: Problem, points: np.ndarray) -> Troubles:
    """Poles, jumps and kinks, one of each kind for each suspicious operation at most.

    Of an operation on an array only some entries are followed: the others do the same thing, and
    where one of those followed is a pole they are taken for poles too.

    Arguments:
        problem: the rule and its chart.
        points: random points of the region.
    """
    if not has_suspects(problem):
        return Troubles()
    seen, origin = suspects_at(problem, points), origins(problem)
    changes = np.any(seen.values > 0.0, axis=0) & np.any(seen.values < 0.0, axis=0)
    crossing = np.flatnonzero(changes)
    followed = _some_of_each(crossing, origin)
    found, switches, columns = _where_crossed(problem, points, seen, followed)
    if problem.chart.dimension <= _SEARCH_SIZE:
        low = [int(k) for k in np.flatnonzero(~changes) if _is_low(seen.values[:, k])]
        more, places, own = _where_touched(problem, points, seen, low[:_SEARCHED])
        found, switches, columns = found + more, switches + places, columns + own
    poles = [t.columns[0] for t in found if t.kind == "pole"]
    found = [t for t in found if t.kind == "pole" or not _is_on(problem, t, poles, seen)]
    unseen = np.setdiff1d(crossing, followed)
    merged = _merged(problem, found, origin, unseen)
    counts = len(crossing), len(followed)
    return Troubles(tuple(merged), *counts, tuple(switches), tuple(columns))


def _some_of_each(columns: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """A few of the quantities of each operation, spread evenly."""
    chosen = []
    for number in np.unique(origin[columns]):
        own = columns[origin[columns] == number]
        picks = np.linspace(0, len(own) - 1, min(len(own), _FOLLOWED_EACH)).astype(int)
        chosen.append(own[picks])
    # One of each operation first, so that a long program has each operation seen.
    ranked = [own[k] for k in range(_FOLLOWED_EACH) for own in chosen if k < len(own)]
    return np.sort(np.asarray(ranked[:_FOLLOWED], dtype=int))


def _merged(
    problem: Problem, found: list[Trouble], origin: np.ndarray, unseen: np.ndarray
) -> list[Trouble]:
    """One trouble for each operation and kind, with all the quantities that are like it."""
    merged: dict[tuple[int, str], Trouble] = {}
    for trouble in found:
        key = (int(origin[trouble.columns[0]]), trouble.kind)
        if key in merged:
            merged[key] = replace(merged[key], columns=merged[key].columns + trouble.columns)
        elif not any(_is_same(t, trouble.kind, trouble.point, problem) for t in merged.values()):
            merged[key] = trouble
    for key, trouble in merged.items():
        alike = tuple(int(k) for k in unseen[origin[unseen] == key[0]])
        merged[key] = replace(trouble, columns=trouble.columns + alike)
    return list(merged.values())


def _where_crossed(
    problem: Problem, points: np.ndarray, seen: Suspects, columns: np.ndarray
) -> tuple[list[Trouble], list[np.ndarray], list[int]]:
    """The troubles where quantities change sign, all places where they do, and the quantities."""
    found, switches, crossed = [], [], []
    for start in range(0, len(columns), _AT_ONCE):
        some = columns[start : start + _AT_ONCE]
        places, directions, is_found = _crossings(problem, points, seen.values[:, some], some)
        if not np.any(is_found):
            continue
        some, places, directions = some[is_found], places[is_found], directions[is_found]
        kinds = _behaviours(problem, places, directions[:, None], seen, "pole")
        switches += list(places)
        crossed += [int(k) for k in some]
        found += [
            Trouble(kind, place, (int(k),))
            for kind, place, k in zip(kinds, places, some, strict=True)
            if kind is not None
        ]
    return found, switches, crossed


def _where_touched(
    problem: Problem, points: np.ndarray, seen: Suspects, columns: list[int]
) -> tuple[list[Trouble], list[np.ndarray], list[int]]:
    """The same where quantities of one sign come down to zero."""
    found, switches, touched = [], [], []
    for k in columns:
        place = _touching(problem, points, seen.values[:, k], k)
        if place is None:
            continue
        switches.append(place)
        touched.append(k)
        directions = np.random.default_rng(1).normal(size=(1, 4, len(place)))
        directions = directions * np.asarray(problem.chart.widths)
        (kind,) = _behaviours(problem, place[None], directions, seen, "hole")
        if kind is not None:
            found.append(Trouble(kind, place, (int(k),)))
    return found, switches, touched


def _is_on(problem: Problem, trouble: Trouble, poles: list[int], seen: Suspects) -> bool:
    """True if a trouble lies on a surface of poles that was found already."""
    if not poles:
        return False
    here = suspects_at(problem, trouble.point[None]).values[0, poles]
    return bool(np.any(np.abs(here) < 1e-6 * np.nanmedian(np.abs(seen.values[:, poles]), axis=0)))


def _is_low(q: np.ndarray) -> bool:
    """True if a quantity of one sign comes near enough to zero to be followed down."""
    finite = np.abs(q[np.isfinite(q)])
    return bool(len(finite)) and float(np.min(finite)) < 0.2 * float(np.median(finite))


def _is_same(trouble: Trouble, kind: str, place: np.ndarray, problem: Problem) -> bool:
    gap = np.abs(trouble.point - place) / np.asarray(problem.chart.widths)
    return trouble.kind == kind and float(np.max(gap)) < 1e-6


def _crossings(
    problem: Problem, points: np.ndarray, values: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Zeros on segments between two points of opposite signs, one for each of a few quantities.

    Arguments:
        problem: the rule and its chart.
        points: shape `(n, d)`.
        values: the quantities there, shape `(n, c)`.
        columns: their numbers, shape `(c,)`.

    Returns:
        The zeros `(c, d)`, the directions of their segments, and which of them were found.
    """
    start = points[np.argmax(np.where(values < 0.0, values, -np.inf), axis=0)]
    end = points[np.argmin(np.where(values > 0.0, values, np.inf), axis=0)]
    directions, is_found = end - start, np.ones(len(columns), dtype=bool)
    parts = BATCH // len(columns)
    fractions = np.linspace(0.0, 1.0, parts)[:, None]
    lanes = np.arange(len(columns))
    for _ in range(int(np.ceil(12.0 / np.log10(parts - 1.0)))):
        path = start[:, None] + fractions * (end - start)[:, None]
        flat = suspects_at(problem, path.reshape(-1, path.shape[2])).values
        q = flat.reshape(len(columns), parts, -1)[lanes, :, columns]
        flips = (q[:, :-1] <= 0.0) & (q[:, 1:] > 0.0)
        is_found &= np.any(flips, axis=1)
        first = np.argmax(flips, axis=1)
        start, end = path[lanes, first], path[lanes, first + 1]
    return (start + end) / 2.0, directions, is_found


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


def _behaviours(
    problem: Problem, places: np.ndarray, directions: np.ndarray, seen: Suspects, unbounded: str
) -> list[str | None]:
    """Behaviour on both sides of some points: `unbounded`, `"jump"`, `"kink"` or None.

    Arguments:
        problem: the rule and its chart.
        places: the points, shape `(c, d)`.
        directions: the directions in which each is passed, shape `(c, w, d)`.
        seen: the rule at random points, for its size.
        unbounded: what to call a point where the rule is unbounded.
    """
    widths = np.asarray(problem.chart.widths)
    directions = directions / np.linalg.norm(directions / widths, axis=2, keepdims=True)
    steps = np.array([1e-3, 2e-3, 1e-5, 2e-5, 1e-7, 2e-7, 1e-9])
    offsets = np.concatenate([steps, -steps])[:, None]
    tries = places[:, None, None] + offsets * directions[:, :, None]
    velocity = suspects_at(problem, tries.reshape(-1, len(widths))).velocity
    speeds = np.linalg.norm(seen.velocity, axis=1)
    # Where it rests on half of the region, the median is zero.
    scale = max(float(np.nanmedian(speeds)), 1e-6 * float(np.nanmax(speeds))) + 1e-300
    around = velocity.reshape(len(places), directions.shape[1], 2, len(steps), -1)
    return [_behaviour(f, scale, unbounded) for f in around]


def _behaviour(f: np.ndarray, scale: float, unbounded: str) -> str | None:
    """The same from the rule at steps on both sides, shape `(w, 2, 7, d)`.

    A smooth feature that ends here may look like either within its own width, and not nearer.
    """
    if not np.all(np.isfinite(f)) or _grows(f, scale):
        return unbounded
    gap = np.linalg.norm(f[:, 0, 4] - f[:, 1, 4], axis=-1)
    if np.any(gap > 1e-4 * scale):
        return "jump"
    far, near, nearest = (
        np.linalg.norm((f[:, 0, i + 1] - f[:, 0, i]) + (f[:, 1, i + 1] - f[:, 1, i]), axis=-1) / s
        for i, s in ((0, 1e-3), (2, 1e-5), (4, 1e-7))
    )
    change = np.linalg.norm(f[:, 0, 1] - f[:, 0, 0], axis=-1) / 1e-3 + scale
    lasts = (near > 0.3 * far) & (nearest > 0.3 * near)
    return "kink" if np.any((near > 1e-3 * change) & lasts) else None


def _grows(f: np.ndarray, scale: float) -> bool:
    """True if the change from step to step does not die out towards the point."""
    first, second, third = (
        np.linalg.norm(f[:, :, nearer] - f[:, :, further], axis=-1)
        for further, nearer in ((0, 2), (2, 4), (4, 6))
    )
    lasts = (second >= 0.5 * first) & (third >= 0.5 * second)
    return bool(np.any((first > 1e-6 * scale) & lasts))
