"""Checks of what figures are given: axes, results and their members."""

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.given import told

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
