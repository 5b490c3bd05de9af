"""Tables and numbers as text, within 80 columns."""

import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from thalweg.core import html

_STATE_SHOWN = 4
_VALUES_SHOWN = 3


def format_number(value: float, digits: int = 5) -> str:
    """A number in few characters; what is zero but for rounding prints as 0."""
    return "0" if abs(value) < 1e-300 else f"{value:.{digits}g}"


def wrap(text: str) -> str:
    """A sentence in lines that fit the terminal, the second and later ones indented."""
    return textwrap.fill(text, terminal_width(), subsequent_indent="  ", break_on_hyphens=False)


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
    """Left-aligned columns, two spaces apart, as wide as they need; the last column is wrapped.

    Arguments:
        header: the titles of the columns.
        rows: one list of texts a row.
        width: the width to keep to; the terminal's unless given (80 when there is none).
    """
    width = width or terminal_width()
    columns = [max(len(r[i]) for r in [header, *rows]) for i in range(len(header))]
    rule = ["─" * c for c in columns]
    lines = []
    for row in [header, rule, *rows]:
        cells = [text.ljust(c) for text, c in zip(row, columns, strict=True)]
        line = "  ".join(cells).rstrip()
        lines += [line] if len(line) <= width else _wrapped(cells, columns, width)
    return "\n".join(lines)


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


def _wrapped(cells: list[str], columns: list[int], width: int) -> list[str]:
    """A row whose last cell goes on below itself where the line would be too long."""
    indent = sum(columns[:-1]) + 2 * (len(columns) - 1)
    room = max(width - indent, 12)
    lines, line = [], ""
    for word in cells[-1].strip().split(" "):
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    lines.append(line)
    if set(cells[-1]) <= {"─"}:
        lines = [cells[-1][:room]]
    head = "  ".join(cells[:-1]) + "  "
    return [(head if i == 0 else " " * indent) + part for i, part in enumerate(lines)]
