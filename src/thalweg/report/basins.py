"""The page of basins."""

from collections.abc import Mapping
from typing import Any

from thalweg.analysis import Basins
from thalweg.plot import basins
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
    blocks: list[Block] = [Text(f"{found.title}."), Table(*found.table())]
    blocks.append(Points(found.remarks()))
    said = "Every start in the colour of what it ends on; marks are the attractors."
    drawn = picture(basins(found), "basins", said, "Basins of attraction")
    sections = [
        Section("What was asked", [facts]),
        Section("Where starts end", [drawn, *blocks]),
        Section("How this was made", made(command, versions)),
    ]
    return Page(found.about.system, f"{found.title}.", sections)
