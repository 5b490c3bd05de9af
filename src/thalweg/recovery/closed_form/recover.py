"""The question in exact form: from a rule's program, or SymPy expressions, to E in closed form."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from thalweg.analysis import find_equilibria
from thalweg.core.about import About
from thalweg.core.domains import Domain
from thalweg.dynamics import Rule, make_problem
from thalweg.dynamics.formulas.given import read_given
from thalweg.dynamics.formulas.rules import RuleFormulas, read_rule
from thalweg.dynamics.formulas.smoothness import first_switch
from thalweg.recovery.closed_form.levels import ClosedFinding, decide
from thalweg.recovery.closed_form.rests import Exclusion, excluded_by_rests
from thalweg.recovery.closed_form.spectra import excluded_at_points
from thalweg.recovery.closed_form.verdict import WORDS, SymbolicVerdict

_STEP = "Whether E falls in a full step is not decided here; ask without the symbolic form."
# In more coordinates the search for equilibria takes longer than all the rest.
_SEARCHED = 6


def recover_symbolic(
    rule: Rule | Mapping[Any, Any],
    domain: Domain | None = None,
    *,
    keep_parameters: bool | None = None,
) -> SymbolicVerdict:
    """Ask in exact form what a rule descends: E and the metric as expressions, each answer proved.

    The rule's own program is read and carried out on symbols. Numbers become the fractions that
    they are the floats of (denominators up to 10,000), else the rationals that their decimal forms
    name: 0.1 is 1/10, of SymPy's floats by 15 digits. Identities are proved by normal forms, signs
    all over the region exactly or by interval arithmetic; what was only seen at points is told as
    such, and answers nothing.

    Arguments:
        rule: a `Flow` or a `Map`; or the velocity as a mapping from SymPy symbols to expressions.
        domain: the region; None means the one that a rule declares, or, for a mapping, all values
            that its symbols may have.
        keep_parameters: whether parameters stay symbols, so that E holds for all their values of
            the signs that they have and the stated conditions; None means wherever there are few
            (constant metrics are sought for their values only).

    Returns:
        The verdict, with what was proved and on which conditions; prints as text and LaTeX.

    Raises:
        InputError: the rule uses an operation that has no exact form here, a mapping holds what is
            no expression, or its domain is not a box of its coordinates.

    Example:
        >>> import sympy as sp
        >>> import thalweg as tw
        >>> x, y, a, b = sp.symbols("x y a b")
        >>> tw.recover_symbolic({x: -x - y, y: -x - y**3}).energy.expand()
        x**2/2 + x*y + y**4/4
        >>> tw.recover_symbolic({x: -x - a * y, y: -b * x - y}).conditions
        (b > 0, a > 0)
    """
    is_given = isinstance(rule, Mapping)
    kind = rule.rule_kind if isinstance(rule, Rule) else "flow"
    found = read_given(rule, domain) if is_given else read_rule(rule, domain, keep_parameters)
    switch = first_switch((*found.velocity, *(found.lowered or ())))
    if switch is not None:
        note = (
            f"The formulas hold {switch}, which need not be smooth, and the region does not decide "
            f"it. Choose a region in which it is, or ask without the symbolic form."
        )
        return _verdict(ClosedFinding("undecided", note), found, kind)
    answer = decide(found)
    if answer.kind == "undecided" and found.values and keep_parameters is None and not is_given:
        plain = read_rule(rule, domain, keep_parameters=False)
        again = decide(plain)
        if again.kind != "undecided" or not answer.seen:
            found, answer = plain, again
    if isinstance(rule, Rule) and not rule.has_continuous_time and answer.energy is not None:
        note = f"g(x) − x is {WORDS[answer.kind]}: {answer.note} {_STEP}"
        return _verdict(replace(answer, kind="undecided", note=note), found, kind)
    if answer.kind == "undecided" or answer.walls:
        excluded = excluded_by_rests(found.velocity, found.region)
        if excluded is None and isinstance(rule, Rule):
            excluded = _excluded(rule, domain, found)
        # What holds for some parameters only is no answer where another holds for all.
        if excluded is not None and not (answer.walls and excluded.conditions):
            reason, needed = excluded
            answer = ClosedFinding("refuted", reason, None, None, (reason,), needed, answer.seen)
    return _verdict(answer, found, kind)


def _verdict(answer: ClosedFinding, found: RuleFormulas, rule_kind: str) -> SymbolicVerdict:
    note = answer.note
    if found.assumed:
        note += f" This holds where {', '.join(map(str, found.assumed))}, as in the region."
    about = About(found.system, rule_kind, tuple(map(str, found.names)))
    return SymbolicVerdict(
        answer.kind, found.names, found.velocity, answer.energy,
        answer.metric, found.values, note, answer.proved,
        (*answer.conditions, *found.assumed), answer.seen, about,
    )  # fmt: skip


def _excluded(rule: Rule, domain: Domain | None, found: RuleFormulas) -> Exclusion | None:
    """The proof that an equilibrium of the rule in the region excludes every metric, or None."""
    if len(found.names) > _SEARCHED:
        return None
    equilibria = find_equilibria(rule, domain)
    if not len(equilibria):
        return None
    with jax.enable_x64(True):
        chart = make_problem(rule, domain)[0].chart
        points = np.stack([np.asarray(chart.coordinates(e.state)) for e in equilibria])
    reason = excluded_at_points(found.velocity, found.region, points)
    return None if reason is None else Exclusion(reason)
