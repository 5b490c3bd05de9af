"""Checks of what figures are given: axes, results and their members."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.given import told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Members = TypeVar("_Members")


def given_axes(ax: Any) -> "Axes | None":
    """The axes to draw on, or None where a figure is to be made.

    Raises:
        InputError: they are a figure, an array of axes, or nothing of matplotlib.
    """
    if ax is None:
        return None
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    if isinstance(ax, Axes):
        return ax
    if isinstance(ax, FigureBase):
        raise InputError("ax must be one Axes of matplotlib, got a figure: give fig.add_subplot().")
    if isinstance(ax, np.ndarray | list | tuple):
        raise InputError(f"ax must be one Axes of matplotlib, got {np.size(ax)} of them: give one.")
    raise InputError(f"ax must be one Axes of matplotlib, got {ax!r}.")


def check_found(subject: str, found: Any, kind: type, verb: str) -> None:
    """Refuse what is not the result of a verb.

    Raises:
        InputError: it is not.
    """
    if not isinstance(found, kind):
        raise InputError(f"{subject} must be what {verb} returned, got {told(found)}.")


def given_members(subject: str, members: _Members, kind: type, verb: str) -> _Members:
    """A sequence of a verb's results, as given; those of an iterator as a tuple.

    Raises:
        InputError: it is none.
    """
    kept: Any = tuple(members) if isinstance(members, Iterator) else members
    is_many = isinstance(members, Iterable)
    if not is_many or not all(isinstance(one, kind) for one in kept):
        cure = f": write [{kind.__name__.lower()}] for one" if isinstance(members, kind) else ""
        raise InputError(f"{subject} must be what {verb} returned, got {told(members)}{cure}.")
    return kept
