"""From curves in units to the branches and bifurcations of the result."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from thalweg.analysis.continuation.collection import Collection
from thalweg.analysis.continuation.curves import (
    LEFT,
    states_at,
)
from thalweg.analysis.continuation.cycle_branches import cycle_branch, of_cycles
from thalweg.analysis.continuation.family import Family
from thalweg.analysis.continuation.indicators import eigenvalues_at
from thalweg.analysis.continuation.map_cycles import map_cycle_branch, of_map_cycles
from thalweg.analysis.continuation.result import (
    Bifurcation,
    BifurcationDiagram,
    Branch,
    Checks,
)
from thalweg.analysis.continuation.special import Special, same
from thalweg.analysis.continuation.traced import ENDS, Curve
from thalweg.core.about import About
from thalweg.core.batches import in_batches

# A curve that leaves the domain so near to a bifurcation, in units, ends there: beside a branch
# point Newton gives up before the wall, because its system becomes singular.
_AT_THE_WALL = 1e-6
# Orbits of a branch that differ by less of the range have one value: closed to 1e-9, they form a
# family.
_ONE_VALUE = 1e-8
# Coordinates below this share of the domain are rounding.
_EPS = float(np.finfo(np.float64).eps)


def assemble(collection: Collection, checks: Checks) -> BifurcationDiagram:
    """The diagram of what was collected, each bifurcation once."""
    family = collection.family
    about = About.of(family.problem.rule, collection.domain)
    found: list[Special] = []
    # The one whose derivatives are the most singular stands for those that no Newton refined.
    specials = (s for each in collection.specials for s in each)
    for special in sorted(specials, key=_distance_from_singular):
        if any(abs(special.z[-1] - p) <= _AT_THE_WALL for p in collection.upright):
            special = replace(special, kind="degenerate")
        if not any(same(special, other) for other in found):
            found.append(special)
    branches = [_branch(family, _up_to(curve, found)) for curve in collection.curves]
    branches.sort(key=_order)
    branches += sorted((cycle_branch(family, c) for c in collection.cycles), key=_order)
    bifurcations = [_bifurcation(family, special) for special in found]
    bifurcations += [b for curve in collection.cycles for b in of_cycles(family, curve)]
    branches += [map_cycle_branch(family, c) for c in collection.map_cycles]
    bifurcations += [b for c in collection.map_cycles for b in of_map_cycles(family, c)]
    bifurcations.sort(key=lambda b: (b.value, b.kind))
    name = family.varied.name
    low, high = float(family.low), float(family.low + family.width)
    return BifurcationDiagram(
        parameter=name,
        range=(low, high),
        bifurcations=tuple(bifurcations),
        branches=tuple(branches),
        checks=checks,
        about=about,
        warnings=(*collection.notes(), *_of_ends(branches, name, high - low)),
    )


def _up_to(curve: Curve, found: Sequence[Special]) -> Curve:
    """The curve, ending at a bifurcation where it leaves the domain right there."""
    z, marks = curve.z.copy(), list(curve.marks)
    for last, end in zip((0, len(z) - 1), curve.ends, strict=True):
        near = [s for s in found if np.max(np.abs(s.z - z[last])) <= _AT_THE_WALL]
        if end == LEFT and near and last not in marks:
            z[last] = near[0].z
            marks.append(last)
    return replace(curve, z=z, marks=tuple(sorted(marks)))


def _distance_from_singular(special: Special) -> float:
    values = np.linalg.svd(special.place.jacobian[:, :-1], compute_uv=False)
    return float(values[-2]) if special.kind == "degenerate" and len(values) > 1 else 0.0


def _order(branch: Branch) -> tuple:
    return (float(np.min(branch.values)), *branch.states[0].tolist())


def _branch(family: Family, curve: Curve) -> Branch:
    rule = family.problem.rule
    values = np.asarray(family.value(curve.z))
    states = _states(family, curve.z)
    eigenvalues = eigenvalues_at(family, curve.jacobian)
    stable = np.all(rule.growth(eigenvalues) < 0.0, axis=1)
    stable[list(curve.marks)] = False
    ends = (ENDS[curve.ends[0]], ENDS[curve.ends[1]])
    return Branch(values, states, stable, eigenvalues, curve.marks, ends)


def _states(family: Family, z: np.ndarray) -> np.ndarray:
    """The states at points, flat; what is zero but for rounding is zero."""
    z = np.where(np.abs(z) <= _EPS, 0.0, z)
    return in_batches(lambda part: (states_at(family, part),), z)[0] + 0.0


def _bifurcation(family: Family, special: Special) -> Bifurcation:
    layout = family.problem.chart.layout
    return Bifurcation(
        kind=special.kind,
        value=float(family.value(special.z)) + 0.0,
        state=layout.unflatten(_states(family, special.z[None])[0]),
        frequency=special.frequency,
        coefficient=special.coefficient,
    )


def _of_ends(branches: Sequence[Branch], parameter: str, width: float) -> list[str]:
    """Sentences on branches that end before they leave the range or the domain."""
    said = []
    cycles = [branch for branch in branches if branch.periods is not None]
    branches = [branch for branch in branches if branch.periods is None]
    for branch in cycles:
        if np.ptp(branch.values) <= _ONE_VALUE * width and len(branch.values) > 2:
            said.append(
                f"At {parameter} = {branch.values[0]:.6g} closed orbits come in a family, which is "
                f"one of the branches of cycles."
            )
        for end, k in zip(branch.ends, (0, -1), strict=True):
            assert branch.periods is not None
            where = f"A branch of cycles ends at {parameter} = {branch.values[k]:.6g}"
            if end == "homoclinic":
                said.append(
                    f"{where}, where its period grows without bound ({branch.periods[k]:.3g} and "
                    f"growing): an orbit that leaves a state of rest and comes back to it."
                )
            elif end in ("undefined", "unfinished"):
                said.append(f"{where}, where its orbits could not be followed any further.")
    for branch in branches:
        for end, value in zip(branch.ends, (branch.values[0], branch.values[-1]), strict=True):
            if end == "undefined":
                said.append(
                    f"A branch ends at {parameter} = {value:.6g}: the rule is not finite beyond, "
                    f"or it turns too sharply to be followed."
                )
            elif end == "unfinished":
                said.append(
                    f"A branch was left at {parameter} = {value:.6g}, after its budget of points; "
                    f"take a shorter range."
                )
    return list(dict.fromkeys(said))
