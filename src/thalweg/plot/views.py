"""Views: the line or plane of a state space that a figure shows.

A view is affine: the point p of the figure is the point y = origin + basis·p in the coordinates of
the domain. It shows the *whole* of a space of one or two coordinates, a *slice* through a state
(what is held fixed is written on the figure), or a *projection*, along which nothing is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from thalweg.core.declared import declared_names
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import lists_as_arrays
from thalweg.dynamics import Problem
from thalweg.plot.principal import principal
from thalweg.plot.style import NEED, names_in_words, symbol

# Of more coordinates than these, two of them say little: principal components are shown.
MOST_PLAIN = 3
# Nearer to a plane than this, in widths of the domain, a point is not told from those in it.
_ON_PLANE = 1e-3
# Empty room beside the outermost point of a projection, as a share of its width.
_ROOM = 0.06

# What can be off the plane of a figure, and one of it.
_ONE = {"equilibria": "equilibrium", "cycles": "cycle", "witnesses": "witness"}

_ROOT3 = np.sqrt(3.0)  # twice the height of a triangle of side 1
# The corners of the triangle that shows three shares which add up to one.
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5 * _ROOT3]])


@dataclass(frozen=True)
class View:
    """Plane or line of a state space that a figure shows.

    Attributes:
        problem: the rule in the coordinates of its domain.
        names: the labels of the axes, one or two.
        origin: the point of the figure's zero, shape `(d,)`.
        basis: the directions of the axes, shape `(d, k)`.
        inverse: from coordinates to the figure, shape `(k, d)`.
        lower: the least value on each axis, shape `(k,)`.
        upper: the largest.
        periods: the period of each axis that is an angle, infinity else.
        held: what is held fixed or left out, in words; empty for nothing.
        is_projection: whether states off the plane are shown too, seen along the other coordinates.
        corners: the names at the corners of a triangle, or none.
    """

    problem: Problem
    names: tuple[str, ...]
    origin: np.ndarray
    basis: np.ndarray
    inverse: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    periods: np.ndarray
    held: str = ""
    is_projection: bool = False
    corners: tuple[str, ...] = ()

    @property
    def dimension(self) -> int:
        """The number of axes of the figure."""
        return len(self.lower)

    @property
    def below(self) -> float:
        """Points below the axes for what stands along the horizontal one."""
        return 8.0 if self.corners else NEED

    def symbol(self, letter: str, word: str) -> str:
        """A letter for what is no coordinate of the space, or a word if one is called by it."""
        named = declared_names(self.problem.rule, self.problem.chart.layout)
        return symbol(letter, word, (*self.names, *self.corners, *named))

    @property
    def energy_name(self) -> str:
        """Name of an energy on the figure: a coordinate may be called E."""
        return self.symbol("E", "energy")

    @property
    def is_flow(self) -> bool:
        """True if states move along curves, and do not jump from point to point."""
        return self.problem.rule.has_continuous_time

    @property
    def is_slice(self) -> bool:
        """True if the space has more coordinates than the view, which are held."""
        return len(self.origin) > self.dimension and not self.is_projection

    def place(self, y: np.ndarray) -> np.ndarray:
        """Places `(…, k)` of points `(…, d)` on the figure; angles are not wrapped."""
        return (np.asarray(y) - self.origin) @ self.inverse.T

    def lift(self, p: np.ndarray) -> np.ndarray:
        """The points `(…, d)` that places `(…, k)` of the figure stand for."""
        return self.origin + np.asarray(p) @ self.basis.T

    def contains(self, p: np.ndarray, slack: float = 1e-9) -> np.ndarray:
        """Truths `(…,)`: the places that lie in the domain."""
        return np.asarray(self.problem.chart.inside(self.lift(p), slack))

    def is_on(self, y: np.ndarray, slack: float = _ON_PLANE) -> np.ndarray:
        """Truths `(…,)`: the points that lie in the plane, as far as a figure can tell."""
        chart = self.problem.chart
        off = chart.difference(y, self.lift(self.place(y))) / np.asarray(chart.widths)
        return np.linalg.norm(off, axis=-1) <= slack

    def shows(self, y: np.ndarray) -> bool:
        """True if a curve lies in the plane, or is seen along the other coordinates."""
        return not self.is_slice or bool(np.all(self.is_on(y)))

    def said_off(self, **curves: Sequence[np.ndarray]) -> str:
        """A note of how many points or curves, given by their plural, are off the plane."""
        numbers = {name: sum(not self.shows(y) for y in many) for name, many in curves.items()}
        said = [counted(n, _ONE[name], name) for name, n in numbers.items() if n]
        return f"{' and '.join(said)} off the plane" if said else ""

    def wrap(self, p: np.ndarray) -> np.ndarray:
        """Places with angles brought between the bounds."""
        is_angle = np.isfinite(self.periods)
        period = np.where(is_angle, self.periods, 1.0)
        turns = np.where(is_angle, np.floor((p - self.lower) / period), 0.0)
        return p - turns * period

    def broken(self, p: np.ndarray) -> np.ndarray:
        """A curve `(m, k)` with angles wrapped and a row of NaN wherever it jumps across."""
        if not np.isfinite(self.periods).any() or len(p) < 2:
            return p
        return np.insert(self.wrap(p), self.jumps(p), np.nan, axis=0)

    def jumps(self, p: np.ndarray) -> np.ndarray:
        """The indices of a curve's points `(m, k)` right after those jumps."""
        wide = np.abs(np.diff(self.wrap(p), axis=0)) > 0.5 * self.periods
        return np.flatnonzero(np.any(wide, axis=1)) + 1

    def curve(self, y: np.ndarray) -> np.ndarray:
        """A curve `(m, d)` on the figure, broken at wraps and where it is outside of a triangle."""
        p = self.broken(self.place(y))
        return np.where(self.contains(p, 1e-6)[:, None], p, np.nan) if self.corners else p

    def points(self, y: np.ndarray) -> np.ndarray:
        """Places of separate points `(…, d)` on the figure, angles wrapped."""
        return self.wrap(self.place(y))

    def on_axes(self, p: np.ndarray, after: np.ndarray | None = None) -> np.ndarray:
        """Places `(m, k)` as rows x and y of the axes.

        On a line, states of a flow stand at velocity 0, those of a map at (x, x⁺).

        Arguments:
            p: the places.
            after: where a map takes them; None means where they are.
        """
        if self.dimension == 2:
            return p.T
        after = p if after is None else after
        return np.stack([p[:, 0], np.zeros(len(p)) if self.is_flow else after[:, 0]])

    def grid(self, count: int) -> tuple[np.ndarray, ...]:
        """`count` equally spaced values on each axis."""
        return tuple(
            np.linspace(low, high, count) for low, high in zip(self.lower, self.upper, strict=True)
        )


def make_view(
    problem: Problem,
    plane: Sequence[int | str] | None = None,
    through: Any = None,
    points: np.ndarray | None = None,
) -> View:
    """The view of a problem.

    Arguments:
        problem: the rule and its chart.
        plane: the two coordinates to show, by name or index; None chooses them.
        through: a state that a slice goes through; None shows a projection where a space has more
            than two coordinates.
        points: what is to be seen, shape `(m, d)`: of three coordinates those two are shown in
            which it takes up the largest area, of more its two principal components.

    Raises:
        InputError: `plane` or `through` does not fit the state.
    """
    chart = problem.chart
    names = declared_names(problem.rule, chart.layout)
    fixed = {names[i]: value for i, value in chart.held_at.items()}
    if chart.is_simplex and chart.dimension == 2 and plane is None:
        return _triangle(problem, tuple(names))
    names = [names[i] for i in chart.indices]
    if chart.dimension > MOST_PLAIN and plane is None and through is None and points is not None:
        view = _principal_projection(problem, names, points, _held(fixed))
        if view is not None:
            return view
    axes = _axes(chart.dimension, names, plane, points, np.asarray(chart.widths))
    origin = np.zeros(chart.dimension)
    is_projection = chart.dimension > len(axes) and through is None
    others = [i for i in range(chart.dimension) if i not in axes]
    if others and through is not None:
        origin[others] = _coordinates(problem, through)[others]
        fixed |= {names[i]: origin[i] for i in others}
    basis = np.eye(chart.dimension)[:, axes]
    lower, upper, periods = (np.asarray(a)[axes] for a in (*chart.bounds, chart.period))
    words = _held(fixed)
    if is_projection:
        words = f"seen along {names_in_words([names[i] for i in others])}" + (
            f"; {words}" if words else ""
        )
    return View(
        problem, tuple(names[i] for i in axes), origin, basis, basis.T, lower, upper, periods,
        words, is_projection,
    )  # fmt: skip


def principal_view(problem: Problem, points: np.ndarray) -> View | None:
    """The plane that comes closest to some points `(m, d)`; None where they lie on a line.

    Its axes are the two directions in which the points are spread most, in units of the domain.
    """
    found = principal(points, np.asarray(problem.chart.widths))
    if found is None:
        return None
    reach = 1.5 * np.abs(found.place(points)).max()
    return View(
        problem, ("first principal axis", "second principal axis"), found.origin,
        found.widths[:, None] * found.directions.T, found.directions / found.widths,
        np.full(2, -reach), np.full(2, reach), np.full(2, np.inf),
        "the plane closest to the equilibria, in widths of the domain",
    )  # fmt: skip


def _principal_projection(
    problem: Problem, names: list[str], points: np.ndarray, held: str
) -> View | None:
    """The two directions in which some points `(m, d)` are spread most; None of a line."""
    finite = points[np.isfinite(points).all(axis=1)]
    found = principal(finite, np.asarray(problem.chart.widths)) if len(finite) else None
    if found is None:
        return None
    places = found.place(finite)
    low, high = places.min(axis=0), places.max(axis=0)
    room = _ROOM * (high - low)
    said = "; ".join(filter(None, (found.words(names), held)))
    return View(
        problem, found.labels, found.origin, found.widths[:, None] * found.directions.T,
        found.directions / found.widths, low - room, high + room, np.full(2, np.inf), said,
        is_projection=True,
    )  # fmt: skip


def spanned_view(
    problem: Problem, origin: np.ndarray, directions: np.ndarray, names: tuple[str, str], held: str
) -> View:
    """The plane through a point along two directions `(2, d)`, as far as half the domain.

    Arguments:
        problem: the rule and its chart.
        origin: the point, shape `(d,)`.
        directions: linearly independent.
        names: of the axes.
        held: what the figure says of it.
    """
    widths = np.asarray(problem.chart.widths)
    reach = 0.5 / np.max(np.abs(directions) / widths, axis=1)
    return View(
        problem, names, origin, directions.T, np.linalg.pinv(directions.T), -reach, reach,
        np.full(2, np.inf), held,
    )  # fmt: skip


def _triangle(problem: Problem, names: tuple[str, ...]) -> View:
    """Three shares as a point of a triangle whose corners are one share alone."""
    forth = np.stack([CORNERS[0] - CORNERS[2], CORNERS[1] - CORNERS[2]], axis=1)
    inverse = forth
    basis = np.linalg.inv(forth)
    origin = -basis @ CORNERS[2]
    return View(
        problem, ("", ""), origin, basis, inverse, CORNERS.min(axis=0), CORNERS.max(axis=0),
        np.full(2, np.inf), corners=names,
    )  # fmt: skip


def _axes(
    dimension: int,
    names: list[str],
    plane: Sequence[int | str] | None,
    points: np.ndarray | None,
    widths: np.ndarray,
) -> list[int]:
    if plane is not None:
        return _chosen(plane, names)
    if dimension <= 2 or points is None or len(points) < 2:
        return list(range(min(dimension, 2)))
    spread = np.atleast_2d(np.cov((points / widths).T))
    area = np.outer(np.diag(spread), np.diag(spread)) - spread**2
    rows, columns = np.triu_indices(dimension, 1)
    # Rounding must not decide between pairs that show as much.
    best = np.flatnonzero(area[rows, columns] >= area[rows, columns].max() * (1.0 - 1e-6))[0]
    return [int(rows[best]), int(columns[best])]


def _chosen(plane: Sequence[int | str], names: list[str]) -> list[int]:
    known = dict(zip(names, range(len(names)), strict=True)) | {i: i for i in range(len(names))}
    is_pair = len(plane) == 2 and not isinstance(plane, str) and plane[0] != plane[1]
    if not is_pair or any(axis not in known for axis in plane):
        raise InputError(
            f"plane must be two of the coordinates {', '.join(names[:12])}, by name or by index "
            f"from 0 to {len(names) - 1}, got {plane!r}."
        )
    return [known[axis] for axis in plane]


def _coordinates(problem: Problem, state: Any) -> np.ndarray:
    try:
        is_one = jax.tree.structure(state) == problem.chart.layout.treedef
        given = state if is_one else lists_as_arrays(state)
        point = np.asarray(problem.chart.coordinates(given), dtype=np.float64)
    except (TypeError, ValueError, AttributeError, InputError) as error:
        raise InputError(
            f"through must be a state of {problem.chart.layout.size} numbers, got {state!r}."
        ) from error
    if point.shape != (problem.chart.dimension,) or not np.all(np.isfinite(point)):
        raise InputError(
            f"through must be one finite state of {problem.chart.layout.size} numbers, got "
            f"{state!r}."
        )
    return point


def _held(fixed: dict[str, float]) -> str:
    if not fixed:
        return ""
    return "held: " + names_in_words(
        f"{name} = {round(float(value), 12):.4g}" for name, value in fixed.items()
    )
