"""The verb: a function of the state that is constant on all that recurs and falls elsewhere."""

import functools
from collections.abc import Sequence

import jax
import numpy as np

from thalweg.analysis.cycles.find import find_cycles
from thalweg.analysis.cycles.result import Cycle
from thalweg.analysis.equilibria.equilibrium import Equilibrium
from thalweg.analysis.equilibria.find import find_equilibria
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.analysis.equilibria.where import check_at_rest, domain_with, given_equilibria
from thalweg.analysis.landscapes.check import check
from thalweg.analysis.landscapes.heights import heights
from thalweg.analysis.landscapes.known import Known, known_sets
from thalweg.analysis.landscapes.lattice import Lattice
from thalweg.analysis.landscapes.moves import Moves, moves
from thalweg.analysis.landscapes.recurrent import (
    OUTSIDE,
    Component,
    blurred,
    components,
    held,
    separated,
)
from thalweg.analysis.landscapes.result import GridFunction, Landscape, RecurrentSet
from thalweg.core.about import About
from thalweg.core.checks import check_count
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.given import given_members
from thalweg.core.randomness import check_key, host_generator
from thalweg.core.tables import counted
from thalweg.dynamics import Deterministic
from thalweg.dynamics.autonomy import NUM_POINTS, time_change
from thalweg.dynamics.problem import Problem, make_problem

# Nodes along each side, by the number of coordinates: seconds of work.
NODES = {1: 1024, 2: 256, 3: 64}
_FEWEST = 8  # nodes of a side: fewer show no set apart from another
# Nodes times nodes of a side: the pieces of a run from each then fit into 1.6 GB.
_MOST = 2.6e8


def find_landscape(
    rule: Deterministic,
    domain: Domain | None = None,
    *,
    nodes: int | None = None,
    equilibria: Sequence[Equilibrium] | None = None,
    cycles: Sequence[Cycle] | None = None,
    key: jax.Array | None = None,
) -> Landscape:
    """Find a complete Lyapunov function: constant on all that recurs, falling everywhere else.

    No energy falls round a cycle. What every rule has (Conley's theorem) is a function that falls
    wherever nothing recurs, with one height for each equilibrium, cycle or other recurrent set. It
    is computed on a grid: a short run from each node leads to the corners of a cell, or steps of a
    map to all nodes that the image of what lies round the node may touch; what recurs
    are the equilibria and cycles found and the strongly connected components of these moves; then
    each attractor that they make contributes a term that falls on its basin.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: a box in up to three coordinates, angles among them or not; None means the domain
            that the rule declares, or else that of the equilibria given. What runs leave for is a
            set of its own.
        nodes: of the grid along each side; None means 1024, 256 or 64, in one, two or three
            coordinates.
        equilibria: what `find_equilibria` found there; None searches.
        cycles: what `find_cycles` found there; None searches.
        key: a `jax.random` key; None means a fixed one. The same key gives the same landscape.

    Returns:
        The recurrent sets with their heights and order, the function, and a check of it along runs
        that it was not made from; a table when printed.

    Raises:
        InputError: the rule does not fit the domain, depends on time, or has more than three
            coordinates there; the domain is no box; a number makes no sense; nothing runs.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> turning = lambda x: x * (1.0 - x @ x) + jnp.array([-x[1], x[0]])
        >>> flow = tw.as_flow(turning, domain=tw.Box([-2.0, -2.0], [2.0, 2.0]))
        >>> found = tw.find_landscape(flow, nodes=64)
        >>> [(one.kind, one.height) for one in found.sets]
        [('source', 1.0), ('attracting cycle', 0.0)]

    References:
        Conley, *Isolated Invariant Sets and the Morse Index* (1978); Ban & Kalies, A computational
        approach to Conley's decomposition theorem (2006); Goullet, Harker, Mischaikow, Kalies &
        Kasti, Efficient computation of Lyapunov functions for Morse decompositions (2015).
    """
    check_key(key)
    with jax.enable_x64(True):
        equilibria = given_equilibria(equilibria)
        problem, domain = make_problem(rule, domain_with(rule, domain, equilibria))
        refuse_landscape(problem)
        count = _count(problem.chart.dimension, nodes)
        some = np.asarray(problem.chart.draw(host_generator(key), NUM_POINTS))
        time_change(problem, some).refuse(rule, "it has no landscape", "ask about")
    if cycles is not None:
        cycles = given_members("cycles", cycles, Cycle, "find_cycles")
    if equilibria is None:
        equilibria = find_equilibria(rule, domain, key=key)
    else:
        with jax.enable_x64(True):
            check_at_rest(problem, equilibria)
    if cycles is None:
        given = equilibria if isinstance(equilibria, Equilibria) else None
        cycles = find_cycles(rule, domain, key=key, equilibria=given)
    with jax.enable_x64(True):
        lattice = Lattice.over(problem.chart, count)
        known = known_sets(problem, lattice, equilibria, cycles)
        moved = moves(problem, lattice)
        if np.isnan(moved.duration):
            raise InputError(
                f"rule ({type(rule).__name__}) leaves the region at once, or is not defined, at "
                f"each node of a grid of {lattice.shape} over {domain}: give a domain in which it "
                f"runs."
            )
        about = About.of(rule, domain)
        made = functools.partial(_made, problem, known, equilibria, cycles, about, key)
        apart = separated(moved, known)
        found = made(apart)
        if apart is moved or found.falls or problem.rule.has_continuous_time:
            return found
        # Whole runs of a map cover nothing between neighbours: they told apart what is one.
        return made(moved)


def _made(
    problem: Problem,
    known: Sequence[Known],
    equilibria: Sequence[Equilibrium],
    cycles: Sequence[Cycle],
    about: About,
    key: jax.Array | None,
    moved: Moves,
) -> Landscape:
    """The landscape of moves, checked."""
    lattice = moved.lattice
    moved, num_held = held(moved, known)
    found = components(moved, known)
    values, change = heights(moved, found)
    # Of equal heights the order is that of what was found.
    found.sort(key=lambda one: -round(float(values[one.core[0]])))
    inner = values[:-1]
    return Landscape(
        sets=_sets(problem, moved, found, values),
        value=GridFunction(
            problem, lattice.lower, lattice.spacing, lattice.turns, lattice.closed(inner)
        ),
        shape=lattice.shape,
        check=check(problem, moved, found, known, inner, key),
        change=change,
        about=about,
        equilibria=equilibria,
        cycles=cycles,
        warnings=_warnings(moved, num_held, blurred(moved, known)),
    )


def _warnings(moved: Moves, num_held: int, num_blurred: int) -> tuple[str, ...]:
    """Sentences on what the grid does not show as it is."""
    said, more = [], "take more nodes, or a smaller region"
    if np.all(moved.rests):
        said.append("Nothing moves at any node: all of the region is at rest.")
    if num_held:
        said.append(
            f"On this grid runs seem to lead away from {num_held} of the sinks and attracting "
            f"cycles, which is known to be false, and was left out: the cells are too coarse there "
            f"({more})."
        )
    if moved.torn:
        said.append(
            f"The steps from {counted(moved.torn, 'node')} lead neighbours too far apart to be "
            f"covered (the map jumps there, or the cells are too coarse): what lies between is "
            f"lost ({more})."
        )
    if num_blurred:
        said.append(
            f"On this grid {counted(num_blurred, 'node')} at a distance from all that is known "
            f"{'recurs' if num_blurred == 1 else 'recur'} with it or beside it, and "
            f"{'is' if num_blurred == 1 else 'are'} no set here: the cells are too coarse there, "
            f"and V need not fall ({more})."
        )
    return tuple(said)


def refuse_landscape(problem: Problem) -> None:
    """Refuse a problem that has no landscape on a grid.

    Raises:
        InputError: its domain is no box of up to three coordinates.
    """
    chart = problem.chart
    if chart.dimension not in NODES:
        raise InputError(
            f"A landscape is computed on a grid, in up to {max(NODES)} coordinates; here there are "
            f"{chart.dimension}. Hold some at a value: a box whose bounds are equal there."
        )
    if not chart.is_product:
        raise InputError("A landscape is computed in a box, whose coordinates vary one by one.")


def _count(dimension: int, nodes: int | None) -> int:
    """The number of nodes along each side."""
    if nodes is None:
        return NODES[dimension]
    check_count("nodes", nodes, least=_FEWEST)
    most = int(_MOST ** (1.0 / (dimension + 1)))
    if nodes > most:
        raise InputError(f"nodes must be at most {most} in {dimension} coordinates.")
    return int(nodes)


def _sets(
    problem: Problem, moved: Moves, found: Sequence[Component], values: np.ndarray
) -> tuple[RecurrentSet, ...]:
    """The recurrent sets as they are told."""
    return tuple(
        RecurrentSet(
            kind=one.kind,
            height=float(round(float(values[one.core[0]]), 9)) + 0.0,
            equilibria=tuple(m.equilibrium for m in one.members if m.equilibrium is not None),
            cycles=tuple(m.cycle for m in one.members if m.cycle is not None),
            point=_point(problem, moved, one),
            nodes=int(np.count_nonzero(one.band[:-1])),
            above=_next_below(found, one),
        )
        for one in found
    )


def _point(problem: Problem, moved: Moves, one: Component) -> np.ndarray:
    """The flat coordinates of a state in a set; none of what is outside."""
    if one.kind == OUTSIDE:
        return np.zeros(0)
    chart, lattice = problem.chart, moved.lattice
    middle = one.core[len(one.core) // 2]
    y = one.members[0].curve[0] if one.members else lattice.points()[middle]
    return np.asarray(chart.layout.flatten(chart.embed(y)), dtype=np.float64)


def _next_below(found: Sequence[Component], one: Component) -> tuple[int, ...]:
    """The numbers of those that a set leads to, but for those that it leads to by way of others."""
    lower = [other for other in found if other is not one and one.leads_to(other)]
    last = [
        other for other in lower if not any(o is not other and o.leads_to(other) for o in lower)
    ]
    return tuple(i for i, other in enumerate(found) if any(other is o for o in last))
