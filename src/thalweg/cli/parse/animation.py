"""`--animate gif|mp4`: what runs, as a file that plays."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thalweg.cli.session import Session

KINDS = ("gif", "mp4")


def read_animation(kind: str | None, writes_files: bool) -> str:
    """The ending of the file, or empty for no animation.

    Raises:
        InputError: there is no such kind, it needs ffmpeg, which is not installed, or the command
            writes no files.
    """
    if kind is None:  # before the room of figures is imported, which takes a tenth of a second
        return ""
    from thalweg.core.errors import InputError
    from thalweg.plot.animations import check_animated

    if kind not in KINDS:
        raise InputError(f"--animate {kind!r}: expected {' or '.join(KINDS)}.")
    check_animated(f"--animate {kind}", f"it.{kind}")
    if not writes_files:
        raise InputError("--animate writes a file: with --json say where, with --out DIR.")
    return kind


def say_what_is_missing(
    current: "Session", kind: str, files: Mapping[str, bytes], system: str = ""
) -> None:
    """Say that no animation was made, where one was asked for, and what to do.

    Arguments:
        current: the session.
        kind: the ending of the file, or empty for no animation.
        files: those that were made.
        system: SYSTEM as it was typed, where a portrait was asked for and not a run.
    """
    if not kind or not files or any(name.endswith(f".{kind}") for name in files):
        return
    why = "the run has one saved point."
    if system:
        why = (
            f"a portrait of one axis has nothing that runs. A run against time does: "
            f"`thalweg simulate {system} --animate {kind}`."
        )
    current.message(f"No animation was written: {why}")
