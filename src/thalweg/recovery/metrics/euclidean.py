"""Is the rule a gradient as it stands? A yes settles the question, in any dimension."""

import numpy as np

from thalweg.core.charts import BoxChart
from thalweg.core.errors import InputError
from thalweg.dynamics import declared_names
from thalweg.geometry import Euclidean
from thalweg.recovery.forms.exactness import CONSISTENT, Exactness
from thalweg.recovery.question import Finding, Question
from thalweg.recovery.verdict import Level

NAME = "euclidean"


def euclidean(question: Question) -> Finding:
    """Probe the symmetry of the Jacobian, integrate the rule, and compare.

    Raises:
        InputError: the rule is finite nowhere in the region, or depends on time.
    """
    exactness = question.euclidean
    _refuse_unusable(question, exactness)
    level = _level(exactness)
    warnings = _warnings(question)
    if level.outcome != "yes":
        return Finding(level, warnings=warnings)
    energy = exactness.energy(question.rule, question.chart, Euclidean())
    return Finding(level, NAME, energy, Euclidean(), "Euclidean", warnings=warnings)


def _level(exactness: Exactness) -> Level:
    number = len(exactness.sites.points)
    if exactness.is_exact:
        note = (
            f"J = Jᵀ at {number} points; the line integral's gradient is −f at "
            f"{len(exactness.sites.fresh)} others, whatever the path."
        )
        return Level(NAME, "yes", exactness.residual, note)
    if exactness.undefined is not None:
        note = "The rule is not finite everywhere in the region."
        return Level(NAME, "open", exactness.asymmetry, note)
    if exactness.is_symmetric and exactness.winding > CONSISTENT:
        note = "J = Jᵀ at every point probed, but once round an angle the energy does not return."
        return Level(NAME, "no", exactness.residual, note)
    if exactness.is_symmetric:
        note = (
            "J = Jᵀ at every point probed, yet the line integral depends on its path: the rule is "
            "not C¹ here, or the region has a hole."
        )
        return Level(NAME, "open", exactness.residual, note)
    where = ", ".join(f"{v:.4g}" for v in exactness.worst[:4])
    more = ", …" if len(exactness.worst) > 4 else ""
    note = f"J is not symmetric, most clearly at ({where}{more})."
    return Level(NAME, "no", exactness.asymmetry, note)


def _refuse_unusable(question: Question, exactness: Exactness) -> None:
    probes, name = exactness.probes, type(question.rule).__name__
    points = exactness.sites.points
    if not np.any(np.all(np.isfinite(probes.covectors), axis=1)):
        raise InputError(
            f"{name} is not finite at any of {len(points)} points of the domain, for "
            f"example at {points[0]}. Choose a domain in which the rule is defined."
        )
    if probes.time_change > 0.0:
        raise InputError(
            f"{name} depends on time (its value at one state changed by "
            f"{float(probes.time_change):.3g}), so the question is not defined. If it is "
            f"periodic, ask about Stroboscopic(flow, period)."
        )


def _held(question: Question) -> list[str]:
    """What to say of coordinates that the domain leaves no room."""
    chart = question.chart
    if not isinstance(chart, BoxChart) or chart.dimension == chart.layout.size:
        return []
    names = declared_names(question.rule, chart.layout)
    held = [name for i, name in enumerate(names) if i not in chart.free]
    which = ", ".join([*held[:4], *(["…"] if len(held) > 4 else [])])
    return [
        f"the domain holds {which} fixed, so what the rule does along it is left out of the "
        f"question; widen its bounds to ask about it too."
    ]


def _warnings(question: Question) -> tuple[str, ...]:
    region, undefined = question.region, question.euclidean.undefined
    troubles = region.troubles
    warnings = [*_held(question), *(f"{t}; the test assumes C¹." for t in troubles.found)]
    if troubles.num_followed < troubles.num_places:
        warnings.append(
            f"of {troubles.num_places} terms that change sign where the rule's program might leave "
            f"C¹, {troubles.num_followed} were followed."
        )
    if region.pole_columns:
        base = ", ".join(f"{v:.4g}" for v in region.base[:6])
        warnings.append(
            f"the question is answered on the {100 * region.share:.0f} % of the domain that are "
            f"seen from ({base}) across no pole."
        )
    if region.has_hole:
        warnings.append(
            "the domain without the point where the rule is unbounded need not be simply "
            "connected, so an energy that exists locally need not exist on all of it."
        )
    if undefined is not None:
        where = ", ".join(f"{v:.6g}" for v in undefined[:6])
        warnings.append(f"the rule is not finite at ({where}).")
    return tuple(warnings)
