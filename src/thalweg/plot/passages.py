"""The passage of stochastic gradient Langevin dynamics from optimising to sampling."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thalweg.core.shapes import Array, Num
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.style import line_look

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Shares(NamedTuple):
    """The parts of the mean square of the position, on a bowl, after each step.

    Attributes:
        start: what is left of the start, `(steps + 1,)`.
        gradient: what the noise of the gradients has put in.
        temperature: what the noise of the temperature has put in.
    """

    start: np.ndarray
    gradient: np.ndarray
    temperature: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """⟨x²⟩."""
        return self.start + self.gradient + self.temperature


def sgld_shares(
    step_sizes: Num[Array, "steps"],
    curvature: float,
    temperature: float,
    deviation: float,
    start: float,
) -> Shares:
    r"""The exact parts of ⟨x²⟩ along SGLD on the bowl E = λx²/2.

        each part v becomes (1 − ηλ)² v, plus η²s² of the gradient and 2ηT of the temperature

    Arguments:
        step_sizes: η of each step, `(steps,)`.
        curvature: λ.
        temperature: T.
        deviation: s, the standard deviation of the gradient's noise.
        start: x at the start.
    """
    parts = np.array([float(start) ** 2, 0.0, 0.0])
    rows = [parts]
    for eta in np.asarray(step_sizes, float):
        added = np.array([0.0, (eta * deviation) ** 2, 2.0 * eta * temperature])
        parts = (1.0 - eta * curvature) ** 2 * parts + added
        rows.append(parts)
    return Shares(*np.array(rows).T)


def sgld_passage(
    shares: Shares,
    measured: Num[Array, "rows"] | None = None,
    limit: float | None = None,
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw how SGLD with shrinking steps passes from optimising to sampling.

    Arguments:
        shares: what `sgld_shares` returned.
        measured: the mean square of positions of chains, `(steps + 1,)`, to draw as dots.
        limit: T/λ, what it ought to come to.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes, logarithmic both ways.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> steps = 0.5 / (1.0 + np.arange(500)) ** 0.6
        >>> ax = tw.plot.sgld_passage(tw.plot.sgld_shares(steps, 1.0, 0.01, 1.0, 5.0))
        >>> ax.get_xlabel()
        'step'
    """
    paper = make_paper(ax, width, legend)
    axes = paper.axes(height=3.6)
    index = np.arange(len(shares.start)) + 1
    labels = ("start, not yet forgotten", "noise of the gradients", "noise of the temperature")
    for number, (part, label) in enumerate(zip(shares, labels, strict=True)):
        shown = np.where(part > 0, part, np.nan)
        axes.plot(index, shown, label=label, linewidth=1.2, **line_look(number))
    axes.plot(index, shares.total, color="black", linewidth=1.8, label="all of it, exact")
    if measured is not None:
        shown = np.unique(np.geomspace(1, len(index), 40).astype(int)) - 1
        axes.plot(
            index[shown], np.asarray(measured)[shown], "o", color="black", markersize=3,
            fillstyle="none", label="chains",
        )  # fmt: skip
    if limit is not None:
        axes.axhline(limit, color="0.5", linestyle=":", label="the law, T/λ")
    axes.set(xscale="log", yscale="log", xlabel="step", ylabel="mean square of x")
    axes.set_ylim(shares.total.min() / 30.0, 2.0 * shares.total.max())
    paper.explain(axes, columns=2)
    return axes
