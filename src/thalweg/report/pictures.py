"""Axes as pictures of a page."""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thalweg.core.errors import InputError
from thalweg.plot.animations import check_animated
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

    figure = axes.get_figure(root=True)
    assert figure is not None
    buffer, is_equal = io.BytesIO(), any(part.get_aspect() == 1.0 for part in figure.axes)
    with mpl.rc_context(_REPEATABLE):
        for _ in range(1 + is_equal):  # axes of equal scales find their place in two passes
            buffer = io.BytesIO()
            figure.savefig(buffer, format="svg", dpi=_DPI, metadata={"Date": None, "Creator": None})
    return Picture(name, buffer.getvalue(), caption, alt)


def animated(write: Callable[[Path], Path], name: str, kind: str) -> dict[str, bytes]:
    """An animation as a file beside a page, by its name; none where nothing is to be animated.

    Arguments:
        write: writes it to a file.
        name: of the file, without the ending.
        kind: the ending without its dot, or empty for no animation.

    Raises:
        InputError: there is no such kind, or it needs ffmpeg, which is not installed.
    """
    if not kind:
        return {}
    check_animated(f"animate: {kind!r}", f"{name}.{kind}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            file = write(Path(folder, f"{name}.{kind}"))
        except InputError:  # nothing moves, or along one axis: the command says so
            return {}
        return {file.name: file.read_bytes()}
