"""The special pages: one model each, whose states are no plane."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from thalweg.core.errors import InputError
from thalweg.explorer.files import PageFile
from thalweg.explorer.page import special_html
from thalweg.explorer.special.subject import Choice, Dial, Subject
from thalweg.explorer.special.table import SUBJECTS, read_subject


@dataclass(frozen=True, eq=False, repr=False)
class SpecialPage(PageFile):
    """A page about one model; a notebook shows it in a frame that can touch nothing else.

    Attributes:
        subject: what the page is told.
    """

    subject: Subject

    @property
    def title(self) -> str:
        """The page's heading."""
        return self.subject.title

    @property
    def slower(self) -> str:
        """Empty: the page computes by itself."""
        return ""

    def to_html(self, served: str | None = None) -> str:
        """The page as one HTML file, which asks nobody.

        Arguments:
            served: plays no part.
        """
        return special_html(self.subject)

    def _repr_html_(self) -> str:
        return self.to_frame()

    def __repr__(self) -> str:
        return f"Page {self.subject.name!r}: save(path), or show it in a notebook"


def special_page(name: str, values: Mapping[str, Any] | None = None) -> SpecialPage:
    """Make the page about one model of the documents: it computes in the browser by itself.

    Arguments:
        name: `"normalization"`, `"deep-linear-modes"` or `"hopfield-retrieval"`.
        values: of its sliders and choices to begin with, by name; the others keep theirs.

    Returns:
        The page.

    Raises:
        InputError: there is no such page, it has no such slider or choice, or that no such value.

    Example:
        >>> from thalweg.explorer import special_page
        >>> special_page("hopfield-retrieval", {"patterns": 5})
        Page 'hopfield-retrieval': save(path), or show it in a notebook
    """
    if name not in SUBJECTS:
        raise InputError(f"special_page: there is no page {name!r}; there are {_listed(SUBJECTS)}.")
    subject = read_subject(name)
    dials = {dial.name: dial for dial in subject.dials}
    choices = {choice.name: choice for choice in subject.choices}
    for key, value in (values or {}).items():
        if key in dials:
            dials[key] = _turned(dials[key], value)
        elif key in choices:
            choices[key] = _chosen(choices[key], value)
        else:
            known = _listed((*dials, *choices))
            raise InputError(f"special_page: {name} has no slider {key!r}; it has {known}.")
    made = replace(subject, dials=tuple(dials.values()), choices=tuple(choices.values()))
    return SpecialPage(made)


def _listed(names: Any) -> str:
    return ", ".join(names)


def _chosen(choice: Choice, value: Any) -> Choice:
    """A choice that begins at one of its options.

    Raises:
        InputError: it has no such option.
    """
    names = [name for name, _ in choice.options]
    if value not in names:
        words = _listed(names)
        raise InputError(f"special_page: {choice.name} must be one of {words}, got {value!r}.")
    return replace(choice, value=value)


def _turned(dial: Dial, value: Any) -> Dial:
    """A slider that begins at a value, longer if the value lies beyond an end.

    Raises:
        InputError: it cannot be there.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    number = float(value) if is_number else float("nan")
    least = -float("inf") if dial.least is None else dial.least
    most = float("inf") if dial.most is None else dial.most
    is_good = abs(number) < float("inf") and least <= number <= most
    if not is_good or (dial.is_whole and number != round(number)):
        kind = "a whole number" if dial.is_whole else "a finite number"
        ends = f" from {least:g} to {most:g}"
        if dial.least is None or dial.most is None:
            ends = "" if dial.least is None else f" of at least {least:g}"
            ends += "" if dial.most is None else f" of at most {most:g}"
        raise InputError(f"special_page: {dial.name} must be {kind}{ends}, got {value!r}.")
    number = int(number) if dial.is_whole else number
    return replace(dial, value=number, lower=min(dial.lower, number), upper=max(dial.upper, number))
