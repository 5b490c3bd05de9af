"""Stage of a job, told to whoever waits at a terminal."""

import sys
import threading
from types import TracebackType
from typing import Self, TextIO

from thalweg.core.progress import Progress

_EVERY = 0.5  # seconds between two looks at the clock, below what a waiting person notices


class Stages:
    """The parts of a job one after the other, with the rate and the time left.

    A context manager; call it with the name of the part that begins. Like any `Progress` it stays
    silent for two seconds; then it says where the job is even while one part goes on and on. Where
    standard error is no terminal it prints nothing: a script wants no lines of progress.

    Arguments:
        label: what is being done.
        total: how many parts there are.
        quiet: True to print nothing.
        after: how many seconds to stay silent.
        stream: where to print; standard error unless given.
    """

    def __init__(
        self,
        label: str,
        total: int,
        *,
        quiet: bool = False,
        after: float = 2.0,
        stream: TextIO | None = None,
    ):
        shown = sys.stderr if stream is None else stream
        is_silent = quiet or not shown.isatty()
        self._progress = Progress(
            label, total, unit="stage", quiet=is_silent, after=after, stream=shown
        )
        self._ticks = (
            None if is_silent else threading.Thread(target=self._tick, name="stages", daemon=True)
        )
        self._over, self._lock = threading.Event(), threading.Lock()
        self._done, self._name = -1, ""

    def __enter__(self) -> Self:
        self._progress.__enter__()
        if self._ticks is not None:
            self._ticks.start()
        return self

    def __call__(self, name: str) -> None:
        """The next part begins."""
        with self._lock:
            self._done, self._name = self._done + 1, name
        self._show()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._ticks is not None:
            self._ticks.join()
        self._progress.__exit__(kind, error, trace)

    def _show(self) -> None:
        with self._lock:
            self._progress.update(max(self._done, 0), note=self._name)

    def _tick(self) -> None:
        # A part may take long, and nothing inside it reports here.
        while not self._over.wait(_EVERY):
            self._show()
