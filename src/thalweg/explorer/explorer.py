"""The verb: a system as a page that computes in the browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from thalweg.core import html
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.explorer.files import PageFile
from thalweg.explorer.page import page_html
from thalweg.explorer.questions import searched_equilibria, stored_diagrams
from thalweg.explorer.source import Source, source_of
from thalweg.explorer.system import PlanarSystem, read_system
from thalweg.recovery import recover_energy


@dataclass(frozen=True, eq=False, repr=False)
class Explorer(PageFile):
    """A page of a system; a notebook shows it in a frame that can touch nothing else.

    Attributes:
        system: what the page shows.
        source: how a script makes the system again, or None.
        equilibria: those of a complete search, in the coordinates of the page; None: not searched.
        diagrams: bifurcation diagrams that the page carries, by the parameter.
    """

    system: PlanarSystem
    source: Source | None = None
    equilibria: list[list[float]] | None = None
    diagrams: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name of the system."""
        return self.system.name

    @property
    def slower(self) -> str:
        """Reason why the rule has no formulas, or empty."""
        return self.system.reason

    def to_html(self, served: str | None = None) -> str:
        """The page as one HTML file that asks no network.

        Arguments:
            served: the token by which the page may ask the Python that serves it.

        Raises:
            InputError: the rule has no formulas that a page can compute, and nobody serves it.
        """
        if self.system.reason and served is None:
            raise InputError(
                f"explore: {self.system.name} cannot be a page of its own, because "
                f"{self.system.reason}. Started by `thalweg explore` without --export, Python "
                f"computes the field."
            )
        return page_html(
            self.system,
            source=self.source,
            equilibria=self.equilibria,
            diagrams=self.diagrams,
            served=served,
        )

    def _repr_html_(self) -> str:
        if self.system.reason:
            why = f"A notebook cannot show it, because {self.system.reason}."
            return html.fragment(repr(self), html.paragraph(why))
        return self.to_frame()

    def __repr__(self) -> str:
        axes = ", ".join(self.system.axes)
        return f"Explorer of {self.system.name} ({axes}): save(path), or show it in a notebook"


def explore(
    system: Any,
    domain: Domain | None = None,
    *,
    energy: Callable[[Any], Any] | None = None,
    recover: bool = False,
    vary: Mapping[str, Sequence[float]] | None = None,
    search: bool = True,
    name: str = "",
) -> Explorer:
    """Make a page that moves with its sliders: portrait, runs, nullclines, equilibria, basins.

    The page computes by itself, from the formulas of the rule's program: it needs no Python and no
    network. Last in a cell, a notebook shows it; `.save(path)` writes it as one file.

    Arguments:
        system: a flow or a map of one or two coordinates, or an energy, which means its descent.
        domain: the region; None: the declared one. Equal bounds hold a coordinate of a larger
            system, which the page then shows a slice of.
        energy: shown where the system declares none; it belongs to the values that the system has.
        recover: whether to look for an energy by `recover_energy` where none is declared or given.
        vary: ranges of parameters, by name: the page carries their bifurcation diagrams, and their
            sliders span them.
        search: whether to search for all equilibria now, for the values to begin with. Without,
            and at other values, those that a grid shows are drawn hollow.
        name: what the page calls the system.

    Returns:
        The page.

    Raises:
        InputError: more than two coordinates are free, the rule is random or does not fit.

    Example:
        >>> import thalweg as tw
        >>> page = tw.explore(tw.models.VanDerPol(), search=False)
        >>> page
        Explorer of VanDerPol (x, y): save(path), or show it in a notebook
    """
    note = ""
    read = read_system(system, domain, energy=energy, name=name)
    if recover and energy is None and not read.energy_note and not read.reason:
        verdict = recover_energy(read.problem.rule, read.domain)
        if verdict.energy is not None:
            energy, note = verdict.energy, f"recovered, {verdict.kind}"
            read = read_system(system, domain, energy=energy, energy_note=note, name=name)
    values = [slider.value for slider in read.sliders]
    found = None
    if search and not read.uses_time and not read.reason:
        found = searched_equilibria(read, values, read.window)
    # A script writes states as one vector or one number.
    shapes = read.problem.chart.layout.shapes
    is_plain = len(shapes) == 1 and len(shapes[0]) <= 1
    source = source_of(system, name) if is_plain else None
    diagrams = stored_diagrams(read, vary or {})
    spans = {name: diagram["range"] for name, diagram in diagrams.items()}
    return Explorer(read.spanning(spans), source, found, diagrams)
