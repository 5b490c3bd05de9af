"""The levels of the question in exact form, each proved or passed by."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from thalweg.dynamics.formulas.rules import RuleFormulas
from thalweg.dynamics.formulas.smoothness import smooth_where
from thalweg.recovery.closed_form.conditions import Conditions, at_values, can_hold, sign_conditions
from thalweg.recovery.closed_form.constant_metric import constant_metric
from thalweg.recovery.closed_form.integrals import (
    closedness,
    diagonal_weights,
    jacobian,
    line_integral,
    potential,
    tidy,
)
from thalweg.recovery.closed_form.spectra import excluded_if_linear
from thalweg.recovery.closed_form.verdict import conditions_text
from thalweg.recovery.closed_form.walls import singular_walls, walls_text
from thalweg.recovery.closed_form.windings import returning
from thalweg.recovery.closed_form.zeros import Evidence


@dataclass(frozen=True)
class ClosedFinding:
    """Finding of the levels: the fields of a `SymbolicVerdict`, and what it leaves open.

    Attributes:
        walls: equations of walls on which the metric is not finite or not positive: a rest there
            may exclude every metric that is.
    """

    kind: str
    note: str
    energy: Any = None
    metric: Any = None
    proved: tuple[str, ...] = ()
    conditions: tuple[Any, ...] = ()
    seen: tuple[str, ...] = ()
    walls: tuple[Any, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    """A metric in which the rule may be descent, with what is known of it.

    Attributes:
        kind: of the verdict.
        metric: M.
        form: M f.
        fact: the identity that makes the form closed, in words.
        evidence: of that identity.
        diagonal: entries of M that must be positive; empty where M is positive definite as it is.
        positive: that fact, in words.
        conditions: what must hold of the parameters already.
        walls: as of a `ClosedFinding`.
    """

    kind: str
    metric: sp.Matrix
    form: list[Any]
    fact: str
    evidence: Evidence
    diagonal: tuple[Any, ...] = ()
    positive: str = ""
    conditions: tuple[Any, ...] = ()
    walls: tuple[Any, ...] = ()


def decide(found: RuleFormulas) -> ClosedFinding:
    """Ask the levels in order; the first that is proved answers."""
    matrix = jacobian(found.velocity, found.names)
    tried = []
    plain = _plain(found, matrix)
    if plain is not None:
        tried.append(_answered(plain, found))
        if plain.evidence is Evidence.PROVED:
            return tried[0]
    reason = excluded_if_linear(found.velocity, matrix, found.region)
    if reason is not None:
        return ClosedFinding("refuted", reason, proved=(reason,))
    for level in (_constant, _diagonal):
        candidate = level(found, matrix)
        if candidate is not None:
            tried.append(_answered(candidate, found))
            if tried[-1].kind != "undecided":
                return tried[-1]
    note = "The Jacobian is symmetric in no constant and in no diagonal metric."
    seen = tuple(fact for answer in tried for fact in answer.seen)
    return ClosedFinding("undecided", tried[0].note if tried else note, seen=seen)


def _answered(candidate: _Candidate, found: RuleFormulas) -> ClosedFinding:
    if candidate.evidence is Evidence.PROVED:
        return _confirmed(candidate, found)
    note = "An identity is seen at points, and no normal form proves it."
    return ClosedFinding("undecided", note, seen=(candidate.fact,))


def _plain(found: RuleFormulas, matrix: sp.Matrix) -> _Candidate | None:
    """The metric that the state space has: Euclidean, or Fisher's on the simplex."""
    if found.lowered is None:
        form, kind, metric = list(found.velocity), "euclidean", sp.eye(len(found.names))
        fact, positive = "J = Jᵀ identically", ""
    else:
        form, metric = [tidy(component) for component in found.lowered], _lowering(found.names)
        kind = "given-metric"
        fact = "M f is closed identically, in the first coordinates of the simplex"
        positive = "M = diag(1/x) + 11ᵀ/x_n, positive definite inside the simplex"
    evidence = closedness(form, found.names, found.region)
    if evidence is Evidence.NONE:
        return None
    return _Candidate(kind, metric, form, fact, evidence, positive=positive)


def _constant(found: RuleFormulas, matrix: sp.Matrix) -> _Candidate | None:
    answer = constant_metric(matrix, found.names, found.values, found.region)
    if answer is None:
        return None
    metric, evidence = answer
    form = list(metric * sp.Matrix([sp.sympify(v).subs(found.values) for v in found.velocity]))
    symbols = set().union(*(v.free_symbols for v in found.velocity))
    return _Candidate(
        "constant-metric", metric, form, "M J = Jᵀ M identically, with M constant", evidence,
        positive="M is positive definite, by its minors",
        conditions=at_values(symbols, found.region),
    )  # fmt: skip


def _diagonal(found: RuleFormulas, matrix: sp.Matrix) -> _Candidate | None:
    answer = diagonal_weights(matrix, found.names, found.inside, found.region)
    if answer is None:
        return None
    weights, evidence = answer
    weights = [min((w, sp.expand(w)), key=sp.count_ops) for w in weights]
    # A product may hold a factor of the weight with the other sign, which only `tidy` cancels.
    form = [
        tidy(w * v) if v.is_Mul and w != 1 else w * v
        for w, v in zip(weights, map(sp.sympify, found.velocity), strict=True)
    ]
    walls = singular_walls(weights, found)
    positive = "M is positive all over the region"
    if walls:
        positive = f"M is positive inside the region; {walls_text(walls)}"
    return _Candidate(
        "diagonal-metric", sp.diag(*weights), form,
        "m_i(x_i) J_ij = m_j(x_j) J_ji identically", evidence, tuple(weights), positive,
        walls=tuple(walls),
    )  # fmt: skip


def _confirmed(candidate: _Candidate, found: RuleFormulas) -> ClosedFinding:
    """The candidate as an answer, if everything else that makes it one is proved too."""
    region = found.region.across_ends(found.periods)
    smooth = sign_conditions(_parts(found.velocity, found.lowered or ()), region)
    if smooth.unproven is not None:
        return ClosedFinding("undecided", _not_smooth(smooth.unproven), seen=(candidate.fact,))
    pole = sign_conditions(_parts(candidate.diagonal), region)
    positive = sign_conditions([(w, True) for w in candidate.diagonal], region)
    if pole.unproven is not None or positive.unproven is not None:
        where = (
            f"may be singular: see {pole.unproven}"
            if pole.unproven is not None
            else f"is not proved positive in the region: see {positive.unproven}"
        )
        note = f"The diagonal metric that makes the Jacobian symmetric {where}."
        return ClosedFinding("undecided", note)
    energy, real = _energy(candidate, found)
    turned, returns, reason = returning(
        candidate.form, candidate.metric, energy, found.periods, found.region
    )
    if turned is Evidence.NONE:
        note = f"{candidate.fact}. But {reason}, so there is none on the circle."
        return ClosedFinding("undecided", note)
    if turned is Evidence.SEEN:
        note = f"{candidate.fact}. Whether the energy returns round the circle is not proved."
        return ClosedFinding("undecided", note, seen=("the energy returns after a turn",))
    proved = [candidate.fact + ", by normal forms"]
    proved += [candidate.positive] if candidate.positive else []
    proved += ["−∇E = M f, and E is smooth in the region"]
    proved += ["E and M return after a turn of each angle"] if found.periods else []
    relations = list(candidate.conditions)
    for some in (smooth, pole, positive, real, returns):
        relations += [r for r in some.relations if r not in relations]
    if not can_hold(relations, region):
        needed = conditions_text(tuple(relations))
        note = f"{candidate.fact}. But no parameters are seen for which {needed}."
        return ClosedFinding("undecided", note)
    note = candidate.fact + "."
    if candidate.conditions or any(isinstance(r, sp.Eq) for r in relations):
        note += " It holds for these values of the parameters."
    if returns.relations:
        note += " Round an angle it returns for these values of the parameters, not for all."
    return ClosedFinding(
        candidate.kind, note, energy, candidate.metric, tuple(proved), tuple(relations),
        walls=candidate.walls,
    )  # fmt: skip


def _energy(candidate: _Candidate, found: RuleFormulas) -> tuple[Any, Conditions]:
    """E, in closed form where that is proved to be smooth in the region, and on which conditions.

    The region is convex, so that the work along straight lines is an energy in any case.
    """
    energy = potential(candidate.form, found.names, found.region)
    if not energy.has(sp.Integral):
        real = sign_conditions(_parts([energy]), found.region.across_ends(found.periods))
        if real.unproven is None:
            return energy, real
        energy = line_integral(candidate.form, found.names, found.region)
    return energy, Conditions()


def _parts(*groups: Iterable[Any]) -> list[tuple[Any, bool]]:
    return [part for group in groups for e in group for part in smooth_where(sp.sympify(e))]


def _not_smooth(part: Any) -> str:
    return (
        f"Its formulas leave C¹ where {part} vanishes (or is negative, under a root or a "
        f"logarithm), and that it does not in the region is not proved, so E may exist only "
        f"locally. Give a domain without such points, or symbols declared positive."
    )


def _lowering(names: tuple[Any, ...]) -> sp.Matrix:
    """The Shahshahani metric in the first n − 1 coordinates: diag(1/x) + 11ᵀ/x_n."""
    last = 1 - sp.Add(*names)
    return sp.diag(*(1 / name for name in names)) + sp.ones(len(names)) / last
