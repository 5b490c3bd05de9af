"""Exactness of ω = M f: first the symmetry of Dω, then its integral along lines."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.dynamics import Deterministic, Problem
from thalweg.dynamics.autonomy import NUM_POINTS, TimeChange, change_between
from thalweg.dynamics.problem import covector
from thalweg.geometry import Geometry
from thalweg.recovery.forms.integrals import (
    LARGE_SIZE,
    NODE_COUNTS,
    Integrals,
    Quadrature,
    best_near_ends,
    each,
    integrate,
)
from thalweg.recovery.forms.one_forms import LineIntegral, fewest_nodes
from thalweg.recovery.forms.rays import Rays, rays_from
from thalweg.recovery.region.region import Region

# Of the normalised asymmetry: four decades above `NOISE`, far below one that matters.
SYMMETRIC = 1e-9
CONSISTENT = 1e-8  # of line integrals, an order above `SYMMETRIC`: their nodes add up rounding
# Of ω near the ends of rays, what no gradient of an energy misses, be the rule as sharp as it may.
WRONG = 1e-2
# Of energies by two rules of integration, beside the work: both were seen to be right to 1e-8.
SAME = 1e-7
# The asymmetry of a row, relative to its size, that rounding may make.
NOISE = 1e-13
# What changes by less, relative to its size, is constant: faces of a simplex magnify rounding.
CONSTANT = 1e-9
# Coordinates in which all entries of Dω are seen; beyond, random directions see them.
_FULL_SIZE = 32
_FIRST = Quadrature(NODE_COUNTS[0])
_TINY = float(np.finfo(float).tiny)


class Sites(NamedTuple):
    """Points at which a rule is looked at; the same for every metric.

    Attributes:
        points: where the symmetry of Dω is probed, shape `(n, d)`.
        directions: the directions, shape `(n, k, d)`: the unit vectors in low dimension.
        fresh: other points, where the line integral is compared with the rule, shape `(m, d)`.
        joined: whether the segment to the point before stays in the region, shape `(m,)`.
        base: where line integrals start.
        rays: from there to where the region ends.
    """

    points: np.ndarray
    directions: np.ndarray
    fresh: np.ndarray
    joined: np.ndarray
    base: np.ndarray
    rays: Rays


class Probes(NamedTuple):
    """The symmetry of Dω at points; NumPy once it leaves `probe_symmetry`.

    Attributes:
        covectors: ω, shape `(n, d)`.
        along: Dω v for each direction v, shape `(n, k, d)`.
        across: Dωᵀ v, likewise.
        change: of the displacement when only the time changes.
    """

    covectors: Any
    along: Any
    across: Any
    change: TimeChange


@dataclass(frozen=True)
class Exactness:
    """Departure of ω from the differential of −E, in normalised numbers: 0 where it is that.

    Attributes:
        asymmetry: the largest over the points of |Dω − Dωᵀ| / (2 |Dω|), Frobenius norms; or over
            the pairs of coordinates of |Dω_ij − Dω_ji| beside both their rows, where that is more.
        row_asymmetry: the largest over the coordinates of the same ratio of a row with its column,
            the diagonal left out (None in high dimension): it sees what is small beside the rest.
        mismatch: |∇E + ω| on fresh points, relative to the size of ω; NaN if not asked.
        circulation: the work round a closed path, relative to the work along it; NaN likewise.
        winding: the part of it that goes round an angle.
        worst: the point of the largest asymmetry.
        undefined: a point where the rule is not finite, or None.
        quadrature: the nodes and weights that the line integral needs.
        sites: where it was looked at.
        num_further: at how many special points besides.
        torn: a jump of ω that is not only across its surface, or None.
        probes: the measurements behind the asymmetry.
        tolerance: the asymmetry that passes for none.
    """

    asymmetry: float
    row_asymmetry: float | None
    worst: np.ndarray
    undefined: np.ndarray | None
    sites: Sites
    probes: Probes
    tolerance: float = SYMMETRIC
    mismatch: float = float("nan")
    circulation: float = float("nan")
    winding: float = 0.0
    quadrature: Quadrature = _FIRST
    num_further: int = 0
    torn: np.ndarray | None = None

    @property
    def num_points(self) -> int:
        """Number of points at which Dω was seen to be symmetric."""
        return len(self.sites.points) + self.num_further

    @property
    def is_symmetric(self) -> bool:
        """True if Dω is symmetric at every point probed."""
        rows = self.row_asymmetry
        is_smooth = self.torn is None
        return self.asymmetry <= self.tolerance and (rows is None or rows <= 1e-5) and is_smooth

    @property
    def is_consistent(self) -> bool:
        """True if the line integral's gradient is −ω, and its value does not depend on the path."""
        limit = max(CONSISTENT, 10.0 * self.tolerance)
        return self.mismatch <= limit and self.circulation <= limit

    @property
    def is_exact(self) -> bool:
        """True if ω is the differential of −E, as far as measured."""
        return self.undefined is None and self.is_symmetric and self.is_consistent

    @property
    def obstacle(self) -> str | None:
        """Reason why ω is no differential although Dω is symmetric where it exists, or None."""
        if self.torn is None:
            return None
        return f"M f jumps at {_text(self.torn)}, and not only across its surface: E would, too."

    @property
    def place(self) -> str:
        """The point of the largest asymmetry, as a text."""
        return _text(self.worst)

    @property
    def residual(self) -> float:
        """The largest of the normalised numbers that were asked for."""
        return float(np.nanmax([self.asymmetry, self.mismatch, self.circulation]))

    def energy(self, rule: Deterministic, chart: Chart, geometry: Geometry) -> LineIntegral:
        """The energy that was measured, of the caller's own rule."""
        return LineIntegral(rule, chart, geometry, self.sites.base, *self.quadrature.nodes())


def _text(point: np.ndarray) -> str:
    """A point, or its first four coordinates."""
    where = ", ".join(f"{v:.4g}" for v in point[:4])
    return f"({where}{', …' if len(point) > 4 else ''})"


def choose_sites(region: Region) -> Sites:
    """Random points, and directions that show every entry where the dimension allows it."""
    size = region.problem.chart.dimension
    num_points, num_fresh = (64, 32) if size <= LARGE_SIZE else (16, 8)
    points, fresh = region.draw(num_points), region.draw(num_fresh)
    if size <= _FULL_SIZE:
        directions = np.broadcast_to(np.eye(size), (num_points, size, size))
    else:
        directions = region.rng.normal(size=(num_points, 4, size))
    joined = region.sees(fresh, np.roll(fresh, 1, axis=0))
    return Sites(points, directions, fresh, joined, region.base, rays_from(region, num_fresh))


def examine(
    problem: Problem,
    geometry: Geometry,
    sites: Sites,
    tolerance: float = SYMMETRIC,
    node_counts: tuple[int, ...] = NODE_COUNTS,
    noise: float = NOISE,
) -> Exactness:
    """Measure whether ω is exact; the integral, with more and more nodes, only if Dω = Dωᵀ.

    A row of Dω whose asymmetry is below `noise`, relative to all of it, is not looked at by itself.
    """
    raw = probe_symmetry(problem, geometry, sites.points, sites.directions)
    found = _judge_symmetry(jax.tree.map(np.asarray, raw), sites, tolerance, noise)
    if not found.is_symmetric:
        return found
    angles, rays = tuple(int(i) for i in np.flatnonzero(problem.chart.angles)), sites.rays

    def measure(rule: Quadrature, points: np.ndarray = sites.fresh) -> Integrals:
        nodes, weights = rule.nodes()
        # What needs more nodes than the fewest of these needs them all.
        ends = rays.ends if rule.num_nodes == node_counts[0] else rays.ends[:0]
        raw = integrate(problem, geometry, points, ends, sites.base, nodes, weights, angles)
        return Integrals(*(np.asarray(a) for a in raw))

    for rule in map(Quadrature, node_counts):
        even = measure(rule)
        found = _judge_integrals(found, even, rule)
        if found.is_consistent:
            break
    else:
        return found
    if not len(rays.near):
        return found
    wanted = fewest_nodes(even.rays)
    if wanted < found.quadrature.num_nodes:
        return replace(found, quadrature=Quadrature(wanted)) if rays.is_dense else found

    def agrees(rule: Quadrature) -> bool:
        other = measure(rule)
        is_same = np.abs(other.levels - even.levels) <= SAME * np.max(even.works)
        return bool(np.all(is_same)) and _judge_integrals(found, other, rule).is_consistent

    best, missed = best_near_ends(lambda rule: measure(rule, rays.near), agrees, found.quadrature)
    # What no rule integrates is no energy there.
    return replace(
        found, quadrature=best, mismatch=max(found.mismatch, missed if missed > WRONG else 0.0)
    )


@eqx.filter_jit
def probe_symmetry(problem: Problem, geometry: Geometry, points: Any, directions: Any) -> Probes:
    """Dω and its transpose along directions at points."""

    def probe(y: jax.Array, directions: jax.Array) -> tuple[jax.Array, ...]:
        value, forward = jax.linearize(lambda z: covector(problem, geometry, z), y)
        backward = jax.linear_transpose(forward, y)
        along = jax.vmap(forward)(directions)
        return value, along, jax.vmap(lambda v: backward(v)[0])(directions)

    value, along, across = each(len(points) > 16, probe)(points, directions)
    times = jnp.asarray([0, *problem.rule.probe_times])
    few = points[:NUM_POINTS]
    moved = jax.vmap(lambda t: jax.vmap(lambda y: problem.displacement(y, t))(few))(times)
    return Probes(value, along, across, change_between(moved[0], moved[1:]))


def _judge_symmetry(probes: Probes, sites: Sites, tolerance: float, noise: float) -> Exactness:
    finite = np.isfinite(probes.covectors).all(axis=1) & np.isfinite(probes.along).all(axis=(1, 2))
    unit = _unit(probes.along[finite], probes.across[finite])
    along, across = probes.along / unit, probes.across / unit
    with np.errstate(invalid="ignore"):  # where it is not finite
        skew = np.sum((along - across) ** 2, axis=(1, 2)) / 4.0
        size = np.sum(along**2 + across**2, axis=(1, 2)) / 2.0
    ratio = np.where(finite, np.sqrt(skew / np.maximum(size, _TINY)), -np.inf)
    is_any = bool(np.any(finite))
    rows, pairs = _by_rows(along[finite], noise) if is_any else (None, 0.0)
    if constant_covector(probes.covectors) is not None:
        # All that is left of Dω is rounding, which has no symmetry.
        ratio, rows, pairs = np.zeros(len(ratio)), None, 0.0
    return Exactness(
        asymmetry=max(float(np.max(ratio)), pairs) if is_any else float("nan"),
        row_asymmetry=rows,
        worst=sites.points[int(np.argmax(ratio))],
        undefined=None if np.all(finite) else sites.points[int(np.argmin(finite))],
        sites=sites,
        probes=probes,
        tolerance=tolerance,
    )


def _unit(*arrays: np.ndarray) -> float:
    """The largest size among finite numbers, in which their squares neither vanish nor overflow."""
    largest = max((float(np.max(np.abs(array), initial=0.0)) for array in arrays), default=0.0)
    return largest if np.isfinite(largest) and largest > 0.0 else 1.0


def constant_covector(covectors: np.ndarray) -> np.ndarray | None:
    """The value of ω, shape `(d,)`, where it is constant but for rounding; else None."""
    mean = np.mean(covectors, axis=0)
    gaps = np.linalg.norm(covectors - mean, axis=1)
    is_constant = bool(np.all(gaps <= CONSTANT * np.linalg.norm(mean)))
    return mean if is_constant and len(covectors) > 1 else None


def _by_rows(along: np.ndarray, noise: float) -> tuple[float | None, float]:
    """The asymmetry of each row, and of each pair, against what its own coordinates do.

    Beside a fast coordinate a slow spiral is small, and is a spiral.

    Arguments:
        along: Dωᵀ at points, shape `(n, d, d)`.
        noise: the asymmetry that rounding makes, relative to the rows it lies in.

    Returns:
        The largest over coordinates of |row − column| / (|row| + |column|), off the diagonal, where
        it is above the noise; and the largest of |D_ij − D_ji| beside both rows, rms over points.
    """
    if along.shape[1] != along.shape[2]:
        return None, 0.0
    size = np.sqrt(np.sum(along**2 + np.swapaxes(along, 1, 2) ** 2, axis=2))
    # A point at which a coordinate hardly does anything is judged by what it does elsewhere.
    size = size + 1e-8 * np.sqrt(np.mean(size**2, axis=0))
    pairs = np.maximum(size[:, :, None] + size[:, None, :], _TINY)
    off = along / pairs * (1.0 - np.eye(along.shape[1]))
    gaps = off - np.swapaxes(off, 1, 2)
    skew = np.sqrt(np.mean(np.sum(gaps**2, axis=2), axis=0))
    both = np.sqrt(np.mean(np.sum(off**2, axis=2) + np.sum(off**2, axis=1), axis=0))
    seen = skew > noise
    ratio = float(np.max(skew[seen] / both[seen], initial=0.0))
    return ratio, float(np.sqrt(np.max(np.mean(gaps**2, axis=0))))


def _judge_integrals(found: Exactness, integrals: Integrals, rule: Quadrature) -> Exactness:
    unit = _unit(integrals.covectors)
    integrals = Integrals(*(part / unit for part in integrals))
    scale = np.sqrt(np.mean(np.sum(integrals.covectors**2, axis=1)))
    gap = np.sqrt(np.max(np.sum((integrals.gradients - integrals.covectors) ** 2, axis=1)))
    work = max(float(np.sqrt(np.mean(integrals.works**2))), _TINY)
    loops = np.where(found.sites.joined, integrals.loops, 0.0)
    # Where ω vanishes at all points, whatever does not is infinitely larger.
    with np.errstate(over="ignore"):
        mismatch = gap / max(scale, _TINY)
        winding = np.max(np.abs(integrals.windings), initial=0.0) / work
        circulation = max(np.max(np.abs(loops)) / work, winding)
    return replace(
        found,
        mismatch=float(mismatch),
        circulation=float(circulation),
        winding=float(winding),
        quadrature=rule,
    )
