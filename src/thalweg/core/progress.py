"""Progress of long jobs, shown by the host between chunks of compiled work.

Nothing inside a compiled program reports: a callback would keep it out of JAX's disk cache.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self, TextIO

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)
_is_shown: ContextVar[bool] = ContextVar("is_shown", default=False)


@contextlib.contextmanager
def quiet(is_quiet: bool = True) -> Iterator[None]:
    """Within this context no job reports its progress (or does again, given `False`).

    Example:
        >>> from thalweg.core.progress import quiet
        >>> with quiet():
        ...     pass  # simulate, sweep, fit
    """
    token = _quiet.set(is_quiet)
    try:
        yield
    finally:
        _quiet.reset(token)


class Progress:
    """Progress of a long job, its rate and the time left, on standard error.

    A context manager. It stays silent for the first two seconds, so that a short job prints
    nothing; inside another job's progress, because the outer one reports; and within `quiet()`. On
    a terminal it draws a bar with rich, elsewhere it prints a line now and then.

    Arguments:
        label: what is being done, a few words.
        total: how much there is to do; None when nobody can tell.
        unit: one of what is counted; of many, an s is added.
        done: how much was done before, when the job is a resumed one.
        quiet: True to print nothing.
        after: how many seconds to stay silent.
        every: the least time between two lines where there is no terminal, in seconds.
        stream: where to print; standard error unless given.
        clock: the time in seconds; for tests.

    Example:
        >>> from thalweg.core.progress import Progress
        >>> with Progress("fit", total=3, unit="epoch") as progress:
        ...     for epoch in range(3):
        ...         progress.update(epoch + 1, note=f"loss {0.5**epoch:.2f}")
    """

    def __init__(
        self,
        label: str,
        total: float | None = None,
        *,
        unit: str = "step",
        done: float = 0.0,
        quiet: bool = False,
        after: float = 2.0,
        every: float = 10.0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.label, self.total, self.unit = label, total, unit
        self._before, self._is_quiet = done, quiet
        self._after, self._every = after, every
        self._stream, self._clock = stream, clock
        self._began = self._last_line = clock()
        self._bar: Any = None
        self._task: Any = None
        self._token: Any = None

    def __enter__(self) -> Self:
        self._is_quiet = self._is_quiet or _quiet.get() or _is_shown.get()
        self._token = _is_shown.set(True)
        self._began = self._clock()
        self._last_line = -float("inf")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _is_shown.reset(self._token)
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def update(self, done: float, note: str = "") -> None:
        """Say how much is done so far, with a short note (a loss, a residual) to show beside it."""
        now = self._clock()
        if self._is_quiet or now - self._began < self._after:
            return
        rate = (done - self._before) / (now - self._began)
        status = describe(done, self.total, rate, self.unit) + (f", {note}" if note else "")
        stream = sys.stderr if self._stream is None else self._stream
        if stream.isatty():
            self._draw(stream, done, status)
        elif now - self._last_line >= self._every:
            print(f"{self.label}: {status}", file=stream, flush=True)
            self._last_line = now

    def _draw(self, stream: TextIO, done: float, status: str) -> None:
        # Imported here: a job of under two seconds should not pay for rich.
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        if self._bar is None:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[status]}", markup=False),
            )
            # Transient: the bar goes when the job is done, and leaves the result alone.
            self._bar = Bar(*columns, console=Console(file=stream), transient=True)
            self._task = self._bar.add_task(self.label, total=self.total, status=status)
            self._bar.start()
        self._bar.update(self._task, completed=done, status=status)


def describe(done: float, total: float | None, rate: float, unit: str) -> str:
    """A line such as `1,200 of 10,000 steps (12 %), 600 steps/s, 15 s left`."""
    speed = f"{_amount(rate, unit)}/s"
    if total is None:
        return f"{_amount(done, unit)}, {speed}"
    share = f" ({min(100.0 * done / total, 100.0):.0f} %)" if total > 0 else ""
    left = f", {duration_text(max(total - done, 0.0) / rate)} left" if rate > 0 else ""
    return f"{_number(done)} of {_amount(total, unit)}{share}, {speed}{left}"


def duration_text(seconds: float) -> str:
    """A duration as people say it: `45 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _number(value: float) -> str:
    is_count = float(value).is_integer() or abs(value) >= 1000
    return f"{value:,.0f}" if is_count else f"{value:.3g}"


def _amount(value: float, unit: str) -> str:
    said = _number(value)
    return f"{said} {unit if said == '1' else f'{unit}s'}"
