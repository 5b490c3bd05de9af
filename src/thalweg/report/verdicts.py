"""The page of a recovered energy, and its part in that of an analysis."""

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium, Landscape
from thalweg.core.domains import Domain
from thalweg.core.tables import capitalized
from thalweg.plot import (
    Portrait,
    conley_landscape,
    portrait_animation,
    portrait_data,
    split,
    verdict,
)
from thalweg.plot.portraits import draw_portrait
from thalweg.plot.verdicts import has_gradient
from thalweg.recovery import Verdict
from thalweg.report import captions
from thalweg.report.asked import asked, made
from thalweg.report.page import Block, Code, Page, Points, Section, Table, Text
from thalweg.report.pictures import animated, picture

if TYPE_CHECKING:
    from thalweg.recovery.closed_form import SymbolicVerdict


# Millimetres across the figure of a split, whose parts then stand one below the other: side by side
# they would be cut off on a telephone.
_SPLIT = 117.0


def verdict_blocks(
    found: Verdict,
    rule: Any,
    domain: Domain | None,
    data: Portrait,
    equilibria: Equilibria | Sequence[Equilibrium] = (),
    cycles: Cycles | Sequence[Cycle] = (),
) -> list[Block]:
    """A verdict in sentences, figures and the table of its levels.

    Arguments:
        found: the verdict.
        rule: what it is about.
        domain: where.
        data: the phase portrait of the rule there.
        equilibria: states to mark.
        cycles: closed orbits to show.
    """
    axes = verdict(found, rule, domain, equilibria=equilibria, cycles=cycles, portrait=data)
    caption = captions.verdict_caption(found, data)
    blocks: list[Block] = [Points(found.sentences())]
    blocks.append(picture(axes, "verdict", caption, f"Verdict: {found.kind}"))
    if has_gradient(found.split):
        assert found.split is not None
        parts = split(found.split, width=_SPLIT)
        said = captions.split_caption(found.split)
        blocks.append(picture(parts[0], "split", said, "A gradient and a remainder"))
    blocks.append(Text("What was asked, the cheapest question first, and what came of it:"))
    blocks.append(Table(*found.table()))
    if found.warnings:
        blocks.append(Points([f"Note: {warning}" for warning in found.warnings]))
    if found.landscape is not None:
        blocks += _landscape_blocks(found.landscape, data if len(cycles) else None)
    return blocks


def _landscape_blocks(found: Landscape, data: Portrait | None) -> list[Block]:
    """The figure of a landscape, the table of its sets, and how it was checked."""
    axes = conley_landscape(found, portrait=data)
    listed = found.table()
    return [
        Text(f"{found.title}."),
        picture(axes, "landscape", captions.landscape_caption(found), "A landscape"),
        *([] if listed is None else [Table(*listed)]),
        Points(found.remarks()),
    ]


def recovery_page(
    found: Verdict,
    rule: Any,
    *,
    parameters: Mapping[str, Any],
    seed: int = 0,
    command: str = "",
    versions: Mapping[str, str] | None = None,
    animate: str = "",
) -> Page:
    """The report of a recovered energy, with its figures drawn.

    Arguments:
        found: the verdict; one that was read from JSON has no energy left to draw.
        rule: what it is about.
        parameters: those of the system, by name.
        seed: of everything random.
        command: what was typed, without where files went.
        versions: of the libraries that computed it, by name.
        animate: as for `analysis_page`.
    """
    data = portrait_data(rule, found.about.domain, basins=False)
    return Page(
        found.about.system,
        found.sentences()[0],
        [
            Section("What was asked", [asked(found.about, parameters, seed)]),
            Section(
                "Is it steepest descent of an energy?",
                verdict_blocks(found, rule, found.about.domain, data),
            ),
            Section("How this was made", made(command, versions)),
        ],
        animated(functools.partial(portrait_animation, data), "phase-portrait", animate),
    )


def symbolic_page(
    found: "SymbolicVerdict",
    rule: Any,
    *,
    parameters: Mapping[str, Any],
    seed: int = 0,
    command: str = "",
    versions: Mapping[str, str] | None = None,
    animate: str = "",
) -> Page:
    """The report of an energy in closed form, with a portrait; arguments as for `recovery_page`."""
    first, *others = found.sentences()
    said: list[Block] = [Text(first), Points([f"{capitalized(word)}." for word in others])]
    said += map(Code, found.formulas())
    if found.latex:
        said += [Text("In LaTeX:"), *map(Code, found.latex.splitlines())]
    data = portrait_data(rule, found.about.domain, basins=False)
    shape = picture(
        draw_portrait(data),
        "phase-portrait",
        captions.portrait_caption(data, None),
        f"Phase portrait of {found.about.system}",
    )
    return Page(
        found.about.system,
        first,
        [
            Section("What was asked", [asked(found.about, parameters, seed), shape]),
            Section("In closed form", said),
            Section("How this was made", made(command, versions)),
        ],
        animated(functools.partial(portrait_animation, data), "phase-portrait", animate),
    )
