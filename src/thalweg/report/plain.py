"""A page as text, for the terminal."""

import textwrap

from thalweg.core.tables import format_table, wrap
from thalweg.report.page import Block, Code, Facts, Frame, Page, Picture, Points, Table, Text


def to_text(page: Page) -> str:
    """The page without its drawings, in lines that fit the terminal."""
    parts = [page.title, _fill(page.lead)] if page.lead else [page.title]
    for section in page.sections:
        parts += [f"{section.title}\n{'─' * len(section.title)}"]
        parts += [text for text in map(_block, section.blocks) if text]
    return "\n\n".join(parts)


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return _fill(text)
        case Points(items):
            return "\n".join(_fill(f"- {item}", "  ") for item in items)
        case Facts(pairs):
            wide = max((len(name) for name, _ in pairs), default=0)
            return "\n".join(
                _fill(f"{name.ljust(wide)}  {value}", " " * (wide + 2)) for name, value in pairs
            )
        case Table(header, rows, caption):
            table = format_table(list(header), [list(row) for row in rows])
            return f"{_fill(caption)}\n{table}" if caption else table
        case Code(text):
            return textwrap.indent(text, "    ")
        case Picture(name, _, _, alt):
            return _fill(f"Figure {name}.svg: {alt}")
        case Frame(title):
            return _fill(f"{title}: on the page.")


def _fill(text: str, indent: str = "") -> str:
    return "\n".join(wrap(line, later=indent) for line in text.splitlines())
