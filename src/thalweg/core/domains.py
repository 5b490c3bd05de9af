"""Domains: the region of state space in which a question is asked.

A domain gives every analysis the same four things: an example state, random starts, whether a state
lies inside, and *coordinates* in which nothing is redundant (a `Chart`): the free coordinates of a
box, the first n − 1 of a simplex.
"""

import numbers
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core import html
from thalweg.core.arguments import Frozen
from thalweg.core.charts import BoxChart, Chart
from thalweg.core.errors import InputError
from thalweg.core.shares import check_shares
from thalweg.core.simplex_charts import SimplexChart
from thalweg.core.tables import RAISED, capitalized
from thalweg.core.trees import Layout, is_integer

_BOUNDS_SHOWN = 4  # what a line of 80 columns holds


class Domain(Frozen):
    """A region of state space (abstract).

    For developers: implement `layout` and `chart`; analysis asks the chart for the rest.
    """

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """The layout of the states that this domain holds."""

    @abstractmethod
    def chart(self) -> Chart:
        """The coordinates of this domain; built on the host."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The domain as JSON-ready data: at least `lower` and `upper`, flat lists."""

    @property
    @abstractmethod
    def words(self) -> str:
        """The domain in a few words, such as `the box [0, 1] × [0, 2]`."""

    def __repr__(self) -> str:
        if not all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(self)):
            return eqx.tree_pformat(self)  # inside a trace there are no numbers to show
        return capitalized(self.words)

    @property
    def title(self) -> str:
        """The domain in a line."""
        return repr(self)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The bounds, one coordinate a row."""
        data = self.to_dict()
        bounds = zip(self.layout.labels(), data["lower"], data["upper"], strict=True)
        rows = [[name, f"{low:.6g}", f"{high:.6g}"] for name, low, high in bounds]
        return ["coordinate", "from", "to"], rows

    def remarks(self) -> list[str]:
        """Nothing: the title and the table say it all."""
        return []

    def _repr_html_(self) -> str:
        return html.fragment(repr(self))


class Box(Domain):
    """All states between `lower` and `upper`, both included.

    Arguments:
        lower: the lower bounds: an array, or a pytree of arrays shaped like the state.
        upper: the upper bounds, of the same structure. Equal bounds fix a coordinate: the box is
            then a slice, and questions are answered in the remaining coordinates.
        periodic: `True` where a coordinate is an angle, whose period is the width of the box: a
            single truth value, or one a coordinate. Points are then compared modulo the period.

    A box with plain numbers for bounds serves any state of which exactly one shape fits the rule.

    Raises:
        InputError: a bound is not finite, `lower` exceeds `upper`, or the structures differ.

    Example:
        >>> import thalweg as tw
        >>> tw.Box([-3.0, -3.0], [3.0, 3.0]).dimension
        2
    """

    lower: Any
    upper: Any
    periodic: Any = False

    def __init__(self, lower: Any, upper: Any = None, periodic: Any = False):
        if upper is None and lower is not None:
            raise InputError(
                f"Box: give two corners, the lower and the upper, got only {lower!r}: "
                f"{_corners(lower)}."
            )
        self.lower = _bounds("lower", lower)
        self.upper = _bounds("upper", upper)
        if Layout.of(self.lower) != Layout.of(self.upper):
            raise InputError(
                f"Box: lower and upper must have the same structure and shapes, got "
                f"{_shapes(self.lower)} and {_shapes(self.upper)}."
            )
        _refuse_pairs(self.lower, self.upper)
        self.periodic = _switches(periodic, self.lower)
        low, high = self.layout.flatten(self.lower), self.layout.flatten(self.upper)
        if np.any(low > high):
            i = int(np.argmax(low > high))
            raise InputError(
                f"Box: lower must not exceed upper, got {low[i]} > {high[i]} for "
                f"{self.layout.labels()[i]}. Swap the two bounds."
            )

    @property
    def layout(self) -> Layout:
        """The layout of the states that this box holds."""
        return Layout.of(self.lower)

    @property
    def dimension(self) -> int:
        """The number of coordinates of a state (fixed ones included)."""
        return self.layout.size

    @property
    def is_scalar(self) -> bool:
        """True if the bounds are a single pair of plain numbers."""
        return self.layout == Layout.of(0.0)

    def like(self, layout: Layout) -> "Box":
        """This single pair of bounds repeated for every coordinate of `layout`."""
        ones = layout.unflatten(np.ones(layout.size))

        def fill(value: Any) -> Any:
            return jax.tree.map(lambda one: np.full(np.shape(one), value), ones)

        return Box(fill(self.lower), fill(self.upper), fill(self.periodic))

    def chart(self) -> BoxChart:
        """The free coordinates of this box."""
        lower, upper = (self.layout.flatten(t) for t in (self.lower, self.upper))
        periodic = self.layout.flatten(self.periodic).astype(bool)
        free = tuple(int(i) for i in np.flatnonzero(upper > lower))
        if not free:
            raise InputError(
                "Box: every coordinate has zero width, so nothing is left to search; widen one."
            )
        index = np.asarray(free)
        width = upper[index] - lower[index]
        return BoxChart(
            layout=self.layout,
            free=free,
            held=lower,
            lower=lower[index],
            upper=upper[index],
            turn=np.where(periodic[index], width, np.inf),
        )

    def to_dict(self) -> dict[str, Any]:
        """`lower` and `upper` as flat lists (and `periodic`, where any coordinate is)."""
        data: dict[str, Any] = {
            "lower": self.layout.flatten(self.lower).tolist(),
            "upper": self.layout.flatten(self.upper).tolist(),
        }
        periodic = self.layout.flatten(self.periodic).astype(bool)
        return data | ({"periodic": periodic.tolist()} if periodic.any() else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Box":
        """The box that `to_dict` wrote, of states that are one vector.

        Of nested states `About.from_dict` gives it back: it knows how they are nested.
        """
        return cls(data["lower"], data["upper"], data.get("periodic", False))

    @property
    def words(self) -> str:
        """The bounds of its coordinates; the first few where there are many."""
        data = self.to_dict()
        angle = data.get("periodic", [False] * self.dimension)
        shown = [
            f"{low:.4g}" if low == high else f"[{low:.4g}, {high:.4g}{')' if turns else ']'}"
            for low, high, turns in zip(data["lower"], data["upper"], angle, strict=True)
        ]
        turning = ""
        if any(angle):
            turning = ", all angles" if all(angle) else f", {_many(sum(angle), 'angle')} among them"
        if len(set(shown)) == 1 and len(shown) > 2:
            return f"the box {shown[0]}{str(len(shown)).translate(RAISED)}{turning}"
        few = [*shown[:_BOUNDS_SHOWN], *(["…"] if len(shown) > _BOUNDS_SHOWN else [])]
        return f"the box {' × '.join(few)}{turning}"


class ProbabilitySimplex(Domain):
    """All `x` of shape `(n,)` with `x ≥ 0` and `Σx = 1`; starts are drawn uniformly.

    Questions are answered in the first n − 1 coordinates, so a rule must keep Σx constant.

    Raises:
        InputError: fewer than two coordinates.
    """

    size: int = eqx.field(static=True)

    def __init__(self, size: int):
        if not is_integer(size) or size < 2:
            raise InputError(
                f"ProbabilitySimplex: size must be a whole number, at least 2, got {size!r}."
            )
        self.size = size

    @property
    def layout(self) -> Layout:
        """The layout of the states: one vector."""
        return Layout.of(np.zeros(self.size))

    def chart(self) -> SimplexChart:
        """The first n − 1 coordinates."""
        return SimplexChart(self.layout)

    def check_state(self, state: Any, name: str = "state") -> None:
        """Refuse what is not on the simplex.

        Raises:
            InputError: a share is negative, or the sum is not one, beyond rounding.
        """
        check_shares("ProbabilitySimplex", state, name)

    def to_dict(self) -> dict[str, Any]:
        """The bounds of each coordinate, and `sum`, the constant that the coordinates add up to."""
        return {"lower": [0.0] * self.size, "upper": [1.0] * self.size, "sum": 1.0}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ProbabilitySimplex":
        """The simplex that `to_dict` wrote."""
        return cls(len(data["lower"]))

    @property
    def words(self) -> str:
        """The number of coordinates, in words."""
        return f"the simplex of {self.size} coordinates"


def _refuse_pairs(lower: Any, upper: Any) -> None:
    """Refuse two pairs of bounds, one a coordinate, in the place of two corners."""
    if not all(
        isinstance(corner, np.ndarray) and corner.shape == (2,) for corner in (lower, upper)
    ):
        return
    rise = lower[0] < lower[1] and upper[0] < upper[1]
    if rise and (np.all(lower == upper) or np.any(lower > upper)):
        first, last = ([float(lower[i]), float(upper[i])] for i in (0, 1))
        raise InputError(
            f"Box: lower must not exceed upper, got {lower[0]} and {upper[0]} for x[0]. A box is "
            f"given by its lower corner and its upper corner, not by a pair a coordinate: "
            f"Box({first}, {last})."
            if lower[0] > upper[0] or lower[1] > upper[1]
            else f"Box: every coordinate has zero width. A box is given by its lower corner and "
            f"its upper corner, not by a pair a coordinate: Box({first}, {last})."
        )


def _corners(given: Any) -> str:
    """The call that was meant by pairs of bounds, one a coordinate; of anything else an example."""
    try:
        pairs: Any = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        pairs = np.zeros(())
    if pairs.ndim == 1 and len(pairs) == 2:
        return f"Box({pairs[0]}, {pairs[1]})"
    if pairs.ndim == 2 and pairs.shape[1] == 2:
        return f"Box({pairs[:, 0].tolist()}, {pairs[:, 1].tolist()})"
    return "Box([-3, -3], [3, 3])"


def _many(count: int, noun: str) -> str:
    return f"{'one' if count == 1 else count} {noun}{'' if count == 1 else 's'}"


def _bounds(name: str, value: Any) -> Any:
    """Lists of numbers are arrays, not pytrees: only dicts, tuples of arrays and modules nest."""

    def is_plain(node: Any) -> bool:
        return isinstance(node, list) or (
            isinstance(node, tuple) and all(isinstance(x, numbers.Real) for x in node)
        )

    def convert(leaf: Any) -> np.ndarray:
        try:
            array = np.array(leaf, dtype=np.float64)
            is_text = np.asarray(leaf).dtype.kind in "US"
        except (TypeError, ValueError) as error:
            raise InputError(f"Box: {name} must hold numbers, got {leaf!r}.") from error
        if is_text:
            raise InputError(f"Box: {name} must hold numbers, got {leaf!r}.")
        if not np.all(np.isfinite(array)):
            raise InputError(
                f"Box: {name} must be finite, got {leaf!r}. A search needs a bounded region."
            )
        return array

    bounds = jax.tree.map(convert, value, is_leaf=is_plain)
    if Layout.of(bounds).size == 0:
        raise InputError(f"Box: {name} must hold at least one number, got {value!r}.")
    return bounds


def _switches(periodic: Any, like: Any) -> Any:
    if isinstance(periodic, bool | np.bool_):
        return jax.tree.map(lambda b: np.full(b.shape, bool(periodic)), like)
    leaves, treedef = jax.tree.flatten(like)
    try:
        parts = [periodic] if treedef == Layout.of(0.0).treedef else treedef.flatten_up_to(periodic)
        switches = [
            np.broadcast_to(part, bound.shape) for part, bound in zip(parts, leaves, strict=True)
        ]
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Box: periodic must be True, False or shaped like the bounds, {_shapes(like)}, "
            f"got {periodic!r}."
        ) from error
    if any(switch.dtype != bool for switch in switches):
        raise InputError(f"Box: periodic must hold truth values, got {periodic!r}.")
    return jax.tree.unflatten(treedef, [switch.copy() for switch in switches])


def _shapes(tree: Any) -> Any:
    return jax.tree.map(np.shape, tree)
