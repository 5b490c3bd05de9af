"""The verb: the Lyapunov exponents of a trajectory."""

from typing import NamedTuple

import jax
import numpy as np

from thalweg.analysis.equilibria.given import given_points
from thalweg.analysis.equilibria.looks import look_at
from thalweg.analysis.exponents.growth import BLOCK, Bundle, grow_flow, grow_map
from thalweg.analysis.exponents.result import Exponents
from thalweg.core.about import About
from thalweg.core.domains import Domain
from thalweg.core.errors import DivergenceError, InputError
from thalweg.core.given import refuse_result
from thalweg.core.progress import Progress
from thalweg.core.randomness import host_generator
from thalweg.core.shapes import State
from thalweg.core.trees import lists_as_arrays
from thalweg.dynamics import Rule
from thalweg.dynamics.problem import Problem, make_problem

# The error allowed a step, in widths of the domain: far below the standard errors that come out.
_TOLERANCE = 1e-7
# Unless a duration is given: this many steps a trajectory.
_STEPS = 4096
# Trajectories start this far apart, in widths of the domain: in one basin, but for points on its
# boundary; a chaotic transient then drives them apart.
_APART = 1e-6
# The transient is this share of the duration.
_TRANSIENT = 0.25
# Blocks of 32 steps of a run: a bound on time, which only a stiff flow meets.
_MOST_BLOCKS = 200_000
# Standard errors from which on an exponent is not 0: of many exponents looked at, none by chance.
# Also the logarithm of what half a run has to stretch.
_SURE = 4.0
# Widths of the domain from its middle beyond which a trajectory runs away, angles aside.
_BOUND = 1e3
# A run that reaches so many times as far in its second half is under way, and on no attractor.
_AS_FAR = 10.0


def lyapunov_exponents(
    rule: Rule,
    start: State | None = None,
    *,
    domain: Domain | None = None,
    duration: float | None = None,
    transient: float | None = None,
    count: int | None = None,
    trajectories: int = 32,
    key: jax.Array | None = None,
) -> Exponents:
    r"""The Lyapunov exponents of the attractor that a start leads to, the largest first.

    Trajectories from next to the start carry orthonormal tangent vectors, which the rule stretches
    and Gram–Schmidt makes orthonormal again after every step (QR); the logarithms of the lengths
    add up to the exponents,

        λ_i = lim 1/t Σ log r_ii.

    Their spread over the trajectories, which begin to count at different times, gives the standard
    errors.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        start: a state; None means a random one of the domain.
        domain: the box whose widths lengths are measured in; None means the declared one.
        duration: for how long each trajectory counts (in steps, of a map); None means 4096 steps.
        transient: how long it runs before; None means a quarter of the duration.
        count: how many exponents; None means all.
        trajectories: how many there are.
        key: a `jax.random` key; None means a fixed one. The same key gives the same result.

    Returns:
        The exponents; a table when printed.

    Raises:
        InputError: the rule does not fit the domain or depends on time; an option makes no sense.
        DivergenceError: the trajectories leave the finite, or run away to a thousand widths of the
            domain; the steps do not suffice.

    Example:
        >>> import thalweg as tw
        >>> found = tw.lyapunov_exponents(tw.models.Logistic(r=4.0), duration=4096)
        >>> bool(abs(found.values[0] - 0.693147) < 4 * found.errors[0])
        True

    References:
        Benettin, Galgani, Giorgilli & Strelcyn (1980), Meccanica 15:9.
    """
    with jax.enable_x64(True):
        problem, domain = make_problem(rule, domain)
        dimension = problem.chart.dimension
        count = dimension if count is None else count
        _check(count, dimension, trajectories, duration, transient)
        rng = host_generator(key)
        if start is None:
            look_at(problem, key, None)
            y = problem.chart.draw(rng, 1)
        else:
            refuse_result("start", start)
            one = jax.tree.map(lambda x: np.asarray(x)[None], lists_as_arrays(start))
            y = given_points(problem, one)
            look_at(problem, key, y)
        z = y / np.asarray(problem.chart.widths)
        z = z + _APART * rng.standard_normal((trajectories, dimension))
        grown = growth(problem, z, count, duration, transient, rng)
        rates = grown.rates
        values, errors = _mean(rates)
        order = np.argsort(-values, kind="stable")
        return Exponents(
            values=values[order],
            errors=errors[order],
            divergence=float(np.mean(grown.divergence)),
            trajectories=trajectories,
            duration=grown.duration,
            transient=grown.transient,
            point=problem.chart.layout.flatten(problem.chart.embed(grown.y)),
            is_chaotic=is_positive(grown),
            about=About.of(rule, domain),
        )


def _check(
    count: int, dimension: int, trajectories: int, duration: float | None, transient: float | None
) -> None:
    for name, number in (("count", count), ("trajectories", trajectories)):
        if not isinstance(number, int | np.integer) or isinstance(number, bool):
            raise InputError(f"{name} must be a whole number, got {number!r}.")
    if not 1 <= count <= dimension:
        raise InputError(f"count must be from 1 to {dimension}, the dimension, got {count}.")
    if trajectories < 2:
        raise InputError(f"trajectories must be at least 2 (for errors), got {trajectories}.")
    if duration is not None and not (np.isfinite(duration) and duration > 0.0):
        raise InputError(f"duration must be positive, got {duration}.")
    if transient is not None and not (np.isfinite(transient) and transient >= 0.0):
        raise InputError(f"transient must be at least 0, got {transient}.")


class Grown(NamedTuple):
    """The result of `growth`.

    Attributes:
        rates: of each tangent vector of each trajectory, shape `(k, n)`.
        late: the rates over the second half, shape `(k, n)`.
        reach: how far trajectories got about in each half, the most of any, in units of the domain.
        divergence: the mean divergence of each, shape `(n,)`.
        duration: for how long each counted.
        transient: how long the longest ran before.
        y: where the first was in the end, shape `(d,)`, in coordinates.
    """

    rates: np.ndarray
    late: np.ndarray
    reach: tuple[float, float]
    divergence: np.ndarray
    duration: float
    transient: float
    y: np.ndarray


def _mean(rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The means of rates `(k, n)` and their standard errors; an error is 0 where all is −∞."""
    values, known = np.mean(rates, axis=1), np.all(np.isfinite(rates), axis=1)
    spread = np.std(np.where(known[:, None], rates, 0.0), axis=1, ddof=1)
    return values, spread / np.sqrt(rates.shape[1])


def is_positive(grown: Grown) -> bool:
    """True if trajectories part at a rate beyond doubt, in the second half of a bounded run too."""
    if grown.reach[1] > _AS_FAR * grown.reach[0]:
        return False
    spans = ((grown.rates, grown.duration), (grown.late, grown.duration / 2.0))
    for rates, span in spans:
        values, errors = _mean(rates)
        first = int(np.argmax(values))
        if not values[first] > max(_SURE * errors[first], _SURE / span):
            return False
    return True


def growth(
    problem: Problem,
    z: np.ndarray,
    count: int,
    duration: float | None,
    transient: float | None,
    rng: np.random.Generator,
) -> Grown:
    """The growth rates of tangent vectors along trajectories from `z` `(n, d)`.

    Raises:
        DivergenceError: a trajectory leaves the finite, runs away, or does not come to its end.
    """
    num, dimension = z.shape
    q = np.linalg.qr(rng.standard_normal((num, dimension, count)))[0]
    zeros = np.zeros(num)
    bundle = Bundle(
        zeros,
        zeros,
        z.T,
        np.moveaxis(q, 0, -1),
        np.zeros((count, num)),
        zeros,
        np.full(num, np.inf),
    )
    if duration is None:
        duration = float(_STEPS)
        if problem.rule.has_continuous_time:
            # As long as a quarter of the steps took, four times.
            pilot, _ = _run(problem, bundle, _STEPS // 4 // BLOCK)
            duration = float(max(np.median(pilot.t) * 4.0, 1e-300))
    transient = _TRANSIENT * duration if transient is None else transient
    # Trajectories that do not part are then at different places of the orbit.
    before = transient * (1.0 + rng.random(num))
    if not problem.rule.has_continuous_time:
        duration, before = float(np.ceil(duration)), np.ceil(before)
    moved, _ = _run(problem, bundle._replace(end=before), _MOST_BLOCKS)
    middle = duration / 2.0 if problem.rule.has_continuous_time else np.ceil(duration / 2.0)
    counted = moved._replace(
        t=zeros, end=np.full(num, middle), grown=np.zeros((count, num)), spread=zeros
    )
    half, early = _run(problem, counted, _MOST_BLOCKS)
    last, late = _run(problem, half._replace(end=np.full(num, duration)), _MOST_BLOCKS)
    # −∞ stays −∞: there is no difference of two of them.
    finite = np.isfinite(half.grown)
    gained = np.where(finite, last.grown - np.where(finite, half.grown, 0.0), -np.inf)
    y = np.asarray(problem.chart.wrap(last.z[:, 0] * np.asarray(problem.chart.widths)))
    return Grown(
        last.grown / duration,
        gained / max(duration - middle, 1e-300),
        (early, late),
        last.spread / duration,
        float(duration),
        float(np.max(before)),
        y,
    )


def _run(problem: Problem, bundle: Bundle, blocks: int) -> tuple[Bundle, float]:
    """A bundle run to its end, or for so many blocks, and how far it got about."""
    lower, upper = (np.asarray(b) / np.asarray(problem.chart.widths) for b in problem.chart.bounds)
    straight, middle = ~problem.chart.angles, ((lower + upper) / 2.0)[:, None]
    low, high = bundle.z, bundle.z
    move = grow_flow if problem.rule.has_continuous_time else grow_map
    is_open = not np.all(np.isfinite(bundle.end))
    total = None if is_open else float(np.sum(bundle.end))
    with Progress("exponents", total=total, unit="time unit") as progress:
        for _ in range(blocks):
            bundle = Bundle(*map(np.asarray, move(problem, bundle, np.asarray(_TOLERANCE))))
            # Of logarithms only −∞ is one.
            bad = ~(np.all(np.isfinite(bundle.z), axis=0) & np.all(bundle.grown < np.inf, axis=0))
            stuck = (bundle.h <= 4e-16 * bundle.t) & (bundle.t < bundle.end)
            if np.any(bad | (stuck & problem.rule.has_continuous_time)):
                at = int(np.argmax(bad | stuck))
                raise DivergenceError(
                    f"{type(problem.rule).__name__}: a trajectory left the finite at t = "
                    f"{bundle.t[at]:.6g}, so it has no exponents. Choose another start."
                )
            away = np.max(np.abs(bundle.z - middle)[straight], axis=0, initial=0.0)
            if np.any(away > _BOUND):
                at = int(np.argmax(away))
                raise DivergenceError(
                    f"{type(problem.rule).__name__}: a trajectory runs away: at t = "
                    f"{bundle.t[at]:.6g} it is {away[at]:.3g} widths of the domain from its "
                    f"middle, on no attractor. Choose another start, or a wider domain."
                )
            low, high = np.minimum(low, bundle.z), np.maximum(high, bundle.z)
            progress.update(float(np.sum(bundle.t)))
            if np.all(bundle.t >= bundle.end):
                break
    reach = float(np.max((high - low)[straight], initial=0.0))
    if is_open or np.all(bundle.t >= bundle.end):
        return bundle, reach
    raise DivergenceError(
        f"{type(problem.rule).__name__}: {blocks * BLOCK} steps do not suffice for a duration of "
        f"{float(np.max(bundle.end)):.6g}. Ask for a shorter one."
    )
