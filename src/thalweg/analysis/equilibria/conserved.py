"""Linear totals that a rule conserves: moieties, a total probability, a charge."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from thalweg.analysis.equilibria.distinct import zero_tolerance
from thalweg.analysis.equilibria.features import starts_near
from thalweg.analysis.equilibria.looks import look_at, typical_scales
from thalweg.analysis.equilibria.polish import polish
from thalweg.analysis.equilibria.quantities import (
    POINTS,
    ConservedQuantities,
    ConservedQuantity,
)
from thalweg.analysis.equilibria.search import Scales
from thalweg.analysis.equilibria.totals import (
    generators,
    read_total,
    shortened_text,
    values_of,
    written,
)
from thalweg.core.about import About
from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.level_sets import LevelSet, span
from thalweg.dynamics import Rule, declared_names
from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem, make_problem

# Directions in which the field varies by less than this share of the others are candidates.
_CANDIDATE = 1e-8
# Formulas of more coordinates take long to read.
_MOST_IN_FORMULAS = 24


def conserved_quantities(
    rule: Rule, domain: Domain | None = None, *, key: jax.Array | None = None
) -> ConservedQuantities:
    """Find the linear totals Σ cᵢxᵢ that a rule never changes.

    They are the c with Σ cᵢfᵢ(x) = 0 for all x, where f is the velocity of a flow or the change
    x⁺ − x of a map: the null space of f at random points. (That Σ cᵢJᵢⱼ = 0 is not enough: the
    total could drift at a constant rate.) What is found is written with whole coefficients where
    they fit, without signs where that can be, and confirmed: by the rule's formulas where SymPy is
    installed and proves it, else at 1,000 other points, half of them at all distances from zero,
    to rounding.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: where; None means the domain that the rule declares. In a slice, the totals of the
            coordinates that are not held.
        key: a `jax.random` key; None means a fixed one.

    Returns:
        Totals that generate all others; a table when printed. Their names serve in
        `find_equilibria(…, conserved={name: value})`.

    Raises:
        InputError: as `find_equilibria`.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> binding = tw.as_flow(lambda x: (x[2] - x[0] * x[1]) * jnp.array([1.0, 1.0, -1.0]),
        ...                      domain=tw.Box([0.0] * 3, [2.0] * 3))
        >>> [total.name for total in tw.conserved_quantities(binding)]
        ['x[0] + x[2]', 'x[1] + x[2]']

    References:
        Schuster & Höfer (1991), J. Chem. Soc. Faraday Trans. 87:2561 (conserved moieties).
    """
    with jax.enable_x64(True):
        problem, domain = make_problem(rule, domain)
        about = About.of(problem.rule, domain)
        found = conserved_in(problem, key)
        proven = _proven(problem, domain, found)
        return ConservedQuantities(
            tuple(
                ConservedQuantity(
                    name=written(row, about.names),
                    coefficients=row,
                    **dict(zip(("lower", "upper"), _span(problem, row), strict=True)),
                    confirmed="formulas" if exact else "points",
                    about=about,
                )
                for row, exact in zip(_of_state(problem, found), proven, strict=True)
            ),
            about,
        )


def conserved_in(problem: Problem, key: jax.Array | None = None) -> np.ndarray:
    """Generators of the conserved totals, one row each, in the coordinates of the chart."""
    scales = typical_scales(problem, look_at(problem, key, None))
    dimension = problem.chart.dimension
    rng = np.random.default_rng(10)
    value = displacements_at(problem, problem.chart.draw(rng, max(64, 4 * dimension)))
    value = value[np.all(np.isfinite(value), axis=1)] / np.asarray(scales.f)
    # Where the field is slow it says as much as where it is fast.
    value = value / np.maximum(np.max(np.abs(value), axis=1, keepdims=True), 1e-300)
    if not len(value):
        return np.zeros((0, dimension))
    sizes, directions = np.linalg.svd(value, full_matrices=True)[1:]
    sizes = np.append(sizes, np.zeros(dimension - len(sizes)))
    points = _points(problem)
    for count in range(int(np.sum(sizes <= _CANDIDATE * max(sizes[0], 1e-300))), 0, -1):
        rows = generators(directions[dimension - count :], np.asarray(scales.f))
        if len(rows) == count and np.all(is_conserved(problem, scales, rows, points)):
            return rows
    return np.zeros((0, dimension))


def is_conserved(
    problem: Problem, scales: Scales, rows: np.ndarray, points: np.ndarray | None = None
) -> np.ndarray:
    """Truths `(m,)`: the totals `(m, d)` that are constant to rounding at 1,000 points."""
    points = _points(problem) if points is None else points
    seen = polish(problem, points, scales, steps=0)
    finite = np.all(np.isfinite(seen.displacement) & np.isfinite(seen.noise), axis=1)
    finite &= np.all(np.isfinite(seen.jacobian), axis=(1, 2))
    value = seen.displacement[finite]
    # Not relative to what is typical in the domain: where a field is slow, less counts as zero.
    no_floor = scales._replace(f=np.zeros(value.shape[1]))
    tolerance = zero_tolerance(type(seen)(*(part[finite] for part in seen)), no_floor)
    tolerance = tolerance + 64.0 * np.finfo(np.float64).eps * np.abs(value)
    return np.all(np.abs(value @ rows.T) <= tolerance @ np.abs(rows).T, axis=0)


def on_level(rule: Rule, domain: Domain | None, conserved: Mapping[str, Any]) -> LevelSet:
    """The part of a domain on which conserved totals have given values.

    Arguments:
        rule: the rule.
        domain: a box, or a level set already; None means the declared one.
        conserved: the value of each total, by its name.

    Raises:
        InputError: a total is not conserved, or has no such value in the domain.
    """
    with jax.enable_x64(True):
        values = values_of(conserved)
        problem, domain = make_problem(rule, domain)
        before = domain if isinstance(domain, LevelSet) else None
        box = before.box if before is not None else domain
        if not isinstance(box, Box):
            raise InputError(
                f"conserved: {domain.words} has its total already; give a Box to hold others."
            )
        names = declared_names(problem.rule, domain.layout)
        rows = np.array([read_total(name, names) for name in conserved])
        labels = [written(row, names) for row in rows]
        free = np.asarray(problem.chart.indices)
        _check_angles(box, rows, labels)
        scales = typical_scales(problem, look_at(problem, None, None))
        for row, label in zip(rows, labels, strict=True):
            if not np.any(row[free]) or not np.all(is_conserved(problem, scales, row[None, free])):
                known = _of_state(problem, conserved_in(problem))
                told = ", ".join(shortened_text(written(r, names)) for r in known) or "nothing"
                raise InputError(
                    f"conserved: {type(problem.rule).__name__} does not conserve {label} in "
                    f"{domain.words}; of linear totals it conserves {told}."
                )
        if before is not None:
            rows = np.concatenate([before.coefficients, rows])
            values, labels = np.append(before.values, values), [*before.names, *labels]
        if np.linalg.matrix_rank(rows) < len(rows):
            raise InputError(
                f"conserved: {', '.join(labels)} are not independent; leave one of them out."
            )
        return LevelSet(box, rows, values, labels)


def _check_angles(box: Box, rows: np.ndarray, labels: Sequence[str]) -> None:
    is_angle = box.layout.flatten(box.periodic).astype(bool)
    for row, label in zip(rows, labels, strict=True):
        if np.any(is_angle & (row != 0.0)):
            raise InputError(
                f"conserved: {label} holds angles, and has no one value where a turn changes it. "
                f"Hold one angle fixed instead: a Box with equal bounds for it."
            )


def _points(problem: Problem) -> np.ndarray:
    """Points `(n, d)` at which totals are confirmed: uniform ones, and ones of all sizes."""
    chart = problem.chart
    uniform = chart.draw(np.random.default_rng(11), POINTS - POINTS // 2)
    nowhere = np.zeros((0, chart.dimension))
    return np.concatenate(
        [uniform, starts_near(problem, nowhere, chart.bounds, 2 * (POINTS // 2))[: POINTS // 2]]
    )


def _of_state(problem: Problem, rows: np.ndarray) -> np.ndarray:
    """Totals of the coordinates of the chart as totals of the whole state."""
    whole = np.zeros((len(rows), problem.chart.layout.size))
    whole[:, np.asarray(problem.chart.indices)] = rows
    return whole


def _span(problem: Problem, row: np.ndarray) -> tuple[float, float]:
    """The least and the greatest value of a total in the bounds of the chart."""
    lower, upper = problem.chart.bounds
    return span(Box(np.asarray(lower), np.asarray(upper)), row[np.asarray(problem.chart.indices)])


def _proven(problem: Problem, domain: Domain, rows: np.ndarray) -> list[bool]:
    """Truths, one a total: proved by the rule's formulas; False where there are none."""
    if not len(rows) or problem.chart.dimension > _MOST_IN_FORMULAS:
        return [False] * len(rows)
    try:
        import sympy as sp

        from thalweg.dynamics.formulas.normal_forms import is_zero
        from thalweg.dynamics.formulas.rules import read_rule
    except ModuleNotFoundError:
        return [False] * len(rows)
    try:
        velocity = read_rule(problem.rule, domain, keep_parameters=False).velocity
    except InputError:
        return [False] * len(rows)  # an operation that has no formula
    exact = [[sp.nsimplify(float(c), rational=True) for c in row] for row in rows]
    return [is_zero(sp.Add(*(c * f for c, f in zip(row, velocity, strict=True)))) for row in exact]
