"""From an inventory to the equilibria that a person reads: classified, named, in order."""

from typing import Any

import numpy as np

from thalweg.analysis.equilibria.classify import classify
from thalweg.analysis.equilibria.conserved import conserved_in
from thalweg.analysis.equilibria.continua import Continuum, spread
from thalweg.analysis.equilibria.equilibrium import Equilibrium, SlowPoint
from thalweg.analysis.equilibria.inventory import TARGET
from thalweg.analysis.equilibria.jumps import Jumps
from thalweg.analysis.equilibria.polish import polish
from thalweg.analysis.equilibria.proof import Proof
from thalweg.analysis.equilibria.result import Equilibria, Search
from thalweg.analysis.equilibria.search import MAX_STEPS, ROUND, Probe, Scales
from thalweg.analysis.equilibria.sorting import Inventory
from thalweg.analysis.equilibria.totals import shortened_text, written
from thalweg.core.about import About
from thalweg.core.domains import Domain
from thalweg.core.tables import counted, format_state
from thalweg.dynamics import declared_energy, declared_names
from thalweg.dynamics.points import displacements_at, energies_at
from thalweg.dynamics.problem import Problem

_REPRESENTATIVES = 5  # rows that stand for all points of one continuum in a table
# How far off, in widths of the domain, a point of a continuum may lie: as near as the search ends.
_ON_CONTINUUM = 1e-12
# Slow points nearer than that, in widths of the domain, are one unless the speed rises between
# them: the search stops short of a flat minimum, by less than what a figure would show.
_ONE_SLOW_POINT = 1e-2


def assemble(
    problem: Problem,
    domain: Domain,
    look: Probe,
    inventory: Inventory,
    proof: Proof | None = None,
    is_round_starts: bool = False,
) -> Equilibria:
    """Classify what was found and put it in order, with what the reader should know.

    Arguments:
        problem: the rule and its chart.
        domain: where the search was.
        look: the rule at the first starts.
        inventory: what was found.
        proof: that these are all, where it was asked for.
        is_round_starts: whether the domain is a box round the given starts, as none was given.
    """
    isolated, scales = np.flatnonzero(inventory.inside), inventory.scales
    families = [f for f, shown in zip(inventory.families, inventory.within, strict=True) if shown]
    points, spread = [inventory.roots.y[isolated]], [inventory.roots.spread[isolated]]
    continuum = [np.zeros(len(isolated), dtype=int)]
    for family in families:
        chosen = _representatives(family, _inside(problem, family), np.asarray(scales.y))
        points.append(chosen)
        spread.append(np.tile(_ON_CONTINUUM * np.asarray(scales.y), (len(chosen), 1)))
        continuum.append(np.full(len(chosen), family.dimension))
    members = _members(
        problem, scales, np.concatenate(points), np.concatenate(spread), np.concatenate(continuum)
    )
    label = inventory.label
    search = Search(
        starts=len(label),
        continua=len(families),
        entries=len(members),
        points=len(members) - len(isolated),
        **_nowhere(problem, inventory),
        converged=int(np.sum(label >= 0)),
        distinct=len(isolated) + len(families),
        outside=int(np.sum(((inventory.hits >= 0) | (inventory.family >= 0)) & (label < 0))),
        unseen_mass=inventory.mass,
        unseen_upper=inventory.upper,
        continuum=bool(families),
        directed=inventory.directed,
        trajectories=inventory.trajectories,
        settled=inventory.settled,
        moving=inventory.moving,
        trajectory_unseen_upper=inventory.trajectory_upper,
        target=TARGET,
    )
    return Equilibria(
        members=tuple(members),
        search=search,
        continua=tuple(families),
        slow=_slow_points(problem, scales, look, inventory) if inventory.upper is None else (),
        warnings=(
            *_warnings(problem, look, search, families, inventory),
            *_of_nothing(search, is_round_starts),
        ),
        proof=proof,
        about=About.of(problem.rule, domain),
    )


def _nowhere(problem: Problem, inventory: Inventory) -> dict[str, int]:
    """Number of starts that did not end at rest, by what became of them."""
    lost = (inventory.hits < 0) & (inventory.family < 0) & (inventory.label < 0)
    undefined = lost & ~np.isfinite(inventory.residual)
    left = lost & ~undefined & ~np.asarray(problem.chart.inside(inventory.ends, 1e-9))
    unfinished = lost & ~undefined & ~left & (inventory.steps >= MAX_STEPS)
    stalled = lost & ~undefined & ~left & ~unfinished
    return {
        "undefined": int(np.sum(undefined)),
        "left": int(np.sum(left)),
        "stalled": int(np.sum(stalled)),
        "unfinished": int(np.sum(unfinished)),
    }


def _inside(problem: Problem, family: Continuum) -> np.ndarray:
    return np.asarray(problem.chart.inside(family.points, 1e-9))


def _representatives(family: Continuum, inside: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """A few points of a family far apart, some of each of its largest pieces."""
    pieces = np.unique(family.piece[inside])
    pieces = pieces[np.argsort(-np.bincount(family.piece[inside])[pieces], kind="stable")]
    pieces = pieces[:_REPRESENTATIVES]
    count = _REPRESENTATIVES // len(pieces)
    parts = [family.points[inside & (family.piece == p)] for p in pieces]
    return np.concatenate([part[spread(part, count, widths)] for part in parts])


def _members(
    problem: Problem,
    scales: Scales,
    points: np.ndarray,
    spread: np.ndarray,
    continuum: np.ndarray,
) -> list[Equilibrium]:
    if not len(points):
        return []
    chart, widths = problem.chart, np.asarray(scales.y)
    order = np.lexsort(np.round(points / widths, 9).T[::-1])
    points, spread, continuum = points[order], spread[order], continuum[order]
    exact = polish(problem, points, scales, steps=0)
    moved = polish(problem, points + spread, scales, steps=0)
    uncertainty = np.abs(moved.jacobian - exact.jacobian)
    energies = _energies(problem, points)
    members = []
    for k, y in enumerate(points):
        jacobian = problem.rule.own_jacobian(exact.jacobian[k])
        found = classify(problem.rule, jacobian, 2.0 * uncertainty[k])
        members.append(
            Equilibrium(
                state=chart.embed(y),
                kind=found.kind if not continuum[k] else "non-hyperbolic",
                form=found.form if not continuum[k] else None,
                stable=found.stable if not continuum[k] else None,
                eigenvalues=found.spectrum.values,
                together=found.spectrum.together,
                jacobian=jacobian,
                residual=float(np.linalg.norm(exact.displacement[k])),
                accuracy=float(np.linalg.norm(spread[k])),
                energy=energies[k],
                continuum=int(continuum[k]),
            )
        )
    return members


def _energies(problem: Problem, points: np.ndarray) -> list[float | None]:
    energy = declared_energy(problem.rule)
    if energy is None:
        return [None] * len(points)
    return [float(value) + 0.0 for value in energies_at(problem, energy, points)]


def _slow_points(
    problem: Problem, scales: Scales, look: Probe, inventory: Inventory
) -> tuple[SlowPoint, ...]:
    """Local minima of the speed that are not zero, each once, the slowest first."""
    lanes = np.flatnonzero(
        (inventory.hits < 0) & (inventory.family < 0) & np.isfinite(inventory.residual)
    )
    chart = problem.chart
    fine, wide = 1e-4 * np.asarray(scales.y), _ONE_SLOW_POINT * np.asarray(chart.widths)
    speeds = np.linalg.norm(displacements_at(problem, inventory.ends[lanes]), axis=1)
    kept = np.empty((0, inventory.ends.shape[1]))
    begun = np.linalg.norm(look.displacement, axis=1)
    begun = begun[np.isfinite(begun)]
    usual = float(np.median(begun)) if len(begun) else None
    slow = []
    for lane in np.argsort(speeds, kind="stable")[: 4 * ROUND]:
        y = inventory.ends[lanes[lane]]
        away = np.asarray(chart.difference(kept, y))
        if np.any(np.linalg.norm(away / fine, axis=1) <= 1.0):
            continue
        near = away[np.linalg.norm(away / wide, axis=1) <= 1.0]
        if len(near) and np.any(_no_rise(problem, y, near, speeds[lane])):
            continue
        kept = np.concatenate([kept, y[None]])
        slow.append(SlowPoint(chart.embed(y), float(speeds[lane]), usual))
    return tuple(slow)


def _no_rise(problem: Problem, y: np.ndarray, steps: np.ndarray, speed: float) -> np.ndarray:
    """Truths `(n,)`: on the way from a slow point by a step the speed stays what it is there."""
    way = y + np.array([0.25, 0.5, 0.75])[:, None, None] * steps
    between = displacements_at(problem, way.reshape(-1, len(y))).reshape(way.shape)
    return np.all(np.linalg.norm(between, axis=2) <= 1.01 * speed, axis=0)


def _warnings(
    problem: Problem,
    look: Probe,
    search: Search,
    families: list[Continuum],
    inventory: Inventory,
) -> list[str]:
    notes: list[Any] = []
    broken = np.flatnonzero(~np.all(np.isfinite(look.displacement), axis=1))
    if len(broken):
        state = problem.chart.embed(look.starts[broken[0]])
        notes.append(
            f"the rule is not finite at {len(broken)} of {counted(len(look.starts), 'point')}, "
            f"for example at "
            f"{np.round(problem.chart.layout.flatten(state), 6).tolist()}; the search went on "
            f"without them."
        )
    if held := problem.chart.held_at:
        names = declared_names(problem.rule, problem.chart.layout)
        values = ", ".join(f"{names[i]} = {value:g}" for i, value in held.items())
        notes.append(f"held fixed: {values}; these are equilibria of the rest.")
    if totals := problem.chart.totals_at:
        said = " and ".join(f"{name} = {value:.6g}" for name, value in totals.items())
        notes.append(f"on the states with {said}; eigenvalues are those among them.")
    elif families:
        notes += _of_totals(problem)
    notes += _of_jumps(problem, inventory.jumps)
    index = inventory.index_sum
    if index is not None and index.found != index.expected:
        notes.append(
            f"the indices of what was found add up to {index.found}, not {index.expected}, "
            f"as they must (at {index.looks} points all round the domain the rule points the same "
            f"way, in or out): an equilibrium was missed."
        )
    for family in families:
        if family.dimension == problem.chart.dimension:
            notes.append("the rule is zero on a whole region, where every state is at rest.")
    return notes


def _of_nothing(search: Search, is_round_starts: bool) -> list[str]:
    """A sentence where nothing was found."""
    if search.distinct:
        return []
    if not is_round_starts:
        where = " The search ended outside; widen the domain." if search.outside else ""
        return [f"no equilibrium was found in the domain.{where}"]
    where = " The search ended outside; give a wider one as domain." if search.outside else ""
    return [
        f"no equilibrium was found in the box round the starts, three times as wide as they are "
        f"spread, which is searched when no domain is given.{where}"
    ]


def _of_totals(problem: Problem) -> list[str]:
    """Sentences on conserved totals, where these may be why equilibria come in families."""
    chart = problem.chart
    found = conserved_in(problem)
    found = found[np.all((found == 0.0) | ~chart.angles, axis=1)]
    if not len(found):
        return []
    rows = np.zeros((len(found), chart.layout.size))
    rows[:, np.asarray(chart.indices)] = found
    names = declared_names(problem.rule, chart.layout)
    totals = [shortened_text(written(row, names)) for row in rows]
    return [
        f"the rule conserves {' and '.join(totals)}; with a value given, equilibria may be "
        f"isolated (conserved={{{totals[0]!r}: …}})."
    ]


def _of_jumps(problem: Problem, jumps: Jumps | None) -> list[str]:
    """Sentences on a field that jumps."""
    if jumps is None:
        return []

    def told(y: np.ndarray) -> str:
        return format_state(problem.chart.embed(np.round(y / widths, 9) * widths + 0.0))

    widths = np.asarray(problem.chart.widths)
    notes = [
        f"the rule jumps, for example at {told(jumps.points[0])}; points beside a jump at which "
        f"it seems to vanish are no equilibria and are left out."
    ]
    held = jumps.points[jumps.is_through_zero]
    if len(held):
        order = np.lexsort(np.round(held / widths, 9).T[::-1])
        ends = dict.fromkeys(told(held[k]) for k in (order[0], order[-1]))
        notes.append(
            f"it jumps through zero, for example at {' and '.join(ends)}: where both sides push "
            f"towards the jump, states are held there (at rest in Filippov's sense), and such "
            f"points are not listed."
        )
    return notes
