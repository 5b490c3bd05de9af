r"""Least condition number of a metric in which a matrix is symmetric.

If M ≻ 0 makes M J symmetric and κ is its condition number, then J = M^{-1/2} S M^{1/2} with S
symmetric, so that every non-real z obeys |(z − J)⁻¹| ≤ √κ / |Im z|. Of J only Ĵ is known, within η:

    κ  ≥  max over z of ( |Im z| / (σ_min(z − Ĵ) + η) )²

A non-real eigenvalue gives (Im λ / η)², a Jordan block about |block| / 4η: both are "infinite" in
exact arithmetic and as large as rounding allows here. A bound that is large but does not grow as η
shrinks is true, and excludes nothing: (−x + 10⁵y, 10⁻⁵x − 2y) descends in diag(10⁻¹⁰, 1). So what
excludes is asked in coordinates that balance J, and of each block of coordinates that act on one
another: a fast coordinate hides no slow spiral.
"""

from dataclasses import dataclass

import numpy as np

from thalweg.core.graphs import components
from thalweg.recovery.forms.shared_eigenvalues import shared_bound

# Coordinates: beyond, each singular value decomposition is dear, and two points are tried.
_LARGE_SIZE = 64
# Of the spectral radius, from rounding of an eigenvalue up to its size: three to a decade.
_OFFSETS = np.logspace(-9.0, 0.0, 28)
# Of a chain whose links are weak the lowest count; dear in many coordinates.
_LOW_SIZE, _LOWER = 16, np.logspace(-11.0, -9.0, 6, endpoint=False)
# A bound of 1 / 4η grows tenfold when η shrinks as much, (Im λ / η)² a hundredfold, and one that is
# attained not at all.
_SHRUNK, _GROWTH = 0.1, 5.0
# Sweeps, which end where nothing changes; nearly reducible matrices take many.
_BALANCE_ROUNDS = 100
# Of the rounding of a sum of a few terms, in units of the last place.
_ROUNDING = 8.0 * np.finfo(float).eps


@dataclass(frozen=True)
class MetricBound:
    """Least condition number of a metric in which a matrix is symmetric.

    Attributes:
        condition: the bound, at least 1, in the coordinates given.
        needed: the same in balanced coordinates.
        balanced: the same where it is as large as rounding allows, so that it excludes; else 1.
        block: the coordinates that give it, as indices.
    """

    condition: float
    needed: float
    balanced: float
    block: np.ndarray


def bound_metric(jacobian: np.ndarray, uncertainty: np.ndarray) -> MetricBound:
    """The bound for a matrix and for each of its blocks that act on one another.

    Arguments:
        jacobian: shape `(d, d)`.
        uncertainty: how far each true entry may be from it, shape `(d, d)`.
    """
    whole, blocks = np.arange(len(jacobian)), acting_blocks(jacobian)
    parts = [whole, *(b for b in blocks if 1 < len(b) < len(whole))]
    condition, needed, most, where = 1.0, 1.0, 1.0, whole
    for part in parts:
        own, known = jacobian[np.ix_(part, part)], uncertainty[np.ix_(part, part)]
        condition = max(condition, least_metric_condition(own, float(np.linalg.norm(known))))
        scale = balancing(own)
        own, known = own * scale[:, None] / scale, known * scale[:, None] / scale
        eta = float(np.linalg.norm(known))
        bound = least_metric_condition(own, eta)
        needed = max(needed, bound)
        if part is whole and len(blocks) > 1:
            continue  # what rounding would make of zeros is no fact of the rule
        grows = least_metric_condition(own, _SHRUNK * eta, _SHRUNK) >= _GROWTH * bound
        if grows and bound > most:
            most, where = bound, part
    scale = balancing(jacobian)
    units = scale[:, None] / scale
    bound, part = shared_bound(jacobian * units, uncertainty * units, blocks)
    if bound > most:
        most, where = bound, part
    return MetricBound(condition, needed, most, where)


def entry_rounding(jacobian: np.ndarray) -> np.ndarray:
    """The rounding error of each entry of a Jacobian, shape `(d, d)`.

    An entry is known to the rounding of the terms of its row, some of which may have cancelled; in
    balanced coordinates, so that units do not matter.
    """
    scale = balancing(jacobian)
    rows = np.linalg.norm(jacobian * scale[:, None] / scale, axis=1, keepdims=True)
    return _ROUNDING * rows * scale / scale[:, None]


def least_metric_condition(
    jacobian: np.ndarray, uncertainty: float, rounding: float = 1.0
) -> float:
    """A lower bound on the condition number of any metric in which `jacobian` is symmetric.

    Arguments:
        jacobian: shape `(d, d)`.
        uncertainty: how far, in the spectral norm, the true matrix may be from it.
        rounding: how much of the rounding of its singular values to reckon with.

    Returns:
        The bound, at least 1; infinite where the matrix is exact and no metric exists.
    """
    size = float(np.linalg.norm(jacobian, 2))
    if size == 0.0:
        return 1.0
    eigenvalues = np.asarray(np.linalg.eigvals(jacobian), dtype=np.complex128)
    offsets = _OFFSETS if len(jacobian) > _LOW_SIZE else np.concatenate([_LOWER, _OFFSETS])
    ladder = (eigenvalues.real[:, None] + 1j * size * offsets).ravel()
    points = np.concatenate([eigenvalues[eigenvalues.imag > 0.0], ladder])
    if len(jacobian) > _LARGE_SIZE:
        points = points[np.argsort(-points.imag)][:2]
    shifted = points[:, None, None] * np.eye(len(jacobian)) - jacobian
    smallest = np.linalg.svd(shifted, compute_uv=False)[:, -1]
    # The smallest singular value is itself only known within rounding.
    floor = uncertainty + rounding * len(jacobian) * np.finfo(float).eps * size
    return max(1.0, float(np.max((points.imag / (smallest + floor)) ** 2)))


def balancing(jacobian: np.ndarray) -> np.ndarray:
    """The s > 0 that give each row of s_i J_ij / s_j the size of its column, shape `(d,)`.

    Where coordinates act one way only, no s does: they are measured so that they act on others no
    faster than either changes by itself.

    References:
        Parlett & Reinsch, Numerische Mathematik 13 (1969) 293–304.
    """
    sizes = np.abs(jacobian) * (1.0 - np.eye(len(jacobian)))
    scale = np.ones(len(jacobian))
    blocks = acting_blocks(jacobian)
    inside = np.zeros_like(sizes, dtype=bool)
    for block in blocks:
        inside[np.ix_(block, block)] = True
    mutual = np.where(inside, sizes, 0.0)
    for _ in range(_BALANCE_ROUNDS):
        before = scale.copy()
        for i in range(len(scale)):
            row = np.linalg.norm(mutual[i] / scale) * scale[i]
            column = np.linalg.norm(mutual[:, i] * scale) / scale[i]
            if row > 0.0 and column > 0.0:
                scale[i] *= np.sqrt(column / row)
        if np.allclose(scale, before, rtol=1e-3):
            break
    if len(blocks) > 1:
        scale = scale * _one_way(jacobian, scale, blocks)
    return scale / np.exp(np.mean(np.log(scale)))


def _one_way(jacobian: np.ndarray, scale: np.ndarray, blocks: list[np.ndarray]) -> np.ndarray:
    """Factors, one value a block, that make no block act too fast on those that it acts on."""
    scaled = np.abs(jacobian) * scale[:, None] / scale
    own = [float(np.max(scaled[np.ix_(block, block)])) for block in blocks]
    factors = np.ones(len(jacobian))
    member = np.zeros((len(jacobian), len(blocks)))
    for number, block in enumerate(blocks):
        member[block, number] = 1.0
    acts = member.T @ (scaled > 0.0) @ member > 0.0
    np.fill_diagonal(acts, False)
    if not acts.any():
        return factors
    left = set(range(len(blocks)))
    while left:
        # One that acts on none of those that are left; there is one, since blocks are classes.
        b = next(b for b in left if not acts[list(left), b].any())
        left.remove(b)
        for a in np.flatnonzero(acts[:, b]):
            rate = max(own[a], own[b])
            push = float(np.max(scaled[np.ix_(blocks[a], blocks[b])]))
            if rate > 0.0:
                least = factors[blocks[a][0]] * push / rate
                factors[blocks[b]] = max(factors[blocks[b][0]], least)
    return factors


def acting_blocks(jacobian: np.ndarray) -> list[np.ndarray]:
    """The classes of coordinates each of which acts on all others of its class, as indices.

    J is block triangular in these classes, and what is symmetric in a metric is so on each of them.
    """
    labels = components(np.argwhere(jacobian != 0.0), len(jacobian), strong=True)
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]
