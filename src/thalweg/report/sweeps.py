"""The page of a sweep: what was asked, a map of each variable, how points ended."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.core.tables import capitalized, counted, format_number
from thalweg.plot.sweeps import SweepMap, ranked, sweep, sweep_data
from thalweg.report.asked import made
from thalweg.report.page import Block, Facts, Page, Picture, Points, Section, Table, Text
from thalweg.report.pictures import picture
from thalweg.sweeps import Status, Summary, Sweep

_MOST_MAPS = 8  # figures of a report; the others are in its table and its store


def sweep_page(
    found: Sweep,
    *,
    held: Mapping[str, Any] | None = None,
    command: str = "",
    versions: Mapping[str, str] | None = None,
) -> Page:
    """The report of a sweep, with its maps drawn from the store.

    Arguments:
        found: the sweep, complete or not.
        held: the parameters that do not vary, by name.
        command: what was typed, without where files went.
        versions: of the libraries that computed it, by name.

    Raises:
        StoreError: the store is gone or damaged.
    """
    sections = [Section("What was asked", [_asked(found, held or {})])]
    sections.append(Section("Maps", _maps(found)))
    sections.append(Section("What the store holds", _held(found)))
    sections.append(Section("How this was made", made(command, versions)))
    title = f"{found.measure} of {found.about.system}"
    return Page(capitalized(title), _lead(found), sections)


def _lead(found: Sweep) -> str:
    done = found.counts.get(Status.DONE.words, 0)
    over = " and ".join(axis.name for axis in found.axes)
    said = f"{done:,} of {counted(found.points, 'point')} over {over} were computed."
    return " ".join([said, *found.remarks()])


def _asked(found: Sweep, held: Mapping[str, Any]) -> Facts:
    varied = [_path(axis.name, held) for axis in found.axes]
    pairs = [
        ("System", found.about.system),
        ("Measure", found.measure),
        *(
            (a.name, f"{a.low:.6g} to {a.high:.6g}, {counted(a.count, 'value')}")
            for a in found.axes
        ),
        *((name, _shown(value)) for name, value in held.items() if name not in varied),
        ("Points", f"{' × '.join(map(str, found.shape))}, {_counted(found.parts)}"),
    ]
    return Facts(pairs)


def _path(name: str, held: Mapping[str, Any]) -> str:
    """The path of a parameter that varies, which may be called by the end of it."""
    ending = [path for path in held if path.endswith(f".{name}")]
    return ending[0] if name not in held and len(ending) == 1 else name


def _counted(parts: int) -> str:
    return f"{parts} parts" if parts > 1 else "one part"


def _shown(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 160 else "an array"


def _maps(found: Sweep) -> list[Block]:
    """A map of each of the first variables; what has one value everywhere is said."""
    same, maps = [], []
    for variable in found.variables[:_MOST_MAPS]:
        value = _same_everywhere(sweep_data(found, variable.name))
        if value:
            same.append(value)
        else:
            maps.append(_map(found, variable))
    left = len(found.variables[_MOST_MAPS:])
    more: list[Block] = (
        [Text(f"{counted(left, 'more variable')} {'is' if left == 1 else 'are'} in the store.")]
        if left
        else []
    )
    return [*maps, *([Points(same)] if same else []), *more]


def _same_everywhere(data: SweepMap) -> str:
    """The one value of a variable that has no other in a complete sweep; else empty."""
    ranks, names = ranked(data)
    values = np.unique(ranks)
    if np.any(data.statuses != Status.DONE) or len(values) != 1 or not np.isfinite(values[0]):
        return ""
    said = names[0] if names else format_number(float(values[0]))
    return f"{data.title} is {said} at every point."


def _map(found: Sweep, variable: Summary) -> Picture:
    own = variable.dims[len(found.shape) :]
    which = f" Shown: the first {' and '.join(own)}." if own else ""
    meaning = variable.long_name or variable.name
    caption = f"{capitalized(meaning)}.{which}"
    return picture(
        sweep(found, variable.name), f"map-{variable.name}", caption, f"Map of {variable.name}"
    )


def _held(found: Sweep) -> list[Block]:
    blocks: list[Block] = []
    listed = found.table()
    if listed is not None:
        blocks.append(Table(*listed))
    ended = [
        [status.words, f"{found.counts[status.words]:,}", status.meaning]
        for status in Status
        if found.counts.get(status.words)
    ]
    blocks.append(Table(["status", "points", "they"], ended))
    blocks.append(
        Text(
            "The store is a Zarr group, which xarray.open_zarr opens; its array status says how "
            "each point ended."
        )
    )
    return blocks
