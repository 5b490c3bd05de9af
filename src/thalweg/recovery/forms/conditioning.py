r"""How well conditioned can a metric be in which a matrix is symmetric?

If M ≻ 0 makes M J symmetric and κ is its condition number, then J = M^{-1/2} S M^{1/2} with S
symmetric, so that every non-real z obeys |(z − J)⁻¹| ≤ √κ / |Im z|. Of J only Ĵ is known, within η:

    κ  ≥  max over z of ( |Im z| / (σ_min(z − Ĵ) + η) )²

A non-real eigenvalue gives (Im λ / η)², a Jordan block about |block| / 4η: both are "infinite" in
exact arithmetic and as large as rounding allows here.
"""

import numpy as np

_LARGE_SIZE = 64
_OFFSETS = np.logspace(-9.0, 0.0, 28)


def least_metric_condition(jacobian: np.ndarray, uncertainty: float) -> float:
    """A lower bound on the condition number of any metric in which `jacobian` is symmetric.

    Arguments:
        jacobian: shape `(d, d)`.
        uncertainty: how far, in the spectral norm, the true matrix may be from it.

    Returns:
        The bound, at least 1; infinite where the matrix is exact and no metric exists.
    """
    size = float(np.linalg.norm(jacobian, 2))
    if size == 0.0:
        return 1.0
    eigenvalues = np.asarray(np.linalg.eigvals(jacobian), dtype=np.complex128)
    ladder = (eigenvalues.real[:, None] + 1j * size * _OFFSETS).ravel()
    points = np.concatenate([eigenvalues[eigenvalues.imag > 0.0], ladder])
    if len(jacobian) > _LARGE_SIZE:
        points = points[np.argsort(-points.imag)][:2]
    shifted = points[:, None, None] * np.eye(len(jacobian)) - jacobian
    smallest = np.linalg.svd(shifted, compute_uv=False)[:, -1]
    # The smallest singular value is itself only known within rounding.
    floor = uncertainty + len(jacobian) * np.finfo(float).eps * size
    return max(1.0, float(np.max((points.imag / (smallest + floor)) ** 2)))
