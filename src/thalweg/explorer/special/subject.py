"""Data of a special page: its words, its sliders, its choices, its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Dial:
    """A slider of a special page.

    Attributes:
        name: as the address and `--set` name it.
        label: as the page calls it.
        value: to begin with.
        lower: the left end of the slider.
        upper: the right end.
        least: a number below this is taken as this.
        most: a number above this is taken as this.
        is_whole: whether it is a whole number.
    """

    name: str
    label: str
    value: float
    lower: float
    upper: float
    least: float | None = None
    most: float | None = None
    is_whole: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The slider as JSON-ready data."""
        data: dict[str, Any] = {
            "name": self.name, "label": self.label, "value": self.value, "lower": self.lower,
            "upper": self.upper, "held": False,
        }  # fmt: skip
        for name, bound in (("least", self.least), ("most", self.most)):
            if bound is not None:
                data[name] = bound
        return data | ({"step": 1} if self.is_whole else {})


@dataclass(frozen=True)
class Choice:
    """A choice among named options.

    Attributes:
        name: as the address names it.
        label: as the page calls it.
        value: to begin with.
        options: name and words of each.
    """

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """The choice as JSON-ready data."""
        options = [list(option) for option in self.options]
        return {"name": self.name, "label": self.label, "value": self.value, "options": options}


@dataclass(frozen=True)
class Subject:
    """Subject of a special page.

    Attributes:
        name: as the command line calls it.
        title: the page's heading.
        lead: a sentence below it.
        stage: a name of its largest panel, for those who do not see it.
        how: how to use it, and what is computed.
        module: the module of the browser that begins it.
        dials: its sliders.
        choices: its choices.
        numbers: what else the module needs, JSON-ready.
    """

    name: str
    title: str
    lead: str
    stage: str
    how: str
    module: str
    dials: tuple[Dial, ...]
    choices: tuple[Choice, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The data of the page, JSON-ready."""
        return {
            "name": self.name,
            "sliders": [dial.to_dict() for dial in self.dials],
            "choices": [choice.to_dict() for choice in self.choices],
            **self.numbers,
        }
