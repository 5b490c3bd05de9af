"""The question in exact form: from a rule's program, or SymPy expressions, to E in closed form."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import sympy as sp

from thalweg.analysis import find_equilibria
from thalweg.core.domains import Domain
from thalweg.dynamics import Rule, make_problem
from thalweg.dynamics.formulas.given import read_given
from thalweg.dynamics.formulas.rules import RuleFormulas, read_rule
from thalweg.dynamics.formulas.smoothness import first_switch, unproven
from thalweg.recovery.closed_form.constant_metric import (
    constant_metric,
    excluded_at_points,
    excluded_by_eigenvalues,
)
from thalweg.recovery.closed_form.integrals import (
    diagonal_weights,
    is_closed,
    jacobian,
    potential,
    tidy,
)
from thalweg.recovery.closed_form.windings import first_winding
from thalweg.recovery.region.region import make_region

_WORDS = {
    "euclidean": "steepest descent in the Euclidean metric",
    "constant-metric": "steepest descent in a constant metric",
    "diagonal-metric": "steepest descent in a diagonal metric",
    "given-metric": "steepest descent in the Fisher (Shahshahani) metric of the simplex",
    "refuted": "not steepest descent in any continuous metric",
}
_STEP = "Whether E falls in a full step is not decided here; ask without the symbolic form."
_WIDTH = 80
_SEARCHED = 6
_CHECKED = 48


@dataclass(frozen=True)
class SymbolicVerdict:
    """What a rule descends, in closed form.

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
    """

    kind: str
    names: tuple[Any, ...]
    rule: tuple[Any, ...]
    energy: Any
    metric: Any
    values: Mapping[Any, Any]
    note: str
    system: str = ""

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
            "energy": None if self.energy is None else str(self.energy),
            "metric": None if self.metric is None else str(self.metric.tolist()),
            "latex": self.latex or None,
            "note": self.note,
        }

    def __str__(self) -> str:
        lines = _wrap(f"Closed form of {self.system}: {self.kind}")
        fact = "" if self.kind == "undecided" else f"It is {_WORDS[self.kind]}. "
        lines += _wrap(fact + self.note, "  ")
        if self.energy is not None:
            lines += _wrap(f"E = {self.energy}", "  ")
            lines += _wrap(f"M = {_matrix_text(self.metric)}", "  ")
            if self.values:
                known = ", ".join(f"{k} = {_short(v)}" for k, v in self.values.items())
                lines += _wrap(f"with {known}", "  ")
            lines += ["In LaTeX:", *self.latex.splitlines()]
        return "\n".join(lines)


def recover_symbolic(
    rule: Rule | Mapping[Any, Any],
    domain: Domain | None = None,
    *,
    keep_parameters: bool | None = None,
) -> SymbolicVerdict:
    """Ask in exact form what a rule descends: E and the metric as expressions.

    The rule's own program is read and carried out on symbols. Numbers become the rationals that
    their decimal forms name (0.1 is 1/10), so no parameter is rounded. Identities between the
    formulas are tested to 40 digits at random points of the region. That M > 0 is proven by
    interval arithmetic where that is possible; the note says where it was only seen at points.

    Arguments:
        rule: a `Flow` or a `Map`; or the velocity as a mapping from SymPy symbols to expressions.
        domain: the region; None means the one that a rule declares, or, for a mapping, all values
            that its symbols may have.
        keep_parameters: whether parameters stay symbols, so that E holds for all their values;
            None means wherever there are few (constant metrics are sought for their values only).

    Returns:
        The verdict, which prints as text and LaTeX.

    Raises:
        InputError: the rule uses an operation that has no exact form here, a mapping holds what is
            no expression, or its domain is not a box of its coordinates.

    Example:
        >>> import sympy as sp
        >>> from thalweg.recovery.closed_form.recover import recover_symbolic
        >>> x, y = sp.symbols("x y")
        >>> recover_symbolic({x: -x - y, y: -x - y**3}).energy.expand()
        x**2/2 + x*y + y**4/4
    """
    is_given = isinstance(rule, Mapping)
    found = read_given(rule, domain) if is_given else read_rule(rule, domain, keep_parameters)
    switch = first_switch((*found.velocity, *(found.lowered or ())))
    if switch is not None:
        note = (
            f"The formulas hold {switch}, which need not be smooth, and the region does not decide "
            f"it. Choose a region in which it is, or ask without the symbolic form."
        )
        return SymbolicVerdict(
            "undecided", found.names, found.velocity, None, None, found.values, note, found.system
        )
    kind, energy, metric, note = _decide(found)
    if kind == "undecided" and found.values and keep_parameters is None and not is_given:
        found = read_rule(rule, domain, keep_parameters=False)
        kind, energy, metric, note = _decide(found)
    if energy is not None and (reason := _obstacle(found, metric, rule, domain)) is not None:
        kind, energy, metric = "undecided", None, None
        note = f"{note} {reason}"
    if energy is not None and found.values and _winds(found, metric, for_all_parameters=True):
        note += " Round an angle it returns for these values of the parameters, not for all."
    if isinstance(rule, Rule) and rule.rule_kind == "map" and energy is not None:
        kind, note = "undecided", f"g(x) − x is {_WORDS[kind]}: {note} {_STEP}"
    elif kind == "undecided" and isinstance(rule, Rule):
        reason = _excluded(rule, domain, found)
        kind, note = ("undecided", note) if reason is None else ("refuted", reason)
    if found.assumed:
        note += f" This holds where {', '.join(map(str, found.assumed))}, as in the region."
    return SymbolicVerdict(
        kind, found.names, found.velocity, energy, metric, found.values, note, found.system
    )


def _excluded(rule: Rule, domain: Domain | None, found: RuleFormulas) -> str | None:
    """Why an equilibrium of the rule in the region excludes every metric, exactly."""
    equilibria = find_equilibria(rule, domain)
    if not len(equilibria) or len(found.names) > _SEARCHED:
        return None
    with jax.enable_x64(True):
        chart = make_problem(rule, domain)[0].chart
        points = np.stack([np.asarray(chart.coordinates(e.state)) for e in equilibria])
    return excluded_at_points(found.velocity, found.names, found.values, points)


def _obstacle(found: RuleFormulas, metric: Any, rule: Any, domain: Domain | None) -> str | None:
    """Why a closed form is not enough: angles, or the rule may be undefined in the region."""
    winding = _winds(found, metric)
    if winding is not None:
        return f"But {winding}, so there is none on the circle."
    part = unproven(found.velocity, found.region)
    if part is None:
        return None
    if not isinstance(rule, Rule):
        return (
            f"Its formulas leave C¹ where {part} vanishes (or is negative, under a root or a "
            f"logarithm), so E may exist only locally. Give a domain without such points, or "
            f"symbols declared positive."
        )
    with jax.enable_x64(True):
        troubles = make_region(make_problem(rule, domain)[0], None).troubles.found
    if not troubles:
        return None
    return f"In the region {troubles[0]}: E may exist only locally."


def _winds(found: RuleFormulas, metric: Any, for_all_parameters: bool = False) -> str | None:
    return first_winding(found.velocity, metric, found.periods, found.region, for_all_parameters)


def _decide(found: RuleFormulas) -> tuple[str, Any, Any, str]:
    """The levels in order: kind, E, M and a note."""
    names, velocity = found.names, found.velocity
    region = found.region
    if found.lowered is None and is_closed(velocity, names, region):
        note = "J = Jᵀ identically."
        return "euclidean", potential(velocity, names, region), sp.eye(len(names)), note
    if found.lowered is not None and is_closed(found.lowered, names, region):
        metric = _lowering_matrix(names)
        note = "M f is closed identically, in the first coordinates of the simplex."
        form = [tidy(component) for component in found.lowered]
        return "given-metric", potential(form, names, region), metric, note
    matrix = jacobian(velocity, names)
    reason = excluded_by_eigenvalues(matrix, names, found.values)
    if reason is not None:
        return "refuted", None, None, reason
    constant = constant_metric(matrix, names, found.values, region)
    if constant is not None:
        chosen = [sp.sympify(v).subs(found.values) for v in velocity]
        form = list(constant * sp.Matrix(chosen))
        note = "M J = Jᵀ M identically, with M constant and positive definite."
        return "constant-metric", potential(form, names, region), constant, note
    weights = diagonal_weights(matrix, names, found.inside, region)
    if weights is None:
        note = "The Jacobian is symmetric in no constant and in no diagonal metric."
        return "undecided", None, None, note
    if (pole := unproven(weights, region)) is not None:
        note = f"The diagonal metric that makes the Jacobian symmetric may be singular: see {pole}."
        return "undecided", None, None, note
    is_proven = all(region.is_positive(weight) for weight in weights)
    if not is_proven and not all(_is_positive(w, k, found) for k, w in enumerate(weights)):
        note = "The diagonal metric that makes the Jacobian symmetric is not positive there."
        return "undecided", None, None, note
    weights = [min((w, sp.expand(w)), key=sp.count_ops) for w in weights]
    form = [w * v for w, v in zip(weights, velocity, strict=True)]
    where = "" if is_proven else f" (seen at {_CHECKED} values of each coordinate)"
    note = f"m_i(x_i) J_ij = m_j(x_j) J_ji identically; M is positive{where}."
    return "diagonal-metric", potential(form, names, region), sp.diag(*weights), note


def _is_positive(weight: Any, k: int, found: RuleFormulas) -> bool:
    """Whether a weight of coordinate k is positive at points of its range."""
    if not found.ranges:
        return False
    name, known = found.names[k], sp.sympify(weight).subs(found.values)
    low, high = found.ranges[k]
    places = [low + (high - low) * (i + 0.5) / _CHECKED for i in range(_CHECKED)]
    there = [sp.N(known.subs({**found.inside, name: place})) for place in places]
    return all(bool(value.is_real and value > 0) for value in there)


def _lowering_matrix(names: tuple[Any, ...]) -> sp.Matrix:
    """The Shahshahani metric in the first n − 1 coordinates: diag(1/x) + 11ᵀ/x_n."""
    last = 1 - sp.Add(*names)
    return sp.diag(*(1 / name for name in names)) + sp.ones(len(names)) / last


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
    return text if len(text) <= 12 else f"{float(value):.6g}"


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
