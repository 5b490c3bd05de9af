"""A page of figures, tables and paragraphs as one HTML file that needs nothing else.

One template and one style sheet make every page: it opens offline, follows the reader's choice of
dark or light, prints, and fits a telephone.
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from importlib import resources
from pathlib import Path
from string import Template

from thalweg.core import html
from thalweg.core.errors import InputError
from thalweg.report.themes import themed

REPORT = "report.html"
# Where a page lists the files beside it.
_BESIDE = re.compile(r'<meta name="thalweg-files" content="([^"]*)">')
# Characters of a cell that would be a column of single words on a telephone.
_SENTENCE = 60
_OPTION = re.compile(r"--[\w-]+")
_FACTOR = re.compile(r"(?<!\*)\*(?!\*)|(?<=\w)\((?=\w)")
_WIDTH = re.compile(r'<svg[^>]* width="([0-9.]+)pt"')
# Pixels a point of a drawing: its small letters, of 9 points, are never smaller than 9 pixels (a
# wider drawing then scrolls), nor larger than those of the page.
_LEAST_SCALE, _LARGEST_SCALE = 1.0, 1.8


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str

    def to_html(self) -> str:
        """HTML of this part."""
        return html.paragraph(self.text)


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: Sequence[str]

    def to_html(self) -> str:
        """HTML of this part."""
        return html.listing(self.items)


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        header: the titles of the columns.
        rows: one list of texts a row.
        caption: what it holds, in a sentence.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""

    def to_html(self) -> str:
        """The table as HTML; it scrolls sideways where the page is narrower.

        On a telephone a last column of sentences stands below the others.
        """
        longest = max((len(row[-1]) for row in self.rows if row), default=0)
        kind = "wide prose" if longest > _SENTENCE else "wide"
        return f'<div class="{kind}">{html.table(self.header, self.rows, self.caption)}</div>'


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    pairs: Sequence[tuple[str, str]]

    def to_html(self) -> str:
        """HTML of this part."""
        inner = "".join(
            f"<dt>{escape(name)}</dt><dd>{html.text(value)}</dd>" for name, value in self.pairs
        )
        return f"<dl>{inner}</dl>"


@dataclass(frozen=True)
class Code:
    """Text that is typed or printed, letter by letter."""

    text: str

    def to_html(self) -> str:
        """HTML of this part."""
        # A line breaks before an option, not behind its hyphens, and between factors, not in names.
        text = _OPTION.sub(r'<span style="white-space:nowrap">\g<0></span>', escape(self.text))
        text = _FACTOR.sub(r"\g<0><wbr>", text)
        return f"<pre><code>{text}</code></pre>"


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        name: of its file, without the ending.
        svg: the drawing.
        caption: what to see in it.
        alt: what it is, in a few words, for those who cannot see it.
    """

    name: str
    svg: bytes
    caption: str
    alt: str

    def to_html(self) -> str:
        """HTML of the drawing, which is inside."""
        drawn = themed(self.svg.decode())
        data = base64.b64encode(drawn.encode()).decode()
        return (
            f'<figure id="{escape(self.name)}"><div class="wide"><img alt="{escape(self.alt)}"'
            f'{_bounds(drawn)} src="data:image/svg+xml;base64,{data}"></div>'
            f"<figcaption>{html.text(self.caption)}</figcaption></figure>"
        )


@dataclass(frozen=True)
class Frame:
    """A page inside the page, which can run its own scripts and touch nothing else.

    Attributes:
        title: what it is, in a few words.
        html: the whole of it.
    """

    title: str
    html: str

    def to_html(self) -> str:
        """HTML; it begins with the page around it, so that a picture of the whole has it."""
        return (
            f'<iframe title="{escape(self.title)}" sandbox="allow-scripts allow-downloads" '
            f'srcdoc="{escape(self.html)}"></iframe>'
        )


def _bounds(svg: str) -> str:
    """The least and the largest width of a drawing, so that its letters suit those around them."""
    found = _WIDTH.search(svg)
    if found is None:
        return ""
    least, most = (round(scale * float(found.group(1))) for scale in (_LEAST_SCALE, _LARGEST_SCALE))
    return f' style="min-width:{least}px;max-width:min(100%,{most}px)"'


Block = Text | Points | Table | Facts | Code | Picture | Frame


@dataclass(frozen=True)
class Section:
    """A part of a page: a heading, and what stands below it."""

    title: str
    blocks: Sequence[Block]

    def to_html(self) -> str:
        """HTML of this part."""
        inner = "\n".join(block.to_html() for block in self.blocks)
        return f"<section>\n<h2>{escape(self.title)}</h2>\n{inner}\n</section>"


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        title: what it is about.
        lead: the answer in a sentence or two.
        sections: its parts.
        others: files that lie beside it, by name.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    others: Mapping[str, bytes] = field(default_factory=dict)

    def pictures(self) -> Iterable[Picture]:
        """All figures, in order."""
        return (b for section in self.sections for b in section.blocks if isinstance(b, Picture))

    def to_html(self) -> str:
        """The page as one HTML file."""
        folder = resources.files("thalweg.report")
        template = Template(folder.joinpath("page.html").read_text("utf-8"))
        return template.substitute(
            title=escape(self.title),
            beside=escape("/".join(sorted(self._beside()))),
            lead=html.text(self.lead),
            style=folder.joinpath("page.css").read_text("utf-8"),
            body="\n".join(section.to_html() for section in self.sections),
        )

    def files(self) -> dict[str, bytes]:
        """Files to write, by name: the figures, what lies beside, and the page as `report.html`.

        Raises:
            InputError: two figures have one name.
        """
        return self._beside() | {REPORT: self.to_html().encode()}

    def _beside(self) -> dict[str, bytes]:
        """The files of that besides the page."""
        found: dict[str, bytes] = {}
        for picture in self.pictures():
            name = f"{picture.name}.svg"
            if name in found:
                raise InputError(f"Page: two figures are called {picture.name!r}.")
            found[name] = picture.svg
        return found | dict(self.others)


def files_beside(folder: Path) -> set[str]:
    """The names of the files that belong to the report in a folder, as it lists them itself.

    Empty where there is no report, or one that lists none.
    """
    try:
        text = (folder / REPORT).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return set()
    found = _BESIDE.search(text)
    # What parts them is in no file's name.
    names = unescape(found.group(1)).split("/") if found else []
    return {name for name in names if name not in ("", ".", "..") and Path(name).name == name}
