"""Degrees of homogeneity: how the values of a function of vectors scale with its argument."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_count
from thalweg.core.errors import InputError
from thalweg.core.plain import number
from thalweg.core.randomness import host_generator
from thalweg.core.reports import TableReport, about_in
from thalweg.core.trees import in_float64

# Scales in no simple ratio, or a factor periodic in log λ would go unseen.
_SCALES = np.sort(10.0 ** (4.0 * np.mod(np.arange(33) * (np.sqrt(5.0) - 1.0) / 2.0, 1.0) - 2.0))
# Of a power of λ, relative to each entry: above rounding, which is more where others are larger.
EXACT, _ROUNDED = 1e-9, 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class Homogeneity(TableReport):
    """Degree of homogeneity of a function: fn(λx) = λ^degree fn(x).

    Attributes:
        degree: the slope of log|fn(λx)| over log λ, from λ = 10⁻² to 10².
        residual: the largest departure of the logarithm from that slope, or of an entry of
            fn(λx)/|fn(λx)| from its value at λ ≈ 1, relative to that entry; NaN where fn vanishes
            at some λ and not at others.
        holds: whether it is a power of λ, up to rounding, and finite wherever it was asked.
        undefined: in how many of the directions it was not finite at some λ.
        about: the name of the function.
    """

    degree: float
    residual: float
    holds: bool
    undefined: int = 0
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The degree, or that it has none."""
        found = f"of degree {self.degree:.6g}" if self.holds else "not homogeneous"
        return f"Scaling of {self.about.system or 'a function'}: {found}"

    def table(self) -> None:
        """Nothing: the remarks say it all."""

    def remarks(self) -> list[str]:
        """Sentences on how far it departs from a power, and on where it is not finite."""
        said = [f"fn(λx) departs from λ^{self.degree:.6g} fn(x) by {self.residual:.2g} of itself."]
        if self.undefined:
            said.append(f"It is not finite along {self.undefined} of the directions tried.")
        return said

    def data(self) -> dict[str, Any]:
        """The fields."""
        names = ("degree", "residual", "holds", "undefined")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Homogeneity":
        """The measurement that `to_dict` wrote."""
        degree, residual = number(data["degree"]), number(data["residual"])
        return cls(degree, residual, data["holds"], data["undefined"], about_in(data, about))


def homogeneity_degree(
    fn: Callable[[Any], Any], size: int, *, samples: int = 16, key: jax.Array | None = None
) -> Homogeneity:
    """Measure how a function of vectors scales, for λ > 0, in float64.

    A network of rectified units without biases has degree 1 (theorem 9); degrees multiply under
    composition and add under products.

    Arguments:
        fn: `(size,)` to an array or number; a network, an energy, a velocity.
        size: the length of its argument.
        samples: how many random directions.
        key: their randomness; None means `jax.random.key(0)`.

    Raises:
        InputError: in all directions the function vanishes, or is not finite at some λ.

    Example:
        >>> import jax.numpy as jnp
        >>> from thalweg.analysis.descent.homogeneity import homogeneity_degree
        >>> round(homogeneity_degree(lambda x: jnp.sum(x**4), 3).degree, 6)
        4.0
    """
    check_count("homogeneity_degree: size", size)
    check_count("homogeneity_degree: samples", samples)
    points = host_generator(key).standard_normal((samples, size))
    with jax.enable_x64(True):
        found = np.asarray(_scaled_values(in_float64(fn), points, _SCALES))
    norms, directions = _lengths_and_directions(found)
    is_finite = np.all(np.isfinite(norms), axis=1)
    is_zero = np.all(norms == 0.0, axis=1)  # so of any degree in that direction
    seen = norms[is_finite & ~is_zero]
    if not len(seen):
        raise InputError(
            "homogeneity_degree: fn vanishes, or is not finite at some λ from 10⁻² to 10², in all "
            "directions tried."
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(seen) - np.mean(np.log(seen), axis=1, keepdims=True)
    steps = np.log(_SCALES) - np.mean(np.log(_SCALES))
    vanishes = ~np.all(np.isfinite(logs), axis=1)  # at some λ, and not at others
    slopes = logs[~vanishes] @ steps / (steps @ steps)
    degree = float(np.median(slopes)) if len(slopes) else float("nan")
    gaps = np.abs(logs[~vanishes] - degree * steps)
    turned = _turning(directions[is_finite & ~is_zero])
    residual = float("nan") if vanishes.any() else float(max(np.max(gaps), turned))
    undefined = int(np.sum(~is_finite))
    about = About(getattr(fn, "__qualname__", type(fn).__name__))
    return Homogeneity(degree, residual, residual < EXACT and not undefined, undefined, about)


@eqx.filter_jit
def _scaled_values(fn: Any, points: Any, scales: Any) -> jax.Array:
    def value(x: jax.Array, scale: jax.Array) -> jax.Array:
        return jnp.ravel(jnp.asarray(fn(scale * x)))

    return jax.vmap(jax.vmap(value, (None, 0)), (0, None))(points, scales)


def _lengths_and_directions(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lengths of vectors along the last axis, however small, and vectors of length one."""
    largest = np.max(np.abs(values), axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(largest > 0.0, values / largest, 0.0)
        lengths = np.linalg.norm(scaled, axis=-1, keepdims=True)
        directions = np.where(largest > 0.0, scaled / lengths, 0.0)
    return np.where(largest > 0.0, largest * lengths, largest)[..., 0], directions


def _turning(directions: np.ndarray) -> float:
    """The largest change of an entry along the scales, `(samples, scales, k)`, relative to it."""
    middle = int(np.argmin(np.abs(np.log(_SCALES))))
    sizes = np.max(np.abs(directions), axis=1, keepdims=True)
    gaps = np.abs(directions - directions[:, middle : middle + 1]) / (sizes + _ROUNDED)
    return float(np.max(gaps))
