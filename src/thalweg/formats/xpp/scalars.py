"""Plain numbers among the parts of formulas, with which Python reckons otherwise than arrays do.

Of arrays 1/0 is infinite and (−8)^(1/3) no number; Python raises, or gives a complex one.
"""

from collections.abc import Iterator, Mapping

from thalweg.formats.xpp.evaluate import Evaluation
from thalweg.formats.xpp.expressions import COMPARISONS, Apply, Choice, Name, Node, Number, walk
from thalweg.formats.xpp.functions import FUNCTIONS
from thalweg.formats.xpp.model import Formula, XppModel

_SIGNS = ("+", "-", "*", "/", "^", "neg")


class Scalars:
    """The plain numbers of a model.

    Arguments:
        model: the model.

    Attributes:
        arguments: by function and its arguments, True of one that is an array in every call.
    """

    def __init__(self, model: XppModel):
        self.model = model
        self.low = {name.lower() for name in model.coordinates}
        self.arrays: dict[str, bool] = {}  # the quantities, once asked for
        self.arguments = {
            name: dict.fromkeys(formula.arguments, True)
            for name, formula in model.functions.items()
        }
        for formula, local in self._callers():
            for node in walk(formula.node):
                if isinstance(node, Apply) and node.function in self.arguments:
                    seen = self.arguments[node.function]
                    for name, given in zip(seen, node.arguments, strict=True):
                        seen[name] = seen[name] and self.is_array(given, local)

    def _callers(self) -> Iterator[tuple[Formula, Mapping[str, bool]]]:
        """The formulas that may call functions, each function after all that call it."""
        for formula in (*self.model.rates, *self.model.quantities.values()):
            yield formula, {}
        for name, formula in reversed(self.model.functions.items()):
            yield formula, self.arguments[name]

    def value(self, node: Node, local: Mapping[str, bool]) -> float | None:
        """The value of what is made of numbers alone; None of all else."""
        for part in walk(node):
            if isinstance(part, Name):
                if part.name in local or part.name not in {"pi", *self.model.constants}:
                    return None
            elif not isinstance(part, Number) and getattr(part, "function", "") not in _SIGNS:
                return None
        return float(Evaluation(self.model, {}).node(node))

    def is_array(self, node: Node, local: Mapping[str, bool]) -> bool:
        """True of what is an array whatever numbers the parameters are."""
        if isinstance(node, Number):
            return False
        if isinstance(node, Name):
            return local[node.name] if node.name in local else self._is_named_array(node.name)
        if isinstance(node, Choice) or node.function in (*COMPARISONS, "&", "|", *FUNCTIONS):
            return True
        arrays = [self.is_array(part, local) for part in node.arguments]
        if node.function in _SIGNS:
            return any(arrays)
        function = self.model.functions[node.function]
        return self.is_array(function.node, dict(zip(function.arguments, arrays, strict=True)))

    def _is_named_array(self, name: str) -> bool:
        if name not in self.arrays and name in self.model.quantities:
            self.arrays[name] = self.is_array(self.model.quantities[name].node, {})
        return self.arrays.get(name, name in self.low)
