"""States of rest of a rule, and cubes around them in which an energy is proved to fall."""

from typing import NamedTuple

import numpy as np

from thalweg.recovery.certificates.quadratics import NearRests
from thalweg.recovery.certificates.rates import Posed, displacement_and_jacobian, enclosed

# Half the sides of the cubes that are tried, in widths of the region.
_RADII = 0.5 * 0.5 ** np.arange(18)
_STAGES = 3  # the larger ones first
# Newton's method: its steps and their longest, in widths; what counts as none, and as two points;
# a step that rounding makes, after which the next is no better.
_NEWTON_STEPS, _LONGEST, _AT_REST, _APART, _STILL = 30, 0.25, 1e-9, 1e-6, 1e-14


class Cube(NamedTuple):
    """A cube around a rest in which the rate is negative but in its core.

    Attributes:
        lower: its lower corner, in coordinates, shape `(d,)`.
        upper: its upper corner.
        core: how far from the rest rounding leaves the sign open, in widths of the region.
    """

    lower: np.ndarray
    upper: np.ndarray
    core: float


class ProofBox(NamedTuple):
    """A box, as the proofs see it.

    Attributes:
        lower: its lower corner, in coordinates, shape `(d,)`.
        upper: its upper corner.
        free: which coordinates may leave it, as angles do; booleans `(d,)`.
    """

    lower: np.ndarray
    upper: np.ndarray
    free: np.ndarray

    @property
    def widths(self) -> np.ndarray:
        """Its sides."""
        return self.upper - self.lower


def largest_cubes(
    about: Posed, rests: np.ndarray, region: ProofBox, largest_core: float
) -> list[Cube | None]:
    """The largest cube around each rest in which the quadratic form decides, None where none does.

    Where there is none around some rest, the smallest are all that is looked at.

    Arguments:
        about: the rule and the energy.
        rests: their coordinates, shape `(m, d)`.
        region: where the cubes are looked for.
        largest_core: a core larger than this is none, in widths of the region.

    Raises:
        InputError: a program holds an operation that has no bounds.
    """
    if not len(rests):
        return []
    widths = region.widths
    rate = NearRests(about, rests, widths)
    largest = _cubes(rests, _RADII[:1], region)
    rate.look_for_jumps(np.min(largest[0], axis=0), np.max(largest[1], axis=0))

    def decide(left: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, ...]:
        """Cubes about some rests, whether the form decides in each, and the cores there."""
        low, high = _cubes(rests[left], radii, region)
        cores = rate.cores(np.repeat(left, len(radii)), low, high).reshape(len(left), len(radii))
        return low, high, cores < largest_core, cores

    everyone = np.arange(len(rests))
    # A larger cube is decided only where the smallest is: along a line of rests none is.
    low, high, is_fine, cores = decide(everyone, _RADII[-1:])
    found: list[Cube | None] = [
        Cube(low[i], high[i], float(cores[i, 0])) if is_fine[i, 0] else None for i in everyone
    ]
    if None in found:
        return found
    found = [None] * len(rests)
    for radii in np.split(_RADII, _STAGES):
        # Most are decided by the first, and what bounds cost grows with their number.
        left = np.asarray([i for i in everyone if found[i] is None], dtype=int)
        if not len(left):
            break
        low, high, is_fine, cores = decide(left, radii)
        for row, fine in enumerate(is_fine):
            if np.any(fine):
                best = int(np.argmax(fine))
                at = row * len(radii) + best
                found[left[row]] = Cube(low[at], high[at], float(cores[row, best]))
    return found


def all_rests(about: Posed, known: np.ndarray, region: ProofBox, starts: np.ndarray) -> np.ndarray:
    """The states of rest that are known, and those that Newton's method finds, `(m, d)`.

    Arguments:
        about: the rule.
        known: the coordinates of those known, shape `(k, d)`.
        region: where they are looked for.
        starts: where the method starts, shape `(n, d)`.
    """
    size, widths = len(region.lower), region.widths
    enclosure = enclosed(displacement_and_jacobian, about)
    points = np.concatenate([known, starts])
    moved, speeds, typical = np.full(len(points), np.inf), np.full(len(points), np.inf), 0.0
    active = np.arange(len(points))
    for turn in range(_NEWTON_STEPS):
        (values, gradients), _ = enclosure(points[active], points[active])
        matrices = gradients.linear[0].T.reshape(-1, size, size) * widths
        sides = values.linear[0].T
        speeds[active] = np.linalg.norm(sides / widths, axis=1)
        typical = float(np.nanmedian(speeds)) if turn == 0 else typical
        is_fine = np.isfinite(matrices).all(axis=(1, 2)) & np.isfinite(sides).all(axis=1)
        moved[active[~is_fine]] = np.nan
        active = active[is_fine]
        inverse = np.linalg.pinv(matrices[is_fine], rcond=1e-12)
        steps = -np.einsum("nij,nj->ni", inverse, sides[is_fine])
        moved[active] = np.linalg.norm(steps, axis=1)
        steps *= np.minimum(1.0, _LONGEST / np.maximum(moved[active], _LONGEST))[:, None]
        points[active] += steps * widths
        active = active[moved[active] > _STILL]
        if not len(active):
            break
    inside = np.all((points >= region.lower) & (points <= region.upper), axis=1)
    # Where the Jacobian is singular a step may vanish though the rule does not.
    found = points[inside & (moved < _AT_REST) & (speeds < _AT_REST * typical)]
    return _distinct(np.concatenate([found, known]), widths)


def covered(cubes: tuple[Cube, ...], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Booleans `(B,)`, true for boxes with corners `(B, d)` that lie within a cube."""
    found = np.zeros(len(low), dtype=bool)
    for cube in cubes:
        found |= np.all((low >= cube.lower) & (high <= cube.upper), axis=1)
    return found


def _distinct(points: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The points but for those that are next to an earlier one."""
    kept: list[np.ndarray] = []
    for point in points:
        if all(np.max(np.abs(point - other) / widths) > _APART for other in kept):
            kept.append(point)
    return np.asarray(kept).reshape(-1, points.shape[1])


def _cubes(rests: np.ndarray, radii: np.ndarray, region: ProofBox) -> tuple[np.ndarray, np.ndarray]:
    """Cubes of all radii round each rest, within the region, shapes `(m n, d)`."""
    low, high = (
        (rests[:, None] + sign * radii[:, None] * region.widths).reshape(-1, rests.shape[1])
        for sign in (-1.0, 1.0)
    )
    centres = np.repeat(rests, len(radii), axis=0)
    low = np.where(region.free, low, np.minimum(np.maximum(low, region.lower), centres))
    return low, np.where(region.free, high, np.maximum(np.minimum(high, region.upper), centres))
