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
    from thalweg.core.errors import InputError
    from thalweg.plot.animations import check_animated

    if kind is None:
        return ""
    if kind not in KINDS:
        raise InputError(f"--animate {kind!r}: expected {' or '.join(KINDS)}.")
    check_animated(f"--animate {kind}", f"it.{kind}")
    if not writes_files:
        raise InputError("--animate writes a file: with --json say where, with --out DIR.")
    return kind


def say_what_is_missing(current: "Session", kind: str, files: Mapping[str, bytes]) -> None:
    """Say so where an animation was asked for and none was made."""
    if kind and files and not any(name.endswith(f".{kind}") for name in files):
        current.message("No animation was written: nothing runs in a figure of two axes.")
