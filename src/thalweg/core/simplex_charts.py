"""Coordinates of the probability simplex: all but the last, which follows from them."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.core.trees import Layout


class SimplexChart(Chart):
    """The first n − 1 coordinates of a point of the probability simplex."""

    layout: Layout = eqx.field(static=True)

    @property
    def dimension(self) -> int:
        """n − 1."""
        return self.layout.size - 1

    @property
    def bounds(self) -> tuple[Any, Any]:
        """From 0 to 1, in every coordinate."""
        return np.zeros(self.dimension), np.ones(self.dimension)

    @property
    def period(self) -> Any:
        """Infinite: no coordinate is an angle."""
        return np.full(self.dimension, np.inf)

    @property
    def held_at(self) -> dict[int, float]:
        """None: the last coordinate follows from the others, it is not fixed."""
        return {}

    @property
    def indices(self) -> tuple[int, ...]:
        """The first n − 1."""
        return tuple(range(self.dimension))

    @property
    def is_product(self) -> bool:
        """False: what one coordinate may be depends on the others."""
        return False

    @property
    def is_simplex(self) -> bool:
        """True."""
        return True

    @property
    def num_uniform(self) -> int:
        """n."""
        return self.layout.size

    def from_uniform(self, unit: Any) -> Any:
        """Normalized exponentials, −log of the uniform numbers."""
        xp = np if isinstance(unit, np.ndarray) else jnp
        draws = -xp.log1p(-unit)
        return (draws / xp.sum(draws, axis=-1, keepdims=True))[..., :-1]

    def embed(self, y: Any) -> Any:
        """The point whose last coordinate makes the sum one."""
        xp = np if isinstance(y, np.ndarray) else jnp
        last = 1.0 - xp.sum(y, axis=-1, keepdims=True)
        return self.layout.unflatten(xp.concatenate([y, last], axis=-1))

    def coordinates(self, state: Any) -> Any:
        """All but the last coordinate."""
        return self.layout.flatten(state)[..., :-1]

    def push(self, displacement: Any) -> Any:
        """All but the last component (the rule keeps the sum, which analysis checks)."""
        return self.layout.flatten(displacement)[..., :-1]

    def leak(self, displacement: Any) -> Any:
        """The change of Σx."""
        return self.layout.flatten(displacement).sum(axis=-1)

    @property
    def totals_at(self) -> dict[str, float]:
        """None: that the sum is one goes without saying."""
        return {}

    def shorten(self, step: Any) -> Any:
        """`step`: no coordinate is an angle."""
        return step

    def wrap(self, y: Any) -> Any:
        """`y`: no coordinate is an angle."""
        return y

    def without_angles(self) -> "SimplexChart":
        """The chart itself."""
        return self

    def clip(self, y: Any) -> Any:
        """`y` without negative coordinates, scaled back where they add up to more than one."""
        xp = np if isinstance(y, np.ndarray) else jnp
        positive = xp.maximum(y, 0.0)
        return positive / xp.maximum(xp.sum(positive, axis=-1, keepdims=True), 1.0)

    def inside(self, y: Any, slack: float = 0.0) -> Any:
        """No coordinate below zero, the last one included (which is a sum, so but for rounding)."""
        xp = np if isinstance(y, np.ndarray) else jnp
        rounding = self.layout.size * float(jnp.finfo(y.dtype).eps)
        return xp.all(y >= -slack, axis=-1) & (xp.sum(y, axis=-1) <= 1.0 + slack + rounding)

    def sample(self, key: jax.Array, count: int) -> jax.Array:
        """Independent uniform points of the simplex (normalized exponentials)."""
        draws = jax.random.exponential(key, (count, self.layout.size))
        return (draws / jnp.sum(draws, axis=1, keepdims=True))[:, :-1]
