"""Noise-contrastive estimation: draws are told from noise of a known law."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_count, check_positive
from thalweg.core.randomness import host_generator
from thalweg.learning.densities.base import DensityQuestion
from thalweg.learning.densities.smooth import SmoothMethod


class NoiseContrastive(SmoothMethod):
    r"""Noise-contrastive estimation (Gutmann & Hyvärinen 2012), with log Z learned beside E.

        ⟨log(1 + e^{−u(x)})⟩ + Σ_j ⟨log(1 + e^{u(y_j)})⟩ → min
        u(x) = −E(x)/T − log Z − log p(x) − log ν

    The y_j are ν draws of noise to each of the data. The noise is normal, with the mean of the data
    and their covariance times a factor.

    Arguments:
        ratio: ν.
        spread: that factor.
    """

    ratio: int = eqx.field(static=True, default=2)
    spread: Any = 1.5
    of_machines: ClassVar[bool | None] = False
    needs_law: ClassVar[bool] = True

    def __check_init__(self):
        """Refuse what is no count, or not positive."""
        check_count("NoiseContrastive: ratio", self.ratio)
        check_positive("NoiseContrastive: spread", self.spread)

    @property
    def words(self) -> str:
        """Its name."""
        return "noise-contrastive estimation"

    @property
    def sees(self) -> str:
        """The energy and log Z, where noise and draws overlap."""
        return (
            "The energy and log Z are seen where the noise overlaps with the draws; a constant is "
            "fixed by log Z."
        )

    def hidden(self, question: DensityQuestion) -> Any:
        """log Z, which begins at 0; the loss is convex in it."""
        return np.float64(0.0)

    def drawn(self, question: DensityQuestion) -> Any:
        """Noise, `(n, ν, d)`."""
        mean, factor = self._law(question)
        shape = (len(question.states), self.ratio, question.states.shape[1])
        return mean + host_generator(question.key).standard_normal(shape) @ factor.T

    def common(self, question: DensityQuestion) -> Any:
        """The mean of the noise and the triangular factor of its covariance."""
        return self._law(question)

    def loss(self, energy: Any, hidden: Any, x: Any, drawn: Any, common: Any, t: Any) -> jax.Array:
        """The logistic loss of one of the data and its noise."""
        mean, factor = common

        def odds(y: Any) -> Any:
            white = jax.scipy.linalg.solve_triangular(factor, y - mean, lower=True)
            sizes = jnp.sum(jnp.log(jnp.diagonal(factor))) + 0.5 * x.size * jnp.log(2.0 * jnp.pi)
            log_noise = -0.5 * jnp.sum(white**2) - sizes
            return -energy(y) / t - hidden - log_noise - jnp.log(float(self.ratio))

        return jax.nn.softplus(-odds(x)) + jnp.sum(jax.nn.softplus(jax.vmap(odds)(drawn)))

    def shared(self, energy: Any, hidden: Any, common: Any, t: Any) -> jax.Array | float:
        """Nothing."""
        return 0.0

    def _law(self, question: DensityQuestion) -> tuple[np.ndarray, np.ndarray]:
        covariance = np.atleast_2d(np.cov(question.states.T, ddof=0))
        factor = np.linalg.cholesky(float(self.spread) * covariance)
        return np.mean(question.states, axis=0), factor
