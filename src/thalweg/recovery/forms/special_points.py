"""Symmetry at the points that random ones miss: walls, corners, equilibria, sides of switches."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from thalweg.core.batches import in_batches
from thalweg.dynamics import Problem
from thalweg.geometry import Geometry
from thalweg.recovery.forms.exactness import CONSTANT, Exactness, constant_covector, probe_symmetry
from thalweg.recovery.region.region import Region
from thalweg.recovery.region.suspects import suspects_at

_MOST_CORNERS = 64  # all corners up to six coordinates; beyond they are drawn
_NUM_WALLS = 128  # points on faces, shared among the 2d of them
_NUM_AROUND = 16  # round each rest, half at either distance
# Walls are looked at from inside, where what is singular on them is still finite: how far inside,
# relative to the way from the base point. A metric that changes from place to place may grow
# without bound towards a wall, and with it the rounding of what it makes of the rule.
AT_WALLS, OFF_WALLS = 1e-9, 1e-3
_RADII = (1e-2, 1e-5)  # widths: where curvature shows, and where only the linear part is left
_NUM_CLIMBERS = 8  # the most asymmetric points; peaks of the asymmetry are few
_NUM_CLIMBS = 12  # radii of random moves from .2 widths to 1e-3, which is near enough to tell
# Steps to rests, quadratic after some; and how many rests are looked around.
_NUM_NEWTON, _MOST_RESTS = 12, 16
_MOST_SWITCHES = 32  # smooth ones, around which it is looked, spread evenly over the program
_STILL = 1e-9  # of the widths: a step after which the next is none
# Where Dω nearly vanishes it is known to rounding of what it is elsewhere, not of its own size.
_FLOOR = 1e-5
# A jump's part along its surface that no rounding or curvature makes, relative to the jump.
_TORN = 1e-2
_ACROSS = 1e-6  # widths between a switch and either side of it
_CLEAR = 1e-4  # of ω, a jump of which no smooth rule makes within `_ACROSS`
_NEARER = 1e-2  # of that distance: where ω only changes fast, as beside a rest, it changes by less


class _Probed(NamedTuple):
    """ω, the asymmetry of Dω and Dω v for the directions v, at points."""

    covectors: np.ndarray
    ratios: np.ndarray
    along: np.ndarray


def special_points(region: Region, centres: np.ndarray) -> np.ndarray:
    """The points at which a rule is looked at besides random ones, shape `(m, d)`.

    Arguments:
        region: the part of a domain that is asked about.
        centres: the equilibria in coordinates, shape `(k, d)`.
    """
    chart, rng = region.problem.chart, np.random.default_rng(0)
    lower, upper = (np.asarray(b) for b in chart.bounds)
    size = chart.dimension
    if 2**size <= _MOST_CORNERS:
        ends = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
    else:
        ends = rng.integers(2, size=(_MOST_CORNERS, size))
    corners = np.where(ends == 1, upper, lower)
    walls = chart.draw(rng, _NUM_WALLS)
    which = np.arange(_NUM_WALLS) % (2 * size)
    rows, columns = np.arange(_NUM_WALLS), which // 2
    walls[rows, columns] = np.where(which % 2 == 0, lower[columns], upper[columns])
    troubles = [trouble.point for trouble in region.troubles.found]
    # The rule stays smooth at the others, and may yet be another rule beyond.
    known = {point.tobytes() for point in troubles}
    others = [point for point in region.troubles.switches if point.tobytes() not in known]
    some = np.linspace(0, len(others) - 1, min(len(others), _MOST_SWITCHES)).astype(int)
    places = np.asarray([*centres, *troubles, *(others[k] for k in some)]).reshape(-1, size)
    ends = np.asarray(chart.clip(np.concatenate([corners, walls])))
    ends = np.concatenate([ends, region.corners.between, *_sides(region, *_RADII)])
    return _kept(region, np.concatenate([ends, centres, _around(region, places)]))


def _sides(region: Region, *distances: float) -> list[np.ndarray]:
    """Points on both sides of the switches that meet at corners, in widths from each."""
    chart, beside = region.problem.chart, region.corners
    away = beside.normals * np.asarray(chart.widths)
    return [np.asarray(chart.clip(beside.points + t * away)) for r in distances for t in (r, -r)]


def _around(region: Region, places: np.ndarray) -> np.ndarray:
    """Points around places at two distances, shape `(m, d)`."""
    chart, rng = region.problem.chart, np.random.default_rng(0)
    directions = rng.normal(size=(_NUM_AROUND, chart.dimension))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    radii = np.resize(_RADII, (_NUM_AROUND, 1))
    around = places[:, None] + radii * directions * np.asarray(chart.widths)
    return around.reshape(-1, chart.dimension)


def _kept(region: Region, points: np.ndarray) -> np.ndarray:
    """Those of some points that lie in the region."""
    kept = np.asarray(region.problem.chart.inside(points))
    kept[kept] = region.sees(points[kept])
    return points[kept]


def look_further(
    region: Region, geometry: Geometry, found: Exactness, points: np.ndarray, inset: float
) -> Exactness:
    """An exact ω, looked at where it might fail: at special points, and uphill from the worst.

    Arguments:
        region: the part of a domain that is asked about.
        geometry: the metric.
        found: what random points said.
        points: from `special_points`; what Newton's method finds at rest is added.
        inset: `AT_WALLS` or `OFF_WALLS`, by how much of the way to the base points are drawn in.

    Returns:
        The same with the largest asymmetry that was met, and with the largest jump, which no line
        integral by nodes follows. Points at which ω or its derivative is not finite say nothing.
    """
    torn, gap = _jumps(region, geometry, found)
    found = replace(found, mismatch=max(found.mismatch, gap))
    if region.problem.chart.dimension == 1:
        # The derivative of one number is symmetric, and every jump of it is across its surface.
        return found
    rests = _rests(region, geometry, found, inset)
    points = np.concatenate(
        [found.worst[None], points, rests, _kept(region, _around(region, rests))]
    )
    points = points + inset * (region.base - points)
    ratios = _asymmetries(region.problem, geometry, found, points)
    worst = points[np.argsort(-ratios)[:_NUM_CLIMBERS]]
    place, least = _climb(region, geometry, found, worst, inset)
    found = replace(found, num_further=len(points), torn=torn)
    return replace(found, asymmetry=least, worst=place) if least > found.asymmetry else found


def _rests(region: Region, geometry: Geometry, found: Exactness, inset: float) -> np.ndarray:
    """States of rest, as Newton's method finds them from the random points, shape `(k, d)`."""
    chart, points = region.problem.chart, found.sites.points
    widths = np.asarray(chart.widths)
    if found.probes.along.shape[1] != chart.dimension:
        return points[:0]
    scale = np.median(np.linalg.norm(found.probes.covectors * widths, axis=1))
    for _ in range(_NUM_NEWTON):
        raw = _probed(region.problem, geometry, found, points)
        jacobians = np.swapaxes(raw.along, 1, 2)
        good = np.all(np.isfinite(jacobians), axis=(1, 2))
        good = good & np.all(np.isfinite(raw.covectors), axis=1)
        inverse = np.linalg.pinv(np.where(good[:, None, None], jacobians, 0.0), rcond=1e-12)
        step = -np.einsum("nij,nj->ni", inverse, np.where(good[:, None], raw.covectors, 0.0))
        length = np.linalg.norm(step / widths, axis=1, keepdims=True)
        step = step * np.minimum(1.0, 0.5 / np.maximum(length, 1e-300))
        moved = np.asarray(chart.clip(points + step))
        moved = moved + inset * (region.base - moved)
        is_still = np.max(np.abs(moved - points) / widths) <= _STILL
        points = moved
        if is_still:
            break
    left = np.linalg.norm(
        _probed(region.problem, geometry, found, points).covectors * widths, axis=1
    )
    points = points[left <= 1e-6 * scale]
    _, first = np.unique(np.round((points - region.base) / widths, 5), axis=0, return_index=True)
    return _kept(region, points[np.sort(first)[:_MOST_RESTS]])


def _asymmetries(
    problem: Problem, geometry: Geometry, found: Exactness, points: np.ndarray
) -> np.ndarray:
    """|Dω − Dωᵀ| / (2 |Dω|) at points, −∞ where it is not finite."""
    covectors, ratios, _ = _probed(problem, geometry, found, points)
    constant = constant_covector(found.probes.covectors)
    if constant is not None:
        gaps = np.linalg.norm(covectors - constant, axis=1)
        ratios = np.where(gaps <= CONSTANT * np.linalg.norm(constant), 0.0, ratios)
    return np.where(np.isfinite(covectors).all(axis=1) & np.isfinite(ratios), ratios, -np.inf)


def _probed(problem: Problem, geometry: Geometry, found: Exactness, points: np.ndarray) -> _Probed:
    """Measurements at any number of points, in batches as large as the first look."""
    number = len(found.sites.points)
    sizes = np.sum(found.probes.along**2 + found.probes.across**2, axis=(1, 2)) / 2.0
    floor = _FLOOR**2 * float(np.nanmedian(sizes)) + np.finfo(float).tiny
    directions = found.sites.directions
    value, along, across = in_batches(
        lambda some: probe_symmetry(problem, geometry, some, directions)[:3], points, number
    )
    skew = np.sum((along - across) ** 2, axis=(1, 2)) / 4.0
    size = np.sum(along**2 + across**2, axis=(1, 2)) / 2.0
    return _Probed(value, np.sqrt(skew / np.maximum(size, floor)), along)


def _climb(
    region: Region, geometry: Geometry, found: Exactness, starts: np.ndarray, inset: float
) -> tuple[np.ndarray, float]:
    """The largest asymmetry that a random climb in shrinking steps meets, and where."""
    problem, rng = region.problem, np.random.default_rng(1)
    chart = problem.chart
    number = len(found.sites.points)
    points = np.resize(starts, (number, starts.shape[1]))
    heights = _asymmetries(problem, geometry, found, points)
    for radius in np.geomspace(0.2, 1e-3, _NUM_CLIMBS):
        step = radius * rng.uniform(-1.0, 1.0, points.shape) * np.asarray(chart.widths)
        tried = np.asarray(chart.clip(points + step))
        tried = tried + inset * (region.base - tried)
        new = _asymmetries(problem, geometry, found, tried)
        better = (new > heights) & region.sees(tried)
        points, heights = np.where(better[:, None], tried, points), np.where(better, new, heights)
    best = int(np.argmax(heights))
    return points[best], float(heights[best])


def _jumps(region: Region, geometry: Geometry, found: Exactness) -> tuple[np.ndarray | None, float]:
    """Jumps of ω.

    Returns:
        One that is not only across its surface, as that of any differential is, or None; and the
        largest, beside the size of ω there.
    """
    problem, widths = region.problem, np.asarray(region.problem.chart.widths)
    places, normals = list(region.corners.points), list(region.corners.normals)
    for trouble in region.troubles.found:
        if trouble.kind == "jump":
            shifts = _ACROSS * np.diag(widths)
            around = np.concatenate([trouble.point + shifts, trouble.point - shifts])
            values = suspects_at(problem, around).values[:, trouble.columns[0]]
            normal = values[: len(widths)] - values[len(widths) :]
            length = float(np.linalg.norm(normal))
            if np.isfinite(length) and length > 0.0:
                places.append(trouble.point)
                normals.append(normal / length)
    if not places:
        return None, 0.0
    points, across = np.asarray(places), np.asarray(normals)
    far, near = (
        _changes(region, geometry, found, points, across, reach)
        for reach in (_ACROSS, _NEARER * _ACROSS)
    )
    # What only changes fast shrinks with the distance between the sides; a jump stays.
    is_torn = (far.along > _TORN * far.total) & (far.along > _CLEAR * far.size)
    is_torn &= far.is_seen & (near.along > 0.5 * far.along)
    is_jump = (far.total > _CLEAR * far.size) & far.is_seen & (near.total > 0.5 * far.total)
    gap = np.max(far.total[is_jump] / far.size[is_jump], initial=0.0)
    return points[int(np.argmax(is_torn))] if is_torn.any() else None, float(gap)


class _Changes(NamedTuple):
    """Changes of ω across a surface: along it, in all, beside its size; and where it is seen."""

    along: np.ndarray
    total: np.ndarray
    size: np.ndarray
    is_seen: np.ndarray


def _changes(
    region: Region,
    geometry: Geometry,
    found: Exactness,
    points: np.ndarray,
    across: np.ndarray,
    reach: float,
) -> _Changes:
    """The changes from one side of each point to the other, `reach` widths away."""
    problem, widths = region.problem, np.asarray(region.problem.chart.widths)
    away = reach * across * widths
    sides = np.concatenate([points + away, points - away])
    covectors = _probed(problem, geometry, found, sides).covectors * widths
    is_seen = region.sees(points + away, points - away) & np.isfinite(covectors).all(
        axis=1
    ).reshape(2, -1).all(axis=0)
    upper, lower = covectors[: len(points)], covectors[len(points) :]
    jump = upper - lower
    along = jump - np.sum(jump * across, axis=1, keepdims=True) * across
    size = np.maximum(np.linalg.norm(upper, axis=1), np.linalg.norm(lower, axis=1))
    return _Changes(np.linalg.norm(along, axis=1), np.linalg.norm(jump, axis=1), size, is_seen)
