"""The pace of a sweep, from when the parts in its store were finished."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from thalweg.core.progress import duration_text
from thalweg.core.tables import counted
from thalweg.sweeps.stores import open_store

_RECENT = 64  # parts from which the pace is taken: machines come and go


@dataclass(frozen=True)
class Pace:
    """The progress of a sweep, and its pace.

    Attributes:
        parts: how many there are.
        done: how many are done.
        rate: points a second, over the last parts; None where fewer than two are done since the
            last run started: how long nothing ran is no pace.
        left: seconds until the end at that rate; None likewise.
        since: seconds since the last part was finished; None where none is.
    """

    parts: int
    done: int
    rate: float | None
    left: float | None
    since: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    def __str__(self) -> str:
        verb = "is" if self.parts == 1 else "are"
        said = f"{self.done} of {counted(self.parts, 'part')} {verb} done"
        if self.since is not None:
            said += f", the last one {duration_text(self.since)} ago"
        if self.left is not None and self.done < self.parts:
            said += f"; at {self.rate:,.3g} points a second {duration_text(self.left)} are left"
        return f"{said}."


def pace_of(store: str | Path, clock: Callable[[], float] = time.time) -> Pace:
    """The progress of the sweep in a store, and its pace lately.

    Arguments:
        store: the path of the store.
        clock: the time in seconds since 1970; for tests.

    Raises:
        StoreError: there is no store at that path, or it is damaged.
    """
    opened = open_store(Path(store))
    done, times = int(opened.done().sum()), opened.finished()
    started = opened.started()
    recent = [when for when in times if when >= started][-_RECENT:]
    size, count = opened.chunks.size, opened.chunks.count
    rate = left = None
    if len(recent) > 1 and recent[-1] > recent[0]:
        rate = size * (len(recent) - 1) / (recent[-1] - recent[0])
        left = size * (count - done) / rate
    since = max(clock() - times[-1], 0.0) if times else None
    return Pace(count, done, rate, left, since)
