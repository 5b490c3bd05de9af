"""Result of a study: its page, its numbers, its warnings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from thalweg.core.about import UNSAID, About
from thalweg.core.jsontext import clean
from thalweg.core.reports import Report, about_in
from thalweg.core.tables import results_as_html
from thalweg.report import Page, Points, Section, to_text


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult(Report):
    """Page, numbers and warnings of a study; prints as its page.

    JSON keeps the numbers and the warnings: read back, a result has a page that says so.

    Attributes:
        page: its report: text, tables and figures.
        values: the numbers, as JSON-ready data or NumPy arrays.
        warnings: what the reader should know.
        about: nothing, for a study is about many systems.
    """

    page: Page = field(compare=False)
    values: Mapping[str, Any] = field(compare=False)
    warnings: tuple[str, ...] = ()
    about: About = UNSAID
    numbers: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Keep the numbers as files have them."""
        cleaned = clean(self.values)
        object.__setattr__(self, "numbers", {str(key): cleaned[str(key)] for key in self.values})

    @property
    def title(self) -> str:
        """The title of the page."""
        return self.page.title

    def table(self) -> None:
        """None: tables are parts of the page."""
        return None

    def remarks(self) -> list[str]:
        """The warnings."""
        return list(self.warnings)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready data: the title, the numbers and the warnings."""
        return {
            "about": self.about.to_dict(),
            "title": self.title,
            "values": self.numbers,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "StudyResult":
        """The result that `to_dict` wrote, without its page."""
        page = Page(data["title"], "JSON keeps the numbers of a study, not its page.", [])
        return cls(page, data["values"], tuple(data["warnings"]), about_in(data, about))

    @property
    def report(self) -> Page:
        """The page, its warnings first."""
        if not self.warnings:
            return self.page
        warned = Section("Warnings", [Points(self.warnings)])
        return replace(self.page, sections=[warned, *self.page.sections])

    def __str__(self) -> str:
        return to_text(self.report)

    def _repr_html_(self) -> str:
        return results_as_html(self.title, self.table(), self.remarks())
