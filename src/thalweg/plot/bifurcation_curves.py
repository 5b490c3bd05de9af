"""Two-parameter diagrams: curves of bifurcations in the plane of two parameters."""

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.analysis import BifurcationCurves
from thalweg.plot.given import check_found
from thalweg.plot.labels import place_labels
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.style import BLUE, GREEN, INK, ORANGE, PURPLE, name_heights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Dashes in units of the line's width, as in diagrams over one parameter.
_DASHED = (0, (5, 3))
_LOOKS: dict[tuple[str, bool | None], dict[str, Any]] = {
    ("fold", None): {"color": INK, "linewidth": 1.7, "label": "fold"},
    ("hopf", True): {"color": BLUE, "linewidth": 1.9, "label": "Hopf (cycle attracts)"},
    ("hopf", False): {
        "color": BLUE, "linewidth": 1.4, "linestyle": _DASHED, "label": "Hopf (cycle repels)",
    },
    ("flip", True): {"color": PURPLE, "linewidth": 1.9, "label": "flip (2-cycle attracts)"},
    ("flip", False): {
        "color": PURPLE, "linewidth": 1.4, "linestyle": _DASHED, "label": "flip (2-cycle repels)",
    },
    ("neimark-sacker", None): {"color": GREEN, "linewidth": 1.9, "label": "Neimark–Sacker"},
}  # fmt: skip
# Shape tells the kinds apart, in grey print too; each is named beside its mark.
_MARKERS = {
    "cusp": "D", "bogdanov-takens": "s", "generalised-hopf": "^", "generalised-flip": "^",
    "resonance-1-1": "s", "resonance-1-2": "p",
}  # fmt: skip


def curve_lines(
    found: BifurcationCurves,
) -> list[tuple[np.ndarray, np.ndarray, str, bool | None]]:
    """The lines of a two-parameter diagram.

    Arguments:
        found: what `thalweg.bifurcation_curves` returned.

    Returns:
        For each line both parameters, the kind, and whether what is born there attracts (None where
        nothing is born, or no coefficient is computed).
    """
    return [
        (*curve.values[part].T, curve.kind, attracts)
        for curve in found.curves
        for part, attracts in curve.runs()
    ]


def bifurcation_curves(
    found: BifurcationCurves,
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw curves of bifurcations in the plane of two parameters, and name the special points.

    Colours tell the kinds apart; of Hopf points and flips the line is solid where what is born
    there attracts, and dashed where it repels.

    Arguments:
        found: what `thalweg.bifurcation_curves` returned.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Example:
        >>> import thalweg as tw
        >>> class Cusp(tw.Flow):
        ...     h: float = 0.0
        ...     r: float = 1.0
        ...     def velocity(self, t, state):
        ...         return self.h + self.r * state - state**3
        >>> plane = {"h": (-1.0, 1.0), "r": (-1.0, 1.0)}
        >>> found = tw.bifurcation_curves(Cusp(), plane, tw.Box([-2.0], [2.0]), lines=2)
        >>> ax = tw.plot.bifurcation_curves(found)
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('h', 'r')
    """
    check_found("found", found, BifurcationCurves, "bifurcation_curves")
    paper = make_paper(ax, width, legend)
    axes = paper.axes(width=4.8, height=4.2)
    lines = curve_lines(found)
    for x, y, kind, attracts in lines:
        axes.plot(x, y, zorder=3, **_LOOKS[kind, attracts])
    axes.set_xlim(*found.ranges[0])
    axes.set_ylim(*found.ranges[1])
    axes.set_xlabel(found.parameters[0])
    name_heights(axes, found.parameters[1])
    for point in found.points:
        axes.plot(
            *point.values, linestyle="none", marker=_MARKERS.get(point.kind, "o"), markersize=7,
            markerfacecolor=ORANGE, markeredgecolor=INK, markeredgewidth=1.1, zorder=8,
            clip_on=False,
        )  # fmt: skip
    paper.explain(axes, columns=3)
    if found.points:
        curves = np.concatenate([np.column_stack([x, y]) for x, y, *_ in lines])
        places = np.array([point.values for point in found.points])
        place_labels(axes, places, [point.name for point in found.points], curves)
    return axes
