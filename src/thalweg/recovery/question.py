"""The question that all levels share: a rule, a region, and what is known of both so far."""

import functools
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import equinox as eqx
import jax
import numpy as np

from thalweg.analysis import Cycle, Equilibria, Equilibrium, find_cycles, find_equilibria
from thalweg.analysis.equilibria.where import domain_with, given_equilibria
from thalweg.core.batches import in_batches
from thalweg.core.charts import Chart
from thalweg.core.checks import check_energy, check_made
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.given import given_members
from thalweg.core.randomness import check_key
from thalweg.dynamics import Deterministic, Problem, make_problem
from thalweg.geometry import Euclidean, Geometry
from thalweg.recovery.findings import Finding
from thalweg.recovery.forms.exactness import (
    NODE_COUNTS,
    NOISE,
    SYMMETRIC,
    Exactness,
    Sites,
    choose_sites,
    examine,
)
from thalweg.recovery.forms.special_points import (
    AT_WALLS,
    OFF_WALLS,
    look_further,
    special_points,
)
from thalweg.recovery.region.region import Region, make_region

# Above so many coordinates a metric's d²/2 entries, and cycles, are not searched for.
METRIC_SIZE = 64


class Sampled(NamedTuple):
    """Jacobians at random points, and where the first of all looks was the least symmetric.

    Attributes:
        points: shape `(n, d)`.
        jacobians: of the displacement there, shape `(n, d, d)`.
    """

    points: np.ndarray
    jacobians: np.ndarray


# An equilibrium this near to a wall, in widths of the region, lies on it.
_AT_WALL = 1e-9


@dataclass
class Question:
    """A rule and a region, with everything measured and found kept for the levels that follow.

    Attributes:
        rule: the rule as the caller gave it.
        domain: the region.
        problem: the rule in the region's coordinates, in float64.
        key: the random key, or None.
        geometries: metrics that the caller names.
        candidates: energies that the caller proposes.
        given_equilibria: the equilibria where the caller knows them, or None.
        given_cycles: the cycles, likewise.
        may_search: False while nothing may be searched for that takes seconds.
        findings: what each level that was asked found.
    """

    rule: Deterministic
    domain: Domain
    problem: Problem
    key: jax.Array | None = None
    geometries: Sequence[Geometry] = ()
    candidates: Sequence[Callable[[Any], Any]] = ()
    given_equilibria: Sequence[Equilibrium] | None = None
    given_cycles: Sequence[Cycle] | None = None
    may_search: bool = True
    findings: dict[Hashable, Finding] = field(default_factory=dict)

    def learn_cycles(self, cycles: Iterable[Cycle]) -> None:
        """Take cycles as known from now on.

        Where there are any, the metrics that were found are asked about again: no energy falls
        round a cycle.
        """
        self.given_cycles = tuple(cycles)
        self.__dict__.pop("cycles", None)
        if self.given_cycles:
            kept = {level: f for level, f in self.findings.items() if f.metric is None}
            self.findings = kept

    @property
    def chart(self) -> Chart:
        """The coordinates of the region, in NumPy."""
        return self.problem.chart

    @property
    def size(self) -> int:
        """The number of coordinates."""
        return self.chart.dimension

    @functools.cached_property
    def region(self) -> Region:
        """The part of the domain that can be asked about."""
        return make_region(self.problem, self.key)

    @functools.cached_property
    def sites(self) -> Sites:
        """Points at which the rule is looked at."""
        return choose_sites(self.region)

    @functools.cached_property
    def euclidean(self) -> Exactness:
        """Exactness of the rule itself, in the Euclidean metric."""
        return self.examine(Euclidean(), inset=AT_WALLS)

    @functools.cached_property
    def special_points(self) -> np.ndarray:
        """Walls, corners, sides of switches, and the equilibria that are known already."""
        is_known = self.given_equilibria is not None or "equilibria" in self.__dict__
        found = self.equilibria if is_known else ()
        centres = [np.asarray(self.chart.coordinates(e.state)) for e in found]
        return special_points(self.region, np.asarray(centres).reshape(-1, self.size))

    def examine(
        self,
        geometry: Geometry,
        tolerance: float = SYMMETRIC,
        node_counts: tuple[int, ...] = NODE_COUNTS,
        noise: float = NOISE,
        inset: float = OFF_WALLS,
    ) -> Exactness:
        """Measure whether M f is a differential; if it may be, look at special points as well."""
        found = examine(self.problem, geometry, self.sites, tolerance, node_counts, noise)
        # Where only a row speaks against it, another place may say so more clearly.
        is_open = found.asymmetry <= found.tolerance and found.undefined is None
        if not is_open or found.probes.change.is_seen:
            return found
        return look_further(self.region, geometry, found, self.special_points, inset)

    @functools.cached_property
    def equilibria(self) -> Sequence[Equilibrium]:
        """The equilibria in the region, searched for on first use unless given.

        Those that are given elsewhere say nothing about this region, and are left out.
        """
        if self.given_equilibria is not None:
            inside = [e for e in self.given_equilibria if self._is_inside(e)]
            is_whole = len(inside) == len(self.given_equilibria)
            return self.given_equilibria if is_whole else inside
        return find_equilibria(self.rule, self.domain, key=self.key)

    def _is_inside(self, equilibrium: Equilibrium) -> bool:
        place = np.asarray(self.chart.coordinates(equilibrium.state), dtype=np.float64)
        return bool(self.chart.inside(place, _AT_WALL))

    @property
    def known_equilibria(self) -> Sequence[Equilibrium]:
        """The equilibria that are given or were searched for already; none if neither."""
        if self.given_equilibria is not None or "equilibria" in self.__dict__:
            return self.equilibria
        return ()

    @functools.cached_property
    def cycles(self) -> Sequence[Cycle]:
        """The closed orbits or cycles through the region, searched for unless given."""
        if self.given_cycles is not None:
            return self.given_cycles
        known = self.equilibria if isinstance(self.equilibria, Equilibria) else None
        return find_cycles(self.rule, self.domain, key=self.key, equilibria=known)

    @functools.cached_property
    def sampled(self) -> Sampled:
        """The Jacobian of the displacement at the sites where it is finite.

        Where it is least symmetric comes first, though it be no site: a small place that was found
        counts in every metric.
        """
        probes, points = self.euclidean.probes, self.sites.points
        if self.chart.is_product and probes.along.shape[1] == probes.along.shape[2]:
            jacobians = np.swapaxes(probes.along, 1, 2)
        else:
            jacobians = evaluate(self.problem, points)[1]
        worst = self.euclidean.worst
        if self.euclidean.num_further and not np.any(np.all(points == worst, axis=1)):
            # In a program that serves any number of points.
            own = in_batches(lambda some: evaluate(self.problem, some), worst[None])[1]
            points, jacobians = (
                np.concatenate(rows) for rows in ((worst[None], points), (own, jacobians))
            )
        good = np.isfinite(jacobians).all(axis=(1, 2))
        return Sampled(points[good], jacobians[good])


def make_question(
    rule: Deterministic,
    domain: Domain | None = None,
    *,
    geometries: Sequence[Geometry] = (),
    candidates: Sequence[Callable[[Any], Any]] = (),
    key: jax.Array | None = None,
    equilibria: Iterable[Equilibrium] | None = None,
    cycles: Iterable[Cycle] | None = None,
) -> Question:
    """The question about `rule` on `domain`, with the arguments of `recover_energy`.

    Raises:
        InputError: the rule does not fit the domain, or holds a parameter that is not finite.
    """
    check_key(key)
    _check_proposals(geometries, candidates)
    with jax.enable_x64(True):
        # The result of a search stays one: it knows more than its members, its continua.
        known = given_equilibria(equilibria)
        problem, domain = make_problem(rule, domain_with(rule, domain, known))
    return Question(
        cast("Deterministic", rule),  # `make_problem` refuses any other
        domain,
        problem,
        key,
        tuple(geometries),
        tuple(candidates),
        known,
        None if cycles is None else given_members("cycles", cycles, Cycle, "find_cycles"),
    )


def _check_proposals(geometries: Any, candidates: Any) -> None:
    """Refuse what is no sequence of geometries, or of energies."""
    for name, given in (("geometries", geometries), ("candidates", candidates)):
        if not isinstance(given, list | tuple):
            raise InputError(f"{name} must be a list or tuple, got {given!r}: write [it].")
    for geometry in geometries:
        check_made("geometries: one", geometry)
        if not isinstance(geometry, Geometry):
            raise InputError(f"geometries must hold geometries, got {geometry!r}.")
    for energy in candidates:
        check_energy("candidates: one", energy)


def evaluate(problem: Problem, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The displacement `(n, d)` and its Jacobian `(n, d, d)` at points; one program a shape."""
    values, jacobians = _evaluate(problem, points)
    return np.asarray(values), np.asarray(jacobians)


@eqx.filter_jit
def _evaluate(problem: Problem, points: Any) -> tuple[jax.Array, jax.Array]:
    return jax.vmap(lambda y: (problem.displacement(y), problem.jacobian(y)))(points)
