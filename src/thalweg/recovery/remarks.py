"""Remarks on the region of a question: what it leaves out, and where the rule misbehaves."""

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.dynamics import declared_names
from thalweg.recovery.question import Question

# Squares of what is smaller, or larger than its inverse, leave little of double precision's range.
_LEAST_SIZE = 1e-151


def refuse_unusable(question: Question) -> None:
    """Refuse a rule about which nothing can be asked.

    Raises:
        InputError: the rule is finite nowhere in the region or depends on time, or squares of the
            domain's widths are no numbers.
    """
    _refuse_widths(question)
    with np.errstate(over="ignore", invalid="ignore"):  # a rule too fast is refused later
        probes, name = question.euclidean.probes, type(question.rule).__name__
    points = question.sites.points
    if not np.any(np.all(np.isfinite(probes.covectors), axis=1)):
        raise InputError(
            f"{name} is not finite at any of {counted(len(points), 'point')} of the domain, for "
            f"example at {points[0]}. Choose a domain in which the rule is defined."
        )
    probes.change.refuse(question.problem.rule, "the question is not defined", "ask about")


def _refuse_widths(question: Question) -> None:
    """Refuse domains whose squared widths overflow or vanish."""
    widths = np.asarray(question.chart.widths)
    if np.max(widths) > 1.0 / _LEAST_SIZE or np.min(widths) < _LEAST_SIZE:
        raise InputError(
            f"The domain is {float(np.max(widths)):.1e} wide, and {float(np.min(widths)):.1e} at "
            f"its narrowest; beyond {1.0 / _LEAST_SIZE:.0e} and {_LEAST_SIZE:.0e} squares of such "
            f"numbers are lost. Choose other units of the state."
        )


def refuse_sizes(question: Question) -> None:
    """Refuse speeds whose squares overflow.

    Raises:
        InputError: they do.
    """
    speeds = np.abs(question.euclidean.probes.covectors)
    speeds = speeds[np.all(np.isfinite(speeds), axis=1)]
    fastest = float(np.max(speeds / np.asarray(question.chart.widths), initial=0.0))
    if fastest > 1.0 / _LEAST_SIZE:
        raise InputError(
            f"{type(question.rule).__name__} moves by up to {fastest:.1e} widths of the domain at "
            f"once; beyond {1.0 / _LEAST_SIZE:.0e} squares of such numbers "
            f"are lost. Multiply the rule of a flow by a positive constant: its energy is "
            f"multiplied by the same, and the verdict does not change."
        )


def remarks_on_region(question: Question) -> tuple[str, ...]:
    """Sentences on the region."""
    region, undefined = question.region, question.euclidean.undefined
    troubles = region.troubles
    remarks = [*_held(question), *(f"{t}; the test assumes C¹." for t in troubles.found)]
    if troubles.num_followed < troubles.num_places:
        remarks.append(
            f"of {troubles.num_places} terms that change sign where the rule's program might leave "
            f"C¹, {troubles.num_followed} were followed."
        )
    if region.pole_columns:
        base = ", ".join(f"{v:.4g}" for v in region.base[:6])
        remarks.append(
            f"the question is answered on the {100 * region.share:.0f} % of the domain that are "
            f"seen from ({base}) across no pole."
        )
    if region.has_hole:
        remarks.append(
            "the domain without the point where the rule is unbounded need not be simply "
            "connected, so an energy that exists locally need not exist on all of it."
        )
    if undefined is not None:
        where = ", ".join(f"{v:.6g}" for v in undefined[:6])
        remarks.append(f"the rule is not finite at ({where}).")
    return tuple(dict.fromkeys(remarks))


def _held(question: Question) -> list[str]:
    """The remark on coordinates that the domain leaves no room, if there are any."""
    chart = question.chart
    if not chart.held_at:
        return []
    names = declared_names(question.rule, chart.layout)
    held = [names[i] for i in chart.held_at]
    which = ", ".join([*held[:4], *(["…"] if len(held) > 4 else [])])
    return [
        f"the domain holds {which} fixed, so what the rule does along it is left out of the "
        f"question; widen its bounds to ask about it too."
    ]
