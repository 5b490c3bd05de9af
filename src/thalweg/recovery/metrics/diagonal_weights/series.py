"""Functions of one coordinate each, as series that can be evaluated anywhere in a box."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.recovery.forms.series import chebyshev, tabulated, waves


class SeparableWeights(eqx.Module):
    r"""Positive weights m_i(y_i), one function of one coordinate for each coordinate.

        log m_i = Σ_k c_ik φ_k(y_i) + a_i log u_i + b_i log(1 − u_i)

    with u_i = (y_i − lower_i) / width_i. The φ_k are Chebyshev polynomials T_k(2u − 1), or for an
    angle 1, cos, sin, cos 2, sin 2, … of 2πu. The last two terms let a weight vanish or grow at a
    wall of the box as a power of the distance, as 1/x does.
    Outside the box the series means nothing.

    Attributes:
        lower: shape `(d,)`.
        widths: shape `(d,)`.
        series: the c_ik, shape `(d, k)`.
        powers: the a_i and b_i, shape `(d, 2)`; None where all are 0.
        angles: which coordinates are angles.
        together: true where all φ_k are computed together, as bounds want it.
    """

    lower: Any
    widths: Any
    series: Any
    powers: Any
    angles: tuple[bool, ...] = eqx.field(static=True)
    together: bool = eqx.field(static=True, default=False)

    def __call__(self, y: Any) -> jax.Array:
        """m(y), shape `(d,)`."""
        lower, widths, series = (
            jnp.asarray(a, y.dtype) for a in (self.lower, self.widths, self.series)
        )
        u = (y - lower) / widths
        total = chebyshev(2.0 * u - 1.0, series, self.together)
        if any(self.angles):
            total = jnp.where(np.asarray(self.angles), waves(2.0 * jnp.pi * u, series), total)
        powers = () if self.powers is None else jnp.asarray(self.powers, y.dtype).T
        for distance, power in zip((u, 1.0 - u), powers, strict=False):
            # A power of zero must not turn the logarithm at the wall into 0 · ∞.
            used = power != 0.0
            total = total + jnp.where(used, power * jnp.log(jnp.where(used, distance, 1.0)), 0.0)
        return jnp.exp(total)


def design(u: np.ndarray, degree: int, is_angle: bool, with_powers: bool) -> np.ndarray:
    """The basis functions at `u` in [0, 1], `(n, degree + 3)`: the series, then two powers.

    Along an angle `degree` is even: whole waves.
    """
    columns = np.zeros((len(u), degree + 3))
    columns[:, : degree + 1] = tabulated(u, degree, is_angle)[0]
    if with_powers and not is_angle:
        columns[:, -2] = np.log(np.maximum(u, np.finfo(float).tiny))
        columns[:, -1] = np.log(np.maximum(1.0 - u, np.finfo(float).tiny))
    return columns
