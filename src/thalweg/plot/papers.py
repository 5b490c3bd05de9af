"""Papers: where a figure is drawn, how wide, and where its legend stands."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from thalweg.core.errors import InputError
from thalweg.plot.given import given_axes
from thalweg.plot.legends import draw_legend, fits_beside, legend_size
from thalweg.plot.style import NEED, WIDTH, letters, new_axes, new_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Legend = bool | Literal["below", "right", "inside"]
_PLACES = ("below", "right", "inside")
_INCH = 25.4  # millimetres
# Labels and a legend leave no room for axes in less, and no sheet of paper is wider than A0.
_NARROWEST, _WIDEST = 60.0, 1200.0
# Rows of a legend that the usual heights were chosen with; more make a figure higher.
_ROWS = 2


@dataclass(frozen=True)
class Paper:
    """Paper of a figure: axes that are given, or a figure of its own; and the place of its legend.

    Attributes:
        ax: axes to draw on; None makes a figure.
        width: of the figure that is made, in millimetres; None means the usual one.
        legend: its place; False draws none.
    """

    ax: "Axes | None" = None
    width: float | None = None
    legend: Legend = True

    def axes(
        self, width: float = WIDTH, height: float = 3.8, projection: str | None = None
    ) -> "Axes":
        """The axes: those given, or new ones, so many inches wide and high unless asked for."""
        return self.ax or new_axes(*self.size(width, height), projection)

    def panels(
        self, columns: int, rows: int = 1, width: float = 3.4, height: float = 2.9, **shared: Any
    ) -> np.ndarray:
        """New axes `(rows, columns)`, each of this size in inches unless asked for."""
        across, high = self.size(columns * width, height)
        return new_panels(columns, rows, across / columns, high, **shared)

    def size(self, width: float, height: float) -> tuple[float, float]:
        """Size of a figure in inches: the usual one, or as wide as asked and in proportion.

        A wide one is less high in proportion: it shares a page with text.
        """
        if self.width is None:
            return width, height
        ratio = self.width / _INCH / width
        return self.width / _INCH, height * min(ratio, ratio**0.5)

    def explain(self, axes: "Axes", columns: int = 3, gap: float = NEED) -> None:
        """Draw the legend; a figure of its own, of the usual width, grows for it.

        Arguments:
            axes: whose.
            columns: how many entries a row, at most.
            gap: what the labels of the axis need, in points of the usual letters.
        """
        if self.legend is False:
            return
        place = "below" if self.legend is True else self.legend
        grows = self.ax is None and self.width is None
        # The place of a surface on its paper is fixed, whatever stands beside it.
        is_fixed = axes.name == "3d"
        if place == "right" and not grows and (is_fixed or not fits_beside(axes)):
            place = "below"
        rows = draw_legend(axes, place, columns, gap)
        figure = axes.get_figure(root=True)
        if self.ax is not None or figure is None:
            return
        if place == "below" and rows > _ROWS:
            more = (rows - _ROWS) * 1.5 * letters(axes) / 72.0
            figure.set_figheight(figure.get_figheight() + more)
        elif place == "right" and grows:
            figure.set_figwidth(figure.get_figwidth() + legend_size(axes)[0])


# A figure of its own, of the usual width.
USUAL = Paper()


def make_paper(ax: Any = None, width: float | None = None, legend: Any = True) -> Paper:
    """A paper from the arguments of a figure.

    Raises:
        InputError: `ax` are no axes, `width` is no width in millimetres or is given with axes, or
            there is no such place for a legend.
    """
    if width is not None:
        is_number = isinstance(width, int | float | np.number) and not isinstance(width, bool)
        if not is_number or not _NARROWEST <= width <= _WIDEST:
            raise InputError(
                f"width must be the width of the figure in millimetres, from {_NARROWEST:g} to "
                f"{_WIDEST:g} and 85 for a column of a journal, got {width!r}."
            )
        if ax is not None:
            raise InputError(
                "width is that of a figure of its own; these axes have a figure, whose size is "
                "Figure(figsize=(inches, inches))."
            )
    if not isinstance(legend, bool | np.bool_) and legend not in _PLACES:
        raise InputError(
            f"legend must be {', '.join(map(repr, _PLACES))} or False, got {legend!r}."
        )
    legend = bool(legend) if isinstance(legend, np.bool_) else legend
    return Paper(given_axes(ax), None if width is None else float(width), legend)
