"""Laws that are Gaussian, in any number of dimensions: the implicit step of their free energy."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, has_tracer
from thalweg.dynamics import Map
from thalweg.sampling.methods.base import check_temperature


class Gaussian(NamedTuple):
    """A normal law.

    Attributes:
        mean: m, `(d,)`.
        covariance: S, `(d, d)`, symmetric and positive definite.
    """

    mean: Any
    covariance: Any


class GaussianJKO(Map):
    r"""The implicit step of the free energy in Wasserstein's metric, for Gaussians and E = ½xᵀAx.

        p⁺ = argmin_q F(q) + W₂(q, p)² / 2τ

    It keeps laws Gaussian: m⁺ = (I + τA)⁻¹ m, and S⁺ is the one with

        S = (I + τ(A − T S⁺⁻¹)) S⁺ (I + τ(A − T S⁺⁻¹)).

    With C = I + τA and Y = C^½ S⁺ C^½ this is Y + τ²T² Y⁻¹ = C^{−½} S C^{−½} + 2τT, which one
    eigendecomposition solves. Its limit for small τ is Fokker–Planck, its rest N(0, T A⁻¹).

    Arguments:
        stiffness: A, symmetric and positive definite, `(d, d)`.
        temperature: T > 0.
        step_size: τ > 0.

    A state is a `Gaussian(mean, covariance)`.

    Raises:
        InputError: the matrix is not symmetric and positive definite, or a number is not positive.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> rule = tw.sampling.GaussianJKO([[1.0]], 1.0, 0.1)
        >>> state = tw.sampling.Gaussian(jnp.array([2.0]), jnp.array([[9.0]]))
        >>> run = tw.simulate(rule, state, steps=10, save="end")
        >>> round(float(run.final.covariance[0, 0]), 4)
        2.2164

    References:
        Jordan, Kinderlehrer & Otto (1998), *SIAM Journal on Mathematical Analysis* 29, 1; Wibisono
        (2018), *COLT*, § 4.
    """

    stiffness: Any
    temperature: float = 1.0
    step_size: float = 0.1

    def __init__(self, stiffness: Any, temperature: float = 1.0, step_size: float = 0.1) -> None:
        if not has_tracer(stiffness):
            stiffness = _checked(stiffness)
        check_temperature("GaussianJKO", temperature)
        if not has_tracer(step_size) and not np.all(np.asarray(step_size) > 0):
            raise InputError(f"GaussianJKO: step_size must be positive, got {step_size!r}.")
        self.stiffness, self.temperature, self.step_size = stiffness, temperature, step_size

    def step(self, t: Any, state: Any) -> Gaussian:
        """The mean and the covariance of the next law."""
        mean, before = state
        tau, temperature = cast_like(self.step_size, mean), cast_like(self.temperature, mean)
        values, vectors = jnp.linalg.eigh(cast_like(self.stiffness, mean))
        stretch = 1.0 + tau * values
        root = (vectors / jnp.sqrt(stretch)[None]) @ vectors.T
        shift = 2.0 * tau * temperature
        levels, axes = jnp.linalg.eigh(root @ before @ root)
        levels = jnp.maximum(levels, 0.0)  # where a law lies on a plane, rounding may go below
        # The larger root of y + (τT)²/y = level + 2τT.
        y = (levels + shift + jnp.sqrt(levels * (levels + 2.0 * shift))) / 2.0
        after = root @ ((axes * y[None]) @ axes.T) @ root
        return Gaussian(vectors @ ((vectors.T @ mean) / stretch), after)


def _checked(stiffness: Any) -> np.ndarray:
    matrix = np.asarray(stiffness, np.float64)
    is_square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]
    if not is_square or not np.array_equal(matrix, matrix.T) or np.linalg.eigvalsh(matrix)[0] <= 0:
        raise InputError(
            f"GaussianJKO: stiffness must be symmetric and positive definite, got "
            f"{matrix.tolist()}."
        )
    return matrix
