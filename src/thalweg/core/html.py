"""Results as HTML: what notebooks show and reports are made of. All text is escaped here."""

import re
from collections.abc import Iterable, Sequence
from html import escape

# What a line may break, and should not: the exponent, the error and the unit of a number.
_POWER = r"e[-+]\d+"
_ERROR = rf" ± [\d.]+(?:{_POWER})?i?"
# It begins where no number goes on: else each of its digits would be tried as the first.
_FIRST = r"(?<![\d.,])[-−]?[\d.][\d.,]*"
_NUMBER = re.compile(rf"{_FIRST}(?:(?:{_POWER})?i?{_ERROR}(?: %)?|{_POWER}i?(?: %)?| %)")


def text(words: str) -> str:
    """A text whose numbers like 1e-05, 3 % and 2 ± 0.1 are not broken at the end of a line."""
    return _NUMBER.sub(r'<span style="white-space:nowrap">\g<0></span>', escape(words))


def paragraph(words: str) -> str:
    """A paragraph; its line breaks are kept."""
    return f"<p>{text(words).replace(chr(10), '<br>')}</p>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table of texts."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def listing(items: Iterable[str]) -> str:
    """A list of sentences, or nothing where there are none."""
    inner = "".join(f"<li>{text(item)}</li>" for item in items)
    return f"<ul>{inner}</ul>" if inner else ""


def fragment(title: str, *parts: str) -> str:
    """A titled piece for a notebook, of parts that are HTML already."""
    return f"<div><p><strong>{escape(title)}</strong></p>{''.join(parts)}</div>"
