"""The pages of basins: which starts end where, and over a parameter."""

from collections.abc import Mapping
from typing import Any

from thalweg.analysis import BasinFractions, Basins
from thalweg.core.tables import counted, format_number
from thalweg.plot import basin_fractions, basins
from thalweg.report.asked import asked, made
from thalweg.report.page import Block, Page, Points, Section, Table, Text
from thalweg.report.pictures import picture


def basins_page(
    found: Basins,
    *,
    parameters: Mapping[str, Any],
    seed: int = 0,
    command: str = "",
    versions: Mapping[str, str] | None = None,
) -> Page:
    """The report of basins, with their figure drawn.

    Arguments:
        found: what `find_basins` returned.
        parameters: those of the system, by name.
        seed: of everything random.
        command: what was typed, without where files went.
        versions: of the libraries that computed it, by name.
    """
    how = "at random" if found.axes is None else f"a grid of {found.shape_in_words}"
    facts = asked(found.about, parameters, seed, Starts=f"{found.starts:,}, {how}")
    said = "Every start in the colour of what it ends on; marks are the attractors."
    drawn = picture(basins(found), "basins", said, "Basins of attraction")
    return _page(found, facts, drawn, made(command, versions))


def basin_fractions_page(
    found: BasinFractions,
    *,
    parameters: Mapping[str, Any],
    seed: int = 0,
    command: str = "",
    versions: Mapping[str, str] | None = None,
) -> Page:
    """The report of shares of basins over a parameter, with their figure drawn.

    Arguments:
        found: what `basin_fractions` returned.
        parameters: those of the system, by name.
        seed: of everything random.
        command: what was typed, without where files went.
        versions: of the libraries that computed it, by name.
    """
    low, high = (format_number(x) for x in (found.values.min(), found.values.max()))
    over = f"{found.parameter} from {low} to {high}, {counted(len(found.values), 'value')}"
    starts = f"{found.starts:,} at each value, at random, the same ones"
    facts = asked(found.about, parameters, seed, Starts=starts, Over=over)
    said = "The share of starts that end on each attractor, one above the other."
    drawn = picture(basin_fractions(found), "basin-fractions", said, "Shares of basins")
    return _page(found, facts, drawn, made(command, versions))


def _page(found: Basins | BasinFractions, facts: Any, drawn: Any, how: list[Block]) -> Page:
    table = found.table()
    blocks: list[Block] = [Text(f"{found.title}.")]
    blocks += [] if table is None else [Table(*table)]
    blocks.append(Points(found.remarks()))
    sections = [
        Section("What was asked", [facts]),
        Section("Where starts end", [drawn, *blocks]),
        Section("How this was made", how),
    ]
    return Page(found.about.system, f"{found.title}.", sections)
