"""A model as the Python text of a class."""

import json
import math
from collections.abc import Mapping

from thalweg.formats.xpp.expressions import COMPARISONS, Apply, Choice, Name, Node, Number, walk
from thalweg.formats.xpp.functions import FUNCTIONS
from thalweg.formats.xpp.model import Formula, XppModel
from thalweg.formats.xpp.names import argument_names, class_name, field_names, local_names
from thalweg.formats.xpp.rules import build, plotted_domain
from thalweg.formats.xpp.scalars import Scalars
from thalweg.formats.xpp.tokens import printable

# How tightly Python's operators bind; a higher one needs no brackets in a lower one.
_COMPARES, _ADDS, _TIMES, _SIGN, _POWER, _ATOM = range(6)
_GUARDED = {"/": "jnp.divide", "^": "jnp.power"}
_LARGE = 2**31  # from there on, whole numbers are no integers of JAX
_BINDS = {"+": _ADDS, "-": _ADDS, "*": _TIMES, "/": _TIMES}


def python_source(model: XppModel) -> str:
    """The text of a Python module with the model as a class of its own, to go on with."""
    writer = _Writer(model)
    verb, base = ("velocity", "Flow") if model.kind == "flow" else ("step", "Map")
    fields = field_names(model)
    lines = [
        f'"""The model of {_quoted(model.file)}, which was written for XPP."""',
        "",
        *(["import jax"] if writer.uses_jax() else []),
        "import jax.numpy as jnp",
        "",
        "import thalweg as tw",
        "",
        "",
        f"class {class_name(model)}(tw.{base}):",
        f'    """The {model.kind} of {_quoted(model.file)}."""',
        "",
        *(f"    {fields[name]}: float = {value!r}" for name, value in model.parameters.items()),
        *([""] if model.parameters else []),
        *_declared(model),
        "",
        f"    def {verb}(self, t, state):",
        *(f"        {line}".rstrip() for line in writer.body()),
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A text as it stands between the quotation marks of Python."""
    return printable(text).replace("\\", r"\\").replace('"', r"\"")


def _literal(value: float) -> str:
    """A number as Python."""
    if math.isfinite(value):
        return repr(value)
    return "jnp.nan" if math.isnan(value) else "jnp.inf" if value > 0 else "-jnp.inf"


def _declared(model: XppModel) -> list[str]:
    domain = plotted_domain(model)
    start = [float(value) for value in build(model).start]
    names = json.dumps(model.coordinates)[1:-1] + "," * (len(model.coordinates) == 1)
    begins = ", ".join(map(_literal, start))
    lines = [f"    state_names = ({names})", f"    start = [{begins}]"]
    if domain is not None:
        bounds = domain.to_dict()
        angles = [bool(angle) for angle in domain.periodic]
        said = f", periodic={angles!r}" if any(angles) else ""
        lines.insert(0, f"    domain = tw.Box({bounds['lower']!r}, {bounds['upper']!r}{said})")
    return lines


class _Writer:
    """Writes the formulas of a model as Python."""

    def __init__(self, model: XppModel):
        self.model = model
        self.locals = local_names(model)
        self.arguments = argument_names(model)
        self.scalars = Scalars(model)
        fields = field_names(model)
        self.fields = {name.lower(): f"self.{fields[name]}" for name in model.parameters}

    def uses_jax(self) -> bool:
        return any("jax." in line for line in self.body())

    def body(self) -> list[str]:
        """The lines of the law: the state by name, what is computed on the way, the result."""
        model = self.model
        names = [self.locals[name.lower()] for name in model.coordinates]
        lines = [f"{', '.join(names)}{',' * (len(names) == 1)} = state"]
        if model.kind == "map":  # whose time is a count of steps
            lines += ["t = 1.0 * t"] * any(Name("t") in walk(f.node) for f in self.formulas())
        for low, formula in model.functions.items():  # they see what is computed after them
            arguments = ", ".join(self.arguments[name] for name in formula.arguments)
            defined = f"def {self.locals[low]}({arguments}):"
            value = self.float(formula.node, self.scalars.arguments[low])
            lines += ["", defined, f"    return {value}"]
        lines += [""] * bool(model.functions)
        named = {low: self.float(q.node, {}) for low, q in model.quantities.items()}
        lines += [f"{self.locals[low]} = {value}" for low, value in named.items()]
        rates = [f"    {self.node(rate.node, {})[0]}," for rate in model.rates]
        return [*lines, "rates = [", *rates, "]", "return jnp.array(rates, dtype=state.dtype)"]

    def formulas(self) -> tuple[Formula, ...]:
        model = self.model
        return (*model.rates, *model.quantities.values(), *model.functions.values())

    def float(self, node: Node, local: Mapping[str, bool]) -> str:
        """A formula as Python that is no integer: powers of arrays of those may fail."""
        value = self.scalars.value(node, local)
        if value is not None and value.is_integer():
            return _literal(value)
        return self.node(node, local)[0]

    def node(self, node: Node, local: Mapping[str, bool]) -> tuple[str, int]:
        """A formula as Python, and how tightly its loosest operator binds."""
        value = self.scalars.value(node, local)
        if value is not None and not abs(value) < _LARGE:
            return _literal(value), _SIGN if value < 0 else _ATOM
        if isinstance(node, Number):
            number = int(node.value) if node.value.is_integer() else node.value
            return repr(number), _ATOM
        if isinstance(node, Name):
            return self.name(node.name, local)
        if isinstance(node, Choice):
            branches = ", ".join(self.float(part, local) for part in (node.yes, node.no))
            return f"jnp.where({self.truth(node.test, local)}, {branches})", _ATOM
        return self.applied(node, local)

    def name(self, name: str, local: Mapping[str, bool]) -> tuple[str, int]:
        if name in self.model.constants and name not in local:
            value = self.model.constants[name]
            return repr(value), _SIGN if value < 0 else _ATOM
        if name in local:
            return self.arguments[name], _ATOM
        known = {"t": "t", "pi": "jnp.pi"} | self.fields
        return known[name] if name in known else self.locals[name], _ATOM

    def applied(self, node: Apply, local: Mapping[str, bool]) -> tuple[str, int]:
        name, arguments = node.function, node.arguments
        if name in COMPARISONS or name in "&|":
            return f"jnp.where({self.truth(node, local)}, 1.0, 0.0)", _ATOM
        if name == "neg":
            return f"-{self.inside(arguments[0], local, _SIGN)}", _SIGN
        if self.is_guarded(node, local):
            one, other = (self.float(part, local) for part in arguments)
            return f"{_GUARDED[name]}({one}, {other})", _ATOM
        if name == "^":
            one = self.inside(arguments[0], local, _ATOM)
            return f"{one} ** {self.inside(arguments[1], local, _SIGN)}", _POWER
        if name in _BINDS:
            binds = _BINDS[name]
            one = self.inside(arguments[0], local, binds)
            return f"{one} {name} {self.inside(arguments[1], local, binds + 1)}", binds
        texts = [self.float(argument, local) for argument in arguments]
        if name in FUNCTIONS:
            by = arguments[-1]
            if name == "mod" and isinstance(by, Number) and by.value > 0:
                return f"jnp.mod({', '.join(texts)})", _ATOM
            return FUNCTIONS[name].text.format(*texts), _ATOM
        return f"{self.locals[name]}({', '.join(texts)})", _ATOM

    def is_guarded(self, node: Apply, local: Mapping[str, bool]) -> bool:
        """True for a quotient or a power of numbers for which Python may have no value."""
        if node.function not in _GUARDED or self.scalars.is_array(node, local):
            return False
        value = self.scalars.value(node.arguments[1], local)
        if self.scalars.value(node, local) is not None:
            return False
        if node.function == "/":
            return value is None or value == 0
        return value is None or value < 0 or not value.is_integer()

    def inside(self, node: Node, local: Mapping[str, bool], binds: int) -> str:
        """A formula as an operand of an operator that binds so tightly."""
        text, own = self.node(node, local)
        return text if own >= binds else f"({text})"

    def truth(self, node: Node, local: Mapping[str, bool]) -> str:
        if isinstance(node, Apply) and node.function in COMPARISONS:
            one, other = (self.inside(part, local, _ADDS) for part in node.arguments)
            return f"{one} {node.function} {other}"
        if isinstance(node, Apply) and node.function in ("&", "|"):
            one, other = (f"({self.truth(part, local)})" for part in node.arguments)
            return f"{one} {node.function} {other}"
        return f"{self.inside(node, local, _ADDS)} != 0"
