"""Second moments of data: all that a linear network learns from."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import has_tracer

# Relative errors of moments that were computed in single and in double precision: 64-fold sums of
# numbers good to 1e-7 and 2e-16, with room. What is smaller cannot be told from zero.
_SINGLE, _DOUBLE = 1e-6, 1e-12


class Covariances(eqx.Module):
    r"""The second moments of inputs x and targets y: all that the squared error depends on.

        Σxx = ⟨x xᵀ⟩        Σyx = ⟨y xᵀ⟩        tr Σyy = ⟨|y|²⟩

    Arguments:
        yx: Σyx, shape `(outputs, inputs)`.
        xx: Σxx, shape `(inputs, inputs)`, symmetric positive semidefinite; None means that the
            inputs are white, Σxx = I, which also saves a matrix product a step.
        yy: tr Σyy, a number; None means targets without noise, y = Σyx Σxx⁺ x, for which the least
            error is zero.

    Directions in which the inputs do not vary are those of correlation (Σxx with every input in
    units of its own standard deviation) at most 1e-12, or 1e-6 where the moments were given in
    single precision; `num_still` counts them. Units do not matter.

    Raises:
        InputError: a shape does not chain, a value is not finite, Σxx is not symmetric positive
            semidefinite, or no data have these moments (the rows of Σyx leave the range of Σxx,
            or tr Σyy is less than the inputs explain); the message says by how much.
    """

    yx: Any
    xx: Any
    yy: Any
    rounding: float = eqx.field(static=True)

    def __init__(self, yx: Any, xx: Any = None, yy: Any = None):
        self.rounding = _rounding(yx, xx)
        if has_tracer(yx, xx, yy):
            self.yx, self.xx = yx, xx
            self.yy = _explained(yx, xx, self.rounding) if yy is None else yy
            return
        yx = _matrix("yx", yx)
        self.yx = yx
        self.xx = None
        if xx is not None:
            self.xx = _semidefinite(_matrix("xx", xx), yx.shape[1], self.rounding)
            _check_range(yx, self.xx, self.rounding)
        explained = float(_explained(yx, self.xx, self.rounding))
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
        return np.asarray(self.yx) @ _pseudo_inverse(np.asarray(self.xx), self.rounding)

    @property
    def num_still(self) -> int:
        """The number of directions in which the inputs do not vary, and y is not asked for."""
        if self.xx is None:
            return 0
        scaled, _ = _correlations(np.asarray(self.xx))
        return int(np.sum(np.linalg.eigvalsh(scaled) <= self.rounding))

    def least_error(self) -> float:
        """The error ½(tr Σyy − tr Σyx Σxx⁺ Σxy) that no linear map can go below.

        It is taken as the error of the best map W, ½(tr Σyy − 2 tr W Σxy + tr W Σxx Wᵀ): what
        rounding does to W enters it squared.
        """
        best, yx = self.best_map(), np.asarray(self.yx)
        return max(
            0.0, 0.5 * float(self.yy + np.sum(best * (best @ self.input_covariance() - 2.0 * yx)))
        )


def check_samples(inputs: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    """Samples in rows, as two finite matrices with the same number of rows.

    Raises:
        InputError: they are not.
    """
    x, y = _matrix("inputs", inputs), _matrix("targets", targets)
    if len(x) != len(y) or len(x) == 0:
        raise InputError(
            f"inputs and targets must have one row a sample, got {counted(len(x), 'row')} of "
            f"inputs and {len(y)} of targets. Transpose them if samples are in columns."
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


def _rounding(*moments: Any) -> float:
    """The relative error of moments, by the least precise dtype in which one was given."""
    given = [m for m in moments if m is not None]
    is_single = any(getattr(m, "dtype", np.dtype(float)).itemsize < 8 for m in given)
    return _SINGLE if is_single else _DOUBLE


def _correlations(xx: Any) -> tuple[Any, Any]:
    """Σxx with every input in units of its standard deviation, and these; 1 for a still input."""
    numpy = jnp if has_tracer(xx) else np
    variances = numpy.diagonal(xx)
    deviations = numpy.sqrt(numpy.where(variances > 0.0, variances, 1.0))
    return xx / deviations[:, None] / deviations[None, :], deviations


def _semidefinite(xx: np.ndarray, size: int, rounding: float) -> np.ndarray:
    if xx.shape != (size, size):
        raise InputError(
            f"xx must have the shape {(size, size)}, for yx has {size} columns (inputs); got "
            f"{xx.shape}."
        )
    skew = float(np.abs(xx - xx.T).max())
    if skew > _SINGLE * max(float(np.abs(xx).max()), np.finfo(float).tiny):
        raise InputError(
            f"xx must be symmetric, but |Σxx − Σxxᵀ| reaches {skew:.3g}. Average it with its "
            f"transpose if this is rounding."
        )
    xx = 0.5 * (xx + xx.T)
    lowest = float(np.linalg.eigvalsh(xx)[0])
    if float(np.linalg.eigvalsh(_correlations(xx)[0])[0]) < -rounding:
        raise InputError(
            f"xx must be positive semidefinite, but its lowest eigenvalue is {lowest:.3g}. A "
            f"covariance ⟨x xᵀ⟩ has none below zero."
        )
    return xx


def _check_range(yx: np.ndarray, xx: np.ndarray, rounding: float) -> None:
    """Refuse Σyx that has a part outside the range of Σxx.

    |⟨y x·n⟩| is at most the root of ⟨(x·n)²⟩⟨y²⟩, so what a correlation of the size of rounding may
    bring along is its root.
    """
    scaled, deviations = _correlations(xx)
    values, vectors = np.linalg.eigh(scaled)
    null = vectors[:, values <= rounding]
    outside = float(np.abs(yx / deviations @ null).max()) if null.size else 0.0
    largest = max(float(np.abs(yx / deviations).max()), np.finfo(float).tiny)
    if outside > np.sqrt(rounding) * largest:
        raise InputError(
            f"yx does not belong to these inputs: along directions in which Σxx vanishes, Σyx "
            f"reaches {outside:.3g} (inputs in units of their standard deviation), where it must "
            f"vanish too. Take both from the same data."
        )


def _pseudo_inverse(xx: np.ndarray, rounding: float) -> np.ndarray:
    """Σxx⁺, its rank decided by the correlations."""
    scaled, deviations = _correlations(xx)
    values, vectors = np.linalg.eigh(scaled)
    kept = values > rounding
    some = vectors[:, kept] / deviations[:, None]
    inverse = some / values[kept] @ some.T
    if np.all(kept):
        return inverse
    # In other units another solution is shortest: the part in the range of Σxx is taken.
    basis = np.linalg.qr(vectors[:, kept] * deviations[:, None])[0]
    return basis @ (basis.T @ inverse @ basis) @ basis.T


def _explained(yx: Any, xx: Any, rounding: float) -> Any:
    """tr Σyx Σxx⁺ Σxy: the part of tr Σyy that the inputs explain."""
    if xx is None:
        return (jnp if isinstance(yx, jax.Array) else np).sum(yx * yx)
    if has_tracer(yx, xx):
        scaled, deviations = _correlations(xx)
        each = yx / deviations
        return jnp.sum(each * (each @ jnp.linalg.pinv(scaled, rtol=rounding, hermitian=True)))
    return np.sum(yx * (yx @ _pseudo_inverse(xx, rounding)))


def _enough_power(yy: float, explained: float) -> float:
    if not yy >= explained * (1.0 - _SINGLE):
        raise InputError(
            f"yy is ⟨|y|²⟩ and must be at least what the inputs explain, "
            f"tr Σyx Σxx⁺ Σxy = {explained:.6g}, got {yy:.6g}."
        )
    return yy
