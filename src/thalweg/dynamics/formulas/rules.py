"""A rule as formulas in its coordinates and parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import numpy as np
import sympy as sp

from thalweg.core.charts import Chart
from thalweg.core.declared import declared_names
from thalweg.core.domains import Domain, ProbabilitySimplex
from thalweg.dynamics.formulas.constants import ConstantParts
from thalweg.dynamics.formulas.jax_to_sympy import as_expressions, formulas
from thalweg.dynamics.formulas.programs import read_program
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.smoothness import resolved
from thalweg.dynamics.problem import Problem, covector, make_problem
from thalweg.dynamics.rules import Rule
from thalweg.geometry import Simplex

_FEW = 24  # parameters kept as letters; more make formulas longer than the numbers they stand for


@dataclass(frozen=True)
class RuleFormulas:
    """A rule in exact form.

    Attributes:
        names: the coordinates, as symbols.
        velocity: the displacement, one expression a coordinate.
        lowered: M f in the metric that the state space brings along, or None.
        values: the value of each symbol that stands for a parameter.
        inside: a point of the region, and the parameters, as numbers.
        system: the name of the rule.
        ranges: of each coordinate in the region; empty where no region was given.
        assumed: the conditions on the state under which the formulas hold, true in the region.
        periods: those of the coordinates that are angles.
        positive: what is positive in the region, where that is no box: the last share of a simplex.
    """

    names: tuple[Any, ...]
    velocity: tuple[Any, ...]
    lowered: tuple[Any, ...] | None
    values: Mapping[Any, Any]
    inside: Mapping[Any, Any]
    system: str
    ranges: tuple[tuple[float, float], ...] = ()
    assumed: tuple[Any, ...] = ()
    periods: Mapping[Any, float] = field(default_factory=dict)
    positive: tuple[Any, ...] = ()

    @property
    def region(self) -> SymbolRanges:
        """The region that the formulas are asked about."""
        ranges = dict(zip(self.names, self.ranges, strict=False))
        return SymbolRanges(ranges, self.values, self.positive, self.names)


def read_rule(rule: Rule, domain: Domain | None, keep_parameters: bool | None) -> RuleFormulas:
    """Carry a rule's program out on symbols, parameters included."""
    with jax.enable_x64(True):
        problem, domain = make_problem(rule, domain)
        leaves, rebuild = _parameters(problem)
        if keep_parameters is None:
            keep_parameters = sum(np.size(leaf) for _, leaf in leaves) <= _FEW
        chart = problem.chart
        names = _coordinate_symbols(rule, domain)
        values: dict[Any, Any] = {}
        inputs = [_parameter_array(p, v, keep_parameters, values, names) for p, v in leaves]
        inputs.append(np.asarray(names, dtype=object))
        examples = [np.asarray(leaf, dtype=float) for _, leaf in leaves]
        example = np.full(chart.dimension, 0.1)
        is_simplex = isinstance(domain, ProbabilitySimplex)
        positive = (1 - sp.Add(*names),) if is_simplex else ()
        ends = dict(zip(names, _ranges(problem), strict=True))
        region = SymbolRanges(ends, values, positive, tuple(names))

        def velocity(*arguments: Any) -> Any:
            return rebuild(arguments[:-1]).displacement(arguments[-1])

        def lowered(*arguments: Any) -> Any:
            return covector(rebuild(arguments[:-1]), Simplex(), arguments[-1])

        program = read_program(velocity, *examples, example)
        still = ConstantParts(program, examples, values, names, region, keep_parameters)
        (found,) = formulas(program, inputs, still)
        form = None
        if is_simplex:
            (raw,) = formulas(read_program(lowered, *examples, example), inputs)
            form = tuple(resolved(expression, region) for expression in raw)
    inside = dict(values)
    inside.update(zip(names, _inside_point(problem), strict=True))
    ranges = _ranges(problem)
    system = type(rule).__name__
    velocity_now = tuple(resolved(expression, region) for expression in found)
    return RuleFormulas(
        tuple(names), velocity_now, form, _used(values, found), inside, system, ranges,
        tuple(still.assumed), angles_of(names, chart), positive,
    )  # fmt: skip


def _used(values: dict[Any, Any], found: np.ndarray) -> dict[Any, Any]:
    """The values of those symbols that the formulas hold."""
    free = set().union(*(expression.free_symbols for expression in found.ravel()))
    return {symbol: value for symbol, value in values.items() if symbol in free}


def _parameters(problem: Problem) -> tuple[list[tuple[str, Any]], Any]:
    """The floating parameters of the rule with their paths, and how to replace them."""
    found, treedef = jax.tree_util.tree_flatten_with_path(problem.rule)
    is_number = [
        eqx.is_array_like(leaf) and np.asarray(leaf).dtype.kind == "f" for _, leaf in found
    ]
    named = [
        (jax.tree_util.keystr(path, simple=True, separator="_"), leaf)
        for (path, leaf), chosen in zip(found, is_number, strict=True)
        if chosen
    ]

    def rebuild(arguments: Any) -> Problem:
        fresh = iter(arguments)
        leaves = [
            next(fresh) if chosen else leaf
            for (_, leaf), chosen in zip(found, is_number, strict=True)
        ]
        return Problem(jax.tree_util.tree_unflatten(treedef, leaves), problem.chart)

    return named, rebuild


def _parameter_array(
    path: str, leaf: Any, keep: bool, values: dict[Any, Any], taken: list[Any]
) -> np.ndarray:
    """A parameter as symbols (and their values), or as exact numbers."""
    numbers = as_expressions(_shortest(leaf))
    if not keep:
        return numbers
    used = {s.name for s in taken} | {s.name for s in values}
    base = path if path not in used else f"{path}_"
    made = np.empty(numbers.shape, dtype=object)
    for index in np.ndindex(numbers.shape):
        if numbers[index] == 0 or (index and numbers[index] in (1, -1)):  # structure
            made[index] = numbers[index]
            continue
        mirrored = index[::-1]
        if len(index) == 2 and mirrored < index and numbers[mirrored] == numbers[index]:
            made[index] = made[mirrored]  # a symmetric matrix stays one
            continue
        name = "_".join([base, *(str(i + 1) for i in index)])
        positive = True if numbers[index] > 0 else None
        symbol = sp.Symbol(name, real=True, positive=positive)
        values[symbol] = numbers[index]
        made[index] = symbol
    return made


def _shortest(leaf: Any) -> np.ndarray:
    """Single-precision values as the decimals that they were written as."""
    array = np.asarray(leaf)
    single = array.astype(np.float32)
    is_single = np.array_equal(single.astype(np.float64), array)
    return single if is_single else array


def _coordinate_symbols(rule: Rule, domain: Domain) -> list[Any]:
    chart = domain.chart()
    labels = declared_names(rule, chart.layout)
    clean = [labels[i].replace("[", "_").replace("]", "").replace(",", "_") for i in chart.indices]
    return [sp.Symbol(label.replace(".", "_"), real=True) for label in clean]


def _ranges(problem: Problem) -> tuple[tuple[float, float], ...]:
    """Range (low, high) of each coordinate."""
    lower, upper = problem.chart.bounds
    return tuple(zip(map(float, lower), map(float, upper), strict=True))


def _inside_point(problem: Problem) -> list[Any]:
    """A point inside the region, at no special place, as rationals."""
    chart = problem.chart
    # Uniform numbers away from 0 and 1 make a point away from the walls, on a simplex too.
    point = chart.from_uniform(0.4 + 0.2 * np.random.default_rng(0).random(chart.num_uniform))
    return [sp.Rational(round(float(v) * 10**6), 10**6) for v in point]


def angles_of(names: Sequence[Any], chart: Chart | None) -> dict[Any, float]:
    """The period of each coordinate that is an angle."""
    if chart is None:
        return {}
    return {
        name: float(period)
        for name, period in zip(names, chart.period, strict=True)
        if np.isfinite(period)
    }
