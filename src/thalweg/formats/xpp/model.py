"""What a file says, gathered and checked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from thalweg.core.errors import InputError
from thalweg.formats.xpp.expressions import OPERATORS, Apply, Name, Node, Number, parse, walk
from thalweg.formats.xpp.functions import FUNCTIONS, RESERVED
from thalweg.formats.xpp.statements import Statement, statements
from thalweg.formats.xpp.tokens import Place, number, printable


class Formula(NamedTuple):
    """A formula of a file.

    Attributes:
        node: its tree.
        place: where it stands.
        text: as it is written.
        arguments: those that it has as a function.
    """

    node: Node
    place: Place
    text: str
    arguments: tuple[str, ...] = ()


def _read(line: Statement) -> Formula:
    text = line.text.strip()
    return Formula(parse(text, line.place), line.place, text, line.arguments)


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
    starts: tuple[Formula, ...]
    options: dict[str, str]
    remarks: tuple[str, ...]


# A formula whose functions call functions may stand for far more than it shows: that many nodes,
# written out, take JAX a minute or so to trace.
_MOST_NODES = 200_000


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def read_xpp_model(path: str | Path) -> XppModel:
    """Read an `.ode` file.

    Raises:
        InputError: there is no such file, or it is not text; a line is wrong, or uses what is not
            covered, and the message says which and what.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file {path} (looked in {Path.cwd()}).")
    try:
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    name = printable(path.name)
    text = text.removesuffix("\x1a")  # how DOS ended a file
    if strange := _CONTROL.search(text):
        sign, line = ord(strange.group()), text.count("\n", 0, strange.start()) + 1
        raise InputError(f"{name} is not text: byte {sign} in line {line} is no character of any.")
    return _Gathered(name).of(statements(text, name))


@dataclass
class _Gathered:
    """What has been read of a file so far."""

    file: str
    rates: dict[str, tuple[str, Formula]] = field(default_factory=dict)
    kinds: dict[str, Place] = field(default_factory=dict)
    parameters: dict[str, tuple[str, float]] = field(default_factory=dict)
    constants: dict[str, float] = field(default_factory=dict)
    quantities: dict[str, Formula] = field(default_factory=dict)
    derived: dict[str, Formula] = field(default_factory=dict)
    functions: dict[str, Formula] = field(default_factory=dict)
    auxiliaries: dict[str, Formula] = field(default_factory=dict)
    starts: dict[str, Formula] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    conditions: list[int] = field(default_factory=list)
    seen: dict[str, Place] = field(default_factory=dict)

    def of(self, lines: Iterable[Statement]) -> XppModel:
        for line in lines:
            self.take(line)
        if not self.rates:
            raise InputError(f"{self.file} has no equation: x'=…, dx/dt=… or x(t+1)=….")
        for name, formula in self.starts.items():
            if name not in self.rates:
                raise formula.place.error(f"{name} begins somewhere, but has no equation")
        order = _Checked(self).order
        none = Formula(Number(0.0), Place(self.file, 0), "0")
        return XppModel(
            file=self.file,
            kind=self.kind(),
            coordinates=tuple(shown for shown, _ in self.rates.values()),
            rates=tuple(formula for _, formula in self.rates.values()),
            parameters=dict(self.parameters.values()),
            constants=self.constants,
            quantities={n: self.quantities[n] for n in order if n in self.quantities},
            functions={n: self.functions[n] for n in order if n in self.functions},
            auxiliaries=self.auxiliaries,
            starts=tuple(self.starts.get(name, none) for name in self.rates),
            options=self.options,
            remarks=self.remarks(),
        )

    def take(self, line: Statement) -> None:
        low, place = line.name.lower(), line.place
        if line.kind == "option":
            folds = f"{self.options.get(low, '')} " if low == "fold" else ""  # one a coordinate
            self.options[low] = folds + line.text
        elif line.kind == "condition":
            self.conditions.append(place.line)
        elif line.kind == "start":
            self.starts[low] = Formula(Number(_number(line)), place, line.text)
        elif line.kind == "start-formula":
            self.starts[low] = _read(line)
        elif line.kind == "auxiliary":
            if line.name in self.auxiliaries:
                first = self.auxiliaries[line.name].place.line
                raise place.error(f"aux {line.name} is shown a second time; first in line {first}")
            self.auxiliaries[line.name] = _read(line)
        else:
            self.define(line, low)

    def define(self, line: Statement, low: str) -> None:
        place = line.place
        for name in (low, *line.arguments):
            hidden = name != low and name in ("t", "pi")  # an argument may have these names
            if name in RESERVED and not hidden:
                raise place.error(f"{name} is {RESERVED[name]} and can be nothing else")
        if len(set(line.arguments)) < len(line.arguments):
            raise place.error(f"two arguments of {line.name} have the same name")
        if low in self.seen:
            raise place.error(
                f"{line.name} is defined a second time; first in line {self.seen[low].line}"
            )
        self.seen[low] = place
        if line.kind == "parameter":
            self.parameters[low] = (line.name, _number(line))
        elif line.kind == "constant":
            self.constants[low] = _number(line)
        elif line.kind == "function":
            self.functions[low] = _read(line)
        elif line.kind in ("flow", "map"):
            self.kinds.setdefault(line.kind, place)
            self.rates[low] = (line.name, _read(line))
        else:
            self.quantities[low] = _read(line)
            if line.kind == "derived":
                self.derived[low] = self.quantities[low]

    def kind(self) -> str:
        method = self.options.get("meth", self.options.get("method", "")).lower()
        if method.startswith("d") or "flow" not in self.kinds:
            return "map"
        if "map" in self.kinds:
            raise self.kinds["map"].error(
                "a map x(t+1)=… beside a differential equation is not covered"
            )
        return "flow"

    def remarks(self) -> tuple[str, ...]:
        if not self.conditions:
            return ()
        lines = ", ".join(map(str, self.conditions))
        return (f"Boundary conditions (bdry, line {lines}) are not used.",)


def _number(line: Statement) -> float:
    if not line.text:
        return 0.0
    value = number(line.text)
    if value is None:
        raise line.place.error(
            f"{line.name}={line.text}: a {line.kind} is a plain number here; a formula of others "
            f"is written !{line.name}=…"
        )
    return value


class _Checked:
    """Checks that each name is known, that nothing needs itself, and how large it all is.

    Attributes:
        order: the names of quantities and functions, each after what it needs.
    """

    def __init__(self, file: _Gathered):
        self.file = file
        self.order: list[str] = []
        self.sizes: dict[str, int] = {}
        self.path: list[str] = []
        everything = [
            *(formula for _, formula in file.rates.values()),
            *file.auxiliaries.values(),
            *file.starts.values(),
        ]
        for formula in everything:
            self.check(formula)
        for name in (*file.quantities, *file.functions):
            self.visit(name)
        for name, formula in file.starts.items():
            self.check_fixed(formula, f"where {name} begins")
        for name, formula in file.derived.items():
            self.check_fixed(formula, f"the derived parameter {name}")

    def check_fixed(self, formula: Formula, what: str) -> None:
        """Refuse what changes with the state or the time where only parameters may stand."""
        waiting, seen = [formula], set()
        while waiting:
            one = waiting.pop()
            for node in walk(one.node):
                name = node.name if isinstance(node, Name) else ""
                name = "" if name in one.arguments else name
                if name == "t" or name in self.file.rates:
                    raise formula.place.error(
                        f"{what} is set once, from parameters; {formula.text} needs {name}"
                    )
                name = node.function if isinstance(node, Apply) else name
                below = self.file.quantities.get(name) or self.file.functions.get(name)
                if below is not None and name not in seen:
                    seen.add(name)
                    waiting.append(below)

    def check(self, formula: Formula) -> int:
        """The number of nodes that a formula stands for."""
        size = 0
        for node in walk(formula.node):
            size += 1
            if isinstance(node, Name):
                size += self.name(node.name, formula)
            elif isinstance(node, Apply) and node.function not in (*OPERATORS, *FUNCTIONS):
                size += self.call(node, formula)
        if size > _MOST_NODES:
            raise formula.place.error("written out, this formula is too long")
        return size

    def name(self, name: str, formula: Formula) -> int:
        file = self.file
        if name in formula.arguments or name in ("t", "pi"):
            return 0
        if name in file.rates or name in file.parameters or name in file.constants:
            return 0
        if name in file.quantities:
            self.visit(name)
            return 0
        hint = ", a function: give it arguments" if name in (*file.functions, *FUNCTIONS) else ""
        raise formula.place.error(f"{name} is not defined{hint}")

    def call(self, node: Apply, formula: Formula) -> int:
        function = self.file.functions.get(node.function)
        if function is None:
            raise formula.place.error(f"there is no function {node.function}")
        if len(function.arguments) != len(node.arguments):
            raise formula.place.error(
                f"{node.function} takes {len(function.arguments)} of arguments, got "
                f"{len(node.arguments)}"
            )
        return self.visit(node.function)

    def visit(self, name: str) -> int:
        """The size of a quantity or a function, once all that it needs is checked."""
        if name in self.sizes:
            return self.sizes[name]
        formula = (self.file.functions | self.file.quantities)[name]
        if name in self.path:
            circle = " → ".join([*self.path[self.path.index(name) :], name])
            raise formula.place.error(f"{name} needs itself: {circle}")
        self.path.append(name)
        self.sizes[name] = self.check(formula)
        self.path.pop()
        self.order.append(name)
        return self.sizes[name]
