"""The contents of a file, gathered."""

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from thalweg.core.errors import InputError
from thalweg.formats.xpp.checks import check
from thalweg.formats.xpp.expressions import Number, parse
from thalweg.formats.xpp.functions import RESERVED
from thalweg.formats.xpp.model import Formula, XppModel
from thalweg.formats.xpp.statements import Statement, statements
from thalweg.formats.xpp.tokens import Place, number, printable


def _read(line: Statement) -> Formula:
    text = line.text.strip()
    low = tuple(name.lower() for name in line.arguments)
    return Formula(parse(text, line.place), line.place, text, low, line.arguments)


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
    """The parts of a file read so far."""

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
    spellings: dict[str, str] = field(default_factory=dict)

    def of(self, lines: Iterable[Statement]) -> XppModel:
        for line in lines:
            self.take(line)
        if not self.rates:
            raise InputError(f"{self.file} has no equation: x'=…, dx/dt=… or x(t+1)=….")
        for name, formula in self.starts.items():
            if name not in self.rates:
                raise formula.place.error(f"{name} begins somewhere, but has no equation")
        none = Formula(Number(0.0), Place(self.file, 0), "0")
        model = XppModel(
            file=self.file,
            kind=self.kind(),
            coordinates=tuple(shown for shown, _ in self.rates.values()),
            rates=tuple(formula for _, formula in self.rates.values()),
            parameters=dict(self.parameters.values()),
            constants=self.constants,
            quantities=self.quantities,
            functions=self.functions,
            auxiliaries=self.auxiliaries,
            spellings=self.spellings,
            starts=tuple(self.starts.get(name, none) for name in self.rates),
            options=self.options,
            remarks=self.remarks(),
        )
        order = check(model, self.derived)
        return dataclasses.replace(
            model,
            quantities={n: self.quantities[n] for n in order if n in self.quantities},
            functions={n: self.functions[n] for n in order if n in self.functions},
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
        arguments = [name.lower() for name in line.arguments]
        for place_in_call, name in enumerate((low, *arguments)):
            # An argument may have these names; `arg2` is the second of every function.
            is_free = place_in_call > 0 and name in ("t", "pi", f"arg{place_in_call}")
            if name in RESERVED and not is_free:
                raise place.error(f"{name} is {RESERVED[name]} and can be nothing else")
        if len(set(arguments)) < len(arguments):
            raise place.error(f"two arguments of {line.name} have the same name")
        if low in self.seen:
            raise place.error(
                f"{line.name} is defined a second time; first in line {self.seen[low].line}"
            )
        self.seen[low] = place
        if line.kind in ("constant", "function", "quantity", "derived"):
            self.spellings[low] = line.name
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
