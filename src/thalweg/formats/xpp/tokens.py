"""The words of a formula."""

import math
import re
from typing import NamedTuple

from thalweg.core.errors import InputError
from thalweg.formats.xpp.functions import UNCOVERED

_PATTERN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/^(),<>&|])"
)


class Token(NamedTuple):
    """A word of a formula.

    Attributes:
        kind: `"number"`, `"name"`, `"sign"` or `"end"`.
        text: as it is written; names in lower case, for XPP does not tell cases apart.
    """

    kind: str
    text: str


class Place(NamedTuple):
    """A line of a file, for messages.

    Attributes:
        file: its name.
        line: counted from one.
    """

    file: str
    line: int

    def error(self, said: str) -> InputError:
        """The error that something is wrong here."""
        return InputError(f"{self.file}, line {self.line}: {printable(said)}")


def printable(text: str) -> str:
    """A text of a file for people: what a terminal would act on, or not show, is a `�`."""
    shown = (sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return "".join(" " if sign == "\t" else seen for sign, seen in zip(text, shown, strict=True))


_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def number(text: str) -> float | None:
    """The number that a text is; None where it is none, or none that is finite."""
    value = float(text) if _NUMBER.fullmatch(text) else math.inf  # `float` takes nan and 1_0 too
    return value if math.isfinite(value) else None


# Signs of what is not covered, and what each gives away.
_SIGNS = {
    "{": "an integral",
    "#": "a convolution integral",
    "[": "an array",
    "]": "an array",
    "'": "a derivative inside a formula",
}


def tokenize(text: str, place: Place) -> list[Token]:
    """The words of a formula, with one of kind `"end"` after them.

    Raises:
        InputError: a character belongs to no word.
    """
    found, position = [], 0
    while position < len(text):
        matched = _PATTERN.match(text, position)
        if matched is None:
            raise _stranger(text, position, place)
        kind, word = str(matched.lastgroup), matched.group()
        if kind != "space":
            found.append(Token(kind, word.lower() if kind == "name" else word))
        position = matched.end()
    return [*found, Token("end", "")]


def _stranger(text: str, position: int, place: Place) -> InputError:
    """The error of a character that belongs to no word; it names what uses it, where known."""
    sign, shown = text[position], text.strip()
    names = re.findall(r"[a-z_]\w*", text.lower())
    for name in names:
        if name in UNCOVERED:
            return place.error(f"{name} ({UNCOVERED[name]}) is not covered: {shown}")
    if sign in _SIGNS:
        return place.error(f"{sign!r} ({_SIGNS[sign]}) is not covered: {shown}")
    return place.error(f"unexpected {sign!r} in {shown}")
