"""Axes as pictures of a page."""

import io
from typing import TYPE_CHECKING, Any

from thalweg.report.page import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The same drawing gives the same file.
_REPEATABLE: Any = {"svg.hashsalt": "thalweg"}
_DPI = 160  # of what is drawn as pixels inside an SVG: twice a screen's


def picture(axes: "Axes", name: str, caption: str, alt: str) -> Picture:
    """The figure of some axes as a picture.

    Arguments:
        axes: any axes of the figure.
        name: of its file, without the ending.
        caption: what to see in it.
        alt: what it is, in a few words.
    """
    import matplotlib as mpl

    figure, buffer = axes.get_figure(root=True), io.BytesIO()
    assert figure is not None
    with mpl.rc_context(_REPEATABLE):
        figure.savefig(buffer, format="svg", dpi=_DPI, metadata={"Date": None, "Creator": None})
    return Picture(name, buffer.getvalue(), caption, alt)
