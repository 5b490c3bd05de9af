r"""Gradients whose speed was changed by a function of the speed itself.

Smoothly saturated gradient flows, f = −ψ(|∇E|) ∇E with |f| growing strictly with |∇E|, are steepest
descent in the metric φ(|f|²) times the identity, φ = 1/ψ. The speed is the one scalar that every
rule brings along, so nothing has to be guessed: with u = log |f|² and μ = d log φ / du, closedness
of φ f asks for

    J − Jᵀ + μ (f ∇uᵀ − ∇u fᵀ) = 0,        ∇u = 2 Jᵀf / |f|²

at every point, which gives μ there, and for μ to be a function of u alone.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.polynomial import chebyshev as series_of

from thalweg.core.batches import BATCH, in_batches
from thalweg.dynamics import Problem
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.series import chebyshev
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed, is_metric_open
from thalweg.recovery.metrics.fastest import fastest_states
from thalweg.recovery.metrics.in_states import diagonal_in_states
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate

TOLERANCE = 1e-7  # of exactness with fitted weights, whose series leave more than rounding
# Misfit that no fit of this accuracy could leave: φ is no function of the speed alone.
_CLEARLY = 1e-3
_DEGREE = 12  # of the series for φ on a piece; pieces are halved where it does not fit
_FEWEST = 3 * (_DEGREE + 1)  # points of a piece: three a coefficient, so that noise shows
_GOOD = 1e-10  # misfit of a piece at which halving stops
_NEAREST = 1e-4  # of the way to a rest, where speeds are of that order, or to a fastest state
# A smooth function's ranks go up and down a few times; those of independent numbers 21 times.
_MOST_TURNS = 10.0
_NOT_ITS_OWN = "Excluded: the change of speed that J asks for is not a function of the speed alone."
# Logarithms of squared speeds: how far apart they count as different, and, where no equilibrium is
# known, how far apart they may be without one.
_SAME, _WIDE = 1e-9, float(np.log(100.0))
# |μ| at the lowest speed with which φ counts as regular there.
_FLAT = 1e-3
# The asymmetry of J that calls for a metric, and what the series leave of a symmetry that is exact.
_LEAST, _NOISE = 1e-6, 1e-10
_TINY = float(np.finfo(float).tiny)


class SpeedWeights(eqx.Module):
    r"""The weight φ(|f|²) of every coordinate.

    log φ is a Chebyshev series in u = log |f|² on each of some panels, and a straight line beyond
    the first and the last.

    Attributes:
        problem: the rule in the coordinates.
        edges: of the panels, shape `(p + 1,)`.
        series: shape `(p, k)`.
        slopes: of the straight lines, shape `(2,)`.
    """

    problem: Problem
    edges: Any
    series: Any
    slopes: Any

    def __call__(self, y: Any) -> jax.Array:
        """φ(|f(y)|²), once a coordinate: shape `(d,)`."""
        velocity = self.problem.displacement(y)
        edges, series, slopes = (
            jnp.asarray(a, y.dtype) for a in (self.edges, self.series, self.slopes)
        )
        u = jnp.log(jnp.maximum(jnp.sum(velocity**2), jnp.finfo(y.dtype).tiny))
        inner = jnp.clip(u, edges[0], edges[-1])
        panel = jnp.sum(edges[1:-1] <= inner)
        start, end = edges[panel], edges[panel + 1]
        scaled = (2.0 * inner - start - end) / (end - start)
        outside = slopes[0] * jnp.minimum(u - edges[0], 0.0)
        outside += slopes[1] * jnp.maximum(u - edges[-1], 0.0)
        weight = jnp.exp(chebyshev(scaled[None], series[panel][None])[0] + outside)
        return jnp.full(y.shape, weight)


@dataclass(frozen=True)
class SpeedMetricLevel(Level):
    """Steepest descent whose speed is a function of the slope."""

    name: ClassVar[str] = "speed-metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """While a metric may exist and none was found."""
        return is_metric_open(question, so_far)

    def ask(self, question: Question) -> Finding:
        """Look for a change of speed that makes the rule a gradient, and check it elsewhere."""
        return confirmed(question, _speed_metric(question))


def _speed_metric(question: Question) -> Finding:
    """Look for φ > 0 such that φ(|f|²) f is the differential of some −E, and check it elsewhere."""
    if question.size > METRIC_SIZE:
        return Finding("open", None, f"Not tried above {METRIC_SIZE} coordinates.")
    if question.euclidean.asymmetry < _LEAST:
        return Finding("open", None, "Not tried: J is too nearly symmetric to tell what turns it.")
    if _looks_scattered(question):
        return Finding("no", None, _NOT_ITS_OWN)
    here, elsewhere = _demands(question, 8 * BATCH), _demands(question, BATCH)
    if not np.isfinite(here.defect) or not len(elsewhere.u):  # of no points it is infinite
        return Finding(
            "open", None, "Not tried: f is zero or not finite wherever it was looked at."
        )
    if np.ptp(here.u) < _SAME:
        return Finding("open", None, "Not tried: |f| is constant, so the speed says nothing.")
    if here.defect > TOLERANCE:
        note = "Excluded: no function φ of the speed alone makes φ f closed."
        return Finding("no", here.defect, note)
    log_rate = _fitted(here)
    misfit = elsewhere.misfit(log_rate)
    if misfit > _CLEARLY:
        return Finding("no", misfit, _NOT_ITS_OWN)
    if misfit > TOLERANCE:
        note = (
            "A change of speed that is nearly a function of the speed alone is not resolved here."
        )
        return Finding("open", misfit, note)
    return _check(question, log_rate)


class _Demands:
    """Demands of closedness at some points: their u, the μ there, and their weights.

    Arguments:
        velocity: f, shape `(n, d)`.
        jacobians: J, shape `(n, d, d)`.
        is_spread: truths `(n,)`, the points whose defect counts; all unless given.
    """

    def __init__(
        self, velocity: np.ndarray, jacobians: np.ndarray, is_spread: np.ndarray | None = None
    ):
        squared = np.sum(velocity**2, axis=1)
        good = np.isfinite(jacobians).all(axis=(1, 2)) & np.isfinite(squared) & (squared > _TINY)
        velocity, jacobians, squared = velocity[good], jacobians[good], squared[good]
        self.u = np.log(squared)
        rising = 2.0 * np.einsum("nij,ni->nj", jacobians, velocity) / squared[:, None]
        turning = np.einsum("ni,nj->nij", velocity, rising)
        size = np.linalg.norm(jacobians, axis=(1, 2)) + _TINY
        self._skew = (jacobians - np.swapaxes(jacobians, 1, 2)) / size[:, None, None]
        self._turning = (turning - np.swapaxes(turning, 1, 2)) / size[:, None, None]
        self.weight = np.linalg.norm(self._turning, axis=(1, 2))
        inner = np.sum(self._skew * self._turning, axis=(1, 2))
        self.log_rate = -inner / np.maximum(self.weight**2, _TINY)
        self.defect = self._gap(
            self.log_rate, slice(None) if is_spread is None else is_spread[good]
        )

    def misfit(self, log_rate: "_LogRate") -> float:
        """The same with μ from the series, over the points at speeds between its ends."""
        between = (self.u >= log_rate.edges[0]) & (self.u <= log_rate.edges[-1])
        return self._gap(log_rate(self.u), between)

    def _gap(self, log_rate: np.ndarray, chosen: Any = slice(None)) -> float:
        """The rms of |J − Jᵀ + μ (f ∇uᵀ − ∇u fᵀ)| / |J|."""
        left = (self._skew + log_rate[:, None, None] * self._turning)[chosen]
        return float(np.sqrt(np.mean(np.sum(left**2, axis=(1, 2))))) if len(left) else float("inf")


class _LogRate:
    """μ as a Chebyshev series of u on each of some panels, constant beyond."""

    def __init__(self, panels: list[tuple[float, float, np.ndarray]]):
        self.panels = panels
        self.edges = np.asarray([panels[0][0], *(end for _, end, _ in panels)])

    def __call__(self, u: np.ndarray) -> np.ndarray:
        inner = np.clip(u, self.edges[0], self.edges[-1])
        panel = np.sum(self.edges[1:-1] <= inner[:, None], axis=1)
        start, end = self.edges[panel], self.edges[panel + 1]
        scaled = (2.0 * inner - start - end) / (end - start)
        series = np.stack([found for _, _, found in self.panels])[panel]
        return series_of.chebval(scaled, series.T, tensor=False)

    def integrated(self) -> np.ndarray:
        """The series of ∫μ du on the panels, one continuous function: shape `(p, k)`."""
        rows, level = [], 0.0
        for start, end, found in self.panels:
            row = 0.5 * (end - start) * series_of.chebint(found, lbnd=-1.0)
            row[0] += level
            level = float(series_of.chebval(1.0, row))
            rows.append(row)
        return np.stack(rows)


def _looks_scattered(question: Question) -> bool:
    """A first look at what was measured already: whether μ goes up and down at random with u."""
    along, velocity = question.euclidean.probes.along, question.euclidean.probes.covectors
    if not question.chart.is_product or along.shape[1] != along.shape[2]:
        return False
    seen = _Demands(velocity, np.swapaxes(along, 1, 2))
    if len(seen.u) < 2 or np.ptp(seen.u) < _SAME:
        return False
    log_rate = seen.log_rate[np.argsort(seen.u)]
    # Differences that are rounding make no turns: equals keep the order of u.
    steps = np.round(log_rate / (1e-6 * max(1.0, float(np.ptp(log_rate)))))
    ranks = np.argsort(np.argsort(steps, kind="stable"))
    return float(np.sum(np.abs(np.diff(ranks)))) > _MOST_TURNS * (len(ranks) - 1)


def _demands(question: Question, count: int) -> _Demands:
    """Demands at random points, half of them near equilibria, special ones and fastest states."""
    rng = np.random.default_rng(count)
    points = question.chart.draw(rng, count)
    known = [np.asarray(question.chart.coordinates(e.state)) for e in question.equilibria]
    half = count // 2
    if known:
        points[:half] = _towards(np.stack(known), points[:half], rng)
    seen = points[question.region.sees(points)]
    # Beyond the speeds that were met nothing is known of φ: the fastest states are sought.
    points = np.concatenate([seen, question.special_points])
    num_spread = len(points)
    fastest = fastest_states(question, points)
    around = np.concatenate([_towards(fastest, question.chart.draw(rng, half), rng), fastest])
    points = np.concatenate([points, around[question.region.sees(around)]])
    velocity, jacobians = in_batches(lambda some: evaluate(question.problem, some), points)
    speeds = np.linalg.norm(velocity, axis=1)
    # Slower than all the random ones is only what rounding leaves of a state of rest.
    kept = speeds >= np.nanmin(speeds[: len(seen)], initial=np.inf)
    # Points that crowd at the fastest states are no sample of the region.
    is_spread = np.arange(len(points)) < num_spread
    return _Demands(velocity[kept], jacobians[kept], is_spread[kept])


def _towards(centres: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The points drawn towards one of some centres each, to all orders of distance."""
    nearest = centres[rng.integers(len(centres), size=len(points))]
    return nearest + np.exp(np.log(_NEAREST) * rng.random((len(points), 1))) * (points - nearest)


def _fitted(here: _Demands) -> _LogRate:
    """Weighted least squares for μ(u) on panels that are halved until all is resolved."""
    order = np.argsort(here.u)
    u, log_rate, weight = here.u[order], here.log_rate[order], here.weight[order]
    done, waiting = [], [(0, len(u), u[0], u[-1])]
    while waiting:
        first, last, start, end = waiting.pop()
        t = (2.0 * u[first:last] - start - end) / (end - start)
        columns = series_of.chebvander(t, _DEGREE) * weight[first:last, None]
        wanted = log_rate[first:last] * weight[first:last]
        found = np.linalg.lstsq(columns, wanted, rcond=1e-12)[0]
        middle = (first + last) // 2
        if (
            np.max(np.abs(columns @ found - wanted)) <= _GOOD
            or last - first < 2 * _FEWEST
            or not start < u[middle] < end
        ):
            done.append((float(start), float(end), found))
        else:
            waiting += [(first, middle, start, u[middle]), (middle, last, u[middle], end)]
    return _LogRate(sorted(done, key=lambda panel: panel[0]))


def _check(question: Question, log_rate: _LogRate) -> Finding:
    ends = log_rate(log_rate.edges[[0, -1]])
    is_wide = log_rate.edges[-1] - log_rate.edges[0] > _WIDE
    if abs(float(ends[0])) > _FLAT and (len(question.equilibria) or is_wide):
        note = (
            "φ f is closed, but φ vanishes or is unbounded where the rule rests: round such states "
            "an energy may exist only locally."
        )
        return Finding("open", None, note)
    weights = SpeedWeights(question.problem, log_rate.edges, log_rate.integrated(), ends)
    metric = diagonal_in_states(question, weights)
    exactness = question.examine(metric, TOLERANCE, noise=_NOISE)
    if not exactness.is_exact:
        note = "The change of speed was found, but what it makes of f is not exact to rounding."
        return Finding("open", exactness.residual, exactness.obstacle or note)
    note = (
        f"φ(|f|²) f is closed at {exactness.num_points} points, and its line integral's "
        f"gradient is −φ f at {len(exactness.sites.fresh)} others; φ is positive."
    )
    return Finding(
        "yes",
        exactness.residual,
        note,
        Kind.DIAGONAL_METRIC,
        exactness.energy(question.rule, question.chart, metric),
        metric,
        "φ(|f|²) times the identity: descent whose speed is a function of the slope",
    )
