"""Numbers of a phase portrait."""

from collections.abc import Callable, Sequence
from typing import Any

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium
from thalweg.core.domains import Domain
from thalweg.core.shapes import State, States
from thalweg.dynamics import Rule
from thalweg.plot.layers.table import LAYERS
from thalweg.plot.scenes import Portrait, Scene, make_scene
from thalweg.plot.views import View


def portrait_data(
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
    view: View | None = None,
) -> Portrait:
    """Compute what a phase portrait shows.

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
        view: what another portrait showed, instead of a plane.

    Returns:
        The view, the field on its grid, the trajectories, and the numbers of every layer by name.

    Raises:
        InputError: the rule does not fit the domain, depends on time, or is finite nowhere.
    """
    return compute_layers(
        make_scene(rule, domain, equilibria, cycles, energy, starts, plane, through, view, basins)
    )


def compute_layers(scene: Scene, **known: Any) -> Portrait:
    """Compute every layer of a portrait, but those whose numbers are known, by name."""
    field = scene.field
    numbers = {
        name: known[name] if name in known else layer.compute(scene)
        for name, layer in LAYERS.items()
    }
    return Portrait(scene.view, field, scene.sample.runs, scene.said_left_out, numbers)
