"""The batched search for roots: Levenberg–Marquardt on every start at once, in one program.

The damping is λ = μ|F|, with μ adapted by the gain ratio. Under a local error bound it converges
quadratically even where roots are not isolated, and it survives a singular Jacobian; a lane that
runs into NaN rejects the step and damps more (Fan & Yuan 2005; Fan 2006).
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.equilibria.linear_solves import solve_positive
from thalweg.core.batches import in_batches
from thalweg.dynamics.autonomy import NUM_POINTS, TimeChange, change_between
from thalweg.dynamics.problem import Problem

MAX_STEPS = 120  # quadratic ends take ten to twenty; roots of high order halve the residual a step
ROUND = 256  # starts of one compiled program: a rule's first look and every later search share it
# Of the scaled field: fifty times rounding, where Newton's steps stop gaining.
_SMALL_RESIDUAL = 1e-14
_SMALL_STEP = 1e-15  # relative to the point: four roundings, below which a step changes nothing
# Levenberg–Marquardt's, in scaled units: Newton's step but for singular Jacobians.
_LEAST_DAMPING = 1e-9
_KNOWN = 64  # roots to be deflated are filled up to multiples of it: few programs for any number


class Scales(NamedTuple):
    """Typical sizes, by which the search is made free of units.

    Attributes:
        y: the extent of the domain along each coordinate, shape `(d,)`.
        f: the median size of each component of the displacement over the starts, shape `(d,)`.
    """

    y: Any
    f: Any


class SearchEnd(NamedTuple):
    """Last points of lanes (NumPy once it leaves `search_all`).

    Attributes:
        y: the last point, shape `(n, d)`, angles wrapped.
        residual: the scaled residual |F / f-scale| there, shape `(n,)`.
        steps: the number of steps taken, shape `(n,)`.
    """

    y: Any
    residual: Any
    steps: Any


class Probe(NamedTuple):
    """The rule at the starts, before the search.

    Attributes:
        starts: the starts, shape `(n, d)`.
        displacement: the displacement there, shape `(n, d)`.
        change: of the displacement when only the time changes.
        leak: the largest change of what the domain holds constant (the sum, on a simplex).
    """

    starts: Any
    displacement: Any
    change: TimeChange
    leak: Any


@eqx.filter_jit
def probe(problem: Problem, key: jax.Array | None, index: Any, given: Any, count: int) -> Probe:
    """Draw part `index` of the starts (or take the given ones) and look at the rule there."""
    key = jax.random.fold_in(jax.random.key(0) if key is None else key, index)
    starts = problem.chart.sample(key, count) if given is None else given
    few, times = starts[:NUM_POINTS], jnp.asarray(problem.rule.probe_times)
    points = jnp.concatenate([starts, jnp.tile(few, (len(times), 1))])
    when = jnp.concatenate([jnp.zeros(len(starts), times.dtype), jnp.repeat(times, len(few))])

    def look(t: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
        raw = problem.rule.displacement(t, problem.chart.embed(y))
        return problem.displacement(y, t), jnp.abs(problem.chart.leak(raw))

    displacement, leaks = jax.vmap(look)(when, points)
    now, later = displacement[: len(few)], displacement[len(starts) :]
    change = change_between(now, later.reshape(len(times), *now.shape))
    return Probe(starts, displacement[: len(starts)], change, _largest(leaks))


def _largest(values: jax.Array) -> jax.Array:
    return jnp.max(jnp.where(jnp.isfinite(values), jnp.abs(values), 0.0))


@eqx.filter_jit
def search(
    problem: Problem, starts: Any, scales: Scales, known: Any = None, chunk: int = 512
) -> SearchEnd:
    """Run every start to a root or to a standstill.

    Arguments:
        problem: the rule and its chart.
        starts: shape `(n, d)`.
        scales: typical sizes.
        known: None, or `(roots, used)` of shapes `(k, d)` and `(k,)`: roots to be kept away from by
            deflation (`deflated`).
        chunk: how many lanes advance together.
    """

    def residual(y: jax.Array) -> jax.Array:
        scaled = problem.displacement(y) / scales.f
        return scaled if known is None else scaled * _deflation(problem, y, scales, *known)

    def lane(start: jax.Array) -> SearchEnd:
        y, size, steps = levenberg_marquardt(residual, start, scales.y)
        return SearchEnd(problem.chart.wrap(y), size, steps)

    return jax.lax.map(lane, starts, batch_size=min(chunk, starts.shape[0]))


def search_all(
    problem: Problem, starts: np.ndarray, scales: Scales, known: Any = None
) -> SearchEnd:
    """`search` for any number of starts in rounds of one size, so that it compiles once.

    With and without known roots it is the same program, but for the very many starts.
    """
    size = round_for(len(starts))
    if size == ROUND and known is None:
        known = padded(starts[:0])
    chunk = chunk_for(starts.shape[1])
    return in_batches(lambda some: search(problem, some, scales, known, chunk), starts, size)


def padded(roots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Roots and a mask, padded to a multiple of a fixed number so that the search compiles once."""
    size = max(-(-len(roots) // _KNOWN), 1) * _KNOWN
    filled = np.zeros((size, roots.shape[1]))
    filled[: len(roots)] = roots
    return filled, np.arange(size) < len(roots)


def round_for(count: int) -> int:
    """Number of starts of one call: one size for the usual, one for the very many."""
    return ROUND if count <= 16 * ROUND else 16 * ROUND


def chunk_for(dimension: int) -> int:
    """Number of lanes that advance together: enough to vectorize, few enough for the cache."""
    return int(np.clip(200_000 // max(dimension, 1) ** 2, 4, 512))


def _deflation(
    problem: Problem, y: jax.Array, scales: Scales, roots: jax.Array, used: jax.Array
) -> jax.Array:
    """Π(1 + (ℓ/|y − y_k|)²): grows without bound at every known root, tends to 1 away from them.

    (Brown & Gearhart 1971; Farrell, Birkisson & Funke 2015.) Lengths are relative to the domain.
    """
    away = problem.chart.difference(y[None], roots) / scales.y[None]
    distance = jnp.sum(away**2, axis=-1)
    excess = jnp.log1p(1e-2 / jnp.maximum(distance, 1e-300))
    return jnp.exp(jnp.sum(jnp.where(used, excess, 0.0)))


class _Lane(NamedTuple):
    """One lane: the best point so far, and the point to try next."""

    z: jax.Array
    value: jax.Array
    jacobian: jax.Array
    size: jax.Array
    trial: jax.Array
    damping: jax.Array
    steps: jax.Array
    done: jax.Array


def levenberg_marquardt(fn: Any, start: jax.Array, y_scale: jax.Array) -> Any:
    """One lane, in coordinates divided by `y_scale`; returns (y, |F|, steps).

    Each turn looks at the trial point, keeps it if it is better, and proposes the next; the start
    is the first trial, so that the rule is compiled once and not twice.
    """
    dimension = start.shape[0]

    def look(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        value = fn(z * y_scale)
        return value, value

    def turn(lane: _Lane) -> _Lane:
        jacobian, value = jax.jacfwd(look, has_aux=True)(lane.trial)
        size = jnp.sqrt(jnp.sum(value**2))
        is_finite = jnp.isfinite(size) & jnp.all(jnp.isfinite(jacobian))
        step = lane.trial - lane.z
        predicted = lane.size**2 - jnp.sum((lane.value + lane.jacobian @ step) ** 2)
        gain = (lane.size**2 - size**2) / predicted
        is_first = lane.steps == 0
        accept = is_finite & ((gain > 1e-4) | is_first)
        factor = jnp.where(gain > 0.75, 1.0 / 8.0, jnp.where(gain > 0.25, 1.0, 4.0))
        factor = jnp.where(is_first, 1.0, jnp.where(accept, factor, 4.0))
        damping = jnp.maximum(lane.damping * factor, _LEAST_DAMPING)
        moved = jnp.max(jnp.abs(step)) > _SMALL_STEP * (1.0 + jnp.max(jnp.abs(lane.z)))
        stuck = (~moved & is_finite) | (damping > 1e30) | (is_first & ~is_finite)
        done = jnp.where(accept, size < _SMALL_RESIDUAL, stuck)
        z = jnp.where(accept, lane.trial, lane.z)
        value = jnp.where(accept, value, lane.value)
        jacobian = jnp.where(accept, jacobian, lane.jacobian)
        size = jnp.where(accept, size, lane.size)
        normal = jacobian.T @ jacobian + damping * size * jnp.eye(dimension)
        trial = z - solve_positive(normal, jacobian.T @ value)
        return _Lane(z, value, jacobian, size, trial, damping, lane.steps + 1, done)

    z = start / y_scale
    nothing = jnp.zeros(dimension)
    lane = _Lane(
        z, nothing, jnp.zeros((dimension, dimension)), jnp.asarray(jnp.nan), z, jnp.asarray(1e-2),
        jnp.asarray(0), jnp.asarray(False),
    )  # fmt: skip
    lane = jax.lax.while_loop(lambda c: ~c.done & (c.steps < MAX_STEPS), turn, lane)
    return lane.z * y_scale, lane.size, lane.steps
