"""Floors of curved valleys: the lowest points of an energy on growing spheres."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

# Valleys are followed from a sphere to one so many times as large, from the lowest few points.
_SPHERES = 10.0 ** np.arange(0.0, 6.01, 0.5)
_LARGEST_VALLEY = 64  # coordinates: Hessians are computed


def follow_valley(energy: Any, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest points found on growing spheres, each from those before, and their energies.

    Of one coordinate, or more than 64, no valley is followed: the energies are NaN.

    Arguments:
        energy: `(size,) → scalar`, in float64.
        starts: directions to begin in, `(n, size)`.

    Returns:
        The points, `(k, size)`, from a distance of 1 to one of 10⁶, and E there, `(k,)`.
    """
    if starts.shape[1] > _LARGEST_VALLEY or starts.shape[1] < 2:
        return _SPHERES[:, None] * starts[0], np.full(len(_SPHERES), np.nan)
    path, values, lanes = [], [], list(starts)
    for radius in _SPHERES:
        scale = max(abs(float(_on_sphere(energy, lanes[0], radius)[0])), 1.0)
        if not np.isfinite(scale):
            break
        lanes = [_lowest(energy, lane, radius, scale) for lane in lanes]
        heights = [float(_on_sphere(energy, lane, radius)[0]) for lane in lanes]
        best = int(np.nanargmin(heights)) if np.any(np.isfinite(heights)) else 0
        path.append(radius * lanes[best])
        values.append(heights[best])
    return np.asarray(path), np.asarray(values)


def _lowest(energy: Any, start: np.ndarray, radius: float, scale: float) -> np.ndarray:
    """A direction in which the energy on a sphere is least, near a start; by trust regions."""
    from scipy.optimize import minimize

    @functools.lru_cache(maxsize=2)
    def seen(direction: bytes) -> tuple[np.ndarray, ...]:
        found = _on_sphere(energy, np.frombuffer(direction), radius)
        return tuple(np.asarray(x) / scale for x in found)

    def part(number: int) -> Any:
        return lambda v: seen(np.asarray(v, np.float64).tobytes())[number]

    try:
        with np.errstate(all="ignore"):
            found = minimize(
                part(0), start, jac=part(1), hess=part(2), method="trust-exact",
                options={"maxiter": 200, "gtol": 1e-12},
            )  # fmt: skip
    except ValueError:  # a Hessian that is not finite
        return start
    length = np.linalg.norm(found.x)
    return found.x / length if np.isfinite(length) and length > 0.0 else start


@eqx.filter_jit
def _on_sphere(energy: Any, direction: Any, radius: Any) -> tuple[jax.Array, ...]:
    """The energy in a direction at a distance, with gradient and Hessian."""

    def height(v: jax.Array) -> jax.Array:
        return energy(radius * v / jnp.sqrt(jnp.sum(v**2)))

    return height(direction), jax.grad(height)(direction), jax.hessian(height)(direction)
