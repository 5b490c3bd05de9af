"""Is an energy bounded below? If not, almost every start of its descent may diverge."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.tracing import DRAWN, refuse_frozen_chance
from thalweg.core.trees import in_float64

_RADII = 10.0 ** np.arange(1, 7)


@dataclass(frozen=True)
class BoundedBelow:
    """What was found about an energy's lower bound.

    Attributes:
        holds: False where a ray was found along which E falls without end; None where none was,
            which is no proof.
        witness: the direction of that ray, `(size,)`, or None.
        growth: how fast |E| grows along it: the power of the distance; NaN if none.
        rays: how many rays were followed.
    """

    holds: bool | None
    witness: np.ndarray | None
    growth: float
    rays: int

    def __str__(self) -> str:
        """One sentence."""
        if self.holds is None:
            return f"No ray of {self.rays} leads down without end (which is no proof of a bound)."
        return (
            f"Not bounded below: E falls without end, as the distance to the power "
            f"{self.growth:.3g}; its descent diverges from almost every start."
        )


def check_bounded_below(
    energy: Callable[[Any], Any], size: int, *, rays: int = 64, key: jax.Array | None = None
) -> BoundedBelow:
    """Look for a way down without end, before running a descent of an energy on R^n.

    Random rays are turned downhill (by gradient steps on the sphere), then followed to 10⁶.

    Arguments:
        energy: `(size,) → scalar`.
        size: the dimension.
        rays: how many.
        key: the randomness; None means `jax.random.key(0)`.

    Raises:
        InputError: the energy is not finite around the origin.

    Example:
        >>> import jax.numpy as jnp
        >>> from thalweg.analysis.descent.bounded_below import check_bounded_below
        >>> str(check_bounded_below(lambda x: -x[0] * x[1], 2))[:17]
        'Not bounded below'
    """
    rng = host_generator(key)
    ways = rng.standard_normal((rays, size))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    with jax.enable_x64(True):
        refuse_frozen_chance("check_bounded_below: energy", DRAWN, energy, energy, np.zeros(size))
        turned, values = (np.asarray(a) for a in _followed(in_float64(energy), ways, _RADII))
    if not np.any(np.isfinite(values[:, 0])):
        raise InputError("check_bounded_below: the energy is not finite at a distance of 10.")
    first, middle, last = values[:, -3], values[:, -2], values[:, -1]
    falls = (middle < first) & (last <= middle) & (last < 0.0) & (-last > 1.5 * np.abs(first))
    if not falls.any():
        return BoundedBelow(None, None, float("nan"), rays)
    index = int(np.argmin(np.where(falls, last, np.inf)))
    is_finite = np.isfinite(last[index])
    growth = np.log10(last[index] / middle[index]) if is_finite else np.inf
    return BoundedBelow(False, turned[index], float(growth), rays)


@eqx.filter_jit
def _followed(energy: Any, ways: Any, radii: Any) -> tuple[jax.Array, jax.Array]:
    def turn(way: jax.Array, _: None) -> tuple[jax.Array, None]:
        slope = jax.grad(lambda u: energy(1e3 * u))(way)
        slope = slope - way * jnp.dot(way, slope)
        length = jnp.linalg.norm(slope)
        step = way - 0.1 * slope / jnp.where(length > 0.0, length, 1.0)
        new = step / jnp.linalg.norm(step)
        is_lower = energy(1e3 * new) < energy(1e3 * way)
        return jnp.where(is_lower, new, way), None

    def one(way: jax.Array) -> tuple[jax.Array, jax.Array]:
        way, _ = jax.lax.scan(turn, way, None, length=100)
        return way, jax.vmap(lambda r: energy(r * way))(radii)

    return jax.vmap(one)(ways)
