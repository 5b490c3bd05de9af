"""Phase portraits: where a rule carries its states, on one figure."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium
from thalweg.core.domains import Domain
from thalweg.core.shapes import State, States
from thalweg.dynamics import Rule
from thalweg.plot.frames import draw_frame
from thalweg.plot.layers.table import LAYERS
from thalweg.plot.papers import USUAL, Legend, Paper, make_paper
from thalweg.plot.portrait_data import portrait_data
from thalweg.plot.scenes import Portrait
from thalweg.plot.style import note
from thalweg.plot.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def phase_portrait(
    rule: Rule,
    domain: Domain | None = None,
    *,
    equilibria: Equilibria | Sequence[Equilibrium] | None = None,
    cycles: Cycles | Sequence[Cycle] = (),
    energy: Callable[[Any], Any] | None = None,
    starts: int | States | None = None,
    plane: Sequence[int | str] | None = None,
    through: State | None = None,
    basins: bool = True,
    ax: "Axes | None" = None,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw where a rule carries its states.

    Of a flow of the plane: streamlines, nullclines with all their branches, equilibria marked by
    kind, families of equilibria as curves, closed orbits, a few trajectories, the stable and
    unstable curves of saddles. Of a map of the plane: arrows from x towards x⁺, where orbits go,
    the curves on which one coordinate does not change. Of both the basins of attraction, where two
    attractors or more share the figure. On the line: the velocity, or the cobweb. A simplex of
    three shares is a triangle. Of three coordinates two, of more the two principal components of
    the trajectories and the equilibria, whose loadings the figure tells; or a slice through a
    state.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: what to show; None means the domain that the rule declares, or else
            that of the equilibria given.
        equilibria: those of the rule; None means to find them, `()` to show none.
        cycles: closed orbits, or the cycles of a map.
        energy: a callable `state → scalar` whose contours to show.
        starts: how many trajectories to show (of a map: to follow), or the states to begin with,
            stacked along a first axis; 64 at most, the first of more, as the figure then says. None
            means 5. In a slice there are none: trajectories leave it.
        plane: the two coordinates to show, by name or index; None chooses what shows most.
        through: a state; where there are more than two coordinates, the flow in the plane through
            it, the others held.
        basins: whether to shade basins of attraction, coarsely, where two attractors or more share
            the figure; that takes about a second.
        ax: axes to draw on; None makes a figure (`axes.figure`).
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: the rule does not fit the domain, depends on time, or is finite nowhere.

    Example:
        >>> import thalweg as tw
        >>> ax = tw.plot.phase_portrait(tw.models.VanDerPol(), starts=2)
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('x', 'y')
    """
    paper = make_paper(ax, width, legend)
    data = portrait_data(
        rule, domain, equilibria=equilibria, cycles=cycles, energy=energy, starts=starts,
        plane=plane, through=through, basins=basins,
    )  # fmt: skip
    return draw_portrait(data, paper)


def draw_portrait(data: Portrait, paper: Paper = USUAL) -> "Axes":
    """A phase portrait from its numbers: the layers, one on the other."""
    view = data.view
    axes = paper.axes(height=_height(view))
    if view.dimension == 2:
        draw_frame(axes, view)
    for layer in LAYERS.values():
        layer.draw(axes, data)
    note(axes, "; ".join(filter(None, (view.held, data.left_out))))
    paper.explain(axes, gap=view.below)
    return axes


def _height(view: View) -> float:
    """Inches, with a legend."""
    if view.dimension == 2:
        return 4.6
    return 3.4 if view.is_flow else 4.9
