"""The plane in which points of many coordinates are spread most, and what its axes are made of."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# Coordinates that the words on an axis name, of those that load on it most.
_NAMED = 3
# Loadings below this are not named.
_SMALL = 0.05
# Points that lie nearer to a line than this, relative to its length, span no plane.
_FLAT = 1e-6


class Principal(NamedTuple):
    """The two principal components of points.

    Attributes:
        origin: their mean, shape `(d,)`.
        directions: the loadings, orthonormal in units of the widths, shape `(2, d)`.
        shares: the part of the variance along each, shape `(2,)`.
        widths: the unit of each coordinate, shape `(d,)`.
    """

    origin: np.ndarray
    directions: np.ndarray
    shares: np.ndarray
    widths: np.ndarray

    @property
    def labels(self) -> tuple[str, str]:
        """The names of the axes, with their shares of the variance."""
        first, second = (
            f"PC {i} ({100 * share:.0f}\u00a0% of the variance)"
            for i, share in enumerate(self.shares, 1)
        )
        return first, second

    def words(self, names: Sequence[str]) -> str:
        """Words on the axes: what they are, and on a line each the coordinates that weigh most."""
        each = (
            f"PC\u00a0{i}\u00a0=\u00a0{_combination(row, names)}"
            for i, row in enumerate(self.directions, 1)
        )
        return "\n".join(["Principal components (PC) of what is drawn:", *each])

    def place(self, points: np.ndarray) -> np.ndarray:
        """The places of points `(…, d)` in the plane, `(…, 2)`, in units of the widths."""
        return (points - self.origin) / self.widths @ self.directions.T


def principal(points: np.ndarray, widths: np.ndarray) -> Principal | None:
    """The plane that comes closest to points `(m, d)`; None where they lie on a line.

    Arguments:
        points: finite, at least one.
        widths: the unit of each coordinate, such as the width of the domain.
    """
    origin = points.mean(axis=0)
    _, sizes, directions = np.linalg.svd((points - origin) / widths, full_matrices=False)
    if len(sizes) < 2 or sizes[1] <= _FLAT * max(sizes[0], 1e-300):
        return None
    # The sign of a direction is arbitrary: its largest part points up.
    largest = np.argmax(np.abs(directions[:2]), axis=1)
    directions = directions[:2] * np.sign(directions[[0, 1], largest])[:, None]
    return Principal(origin, directions, sizes[:2] ** 2 / np.sum(sizes**2), widths)


def _combination(row: np.ndarray, names: Sequence[str]) -> str:
    order = np.argsort(-np.abs(row), kind="stable")[:_NAMED]
    order = order[np.abs(row[order]) >= _SMALL]
    # Spaces that do not break: a line ends between terms, not inside one.
    terms = [f"{'−' if row[i] < 0 else '+'}\u00a0{abs(row[i]):.2f}\u00a0{names[i]}" for i in order]
    left = int(np.sum(np.abs(row) >= _SMALL)) - len(order)
    more = " +\u00a0…" if left else ""
    return " ".join(terms).removeprefix("+\u00a0") + more
