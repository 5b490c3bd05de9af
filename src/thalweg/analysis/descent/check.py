"""Does a rule go down an energy? Asked at points, along trajectories, and of the worst place.

Sampling alone misses a small region where the energy rises, so the worst point is hunted by ascent
on the rate itself and on the rate relative to the sizes that cancel in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.plain import array, flat, number
from thalweg.core.reports import TableReport, about_in
from thalweg.core.tables import format_state
from thalweg.core.tracing import DRAWN, refuse_frozen_chance
from thalweg.core.trees import in_float64
from thalweg.dynamics import WORDS, Rule, declared_energy
from thalweg.dynamics.problem import Problem, make_problem
from thalweg.simulation import Trajectory, simulate

_SAMPLES = 1024
_HUNTERS = 128
_HUNT_STEPS = 60
_RUNS = 32
_SAVED = 33
_RELATIVE = 1e-9
_STRICT = 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class DescentCheck(TableReport):
    """Whether an energy never rises along a rule, as far as was looked.

    Attributes:
        holds: no rise was found beyond rounding; None when the energy was finite nowhere.
        strict: it holds, and wherever the rule moves the energy falls beyond rounding.
        worst: the largest rate found: dE/dt of a flow, E(x⁺) − E(x) of a map; positive beyond
            rounding where it does not hold.
        where: the state with that rate.
        rise_along: the largest rise of the energy between successive points of trajectories.
        points: how many points were looked at.
        undefined: a state where the energy is not finite, or None.
        energy: the name of the energy.
        about: the rule, and the domain looked at.
    """

    holds: bool | None
    strict: bool
    worst: float
    where: Any
    rise_along: float
    points: int
    undefined: Any = None
    energy: str = ""
    about: About = UNSAID

    def __bool__(self) -> bool:
        return self.holds is True

    def data(self) -> dict[str, Any]:
        """`energy`, `holds` and `worst` of the contract, then the other fields."""
        return {
            "energy": self.energy,
            "holds": self.holds,
            "worst": self.worst,
            "strict": self.strict,
            "where": None if self.where is None else flat(self.where),
            "rise_along": self.rise_along,
            "points": self.points,
            "undefined": None if self.undefined is None else flat(self.undefined),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "DescentCheck":
        """The check that `to_dict` wrote."""
        about = about_in(data, about)

        def state(known: Any) -> Any:
            values = None if known is None else array(known)
            return None if values is None else about.layout_for(values).unflatten(values)

        return cls(
            holds=data["holds"],
            strict=data["strict"],
            worst=number(data["worst"]),
            where=state(data["where"]),
            rise_along=number(data["rise_along"]),
            points=data["points"],
            undefined=state(data["undefined"]),
            energy=data["energy"],
            about=about,
        )

    @property
    def title(self) -> str:
        """Whether the energy falls along the rule, in a line."""
        how = "falls wherever the rule moves" if self.strict else "never rises"
        found = {None: "is not finite", True: how, False: "rises somewhere"}[self.holds]
        return f"Descent of {self.about.system} ({self.about.rule_kind}): the energy {found}"

    def table(self) -> None:
        """Nothing: the remarks say it all."""

    def remarks(self) -> list[str]:
        """What was looked at, and what was seen there."""
        rate = WORDS[self.about.rule_kind].rise
        said = []
        if self.holds:
            said.append(
                f"{rate} ≤ 0 at {self.points} points, trajectories and hunts for the worst place "
                f"included; checked, not proved."
            )
        elif self.holds is not None:
            said.append(f"{rate} = {self.worst:.4g} at {format_state(self.where)}.")
        if self.undefined is not None:
            said.append(f"The energy is not finite at {format_state(self.undefined)}.")
        return said


class _Rate(NamedTuple):
    """The rate of the energy, what its rounding is relative to, and how fast the state moves."""

    rate: Any
    size: Any
    speed: Any


def check_descent(
    rule: Rule,
    energy: Callable[[Any], Any] | None = None,
    where: Domain | Trajectory | None = None,
    *,
    key: jax.Array | None = None,
) -> DescentCheck:
    """Check that an energy never rises along a rule.

    Of a flow the rate is dE/dt = ∇E·f, of a map the finite step E(g(x)) − E(x).

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        energy: any callable `state → scalar`; None means the energy that the rule declares.
        where: a domain, in which points are drawn, trajectories run and the worst point hunted; or
            a trajectory, whose states alone are looked at; None means the declared domain.
        key: a `jax.random` key; None means a fixed one.

    Returns:
        The check: true as a truth value when the energy never rises.

    Raises:
        InputError: no energy is given or declared, it is not scalar, or the rule does not fit.

    Example:
        >>> import thalweg as tw
        >>> energy = tw.energies.Quadratic([[2.0]])
        >>> line = tw.Box([-1.0], [1.0])
        >>> [tw.check_descent(tw.GradientStep(energy, h), energy, line).holds for h in (0.9, 1.1)]
        [True, False]
    """
    energy = declared_energy(rule) if energy is None else energy
    if not callable(energy):
        raise InputError(
            f"energy must be a callable state → scalar, got {energy!r}; {type(rule).__name__} "
            f"declares none. Pass one, or define `energy(self, state)` on the rule."
        )
    with jax.enable_x64(True):
        domain = _box_of(where) if isinstance(where, Trajectory) else where
        problem, domain = make_problem(rule, domain)
        name = getattr(energy, "__qualname__", type(energy).__name__)
        about, energy = About.of(rule, domain), in_float64(energy)
        _check_scalar(problem, energy)
        if isinstance(where, Trajectory):
            states = jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), where.states)
            points = problem.chart.coordinates(states)
            rates = _Rate(*map(np.asarray, _rates(problem, energy, points)))
            found = _report(problem, energy, points, rates, points[None])
        else:
            points, rates, runs = jax.tree.map(np.asarray, _hunt(problem, energy, key))
            found = _report(problem, energy, points, rates, runs)
    return replace(found, energy=name, about=about)


def _check_scalar(problem: Problem, energy: Callable[[Any], Any]) -> None:
    start = jnp.zeros(problem.chart.dimension)
    shape = jax.eval_shape(lambda y: energy(problem.chart.embed(y)), start)
    if not hasattr(shape, "shape") or shape.shape != ():
        raise InputError(
            f"energy must return one number for a state, got "
            f"{getattr(shape, 'shape', type(shape).__name__)}. Sum over the state."
        )
    refuse_frozen_chance("energy", DRAWN, energy, energy, problem.chart.embed(start))


def _box_of(trajectory: Trajectory) -> Box:
    """A box around the states of a trajectory: only its coordinates matter."""
    states = jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), trajectory.states)
    low = jax.tree.map(lambda leaf: np.min(leaf, axis=0) - 1.0, states)
    return Box(low, jax.tree.map(lambda leaf: np.max(leaf, axis=0) + 1.0, states))


def _rate_at(problem: Problem, energy: Callable[[Any], Any], y: jax.Array) -> _Rate:
    speed = jnp.sqrt(jnp.sum(problem.displacement(y) ** 2))
    return _Rate(*problem.rise(energy, y), speed)


@eqx.filter_jit
def _rates(problem: Problem, energy: Any, points: Any) -> _Rate:
    return jax.vmap(lambda y: _rate_at(problem, energy, y))(points)


@eqx.filter_jit
def _hunt(problem: Problem, energy: Any, key: Any) -> tuple[jax.Array, _Rate, jax.Array]:
    """Points of the domain and where ascent led from the worst of them; and some trajectories."""
    key = jax.random.key(0) if key is None else key
    drawn = problem.chart.sample(key, _SAMPLES)
    at_drawn = _rates(problem, energy, drawn)
    floor = 1e-12 * jnp.nanmedian(at_drawn.size) + 1e-300

    def steepness(y: jax.Array) -> jax.Array:
        found = _rate_at(problem, energy, y)
        return found.rate / (found.size + floor)

    def raw(y: jax.Array) -> jax.Array:
        return _rate_at(problem, energy, y).rate

    relative = at_drawn.rate / (at_drawn.size + floor)
    half = _HUNTERS // 2
    steepest = drawn[jnp.argsort(-jnp.nan_to_num(relative, nan=-jnp.inf))[:half]]
    largest = drawn[jnp.argsort(-jnp.nan_to_num(at_drawn.rate, nan=-jnp.inf))[:half]]
    ends = jnp.concatenate(
        [
            jax.vmap(lambda y: _climb(problem, steepness, y))(steepest),
            jax.vmap(lambda y: _climb(problem, raw, y))(largest),
        ]
    )
    runs = jax.vmap(lambda y: _run(problem, drawn, y))(drawn[:_RUNS])
    points = jnp.concatenate([drawn, ends, runs.reshape(-1, drawn.shape[1])])
    return points, _rates(problem, energy, points), runs


def _climb(problem: Problem, fn: Any, start: jax.Array) -> jax.Array:
    """Ascent inside the domain by normalized gradient steps whose length adapts."""
    widths = problem.chart.widths

    def step(_: Any, carry: Any) -> Any:
        y, value, length = carry
        slope = jax.grad(fn)(y) * widths
        direction = slope / (jnp.sqrt(jnp.sum(slope**2)) + 1e-300)
        trial = problem.chart.clip(y + length * direction * widths)
        new = fn(trial)
        better = new > value
        return (
            jnp.where(better, trial, y),
            jnp.where(better, new, value),
            length * jnp.where(better, 1.5, 0.4),
        )

    carry = (start, fn(start), jnp.asarray(0.1))
    return jax.lax.fori_loop(0, _HUNT_STEPS, step, carry)[0]


def _run(problem: Problem, drawn: jax.Array, start: jax.Array) -> jax.Array:
    """A trajectory in coordinates, `(saved, d)`: of a flow, over ten times the time to cross."""
    state = problem.chart.embed(start)
    if not problem.rule.has_continuous_time:
        run = simulate(problem.rule, state, steps=_SAVED - 1, throw=False)
        return problem.chart.coordinates(run.states)

    def crossings(y: jax.Array) -> jax.Array:
        return jnp.max(jnp.abs(problem.displacement(y)) / problem.chart.widths)

    duration = 10.0 / (jnp.nanmedian(jax.vmap(crossings)(drawn[:64])) + 1e-300)
    run = simulate(problem.rule, state, duration=duration, save=_SAVED, throw=False)
    return problem.chart.coordinates(run.states)


def _report(
    problem: Problem, energy: Any, points: np.ndarray, rates: _Rate, runs: np.ndarray
) -> DescentCheck:
    chart = problem.chart
    # A run may leave the domain, by rounding too, and what happens there was not asked.
    reached = np.all(np.isfinite(points), axis=1) & chart.inside(points)
    fine = reached & np.isfinite(rates.rate)
    lost = np.flatnonzero(reached & ~fine)
    undefined = chart.embed(points[lost[0]]) if len(lost) else None
    if not fine.any():
        return DescentCheck(None, False, np.nan, None, np.nan, 0, undefined)
    rate, size, speed, points = *(column[fine] for column in rates), points[fine]
    floor = 1e-13 * np.median(size)
    tolerance = _RELATIVE * size + floor
    if not problem.rule.has_continuous_time:
        tolerance = 1e-13 * size + floor
    rise, allowed = _rise_along(problem, energy, runs)
    holds = bool(np.all(rate <= tolerance) and rise <= allowed)
    order = rate if holds else np.where(rate > tolerance, rate, -np.inf)
    worst = int(np.argmax(order))
    moves = speed > 1e-3 * np.median(speed)
    strict = holds and bool(np.all(rate[moves] < -_STRICT * size[moves] - floor))
    return DescentCheck(
        holds, strict, float(rate[worst]), chart.embed(points[worst]), rise, len(points),
        undefined,
    )  # fmt: skip


def _rise_along(problem: Problem, energy: Any, runs: np.ndarray) -> tuple[float, float]:
    """The largest rise between successive points of the runs, and what the solver may cause."""
    values = np.asarray(_energies(problem, energy, runs.reshape(-1, runs.shape[-1])))
    values = np.where(problem.chart.inside(runs, 1e-9), values.reshape(runs.shape[:-1]), np.nan)
    if values.shape[1] < 2 or not np.isfinite(values).any():
        return 0.0, np.inf
    rises = np.diff(values, axis=1)
    rises = rises[np.isfinite(rises)]
    spread = np.nanmax(values) - np.nanmin(values)
    solver = 1e-4 if problem.rule.has_continuous_time else 1e-12
    scale = spread + 1e-9 * np.nanmax(np.abs(values)) + 1e-300
    return float(rises.max(initial=-np.inf)), solver * scale


@eqx.filter_jit
def _energies(problem: Problem, energy: Any, points: Any) -> jax.Array:
    return jax.vmap(lambda y: energy(problem.chart.embed(y)))(points)
