"""A system as a page knows it: names, numbers, and its functions in JavaScript."""

import base64
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.declared import declared_energy, declared_names
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.parameters import holds_parameter
from thalweg.dynamics import Problem, Rule, SteepestDescent, make_problem
from thalweg.explorer.printing.blocks import NoFormulasError
from thalweg.explorer.printing.printer import Printed, print_function

# What has more entries is no row of sliders: its numbers are written into the page.
MOST_ENTRIES = 16
MOST_SLIDERS = 32  # of a page, which more would fill
# Nodes a side of an energy that is given: between them a page interpolates by cubics.
ENERGY_NODES = 97
_LANES = 512  # nodes whose energy is computed together: a bound on memory


@dataclass(frozen=True)
class Slider:
    """A number that the page lets change.

    Attributes:
        name: a dotted path, as `--set` names it, or the name of a coordinate that is held.
        value: to begin with.
        lower: the left end of the slider.
        upper: the right end.
        is_held: whether it is a coordinate of the state, not a parameter.
        path: of a parameter, its path in the rule.
        coordinate: of one that is held, its place in the state.
    """

    name: str
    value: float
    lower: float
    upper: float
    is_held: bool = False
    path: str = ""
    coordinate: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The slider as JSON-ready data."""
        return {
            "name": self.name, "value": self.value, "lower": self.lower, "upper": self.upper,
            "held": self.is_held, "path": self.path, "coordinate": self.coordinate,
        }  # fmt: skip


@dataclass(frozen=True)
class PlanarSystem:
    """A rule with one or two free coordinates, and what a page is told of it.

    Attributes:
        name: what it is called.
        problem: the rule in the coordinates of the domain, in float64.
        domain: the region.
        axes: the names of the free coordinates.
        sliders: what can change: parameters, then coordinates that are held.
        places: for each leaf of the problem that can change, where its entries stand in `p`; None
            for the others.
        functions: `displacement`, `jacobian` and `energy` in JavaScript; empty without formulas.
        reason: why there are none, or empty.
        energy_note: of which energy it is, or why none is shown.
        energy_grid: one that belongs to the values to begin with, on nodes of the region, shape
            `(rows, columns)`; None without.
    """

    name: str
    problem: Problem
    domain: Domain
    axes: tuple[str, ...]
    sliders: tuple[Slider, ...]
    places: tuple[np.ndarray | None, ...]
    functions: tuple[Printed, ...]
    reason: str = ""
    energy_note: str = ""
    energy_grid: np.ndarray | None = None

    @property
    def uses_time(self) -> bool:
        """True if the rule depends on time."""
        return any(f.uses_time for f in self.functions if f.name == "displacement")

    @property
    def window(self) -> list[float]:
        """Left, right, bottom and top of the whole region; of a line from −1 to 1."""
        lower, upper = (np.asarray(b, dtype=float) for b in self.problem.chart.bounds)
        ends = np.stack([lower, upper], axis=1).ravel().tolist()
        return [*ends, -1.0, 1.0][:4]

    def at(self, values: Any) -> Problem:
        """The problem with other numbers on its sliders."""
        return _rebuilt(self.problem, self.places, np.asarray(values, dtype=float))

    def spanning(self, ranges: Mapping[str, Sequence[float]]) -> "PlanarSystem":
        """The system with sliders that span these ranges, by their names, and their values."""
        sliders = [
            replace(s, lower=min(s.value, *ranges[s.name]), upper=max(s.value, *ranges[s.name]))
            if s.name in ranges
            else s
            for s in self.sliders
        ]
        return replace(self, sliders=tuple(sliders))

    def code(self) -> str:
        """The functions as one JavaScript object."""
        return "{\n" + "\n".join(f.text() for f in self.functions) + "\n}"

    def to_dict(self) -> dict[str, Any]:
        """The data of the page, JSON-ready."""
        chart = self.problem.chart
        lower, upper = (np.asarray(b, dtype=float) for b in chart.bounds)
        period = [float(p) if np.isfinite(p) else None for p in np.asarray(chart.period)]
        rule = self.problem.rule
        return {
            "name": self.name,
            "rule": rule.rule_kind,
            "axes": list(self.axes),
            "lower": lower.tolist(),
            "upper": upper.tolist(),
            "period": period,
            "simplex": chart.is_simplex,
            "sliders": [s.to_dict() for s in self.sliders],
            "time": self.uses_time,
            "energy": self.energy_note,
            "energyGrid": _packed(self.energy_grid),
            "reason": self.reason,
            "duration": 100.0,
            "whole": _whole(self.domain, chart),
        }


def _packed(grid: np.ndarray | None) -> dict[str, Any] | None:
    """A grid of float32 as text."""
    if grid is None:
        return None
    data = base64.b64encode(grid.astype("<f4").tobytes()).decode()
    return {"rows": grid.shape[0], "columns": grid.shape[1], "data": data}


def _whole(domain: Domain, chart: Any) -> dict[str, Any]:
    """The domain with the coordinates that are held, as a script writes it."""
    data = domain.to_dict()
    size = chart.layout.size
    return {
        "lower": data["lower"],
        "upper": data["upper"],
        "free": list(chart.indices),
        "periodic": data.get("periodic", [False] * size),
        "isScalar": chart.layout.shapes == ((),),
        "isVector": len(chart.layout.shapes) == 1,
    }


def read_system(
    system: Any,
    domain: Domain | None = None,
    *,
    energy: Callable[[Any], Any] | None = None,
    energy_note: str = "",
    name: str = "",
) -> PlanarSystem:
    """Read a rule (or an energy, which means its steepest descent) for a page.

    Arguments:
        system: a Flow or a Map, or a callable energy.
        domain: the region; None: the declared one. Of a state of more than two coordinates all but
            two must have equal bounds: the page shows that slice.
        energy: shown where the rule declares none, as it is for the values that the rule has.
        energy_note: whose energy that is.
        name: what the page calls the system.

    Raises:
        InputError: the rule is random or does not fit, or more than two coordinates are free.
    """
    rule = system
    if not isinstance(system, Rule) and callable(system) and not inspect.isclass(system):
        rule = SteepestDescent(system)
    with jax.enable_x64(True):
        problem, domain = make_problem(rule, domain)
        chart = problem.chart
        names = declared_names(rule, chart.layout)
        if not (chart.is_product or chart.is_simplex):
            raise InputError(f"explore: a page shows boxes and simplices, not {domain.words}.")
        if chart.dimension > 2:
            raise InputError(_too_many(names, chart))
        prefix = "" if rule is system else "energy."
        sliders, places = _sliders(problem, names, prefix)
        made = PlanarSystem(
            name or type(system).__name__,
            problem,
            domain,
            tuple(names[i] for i in chart.indices),
            sliders,
            places,
            (),
        )
        try:
            functions = tuple(_functions(made))
        except NoFormulasError as error:
            return replace(made, reason=str(error))
        made = replace(made, functions=functions)
        return _with_energy(made, rule, energy, energy_note)


def _too_many(names: list[str], chart: Any) -> str:
    free = [names[i] for i in chart.indices]
    shown = ", ".join(free[:6]) + (" and more" if len(free) > 6 else "")
    return (
        f"explore: a page shows one or two coordinates, this system has {len(free)} free ones "
        f"({shown}). Name a plane: hold the others by equal bounds of the domain, such as "
        f"Box([-1, -1, 0.5], [1, 1, 0.5]), or on the command line with --hold NAME=VALUE."
    )


def _sliders(
    problem: Problem, names: list[str], prefix: str
) -> tuple[tuple[Slider, ...], tuple[np.ndarray | None, ...]]:
    """The numbers that can change, and where each leaf of the problem finds its own."""
    found, _ = jax.tree_util.tree_flatten_with_path(problem)
    sliders: list[Slider] = []
    places: list[np.ndarray | None] = []
    for path, leaf in found:
        room, *keys = (jax.tree_util.keystr((key,), simple=True) for key in path)
        word = ".".join(keys)
        array = np.asarray(leaf) if eqx.is_array_like(leaf) else np.zeros((), dtype=object)
        is_held = (room, word) == ("chart", "held") and problem.chart.is_product
        is_parameter = room == "rule" and holds_parameter(problem.rule, keys)
        is_parameter = is_parameter and array.dtype.kind == "f" and array.size <= MOST_ENTRIES
        if is_held:
            places.append(_held_places(problem, names, sliders))
        elif is_parameter and len(sliders) + array.size <= MOST_SLIDERS:
            places.append(_parameter_places(word, prefix, array, sliders))
        else:
            places.append(None)
    return tuple(sliders), tuple(places)


def _parameter_places(
    path: str, prefix: str, array: np.ndarray, sliders: list[Slider]
) -> np.ndarray:
    made = np.empty(array.shape, dtype=int)
    for index in np.ndindex(array.shape):
        made[index] = len(sliders)
        entry = f"[{','.join(map(str, index))}]" if index else ""
        value = _shortest(array[index])
        name, whole = path.removeprefix(prefix) + entry, path + entry
        sliders.append(Slider(name, value, *_range(value), path=whole))
    return made


def _held_places(problem: Problem, names: list[str], sliders: list[Slider]) -> np.ndarray | None:
    chart = problem.chart
    if not chart.held_at:
        return None
    made = np.full(chart.layout.size, -1)
    for index, value in chart.held_at.items():
        if len(sliders) >= MOST_SLIDERS:
            break
        made[index] = len(sliders)
        sliders.append(Slider(names[index], value, *_range(value), is_held=True, coordinate=index))
    return made


def _shortest(value: Any) -> float:
    """A number of single precision as the decimals that it was written as."""
    single = np.float32(value)
    return float(str(single)) if np.float64(single) == value else float(value)


def _range(value: float) -> tuple[float, float]:
    """The ends of a slider: zero and twice the value."""
    if value == 0.0:
        return -1.0, 1.0
    return (0.0, 2.0 * value) if value > 0.0 else (2.0 * value, 0.0)


def _rebuilt(problem: Problem, places: tuple[np.ndarray | None, ...], p: Any) -> Problem:
    """The problem with the entries of `p` in their places."""
    leaves, treedef = jax.tree.flatten(problem)
    fresh = [
        leaf if place is None else _filled(leaf, place, p)
        for leaf, place in zip(leaves, places, strict=True)
    ]
    return jax.tree.unflatten(treedef, fresh)


def _filled(leaf: Any, place: np.ndarray, p: Any) -> Any:
    """A leaf with its entries from `p`; a place of −1 keeps what it was."""
    picked = p[np.maximum(place, 0)]
    if np.all(place >= 0):
        return picked
    xp = np if isinstance(p, np.ndarray) else jax.numpy
    return xp.where(place >= 0, picked, leaf)


def _functions(system: PlanarSystem) -> list[Printed]:

    def displacement(p: Any, t: Any, y: Any) -> Any:
        return _rebuilt(system.problem, system.places, p).displacement(y, _time(system, t))

    def jacobian(p: Any, t: Any, y: Any) -> Any:
        return jax.jacfwd(lambda z: displacement(p, t, z))(y)

    return [_print("displacement", displacement, system), _print("jacobian", jacobian, system)]


def _time(system: PlanarSystem, t: Any) -> Any:
    """The time as the rule counts it: a map counts steps."""
    return jax.numpy.asarray(t, system.problem.rule.time_dtype(np.float64))


def _print(name: str, fn: Callable[..., Any], system: PlanarSystem) -> Printed:
    count = len(system.sliders)
    values = np.array([s.value for s in system.sliders])
    dimension = system.problem.chart.dimension
    return print_function(name, fn, [values], [np.arange(count)], dimension)


def _with_energy(
    system: PlanarSystem, rule: Any, energy: Callable[[Any], Any] | None, note: str
) -> PlanarSystem:
    """The system with the energy that its rule declares, or else the given one on a grid."""
    if declared_energy(rule) is None:
        if energy is None:
            return system
        grid = _on_grid(system, energy)
        return replace(system, energy_grid=grid, energy_note=note or "given with the page")
    problem, places = system.problem, system.places

    def height(now: Problem, state: Any) -> Any:
        owned = declared_energy(now.rule)
        assert owned is not None
        return owned(state)

    def of_state(p: Any, t: Any, y: Any) -> Any:
        now = _rebuilt(problem, places, p)
        return height(now, now.chart.embed(y))

    def rise(p: Any, t: Any, y: Any) -> Any:
        now = _rebuilt(problem, places, p)
        state, time = now.chart.embed(y), _time(system, t)
        return jax.numpy.stack(now.rule.rise(lambda x: height(now, x), time, state))

    try:
        printed = (_print("energy", of_state, system), _print("rise", rise, system))
    except NoFormulasError as error:
        return replace(system, energy_note=f"not shown: {error}")
    functions = (*system.functions, *printed)
    return replace(system, functions=functions, energy_note="declared by the system")


def _on_grid(system: PlanarSystem, energy: Callable[[Any], Any]) -> np.ndarray:
    """An energy on nodes of the region, shape `(rows, columns)`: it may be a long program."""
    chart = system.problem.chart
    left, right, bottom, top = system.window
    rows = ENERGY_NODES if chart.dimension > 1 else 1
    across, up = np.linspace(left, right, ENERGY_NODES), np.linspace(bottom, top, rows)
    points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)[:, : chart.dimension]
    values = _heights(chart, energy, points)
    return np.asarray(values, dtype=np.float32).reshape(rows, ENERGY_NODES)


@eqx.filter_jit
def _heights(chart: Any, energy: Callable[[Any], Any], points: Any) -> Any:
    return jax.lax.map(lambda y: energy(chart.embed(y)), points, batch_size=_LANES)
