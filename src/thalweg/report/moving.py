"""The portrait of an analysis that moves with its sliders, where the system has one."""

from typing import Any

import numpy as np

from thalweg.core.declared import declared_energy
from thalweg.dynamics import SteepestDescent
from thalweg.explorer import Explorer, drawn_diagram, read_system
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
    page = Explorer(system, None, [state.tolist() for state in states], _diagrams(found, system))
    return [
        Text(_SAID),
        Frame(f"Explorer of {found.about.system}", page.to_html()),
    ]


def _diagrams(found: Analysis, system: Any) -> dict[str, Any]:
    """The diagram of the analysis, if it is over a parameter that the page has a slider for."""
    if found.diagram is None:
        return {}
    asked = found.diagram.parameter
    paths = (asked, f"energy.{asked}") if isinstance(found.rule, SteepestDescent) else (asked,)
    names = [slider.name for slider in system.sliders if slider.path in paths]
    chart = system.problem.chart
    return {name: drawn_diagram(found.diagram, name, chart) for name in names[:1]}
