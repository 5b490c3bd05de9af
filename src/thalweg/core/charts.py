"""Charts: coordinates of a domain in which nothing is redundant.

Analysis works on vectors `y` of shape `(d,)`: a chart turns them into states and back, brings the
velocity of a state into these coordinates, and measures differences (modulo the period of an
angle). A chart is a pytree whose numbers are arrays, so that a new box does not compile again.
"""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import for_rows
from thalweg.core.trees import Layout


class Chart(eqx.Module):
    """Coordinates `y` of shape `(d,)` on a domain (abstract).

    Laws: `coordinates(embed(y)) == y`; `push` is linear; `difference(a, a) == 0`; `inside` holds
    for every sample. All methods but `sample` work on leading axes too.
    """

    layout: eqx.AbstractVar[Layout]

    if not TYPE_CHECKING:
        # Equinox makes a module of a method each time that one is named: 50 µs, some hundred times
        # in an answer. Nothing takes a method of a chart for a pytree.
        __getattribute__ = object.__getattribute__

    @property
    @abstractmethod
    def dimension(self) -> int:
        """The number d of coordinates."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[Any, Any]:
        """The least and the largest value of each coordinate, two arrays of shape `(d,)`."""

    @property
    @abstractmethod
    def period(self) -> Any:
        """The period of each coordinate, shape `(d,)`; infinite where it is no angle."""

    @property
    @abstractmethod
    def held_at(self) -> dict[int, float]:
        """The coordinates of the state that the domain holds fixed: their indices and values."""

    @property
    @abstractmethod
    def indices(self) -> tuple[int, ...]:
        """The coordinates of the state that these coordinates are, `(d,)` indices."""

    @property
    @abstractmethod
    def is_product(self) -> bool:
        """True if the coordinates vary one by one: the domain is a product of intervals."""

    @property
    @abstractmethod
    def is_simplex(self) -> bool:
        """True if the coordinates are all but the last of numbers ≥ 0 whose sum is one."""

    @property
    @abstractmethod
    def num_uniform(self) -> int:
        """Number of independent uniform numbers that make a uniform point."""

    @abstractmethod
    def from_uniform(self, unit: Any) -> Any:
        """Uniform points `(…, d)` of independent uniform numbers `(…, num_uniform)` in [0, 1)."""

    @property
    def widths(self) -> Any:
        """The extent of the domain along each coordinate, shape `(d,)`."""
        lower, upper = self.bounds
        return upper - lower

    @property
    def angles(self) -> np.ndarray:
        """Truths `(d,)`: the coordinates that are angles; on the host only."""
        return np.isfinite(np.asarray(self.period))

    @property
    def is_whole(self) -> bool:
        """True if the coordinates are the state's own, all of them, in their order."""
        return self.is_product and self.dimension == self.layout.size

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Independent uniform points `(count, d)` on the host."""
        return np.asarray(self.from_uniform(rng.random((count, self.num_uniform))))

    def settle(self, state: Any) -> Any:
        """A state with its angles brought back into the domain; all else stays as it is."""
        y = self.coordinates(state)

        def turned(x: Any, a: Any, b: Any) -> Any:
            # Turning round has no slope.
            return x + jax.lax.stop_gradient(a - b)

        return jax.tree.map(turned, state, self.embed(self.wrap(y)), self.embed(y))

    @abstractmethod
    def embed(self, y: Any) -> Any:
        """The state at coordinates `y`."""

    @abstractmethod
    def coordinates(self, state: Any) -> Any:
        """The coordinates of a state."""

    @abstractmethod
    def push(self, displacement: Any) -> Any:
        """A displacement of the state (a tangent pytree) in these coordinates."""

    @abstractmethod
    def leak(self, displacement: Any) -> Any:
        """Change of what the domain holds constant by a displacement; 0 where nothing is held."""

    @property
    @abstractmethod
    def totals_at(self) -> dict[str, float]:
        """The linear totals of the state that were given values: their names and values."""

    @abstractmethod
    def shorten(self, step: Any) -> Any:
        """A step between two points, the shorter way round where a coordinate is an angle."""

    def difference(self, a: Any, b: Any) -> Any:
        """`a − b`, shortened."""
        return self.shorten(a - b)

    @abstractmethod
    def wrap(self, y: Any) -> Any:
        """`y` with angles brought back into the domain."""

    @abstractmethod
    def without_angles(self) -> "Chart":
        """The same coordinates, none of them an angle: inside the domain none has to be wrapped."""

    @abstractmethod
    def clip(self, y: Any) -> Any:
        """A point of the closed domain near `y`: `y` itself where it is inside."""

    @abstractmethod
    def inside(self, y: Any, slack: float = 0.0) -> Any:
        """Truth: `y` lies in the closed domain, widened by `slack` times its widths."""

    @abstractmethod
    def sample(self, key: jax.Array, count: int) -> jax.Array:
        """Independent uniform points, shape `(count, d)`."""


class BoxChart(Chart):
    """The free coordinates of a box; the others are held at their value.

    `turn` is the period of each, infinite where it is no angle; None where none may ever be one.
    """

    layout: Layout = eqx.field(static=True)
    free: tuple[int, ...] = eqx.field(static=True)
    held: Any
    lower: Any
    upper: Any
    turn: Any

    @property
    def dimension(self) -> int:
        """The number of free coordinates."""
        return len(self.free)

    @property
    def bounds(self) -> tuple[Any, Any]:
        """Those of the free coordinates."""
        return self.lower, self.upper

    @property
    def period(self) -> Any:
        """The width of the box, for angles."""
        return periods(self.turn, self.lower)

    @property
    def held_at(self) -> dict[int, float]:
        """The coordinates that are not free."""
        held = np.asarray(self.held)
        return {i: float(held[i]) for i in range(self.layout.size) if i not in self.free}

    @property
    def indices(self) -> tuple[int, ...]:
        """The free coordinates."""
        return self.free

    @property
    def is_product(self) -> bool:
        """True."""
        return True

    @property
    def is_simplex(self) -> bool:
        """False."""
        return False

    @property
    def num_uniform(self) -> int:
        """One a coordinate."""
        return self.dimension

    def from_uniform(self, unit: Any) -> Any:
        """`lower + unit * widths`."""
        return self.lower + unit * self.widths

    def embed(self, y: Any) -> Any:
        """The state with its free coordinates at `y`."""
        if self.dimension == self.layout.size:
            return self.layout.unflatten(y)
        index = np.asarray(self.free)
        if isinstance(y, np.ndarray):
            full = np.broadcast_to(self.held, y.shape[:-1] + self.held.shape).astype(y.dtype)
            full[..., index] = y
        else:
            full = jnp.broadcast_to(self.held, y.shape[:-1] + self.held.shape)
            full = full.astype(y.dtype).at[..., index].set(y, unique_indices=True)
        return self.layout.unflatten(full)

    def coordinates(self, state: Any) -> Any:
        """The free coordinates of a state."""
        return self._free_part(self.layout.flatten(state))

    def push(self, displacement: Any) -> Any:
        """The displacement's free components."""
        return self._free_part(self.layout.flatten(displacement))

    def leak(self, displacement: Any) -> Any:
        """0: a slice is a question about the rest, not a constraint."""
        return 0.0

    @property
    def totals_at(self) -> dict[str, float]:
        """None."""
        return {}

    def _free_part(self, flat: Any) -> Any:
        return flat if self.dimension == self.layout.size else flat[..., np.asarray(self.free)]

    def shorten(self, step: Any) -> Any:
        """A step with its angles reduced to half a period either way."""
        return shortened(step, self.turn)

    def wrap(self, y: Any) -> Any:
        """`y` with angles in `[lower, upper)`."""
        return wrapped(y, self.lower, self.upper, self.turn)

    def without_angles(self) -> "BoxChart":
        """The same chart, whose program wraps nothing."""
        return eqx.tree_at(lambda chart: chart.turn, self, None, is_leaf=lambda x: x is None)

    def clip(self, y: Any) -> Any:
        """`y` with every coordinate brought to its bounds; angles wrapped."""
        xp = np if isinstance(y, np.ndarray) else jnp
        lower, upper, period = (for_rows(a, y) for a in (self.lower, self.upper, self.period))
        return xp.where(xp.isfinite(period), self.wrap(y), xp.clip(y, lower, upper))

    def inside(self, y: Any, slack: float = 0.0) -> Any:
        """Within the bounds in every coordinate that is not an angle."""
        xp, lower, upper, period = _like(y, self.lower, self.upper, self.period)
        room = slack * (upper - lower)
        is_in = (y >= lower - room) & (y <= upper + room)
        return xp.all(xp.isfinite(y) & (is_in | xp.isfinite(period)), axis=-1)

    def sample(self, key: jax.Array, count: int) -> jax.Array:
        """Independent uniform points."""
        unit = jax.random.uniform(key, (count, self.dimension), dtype=jnp.asarray(self.lower).dtype)
        # Rounding may carry lower + width past upper.
        return jax.vmap(lambda u: jnp.minimum(self.lower + u * self.widths, self.upper))(unit)


def periods(turn: Any, lower: Any) -> Any:
    """The periods of coordinates that start at `lower`: where `turn` is None, all infinite."""
    return np.full(np.shape(lower), np.inf) if turn is None else turn


def shortened(step: Any, period: Any) -> Any:
    """Steps `(…, d)` with angles reduced to half a period either way; as they are, of None."""
    if period is None:
        return step
    xp, period = _like(step, period)
    turns = xp.where(xp.isfinite(period), xp.round(step / period), 0.0)
    return step - turns * xp.where(xp.isfinite(period), period, 0.0)


def wrapped(y: Any, lower: Any, upper: Any, period: Any) -> Any:
    """Points `(…, d)` with angles in `[lower, upper)`; as they are where the period is None."""
    if period is None:
        return y
    xp, lower, upper, period = _like(y, lower, upper, period)
    is_angle = xp.isfinite(period)
    safe = xp.where(is_angle, period, 1.0)
    turns = xp.floor(xp.where(is_angle, (y - lower) / safe, 0.0))
    turned = y - turns * xp.where(is_angle, period, 0.0)
    # Rounding can leave a point just outside the half-open interval, at either end.
    turned = xp.where(is_angle & (turned < lower), lower, turned)
    return xp.where(is_angle & (turned >= upper), lower, turned)


def _like(y: Any, *numbers: Any) -> tuple[Any, ...]:
    """The array module of `y`, and numbers for its rows as arrays of its dtype."""
    xp = np if isinstance(y, np.ndarray) else jnp
    return xp, *(for_rows(xp.asarray(b, dtype=y.dtype), y) for b in numbers)
