"""The law e^{−E/T}/Z on a grid of cells."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp, xlogy

from thalweg.core.checks import check_energy
from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, in_float64, is_integer

# Where all cells are held at once; more ask for samples.
_MOST_CELLS = 2**20


class Boltzmann(eqx.Module):
    r"""The law of an energy at a temperature, as probabilities of the cells of a grid.

        π ∝ e^{−E/T}        F(p) = Σ p E + T Σ p log p,    T KL(p‖π) = F(p) − F(π)

    The energy is taken in the middle of each cell. A probability `p` has the shape of the grid.

    Arguments:
        energy: `state → scalar`.
        temperature: T > 0, in units of the energy.
        domain: a box that holds nearly all of the law; every coordinate of positive width.
        counts: how many cells along each coordinate, one number for all or one each; at most 2²⁰
            together.

    Attributes:
        levels: E in the middle of the cells, shape `counts`.
        temperature: T.
        spacing: the length of a cell along each coordinate, `(d,)`.
        angles: which coordinates are angles, `(d,)`.
        lower: where the box begins, `(d,)`.

    Raises:
        InputError: the energy is not callable or no scalar, the temperature is not positive, the
            domain is none or has a coordinate of no width, the counts do not fit, or the energy is
            not finite in a cell.

    Example:
        >>> import thalweg as tw
        >>> wells = tw.energies.DoubleWell()
        >>> law = tw.sampling.Boltzmann(wells, 0.3, tw.Box([-3.0], [3.0]), 600)
        >>> round(float((law.masses * law.points[..., 0] ** 2).sum()), 4)
        0.8999
    """

    levels: Any
    temperature: Any
    spacing: Any
    angles: tuple[bool, ...] = eqx.field(static=True)
    lower: Any

    def __init__(
        self, energy: Callable[[Any], Any], temperature: float, domain: Box, counts: Any
    ) -> None:
        check_energy("Boltzmann: energy", energy)
        is_number = np.ndim(temperature) == 0 and np.asarray(temperature).dtype.kind in "iuf"
        if not is_number or not 0.0 < temperature < np.inf:
            raise InputError(
                f"Boltzmann: temperature must be a positive number, got {temperature!r}."
            )
        if not isinstance(domain, Domain):
            raise InputError(
                f"Boltzmann: domain must be a domain such as Box([-3.0], [3.0]), got {domain!r}."
            )
        chart = domain.chart()
        if not chart.is_whole:
            raise InputError(f"Boltzmann: every coordinate needs a width, got {domain.words}.")
        shape = _counts(counts, chart.dimension)
        self.temperature, self.lower = float(temperature), np.asarray(chart.bounds[0])
        self.spacing = np.asarray(chart.widths) / np.asarray(shape)
        self.angles = tuple(map(bool, chart.angles))
        middles = _middles(self.lower, self.spacing, shape)
        with jax.enable_x64(True):
            levels = np.asarray(_levels(in_float64(energy), chart, middles))
        if levels.shape != (len(middles),):
            raise InputError(
                f"Boltzmann: energy must return a scalar, got the shape {levels.shape[1:]}; take "
                f"its sum, or an entry."
            )
        if not np.all(np.isfinite(levels)):
            where = middles[int(np.argmin(np.isfinite(levels)))]
            raise InputError(f"Boltzmann: the energy is not finite at {where.tolist()}.")
        self.levels = levels.reshape(shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of cells along each coordinate."""
        return self.levels.shape

    @property
    def points(self) -> np.ndarray:
        """The coordinates of the middles of the cells, shape `(*counts, d)`."""
        return _middles(self.lower, self.spacing, self.shape).reshape(*self.shape, -1)

    @property
    def masses(self) -> np.ndarray:
        """π, the probabilities of the cells, shape `counts`."""
        weights = np.exp((self.levels.min() - self.levels) / self.temperature)
        return weights / weights.sum()

    @property
    def log_partition(self) -> float:
        """log ∫ e^{−E/T} dx, the integral as the sum over the cells."""
        with jax.enable_x64(True):
            total = logsumexp(-self.levels / self.temperature)
        return float(total) + float(np.sum(np.log(self.spacing)))

    def free_energy(self, p: Any) -> jax.Array:
        """F(p), a scalar: least at π. Its steepest descent on `Simplex()` is that of Fisher–Rao."""
        temperature = cast_like(self.temperature, p)
        return jnp.sum(p * cast_like(self.levels, p)) + temperature * jnp.sum(xlogy(p, p))

    def divergence(self, p: Any) -> jax.Array:
        """KL(p‖π), a scalar."""
        log_law = -cast_like(self.levels, p) / cast_like(self.temperature, p)
        return jnp.sum(xlogy(p, p) - p * (log_law - logsumexp(log_law)))


def _counts(counts: Any, dimension: int) -> tuple[int, ...]:
    given = [counts] * dimension if is_integer(counts) else list(counts)
    is_fine = len(given) == dimension and all(is_integer(n) and n >= 2 for n in given)
    if not is_fine or np.prod(np.asarray(given, float)) > _MOST_CELLS:
        raise InputError(
            f"Boltzmann: counts must be whole numbers, at least 2, one for all of the {dimension} "
            f"coordinates or one each, and at most 2²⁰ cells together; got {counts!r}."
        )
    return tuple(map(int, given))


def _middles(lower: np.ndarray, spacing: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The middles of the cells, one a row."""
    axes = [a + h * (np.arange(n) + 0.5) for a, h, n in zip(lower, spacing, shape, strict=True)]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)


@eqx.filter_jit
def _levels(energy: Any, chart: Any, points: Any) -> jax.Array:
    return jax.vmap(lambda y: energy(chart.embed(y)))(points)
