"""Numbers along curves of bifurcations that change sign, or jump, at special points."""

import functools
from collections.abc import Callable

import equinox as eqx
import jax
import numpy as np

from thalweg.analysis.continuation.traced import in_lanes
from thalweg.analysis.two_parameters.defining import flip_coefficient, lyapunov_coefficient
from thalweg.analysis.two_parameters.plane import Plane, flip, fold

# Points whose coefficients go through one program together.
_TOGETHER = 64


def special_numbers(
    plane: Plane, z: np.ndarray, jacobian: np.ndarray, left: np.ndarray
) -> dict[str, np.ndarray]:
    """Numbers `(m,)` along a curve, each zero at (a count: jumping by two at) special points."""
    d, rule = plane.dimension, plane.problem.rule
    v = plane.vector(z)
    weight = np.asarray(plane.y_scale) / np.asarray(plane.f_scale)
    own = own_jacobians(plane, jacobian)
    if plane.system is fold:
        second = np.einsum("mij,mj->mi", jacobian[:, d : 2 * d, :d], v)
        others = _others(plane, own, 1)
        double = "bogdanov-takens" if rule.has_continuous_time else "resonance-1-1"
        found = {
            "cusp": np.sum(left * second, axis=1),
            double: np.sum(left * v * weight, axis=1),
        }
        if rule.has_continuous_time:
            return found | {"fold-hopf": _growing(plane, others)}
        return found | {"fold-flip": _crossing(others + 1.0)}
    if plane.system is flip:
        return {
            "generalised-flip": _known(coefficients(plane, z)),
            "resonance-1-2": np.sum(left * v, axis=1),
            "fold-flip": np.linalg.slogdet(jacobian[:, :d, :d])[0],
        }
    if not rule.has_continuous_time:
        return {}
    return {
        "generalised-hopf": _known(coefficients(plane, z)),
        "fold-hopf": np.linalg.slogdet(jacobian[:, :d, :d])[0],
        "hopf-hopf": _growing(plane, _others(plane, own, 2)),
    }


def _known(values: np.ndarray | None) -> np.ndarray:
    assert values is not None
    return values


def own_jacobians(plane: Plane, jacobian: np.ndarray) -> np.ndarray:
    """The rule's own Jacobians `(m, d, d)`, of those of a curve."""
    d = plane.dimension
    unit = np.asarray(plane.f_scale)[:, None] / np.asarray(plane.y_scale)
    return np.asarray(plane.problem.rule.own_jacobian(jacobian[:, :d, :d] * unit))


def _others(plane: Plane, own: np.ndarray, count: int) -> np.ndarray:
    """The eigenvalues besides those that the curve is about, `(m, d − count)`."""
    values = np.linalg.eigvals(own).astype(np.complex128)
    size = np.abs(plane.problem.rule.growth(values))
    order = np.argsort(size, axis=1, kind="stable")
    return np.take_along_axis(values, order[:, count:], axis=1)


def _growing(plane: Plane, values: np.ndarray) -> np.ndarray:
    return np.sum(plane.problem.rule.growth(values) > 0.0, axis=1).astype(int)


def _crossing(values: np.ndarray) -> np.ndarray:
    """The sign of the product of what are real numbers or come in conjugate pairs."""
    return np.sign(np.prod(values, axis=1).real)


def left_vectors(plane: Plane, jacobian: np.ndarray) -> np.ndarray:
    """Left null vectors, `(m, d)`: of J in its units at folds, of A + 1 at flips."""
    d = plane.dimension
    if plane.system is not flip:
        return np.linalg.svd(jacobian[:, :d, :d])[0][:, :, -1]
    scale = np.asarray(plane.y_scale)
    own = own_jacobians(plane, jacobian) * scale / scale[:, None]
    return np.linalg.svd(own + np.eye(d))[0][:, :, -1]


@eqx.filter_jit
def _many(fn: Callable, plane: Plane, z: jax.Array) -> jax.Array:
    return jax.vmap(lambda point: fn(plane, point))(z)


def coefficients(plane: Plane, z: np.ndarray) -> np.ndarray | None:
    """l₁ of Hopf points, c of flips, `(m,)`; None of folds and Neimark–Sacker points.

    NaN where a double eigenvalue leaves none.
    """
    if plane.system is flip:
        together = functools.partial(_many, flip_coefficient)
    elif plane.has_pair and plane.problem.rule.has_continuous_time:
        together = functools.partial(_many, lyapunov_coefficient)
    else:
        return None
    values = np.asarray(in_lanes(together, plane, z, size=_TOGETHER))
    return np.where(np.isfinite(values), values, np.nan)
