"""The kind and form of an equilibrium from its Jacobian, whatever the units of its coordinates.

The Jacobian is balanced first (a change of units by powers of two), so that a frequency of 1
between coordinates of size 1 and 1e8 is judged as such. No eigenvalue is ever compared with zero
exactly: each carries an error bound (`spectrum`).
"""

from typing import Any, NamedTuple

import numpy as np

from thalweg.dynamics import Deterministic

_EPS = np.finfo(np.float64).eps
# A Jacobian of sums and products is right to a few roundings an entry, eigenvalues to a few times
# the size of the matrix: this many in all, with room for the functions that are less exact.
_ROUNDINGS = 100.0


class Spectrum(NamedTuple):
    """Eigenvalues as far as they are known, by descending real part, then imaginary part.

    Attributes:
        values: complex, shape `(d,)`; those of a defective cluster are its mean.
        error: a bound on the error of each, shape `(d,)`.
        together: how many cannot be told apart from each, itself included, shape `(d,)`.
    """

    values: np.ndarray
    error: np.ndarray
    together: np.ndarray


class Class(NamedTuple):
    """Class of an equilibrium by its eigenvalues.

    Attributes:
        kind: `"sink"`, `"source"`, `"saddle"`, `"center"` or `"non-hyperbolic"`.
        form: `"node"`, `"focus"`, or None where neither can be said.
        stable: None for centers and non-hyperbolic points, which linearization cannot decide.
        spectrum: the eigenvalues of the rule's own Jacobian.
    """

    kind: str
    form: str | None
    stable: bool | None
    spectrum: Spectrum


def classify(rule: Deterministic, jacobian: np.ndarray, uncertainty: Any = 0.0) -> Class:
    """Classify the equilibrium at which the rule's own Jacobian is `jacobian`.

    Arguments:
        rule: decides what grows: Re λ of a flow, log|λ| of a map.
        jacobian: shape `(d, d)`.
        uncertainty: how far each entry of the Jacobian may be off beyond rounding, shape `(d, d)`,
            or a bound on the 2-norm of that.
    """
    found = spectrum(jacobian, uncertainty)
    slowest, fastest = _growths(rule, found.values, found.error)
    rises, falls = slowest > 0.0, fastest < 0.0
    turns = np.abs(np.imag(found.values)) > found.error
    if np.all(rises | falls):
        kind = "sink" if np.all(falls) else "source" if np.all(rises) else "saddle"
        # Real eigenvalues that cannot be told apart may be a pair that turns.
        node = None if kind == "saddle" or np.any(found.together > 1) else "node"
        return Class(kind, "focus" if np.any(turns) else node, kind == "sink", found)
    kind = "center" if not np.any(rises | falls) and np.all(turns) else "non-hyperbolic"
    return Class(kind, None, None, found)


def repels(rule: Deterministic, jacobian: np.ndarray, uncertainty: Any = 0.0) -> bool:
    """Truth: something surely grows at the equilibrium, so that almost nothing settles there."""
    found = spectrum(jacobian, uncertainty)
    return bool(np.any(_growths(rule, found.values, found.error)[0] > 0.0))


def eigenvalues_with_error(
    jacobian: np.ndarray, uncertainty: Any = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues in the order of the tables, and a bound on the error of each."""
    return spectrum(jacobian, uncertainty)[:2]


def spectrum(jacobian: np.ndarray, uncertainty: Any = 0.0) -> Spectrum:
    """The eigenvalues of a Jacobian, with the error that its uncertainty and rounding allow.

    The bound is the condition number of the eigenvalue times the backward error ε of the balanced
    matrix B. Near a defective eigenvalue of multiplicity m it breaks down: m computed eigenvalues
    then lie round it within (ε‖B‖ᵐ⁻¹)^(1/m), and only their mean is known. They are returned as
    that mean, with this radius for their error.

    Arguments:
        jacobian: shape `(d, d)`.
        uncertainty: of each entry, shape `(d, d)`, or the 2-norm of it.

    References:
        Golub & Van Loan, Matrix Computations, §7.2 and §7.5 (balancing).
    """
    from scipy.linalg import matrix_balance

    size = jacobian.shape[0]
    if not size:
        return Spectrum(np.zeros(0, np.complex128), np.zeros(0), np.zeros(0, int))
    balanced, transform = matrix_balance(jacobian, permute=False)
    scaling = np.diag(transform)
    norm = float(np.linalg.norm(balanced, 2))
    strayed = np.asarray(uncertainty, dtype=np.float64)
    if strayed.ndim:
        strayed = np.linalg.norm(strayed * scaling / scaling[:, None], 2)
    rounding = _ROUNDINGS * size * _EPS * norm
    backward = rounding + float(strayed)
    values, vectors = np.linalg.eig(balanced)
    # However badly conditioned, an eigenvalue is no larger than the matrix.
    simple = np.minimum(np.maximum(_conditions(vectors), 1.0) * backward, 2.0 * norm + backward)
    found = _with_clusters(values.astype(np.complex128), simple, rounding, backward, norm)
    order = np.lexsort((-np.imag(found.values), -_rounded(np.real(found.values), backward)))
    return Spectrum(*(part[order] for part in found))


def _conditions(vectors: np.ndarray) -> np.ndarray:
    """The condition number of each eigenvalue, from the eigenvectors `(d, d)`, its columns."""
    try:
        left = np.linalg.inv(vectors)
    except np.linalg.LinAlgError:  # eigenvectors coincide: nothing is known of any of them
        return np.full(len(vectors), np.inf)
    # Beside a defective matrix the entries' squares overflow, their lengths do not.
    return np.hypot.reduce(np.abs(left), axis=1) * np.linalg.norm(vectors, axis=0)


def _growths(
    rule: Deterministic, values: np.ndarray, error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest growth that each eigenvalue may have within its error.

    Both are met along the axes or along the eigenvalue itself, for Re λ and for log|λ| alike.
    """
    phase = np.where(values == 0.0, 1.0, values) / np.where(values == 0.0, 1.0, np.abs(values))
    directions = [np.ones_like(phase), phase]
    growth = [
        rule.growth(values + sign * error * direction)
        for direction in directions
        for sign in (1.0, -1.0)
    ]
    return np.min(growth, axis=0), np.max(growth, axis=0)


def _with_clusters(
    values: np.ndarray, simple: np.ndarray, rounding: float, backward: float, norm: float
) -> Spectrum:
    """The spectrum with defective clusters replaced by their means, 0 where that is rounding."""
    values, error, together = values.copy(), simple.copy(), np.ones(len(values), dtype=int)
    away = np.abs(values[:, None] - values)
    radii = norm * (backward / max(norm, 1e-300)) ** (1.0 / np.arange(1, len(values) + 1))
    for i in np.argsort(-simple, kind="stable"):
        near = (together == 1) & (away[i] <= 2.0 * radii[:, None])
        fits = (np.sum(near, axis=1) >= np.arange(1, len(values) + 1)) & (radii < simple[i])
        if together[i] == 1 and np.any(fits[1:]):
            largest = int(np.flatnonzero(fits)[-1])
            chosen = near[largest]
            mean = np.mean(values[chosen])
            values[chosen] = mean if abs(mean) > rounding else 0.0
            error[chosen], together[chosen] = radii[largest], np.sum(chosen)
    # What turns no faster than its error is not said to turn.
    values = np.where(np.abs(np.imag(values)) <= error, np.real(values), values)
    return Spectrum(values, error, together)


def _rounded(values: np.ndarray, error: float) -> np.ndarray:
    """Real parts that agree within the error count as equal when pairs are ordered."""
    if error <= 0.0:
        return values
    return np.round(values / (16.0 * error)) * 16.0 * error
