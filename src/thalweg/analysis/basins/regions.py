"""Ellipsoids about points of rest and of n-cycles, on which a quadratic function is seen to fall.

With V(e) = eᵀ P e at a point c, a flow falls where V̇ = 2 eᵀ P f(c + e) < 0, a map where V at the
next point of the cycle is less than V here. P solves Lyapunov's (Stein's) equation of the linear
part, which has to attract, or is that of its eigenvectors; the level is the largest one below which
V falls at every place looked at: on many ellipsoids, one inside the other, in many directions.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.basins.lanes import Regions, jacobians
from thalweg.dynamics.problem import Problem

# Directions in which V is looked at: 1.4° apart in the plane.
_DIRECTIONS = 256
# Ellipsoids looked at in one call; seven times as many are all.
_LEVELS, _CALLS = 48, 7
# Radii of neighbouring ellipsoids: all of them reach from the domain down to a millionth of it, and
# no ring as wide as a twentieth of its radius lies between two.
_RATIO = 0.96
# V has to fall at a tenth of the rate at which it falls in the end: not just barely.
_SHARE = 0.1
# A level is taken to this share of the last one that was seen to fall: between the directions
# looked at it might fall less.
_SAFE = 0.8
# Eigenvectors more nearly parallel give a form, whose condition is the square, of few digits.
_WORST_CONDITION = 1e6
# Rounding leaves an eigenvalue this uncertain, as a share of the size of the Jacobian.
_UNCERTAIN = 1e-12
# What is nearer than this, in widths of the domain, is the same point.
SAME = 1e-6


def rest_region(problem: Problem, z: np.ndarray, owner: int) -> Regions | None:
    """The region of a point of rest of a flow at `z` `(d,)`, or None if none is found.

    Where the linear part does not decide, only a line can be seen to attract: on it there are two
    directions, while beyond it states of rest may lie between all those that are looked at.
    """
    _, matrices = (np.asarray(a) for a in jacobians(problem, z[None]))
    matrix = matrices[0]
    if not np.all(np.isfinite(matrix)):
        return None
    fastest = float(np.max(np.real(np.linalg.eigvals(matrix))))
    uncertain = _UNCERTAIN * float(np.linalg.norm(matrix, 2))
    if fastest > uncertain or (fastest >= -uncertain and len(z) > 1):
        return None
    best = None
    for form in _flow_forms(matrix):
        if fastest < 0.0 and not np.max(np.linalg.eigvalsh(form @ matrix + matrix.T @ form)) < 0.0:
            continue
        level = _level(problem, z[None], form[None], _decay(matrix), is_flow=True)
        if level is not None:
            size = level / np.linalg.det(form) ** (1.0 / len(z))
            best = max(best or (0.0, form, level), (size, form, level), key=lambda x: x[0])
    return None if best is None else _points(z[None], best[1][None], best[2], owner)


def cycle_region(problem: Problem, points: np.ndarray, owner: int) -> Regions | None:
    """The regions of an n-cycle of a map through `points` `(n, d)`, in order, or None."""
    _, matrices = (np.asarray(a) for a in jacobians(problem, points))
    if not np.all(np.isfinite(matrices)):
        return None
    own = matrices + np.eye(points.shape[1])
    around = np.linalg.multi_dot(own[::-1]) if len(own) > 1 else own[0]
    radius = float(np.max(np.abs(np.linalg.eigvals(around))))
    if not radius < 1.0 - _UNCERTAIN * (1.0 + float(np.linalg.norm(around, 2))):
        return None
    # V falls by this factor a step, or faster.
    pace = max(radius ** (0.5 / len(own)), 1e-2)
    forms = forms_round(own, np.broadcast_to(np.eye(len(around)), own.shape), pace)
    level = _level(problem, points, forms, 1.0 - pace**2, is_flow=False)
    return None if level is None else _points(points, forms, level, owner)


def _points(centers: np.ndarray, forms: np.ndarray, level: float, owner: int) -> Regions:
    count, flat = len(centers), np.zeros_like(centers)
    levels, reach = np.full(count, level), np.ones(count)
    return Regions(centers, forms, levels, flat, flat, flat, reach, np.full(count, owner))


def _decay(matrix: np.ndarray) -> float:
    """The rate at which V falls in the end; 0 where the linear part does not decide."""
    return max(-2.0 * float(np.max(np.real(np.linalg.eigvals(matrix)))), 0.0)


def _flow_forms(matrix: np.ndarray) -> list[np.ndarray]:
    """Forms that fall along the linear flow x' = Ax, or the distance where it does not decide."""
    from scipy.linalg import solve_continuous_lyapunov

    identity = np.eye(len(matrix))
    values, vectors = np.linalg.eig(matrix)
    if not np.max(np.real(values)) < 0.0:
        return [identity]
    found = [solve_continuous_lyapunov(matrix.T, -identity)]
    if np.linalg.cond(vectors) < _WORST_CONDITION:
        back = np.linalg.inv(vectors)
        found.append(np.real(back.conj().T @ back))
    return [
        (form + form.T) / np.trace(form + form.T) for form in found if np.all(np.isfinite(form))
    ]


def forms_round(matrices: np.ndarray, own: np.ndarray, pace: float) -> np.ndarray:
    """Forms P_j with Aⱼᵀ P_{j+1} Aⱼ + pace² Qⱼ = pace² P_j all round, the first of trace 1.

    Arguments:
        matrices: the linear parts A_j from each place to the next, the last one back to the first,
            shape `(n, d, d)`.
        own: the forms Q_j, likewise.
        pace: the square root of the factor by which a form falls from place to place.
    """
    from scipy.linalg import solve_discrete_lyapunov

    constant, product = np.zeros_like(own[0]), np.eye(own.shape[1])
    for matrix, here in zip(matrices, own, strict=True):
        constant += product.T @ here @ product
        product = matrix @ product / pace
    forms = [solve_discrete_lyapunov(product.T, constant)]
    for matrix, here in zip(matrices[:0:-1], own[:0:-1], strict=True):
        forms.append(here + matrix.T @ forms[-1] @ matrix / pace**2)
    found = np.array([forms[0], *forms[:0:-1]])
    return found / np.trace(found[0])


def directions(dimension: int) -> np.ndarray:
    """Unit vectors `(n, d)`, evenly spread in the plane, at random beyond, the axes among them."""
    if dimension == 1:
        return np.array([[1.0], [-1.0]])
    if dimension == 2:
        angle = 2.0 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    drawn = np.random.default_rng(0).normal(size=(_DIRECTIONS, dimension))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return np.concatenate([np.eye(dimension), -np.eye(dimension), drawn])


def _level(
    problem: Problem, centers: np.ndarray, forms: np.ndarray, decay: float, is_flow: bool
) -> float | None:
    """The largest level up to which V falls in every direction looked at; None if nowhere."""
    scale = np.linalg.cholesky(forms)
    spread = np.linalg.inv(scale).transpose(0, 2, 1) @ directions(centers.shape[1]).T
    # The widest ellipsoid is as wide as the domain, or as half a turn of an angle.
    widest = np.max(np.abs(spread), axis=(0, 2))
    radius = np.min(np.where(problem.chart.angles, 0.5, 1.0) / widest)
    found = None
    for call in reversed(range(_CALLS)):
        radii = radius * _RATIO ** np.arange(call * _LEVELS, (call + 1) * _LEVELS)
        away = radii[:, None, None, None] * spread.transpose(0, 2, 1)
        after = np.asarray(_changes(problem, centers, forms, away, np.asarray(is_flow)))
        wanted = -_SHARE * decay * radii[:, None, None] ** 2
        falls = np.all(after < wanted, axis=(1, 2))
        outermost = int(np.argmin(falls[::-1])) if not falls.all() else _LEVELS
        if outermost:
            found = float(_SAFE * radii[_LEVELS - outermost] ** 2)
        if outermost < _LEVELS:
            break
    return found


def clear_of(problem: Problem, part: Regions, z: np.ndarray) -> Regions:
    """The regions of one attractor, shrunk until points `(n, d)` lie outside all of them.

    Points that are centres of theirs do not count.
    """
    widths = np.asarray(problem.chart.widths)
    if not len(z):
        return part
    away = np.asarray(problem.chart.shorten((z[:, None] - part.center) * widths) / widths)
    others = ~np.any(np.max(np.abs(away), axis=2) < SAME, axis=1)
    away = away[others]
    tau = np.sum(part.dual * away, axis=2)
    across = away - tau[..., None] * (part.along + 0.5 * tau[..., None] * part.bend)
    value = np.einsum("nij,mni,mnj->mn", part.form, across, across)
    value = np.where(np.abs(tau) <= part.reach, value, np.inf)
    least = np.min(value / part.level, initial=np.inf)
    return part._replace(level=part.level * min(_SAFE * least, 1.0)) if least < 1.0 else part


@eqx.filter_jit
def _changes(problem: Problem, centers: Any, forms: Any, away: Any, is_flow: Any) -> jax.Array:
    """V̇ of a flow, the change of V in a step of a map, at distances `(levels, n, m, d)`."""
    widths = problem.chart.widths
    following, later = jnp.roll(centers, -1, axis=0), jnp.roll(forms, -1, axis=0)

    def change(e: jax.Array, c: jax.Array, p: jax.Array, n: jax.Array, q: jax.Array) -> jax.Array:
        step = problem.displacement((c + e) * widths) / widths
        onward = problem.chart.shorten((c + e + step - n) * widths) / widths
        return jnp.where(is_flow, 2.0 * e @ p @ step, onward @ q @ onward - e @ p @ e)

    each = jax.vmap(change, (0, None, None, None, None))
    each = jax.vmap(each, (0, 0, 0, 0, 0))
    return jax.vmap(each, (0, None, None, None, None))(away, centers, forms, following, later)
