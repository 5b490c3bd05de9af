"""The answer in exact form, as text, LaTeX and data."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

WORDS = {
    "euclidean": "steepest descent in the Euclidean metric",
    "constant-metric": "steepest descent in a constant metric",
    "diagonal-metric": "steepest descent in a diagonal metric",
    "given-metric": "steepest descent in the Fisher (Shahshahani) metric of the simplex",
    "refuted": "not steepest descent in any continuous metric",
}
_WIDTH = 80


@dataclass(frozen=True)
class SymbolicVerdict:
    """What a rule descends, in closed form, with what was proved and on which conditions.

    Attributes:
        kind: `"euclidean"`, `"constant-metric"`, `"diagonal-metric"`, `"given-metric"`,
            `"refuted"` or `"undecided"`.
        names: the coordinates, as symbols.
        rule: the velocity (of a map, g(x) − x) as expressions.
        energy: E as an expression, or None.
        metric: the matrix M, or None.
        values: the value of each symbol that stands for a parameter.
        note: what decided, in a sentence.
        system: the name of the rule.
        proved: the facts that were proved, which together give the answer.
        conditions: what must hold of parameters and, for cases that the region decides, of the
            state; all of it holds for `values` in the region.
        seen: facts that were seen at points and not proved. No answer rests on them.
    """

    kind: str
    names: tuple[Any, ...]
    rule: tuple[Any, ...]
    energy: Any
    metric: Any
    values: Mapping[Any, Any]
    note: str
    system: str = ""
    proved: tuple[str, ...] = ()
    conditions: tuple[Any, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def certified(self) -> bool:
        """Whether the kind is proved; only an open question is not."""
        return self.kind != "undecided"

    @property
    def latex(self) -> str:
        """E and M as LaTeX, one equation a line."""
        if self.energy is None:
            return ""
        symbols = {*self.names, *self.energy.free_symbols, *self.metric.free_symbols}
        shown = {symbol: _upright(symbol.name) for symbol in symbols}
        arguments = ", ".join(shown[name] for name in self.names)
        energy, metric = (sp.latex(e, symbol_names=shown) for e in (self.energy, self.metric))
        return f"E({arguments}) = {energy}\nM = {metric}"

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON-ready data."""
        return {
            "kind": self.kind,
            "residual": None,
            "witness": None,
            "levels": [],
            "certified": self.certified,
            "energy": None if self.energy is None else str(self.energy),
            "metric": None if self.metric is None else str(self.metric.tolist()),
            "latex": self.latex or None,
            "note": self.note,
            "proved": list(self.proved),
            "conditions": [relation_text(relation) for relation in self.conditions],
            "seen": list(self.seen),
        }

    def __str__(self) -> str:
        lines = _wrap(f"Closed form of {self.system}: {self.kind}")
        fact = "" if self.kind == "undecided" else f"It is {WORDS[self.kind]}. "
        lines += _wrap(fact + self.note, "  ")
        for fact in self.proved:
            lines += _wrap(f"proved: {fact}", "  ")
        for fact in self.seen:
            lines += _wrap(f"seen at points, not proved: {fact}", "  ")
        if self.conditions:
            lines += _wrap(f"where {conditions_text(self.conditions)}", "  ")
        if self.energy is not None:
            lines += _wrap(f"E = {self.energy}", "  ")
            lines += _wrap(f"M = {_matrix_text(self.metric)}", "  ")
            if self.values:
                known = ", ".join(f"{k} = {_short(v)}" for k, v in self.values.items())
                lines += _wrap(f"with {known}", "  ")
            lines += ["In LaTeX:", *self.latex.splitlines()]
        return "\n".join(lines)


def conditions_text(conditions: tuple[Any, ...]) -> str:
    """Conditions in a row: "b > 0 and a > 0"."""
    return " and ".join(map(relation_text, conditions))


def relation_text(relation: Any) -> str:
    """An equation or inequality as one writes it."""
    if isinstance(relation, sp.Eq | sp.Ne):
        sign = "=" if isinstance(relation, sp.Eq) else "≠"
        return f"{relation.lhs} {sign} {_short(relation.rhs)}"
    return str(relation)


def _upright(name: str) -> str:
    """A symbol's name in LaTeX; a word in upright letters, which do not read as a product."""
    base, *places = name.split("_")
    plain = sp.latex(sp.Symbol(name))
    if len(base) < 2 or not base.isalpha() or sp.latex(sp.Symbol(base)) != base:
        return plain
    below = f"_{{{' '.join(places)}}}" if any(places) else ""
    return f"\\mathrm{{{base}}}{below}"


def _short(value: Any) -> str:
    """A number as a fraction if that is short, else to six digits."""
    text = str(value)
    return text if len(text) <= 12 or value.free_symbols else f"{float(value):.6g}"


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _matrix_text(metric: sp.Matrix) -> str:
    if metric.is_diagonal():
        return "diag(" + ", ".join(str(metric[i, i]) for i in range(metric.rows)) + ")"
    return str(metric.tolist())
