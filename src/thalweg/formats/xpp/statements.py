"""The lines of a file as statements."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from thalweg.formats.xpp.tokens import Place


class Statement(NamedTuple):
    """A statement: the contents of a line.

    Attributes:
        kind: `"flow"`, `"map"`, `"function"`, `"quantity"`, `"derived"`, `"auxiliary"`,
            `"parameter"`, `"constant"`, `"start"`, `"start-formula"`, `"option"` or `"condition"`.
        name: of what it is, as it is written.
        text: the formula or the value; "" where none is given.
        place: where it stands.
        arguments: of a function, as they are written.
    """

    kind: str
    name: str
    text: str
    place: Place
    arguments: tuple[str, ...] = ()


_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PAIR = re.compile(rf"({_NAME})\s*(?:=\s*([^\s,=]+))?\s*(?:,|\s|$)\s*")
_OPTION = re.compile(r"([A-Za-z_]\w*)\s*=\s*([^\s,]+)")

# First words of lines by how they begin (the shortest form that is taken), and what they are.
# A word may be cut short, and one letter will do where it stands alone.
_DIRECTIVES: tuple[tuple[str, str, str], ...] = (
    ("p", "par", "parameter"),
    ("i", "init", "start"),
    ("n", "num", "constant"),
    ("a", "aux", "auxiliary"),
    ("b", "bd", "condition"),
    ("b", "bn", "condition"),
    ("d", "done", "done"),
    ("o", "opt", "ignored"),
    ("", "only", "ignored"),
    ("", "set", "ignored"),
    ("w", "wien", "wiener (noise)"),
    ("m", "mark", "markov (noise)"),
    ("g", "glob", "global (a jump when a condition is met)"),
    ("t", "tab", "table"),
    ("v", "volt", "volterra (an integral equation)"),
    ("", "spec", "special (an array)"),
    ("s", "solv", "solve (an algebraic equation)"),
    ("e", "expo", "export (an external program)"),
)
_KNOWN = {"parameter", "start", "constant", "auxiliary", "condition", "done", "ignored"}

_DIRECTIVE = re.compile(r"([A-Za-z]+)(?:\s+(?![\s=*/^'])(.*))?$")
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("flow", re.compile(rf"d({_NAME})\s*/\s*dt\s*=(.+)", re.IGNORECASE)),
    ("flow", re.compile(rf"({_NAME})\s*'\s*=(.+)")),
    ("map", re.compile(rf"({_NAME})\s*\(\s*t\s*\+\s*1\s*\)\s*=(.+)", re.IGNORECASE)),
    ("start-formula", re.compile(rf"({_NAME})\s*\(\s*0\s*\)\s*=(.+)")),
    ("derived", re.compile(rf"!\s*({_NAME})\s*=(.+)")),
    ("quantity", re.compile(rf"({_NAME})\s*=(.+)")),
)
_FUNCTION = re.compile(rf"({_NAME})\s*\(\s*({_NAME}(?:\s*,\s*{_NAME})*)\s*\)\s*=(.+)")
_ALGEBRAIC = re.compile(r"0\s*=")


def statements(text: str, file: str) -> Iterator[Statement]:
    """The statements of a file, up to `done`.

    Raises:
        InputError: a line is none, or is one of what is not covered; the message names both.
    """
    for line, place in _lines(text, file):
        if line.startswith("#include"):
            raise place.error(f"#include is not covered; put the lines of that file here: {line}")
        if line[0] in '#"':
            continue
        if line[0] == "@":
            yield from _pairs("option", line[1:], place, _OPTION.findall)
            continue
        directive = _directive(line)
        if directive is None:
            yield _formula(line, place)
        elif directive[0] == "done":
            if "=" in directive[1].partition("#")[0]:
                raise place.error(f"XPP reads no further than this line (done): {line}")
            return
        elif directive[0] not in _KNOWN:
            raise place.error(f"{directive[0]} is not covered: {line}")
        else:
            yield from _declared(*directive, line, place)


def _lines(text: str, file: str) -> Iterator[tuple[str, Place]]:
    """Each line with those that a `\\` at its end joins to it, and where it begins."""
    whole, start = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        part = raw.strip()
        start = start if whole else number
        whole += part.removesuffix("\\")
        if part.endswith("\\"):
            continue
        if whole.strip():
            yield whole.strip(), Place(file, start)
        whole = ""
    if whole.strip():
        yield whole.strip(), Place(file, start)


def _directive(line: str) -> tuple[str, str] | None:
    """The kind that the first word gives a line, and the rest of the line; None of a formula."""
    matched = _DIRECTIVE.match(line)
    if matched is None or re.match(r"[A-Za-z]+\s*\([^()]*\)\s*=", line):  # `f (x)=…` is a function
        return None
    word, after = matched[1].lower(), matched[2] or ""
    for letter, beginning, kind in _DIRECTIVES:
        if word == letter or word.startswith(beginning):
            return kind, after
    return None


def _declared(kind: str, after: str, line: str, place: Place) -> Iterator[Statement]:
    if kind in ("parameter", "constant", "start"):
        if "[" in after:
            raise place.error(f"an array ([first..last]) is not covered: {line}")
        yield from _pairs(kind, after, place, _listed)
    elif kind == "auxiliary":
        name, equals, formula = after.partition("=")
        if not equals:
            raise place.error(f"aux needs a name and a formula, as in aux e=x^2: {line}")
        if "[" in name:
            raise place.error(f"an array ([first..last]) is not covered: {line}")
        yield Statement(kind, name.strip(), formula, place)
    elif kind == "condition":
        yield Statement(kind, "", after, place)


def _listed(text: str) -> list[tuple[str, str]] | None:
    found, at = [], 0
    while at < len(text):
        matched = _PAIR.match(text, at)
        if matched is None:
            return None
        found.append((matched[1], matched[2] or ""))
        at = matched.end()
    return found


def _pairs(
    kind: str,
    text: str,
    place: Place,
    read: Callable[[str], list[tuple[str, str]] | None],
) -> Iterator[Statement]:
    pairs = read(text.strip())
    if pairs is None:
        raise place.error(f"expected name=value, name=value, …, got {text.strip()}")
    yield from (Statement(kind, name, value, place) for name, value in pairs)


def _formula(line: str, place: Place) -> Statement:
    left = line.partition("=")[0]
    if re.match(rf"{_NAME}\s+'", line):
        raise place.error(f"XPP takes no space before the ' of an equation: {line}")
    if line[0] == "%" or "[" in left:
        raise place.error(f"an array ([first..last]) is not covered: {line}")
    for kind, form in _FORMS:
        if matched := form.fullmatch(line):
            return Statement(kind, matched[1], matched[2], place)
    if matched := _FUNCTION.fullmatch(line):
        arguments = tuple(part.strip() for part in matched[2].split(","))
        return Statement("function", matched[1], matched[3], place, arguments)
    if _ALGEBRAIC.match(line):
        raise place.error(f"an algebraic equation (0=…) is not covered: {line}")
    raise place.error(f"this is no statement of an .ode file: {line}")
