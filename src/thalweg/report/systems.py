"""The page of an analysis: what was asked, what was found, and how to see it."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thalweg.analysis import BifurcationCurves, BifurcationDiagram
from thalweg.core.declared import declared_names
from thalweg.core.reports import NotKept
from thalweg.core.tables import capitalized, format_state
from thalweg.dynamics import Problem, declared_energy
from thalweg.plot import (
    Portrait,
    bifurcation_curves,
    bifurcation_diagram,
    portrait_animation,
    portrait_data,
    spectrum,
)
from thalweg.plot.curves import Run, closed_orbit
from thalweg.plot.fields import energy_at
from thalweg.plot.portraits import draw_portrait
from thalweg.plot.style import track_colour
from thalweg.plot.trajectories import draw_energies, draw_trajectory
from thalweg.report import captions
from thalweg.report.analyze import Analysis
from thalweg.report.asked import asked, made
from thalweg.report.moving import moving_portrait
from thalweg.report.page import Block, Page, Picture, Points, Section, Table, Text
from thalweg.report.pictures import animated, picture
from thalweg.report.verdicts import verdict_blocks

_MOST_CURVES = 5  # energies along runs that can be told apart in one figure


def analysis_page(
    found: Analysis,
    *,
    command: str = "",
    versions: Mapping[str, str] | None = None,
    animate: str = "",
) -> Page:
    """The report of an analysis, with its figures drawn.

    Arguments:
        found: the analysis; one that was read from JSON has no rule left to draw.
        command: what was typed, without where files went.
        versions: of the libraries that computed it, by name.
        animate: `"gif"` or `"mp4"` for the portrait with its trajectories running, in a file beside
            the page; a portrait of one axis has none.

    Raises:
        InputError: the analysis was read from JSON.
    """
    if isinstance(found.rule, NotKept):
        found.rule()
    energy, called = _energy_to_draw(found)
    data = portrait_data(
        found.rule,
        found.about.domain,
        equilibria=found.equilibria,
        cycles=found.cycles,
        energy=energy,
    )
    shape = picture(
        draw_portrait(data),
        "phase-portrait",
        captions.portrait_caption(data, called if energy else None),
        f"Phase portrait of {found.about.system}",
    )
    sections = [
        Section("What was asked", [asked(found.about, found.parameters, found.seed), shape]),
        Section("Where it rests", _rest(found)),
        Section("Cycles", _cycles(found, data)),
        Section("Does an energy fall?", _descent(found, data)),
        Section("Is it steepest descent of an energy?", _verdict(found, data)),
        Section("How this was made", made(command, versions)),
    ]
    moving = moving_portrait(found)
    if moving:
        sections.insert(-1, Section("Move it yourself", moving))
    if found.diagram is not None:
        sections.insert(-1, Section(f"Over {found.diagram.parameter}", _branches(found.diagram)))
    if found.curves is not None:
        over = " and ".join(found.curves.parameters)
        sections.insert(-1, Section(f"Over {over}", _curves(found.curves)))
    if found.warnings:
        sections.insert(1, Section("Warnings", [Points(found.warnings)]))
    moves = animated(functools.partial(portrait_animation, data), "phase-portrait", animate)
    return Page(found.about.system, _lead(found), sections, moves)


def _energy_to_draw(found: Analysis) -> tuple[Callable[[Any], Any] | None, str]:
    """The energy to draw and what it is called: the declared one, else the recovered one."""
    declared = declared_energy(found.rule)
    if declared is not None:
        return declared, "the declared energy"
    return found.verdict.energy, "the recovered energy"


def _lead(found: Analysis) -> str:
    said = f"{captions.rest_in_words(found.equilibria)}; {captions.cycles_in_words(found.cycles)}. "
    said = capitalized(said) + found.verdict.sentences()[0]
    return f"{found.summary} {said}" if found.summary else said


def _rest(found: Analysis) -> list[Block]:
    blocks: list[Block] = [Text(f"{found.equilibria.title}.")]
    listed = found.equilibria.table()
    if listed:
        blocks.append(Table(*listed))
        blocks.append(Points(found.equilibria.remarks()))
        blocks.append(
            picture(
                spectrum(found.equilibria),
                "spectrum",
                captions.spectrum_caption(found.rule.words, len(found.equilibria)),
                "Eigenvalues in the complex plane",
            )
        )
    else:
        blocks.append(Points(found.equilibria.remarks()))
    return blocks


def _cycles(found: Analysis, data: Portrait) -> list[Block]:
    blocks: list[Block] = [Text(f"{found.cycles.title}.")]
    listed = found.cycles.table()
    if listed:
        blocks.append(Table(*listed))
    blocks.append(Points(found.cycles.remarks()))
    drawn = _time_course(found, data)
    return blocks if drawn is None else [*blocks, drawn]


def _time_course(found: Analysis, data: Portrait) -> Picture | None:
    """The coordinates against time: twice round a closed orbit, or on the way."""
    problem, is_map = data.view.problem, not data.view.is_flow
    # One that attracts, or one of a family of which each start has its own.
    loop = next((c for c in found.cycles if c.stable or c.continuum), None)
    if loop is not None and not is_map:
        once = closed_orbit(problem, loop)
        turn = once.y[-1] - once.y[0]
        run = Run(
            np.concatenate([once.times, loop.period + once.times]),
            np.concatenate([once.y, once.y + turn]),
        )
        which = "the closed orbit that attracts" if loop.stable else "a closed orbit of the family"
        where = ", which leaves the domain" if loop.leaves else ""
        caption = f"Twice round {which}{where}."
    else:
        tracks = [_until_settled(track) for track in data.tracks if len(track.y) > 1]
        if not tracks:
            return None
        run = max(tracks, key=lambda track: _worth(problem, track))
        where = " of the phase portrait" if captions.shows_runs(data) else ""
        caption = f"A trajectory{where} against time."
    chart = problem.chart
    values = np.asarray(chart.layout.flatten(chart.embed(run.y)))
    names = declared_names(found.rule, chart.layout)
    moving = [i for i in range(len(names)) if i not in chart.held_at]
    names, values = [names[i] for i in moving], values[:, moving]
    axes = draw_trajectory(run.times, values, names, is_map)
    return picture(axes, "trajectory", caption, "Coordinates against time")


def _worth(problem: Problem, track: Run) -> tuple[bool, float]:
    """Rank of a trajectory: one that stays before one that leaves, then by its length."""
    stays = bool(np.all(problem.chart.inside(track.y[-1:], 1e-9)))
    return stays, float(np.linalg.norm(np.ptp(track.y / problem.chart.widths, axis=0)))


def _until_settled(run: Run) -> Run:
    """A run without its long end, where next to nothing happens."""
    away = np.linalg.norm((run.y - run.y[-1]) / np.maximum(np.ptp(run.y, axis=0), 1e-300), axis=1)
    moving = np.flatnonzero(away > 5e-3)
    if not len(moving):
        return run
    last = run.times[0] + 1.25 * (run.times[moving[-1]] - run.times[0])
    kept = run.times <= max(last, run.times[min(moving[-1] + 1, len(run.times) - 1)])
    return Run(run.times[kept], run.y[kept])


def _descent(found: Analysis, data: Portrait) -> list[Block]:
    energy, called = _energy_to_draw(found)
    if energy is None:
        what = "looked for" if found.verdict.is_fall_open else "recovered"
        return [Text(f"The rule declares no energy, and none was {what}.")]
    blocks: list[Block] = [
        Text("The rule declares no energy; this is the recovered one.")
        if found.descent is None
        else Points([f"{found.descent.title}.", *found.descent.remarks()])
    ]
    places = [i for i, track in enumerate(data.tracks) if len(track.y) > 1][:_MOST_CURVES]
    tracks = [_until_settled(data.tracks[i]) for i in places]
    if tracks:
        problem = data.view.problem
        looks = [_look(problem, i, data.tracks[i]) for i in places]
        values = energy_at(problem, energy, np.concatenate([t.y for t in tracks]))
        parts = np.split(values, np.cumsum([len(t.y) for t in tracks])[:-1])
        curves = [(t.times, part) for t, part in zip(tracks, parts, strict=True)]
        axes = draw_energies(curves, not data.view.is_flow, looks=looks, name=data.view.energy_name)
        caption = captions.energy_caption(found.descent, called, data)
        blocks.append(picture(axes, "energy-along", caption, "Energy against time"))
    return blocks


def _look(problem: Problem, index: int, track: Run) -> dict[str, str]:
    """The colour of a trajectory in the portrait, and where it begins."""
    start = format_state(problem.chart.embed(track.y[0]))
    return {"color": track_colour(index), "label": f"from {start}"}


def _verdict(found: Analysis, data: Portrait) -> list[Block]:
    where = found.about.domain
    return verdict_blocks(found.verdict, found.rule, where, data, found.equilibria, found.cycles)


def _branches(diagram: BifurcationDiagram) -> list[Block]:
    drawn = picture(
        bifurcation_diagram(diagram),
        "bifurcation-diagram",
        captions.branches_caption(diagram),
        "Bifurcation diagram",
    )
    return _told_below(drawn, diagram)


def _curves(curves: BifurcationCurves) -> list[Block]:
    drawn = picture(
        bifurcation_curves(curves),
        "bifurcation-curves",
        captions.curves_caption(curves),
        "Curves of bifurcations",
    )
    return _told_below(drawn, curves)


def _told_below(drawn: Block, found: BifurcationDiagram | BifurcationCurves) -> list[Block]:
    """The title of a result, its figure, and below it its table and remarks."""
    listed = found.table()
    table = [] if listed is None else [Table(*listed)]
    return [Text(f"{found.title}."), drawn, *table, Points(found.remarks())]
