"""Checks of a model: each name is known, nothing needs itself, and none of it is too large."""

from collections.abc import Iterable
from typing import NamedTuple

from thalweg.core.tables import counted
from thalweg.formats.xpp.expressions import OPERATORS, Apply, Name, Node, parts, walk
from thalweg.formats.xpp.functions import FUNCTIONS
from thalweg.formats.xpp.model import Formula, XppModel

# A formula whose functions call functions may stand for far more than it shows: that many nodes,
# written out, take JAX a minute or so to trace.
_MOST_NODES = 200_000
# A formula is carried out by calls within calls, five a level; Python allows a thousand in all.
_MOST_LEVELS = 100


class _Extent(NamedTuple):
    """The size of a formula: its nodes, and how many of them lie in one another."""

    nodes: int = 0
    levels: int = 0


def check(model: XppModel, derived: Iterable[str]) -> list[str]:
    """The names of quantities and functions, each after what it needs.

    Arguments:
        model: the model.
        derived: the quantities that parameters alone determine.

    Raises:
        InputError: a formula names what there is not, needs itself, or is too large.
    """
    checks = _Checks(model)
    for formula in (*model.rates, *model.auxiliaries.values(), *model.starts):
        checks.check(formula)
    for name in (*model.quantities, *model.functions):
        checks.visit(name)
    for name, formula in zip(model.coordinates, model.starts, strict=True):
        checks.check_fixed(formula, f"where {name} begins")
    for name in derived:
        checks.check_fixed(model.quantities[name], f"the derived parameter {model.spellings[name]}")
    return checks.order


class _Checks:
    """The checks, and what they have found.

    Attributes:
        order: the names of quantities and functions, each after what it needs.
    """

    def __init__(self, model: XppModel):
        self.model = model
        self.state = {name.lower() for name in model.coordinates}
        parameters = {name.lower() for name in model.parameters}
        self.given = {"t", "pi", *self.state, *parameters, *model.constants}
        self.below = model.functions | model.quantities
        self.order: list[str] = []
        self.extents: dict[str, _Extent] = {}
        self.path: list[str] = []

    def check_fixed(self, formula: Formula, what: str) -> None:
        """Refuse what changes with the state or the time where only parameters may stand."""
        waiting, seen = [formula], set()
        while waiting:
            one = waiting.pop()
            for node in walk(one.node):
                name = node.name if isinstance(node, Name) else ""
                name = "" if name in one.arguments else name
                if name == "t" or name in self.state:
                    raise formula.place.error(
                        f"{what} is set once, from parameters; {formula.text} needs "
                        f"{one.spelt(name)}"
                    )
                name = node.function if isinstance(node, Apply) else name
                if name in self.below and name not in seen:
                    seen.add(name)
                    waiting.append(self.below[name])

    def check(self, formula: Formula) -> _Extent:
        """The size of a formula."""
        nodes, levels, waiting = 0, 0, [(formula.node, 1)]
        while waiting:
            node, level = waiting.pop()
            waiting.extend((part, level + 1) for part in parts(node))
            named = self.named(node, formula)
            nodes, levels = nodes + 1 + named.nodes, max(levels, level + named.levels)
        if levels > _MOST_LEVELS:
            raise formula.place.error(
                f"written out, this formula is nested too deep: {levels} levels"
            )
        if nodes > _MOST_NODES:
            raise formula.place.error("written out, this formula is too long")
        return _Extent(nodes, levels)

    def named(self, node: Node, formula: Formula) -> _Extent:
        """The size of what stands behind the name of a quantity or a function."""
        if isinstance(node, Name):
            return self.name(node.name, formula)
        if isinstance(node, Apply) and node.function not in (*OPERATORS, *FUNCTIONS):
            return self.call(node, formula)
        return _Extent()

    def name(self, name: str, formula: Formula) -> _Extent:
        if name in formula.arguments or name in self.given:
            return _Extent()
        if name in self.model.quantities:
            return self.visit(name)
        functions = (*self.model.functions, *FUNCTIONS)
        hint = ", a function: give it arguments" if name in functions else ""
        raise formula.place.error(f"{formula.spelt(name)} is not defined{hint}")

    def call(self, node: Apply, formula: Formula) -> _Extent:
        function = self.model.functions.get(node.function)
        if function is None:
            raise formula.place.error(f"there is no function {formula.spelt(node.function)}")
        if len(function.arguments) != len(node.arguments):
            raise formula.place.error(
                f"{formula.spelt(node.function)} takes "
                f"{counted(len(function.arguments), 'argument')}, got {len(node.arguments)}"
            )
        return self.visit(node.function)

    def visit(self, name: str) -> _Extent:
        """The size of a quantity or a function, once all that it needs is checked."""
        if name in self.extents:
            return self.extents[name]
        formula = self.below[name]
        if name in self.path:
            spelt = self.model.spellings
            circle = " → ".join(spelt[n] for n in [*self.path[self.path.index(name) :], name])
            raise formula.place.error(f"{spelt[name]} needs itself: {circle}")
        if len(self.path) > _MOST_LEVELS:
            raise formula.place.error(
                f"{self.model.spellings[name]} is needed by way of too many others"
            )
        self.path.append(name)
        self.extents[name] = self.check(formula)
        self.path.pop()
        self.order.append(name)
        return self.extents[name]
