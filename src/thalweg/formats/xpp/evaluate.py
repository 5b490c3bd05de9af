"""Formulas on JAX arrays."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from thalweg.formats.xpp.expressions import COMPARISONS, Apply, Choice, Name, Node, Number
from thalweg.formats.xpp.functions import FUNCTIONS
from thalweg.formats.xpp.model import Formula, XppModel

_COMPARED = dict(
    zip(
        COMPARISONS,
        (operator.lt, operator.gt, operator.le, operator.ge, operator.eq, operator.ne),
        strict=True,
    )
)


class Evaluation:
    """The formulas of a model at one state: each quantity is computed once, when it is asked for.

    Arguments:
        model: the model.
        given: the values of the time, the coordinates, the parameters, by name in lower case.
    """

    def __init__(self, model: XppModel, given: Mapping[str, Any]):
        self.model = model
        self.known: dict[str, Any] = {"pi": np.pi, **model.constants, **given}

    def of(self, formula: Formula) -> Any:
        """The value of a formula without arguments."""
        return self.node(formula.node)

    def node(self, node: Node) -> Any:
        """The value of a part of such a formula."""
        return self._value(node, {})

    def quantity(self, name: str) -> Any:
        """The value of a name."""
        if name not in self.known:
            self.known[name] = self.of(self.model.quantities[name])
        return self.known[name]

    def _value(self, node: Node, local: Mapping[str, Any]) -> Any:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            return local[node.name] if node.name in local else self.quantity(node.name)
        if isinstance(node, Choice):
            yes, no = self._value(node.yes, local), self._value(node.no, local)
            return jnp.where(self._truth(node.test, local), yes, no)
        return self._applied(node, local)

    def _applied(self, node: Apply, local: Mapping[str, Any]) -> Any:
        name, arguments = node.function, node.arguments
        if name in _COMPARED or name in "&|":
            return jnp.where(self._truth(node, local), 1.0, 0.0)
        values = [self._value(argument, local) for argument in arguments]
        if name == "^" and isinstance(arguments[1], Number) and arguments[1].value.is_integer():
            values[1] = int(arguments[1].value)  # x² has a derivative at 0, x^2.0 need not
        if name in _ARITHMETIC:
            return _on_numbers(_ARITHMETIC[name], values)
        if name in FUNCTIONS:
            return FUNCTIONS[name].fn(*values)
        function = self.model.functions[name]
        return self._value(function.node, dict(zip(function.arguments, values, strict=True)))

    def _truth(self, node: Node, local: Mapping[str, Any]) -> Any:
        """The truth of a formula: a comparison that holds, or a number that is not zero."""
        if isinstance(node, Apply) and node.function in _COMPARED:
            one, other = (self._value(argument, local) for argument in node.arguments)
            return _COMPARED[node.function](one, other)
        if isinstance(node, Apply) and node.function in ("&", "|"):
            one, other = (self._truth(argument, local) for argument in node.arguments)
            both = node.function == "&"
            return jnp.logical_and(one, other) if both else jnp.logical_or(one, other)
        return self._value(node, local) != 0


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "neg": operator.neg,
}


def _on_numbers(operation: Callable[..., Any], values: list[Any]) -> Any:
    """The operation; of plain numbers alone as NumPy has it, for which 1/0 is no error."""
    if all(isinstance(value, float | int) for value in values):
        with np.errstate(all="ignore"):
            return float(operation(*(np.float64(value) for value in values)))
    return operation(*values)
