"""Shared course of every command: where words go, where files go, and how it ends.

Results go to standard output, messages to standard error. Exit status: 0 done, 1 the computation
failed, 2 bad usage or bad input.
"""

import contextlib
import os
import sys
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import typer

from thalweg.cli.spelling import in_options
from thalweg.core.errors import InputError, StoreError, ThalwegError

DONE, FAILED, BAD_INPUT = 0, 1, 2  # exit codes: as of Unix, 2 for what the user can mend


class Session:
    """One run of a command.

    Attributes:
        as_json: print the result as JSON and nothing else on standard output.
        quiet: print nothing but errors (and JSON where it is asked for).
        out: the folder for files as typed, or None.
        folder: the folder once `open_folder` has made sure of it, or None for no files.
    """

    def __init__(self, out: Path | None, as_json: bool, quiet: bool, stdout: TextIO):
        self.as_json = as_json
        self.quiet = quiet
        self.out = out
        self.folder: Path | None = None
        self._stdout = stdout
        self._made: list[Path] = []

    def message(self, text: str) -> None:
        """Say something about the run, on standard error."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def show(self, text: str) -> None:
        """Print a result for a person."""
        if not self.quiet and not self.as_json:
            self._print(text)

    def open_folder(self, default: str) -> None:
        """Make sure, before anything is computed, that files can be written.

        Arguments:
            default: the folder's name in `thalweg-out`, where no `--out` names one; no other
                command writes there.

        Raises:
            StoreError: the folder cannot be made, or not be written into.
        """
        if self.out is None and self.as_json:
            return
        folder = self.out or Path("thalweg-out") / default
        missing = [p for p in (folder, *folder.parents) if not p.exists()]
        probe = folder / f".{uuid.uuid4().hex}.tmp"
        try:
            for path in reversed(missing):
                path.mkdir()
                self._made.append(path)
            probe.touch()
            probe.unlink()
        except OSError as error:
            self.close_folder()
            reason = error.strerror or str(error)
            raise StoreError(
                f"The folder {folder} cannot be written: {reason}. Choose another with --out DIR."
            ) from error
        self.folder = folder

    def close_folder(self) -> None:
        """Remove the folders that were made for a run that left nothing in them."""
        for path in reversed(self._made):
            with contextlib.suppress(OSError):  # not empty: it holds results
                path.rmdir()

    def print_json(self, document: str) -> None:
        """Print JSON that no file keeps, where JSON is asked for."""
        if self.as_json:
            self._print(document)

    def finish(
        self,
        result: Mapping[str, Any],
        text: str,
        draw: Callable[[], Mapping[str, bytes]] | None = None,
    ) -> None:
        """Print the result, and write `result.json` where files are asked for.

        `draw` makes more files, by name; they are written, the result last, once all are made.
        Files that an earlier report in the folder lists, and this run did not write, are removed.
        """
        from thalweg.core.files import write_atomically
        from thalweg.core.jsontext import clean, to_text
        from thalweg.report.page import files_beside

        cleaned = clean(result)
        document = to_text(cleaned) + "\n"
        added = cleaned.get("warnings", [])[len(result.get("warnings", [])) :]
        self.show("\n".join([text, *(f"Note: {warning}" for warning in added)]))
        if self.folder is not None:
            from thalweg.core.html import NO_BREAK
            from thalweg.core.tables import wrap

            files = {} if draw is None else dict(draw())
            earlier = files_beside(self.folder)
            for name, content in files.items():
                write_atomically(self.folder / name, content)
            path = write_atomically(self.folder / "result.json", document)
            removed = 0
            for name in sorted(earlier - {*files, path.name}):
                with contextlib.suppress(OSError):  # a folder, or in use, or gone: it stays so
                    (self.folder / name).unlink()
                    removed += 1
            figures = sum(name.endswith(".svg") for name in files)
            also = [str(self.folder / name) for name in files if not name.endswith(".svg")]
            also += [f"{figures} figure{'s' * (figures > 1)} (SVG)"] if figures else []
            named = [part.replace(" ", NO_BREAK) for part in (str(path), *also)]
            self.message(wrap(f"Wrote {', '.join(named)}."))
            if removed:
                self.message(
                    f"Removed {removed} file{'s' * (removed > 1)} of the earlier report there."
                )
        if self.as_json:
            self._print(document.removesuffix("\n"))

    def _print(self, text: str) -> None:
        try:
            print(text, file=self._stdout, flush=True)
        except BrokenPipeError:
            # Whoever reads has seen enough (`| head`): the files are written all the same.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stdout.fileno())


@contextlib.contextmanager
def session(
    out: Path | None = None, as_json: bool = False, quiet: bool = False, debug: bool = False
) -> Iterator[Session]:
    """Run a command's body; turn errors into one message and an exit status.

    What the system itself prints goes to standard error, so that standard output holds the result
    alone.
    """
    current = Session(out, as_json, quiet, sys.stdout)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield current
    except Exception as error:
        if debug:
            traceback.print_exc()
        print(f"Error: {_sentence(error)}", file=sys.stderr)
        is_input = isinstance(error, InputError | StoreError)
        raise typer.Exit(BAD_INPUT if is_input else FAILED) from None
    finally:
        current.close_folder()


def _sentence(error: Exception) -> str:
    if isinstance(error, ThalwegError):
        return in_options(str(error))
    kind = type(error).__name__
    return f"{kind}: {error}\nThis is unexpected; the same command with --debug shows where."
