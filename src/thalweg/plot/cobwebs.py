"""Cobwebs: a map of the line and its iterates between the graph and the diagonal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.shapes import State
from thalweg.dynamics import Rule
from thalweg.plot.layers.cobweb import STEPS
from thalweg.plot.layers.cobweb import compute as compute_web
from thalweg.plot.layers.cycles import Loop
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.portrait_data import compute_layers
from thalweg.plot.portraits import draw_portrait
from thalweg.plot.scenes import Portrait, make_scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Cobweb:
    """A map of the line, and the steps of one orbit.

    Attributes:
        name: the coordinate.
        x: points, shape `(n,)`.
        step: where the map takes them, shape `(n,)`; NaN where it leaves what is finite, or jumps.
        web: the corners of the cobweb, shape `(2·steps, 2)`: from (x, x) up to the graph, and over
            to the diagonal.
        equilibria: `(place, kind)` of the fixed points.
        cycles: the cycles, each with its points in turn, shape `(n, 1)`.
        held: what is held fixed, in words.
    """

    name: str
    x: np.ndarray
    step: np.ndarray
    web: np.ndarray
    equilibria: list[tuple[float, str]]
    cycles: list[Loop]
    held: str = ""


def cobweb(
    rule: Rule,
    domain: Domain | None = None,
    *,
    start: State | None = None,
    steps: int = STEPS,
    equilibria: Equilibria | Sequence[Equilibrium] | None = None,
    cycles: Cycles | Sequence[Cycle] = (),
    ax: "Axes | None" = None,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw a map of the line: its graph, the diagonal, and the cobweb of an orbit.

    Arguments:
        rule: a `Map` of one coordinate.
        domain: what to show; None means the domain that the rule declares.
        start: the state where the orbit begins; None means a point of the domain.
        steps: how many steps of it to draw.
        equilibria: the fixed points; None means to find them, `()` to show none.
        cycles: the cycles of the map.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: the rule is no map of the line, or does not fit the domain.

    Example:
        >>> import thalweg as tw
        >>> ax = tw.plot.cobweb(tw.models.Logistic(r=3.2), start=0.1, steps=20)
        >>> ax.get_ylabel()
        'x⁺'
    """
    paper = make_paper(ax, width, legend)
    return draw_portrait(_portrait(rule, domain, start, steps, equilibria, cycles), paper)


def cobweb_data(
    rule: Rule,
    domain: Domain | None = None,
    *,
    start: State | None = None,
    steps: int = STEPS,
    equilibria: Equilibria | Sequence[Equilibrium] | None = None,
    cycles: Cycles | Sequence[Cycle] = (),
) -> Cobweb:
    """The numbers of a cobweb.

    Arguments:
        rule: a `Map` of one coordinate.
        domain: what to show; None means the domain that the rule declares.
        start: the state where the orbit begins; None means a point of the domain.
        steps: how many steps of it there are.
        equilibria: the fixed points; None means to find them, `()` to have none.
        cycles: the cycles of the map.

    Returns:
        The graph, the corners of the web, the fixed points and the cycles.

    Raises:
        InputError: the rule is no map of the line, or does not fit the domain.
    """
    data = _portrait(rule, domain, start, steps, equilibria, cycles)
    web = data.cobweb
    return Cobweb(
        data.view.names[0], web.x, web.step, web.corners,
        [(float(place[0]), kind) for place, kind in data.equilibria], data.cycles, data.view.held,
    )  # fmt: skip


def _portrait(
    rule: Rule,
    domain: Domain | None,
    start: Any,
    steps: int,
    equilibria: Equilibria | Sequence[Equilibrium] | None,
    cycles: Cycles | Sequence[Cycle],
) -> Portrait:
    """The portrait of a map of the line with the cobweb that was asked for."""
    if rule.has_continuous_time:
        raise InputError(
            f"cobweb: {type(rule).__name__} is a {rule.words.kind}; a cobweb shows a map."
        )
    scene = make_scene(rule, domain, equilibria, cycles, energy=None, starts=1)
    if scene.view.dimension != 1:
        raise InputError(
            f"cobweb: the state of {type(rule).__name__} has "
            f"{scene.problem.chart.dimension} coordinates; a cobweb shows one."
        )
    return compute_layers(scene, cobweb=compute_web(scene, start, steps))
