"""Bifurcation diagrams: a coordinate of every equilibrium against a parameter."""

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.analysis import Bifurcation, BifurcationDiagram, Branch
from thalweg.core.errors import InputError
from thalweg.plot.given import check_found
from thalweg.plot.labels import place_labels
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    name_heights,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Shape as well as colour tells the kinds apart, in grey print too.
_MARKERS: dict[str, dict[str, Any]] = {
    "fold": {"marker": "o", "markerfacecolor": ORANGE},
    "transcritical": {"marker": "X", "markerfacecolor": SKY},
    "pitchfork": {"marker": "D", "markerfacecolor": GREEN},
    "hopf": {"marker": "s", "markerfacecolor": VERMILLION},
    "flip": {"marker": "^", "markerfacecolor": PURPLE},
    "neimark-sacker": {"marker": "v", "markerfacecolor": YELLOW},
    "cycle-fold": {"marker": "o", "markerfacecolor": "white"},
    "cycle-flip": {"marker": "^", "markerfacecolor": "white"},
    "torus": {"marker": "v", "markerfacecolor": "white"},
    "degenerate": {"marker": "P", "markerfacecolor": "white"},
}
_CALLED = {
    "hopf": "Hopf",
    "neimark-sacker": "Neimark–Sacker",
    "cycle-fold": "fold of cycles",
    "cycle-flip": "flip of a cycle",
}
# The share of the largest spread that a coordinate needs to be shown before the later ones: at half
# of it the branches are still told apart.
_ENOUGH = 0.5
# Points of dash and gap, from the first: the field's sign of what is unstable.
_DASHED = (0, (5, 3))
_LOOKS: dict[tuple[str, bool], dict[str, Any]] = {
    ("equilibria", True): {"color": BLUE, "linewidth": 1.9, "label": "stable"},
    ("equilibria", False): {
        "color": INK, "linewidth": 1.2, "linestyle": _DASHED, "label": "unstable",
    },
    ("cycles", True): {"color": PURPLE, "linewidth": 1.9, "label": "stable cycles (extremes)"},
    ("cycles", False): {
        "color": PURPLE, "linewidth": 1.2, "linestyle": _DASHED, "label": "unstable cycles",
    },
}  # fmt: skip


def branch_lines(
    diagram: BifurcationDiagram, coordinate: int | str | None = None
) -> tuple[str, list[tuple[np.ndarray, np.ndarray, bool, str]]]:
    """The lines of a bifurcation diagram: its parts of one stability, cycles by their extremes.

    Arguments:
        diagram: what `bifurcation_diagram` returned.
        coordinate: which coordinate, by name or index; None chooses as `bifurcation_diagram` does.

    Returns:
        The name of the coordinate, and for each line the parameter, the coordinate, whether it is
        stable, and of what it is: `"equilibria"` or `"cycles"`.

    Raises:
        InputError: there is no such coordinate.
    """
    index = _index(diagram, coordinate)
    lines = []
    for branch in diagram.branches:
        for values in _heights(diagram, branch, index):
            lines += [
                (branch.values[part], values[part], stable, branch.of)
                for part, stable in branch.runs()
            ]
    return diagram.about.names[index], sorted(
        lines, key=lambda line: (line[3] == "cycles", not line[2])
    )


def bifurcation_diagram(
    diagram: BifurcationDiagram,
    coordinate: int | str | None = None,
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw a coordinate of every equilibrium against the parameter, and mark the bifurcations.

    Stable branches are solid, unstable ones dashed; marks tell the kinds of bifurcations apart, and
    carry the value of the parameter.

    Arguments:
        diagram: what `thalweg.bifurcation_diagram` returned.
        coordinate: which coordinate to show, by name or index; None chooses the first that
            varies along the branches, for the width of the domain, at least half as much as the one
            that varies most.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: there is no such coordinate.

    Example:
        >>> import thalweg as tw
        >>> system = tw.models.FitzHughNagumo()
        >>> found = tw.bifurcation_diagram(system, "current", (0.0, 1.8), slices=2, checks=1)
        >>> ax = tw.plot.bifurcation_diagram(found)
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('current', 'v')
    """
    check_found("diagram", diagram, BifurcationDiagram, "bifurcation_diagram")
    paper = make_paper(ax, width, legend)
    axes = paper.axes(width=4.8, height=4.0)
    index = _index(diagram, coordinate)
    name, lines = branch_lines(diagram, index)
    for x, y, stable, of in lines:
        axes.plot(x, y, zorder=3, **_LOOKS[of, stable])
    axes.set_xlim(*diagram.range)
    axes.set_xlabel(diagram.parameter)
    name_heights(axes, name)
    points, texts = [], []
    for found in diagram.bifurcations:
        point = (found.value, _height(diagram, found, index))
        axes.plot(
            *point, linestyle="none", markersize=7, markeredgecolor=INK, markeredgewidth=1.1,
            zorder=8, clip_on=False, label=_CALLED.get(found.kind, found.kind),
            **_MARKERS[found.kind],
        )  # fmt: skip
        if point not in points:
            points.append(point)
            texts.append(f"{found.value:.4g}")
    paper.explain(axes, columns=4)
    if points:
        curves = np.concatenate([np.column_stack([x, y]) for x, y, *_ in lines])
        place_labels(axes, np.array(points), texts, curves[np.all(np.isfinite(curves), axis=1)])
    return axes


def _index(diagram: BifurcationDiagram, coordinate: int | str | None) -> int:
    names = diagram.about.names
    if coordinate is None:
        return _first_varied(diagram)
    if isinstance(coordinate, int) and -len(names) <= coordinate < len(names):
        return coordinate % len(names)
    if coordinate in names:
        return names.index(coordinate)
    raise InputError(
        f"coordinate must be one of {', '.join(names)}, or its index; got {coordinate!r}."
    )


def _first_varied(diagram: BifurcationDiagram) -> int:
    if not diagram.branches:
        return 0
    resting = [branch.states for branch in diagram.branches if branch.extremes is None]
    reached = [b.extremes for b in diagram.branches if b.extremes is not None]
    states = np.concatenate([*resting, *(part for e in reached for part in (e[..., 0], e[..., 1]))])
    spread = np.ptp(states, axis=0)
    domain = diagram.about.domain
    if domain is not None and domain.chart().is_whole:
        spread = spread / np.asarray(domain.chart().widths)
    return int(np.argmax(spread >= _ENOUGH * np.max(spread)))


def _heights(diagram: BifurcationDiagram, branch: Branch, index: int) -> list[np.ndarray]:
    """A coordinate along a branch; of cycles its least and its largest value."""
    if branch.extremes is not None:
        return [branch.extremes[:, index, 0], branch.extremes[:, index, 1]]
    return [_unbroken(diagram, branch, index)]


def _height(diagram: BifurcationDiagram, found: Bifurcation, index: int) -> float:
    """The height at which a bifurcation is marked; one of cycles on their largest values."""
    state = np.asarray(diagram.about.layout.flatten(found.state))
    for branch in diagram.branches:
        if branch.extremes is None:
            continue
        for k in branch.marks:
            if branch.values[k] == found.value and np.array_equal(branch.states[k], state):
                return float(branch.extremes[k, index, 1])
    return float(state[index])


def _unbroken(diagram: BifurcationDiagram, branch: Branch, index: int) -> np.ndarray:
    """A coordinate along a branch, with a gap where an angle jumps by its period."""
    values, domain = branch.states[:, index].copy(), diagram.about.domain
    if domain is None or not domain.chart().is_whole:
        return values
    period = np.asarray(domain.chart().period)[index]
    jumps = np.abs(np.diff(values, append=values[-1])) > 0.5 * period
    values[jumps] = np.nan
    return values
