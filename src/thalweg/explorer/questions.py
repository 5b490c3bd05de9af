"""Questions of a page to Python: complete searches, bifurcation diagrams, a field on a grid."""

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.analysis import BifurcationDiagram, bifurcation_diagram, find_equilibria
from thalweg.core.checks import check_count
from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.explorer.system import PlanarSystem

# A page of this many nodes a side is sharper than any screen shows, and still quick to send.
_MOST_NODES = 512
_MOST_POINTS = 300  # of a branch, on a drawing of 600 pixels
_DIGITS = 7  # significant, more than a screen resolves: the page stays small


def searched_equilibria(system: PlanarSystem, values: Any, view: Any) -> list[list[float]]:
    """The equilibria of a complete search, in the coordinates of the page.

    Arguments:
        system: the system.
        values: of its sliders, one number each.
        view: left, right, bottom and top of the page's window.

    Raises:
        InputError: the numbers are not of that shape, or the rule cannot be searched there.
    """
    domain = region(system, values, view)
    chart = domain.chart()
    found = find_equilibria(system.at(_numbers("values", values, len(system.sliders))).rule, domain)
    return [np.asarray(chart.coordinates(e.state), dtype=float).tolist() for e in found]


def region(system: PlanarSystem, values: Any, view: Any) -> Domain:
    """The part of the state space that a window shows; angles go all the way round."""
    chart = system.problem.chart
    window = _numbers("view", view, 4).reshape(2, 2)[: chart.dimension]
    if np.any(window[:, 0] >= window[:, 1]):
        raise InputError(f"view must be left < right, bottom < top, got {list(map(float, view))}.")
    if not chart.is_product:
        return system.domain
    values = _numbers("values", values, len(system.sliders))
    lower = np.zeros(chart.layout.size)
    lower[list(chart.held_at)] = list(chart.held_at.values())
    for slider, value in zip(system.sliders, values, strict=True):
        if slider.coordinate is not None:
            lower[slider.coordinate] = value
    upper, turns = lower.copy(), np.zeros(len(lower), dtype=bool)
    for axis, index in enumerate(chart.indices):
        turns[index] = chart.angles[axis]
        ends = window[axis]
        if turns[index]:
            ends = np.array([b[axis] for b in chart.bounds], dtype=float)
        lower[index], upper[index] = ends
    flat = chart.layout.unflatten
    return Box(flat(lower), flat(upper), flat(turns))


def diagram_data(
    system: PlanarSystem, name: str, span: Sequence[float], values: Any = None
) -> dict[str, Any]:
    """The bifurcation diagram over a parameter, as a page draws it.

    Arguments:
        system: the system; its whole region is searched.
        name: of the parameter.
        span: from where to where.
        values: of all sliders; None: those to begin with.

    Raises:
        InputError: there is no such parameter, or it cannot be varied.
    """
    by_name = {s.name: s for s in system.sliders if not s.is_held}
    if name not in by_name:
        known = ", ".join(by_name) or "none"
        raise InputError(f"{system.name} has no parameter {name!r} to vary; it has {known}.")
    begun = [s.value for s in system.sliders]
    values = _numbers("values", begun if values is None else values, len(begun))
    chart = system.problem.chart
    domain = region(system, values, system.window)
    rule = system.at(values).rule
    ends = _numbers("range", span, 2).tolist()
    return drawn_diagram(bifurcation_diagram(rule, by_name[name].path, ends, domain), name, chart)


def drawn_diagram(found: BifurcationDiagram, name: str, chart: Any) -> dict[str, Any]:
    """The numbers of the drawing of a diagram, at its resolution, JSON-ready.

    Arguments:
        found: the diagram.
        name: of the slider that moves along it.
        chart: of the page, whose coordinates are shown.
    """
    shown = list(chart.indices)
    data = found.data()
    branches = []
    for branch in data["branches"]:
        count = len(branch["values"])
        kept = np.unique(np.linspace(0, count - 1, min(count, _MOST_POINTS)).round().astype(int))
        flat = np.asarray(branch["states"], dtype=float).reshape(count, -1)[kept][:, shown]
        extremes = branch["extremes"]
        ends = None if extremes is None else np.asarray(extremes, dtype=float)[kept][:, shown]
        branches.append(
            {
                "of": branch["of"],
                "values": _rounded(np.asarray(branch["values"])[kept]),
                "states": _rounded(flat),
                "stable": [bool(branch["stable"][k]) for k in kept],
                "extremes": None if ends is None else _rounded(ends),
            }
        )
    points = [
        {
            "kind": b["kind"],
            "value": b["value"],
            "state": np.ravel(np.asarray(b["state"], dtype=float))[shown].tolist(),
        }
        for b in data["bifurcations"]
    ]
    spans = [float(end) for end in data["range"]]
    return {"parameter": name, "range": spans, "bifurcations": points, "branches": branches}


def _rounded(array: np.ndarray) -> Any:
    digits = np.vectorize(lambda x: float(f"{x:.{_DIGITS}g}"), otypes=[float])
    return digits(array).tolist() if array.size else array.tolist()


def sampled_field(
    system: PlanarSystem, values: Any, time: float, view: Any, count: int, rows: int
) -> np.ndarray:
    """The displacement on a grid of the window, float32, shape `(rows, count, d)`.

    Raises:
        InputError: the numbers are not of that shape.
    """
    check_count("count", count)
    check_count("rows", rows)
    if max(count, rows) > _MOST_NODES:
        raise InputError(f"count, rows: at most {_MOST_NODES} nodes a side, got {count} × {rows}.")
    (time,) = _numbers("time", [time], 1)
    left, right, bottom, top = _numbers("view", view, 4)
    values = _numbers("values", values, len(system.sliders))
    across, up = np.linspace(left, right, count), np.linspace(bottom, top, rows)
    dimension = system.problem.chart.dimension
    grid = np.stack(np.meshgrid(across, up), axis=-1)[..., :dimension]
    with jax.enable_x64(True):
        found = _field(system.at(values), np.float64(time), grid.reshape(-1, dimension))
    return np.asarray(found, dtype=np.float32).reshape(rows, count, dimension)


@eqx.filter_jit
def _field(problem: Any, time: Any, points: Any) -> Any:
    t = time.astype(problem.rule.time_dtype(np.float64))
    return jax.vmap(lambda y: problem.displacement(y, t))(points)


def _numbers(name: str, values: Any, count: int) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name} must be {counted(count, 'number')}, got {values!r}.") from error
    if array.shape != (count,) or not np.all(np.isfinite(array)):
        raise InputError(f"{name} must be {counted(count, 'finite number')}, got {values!r}.")
    return array


def stored_diagrams(
    system: PlanarSystem, vary: Mapping[str, Sequence[float]]
) -> dict[str, dict[str, Any]]:
    """The diagrams that a file carries, for the values to begin with."""
    return {name: diagram_data(system, name, span) for name, span in vary.items()}
