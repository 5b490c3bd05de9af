r"""Eigenvalues that coordinates share which act on one another one way only.

Where M ≻ 0 of condition number κ makes M J symmetric, J = T Λ T⁻¹ with Λ real and diagonal and
|T| |T⁻¹| = √κ. If s entries of Λ lie within r of λ, J − λ is within r √κ of a matrix of rank d − s:
of its singular values σ₁ ≤ σ₂ ≤ … the first s are at most r √κ, so that √κ ≥ σ_s / r. The diagonal
blocks of a block triangular J have its eigenvalues, each known as well as its own block, so r is
rounding where two blocks share one.

All that lies between two blocks acts on one another as in J: what is diagonalizable is so there,
too. So coordinates that act on neither, or that neither acts on, hide nothing, however fast they
are or however badly they are known.
"""

import numpy as np

# A basis of eigenvectors with a worse condition number, the inverse root of rounding, is that of a
# multiple eigenvalue: it tells nothing of how far each may be off.
_WORST_BASIS = 1e8
# Of pairs of blocks that share an eigenvalue, those with the least between them: each takes a
# singular value decomposition, and any of them bounds.
_MOST_PAIRS = 64
# Of the rounding of its entries, which a program's own cancellations may exceed by three digits:
# what acts less on another coordinate acts on it not at all.
_CLEAR = 1e3
_EPS = float(np.finfo(float).eps)
# Of a unit of one block in that of another: squares of what is multiplied by it, or divided, stay
# finite in float64.
_LEAST_FACTOR = 1e-60


def shared_bound(
    jacobian: np.ndarray, uncertainty: np.ndarray, blocks: list[np.ndarray]
) -> tuple[float, np.ndarray]:
    """A lower bound on √κ that rounding alone limits, and the coordinates that give it.

    Arguments:
        jacobian: shape `(d, d)`.
        uncertainty: how far each true entry may be from it, shape `(d, d)`.
        blocks: the classes of coordinates that act on one another, as indices.

    Returns:
        At least 1: it is 1 where no block shares an eigenvalue with another that acts on it, as far
        as rounding tells, or where that leaves none without an eigenvector.
    """
    most, where = 1.0, np.arange(len(jacobian))
    if len(blocks) < 2:
        return most, where
    values, rooms = zip(*(_spectrum(jacobian, uncertainty, b) for b in blocks), strict=True)
    for between, first, second in _pairs(jacobian, blocks, values, rooms):
        own = [blocks[k] for k in between]
        part = np.concatenate(own)
        scale = _strengthened(jacobian, own)
        near = jacobian[np.ix_(part, part)] * scale[:, None] / scale
        known = uncertainty[np.ix_(part, part)] * scale[:, None] / scale
        eigenvalues = np.concatenate([values[k] for k in between])
        room = np.concatenate([rooms[k] for k in between])
        for centre, half in _shared(values[first], rooms[first], values[second], rooms[second]):
            shifted = near - centre * np.eye(len(part))
            bound = _bound(shifted, known, np.abs(eigenvalues - centre), room, half)
            if bound > most:
                most, where = bound, np.sort(part)
    return most, where


def _spectrum(
    jacobian: np.ndarray, uncertainty: np.ndarray, block: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues of a block, and how far each may be from the true one."""
    values, vectors = np.linalg.eig(jacobian[np.ix_(block, block)])
    known = float(np.linalg.norm(uncertainty[np.ix_(block, block)]))
    room = known * min(float(np.linalg.cond(vectors)), _WORST_BASIS)
    return values, np.full(len(values), room)


def _pairs(
    jacobian: np.ndarray, blocks: list[np.ndarray], values: tuple, rooms: tuple
) -> list[tuple[np.ndarray, int, int]]:
    """Pairs of blocks that share an eigenvalue, the second of which acts on the first.

    Returns:
        The numbers of all blocks between them, both included, then of the first and of the second.
    """
    count = len(blocks)
    member = np.zeros((len(jacobian), count))
    for number, block in enumerate(blocks):
        member[block, number] = 1.0
    reached = (member.T @ (jacobian != 0.0) @ member > 0.0) | np.eye(count, dtype=bool)
    for _ in range(count.bit_length()):
        reached = reached.astype(float) @ reached > 0.0
    found = []
    for a, b in np.argwhere(reached & ~np.eye(count, dtype=bool)):
        if _shared(values[a], rooms[a], values[b], rooms[b]):
            between = np.flatnonzero(reached[a] & reached[:, b])
            found.append((sum(len(blocks[k]) for k in between), between, int(a), int(b)))
    found.sort(key=lambda pair: pair[0])
    return [pair[1:] for pair in found[:_MOST_PAIRS]]


def _shared(
    one: np.ndarray, room: np.ndarray, other: np.ndarray, space: np.ndarray
) -> list[tuple[np.ndarray, float]]:
    """Middles of eigenvalues of two blocks that rounding does not tell apart, and half of it."""
    gaps, allowed = np.abs(one[:, None] - other), room[:, None] + space
    pairs = np.argwhere(gaps <= allowed)
    return [((one[i] + other[j]) / 2.0, float(allowed[i, j]) / 2.0) for i, j in pairs]


def _strengthened(jacobian: np.ndarray, blocks: list[np.ndarray]) -> np.ndarray:
    """Factors, one value a block, with which each acts as fast on others as either changes."""
    sizes = np.abs(jacobian)
    rates = [float(np.max(sizes[np.ix_(block, block)])) for block in blocks]
    factors: dict[int, float] = {}
    left = set(range(len(blocks)))
    push = np.array([[np.max(sizes[np.ix_(a, b)]) for b in blocks] for a in blocks])
    np.fill_diagonal(push, 0.0)
    while left:
        # One that acts on none of those that are left; there is one, since blocks are classes.
        b = next(b for b in left if not push[list(left), b].any())
        left.remove(b)
        acted = [int(a) for a in np.flatnonzero(push[:, b]) if max(rates[a], rates[b]) > 0.0]
        wanted = [factors[a] * push[a, b] / max(rates[a], rates[b]) for a in acted]
        # Along a chain of weak links they would vanish; any other factors bound as well.
        factors[b] = max(*wanted, _LEAST_FACTOR) if wanted else 1.0
    return np.concatenate([np.full(len(block), factors[k]) for k, block in enumerate(blocks)])


def _bound(
    shifted: np.ndarray, known: np.ndarray, gaps: np.ndarray, room: np.ndarray, half: float
) -> float:
    """σ_s / r of the s eigenvalues that rounding does not tell from a place.

    Arguments:
        shifted: the matrix less the place times the identity.
        known: how far each true entry may be from it.
        gaps: distances of the eigenvalues from the place.
        room: how far each of these may be from the true one.
        half: how far the place may be from the true one.
    """
    is_near = gaps <= room + half
    singular = np.linalg.svd(shifted, compute_uv=False)[::-1]
    least = float(singular[int(np.sum(is_near)) - 1])
    noise = float(np.linalg.norm(known)) + len(shifted) * _EPS * float(singular[-1])
    if least < _CLEAR * noise:
        return 1.0
    return least / max(float(np.max((gaps + room)[is_near])), _EPS * least)
