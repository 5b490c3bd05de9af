"""The page of a run."""

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from thalweg.core.declared import declared_energy
from thalweg.core.errors import InputError
from thalweg.core.tables import format_state
from thalweg.dynamics.words import WORDS
from thalweg.plot import energy_along, energy_along_data, path, run_animation, trajectory
from thalweg.report.asked import asked, made
from thalweg.report.page import Block, Page, Points, Section, Table, Text
from thalweg.report.pictures import animated, picture
from thalweg.simulation import Trajectory

# Differences of an energy below this share of its size are rounding.
_ROUNDING = 1e-9


def run_page(
    run: Trajectory,
    rule: Any,
    start: Any,
    *,
    parameters: Mapping[str, Any],
    seed: int = 0,
    fine: Trajectory | None = None,
    command: str = "",
    versions: Mapping[str, str] | None = None,
    animate: str = "",
) -> Page:
    """The report of a run, with its figures drawn.

    Arguments:
        run: what `simulate` returned.
        rule: what ran.
        start: where it began.
        parameters: those of the system, by name.
        seed: of everything random.
        fine: the same run at more points, for the figures, where it is saved too seldom for them.
        command: what was typed, without where files went.
        versions: of the libraries that computed it, by name.
        animate: `"gif"` or `"mp4"` for the run in motion, in a file beside the page.
    """
    about = replace(run.about, names=tuple(run.names))
    facts = asked(about, parameters, seed, Start=format_state(start))
    blocks: list[Block] = [Text(f"{run.title}."), Points(run.remarks())]
    listed = run.table()
    blocks += [] if listed is None else [Table(*listed)]
    sections = [
        Section("What was asked", [facts]),
        Section("Where it went", [*blocks, *_pictures(fine or run)]),
    ]
    energy = declared_energy(rule)
    if energy is not None and len(run) > 1:
        sections.append(Section("Does its energy fall?", _energy(fine or run, energy)))
    sections.append(Section("How this was made", made(command, versions)))
    moves = animated(functools.partial(run_animation, fine or run), "run", animate)
    return Page(run.about.system, f"{run.title}. {run.remarks()[0]}", sections, moves)


def _pictures(run: Trajectory) -> list[Block]:
    if len(run) < 2:
        return []
    is_timed = WORDS[run.about.rule_kind].is_continuous
    said = "The coordinates against time." if is_timed else "The coordinates against steps."
    blocks: list[Block] = [picture(trajectory(run), "trajectory", said, "Coordinates against time")]
    try:
        axes = path(run)
    except InputError:  # one coordinate, or a line: the figure above shows it all
        return blocks
    many = len(run.names) > 2
    plane = "the plane of its two principal components" if many else "the plane of its state"
    said = f"The run in {plane}, from the square to the dot."
    return [*blocks, picture(axes, "path", said, "The run in state space")]


def _energy(run: Trajectory, energy: Any) -> list[Block]:
    _, values = energy_along_data(run, energy)
    size = max(float(np.nanmax(np.abs(values))), 1e-300)
    rises = int(np.sum(np.diff(values) > _ROUNDING * size))
    often = "once" if rises == 1 else f"{rises} times"
    said = (
        "The declared energy at the saved states never rises."
        if not rises
        else f"The declared energy rises from one saved state to the next {often}."
    )
    return [picture(energy_along(run, energy), "energy-along", said, "Energy against time")]
