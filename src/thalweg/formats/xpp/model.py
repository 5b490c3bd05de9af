"""A model as data."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from thalweg.formats.xpp.expressions import Node
from thalweg.formats.xpp.tokens import Place


class Formula(NamedTuple):
    """A formula of a file.

    Attributes:
        node: its tree.
        place: where it stands.
        text: as it is written.
        arguments: those that it has as a function.
        spellings: the same as they are written.
    """

    node: Node
    place: Place
    text: str
    arguments: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()

    def spelt(self, name: str) -> str:
        """A name as the formula writes it."""
        found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.text, re.IGNORECASE)
        return found.group() if found else name


@dataclass(frozen=True)
class XppModel:
    """A model of XPP as data. Names in formulas are in lower case.

    Attributes:
        file: the name of its file.
        kind: `"flow"` or `"map"`.
        coordinates: the names of the state, as they are written.
        rates: dx/dt of each coordinate, or its next value.
        parameters: their values by name, as it is written.
        constants: numbers that cannot be set, by name.
        quantities: what the file computes on the way, each after those that it needs.
        functions: what the file defines, each after those that it needs.
        auxiliaries: what the file shows beside the state, by name as it is written.
        spellings: constants, quantities and functions as they are written, by name.
        starts: where each coordinate begins.
        options: XPP's own settings, as texts.
        remarks: sentences on what is left out.
    """

    file: str
    kind: str
    coordinates: tuple[str, ...]
    rates: tuple[Formula, ...]
    parameters: dict[str, float]
    constants: dict[str, float]
    quantities: dict[str, Formula]
    functions: dict[str, Formula]
    auxiliaries: dict[str, Formula]
    spellings: dict[str, str]
    starts: tuple[Formula, ...]
    options: dict[str, str]
    remarks: tuple[str, ...]
