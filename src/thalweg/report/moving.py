"""The portrait of an analysis that moves with its sliders, where the system has one."""

import numpy as np

from thalweg.core.declared import declared_energy
from thalweg.dynamics import SteepestDescent
from thalweg.explorer import Explorer, drawn_diagram, read_system
from thalweg.explorer.system import PlanarSystem
from thalweg.report.analyze import Analysis
from thalweg.report.page import Block, Frame, Text

# A page shows one or two coordinates.
_MOST = 2
_SAID = (
    "This portrait computes in your browser, without a network: move a slider, click to launch "
    "a run. On its own page, with Python behind it: thalweg explore."
)


def moving_portrait(found: Analysis) -> list[Block]:
    """The blocks of that portrait; none where no page can compute the system.

    An energy that was recovered comes along, for the values that it was recovered at.
    """
    domain = found.about.domain
    chart = None if domain is None else domain.chart()
    if chart is None or not (chart.is_product or chart.is_simplex) or chart.dimension > _MOST:
        return []
    energy = None if declared_energy(found.rule) is not None else found.verdict.energy
    system = read_system(
        found.rule,
        domain,
        energy=energy,
        energy_note=f"recovered, {found.verdict.kind}",
        name=found.about.system,
    )
    if system.reason:
        return []
    states = [np.asarray(chart.coordinates(e.state), dtype=float) for e in found.equilibria]
    ranges = _varied(found, system)
    system, diagram, shown = system.spanning(ranges), found.diagram, system.problem.chart
    drawn = {} if diagram is None else {n: drawn_diagram(diagram, n, shown) for n in ranges}
    page = Explorer(system, None, [state.tolist() for state in states], drawn)
    return [
        Text(_SAID),
        Frame(f"Explorer of {found.about.system}", page.to_html()),
    ]


def _varied(found: Analysis, system: PlanarSystem) -> dict[str, tuple[float, float]]:
    """The ranges over which the analysis varied parameters, by the names of their sliders."""
    asked: dict[str, tuple[float, float]] = {}
    if found.diagram is not None:
        asked = {found.diagram.parameter: found.diagram.range}
    elif found.curves is not None:
        asked = dict(zip(found.curves.parameters, found.curves.ranges, strict=True))
    before = "energy." if isinstance(found.rule, SteepestDescent) else ""
    paths = asked | {f"{before}{name}": span for name, span in asked.items()}
    return {slider.name: paths[slider.path] for slider in system.sliders if slider.path in paths}
