"""Eigenvalues against the boundary of stability."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from thalweg.analysis import Equilibrium
from thalweg.core.errors import InputError
from thalweg.core.given import given_members
from thalweg.core.tables import format_state
from thalweg.dynamics.words import WORDS
from thalweg.plot.labels import place_labels
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.style import GREY, KINDS, PALE, mark, name_heights, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FARTHEST = 5.0  # radii: beyond, the unit circle would be a dot
# Equilibria that a legend can name; of more it names the kinds, and numbers tell them apart.
_MOST_NAMED = 6
# Marks closer than this, as a share of the figure, have one text between them.
_TOGETHER = 0.035
# Numbers that one text holds before it is cut.
_MOST_NUMBERS = 6


def spectrum_data(equilibria: Iterable[Equilibrium]) -> dict[str, np.ndarray]:
    """The eigenvalues of all equilibria of each kind, complex, shape `(m,)`.

    Arguments:
        equilibria: what `find_equilibria` returned, or some of its members.

    Returns:
        The eigenvalues by kind, in the order of the legend.
    """
    found: dict[str, list[np.ndarray]] = {}
    for equilibrium in equilibria:
        found.setdefault(equilibrium.kind, []).append(np.asarray(equilibrium.eigenvalues))
    return {kind: np.concatenate(found[kind]) for kind in KINDS if kind in found}


def spectrum(
    equilibria: Iterable[Equilibrium],
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw the eigenvalues of equilibria in the complex plane, and where modes decay (shaded).

    Marks carry the numbers of their equilibria, in the order given.

    A mode of a flow decays left of the imaginary axis, one of a map inside the unit circle.

    Arguments:
        equilibria: what `find_equilibria` returned, or some of its members.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: there are no equilibria.

    Example:
        >>> import thalweg as tw
        >>> ax = tw.plot.spectrum(tw.find_equilibria(tw.models.VanDerPol()))
        >>> ax.get_xlabel()
        'Re λ'
    """
    equilibria = tuple(
        given_members("spectrum: equilibria", equilibria, Equilibrium, "find_equilibria")
    )
    if not equilibria:
        raise InputError("spectrum: there are no equilibria to show.")
    values = spectrum_data(equilibria)
    paper = make_paper(ax, width, legend)
    axes = paper.axes(height=3.5)
    is_map = not WORDS[equilibria[0].about.rule_kind].is_continuous
    if is_map:
        values = _drawn_in(axes, values)
        _draw_circle(axes)
    else:
        _draw_half_plane(axes, np.concatenate(list(values.values())))
    is_named = 1 < len(equilibria) <= _MOST_NAMED
    for kind, size in _sizes(values).items():
        numbers, label = values[kind], None if is_named else kind
        mark(axes, np.real(numbers), np.imag(numbers), kind, label=label, markersize=size)
    if is_named:
        for number, equilibrium in enumerate(equilibria, start=1):
            said = f"{number}: {equilibrium.kind} {format_state(equilibrium.state)}"
            # Clipped: what is empty and not clipped takes room at the corner of the figure.
            mark(axes, [], [], equilibrium.kind, label=said, markersize=6, clip_on=True)
    axes.set_xlabel("Re λ")
    name_heights(axes, "Im λ")
    paper.explain(axes, columns=4)
    if is_map:
        _fit_circle(axes, np.concatenate(list(values.values())))
    if len(equilibria) > 1:
        _number(axes, equilibria, values)
    return axes


def _number(
    axes: "Axes", equilibria: tuple[Equilibrium, ...], drawn: dict[str, np.ndarray]
) -> None:
    """Number the marks by their equilibria."""
    taken, places, owners = dict.fromkeys(drawn, 0), [], []
    for number, equilibrium in enumerate(equilibria, start=1):
        kind, count = equilibrium.kind, len(equilibrium.eigenvalues)
        places.append(drawn[kind][taken[kind] : taken[kind] + count])
        owners.append(np.full(count, number))
        taken[kind] += count
    values, numbers = np.concatenate(places), np.concatenate(owners)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    spots = np.stack([np.real(values) / (right - left), np.imag(values) / (high - low)], axis=1)
    left_over, points, texts = np.ones(len(values), dtype=bool), [], []
    while left_over.any():
        first = int(np.argmax(left_over))
        near = np.linalg.norm(spots - spots[first], axis=1) < _TOGETHER
        points.append([np.real(values[first]), np.imag(values[first])])
        texts.append(_listed(np.unique(numbers[near & left_over])))
        left_over &= ~near
    every = np.stack([np.real(values), np.imag(values)], axis=1)
    place_labels(axes, np.array(points), texts, every)


def _listed(numbers: np.ndarray) -> str:
    """Increasing numbers, three or more in a row by the first and the last."""
    rows = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    parts = [f"{r[0]}–{r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in rows]
    return ", ".join(parts[:_MOST_NUMBERS]) + (", …" if len(parts) > _MOST_NUMBERS else "")


def _sizes(values: dict[str, np.ndarray]) -> dict[str, int]:
    """The sizes of marks: where kinds share an eigenvalue, the larger shows under the smaller."""
    every = np.concatenate(list(values.values()))
    near = 0.02 * max(np.ptp(np.real(every)), np.ptp(np.imag(every)), 1e-300)
    kinds, sizes = list(values), {}
    for kind in reversed(kinds):
        above = [
            sizes[other]
            for other in sizes
            if np.abs(values[kind][:, None] - values[other]).min() < near
        ]
        sizes[kind] = max(above, default=4) + 3
    return {kind: sizes[kind] for kind in kinds}


def _drawn_in(axes: "Axes", values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The eigenvalues of a map, the far ones nearer in their direction, as a note then says.

    If they set the scale, the unit circle would be a dot.
    """
    largest = max(np.abs(numbers).max() for numbers in values.values())
    if largest <= _FARTHEST:
        return values
    note(
        axes, f"marks beyond |λ| = {_FARTHEST:g} are drawn there; the furthest is at {largest:.4g}"
    )
    return {
        kind: numbers * np.minimum(1.0, _FARTHEST / np.maximum(np.abs(numbers), 1.0))
        for kind, numbers in values.items()
    }


def _draw_half_plane(axes: "Axes", values: np.ndarray) -> None:
    low, high = min(np.real(values).min(), 0.0), max(np.real(values).max(), 0.0)
    room = 0.12 * max(high - low, 1e-300)
    tall = 1.25 * max(np.abs(np.imag(values)).max(), 0.25 * (high - low), 1e-300)
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(-tall, tall)
    axes.axvspan(low - room, 0.0, color=PALE, alpha=0.6, linewidth=0, zorder=0, label="decays")
    axes.axvline(0.0, color=GREY, linewidth=1.0, zorder=1)
    axes.axhline(0.0, color=GREY, linewidth=0.5, zorder=1)


def _draw_circle(axes: "Axes") -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0.0, 0.0), 1.0, color=PALE, alpha=0.6, zorder=0, label="decays"))
    axes.add_patch(Circle((0.0, 0.0), 1.0, fill=False, edgecolor=GREY, zorder=1))
    axes.axhline(0.0, color=GREY, linewidth=0.5, zorder=1)


def _fit_circle(axes: "Axes", values: np.ndarray) -> None:
    """Equal scales that leave no gap, once legend and labels have their room."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    reach = 1.15 * max(1.0, float(np.abs(np.real(values)).max()))
    tall = 1.15 * max(1.0, float(np.abs(np.imag(values)).max()))
    ratio = axes.bbox.height / axes.bbox.width
    reach = max(reach, tall / ratio)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-ratio * reach, ratio * reach)
    axes.set_aspect("equal")
    figure.draw_without_rendering()
