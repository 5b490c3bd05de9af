"""Paths on the command line that a space took apart."""

import shlex
from collections.abc import Sequence
from pathlib import Path


def split_path(words: Sequence[str]) -> str:
    """A sentence on a file whose path the shell took apart at a space; or "".

    Arguments:
        words: what follows `thalweg` on the command line, as the shell gave it.
    """
    for first in range(len(words) - 1):
        for last in range(first + 2, len(words) + 1):
            whole = " ".join(words[first:last])
            if words[first].startswith("-"):
                break
            if _is_file(whole) and not _is_file(words[first]):
                typed = " ".join(
                    [*words[:first], f'"{whole}"', *map(shlex.quote, words[last:])],
                )
                return f"A path with a space is written in quotes: thalweg {typed}"
    return ""


def _is_file(word: str) -> bool:
    """Truth: a word names a file, or something in a Python file."""
    path, colon, _ = word.rpartition(".py:")
    try:
        return Path(f"{path}.py" if colon else word).is_file()
    except (OSError, ValueError):
        return False
