"""Is there an energy that falls along the rule, whatever the metric? A polynomial one is sought."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.charts import BoxChart
from thalweg.recovery.batches import BATCH, in_batches
from thalweg.recovery.falling import HUNTS, hunt
from thalweg.recovery.margins import widest_margin
from thalweg.recovery.question import Finding, Question, evaluate
from thalweg.recovery.series import Basis, SeriesEnergy, make_basis
from thalweg.recovery.units import UnitBasis, make_units
from thalweg.recovery.verdict import Level

NAME = "lyapunov"
_DEGREES = {1: (2, 4, 8, 12), 2: (2, 4, 6, 8), 3: (2, 4, 6), 4: (2, 4), 5: (2, 4), 6: (2, 4)}
_NUM_POINTS = 1024
_LARGEST = 16
_NUM_UNITS = 128
_WITH_UNITS = f"quadratic form with {_NUM_UNITS} random units"
_NUM_AROUND = 128
_ROUNDS = 8
# A fall below this is not told from none: dE/dt relative to |∇E| |f|.
LEAST_FALL = 1e-6
NEAREST = 1e-4


@dataclass
class _Samples:
    """Points and the rows that the coefficients must make positive there."""

    points: np.ndarray
    rows: np.ndarray


def lyapunov(question: Question) -> Finding:
    """Fit polynomials of growing degree, hunt for points where they rise, and fit again.

    In many coordinates these are quadratic, then a network of random units is added.

    The gradient is made to vanish at every equilibrium; of all coefficients with dE/dt < 0 at the
    samples those with the widest margin are taken (a convex problem, so that failure means that no
    polynomial of this degree falls at all samples).
    """
    size = question.size
    if size > _LARGEST:
        note = f"Not tried above {_LARGEST} coordinates."
        return Finding(Level(NAME, "open", None, note))
    is_small = size in _DEGREES
    degrees = _DEGREES[size] if is_small else (2, 3)
    chart = question.chart
    basis = make_basis(chart, degrees[-1]) if is_small else make_units(chart, _NUM_UNITS)
    states = _centres(question)
    samples = _measure(question, basis, _sample_points(question, states))
    pins = _pins(question, basis, states)
    num_hunts, worst = 0, float("nan")
    for degree in degrees:
        used = basis.degrees <= degree
        for _ in range(_ROUNDS):
            coefficients, margin = _fit(samples.rows, pins, used)
            if coefficients is None:
                break
            energy = SeriesEnergy(question.chart, basis, coefficients)
            points, falls = _hunt(question, energy, states, samples)
            num_hunts += len(points)
            worst = float(np.min(falls))
            if worst >= LEAST_FALL and _falls_at_centres(question, basis, coefficients, states):
                return _found(question, energy, degree, num_hunts, worst)
            bad = np.argsort(falls)[: BATCH // 2]
            more = _measure(question, basis, points[bad[falls[bad] < max(10 * LEAST_FALL, margin)]])
            samples = _Samples(
                np.concatenate([samples.points, more.points]),
                np.concatenate([samples.rows, more.rows]),
            )
    form = f"polynomial of degree up to {degrees[-1]}" if is_small else _WITH_UNITS
    note = f"No {form} falls at all of {len(samples.points)} points; an energy of another form may."
    return Finding(Level(NAME, "open", None, note))


def _centres(question: Question) -> np.ndarray:
    """The equilibria in coordinates, shape `(m, d)`."""
    states = [question.chart.coordinates(e.state) for e in question.equilibria]
    return np.asarray(states).reshape(len(states), question.size)


def _sample_points(question: Question, centres: np.ndarray) -> np.ndarray:
    """Random points of the region, and points around every equilibrium at all distances."""
    region, chart = question.region, question.chart
    parts = [region.draw(_NUM_POINTS)]
    for centre in centres:
        ways = region.rng.normal(size=(_NUM_AROUND, question.size))
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        radii = 10.0 ** region.rng.uniform(-3.5, -0.5, (_NUM_AROUND, 1))
        around = chart.wrap(centre + radii * ways * np.asarray(chart.widths))
        parts.append(around[np.asarray(chart.inside(around)) & region.sees(around)])
    return np.concatenate(parts)


def _is_near(question: Question, points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Which points are within `NEAREST` of an equilibrium, in units of the domain."""
    near = np.zeros(len(points), dtype=bool)
    for centre in centres:
        gap = question.chart.difference(points, centre[None]) / np.asarray(question.chart.widths)
        near |= np.linalg.norm(gap, axis=1) < NEAREST
    return near


@eqx.filter_jit
def _basis_at(basis: Basis | UnitBasis, points: Any) -> tuple[jax.Array, jax.Array]:
    return jax.vmap(basis)(points), jax.vmap(jax.jacfwd(basis))(points)


def _measure(question: Question, basis: Basis | UnitBasis, points: np.ndarray) -> _Samples:
    """The rows −∇φ·f (a map: φ(x) − φ(x⁺)) at points, each of length one."""
    if not len(points):
        return _Samples(points, np.zeros((0, len(basis.degrees))))
    (rows,) = in_batches(lambda some: (_rows(question, basis, some),), points)
    good = np.isfinite(rows).all(axis=1)
    return _Samples(points[good], rows[good])


def _rows(question: Question, basis: Basis | UnitBasis, points: np.ndarray) -> np.ndarray:
    velocity = evaluate(question.problem, points)[0]
    values, slopes = (np.asarray(a) for a in _basis_at(basis, points))
    if question.rule.rule_kind == "flow":
        return -np.einsum("nki,ni->nk", slopes, velocity)
    return values - np.asarray(_basis_at(basis, points + velocity)[0])


def _pins(question: Question, basis: Basis | UnitBasis, centres: np.ndarray) -> np.ndarray:
    """The equations ∇E = 0 at the equilibria, shape `(m d, k)`, in units of the domain."""
    if not len(centres):
        return np.zeros((0, len(basis.degrees)))
    slopes = _slopes_at(basis, centres) * np.asarray(question.chart.widths)
    return np.swapaxes(slopes, 1, 2).reshape(-1, len(basis.degrees))


def _slopes_at(basis: Basis | UnitBasis, points: np.ndarray) -> np.ndarray:
    """∇φ_k at any number of points, `(n, k, d)`."""
    return in_batches(lambda some: _basis_at(basis, some), points)[1]


def _fit(rows: np.ndarray, pins: np.ndarray, used: np.ndarray) -> tuple[np.ndarray | None, float]:
    """The coefficients of widest margin among those that obey the pins, and the margin."""
    free = np.eye(int(used.sum()))
    if len(pins):
        _, values, right = np.linalg.svd(pins[:, used])
        rank = int(np.sum(values > 1e-10 * max(values[0], 1e-300)))
        free = right[rank:].T
    if not free.shape[1]:
        return None, 0.0
    reduced = rows[:, used] @ free
    lengths = np.linalg.norm(reduced, axis=1)
    kept = lengths > 1e-13 * np.linalg.norm(rows[:, used], axis=1)
    solution, margin = widest_margin(reduced[kept] / lengths[kept, None])
    if solution is None:
        return None, 0.0
    coefficients = np.zeros(len(used))
    coefficients[used] = free @ solution
    return coefficients, margin


def _hunt(
    question: Question, energy: SeriesEnergy, centres: np.ndarray, samples: _Samples
) -> tuple[np.ndarray, np.ndarray]:
    """The lowest points that the hunts met outside the equilibria, and the fall there."""
    region = question.region
    fresh = region.draw(HUNTS // 2)
    picks = region.rng.integers(len(samples.points), size=HUNTS - len(fresh))
    starts = np.concatenate([fresh, samples.points[picks]])
    points, falls = (np.asarray(a) for a in hunt(question.problem, energy, starts))
    outside = ~_is_near(question, points, centres) & region.sees(points)
    falls = np.where(np.isfinite(falls), falls, -1.0)
    return points[outside], falls[outside]


def _falls_at_centres(
    question: Question, basis: Basis | UnitBasis, coefficients: np.ndarray, centres: np.ndarray
) -> bool:
    """Whether the second derivative falls strictly at every hyperbolic equilibrium."""
    widths = np.asarray(question.chart.widths)
    step = 1e-4
    for equilibrium, centre in zip(question.equilibria, centres, strict=True):
        jacobian = equilibrium.jacobian * (widths[None, :] / widths[:, None])
        if equilibrium.kind in ("non-hyperbolic", "center"):
            continue  # its Jacobian decides nothing; the hunts around it do
        shifts = step * np.diag(widths)
        ahead = _slopes_at(basis, centre + shifts) - _slopes_at(basis, centre - shifts)
        hessian = np.einsum("jki,k->ij", ahead, coefficients) * widths[:, None] / (2.0 * step)
        hessian = (hessian + hessian.T) / 2.0
        if question.rule.rule_kind == "flow":
            change = hessian @ jacobian + jacobian.T @ hessian
        else:
            change = jacobian.T @ hessian @ jacobian - hessian
        size = np.linalg.norm(hessian) * max(np.linalg.norm(jacobian), 1e-300)
        if np.linalg.eigvalsh(change)[-1] > -LEAST_FALL * size:
            return False
    return True


def _found(
    question: Question, energy: SeriesEnergy, degree: int, num_hunts: int, worst: float
) -> Finding:
    waves = isinstance(question.chart, BoxChart) and np.any(np.isfinite(question.chart.period))
    kind = "trigonometric polynomial" if waves else "polynomial"
    is_plain = isinstance(energy.basis, Basis) or degree < 3
    what = f"{kind} of degree {degree}" if is_plain else _WITH_UNITS
    if question.rule.rule_kind == "flow":
        rate, margin = "dE/dt < 0", f"a cosine of {worst:.1e} between −∇E and the rule"
    else:
        rate, margin = "E(x⁺) < E(x)", f"a fall of {worst:.1e} |∇E| |x⁺ − x|"
    note = (
        f"A {what} falls: {rate} in the region, except within "
        f"{NEAREST:.0e} of its widths of an equilibrium; the worst of {num_hunts} hunts for a rise "
        f"left {margin}. Checked, not proved."
    )
    return Finding(Level(NAME, "yes", worst, note), NAME, energy)
