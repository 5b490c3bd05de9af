"""Results as files: a self-contained page with its figures.

`Page` is the general shape, used by every report: sections of text, tables and figures.
`analysis_page` makes the page of an analysis. `Page.files()` is what to write, `to_text` what to
print.
"""

from thalweg.report.page import Code, Facts, Page, Picture, Points, Section, Table, Text
from thalweg.report.pictures import picture
from thalweg.report.plain import to_text
from thalweg.report.systems import Findings, analysis_page

__all__ = [
    "Code",
    "Facts",
    "Findings",
    "Page",
    "Picture",
    "Points",
    "Section",
    "Table",
    "Text",
    "analysis_page",
    "picture",
    "to_text",
]
