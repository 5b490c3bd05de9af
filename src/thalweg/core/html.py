"""Results as HTML: what notebooks show and reports are made of. All text is escaped here."""

import re
from collections.abc import Iterable, Sequence
from html import escape

_POWER = re.compile(r"[-−]?[\d.]+e[-+]\d+")


def paragraph(text: str) -> str:
    """A paragraph; its line breaks are kept."""
    return f"<p>{escape(text).replace(chr(10), '<br>')}</p>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table of texts."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{_in_one_piece(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _in_one_piece(cell: str) -> str:
    """A cell whose numbers like 1e-05 are not broken at the hyphen."""
    return _POWER.sub(r'<span style="white-space:nowrap">\g<0></span>', escape(cell))


def listing(items: Iterable[str]) -> str:
    """A list of sentences, or nothing where there are none."""
    inner = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{inner}</ul>" if inner else ""


def fragment(title: str, *parts: str) -> str:
    """A titled piece for a notebook, of parts that are HTML already."""
    return f"<div><p><strong>{escape(title)}</strong></p>{''.join(parts)}</div>"
