"""Eigenvalues against the boundary of stability."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from thalweg.analysis import Equilibrium
from thalweg.core.errors import InputError
from thalweg.core.tables import format_state
from thalweg.dynamics.words import WORDS
from thalweg.plot.style import GREY, INK, KINDS, PALE, SMALL, legend_below, mark, new_axes, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FARTHEST = 5.0  # radii: beyond, the unit circle would be a dot
# Equilibria that a legend can name, and whose numbers do not hide the marks.
_MOST_TOLD = 6


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


def spectrum(equilibria: Iterable[Equilibrium], ax: "Axes | None" = None) -> "Axes":
    """Draw the eigenvalues of equilibria in the complex plane, and where modes decay (shaded).

    A mode of a flow decays left of the imaginary axis, one of a map inside the unit circle.

    Arguments:
        equilibria: what `find_equilibria` returned, or some of its members.
        ax: axes to draw on; None makes a figure.

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
    equilibria = tuple(equilibria)
    if not equilibria:
        raise InputError("spectrum: there are no equilibria to show.")
    values = spectrum_data(equilibria)
    axes = ax or new_axes(height=3.8)
    if not WORDS[equilibria[0].about.rule_kind].is_continuous:
        values = _drawn_in(axes, values)
        _draw_circle(axes, np.concatenate(list(values.values())))
    else:
        _draw_half_plane(axes, np.concatenate(list(values.values())))
    is_told = 1 < len(equilibria) <= _MOST_TOLD
    for kind, size in _sizes(values).items():
        numbers, label = values[kind], None if is_told else kind
        mark(axes, np.real(numbers), np.imag(numbers), kind, label=label, markersize=size)
    if is_told:
        _tell_apart(axes, equilibria, values)
    axes.set_xlabel("Re λ")
    axes.set_ylabel("Im λ")
    legend_below(axes, columns=4)
    return axes


def _tell_apart(
    axes: "Axes", equilibria: tuple[Equilibrium, ...], drawn: dict[str, np.ndarray]
) -> None:
    """Number the marks by their equilibria, which the legend names."""
    taken = dict.fromkeys(drawn, 0)
    owners: dict[tuple[float, float], list[str]] = {}
    for number, equilibrium in enumerate(equilibria, start=1):
        kind, count = equilibrium.kind, len(equilibrium.eigenvalues)
        own = drawn[kind][taken[kind] : taken[kind] + count]
        taken[kind] += count
        for value in own:
            place = (float(f"{np.real(value):.3g}"), float(f"{np.imag(value):.3g}"))
            owners.setdefault(place, []).append(str(number))
        said = f"{number}: {kind} {format_state(equilibrium.state)}"
        mark(axes, [], [], kind, label=said, markersize=6)
    for place, numbers in owners.items():
        axes.annotate(
            ", ".join(dict.fromkeys(numbers)), place, xytext=(5, 5), textcoords="offset points",
            fontsize=SMALL - 1, zorder=9, color=INK,
        )  # fmt: skip


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


def _draw_circle(axes: "Axes", values: np.ndarray) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((0.0, 0.0), 1.0, color=PALE, alpha=0.6, zorder=0, label="decays"))
    axes.add_patch(Circle((0.0, 0.0), 1.0, fill=False, edgecolor=GREY, zorder=1))
    axes.axhline(0.0, color=GREY, linewidth=0.5, zorder=1)
    reach = 1.15 * max(1.0, float(np.abs(np.real(values)).max()))
    tall = 1.15 * max(1.0, float(np.abs(np.imag(values)).max()))
    ratio = axes.bbox.height / axes.bbox.width  # so that equal scales leave no gap
    reach = max(reach, tall / ratio)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-ratio * reach, ratio * reach)
    axes.set_aspect("equal")
