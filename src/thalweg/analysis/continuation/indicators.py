"""Numbers along a curve that change where a bifurcation is passed."""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.continuation.family import Family


class Indicators(NamedTuple):
    """One integer a point for each kind of bifurcation; it changes where such a one is passed.

    Attributes:
        fold: the sign of the tangent's parameter.
        branch: the sign of the determinant of the derivatives with the tangent below.
        pair: the sign of the product, over pairs of eigenvalues, of what is zero when a conjugate
            pair is neutral: λᵢ + λⱼ of a flow, λᵢλⱼ − 1 of a map.
        flip: the sign of det(Dg + 1) of a map; 1 for flows.
        unstable: how many eigenvalues grow.
    """

    fold: np.ndarray
    branch: np.ndarray
    pair: np.ndarray
    flip: np.ndarray
    unstable: np.ndarray


def eigenvalues_at(family: Family, jacobians: np.ndarray) -> np.ndarray:
    """The eigenvalues of the rule's own Jacobian, `(n, d)`, by descending growth."""
    values = np.linalg.eigvals(family.own_jacobians(jacobians)).astype(np.complex128)
    growth = np.round(family.problem.rule.growth(values), 12)
    order = np.lexsort((-values.imag, -growth), axis=-1)
    return np.take_along_axis(values, order, axis=-1)


def indicators(family: Family, tangents: np.ndarray, jacobians: np.ndarray) -> Indicators:
    """The indicators at points of a curve.

    Arguments:
        family: the rule and its parameter.
        tangents: unit tangents in the direction in which the curve is followed, `(n, d + 1)`.
        jacobians: derivatives in units, `(n, d, d + 1)`.
    """
    bordered = np.concatenate([jacobians, tangents[:, None]], axis=1)
    values = eigenvalues_at(family, jacobians)
    rule = family.problem.rule
    first, second = np.triu_indices(values.shape[1], 1)
    pairs = rule.pairing(values[:, first], values[:, second])
    # Sums with neither eigenvalue real come in conjugate pairs, but for a pair with itself.
    is_own = np.abs(values[:, first] - np.conj(values[:, second])) <= 1e-9 * np.abs(
        values[:, first]
    )
    is_real = (np.imag(values[:, first]) == 0.0) & (np.imag(values[:, second]) == 0.0)
    counted = np.where(is_own | is_real, np.sign(pairs.real), 1.0)
    return Indicators(
        fold=np.sign(tangents[:, -1]).astype(int),
        branch=np.linalg.slogdet(bordered)[0].astype(int),
        pair=np.prod(counted, axis=1).astype(int),
        flip=rule.flip_sign(values).astype(int),
        unstable=np.sum(rule.growth(values) > 0.0, axis=1),
    )
