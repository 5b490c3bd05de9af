"""The kind and form of an equilibrium from its Jacobian, with tolerances.

No eigenvalue is ever compared with zero exactly: each carries an error bound from its condition
number, the rounding of the Jacobian, and how far off the equilibrium may lie.
"""

from typing import NamedTuple

import numpy as np

from thalweg.dynamics import Rule

_EPS = np.finfo(np.float64).eps


class Class(NamedTuple):
    """What an equilibrium is.

    Attributes:
        kind: `"sink"`, `"source"`, `"saddle"`, `"center"` or `"non-hyperbolic"`.
        form: `"node"`, `"focus"` or None.
        stable: None for centers and non-hyperbolic points, which linearization cannot decide.
        eigenvalues: of the rule's own Jacobian, by descending real part, then imaginary part.
    """

    kind: str
    form: str | None
    stable: bool | None
    eigenvalues: np.ndarray


def classify(rule: Rule, jacobian: np.ndarray, uncertainty: float = 0.0) -> Class:
    """Classify the equilibrium at which the rule's own Jacobian is `jacobian`.

    Arguments:
        rule: decides what grows: Re λ of a flow, log|λ| of a map.
        jacobian: shape `(d, d)`.
        uncertainty: how far the Jacobian may be off (its 2-norm), beyond rounding.
    """
    eigenvalues, error = eigenvalues_with_error(jacobian, uncertainty)
    is_map = rule.rule_kind == "map"
    growth = rule.growth(eigenvalues)
    slack = error / np.maximum(np.abs(eigenvalues), _EPS) if is_map else error
    rises, falls = growth > slack, growth < -slack
    turns = np.abs(np.imag(eigenvalues)) > error
    form = None
    if np.all(rises | falls):
        kind = "sink" if np.all(falls) else "source" if np.all(rises) else "saddle"
        if kind != "saddle":
            form = "focus" if np.any(turns) else "node"
        elif np.any(turns):
            form = "focus"
        return Class(kind, form, kind == "sink", eigenvalues)
    kind = "center" if not np.any(rises | falls) and np.all(turns) else "non-hyperbolic"
    return Class(kind, None, None, eigenvalues)


def eigenvalues_with_error(
    jacobian: np.ndarray, uncertainty: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues in the order of the tables, and a bound on the error of each.

    The bound is the eigenvalue's condition number times the backward error. Near a defective
    eigenvalue it breaks down, and the square root of the backward error takes its place.
    """
    size = jacobian.shape[0]
    norm = np.linalg.norm(jacobian, 2) if jacobian.size else 0.0
    backward = 100.0 * size * _EPS * norm + uncertainty
    values, vectors = np.linalg.eig(jacobian)
    values = values.astype(np.complex128)
    order = np.lexsort((-values.imag, -_rounded(values.real, backward)))
    values, vectors = values[order], vectors[:, order]
    left = np.linalg.pinv(vectors)
    condition = np.linalg.norm(left, axis=1) * np.linalg.norm(vectors, axis=0)
    defective = np.sqrt(backward * max(norm, backward)) if size > 1 else backward
    return values, np.minimum(
        np.maximum(condition, 1.0) * backward, np.maximum(defective, backward)
    )


def _rounded(values: np.ndarray, error: float) -> np.ndarray:
    """Real parts that agree within the error count as equal when pairs are ordered."""
    if error <= 0.0:
        return values
    return np.round(values / (16.0 * error)) * 16.0 * error
