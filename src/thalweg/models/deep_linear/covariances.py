"""What a linear network learns from: the second moments of its data."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer

_ROUNDING = 1e-6


class Covariances(eqx.Module):
    r"""The second moments of inputs x and targets y: all that the squared error depends on.

        Σxx = ⟨x xᵀ⟩        Σyx = ⟨y xᵀ⟩        tr Σyy = ⟨|y|²⟩

    Arguments:
        yx: Σyx, shape `(outputs, inputs)`.
        xx: Σxx, shape `(inputs, inputs)`, symmetric positive semidefinite; None means that the
            inputs are white, Σxx = I, which also saves a matrix product a step.
        yy: tr Σyy, a number; None means targets without noise, y = Σyx Σxx⁺ x, for which the least
            error is zero.

    Raises:
        InputError: a shape does not chain, a value is not finite, Σxx is not symmetric positive
            semidefinite, or no data have these moments (the rows of Σyx leave the range of Σxx,
            or tr Σyy is less than the inputs explain); the message says by how much.
    """

    yx: Any
    xx: Any
    yy: Any

    def __init__(self, yx: Any, xx: Any = None, yy: Any = None):
        if has_tracer(yx, xx, yy):
            self.yx, self.xx = yx, xx
            self.yy = _explained(yx, xx) if yy is None else yy
            return
        yx = _matrix("yx", yx)
        self.yx = yx
        self.xx = None if xx is None else _semidefinite(_matrix("xx", xx), yx.shape[1])
        explained = float(_explained(yx, _supported(yx, self.xx)))
        self.yy = explained if yy is None else _enough_power(float(yy), explained)

    @classmethod
    def from_data(cls, inputs: Any, targets: Any) -> "Covariances":
        """The moments of samples in rows: `inputs` `(n, N_1)` and `targets` `(n, N_out)`.

        Raises:
            InputError: the two do not have the same number of rows, or hold no row at all.
        """
        x, y = check_samples(inputs, targets)
        return cls(y.T @ x / len(x), x.T @ x / len(x), float(np.sum(y * y) / len(x)))

    @property
    def num_inputs(self) -> int:
        """N_1, the size of x."""
        return self.yx.shape[1]

    @property
    def num_outputs(self) -> int:
        """The size of y."""
        return self.yx.shape[0]

    def input_covariance(self) -> np.ndarray:
        """Σxx as an array, the identity included."""
        return np.eye(self.num_inputs) if self.xx is None else np.asarray(self.xx)

    def best_map(self) -> np.ndarray:
        """The linear map of least error (and of least norm): Σyx Σxx⁺."""
        if self.xx is None:
            return np.asarray(self.yx)
        return np.asarray(self.yx) @ np.linalg.pinv(self.xx, rcond=_ROUNDING, hermitian=True)

    def least_error(self) -> float:
        """The error ½(tr Σyy − tr Σyx Σxx⁺ Σxy) that no linear map can go below."""
        return 0.5 * float(self.yy - np.sum(self.best_map() * np.asarray(self.yx)))


def check_samples(inputs: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    """Samples in rows, as two finite matrices with the same number of rows.

    Raises:
        InputError: they are not.
    """
    x, y = _matrix("inputs", inputs), _matrix("targets", targets)
    if len(x) != len(y) or len(x) == 0:
        raise InputError(
            f"inputs and targets must have one row a sample, got {len(x)} rows of inputs and "
            f"{len(y)} of targets. Transpose them if samples are in columns."
        )
    return x, y


def require_white(covariances: Covariances, what: str, tolerance: float = 1e-9) -> None:
    """Refuse a formula that holds for white inputs only.

    Raises:
        InputError: Σxx ≠ I; the message gives the largest deviation.
    """
    if covariances.xx is None:
        return
    excess = np.abs(np.asarray(covariances.xx) - np.eye(covariances.num_inputs)).max()
    if excess > tolerance:
        raise InputError(
            f"{what} holds for white inputs, Σxx = I, but |Σxx − I| reaches {excess:.3g} "
            f"(tolerance {tolerance:g}). Whiten first: `whiten(covariances)`."
        )


def _matrix(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be a matrix of numbers, got {value!r}.") from error
    if array.ndim != 2:
        raise InputError(f"{name} must be a matrix, got an array of shape {array.shape}.")
    if not np.all(np.isfinite(array)):
        bad = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise InputError(f"{name} must be finite, got {array[bad]} at index {list(bad)}.")
    return array


def _semidefinite(xx: np.ndarray, size: int) -> np.ndarray:
    if xx.shape != (size, size):
        raise InputError(
            f"xx must have the shape {(size, size)}, for yx has {size} columns (inputs); got "
            f"{xx.shape}."
        )
    scale = max(float(np.abs(xx).max()), np.finfo(float).tiny)
    skew = float(np.abs(xx - xx.T).max())
    if skew > _ROUNDING * scale:
        raise InputError(
            f"xx must be symmetric, but |Σxx − Σxxᵀ| reaches {skew:.3g}. Average it with its "
            f"transpose if this is rounding."
        )
    xx = 0.5 * (xx + xx.T)
    lowest = float(np.linalg.eigvalsh(xx)[0])
    if lowest < -_ROUNDING * scale:
        raise InputError(
            f"xx must be positive semidefinite, but its lowest eigenvalue is {lowest:.3g}. A "
            f"covariance ⟨x xᵀ⟩ has none below zero."
        )
    return xx


def _supported(yx: np.ndarray, xx: np.ndarray | None) -> np.ndarray | None:
    """Σxx, after checking that Σyx has no part outside its range."""
    if xx is None:
        return None
    values, vectors = np.linalg.eigh(xx)
    null = vectors[:, values <= _ROUNDING * max(values[-1], 0.0)]
    outside = float(np.abs(yx @ null).max()) if null.size else 0.0
    if outside > 1e-3 * np.sqrt(_ROUNDING) * max(float(np.abs(yx).max()), np.finfo(float).tiny):
        raise InputError(
            f"yx does not belong to these inputs: along directions in which Σxx vanishes, Σyx "
            f"reaches {outside:.3g}, where it must vanish too. Take both from the same data."
        )
    return xx


def _explained(yx: Any, xx: Any) -> Any:
    """tr Σyx Σxx⁺ Σxy: the part of tr Σyy that the inputs explain."""
    if xx is None:
        return (jnp if isinstance(yx, jax.Array) else np).sum(yx * yx)
    if has_tracer(yx, xx):
        return jnp.sum(yx * (yx @ jnp.linalg.pinv(xx, rtol=_ROUNDING, hermitian=True)))
    return np.sum(yx * (yx @ np.linalg.pinv(xx, rcond=_ROUNDING, hermitian=True)))


def _enough_power(yy: float, explained: float) -> float:
    if not yy >= explained * (1.0 - _ROUNDING):
        raise InputError(
            f"yy is ⟨|y|²⟩ and must be at least what the inputs explain, "
            f"tr Σyx Σxx⁺ Σxy = {explained:.6g}, got {yy:.6g}."
        )
    return yy
