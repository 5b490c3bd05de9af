"""Equilibria at many values of the parameter, from random starts, in one compiled batch."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.continuation.curves import are_inside, pinned
from thalweg.analysis.continuation.family import Family
from thalweg.analysis.continuation.traced import in_lanes, which_are_new
from thalweg.analysis.equilibria.search import chunk_for, levenberg_marquardt

# Starts at each value: an equilibrium that draws a twentieth of them is missed at one value with
# probability .04, and a branch of such ones at all values of its range hardly ever.
_STARTS = 64
# A lane that came to rest at less, in units of the displacement, is handed to Newton.
_AT_REST = 1e-6
# How far Newton may go from there, in units of the domain: it refines, and goes to no other.
_NEAR = 1e-3
# Singular values of the Jacobian below this share of the largest belong to a family of equilibria,
# or to a bifurcation: neither begins a curve.
_ISOLATED = 1e-6

# How near an end of the range the first and the last of the slices are: what lives there alone is
# seen, and models that degenerate at the end itself, where it is a round number, do not.
_END = 2.0**-12
# So many slices that the middle keeps one of its own.
_WITH_ENDS = 3


def shares(count: int) -> np.ndarray:
    """Shares of the range: both its ends, and between them values at which no model degenerates."""
    golden = 0.5 * (np.sqrt(5.0) - 1.0)
    jitter = 0.25 * (np.mod(golden * np.arange(1, count + 1), 1.0) - 0.5)
    if count < _WITH_ENDS:
        return (np.arange(count) + 0.5 + jitter) / count
    inner = (np.arange(1, count - 1) + jitter[1:-1]) / (count - 1)
    return np.concatenate([[_END], inner, [1.0 - _END]])


def seeds(family: Family, values: np.ndarray, key: jax.Array | None) -> list[np.ndarray]:
    """Points that curves can be followed from, at each value: isolated equilibria in the domain.

    Arguments:
        family: the rule and its parameter.
        values: of the parameter, in units of the range, `(k,)`.
        key: a `jax.random` key; None means a fixed one.

    Returns:
        For each value points, `(n, d + 1)`, each equilibrium once.
    """
    seed = jax.random.key(0) if key is None else key
    ends, residual = _settled(family, seed, np.repeat(values, _STARTS))
    ends, is_at_rest = np.asarray(ends), np.asarray(residual) <= _AT_REST
    parts = zip(np.split(ends, len(values)), np.split(is_at_rest, len(values)), strict=True)
    rough = [_distinct(family, points[kept]) for points, kept in parts]
    counts = [len(points) for points in rough]
    if not sum(counts):
        return rough
    z = np.concatenate(rough)
    found = in_lanes(pinned, family, z)
    is_good = found.is_found & (np.max(np.abs(found.z - z), axis=1) <= _NEAR)
    jacobian = np.where(is_good[:, None, None], found.jacobian, 0.0)[:, :, :-1]
    singular = np.linalg.svd(jacobian, compute_uv=False)
    is_good &= singular[:, -1] > _ISOLATED * np.maximum(singular[:, 0], 1.0)
    z = np.where(is_good[:, None], found.z, z)
    is_good &= in_lanes(are_inside, family, z)
    at = np.cumsum(counts)[:-1]
    exact = zip(np.split(z, at), np.split(is_good, at), strict=True)
    return [points[kept] for points, kept in exact]


def _distinct(family: Family, points: np.ndarray) -> np.ndarray:
    """Each of the points once."""
    kept = []
    while len(points):
        kept.append(points[0])
        points = points[which_are_new(family, points[:, :-1], points[:1, :-1])]
    return np.array(kept).reshape(-1, family.dimension + 1)


@eqx.filter_jit
def _settled(family: Family, key: jax.Array, p: Any) -> tuple[jax.Array, jax.Array]:
    """The ends of Levenberg–Marquardt from a random start at each value, and displacements there.

    The starts are uniform in the domain; shapes `(n, d + 1)` and `(n,)`.
    """
    uniform = jax.random.uniform(key, (len(p), family.problem.chart.num_uniform))

    def lane(inputs: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        u, p = inputs
        start = family.chart_at(family.low + family.width * p).from_uniform(u) / family.y_scale

        def residual(y: jax.Array) -> jax.Array:
            return family(jnp.append(y, p))

        y, size, _ = levenberg_marquardt(residual, start, jnp.ones(len(start)))
        return jnp.append(y, p), size

    chunk = min(chunk_for(family.dimension), len(p))
    return jax.lax.map(lane, (uniform, jnp.asarray(p)), batch_size=chunk)
