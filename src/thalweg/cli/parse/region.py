"""`--domain "lo,hi;lo,hi"`: the region in which a question is asked, one pair a coordinate."""

from collections.abc import Sequence

import numpy as np

from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.dynamics import Rule, declared_domain, declared_names, resolve_domain

_FORM = 'one pair "lower,upper" a coordinate, such as "-3,3;0,1"'


def read_domain(text: str | None, rule: Rule) -> tuple[Domain, list[str]]:
    """The domain that the text asks for (None: the declared one), and warnings about it.

    A coordinate that the system declares an angle stays one if the given width is its period.

    Raises:
        InputError: the text is not of that form, or does not fit the system.
    """
    if text is None:
        if declared_domain(rule) is None:
            raise InputError(_asked_for(rule))
        return resolve_domain(rule, None), []
    pairs = _pairs(text)
    declared = declared_domain(rule)
    if declared is not None and not isinstance(declared, Box):
        kind = type(declared).__name__
        raise InputError(f"--domain: this system lives on a {kind}, not in a box; leave it out.")
    _check_order(pairs, rule, declared)
    if len(pairs) == 1:
        box = Box(*pairs[0])
    elif declared is None:
        box = Box([low for low, _ in pairs], [high for _, high in pairs])
    else:
        box = _like_declared(pairs, rule, declared)
    domain = resolve_domain(rule, box)
    if declared is None or not isinstance(domain, Box):
        return domain, []
    return _with_angles(domain, rule, declared)


def _asked_for(rule: Rule) -> str:
    """Advice for a system that declares no domain."""
    names = tuple(getattr(rule, "state_names", None) or ())
    pairs = ";".join(["-3,3"] * (len(names) or 2))
    which = f" ({', '.join(names[:8])})" if names else ""
    return (
        f"This system declares no domain: say where to look, one pair a coordinate{which}, for "
        f'example --domain "{pairs}". A class can declare `domain = tw.Box(…)`, an .ode file what '
        f"it plots (@ xp=x, yp=y, xlo=…, xhi=…, ylo=…, yhi=…)."
    )


def _pairs(text: str) -> list[tuple[float, float]]:
    pairs = []
    for part in text.strip().rstrip(";").split(";"):
        try:
            low, high = (float(number) for number in part.split(","))
        except ValueError as error:
            raise InputError(
                f"--domain {text!r}: {part!r} is no pair; expected {_FORM}."
            ) from error
        pairs.append((low, high))
    return pairs


def _check_order(pairs: list[tuple[float, float]], rule: Rule, declared: Box | None) -> None:
    """Refuse bounds that are infinite or in the wrong order, by the name of their coordinate."""
    names: Sequence[str] = getattr(rule, "state_names", None) or ()
    if declared is not None:
        names = declared_names(rule, declared.layout)
    for k, (low, high) in enumerate(pairs):
        whose = f" for {names[k]}" if len(names) == len(pairs) else ""
        if not np.all(np.isfinite([low, high])):
            raise InputError(f"--domain: bounds must be finite, got {low},{high}{whose}.")
        if low > high:
            raise InputError(
                f"--domain: lower must not exceed upper, got {low} > {high}{whose}. Swap the two "
                f"bounds."
            )


def _like_declared(pairs: list[tuple[float, float]], rule: Rule, declared: Box) -> Box:
    layout = declared.layout
    if len(pairs) != layout.size:
        names = ", ".join(declared_names(rule, layout)[:8])
        raise InputError(
            f"--domain: the state has {counted(layout.size, 'coordinate')} ({names}), got "
            f"{counted(len(pairs), 'pair')}; expected {_FORM}."
        )
    bounds = np.asarray(pairs)
    return Box(layout.unflatten(bounds[:, 0]), layout.unflatten(bounds[:, 1]))


def _with_angles(box: Box, rule: Rule, declared: Box) -> tuple[Box, list[str]]:
    """The box with the angles of the declared one, where their widths agree."""
    layout = declared.layout
    if box.layout != layout:
        return box, []
    was_angle = layout.flatten(declared.periodic).astype(bool)
    widths = [layout.flatten(b.upper) - layout.flatten(b.lower) for b in (declared, box)]
    is_angle = was_angle & np.isclose(*widths, rtol=1e-6, atol=0.0)
    names = declared_names(rule, layout)
    warnings = [
        f"--domain: {names[i]} is not treated as an angle, because the width given is not its "
        f"period {widths[0][i]:.6g}."
        for i in np.flatnonzero(was_angle & ~is_angle)
    ]
    upper = np.where(is_angle, layout.flatten(box.lower) + widths[0], layout.flatten(box.upper))
    angled = Box(box.lower, layout.unflatten(upper), layout.unflatten(is_angle))
    return angled, warnings
