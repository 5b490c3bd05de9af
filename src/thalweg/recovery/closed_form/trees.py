"""SymPy expressions as JSON-ready trees, and back: nothing that was written is ever evaluated."""

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair

from thalweg.core.errors import InputError


def to_tree(value: Any) -> Any:
    """An expression, a relation, a matrix, a tuple or a mapping as nested lists and texts.

    An expression is the name of its class and its arguments; a symbol also says what is assumed of
    it, a number how it is written.
    """
    if value is None:
        return None
    if isinstance(value, tuple):
        return ["tuple", *map(to_tree, value)]
    if isinstance(value, Mapping):
        return ["mapping", *(to_tree(pair) for pair in value.items())]
    if isinstance(value, sp.MatrixBase):
        return ["matrix", *(to_tree(tuple(row)) for row in value.tolist())]
    value = sp.sympify(value)
    if isinstance(value, sp.Symbol):
        return ["symbol", value.name, dict(value._assumptions_orig)]
    if isinstance(value, sp.Float):
        return ["float", str(value), int(value._prec)]
    if isinstance(value, sp.Rational) and value.is_finite:
        return ["rational", str(value.p), str(value.q)]
    return [type(value).__name__, *map(to_tree, value.args)]


def from_tree(tree: Any) -> Any:
    """The expression that `to_tree` wrote.

    Raises:
        InputError: it holds the name of nothing that SymPy's expressions are made of.
    """
    if tree is None:
        return None
    name, *inner = tree
    if name == "symbol":
        return sp.Symbol(inner[0], **inner[1])
    if name == "float":
        return sp.Float(inner[0], precision=inner[1])
    if name == "rational":
        return sp.Rational(int(inner[0]), int(inner[1]))
    parts = tuple(map(from_tree, inner))
    if name in ("tuple", "mapping", "matrix"):
        kinds = {"tuple": tuple, "mapping": dict, "matrix": lambda rows: sp.Matrix(list(rows))}
        return kinds[name](parts)
    kind = _class_named(name)
    # A condition that assumptions on its symbols decide stays the condition that was written.
    return kind(*parts, **({"evaluate": False} if issubclass(kind, Relational) else {}))


def _class_named(name: str) -> Any:
    kind = _CLASSES.get(name)
    if kind is None:
        raise InputError(f"SymbolicVerdict.from_dict: {name!r} is no expression of SymPy.")
    return kind


_CLASSES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (getattr(sp, name) for name in sp.__all__)
    if isinstance(kind, type) and issubclass(kind, sp.Basic)
} | {type(atom).__name__: type(atom) for atom in (sp.pi, sp.E, sp.I, sp.oo, -sp.oo, sp.nan)}
_CLASSES |= {type(truth).__name__: type(truth) for truth in (sp.true, sp.false)}
_CLASSES["ExprCondPair"] = ExprCondPair
