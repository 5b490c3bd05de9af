"""Functions of many coordinates: all quadratic ones, and units in random directions."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.core.charts import Chart

# Of a unit's argument across the region, in standard deviations: bent, not saturated.
_STEEPNESS = 2.0


class UnitBasis(eqx.Module):
    r"""Products z_i and z_i z_j, then log cosh(w_k·z + b_k): a network of one hidden layer.

    z are the coordinates scaled to [−1, 1]; an angle gives its cosine and its sine. The w_k and b_k
    are random and stay as they are, so an energy is linear in its coefficients: whether one falls
    at some points is a convex question, which the training of a network is not.

    Attributes:
        lower: where each coordinate starts, shape `(d,)`.
        widths: how far it extends, shape `(d,)`.
        directions: the w_k, shape `(k, m)`.
        shifts: the b_k, shape `(k,)`.
        angles: which coordinates are angles.
    """

    lower: Any
    widths: Any
    directions: Any
    shifts: Any
    angles: tuple[bool, ...] = eqx.field(static=True)

    def __call__(self, y: jax.Array) -> jax.Array:
        """All φ_k(y)."""
        lower, widths, directions, shifts = (
            jnp.asarray(a, y.dtype) for a in (self.lower, self.widths, self.directions, self.shifts)
        )
        u = (y - lower) / widths
        z = scaled(u, self.angles)
        i, j = np.triu_indices(len(z))
        inner = directions @ z + shifts
        # log cosh, without overflow; the constant makes it 0 at 0.
        units = jnp.logaddexp(inner, -inner) - np.log(2.0)
        return jnp.concatenate([z, z[i] * z[j], units])

    def values(self, points: np.ndarray) -> np.ndarray:
        """The φ_k at points `(n, d)`, shape `(n, k)`."""
        return in_batches(lambda some: _at(self, some), points)[0]

    def gradients(self, points: np.ndarray) -> np.ndarray:
        """The ∂_iφ_k at points `(n, d)`, shape `(n, k, d)`."""
        return in_batches(lambda some: _at(self, some), points)[1]

    @property
    def degrees(self) -> np.ndarray:
        """1 and 2 of the products, 3 of the units."""
        width = np.shape(self.directions)[1]
        pairs = width * (width + 1) // 2
        return np.concatenate([np.ones(width), np.full(pairs, 2), np.full(len(self.shifts), 3)])


@eqx.filter_jit
def _at(basis: UnitBasis, points: Any) -> tuple[jax.Array, jax.Array]:
    return jax.vmap(basis)(points), jax.vmap(jax.jacfwd(basis))(points)


def make_units(chart: Chart, count: int) -> UnitBasis:
    """The products of a chart's coordinates and `count` units, the same ones each time."""
    lower, angles = frame_of(chart)
    width = len(angles) + sum(angles)
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(count, width)) * _STEEPNESS / np.sqrt(width)
    return UnitBasis(lower, np.asarray(chart.widths), directions, rng.normal(size=count), angles)


def frame_of(chart: Chart) -> tuple[np.ndarray, tuple[bool, ...]]:
    """Lower bounds of a chart's coordinates, and truths: those that are angles."""
    return np.asarray(chart.bounds[0]), tuple(bool(a) for a in chart.angles)


def scaled(u: jax.Array, angles: tuple[bool, ...]) -> jax.Array:
    """Coordinates in [0, 1] as numbers in [−1, 1], angles as their cosines and sines."""
    plain = [i for i, is_angle in enumerate(angles) if not is_angle]
    round_ = [i for i, is_angle in enumerate(angles) if is_angle]
    turns = 2.0 * jnp.pi * u[np.asarray(round_, dtype=int)]
    return jnp.concatenate(
        [2.0 * u[np.asarray(plain, dtype=int)] - 1.0, jnp.cos(turns), jnp.sin(turns)]
    )
