"""A model as the Python text of a class."""

import json

from thalweg.formats.xpp.expressions import COMPARISONS, Apply, Choice, Name, Node, Number
from thalweg.formats.xpp.functions import FUNCTIONS
from thalweg.formats.xpp.model import Formula, XppModel
from thalweg.formats.xpp.names import argument_names, class_name, field_names, local_names
from thalweg.formats.xpp.rules import build, plotted_domain
from thalweg.formats.xpp.tokens import printable

# How tightly Python's operators bind; a higher one needs no brackets in a lower one.
_COMPARES, _ADDS, _TIMES, _SIGN, _POWER, _ATOM = range(6)
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


def _declared(model: XppModel) -> list[str]:
    domain = plotted_domain(model)
    start = [float(value) for value in build(model).start]
    names = json.dumps(model.coordinates)[1:-1] + "," * (len(model.coordinates) == 1)
    lines = [f"    state_names = ({names})", f"    start = {start!r}"]
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
        fields = field_names(model)
        self.fields = {name.lower(): f"self.{fields[name]}" for name in model.parameters}

    def uses_jax(self) -> bool:
        return any("jax." in line for line in self.body())

    def body(self) -> list[str]:
        """The lines of the law: the state by name, what is computed on the way, the result."""
        model = self.model
        names = [self.locals[name.lower()] for name in model.coordinates]
        lines = [f"{', '.join(names)}{',' * (len(names) == 1)} = state"]
        for low, formula in model.functions.items():  # they see what is computed after them
            arguments = ", ".join(self.arguments[name] for name in formula.arguments)
            defined = f"def {self.locals[low]}({arguments}):"
            lines += ["", defined, f"    return {self.text(formula)}"]
        lines += [""] * bool(model.functions)
        lines += [f"{self.locals[low]} = {self.text(q)}" for low, q in model.quantities.items()]
        rates = [f"    {self.text(rate)}," for rate in model.rates]
        return [*lines, "rates = [", *rates, "]", "return jnp.array(rates, dtype=state.dtype)"]

    def text(self, formula: Formula) -> str:
        return self.node(formula.node, frozenset(formula.arguments))[0]

    def node(self, node: Node, local: frozenset[str]) -> tuple[str, int]:
        """A formula as Python, and how tightly its loosest operator binds."""
        if isinstance(node, Number):
            value = node.value
            return (str(int(value)) if value.is_integer() and value < 1e15 else repr(value)), _ATOM
        if isinstance(node, Name):
            return self.name(node.name, local)
        if isinstance(node, Choice):
            branches = ", ".join(self.node(part, local)[0] for part in (node.yes, node.no))
            return f"jnp.where({self.truth(node.test, local)}, {branches})", _ATOM
        return self.applied(node, local)

    def name(self, name: str, local: frozenset[str]) -> tuple[str, int]:
        if name in self.model.constants and name not in local:
            value = self.model.constants[name]
            return repr(value), _SIGN if value < 0 else _ATOM
        if name in local:
            return self.arguments[name], _ATOM
        known = {"t": "t", "pi": "jnp.pi"} | self.fields
        return known[name] if name in known else self.locals[name], _ATOM

    def applied(self, node: Apply, local: frozenset[str]) -> tuple[str, int]:
        name, arguments = node.function, node.arguments
        if name in COMPARISONS or name in "&|":
            return f"jnp.where({self.truth(node, local)}, 1.0, 0.0)", _ATOM
        if name == "neg":
            return f"-{self.inside(arguments[0], local, _SIGN)}", _SIGN
        if name == "^":
            one = self.inside(arguments[0], local, _ATOM)
            return f"{one} ** {self.inside(arguments[1], local, _SIGN)}", _POWER
        if name in _BINDS:
            binds = _BINDS[name]
            one = self.inside(arguments[0], local, binds)
            return f"{one} {name} {self.inside(arguments[1], local, binds + 1)}", binds
        texts = [self.node(argument, local)[0] for argument in arguments]
        if name in FUNCTIONS:
            by = arguments[-1]
            if name == "mod" and isinstance(by, Number) and by.value > 0:
                return f"jnp.mod({', '.join(texts)})", _ATOM
            return FUNCTIONS[name].text.format(*texts), _ATOM
        return f"{self.locals[name]}({', '.join(texts)})", _ATOM

    def inside(self, node: Node, local: frozenset[str], binds: int) -> str:
        """A formula as an operand of an operator that binds so tightly."""
        text, own = self.node(node, local)
        return text if own >= binds else f"({text})"

    def truth(self, node: Node, local: frozenset[str]) -> str:
        if isinstance(node, Apply) and node.function in COMPARISONS:
            one, other = (self.inside(part, local, _ADDS) for part in node.arguments)
            return f"{one} {node.function} {other}"
        if isinstance(node, Apply) and node.function in ("&", "|"):
            one, other = (f"({self.truth(part, local)})" for part in node.arguments)
            return f"{one} {node.function} {other}"
        return f"{self.inside(node, local, _ADDS)} != 0"
