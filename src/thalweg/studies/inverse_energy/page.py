"""Study `inverse-energy`: energies learned back from what they made, and its page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import jax

from thalweg.core.errors import InputError
from thalweg.core.progress import Progress
from thalweg.core.trees import in_float64
from thalweg.energies import MuellerBrown
from thalweg.plot import energy_landscape
from thalweg.plot.style import SMALL, new_axes, new_panels
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_list, require_positive
from thalweg.studies.inverse_energy.ends import Portrait, Wells, four_wells
from thalweg.studies.inverse_energy.measures import Score
from thalweg.studies.inverse_energy.results import (
    Learned,
    cut_short,
    learned,
    runs_and_ends,
    without_weights,
)
from thalweg.studies.inverse_energy.truths import TRUTHS
from thalweg.studies.inverse_energy.worlds import (
    RATE,
    TEMPERATURE,
    GridScore,
    OrnsteinUhlenbeck,
    grid_world,
    ornstein_uhlenbeck,
)
from thalweg.studies.result import StudyResult

_OTHERS = ("four-wells", "grid-world", "ornstein-uhlenbeck")
_ALL = (*TRUTHS, *_OTHERS)
_POINT_UPDATES = 2000  # at effort 1, which the table in the documentation was made with


def study(
    *,
    truths: tuple[str, ...] = _ALL,
    trainings: int = 3,
    effort: float = 1.0,
    ablations: bool = True,
    seed: int = 0,
) -> StudyResult:
    """Learn known energies back: from runs, end points, walks and chance.

    Arguments:
        truths: which: `double-well`, `mueller-brown`, `hopfield-8`, `hopfield-32`, `four-wells`,
            `grid-world`, `ornstein-uhlenbeck`.
        trainings: of each, each with a key of its own; numbers are the median.
        effort: the share of the updates.
        ablations: whether to train again without weights, on runs cut short, and on end points.
        seed: of the trainings; the truths have their own keys.
    """
    require_list(truths=truths)
    require_counts(trainings=trainings)
    require_positive(effort=effort)
    unknown = [name for name in truths if name not in _ALL]
    if unknown:
        raise InputError(f"truths must be of {', '.join(_ALL)}, got {unknown[0]!r}.")
    keys = list(jax.random.split(jax.random.key(seed), trainings))
    found: dict[str, Any] = {}
    with Progress("truths", len(truths), unit="truth") as progress:
        for name in truths:
            found[name] = _learn(name, keys, effort)
            progress.update(len(found))
    runs = {name: found[name] for name in truths if name in TRUTHS}
    sections, values = _sections_of_runs(runs, keys, effort, ablations)
    for name, show in _SHOWN.items():
        if name in found:
            sections.append(show(found[name]))
            values[name] = _numbers(found[name])
    return StudyResult(Page("Which energy made this?", _lead(runs), sections), values)


def _learn(name: str, keys: Sequence[Any], effort: float) -> Any:
    if name in TRUTHS:
        return learned(TRUTHS[name](), keys, effort)
    updates = max(1, round(effort * _POINT_UPDATES))
    makers: dict[str, Any] = {
        "four-wells": lambda: four_wells(keys, updates),
        "grid-world": lambda: [grid_world(key) for key in keys],
        "ornstein-uhlenbeck": lambda: ornstein_uhlenbeck(keys[0]),
    }
    return makers[name]()


def _lead(runs: Mapping[str, Learned]) -> str:
    if not runs:
        return "Energies learned from data that are no runs."
    errors = [f"{found.energy.error:.2g} for {name}" for name, found in runs.items()]
    spurious = sum(found.energy.spurious for found in runs.values())
    return (
        f"Networks of 64 and 64 tanh units in a bowl, trained on runs down a known energy, take "
        f"its steps along other runs to a median relative error of {', '.join(errors)}; "
        f"{spurious or 'none'} of their rests there "
        f"{'is no minimum' if spurious == 1 else 'are no minima'} of the truth."
    )


def _sections_of_runs(
    runs: Mapping[str, Learned], keys: Sequence[Any], effort: float, ablations: bool
) -> tuple[list[Section], dict[str, Any]]:
    if not runs:
        return [], {}
    values: dict[str, Any] = {name: found.scores() for name, found in runs.items()}
    sections = [Section("From runs", [_table_of_runs(runs)])]
    if ablations and "hopfield-8" in runs:
        values["hopfield-8"]["cut-short"] = vars(cut_short(runs["hopfield-8"], keys))
    if ablations and "mueller-brown" in runs:
        surface = runs["mueller-brown"]
        values["mueller-brown"]["unweighted"] = vars(without_weights(surface, keys))
        updates = max(1, round(effort * _POINT_UPDATES))
        portraits, of_ends = runs_and_ends(surface, keys, updates)
        named: dict[str, Portrait] = {"runs": portraits[0], "end points": portraits[1]}
        values["mueller-brown"]["portraits"] = {name: vars(p) for name, p in named.items()}
        sections.append(
            Section("Runs, or where they end", [_drawn(surface, of_ends), _compared(named)])
        )
    lines = [
        _row(name, what, Score(**values[name][key]), runs[name])
        for name, key, what in (
            ("mueller-brown", "unweighted", "unweighted errors"),
            ("hopfield-8", "cut-short", "first 10 of 60 steps"),
        )
        if key in values.get(name, {})
    ]
    if lines:
        told = "Energies as above, but for one thing: errors of steps that are not relative to "
        told += "their length; runs that are cut before they come to rest."
        sections.append(Section("Trained otherwise", [Table(_HEADER, lines, told)]))
    return sections, values


_HEADER = ["truth", "model", "error", "right rest", "minima", "spurious"]


def _row(name: str, model: str, found: Score, truth: Learned) -> list[str]:
    return [
        name, model, f"{found.error:.3g}", f"{found.right:.2f}",
        f"{found.found:g} of {truth.reached}", f"{found.spurious:g}",
    ]  # fmt: skip


def _table_of_runs(runs: Mapping[str, Learned]) -> Table:
    rows = []
    for name, found in runs.items():
        models = {"energy": found.energy, "x + g(x)": found.adds, "f(x)": found.maps}
        rows += [_row(name, model, scored, found) for model, scored in models.items()]
    return Table(
        _HEADER,
        rows,
        "Error: the median of |ηg' − ηg| / (|ηg| + .02 median|ηg|) along runs that were not seen. "
        "Right rest: the share of these that, after 3,000 steps of the model, are within the "
        "tolerance of the true rest. Minima: those of the truth at which they are, of those at "
        "which the truth's are. Spurious: their other rests.",
    )


def _compared(portraits: Mapping[str, Portrait]) -> Table:
    rows = [
        [
            name, f"{p.angle:.2g}°", f"{p.right:.2f}", f"{p.found:g} of 3", f"{p.spurious:g}",
            f"{p.saddles:.2g}",
        ]
        for name, p in portraits.items()
    ]  # fmt: skip
    return Table(
        ["learned from", "angle", "right rest", "minima", "spurious", "saddles off by"],
        rows,
        "Müller–Brown from 100 runs, and from the states at which these come to rest, with starts "
        "learned. End points fix the minima alone: steps elsewhere point where they like.",
    )


def _drawn(surface: Learned, of_ends: Any) -> Picture:
    panels = new_panels(3, 1, 3.0, 3.4)[0]
    drawn = {
        "truth": surface.truth.energy,
        "from runs": in_float64(surface.energies[0]),
        "from end points": in_float64(of_ends),
    }
    for axes, (title, energy) in zip(panels, drawn.items(), strict=True):
        energy_landscape(energy, MuellerBrown.domain, ax=axes)
        axes.set_title(title, fontsize=SMALL + 1)
        axes.plot(*surface.tests.minima.T, "x", color="black", markersize=5)
    return picture(
        panels[0],
        "portraits",
        "The surface of Müller and Brown, what 100 runs teach of it, and what their end points do. "
        "Crosses: its minima.",
        "Three energy landscapes side by side",
    )


def _four_wells(found: tuple[Wells, Wells]) -> Section:
    names = ("starts perturbed, with a prior", "starts at the points, neither")
    rows = [
        [
            name, f"{w.found:g} of 4", f"{w.spurious:g}", f"{w.in_basin:.2f}", f"{w.certified:.2f}",
            f"{w.curvature:.2g}",
        ]
        for name, w in zip(names, found, strict=True)
    ]  # fmt: skip
    told = (
        "From 32 end points. Minima and spurious ones: where 400 uniform starts come to rest. An "
        "energy that may begin its runs at the points need do nothing, and its certificates fail."
    )
    header = ["learned with", "minima", "spurious", "in basin", "certified", "least curvature"]
    return Section("Four wells from end points", [Table(header, rows, told)])


def _grid_world(found: Sequence[GridScore]) -> Section:
    axes = new_axes(4.0, 3.4)
    drawn = axes.imshow(found[0].values, cmap="viridis")
    axes.figure.colorbar(drawn, ax=axes, label="energy")
    axes.plot(2, 10, "o", color="white", markersize=6)
    axes.set_xticks([])
    axes.set_yticks([])
    shown = picture(
        axes,
        "grid",
        "An energy of the cells from 40 shortest paths; walls are blank, the dot is the goal.",
        "Energy of the cells of a grid",
    )
    rows = [[f"{g.spearman:.4f}", f"{g.shortest:.3f}", f"{g.minima}", f"{g.unseen}"] for g in found]
    told = "One row a draw of paths; the cells on no path get the smoothest energy."
    header = ["rank correlation with distance", "shortest ways down", "minima", "cells unseen"]
    return Section("A grid world from walks", [shown, Table(header, rows, told)])


def _ornstein_uhlenbeck(found: OrnsteinUhlenbeck) -> Section:
    rows = [
        ["λ", f"{RATE}", f"{found.rate:.4f} ± {found.rate_error:.4f}", f"{found.euler:.4f}"],
        [
            "T",
            f"{TEMPERATURE}",
            f"{found.temperature:.4f} ± {found.temperature_error:.4f}",
            "",
        ],
    ]
    told = (
        f"E = ½λx² from {found.transitions} transitions over .1, with standard errors. Euler's "
        f"estimate is biased: with ever more data it goes to (1 − e^(−λΔt))/Δt = "
        f"{found.euler_limit:.5f}."
    )
    table = Table(["", "truth", "exact transitions", "Euler steps"], rows, told)
    return Section("Energy and temperature from chance", [table, Text(_CHANCE)])


_CHANCE = (
    "The transition is that of the energy's second order at the state before, which is exact here."
)
_SHOWN = {
    "four-wells": _four_wells,
    "grid-world": _grid_world,
    "ornstein-uhlenbeck": _ornstein_uhlenbeck,
}


def _numbers(found: Any) -> Any:
    """Scores as JSON-ready data."""
    if isinstance(found, list | tuple):
        return [_numbers(item) for item in found]
    return {name: value for name, value in asdict(found).items() if name != "values"}
