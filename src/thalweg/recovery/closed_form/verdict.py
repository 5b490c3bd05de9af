"""The answer in exact form, as text, LaTeX and data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from thalweg.core.about import UNSAID, About
from thalweg.core.reports import Report, about_in
from thalweg.core.tables import results_as_html, wrap
from thalweg.recovery.closed_form.trees import from_tree, to_tree

WORDS = {
    "euclidean": "steepest descent in the Euclidean metric",
    "constant-metric": "steepest descent in a constant metric",
    "diagonal-metric": "steepest descent in a diagonal metric",
    "given-metric": "steepest descent in the Fisher (Shahshahani) metric of the simplex",
    "refuted": "not steepest descent in any continuous metric",
}
_EXACT = ("names", "rule", "energy", "metric", "values", "conditions")


@dataclass(frozen=True, eq=False, repr=False)
class SymbolicVerdict(Report):
    """The energy and the metric of a rule in closed form, with what was proved, and where.

    Attributes:
        kind: `"euclidean"`, `"constant-metric"`, `"diagonal-metric"`, `"given-metric"`,
            `"refuted"` or `"undecided"`.
        names: the coordinates, as symbols.
        rule: the velocity (of a map, g(x) − x) as expressions.
        energy: E as an expression, or None.
        metric: the matrix M, or None.
        values: the value of each symbol that stands for a parameter.
        note: what decided, in a sentence.
        proved: the facts that were proved, which together give the answer.
        conditions: what must hold of parameters and, for cases that the region decides, of the
            state; all of it holds for `values` in the region.
        seen: facts that were seen at points and not proved. No answer rests on them.
        about: the rule.
    """

    kind: str
    names: tuple[Any, ...]
    rule: tuple[Any, ...]
    energy: Any
    metric: Any
    values: Mapping[Any, Any]
    note: str
    proved: tuple[str, ...] = ()
    conditions: tuple[Any, ...] = ()
    seen: tuple[str, ...] = ()
    about: About = UNSAID

    @property
    def certified(self) -> bool:
        """True if the kind is proved; only an open question is not."""
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

    @property
    def title(self) -> str:
        """The rule and the kind of the verdict, in a line."""
        return f"Closed form of {self.about.system}: {self.kind}"

    def table(self) -> None:
        """Nothing: the remarks say it all."""

    def remarks(self) -> list[str]:
        """Sentences on what was proved and what was seen, and where, and the expressions."""
        return [*self.sentences(), *self.formulas()]

    def sentences(self) -> list[str]:
        """The verdict in words: what is true, what was proved of it, what was seen, and where."""
        fact = "" if self.kind == "undecided" else f"It is {WORDS[self.kind]}. "
        said = [fact + self.note, *(f"proved: {fact}" for fact in self.proved)]
        said += [f"seen at points, not proved: {fact}" for fact in self.seen]
        return said + ([f"where {conditions_text(self.conditions)}"] if self.conditions else [])

    def formulas(self) -> list[str]:
        """E, M and the values of their parameters as text; nothing where there is no energy."""
        if self.energy is None:
            return []
        known = ", ".join(f"{k} = {_short(v)}" for k, v in self.values.items())
        values = [f"with {known}"] if known else []
        return [f"E = {self.energy}", f"M = {_matrix_text(self.metric)}", *values]

    def data(self) -> dict[str, Any]:
        """The keys of a verdict, texts, and the expressions as trees that can be read back."""
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
            "exact": {name: to_tree(getattr(self, name)) for name in _EXACT},
        }

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON-ready data: `about`, and the keys of `data`."""
        return {"about": self.about.to_dict()} | self.data()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "SymbolicVerdict":
        """The verdict that `to_dict` wrote, its expressions from their trees."""
        exact = {name: from_tree(data["exact"][name]) for name in _EXACT}
        proved, seen = tuple(data["proved"]), tuple(data["seen"])
        kept = {"kind": data["kind"], "note": data["note"], "proved": proved, "seen": seen}
        return cls(**kept, **exact, about=about_in(data, about))

    def __str__(self) -> str:
        lines = [wrap(self.title), *(wrap(said, "  ", "    ") for said in self.remarks())]
        latex = self.latex.splitlines()
        return "\n".join([*lines, *(["In LaTeX:", *latex] if latex else [])])

    def _repr_html_(self) -> str:
        return results_as_html(self.title, self.table(), self.remarks())


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


def _matrix_text(metric: sp.Matrix) -> str:
    if metric.is_diagonal():
        return "diag(" + ", ".join(str(metric[i, i]) for i in range(metric.rows)) + ")"
    return str(metric.tolist())
