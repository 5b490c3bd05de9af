"""Coordinates of a level set: those of a box that are free when linear totals have given values."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import for_rows
from thalweg.core.charts import Chart, periods, shortened, wrapped
from thalweg.core.trees import Layout

_STEPS = 24  # of the random walk that makes a point: it has then forgotten where it began


class LevelChart(Chart):
    """Some coordinates of a level set; the others follow from them.

    The state is `offset + basis @ y`, and lies between the `walls`. `turn` is as in a `BoxChart`.
    """

    layout: Layout = eqx.field(static=True)
    kept: tuple[int, ...] = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True)
    fixed: dict[int, float]
    rows: Any
    values: Any
    offset: Any
    basis: Any
    walls: tuple[Any, Any]
    lower: Any
    upper: Any
    middle: Any
    turn: Any

    @property
    def dimension(self) -> int:
        """The number of free coordinates of the box, less one for each total."""
        return len(self.kept)

    @property
    def bounds(self) -> tuple[Any, Any]:
        """Least and largest values of each coordinate on the level set, `(d,)` each."""
        return self.lower, self.upper

    @property
    def period(self) -> Any:
        """The width of the box, for angles (no total holds one)."""
        return periods(self.turn, self.lower)

    @property
    def held_at(self) -> dict[int, float]:
        """The coordinates that the box holds fixed."""
        return {i: float(value) for i, value in self.fixed.items()}

    @property
    def indices(self) -> tuple[int, ...]:
        """The coordinates that decide the others."""
        return self.kept

    @property
    def is_product(self) -> bool:
        """False: what one coordinate may be depends on the others."""
        return False

    @property
    def is_simplex(self) -> bool:
        """False."""
        return False

    @property
    def num_uniform(self) -> int:
        """A direction and a length for each step of the walk."""
        return _STEPS * (self.dimension + 1)

    def from_uniform(self, unit: Any) -> Any:
        """Ends of random walks from the middle, of any length along random directions.

        (Hit and run, Smith 1984: any symmetric law of directions leaves the uniform law as it is.)
        """
        xp = np if isinstance(unit, np.ndarray) else jnp
        steps = unit.reshape(*unit.shape[:-1], _STEPS, self.dimension + 1)
        y = xp.broadcast_to(self.middle, (*unit.shape[:-1], self.dimension))
        directions = _logistic(steps[..., :-1], xp)
        directions = directions * for_rows(self.widths, directions)
        for k in range(_STEPS):
            low, high = self._reach(y, directions[..., k, :])
            length = low + (high - low) * steps[..., k, -1]
            y = y + xp.where(high > low, length, 0.0)[..., None] * directions[..., k, :]
        return y

    def _reach(self, y: Any, direction: Any) -> tuple[Any, Any]:
        """Distances to the walls, both ways, from inside points."""
        xp = np if isinstance(y, np.ndarray) else jnp
        here, speed = self._state(y), direction @ self.basis.T
        moves = xp.abs(speed) > 0.0
        safe = xp.where(moves, speed, 1.0)
        ends = xp.stack([(for_rows(wall, here) - here) / safe for wall in self.walls])
        far = xp.where(moves, xp.max(ends, axis=0), xp.inf)
        near = xp.where(moves, xp.min(ends, axis=0), -xp.inf)
        return xp.max(near, axis=-1), xp.min(far, axis=-1)

    def _state(self, y: Any) -> Any:
        moved = y @ self.basis.T
        return for_rows(self.offset, moved) + moved

    def embed(self, y: Any) -> Any:
        """The state that has the totals."""
        state = self._state(y)
        return self.layout.unflatten(state.astype(y.dtype))

    def coordinates(self, state: Any) -> Any:
        """Those of its coordinates that decide the others."""
        return self.layout.flatten(state)[..., np.asarray(self.kept)]

    def push(self, displacement: Any) -> Any:
        """Those components (the rule keeps the totals, which analysis checks)."""
        return self.layout.flatten(displacement)[..., np.asarray(self.kept)]

    def leak(self, displacement: Any) -> Any:
        """The largest change of a total."""
        change = self.layout.flatten(displacement) @ self.rows.T
        return jnp.max(jnp.abs(change), axis=-1)

    @property
    def totals_at(self) -> dict[str, float]:
        """Those of the level set."""
        return dict(zip(self.names, map(float, np.asarray(self.values)), strict=True))

    def shorten(self, step: Any) -> Any:
        """A step with its angles reduced to half a period either way."""
        return shortened(step, self.turn)

    def wrap(self, y: Any) -> Any:
        """`y` with angles brought back into the box."""
        return wrapped(y, self.lower, self.upper, self.turn)

    def without_angles(self) -> "LevelChart":
        """The same chart, whose program wraps nothing."""
        return eqx.tree_at(lambda chart: chart.turn, self, None, is_leaf=lambda x: x is None)

    def clip(self, y: Any) -> Any:
        """`y`, or where the line from it to the middle enters the level set."""
        xp = np if isinstance(y, np.ndarray) else jnp
        middle = for_rows(self.middle, y)
        direction = self.wrap(y) - middle
        far = self._reach(xp.broadcast_to(middle, y.shape), direction)[1]
        return middle + xp.minimum(far, 1.0)[..., None] * direction

    def inside(self, y: Any, slack: float = 0.0) -> Any:
        """All coordinates of the state within the walls, those that follow but for rounding."""
        xp = np if isinstance(y, np.ndarray) else jnp
        state = self._state(self.wrap(y))
        low, high, offset = (for_rows(a, state) for a in (*self.walls, self.offset))
        size = xp.abs(offset) + xp.abs(y) @ xp.abs(self.basis).T
        rounding = self.layout.size * float(jnp.finfo(y.dtype).eps) * size
        room = rounding + (slack * (high - low) if slack else 0.0)
        is_in = (state >= low - room) & (state <= high + room)
        return xp.all(is_in, axis=-1) & xp.all(xp.isfinite(y), axis=-1)

    def sample(self, key: jax.Array, count: int) -> jax.Array:
        """Independent points, uniform but for what the walk remembers of the middle."""
        dtype = jnp.asarray(self.lower).dtype
        return self.from_uniform(jax.random.uniform(key, (count, self.num_uniform), dtype=dtype))


def _logistic(unit: Any, xp: Any) -> Any:
    """Numbers of either sign and all sizes, alike in distribution, of uniform ones."""
    inner = 1e-12 + (1.0 - 2e-12) * unit
    return xp.log(inner) - xp.log1p(-inner)
