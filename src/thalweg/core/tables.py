"""Tables and numbers as text, within 80 columns."""

import itertools
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from thalweg.core import html

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")  # exponents
_STATE_SHOWN = 4  # components of a state in a cell, all or all but the last shown
_VALUES_SHOWN = 3  # of a list in a cell: the first ones and the last
_COORDINATES_SHOWN = 5  # columns of coordinates: with kind and rates they fill 80 characters
_LAST_COLUMN = 24  # characters: the last column is text, which wraps, but not to shreds


def format_number(value: float, digits: int = 5) -> str:
    """A number in few characters; what is zero but for rounding prints as 0."""
    return "0" if abs(value) < 1e-300 else f"{value:.{digits}g}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number of things, "1 point" or "2 points"; their plural ends in s where none is given."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def capitalized(text: str) -> str:
    """A text whose first letter is a capital; the others stay as they are."""
    return text[:1].upper() + text[1:]


def wrap(text: str, first: str = "", later: str = "  ") -> str:
    """A sentence in lines that fit the terminal, but for a word (a formula, a path) that is longer.

    A number and its unit or error are one word, and so are two with a no-break space between.

    Arguments:
        text: the sentence.
        first: what the first line begins with.
        later: what the second and later ones begin with.
    """
    filled = textwrap.fill(
        html.whole(text),
        terminal_width(),
        initial_indent=first,
        subsequent_indent=later,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return filled.replace(html.NO_BREAK, " ")


def terminal_width() -> int:
    """The width to keep to: the terminal's, or 80 where there is none."""
    return max(40, shutil.get_terminal_size((80, 24)).columns)


def format_state(state: Any) -> str:
    """The coordinates of a state; a long one is cut, and says how much is left out."""
    flat = np.concatenate([np.asarray(leaf).ravel() for leaf in jax.tree.leaves(state)])
    shown = flat if len(flat) <= _STATE_SHOWN else flat[: _STATE_SHOWN - 1]
    text = ", ".join(format_number(value) for value in shown)
    left = len(flat) - len(shown)
    return f"({text}, … {left} more)" if left else f"({text})"


def state_table(state: Any, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The coordinates of one state: their names, and their values; the first few of many."""
    flat = np.concatenate([np.asarray(leaf).ravel() for leaf in jax.tree.leaves(state)])
    names = names or [f"x[{i}]" for i in range(len(flat))]
    header = [*names[:_COORDINATES_SHOWN]]
    row = [format_number(value, 8) for value in flat[:_COORDINATES_SHOWN]]
    left = len(flat) - len(row)
    return ([*header, "…"], [*row, f"{left} more"]) if left > 0 else (header, row)


def format_eigenvalues(values: np.ndarray) -> str:
    """Eigenvalues in order, conjugate pairs as one; a long list is cut in the middle."""
    texts, skip = [], False
    largest = max((abs(value) for value in values), default=0.0)
    noise = 1e-12 * largest if len(values) > 1 else 0.0
    for index, value in enumerate(values):
        if skip:
            skip = False
            continue
        following = values[index + 1] if index + 1 < len(values) else None
        if value.imag > noise and following is not None:
            texts.append(f"{_real(value, noise)}±{format_number(value.imag, 4)}i")
            skip = True
        else:
            texts.append(_real(value, noise))
    if len(texts) > _VALUES_SHOWN:
        texts = [*texts[: _VALUES_SHOWN - 1], "…", texts[-1]]
    return ", ".join(texts)


def _real(value: complex, noise: float) -> str:
    return "0" if abs(value.real) <= noise else format_number(value.real, 4)


def format_table(header: list[str], rows: list[list[str]], width: int | None = None) -> str:
    """Left-aligned columns, two spaces apart, as wide as they need.

    Where that is too wide, the last column is wrapped at its spaces, none of which are between a
    number and its unit or error; where little room is left for
    it, the widest of the others too. Columns with nothing in them are left out.

    Arguments:
        header: the titles of the columns.
        rows: one list of texts a row.
        width: the width to keep to; the terminal's unless given (80 when there is none).
    """
    width = width or terminal_width()
    header, rows = without_empty(header, [[html.whole(text) for text in row] for row in rows])
    columns = _columns(header, rows, width)
    lines = []
    for row in [header, ["─" * room for room in columns], *rows]:
        cells = [_wrapped(text, room) for text, room in zip(row, columns, strict=True)]
        for parts in itertools.zip_longest(*cells, fillvalue=""):
            line = "  ".join(part.ljust(room) for part, room in zip(parts, columns, strict=True))
            lines.append(line.rstrip())
    return "\n".join(lines).replace(html.NO_BREAK, " ")


def without_empty(header: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """A table without the columns in which no row says anything."""
    kept = [i for i in range(len(header)) if not rows or any(row[i] for row in rows)]
    return [header[i] for i in kept], [[row[i] for i in kept] for row in rows]


def _columns(header: list[str], rows: list[list[str]], width: int) -> list[int]:
    """Width of each column, in characters."""
    texts = list(zip(header, *rows, strict=True))
    wanted = [max(map(len, column)) for column in texts]
    least = [max(len(word) for text in column for word in text.split(" ")) for column in texts]
    room = width - 2 * (len(header) - 1)
    columns = list(wanted)
    last = max(room - sum(columns[:-1]), min(_LAST_COLUMN, wanted[-1]), least[-1])
    columns[-1] = min(last, wanted[-1])
    while sum(columns) > room:
        spare = [c - s for c, s in zip(columns, least, strict=True)]
        widest = max(range(len(columns)), key=lambda i: (spare[i] > 0, columns[i]))
        if spare[widest] <= 0:
            break
        columns[widest] -= min(spare[widest], sum(columns) - room)
    return columns


def _wrapped(text: str, room: int) -> list[str]:
    """The lines of a cell."""
    if len(text) <= room:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def results_as_text(
    title: str, table: tuple[list[str], list[list[str]]] | None, remarks: Sequence[str]
) -> str:
    """A titled table of results with its remarks below; no table where there is nothing."""
    rows = [] if table is None else [format_table(*table)]
    return "\n".join([wrap(title), *rows, *map(wrap, remarks)])


def results_as_html(
    title: str, table: tuple[list[str], list[list[str]]] | None, remarks: Sequence[str]
) -> str:
    """The same for a notebook."""
    rows = "" if table is None else html.table(*table)
    return html.fragment(title, rows, html.listing(remarks))
