"""The verb: is a rule steepest descent of something? The cheapest decisive question first."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import numpy as np

from thalweg.analysis import Equilibrium, find_equilibria, make_problem
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.dynamics import Rule
from thalweg.geometry import Euclidean, Geometry
from thalweg.recovery.exactness import CONSISTENT, Exactness, examine
from thalweg.recovery.refutation import refute_by_equilibria
from thalweg.recovery.verdict import Level, Verdict


def recover_energy(
    rule: Rule,
    domain: Domain | None = None,
    *,
    geometries: Sequence[Geometry] = (),
    candidates: Sequence[Callable[[Any], Any]] = (),
    key: jax.Array | None = None,
    equilibria: Iterable[Equilibrium] | None = None,
) -> Verdict:
    """Ask whether a rule is steepest descent of an energy; of which, in which metric, or why not.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: the region of the question; None means the domain that the rule declares.
        geometries: metrics to try besides the ones that are always tried.
        candidates: energies to try.
        key: a `jax.random` key; None means a fixed one. The same key gives the same verdict.
        equilibria: those of the rule in the domain where they are known; None means to find them
            when the question needs them.

    Returns:
        The verdict; a short report when printed.

    Raises:
        InputError: the rule does not fit the domain, depends on time, holds a parameter that is not
            finite, or is finite nowhere in the domain.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> spiral = tw.as_flow(lambda x: -x + jnp.array([x[1], -x[0]]))
        >>> tw.recover_energy(spiral, tw.Box([-1.0, -1.0], [1.0, 1.0])).kind
        'refuted'
    """
    with jax.enable_x64(True):
        problem, domain = make_problem(rule, domain)
        exactness = examine(problem, Euclidean(), key)
        _refuse_unusable(rule, exactness)
        common = {
            "system": type(rule).__name__,
            "rule_kind": rule.rule_kind,
            "region": _region(domain),
            "warnings": _warnings(exactness),
        }
        level = _euclidean_level(exactness)
        if level.outcome == "yes":
            energy = exactness.energy(rule, domain.chart(), Euclidean())
            return Verdict(
                "euclidean", energy, Euclidean(), level.residual, None, (level,),
                metric_name="Euclidean", **common,
            )  # fmt: skip
        if equilibria is None:
            equilibria = find_equilibria(rule, domain, key=key)
        refuted, witness = refute_by_equilibria(problem, equilibria, _slopes(exactness))
        kind = "undecided" if witness is None else "refuted"
        return Verdict(kind, None, None, None, witness, (level, refuted), **common)


def _euclidean_level(exactness: Exactness) -> Level:
    number = len(exactness.probes.points)
    if exactness.is_exact:
        note = (
            f"J = Jᵀ at {number} points; the line integral's gradient is −f at "
            f"{exactness.num_fresh} others, whatever the path."
        )
        return Level("euclidean", "yes", exactness.residual, note)
    if exactness.undefined is not None:
        note = "The rule is not finite everywhere in the region."
        return Level("euclidean", "open", exactness.asymmetry, note)
    if exactness.is_symmetric and exactness.winding > CONSISTENT:
        note = (
            "J = Jᵀ at every point probed, but once round an angle the energy does not come back."
        )
        return Level("euclidean", "no", exactness.residual, note)
    if exactness.is_symmetric:
        note = (
            "J = Jᵀ at every point probed, yet the line integral depends on its path: the rule is "
            "not C¹ here, or the region has a hole."
        )
        return Level("euclidean", "open", exactness.residual, note)
    where = ", ".join(f"{v:.4g}" for v in exactness.worst[:4])
    note = (
        f"J is not symmetric, most clearly at ({where}{', …' if len(exactness.worst) > 4 else ''})."
    )
    return Level("euclidean", "no", exactness.asymmetry, note)


def _refuse_unusable(rule: Rule, exactness: Exactness) -> None:
    probes, name = exactness.probes, type(rule).__name__
    if not np.any(np.all(np.isfinite(probes.covectors), axis=1)):
        raise InputError(
            f"{name} is not finite at any of {len(probes.points)} points of the domain, for "
            f"example at {probes.points[0]}. Choose a domain in which the rule is defined."
        )
    if probes.time_change > 0.0:
        raise InputError(
            f"{name} depends on time (its value at one state changed by "
            f"{float(probes.time_change):.3g}), so the question is not defined. If it is "
            f"periodic, ask about Stroboscopic(flow, period)."
        )


def _warnings(exactness: Exactness) -> tuple[str, ...]:
    if exactness.undefined is None:
        return ()
    where = ", ".join(f"{v:.6g}" for v in exactness.undefined[:6])
    return (f"the rule is not finite at ({where}).",)


def _slopes(exactness: Exactness) -> tuple[np.ndarray, np.ndarray]:
    """Sample points and the Jacobians there, where the probes were the unit vectors."""
    probes = exactness.probes
    if probes.along.shape[1] != probes.along.shape[2]:
        return np.zeros((0, 0)), np.zeros((0, 0, 0))
    return probes.points, np.swapaxes(probes.along, 1, 2)


def _region(domain: Domain) -> str:
    data = domain.to_dict()
    lower, upper = data["lower"], data["upper"]
    if "sum" in data:
        return f"the simplex of {len(lower)} coordinates"
    pairs = [f"[{a:.4g}, {b:.4g}]" for a, b in zip(lower, upper, strict=True)]
    if len(set(pairs)) == 1 and len(pairs) > 2:
        return f"the box {pairs[0]}^{len(pairs)}"
    return "the box " + " × ".join([*pairs[:4], *(["…"] if len(pairs) > 4 else [])])
