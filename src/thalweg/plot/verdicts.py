"""The verdict of energy recovery as a figure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium
from thalweg.analysis.equilibria.where import check_at_rest, domain_with, given_equilibria
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.shapes import State
from thalweg.core.tables import counted
from thalweg.dynamics import Problem, Rule
from thalweg.plot.curves import cycle_curve, flow_runs, map_orbits
from thalweg.plot.fields import energy_on_grid, jacobian_at
from thalweg.plot.frames import draw_frame
from thalweg.plot.given import check_found
from thalweg.plot.landscapes import FINE, draw_filled, draw_landscape, energy_view
from thalweg.plot.layers import arrows, streamlines
from thalweg.plot.layers.table import LAYERS
from thalweg.plot.papers import Legend, Paper, make_paper
from thalweg.plot.portrait_data import portrait_data
from thalweg.plot.portraits import draw_portrait
from thalweg.plot.scenes import Portrait, make_portrayed
from thalweg.plot.style import GREY, PALE, VERMILLION, letters, note
from thalweg.plot.views import View, make_view, spanned_view
from thalweg.recovery import Kind, Split, Verdict
from thalweg.recovery.witnesses import Witness

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BLOCKS = 8  # blocks of a run, each 128 steps: once round most closed orbits
# Points across the star of a witness: it lies under the mark of its state, whose kind is seen.
_STAR = 23.0
_STARTS = 2  # sample trajectories: the witness is what the figure is about
# The share of a rule below which its gradient part is rounding.
_NOTHING = 1e-6
_MARKS = ("cycles", "families", "equilibria")


def verdict(
    found: Verdict,
    rule: Rule,
    domain: Domain | None = None,
    *,
    equilibria: Equilibria | Sequence[Equilibrium] = (),
    cycles: Cycles | Sequence[Cycle] = (),
    plane: Sequence[int | str] | None = None,
    through: State | None = None,
    portrait: Portrait | None = None,
    ax: "Axes | None" = None,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw a verdict: the contours of the energy it found with the flow, and what refutes one.

    Where only a split of the rule was found, its energy is shown, which need not fall; where
    nothing was, the flow alone.

    Arguments:
        found: what `recover_energy` returned.
        rule: the rule that it is about.
        domain: the region that it is about; None means the domain that the rule declares, or else
            that of the equilibria given.
        equilibria: states to mark, by kind.
        cycles: closed orbits or cycles to show; the witness of a refutation is shown in any case.
        plane: two coordinates, by name or index.
        through: the state that the plane goes through where there are more coordinates. Without
            either, an energy is shown on the plane closest to the equilibria.
        portrait: what `portrait_data` returned for this rule, domain, equilibria and cycles; spares
            computing it again where it shows the same plane.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: the rule does not fit the domain, or depends on time.

    Example:
        >>> import thalweg as tw
        >>> rule = tw.SteepestDescent(tw.energies.FourWells())
        >>> ax = tw.plot.verdict(tw.recover_energy(rule), rule)
        >>> ax.get_title(loc="left")
        'steepest descent of E'
    """
    paper = make_paper(ax, width, legend)
    check_found("verdict: found", found, Verdict, "recover_energy")
    equilibria = given_equilibria(equilibria) or ()
    problem, domain = make_portrayed(rule, domain_with(rule, domain, equilibria))
    with jax.enable_x64(True):
        check_at_rest(problem, equilibria)
    energy, words = shown_energy(found)
    if energy is not None and problem.chart.dimension == 1:
        view = make_view(problem)
        grid, values = energy_on_grid(view, energy, FINE)
        axes = draw_landscape(view, energy, grid, values, tuple(equilibria), paper=paper)
        note(axes, re.sub(r"\bE\b", view.energy_name, words))
        return axes
    view, orbits = None, any(_is_cycle(witness) for witness in found.witnesses)
    other = [] if orbits and problem.chart.dimension > 1 else cycles
    is_same = problem.chart.dimension <= 2 and plane is None and through is None
    if portrait is not None and is_same:
        return _drawn(
            found, problem, _with_energy(portrait, energy, bool(other)), cycles, words, paper
        )
    if energy is not None:
        view = energy_view(problem, energy, equilibria, plane, through)
    elif problem.chart.dimension > 2 and plane is None and through is None and not orbits:
        view = _turning_view(problem, found)
    # Nobody asked for those that a slice does not show.
    starts = _STARTS if through is None and (view is None or not view.is_slice) else None
    data = portrait_data(
        rule, domain, equilibria=equilibria, cycles=other, energy=energy, starts=starts,
        plane=plane, through=through, view=view, basins=False,
    )  # fmt: skip
    return _drawn(found, problem, data, cycles, words, paper)


def _with_energy(portrait: Portrait, energy: Any, with_cycles: bool) -> Portrait:
    """A portrait with another energy, or none, and perhaps without its cycles."""
    values = None
    if energy is not None and portrait.field is not None:
        values = energy_on_grid(portrait.view, energy, len(portrait.field.axes[0]))[1]
    return portrait.replace(energy=values, cycles=portrait.cycles if with_cycles else [])


def _drawn(
    found: Verdict,
    problem: Problem,
    data: Portrait,
    cycles: Cycles | Sequence[Cycle],
    words: str,
    paper: Paper,
) -> "Axes":
    """The figure: the flow over the energy, the states of rest, the witnesses."""
    if data.view.dimension == 1:
        axes = draw_portrait(_round_a_cycle(data, problem, found, cycles), paper)
    else:
        axes = paper.axes(height=4.1)
        _draw_plane(axes, data)
    curves = [witness_curve(problem, witness, cycles) for witness in found.witnesses]
    for witness, curve in zip(found.witnesses, curves, strict=True):
        if data.view.shows(curve):
            _draw_witness(axes, data.view, curve, witness)
    words = re.sub(r"\bE\b", data.view.energy_name, words)
    off = data.view.said_off(witnesses=curves)
    note(axes, "; ".join(filter(None, (words, data.view.held, data.left_out, off))))
    paper.explain(axes, gap=data.view.below)
    return axes


def _round_a_cycle(
    data: Portrait, problem: Problem, found: Verdict, cycles: Cycles | Sequence[Cycle]
) -> Portrait:
    """A portrait of a line without basins; of a map the cobweb of the cycle that is a witness."""
    data = data.replace(basins=None)
    loops = [witness for witness in found.witnesses if _is_cycle(witness)]
    if data.cobweb is None or not loops:
        return data
    x = data.view.place(witness_curve(problem, loops[0], cycles))[:, 0]
    twice = np.repeat(np.append(x, x[0]), 2)
    web = replace(data.cobweb, corners=np.stack([twice[:-1], twice[1:]], axis=1))
    return data.replace(cobweb=web, cycles=[])


def shown_energy(found: Verdict) -> tuple[Any, str]:
    """The energy that a verdict's figure shows, or None, and a few words about it."""
    words = found.kind.words
    if found.energy is not None:
        return found.energy, words + (
            "; yet E falls along it" if found.kind == Kind.REFUTED else ""
        )
    if has_gradient(found.split):
        assert found.split is not None
        share = f"{100.0 * found.split.share:.3g} %"
        return found.split.energy, f"{words}; E of the split, whose remainder holds {share}"
    return None, words


def has_gradient(split: Split | None) -> bool:
    """True if a split left anything to its energy; else that is rounding, and nothing to see."""
    return split is not None and split.share < 1.0 - _NOTHING


def _is_cycle(witness: Witness) -> bool:
    return witness.to_dict()["type"] == "cycle"


def _turning_view(problem: Problem, found: Verdict) -> View | None:
    """The plane through an equilibrium that is a witness in which its states turn, if they do."""
    if not found.witnesses:
        return None
    origin = witness_curve(problem, found.witnesses[0])[0]
    values, vectors = np.linalg.eig(jacobian_at(problem, origin))
    turning = vectors[:, int(np.argmax(np.imag(values)))]
    if np.max(np.imag(values)) <= 0.0:
        return None
    names = ("Re of the eigenvector", "Im of the eigenvector")
    return spanned_view(
        problem, origin, np.stack([np.real(turning), np.imag(turning)]), names,
        "the plane of its fastest turning mode",
    )  # fmt: skip


def witness_curve(problem: Problem, witness: Witness, cycles: Sequence[Cycle] = ()) -> np.ndarray:
    """Curve `(m, d)` that refutes an energy: one equilibrium, or once round a closed orbit.

    Arguments:
        problem: the rule and its chart.
        witness: of the verdict.
        cycles: where the orbit may be found ready; else it is run.

    Raises:
        InputError: the witness is of another rule.
    """
    known = witness.to_dict()
    flat = np.asarray(known["point"] if _is_cycle(witness) else known["state"], dtype=float)
    layout, chart = problem.chart.layout, problem.chart
    if flat.shape != (layout.size,):
        raise InputError(
            f"found: its witness has {counted(flat.size, 'coordinate')}, the rule {layout.size}."
        )
    start = np.asarray(chart.coordinates(layout.unflatten(flat)))[None]
    if not _is_cycle(witness):
        return start
    for cycle in cycles:
        if cycle.period == known["period"] and np.all(layout.flatten(cycle.point) == flat):
            return cycle_curve(problem, cycle)
    if not problem.rule.has_continuous_time:
        return map_orbits(problem, start, round(known["period"]) - 1)[:, 0]
    sizes = np.abs([complex(*value) for value in known["multipliers"]])
    # In time or against it, as a deviation grows less in a turn.
    backwards = float(np.max(sizes)) > 1.0 / max(float(np.min(sizes)), 1e-300)
    run = flow_runs(problem, start, -1.0 if backwards else 1.0, blocks=_BLOCKS)[0]
    once = run.y[run.times <= known["period"]]
    return np.concatenate([once, once[-1:] + chart.difference(start, once[-1:])])


def _draw_plane(axes: "Axes", data: Portrait) -> None:
    draw_frame(axes, data.view)
    colour = GREY
    if data.energy is not None and data.field is not None:
        draw_filled(axes, data.field.axes, data.energy, data.view.energy_name)
        colour = "white"
    streamlines.draw(axes, data, colour)
    arrows.draw(axes, data, colour)
    if data.field is None:
        for run in data.runs:
            axes.plot(*run.y.T, color=PALE, linewidth=0.6, zorder=2, label="trajectory")
    for name in _MARKS:
        LAYERS[name].draw(axes, data)


def _draw_witness(axes: "Axes", view: View, curve: np.ndarray, witness: Witness) -> None:
    if len(curve) == 1:
        axes.plot(
            *view.on_axes(view.points(curve)), marker="*", markersize=letters(axes, _STAR),
            color=VERMILLION, markeredgecolor="white", linestyle="none", zorder=7.5, clip_on=False,
        )  # fmt: skip
        axes.plot(  # in the legend it is as large as a row
            [], [], marker="*", markersize=letters(axes, 0.6 * _STAR), color=VERMILLION,
            markeredgecolor="white", linestyle="none",
            label=f"witness: {witness.to_dict()['reason']}",
        )  # fmt: skip
        return
    is_flow = view.is_flow
    shown = view.broken(view.place(curve)) if is_flow else view.points(curve)
    axes.plot(
        *view.on_axes(shown, np.roll(shown, -1, axis=0)), color=VERMILLION, linewidth=2.2, zorder=9,
        linestyle="-" if is_flow else "none", marker=None if is_flow else "*", markersize=14,
        label="witness: closed orbit" if is_flow else f"witness: {len(curve)}-cycle",
    )  # fmt: skip
