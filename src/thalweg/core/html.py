"""Results as HTML: what notebooks show and reports are made of. All text is escaped here."""

import re
from collections.abc import Iterable, Sequence
from html import escape

# What a line may break, and should not: the exponent, the error and the unit of a number, and the
# name of one or two letters whose value it is.
_POWER = r"e[-+]\d+"
_ERROR = rf" ± [\d.]+(?:{_POWER})?i?"
_UNIT = r" (?:%|(?:[nµm]?s|min|h|[kMGT]i?B)\b)"
# It begins where no number goes on: else each of its digits would be tried as the first.
_FIRST = r"(?<![\d.,])[-−]?[\d.][\d.,]*"
_REST = rf"(?:(?:{_POWER})?i?{_ERROR}(?:{_UNIT})?|{_POWER}i?(?:{_UNIT})?|{_UNIT})"
_NAMED = rf"\b[^\W\d]\w? = [-−]?(?:\d[\d.,]*\d|\d)(?:{_REST}|\b)"
_NUMBER = re.compile(rf"{_NAMED}|{_FIRST}{_REST}")

# A name that is wider than a column of a telephone breaks behind its underscores.
_LONG = re.compile(r"\b\w{12,}\b")

NO_BREAK = "\N{NO-BREAK SPACE}"


def text(words: str) -> str:
    """A text whose numbers like 1e-05, 3 % and 2 ± 0.1 are not broken at the end of a line."""
    return _NUMBER.sub(r'<span style="white-space:nowrap">\g<0></span>', escape(words))


def whole(words: str) -> str:
    """A plain text with no-break spaces in such numbers."""
    return _NUMBER.sub(lambda found: found.group().replace(" ", NO_BREAK), words)


def _parted(name: re.Match[str]) -> str:
    return name.group().replace("_", "_<wbr>")


def paragraph(words: str) -> str:
    """A paragraph; its line breaks are kept."""
    return f"<p>{text(words).replace(chr(10), '<br>')}</p>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table of texts."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{_LONG.sub(_parted, text(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
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
