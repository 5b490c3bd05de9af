"""Rules that go down one energy: how far above the lowest they are, step by step."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.analysis import Comparison
from thalweg.plot.given import check_found
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.style import line_look, name_heights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Below this share of the largest height there is rounding, which a logarithm would magnify.
_FLOOR = 1e-16


def heights(comparison: Comparison) -> dict[str, np.ndarray]:
    """The height of every rule's median run above the lowest energy met, at each step.

    Arguments:
        comparison: what `compare_operators` returned.

    Returns:
        Arrays `(steps + 1,)` by the names of the rules; NaN where it is not above rounding, and
        where more than half of the runs have left the finite.
    """
    energies = {course.name: course.energies for course in comparison}
    finite = [rows[np.isfinite(rows)] for rows in energies.values()]
    lowest = min(rows.min() for rows in finite if len(rows))
    found = {name: np.median(rows, axis=0) - lowest for name, rows in energies.items()}
    first = max((rows[0] for rows in found.values() if np.isfinite(rows[0])), default=0.0)
    return {
        name: np.where(np.isfinite(rows) & (rows > _FLOOR * first), rows, np.nan)
        for name, rows in found.items()
    }


def operators(
    comparison: Comparison,
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw how rules go down an energy: the height of the median run above the lowest, by steps.

    A straight line is a constant rate; its name carries the spectral radius at rest.

    Arguments:
        comparison: what `compare_operators` returned.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.Quadratic([[1.0, 0.0], [0.0, 9.0]])
        >>> rules = [tw.GradientStep(energy, 0.2), tw.dynamics.ProximalStep(energy, 0.2)]
        >>> ax = tw.plot.operators(tw.compare_operators(energy, rules, jnp.ones((2, 2)), steps=50))
        >>> ax.get_xlabel()
        'step'
    """
    check_found("comparison", comparison, Comparison, "compare_operators")
    paper = make_paper(ax, width, legend)
    axes = paper.axes(height=3.6)
    courses = zip(comparison, heights(comparison).values(), strict=True)
    for index, (course, rows) in enumerate(courses):
        rate = "" if np.isnan(course.rate) else f" (rate {course.rate:.4g})"
        axes.plot(np.arange(len(rows)), rows, label=f"{course.name}{rate}", **line_look(index))
    axes.set_yscale("log")
    axes.set_xlabel("step")
    name_heights(axes, "E above the lowest")
    paper.explain(axes, columns=2)
    return axes
