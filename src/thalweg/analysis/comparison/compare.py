"""The verb: one energy, many ways down."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.comparison.result import Comparison, Course
from thalweg.core.about import About
from thalweg.core.charts import Chart
from thalweg.core.checks import check_energy
from thalweg.core.declared import check_states, declared_domain, declared_labels
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.shapes import States
from thalweg.core.trees import Layout, in_float64, is_integer
from thalweg.dynamics import Deterministic, Map, MemoryMap
from thalweg.simulation import Stroboscopic

# A run has come to rest when a step moves it by less than this, of the size of all there is.
_AT_REST = 1e-7
# Ends nearer than this, of that size, are one: what is left of the slowest direction is more than
# a step shows.
_ONE_END = 1e-4
# Of its fall, what is left when a run counts as done.
_DONE = 1e-6
# A rise of less than so many units of rounding is none.
_ROUNDING = 64.0
# Distances shorter than this, of the size, are rounding and say nothing of a step.
_APART = 1e-6

# Where a rate is 1, what is left to go is not known: taken as so many steps.
_LEAST_GAP = 1e-6
_EPS = float(np.finfo(np.float64).eps)


def compare_operators(
    energy: Callable[[Any], Any],
    rules: Sequence[Deterministic] | Mapping[str, Deterministic],
    starts: States,
    *,
    steps: int = 1000,
    domain: Domain | None = None,
) -> Comparison:
    """Follow one energy down by several rules, and compare where and how fast they get.

    Arguments:
        energy: what is compared on, `state → scalar`; the rules should go down it.
        rules: maps, such as `GradientStep`, `Momentum`, `ProximalStep` and `MirrorStep`, and flows,
            of which a step is a unit of time. A mapping gives them names.
        starts: positions, with one leading axis of length n: `(n, d)`, or a pytree. Rules with a
            memory begin there with nothing behind them.
        steps: how many of each rule.
        domain: where the states live; that of the energy unless given. On a `ProbabilitySimplex`
            rates are those within it.

    Returns:
        A `Comparison`: for every rule where it comes to rest, the spectral radius there, the worst
        expansion over pairs of runs, whether the energy rises, and what it costs.
        `thalweg.plot.operators` draws it.

    Raises:
        InputError: the energy is not callable, there is no list or mapping of rules, the starts do
            not fit, or the count is no positive number.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.Quadratic([[1.0, 0.0], [0.0, 9.0]])
        >>> starts = jnp.array([[1.0, 1.0], [-1.0, 2.0]])
        >>> found = tw.compare_operators(energy, [tw.GradientStep(energy, 0.2)], starts)
        >>> round(found[0].rate, 6), found[0].contracts
        (0.8, True)
    """
    check_energy("compare_operators: energy", energy)
    named = _named(rules)
    if not is_integer(steps) or steps < 1:
        raise InputError(f"compare_operators: steps must be a positive number, got {steps!r}.")
    domain = declared_domain(energy) if domain is None else domain
    with jax.enable_x64(True):
        starts = jax.tree.map(lambda x: np.asarray(x, np.float64), starts)
        layout, positions = _positions(starts)
        if domain is not None and domain.layout != layout:
            domain = None  # that of one coordinate, which serves states of any shape
        energy = in_float64(energy)
        looks = [_look(energy, name, rule, layout, positions, int(steps)) for name, rule in named]
        courses = _courses(looks, layout, None if domain is None else domain.chart())
    name = "energy" if type(energy).__name__ == "function" else type(energy).__name__
    declared = declared_labels(energy) or ()
    names = declared if len(declared) == layout.size else tuple(layout.labels())
    about = About(name, "map", names, domain)
    return Comparison(tuple(courses), about)


def _named(rules: Any) -> list[tuple[str, Deterministic]]:
    """Rules and what they are called; those of one class are numbered."""
    is_named = isinstance(rules, Mapping)
    if not is_named and not isinstance(rules, Sequence):
        raise InputError(
            f"compare_operators: rules must be a list or a mapping of flows or maps, got "
            f"{type(rules).__name__}. One rule is [rule]."
        )
    given = list(rules.values() if is_named else rules)
    if not given or not all(isinstance(rule, Deterministic) for rule in given):
        raise InputError(f"compare_operators: rules must be flows or maps, got {given!r}.")
    if is_named:
        return list(rules.items())
    kinds, count = [type(rule).__name__ for rule in given], Counter[str]()
    names = []
    for kind in kinds:
        count[kind] += 1
        names.append(f"{kind} {count[kind]}" if kinds.count(kind) > 1 else kind)
    return list(zip(names, given, strict=True))


class _Walk(NamedTuple):
    """Energies, last states and expansion of n runs of a rule.

    Attributes:
        energies: `(steps + 1, n)`.
        ends: the last states, flat, `(n, D)`.
        moved: how far the last step took each, `(n,)`.
        expansion: the largest factor by which a step lengthened the distance of each pair of runs;
            −∞ where they were never apart, NaN where the distance left the finite.
    """

    energies: Any
    ends: Any
    moved: Any
    expansion: Any


class _Look(NamedTuple):
    """A rule and what was seen of it.

    Attributes:
        name: what it is called.
        rule: the rule.
        state_layout: of its own states, which may hold more than a position.
        walk: its runs.
        size: of the starts.
        cost: of a step, in gradients.
    """

    name: str
    rule: Deterministic
    state_layout: Layout
    walk: _Walk
    size: float
    cost: float


def _positions(starts: Any) -> tuple[Layout, np.ndarray]:
    """The layout of one position, and the starts flat, `(n, d)`."""
    leaves = jax.tree.leaves(starts)
    counts = {np.shape(leaf)[:1] for leaf in leaves}
    if len(counts) != 1 or () in counts or (0,) in counts:
        raise InputError(
            f"compare_operators: starts must have one leading axis, of the starts, got the shapes "
            f"{[np.shape(leaf) for leaf in leaves]}. One start x is x[None]."
        )
    layout = Layout.of(jax.tree.map(lambda leaf: leaf[0], starts))
    positions = np.asarray(layout.flatten(starts))
    if not np.all(np.isfinite(positions)):
        raise InputError("compare_operators: starts must be finite.")
    return layout, positions


def _look(
    energy: Any,
    name: str,
    rule: Deterministic,
    layout: Layout,
    positions: np.ndarray,
    steps: int,
) -> _Look:
    """Follow a rule from all starts."""
    rule = in_float64(rule)
    for position in positions:
        check_states(rule, layout.unflatten(position), f"a start of {name!r}")
    # A step of a flow is a unit of time.
    stepped = rule if isinstance(rule, Map) else in_float64(Stroboscopic(rule, 1.0))  # type: ignore[arg-type]
    walk = jax.tree.map(np.asarray, _walk(stepped, energy, layout, positions, steps))
    one = _begin(stepped, layout.unflatten(positions[0]))
    size = float(np.sqrt(np.mean(np.square(positions - positions.mean(axis=0)))))
    largest = np.max(np.abs(np.concatenate([positions.ravel(), [size]])))
    cost = _flops(lambda x: stepped.step(0, x), one) if isinstance(rule, Map) else np.nan
    gradient = _flops(jax.grad(energy), layout.unflatten(positions[0]))
    return _Look(name, rule, Layout.of(one), walk, float(largest), cost / gradient)


def _begin(rule: Deterministic, position: Any) -> Any:
    return rule.begin(position) if isinstance(rule, MemoryMap) else position


def _position(rule: Deterministic, state: Any) -> Any:
    return rule.position(state) if isinstance(rule, MemoryMap) else state


@eqx.filter_jit
def _walk(rule: Map, energy: Any, layout: Layout, positions: Any, steps: int) -> _Walk:
    """All runs, step by step."""
    size = jnp.max(jnp.abs(positions))
    states = jax.vmap(lambda x: _begin(rule, layout.unflatten(x)))(positions)
    levels = jax.vmap(lambda z: energy(_position(rule, z)))

    def flat(states: Any) -> jax.Array:
        leaves = jax.tree.leaves(states)
        return jnp.concatenate([leaf.reshape(len(positions), -1) for leaf in leaves], axis=1)

    def advance(loop: Any, t: Any) -> tuple[Any, Any]:
        states, before, most = loop
        states = jax.vmap(lambda z: rule.step(t, z))(states)
        after = flat(states)
        old, new = _distances(before), _distances(after)
        is_apart = jnp.isfinite(old) & (old > _APART * size)
        ratios = jnp.where(jnp.isfinite(new), new / old, jnp.nan)
        ratios = jnp.where(is_apart, ratios, -jnp.inf)
        most = jnp.maximum(most, ratios)
        moved = jnp.linalg.norm(after - before, axis=1)
        return (states, after, most), (levels(states), moved)

    start = flat(states)
    loop = (states, start, jnp.full_like(_distances(start), -jnp.inf))
    (_, ends, most), (later, moved) = jax.lax.scan(advance, loop, jnp.arange(steps))
    return _Walk(jnp.concatenate([levels(states)[None], later]), ends, moved[-1], most)


def _distances(points: jax.Array) -> jax.Array:
    """The distances of all pairs of rows."""
    first, second = np.triu_indices(len(points), 1)
    return jnp.linalg.norm(points[first] - points[second], axis=1)


def _flops(fn: Callable[[Any], Any], example: Any) -> float:
    """Floating-point operations of a function; NaN where the compiler does not count them."""
    counted = jax.jit(fn).lower(example).cost_analysis()
    return float(counted.get("flops", np.nan)) if isinstance(counted, dict) else float("nan")


def _courses(looks: list[_Look], layout: Layout, chart: Chart | None) -> list[Course]:
    """Courses `(rules,)` in numbers; a rule that rests nowhere has its rate at another's end."""
    ends = [_ends(look, layout) for look in looks]
    lowest = min((e for e in ends if len(e.levels)), key=lambda e: e.levels[0], default=None)
    courses = []
    for look, found in zip(looks, ends, strict=True):
        at = found.points
        if not len(at) and lowest is not None:
            at = lowest.points[:1]
        rates = [_rate(look.rule, layout, chart, point) for point in at]
        # A run that is lost says how it was lost, not what the rule does where it works.
        energies, told = look.walk.energies.T, found.is_known if found.is_known.any() else None
        kept = np.ones(len(energies), bool) if told is None else told
        pairs = look.walk.expansion[np.all(kept[np.array(np.triu_indices(len(kept), 1))], axis=0)]
        widest = float(np.max(pairs, initial=-np.inf))  # NaN where one is not known
        rate = float(max(rates, default=np.nan))
        moved = np.max(look.walk.moved[found.is_known], initial=0.0)
        courses.append(
            Course(
                name=look.name,
                ends=found.points,
                counts=found.counts,
                levels=found.levels,
                lost=len(energies) - int(found.counts.sum()),
                accuracy=float(max(moved / max(1.0 - rate, _LEAST_GAP), _EPS * look.size)),
                rate=rate,
                expansion=float("nan") if widest == -np.inf else widest,
                rise=_rise(energies[kept]),
                steps=_steps(energies[kept]),
                cost=look.cost,
                energies=energies,
            )
        )
    return courses


class _Ends(NamedTuple):
    """Distinct points of rest, lowest first, how many runs led there, and their energies.

    `is_known` says which runs came to rest.
    """

    points: np.ndarray
    counts: np.ndarray
    levels: np.ndarray
    is_known: np.ndarray


def _ends(look: _Look, layout: Layout) -> _Ends:
    walk, size = look.walk, look.size
    states = look.state_layout.unflatten(walk.ends)
    places = np.asarray(layout.flatten(_position(look.rule, states)))
    at_rest = np.isfinite(walk.moved) & (walk.moved <= _AT_REST * size)
    points: list[np.ndarray] = []
    members: list[list[int]] = []
    for i in np.flatnonzero(at_rest):
        gaps = [np.max(np.abs(places[i] - point)) for point in points]
        if gaps and min(gaps) <= _ONE_END * size:
            members[int(np.argmin(gaps))].append(int(i))
        else:
            points.append(places[i])
            members.append([int(i)])
    levels = np.array([walk.energies[-1, some[0]] for some in members])
    order = np.argsort(levels)
    kept = np.array(points).reshape(len(points), layout.size)
    return _Ends(
        kept[order], np.array([len(m) for m in members], int)[order], levels[order], at_rest
    )


def _rate(rule: Deterministic, layout: Layout, chart: Chart | None, point: np.ndarray) -> float:
    """The spectral radius of a step at a position, in the coordinates of the domain."""
    within = None if isinstance(rule, MemoryMap) else chart
    jacobian = np.asarray(_jacobian(rule, layout, within, point))
    if not np.all(np.isfinite(jacobian)):
        return float("nan")
    growth = rule.growth(np.linalg.eigvals(rule.own_jacobian(jacobian)))
    return float(np.exp(np.max(growth)))


@eqx.filter_jit
def _jacobian(rule: Deterministic, layout: Layout, chart: Chart | None, point: Any) -> jax.Array:
    """The Jacobian of the displacement, in coordinates of the domain where there is one."""
    state = _begin(rule, layout.unflatten(point))
    if chart is not None:
        moves = lambda y: chart.push(rule.displacement(0, chart.embed(y)))  # noqa: E731
        return jax.jacfwd(moves)(chart.coordinates(state))
    whole = Layout.of(state)
    moves = lambda z: whole.flatten(rule.displacement(0, whole.unflatten(z)))  # noqa: E731
    return jax.jacfwd(moves)(whole.flatten(state))


def _rise(energies: np.ndarray) -> float:
    """The largest rise in a step, 0 where rounding explains it.

    It is infinite where an energy rose out of the finite, and NaN where one became NaN.
    """
    before, after = energies[:, :-1], energies[:, 1:]
    largest = np.max(np.abs(energies), axis=1, where=np.isfinite(energies), initial=0.0)
    with np.errstate(invalid="ignore"):
        rises = after - before - _ROUNDING * _EPS * largest[:, None]
    after = after[np.isfinite(before)]
    if np.any(np.isposinf(after)):
        return float("inf")
    if np.any(np.isnan(after)):
        return float("nan")
    return float(np.max(rises[np.isfinite(rises)], initial=0.0))


def _steps(energies: np.ndarray) -> float:
    """The median number of steps until a millionth of the fall is left; NaN where none fell."""
    done = []
    for run in energies[np.isfinite(energies).all(axis=1)]:
        fall = run[0] - run[-1]
        if fall > 0.0:
            above = np.flatnonzero(run - run[-1] > _DONE * fall)
            done.append(above[-1] + 1 if len(above) else 0)
    return float(np.median(done)) if done else float("nan")
