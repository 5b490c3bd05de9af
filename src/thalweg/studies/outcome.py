"""Outcome of a study."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from thalweg.report import Page, Points, Section, to_text


@dataclass(frozen=True)
class Outcome:
    """Page, numbers and warnings of a study.

    Attributes:
        page: its report: text, tables and figures.
        values: the numbers, as JSON-ready data or NumPy arrays.
        warnings: what the reader should know.
    """

    page: Page
    values: Mapping[str, Any]
    warnings: tuple[str, ...] = field(default=())

    @property
    def report(self) -> Page:
        """The page, its warnings first."""
        if not self.warnings:
            return self.page
        warned = Section("Warnings", [Points(self.warnings)])
        return replace(self.page, sections=[warned, *self.page.sections])

    def __str__(self) -> str:
        return to_text(self.report)
