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

from thalweg.analysis.problem import Problem
from thalweg.analysis.small import solve_positive

MAX_STEPS = 120
ROUND = 256
_SMALL_RESIDUAL = 1e-14
_SMALL_STEP = 1e-15
_LEAST_DAMPING = 1e-9


class Scales(NamedTuple):
    """Typical sizes, by which the search is made free of units.

    Attributes:
        y: the extent of the domain along each coordinate, shape `(d,)`.
        f: the median size of each component of the displacement over the starts, shape `(d,)`.
    """

    y: jax.Array
    f: jax.Array


class SearchEnd(NamedTuple):
    """Where each lane ended.

    Attributes:
        y: the last point, shape `(n, d)`, angles wrapped.
        residual: the scaled residual |F / f-scale| there, shape `(n,)`.
        steps: the number of steps taken, shape `(n,)`.
    """

    y: jax.Array
    residual: jax.Array
    steps: jax.Array


class Probe(NamedTuple):
    """What the starts reveal about the rule before the search.

    Attributes:
        starts: the starts, shape `(n, d)`.
        displacement: the displacement there, shape `(n, d)`.
        time_change: the largest change of the displacement when only the time changes.
        leak: the largest change of what the domain holds constant (the sum, on a simplex).
    """

    starts: jax.Array
    displacement: jax.Array
    time_change: jax.Array
    leak: jax.Array


@eqx.filter_jit
def probe(
    problem: Problem, key: jax.Array | None, index: Any, given: jax.Array | None, count: int
) -> Probe:
    """Draw part `index` of the starts (or take the given ones) and look at the rule there."""
    key = jax.random.fold_in(jax.random.key(0) if key is None else key, index)
    starts = problem.chart.sample(key, count) if given is None else given
    displacement = jax.vmap(problem.displacement)(starts)
    few = starts[:16]
    now = jax.vmap(problem.displacement)(few)
    times = jnp.asarray([0.3719, 1.6180, 17.31, 123.4])
    if problem.rule.rule_kind == "map":
        times = jnp.asarray([1, 2, 3, 17])
    later = jax.vmap(lambda t: jax.vmap(lambda y: problem.displacement(y, t))(few))(times)
    change = jnp.max(jnp.where(jnp.isfinite(later - now), jnp.abs(later - now), 0.0))

    def leak(y: jax.Array) -> jax.Array:
        state = problem.chart.embed(y)
        return jnp.abs(problem.chart.leak(problem.rule.displacement(0.0, state)))

    leaks = jax.vmap(leak)(few)
    largest = jnp.max(jnp.where(jnp.isfinite(leaks), leaks, 0.0))
    return Probe(starts, displacement, change, largest)


@eqx.filter_jit
def search(
    problem: Problem, starts: jax.Array, scales: Scales, known: Any = None, chunk: int = 512
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
        y, size, steps = _levenberg_marquardt(residual, start, scales.y)
        return SearchEnd(problem.chart.wrap(y), size, steps)

    return jax.lax.map(lane, starts, batch_size=min(chunk, starts.shape[0]))


def search_all(
    problem: Problem, starts: np.ndarray, scales: Scales, known: Any = None
) -> SearchEnd:
    """`search` for any number of starts in rounds of one size, so that it compiles once."""
    ends = [
        search(problem, part, scales, known, chunk_for(starts.shape[1]))
        for part in _in_rounds(starts, ROUND)
    ]
    return SearchEnd(*(np.concatenate(c)[: len(starts)] for c in zip(*ends, strict=True)))


def evaluate(problem: Problem, points: np.ndarray) -> np.ndarray:
    """The displacement at each of any number of points, `(n, d)` → `(n, d)`."""
    if not len(points):
        return points
    parts = [np.asarray(_evaluate(problem, part)) for part in _in_rounds(points, ROUND)]
    return np.concatenate(parts)[: len(points)]


@eqx.filter_jit
def _evaluate(problem: Problem, points: jax.Array) -> jax.Array:
    return jax.vmap(problem.displacement)(points)


def _in_rounds(points: np.ndarray, size: int) -> list[np.ndarray]:
    """Parts of `size` rows; the last is filled up with its first row."""
    parts = [points[i : i + size] for i in range(0, len(points), size)]
    missing = size - len(parts[-1])
    parts[-1] = np.concatenate([parts[-1], np.repeat(parts[-1][:1], missing, axis=0)])
    return parts


def chunk_for(dimension: int) -> int:
    """How many lanes to advance together: enough to vectorize, few enough for the cache."""
    return int(np.clip(200_000 // max(dimension, 1) ** 2, 4, 512))


def _deflation(
    problem: Problem, y: jax.Array, scales: Scales, roots: jax.Array, used: jax.Array
) -> jax.Array:
    """Π(1 + (ℓ/|y − y_k|)²): grows without bound at every known root, tends to 1 away from them.

    (Brown & Gearhart 1971; Farrell, Birkisson & Funke 2015.) Lengths are relative to the domain.
    """
    away = problem.chart.difference(y, roots) / scales.y
    distance = jnp.sum(away**2, axis=-1)
    factors = 1.0 + 1e-2 / jnp.maximum(distance, 1e-300)
    return jnp.prod(jnp.where(used, factors, 1.0))


def _levenberg_marquardt(fn: Any, start: jax.Array, y_scale: jax.Array) -> Any:
    """One lane, in coordinates divided by `y_scale`; returns (y, |F|, steps)."""

    def value_and_jacobian(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        def twice(z: jax.Array) -> tuple[jax.Array, jax.Array]:
            value = fn(z * y_scale)
            return value, value

        jacobian, value = jax.jacfwd(twice, has_aux=True)(z)
        return value, jacobian

    def advance(carry: Any) -> Any:
        z, value, jacobian, size, damping, steps, _ = carry
        gradient = jacobian.T @ value
        normal = jacobian.T @ jacobian + damping * size * jnp.eye(z.shape[0])
        step = -solve_positive(normal, gradient)
        new_z = z + step
        new_value, new_jacobian = value_and_jacobian(new_z)
        new_size = jnp.sqrt(jnp.sum(new_value**2))
        predicted = size**2 - jnp.sum((value + jacobian @ step) ** 2)
        gain = (size**2 - new_size**2) / predicted
        is_finite = jnp.isfinite(new_size) & jnp.all(jnp.isfinite(new_jacobian))
        accept = is_finite & (gain > 1e-4)
        damping = jnp.where(
            accept & (gain > 0.75),
            jnp.maximum(damping / 8.0, _LEAST_DAMPING),
            jnp.where(accept & (gain > 0.25), damping, damping * 4.0),
        )
        moved = jnp.max(jnp.abs(step)) > _SMALL_STEP * (1.0 + jnp.max(jnp.abs(z)))
        stopped = jnp.where(accept, new_size < _SMALL_RESIDUAL, ~moved & is_finite)

        def choose(new: jax.Array, old: jax.Array) -> jax.Array:
            return jnp.where(accept, new, old)

        return (
            choose(new_z, z),
            choose(new_value, value),
            choose(new_jacobian, jacobian),
            choose(new_size, size),
            damping,
            steps + 1,
            stopped | (damping > 1e30),
        )

    z = start / y_scale
    value, jacobian = value_and_jacobian(z)
    size = jnp.sqrt(jnp.sum(value**2))
    is_broken = ~jnp.isfinite(size) | ~jnp.all(jnp.isfinite(jacobian))
    carry = (z, value, jacobian, size, jnp.asarray(1e-2), 0, (size < _SMALL_RESIDUAL) | is_broken)
    carry = jax.lax.while_loop(lambda c: ~c[-1] & (c[-2] < MAX_STEPS), advance, carry)
    z, _, _, size, _, steps, _ = carry
    return z * y_scale, jnp.where(is_broken, jnp.nan, size), steps
