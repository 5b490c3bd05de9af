"""Trajectories of a flow by the batch, with tangent vectors, in one compiled program.

Everything a search for closed orbits asks of a flow is asked of `advance`: surveys from many
starts, forwards or backwards in time, and the segments of a shooting method with their Jacobians.
The steps are Diffrax's; the loop around them is ours because it traces four times faster than a
general solve, and saves every step of every lane.

Lengths are in units of the domain: z = y / widths, so an angle has period one.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.dynamics.problem import Problem

LANES = 64
STEPS = 128
_SHRINK, _GROW, _SAFETY = 0.2, 5.0, 0.9
_FIRST = 1e-2
# No step may skip over a recurrence, however small its error: a fifth of the domain at most.
_STRIDE = 0.2
_MOST_ROUNDS = 64
# A step this short, relative to the scale, has no error of order 5 that float64 could show.
_NOISE = 1e-8
_TINY = 1e-290  # in place of a scale that is 0
_TANGENT_TOLERANCE = 1e-11


class Start(NamedTuple):
    """Where a batch of lanes begins, and how it is to run.

    Attributes:
        z: the points, shape `(n, d)`.
        tangents: the tangent vectors carried along, shape `(n, d, k)`.
        direction: +1 forwards in time, −1 backwards, shape `(n,)`.
        duration: how long each lane runs, infinity for as many steps as there are, shape `(n,)`.
        tolerance: the error allowed a step, relative to the scale of each coordinate.
        scale: how far the points reach along each coordinate, shape `(n, d)`; 1 is the domain.
        relative: along which coordinates the distance from 0 is the scale where that is smaller,
            as for a population that becomes very small, shape `(n, d)`.
        tangent_tolerance: the error allowed the tangents in a step, relative to the largest of
            them; infinity to let them follow.
    """

    z: Any
    tangents: Any
    direction: Any
    duration: Any
    tolerance: Any
    scale: Any = 1.0
    relative: Any = False
    tangent_tolerance: Any = np.inf


class Track(NamedTuple):
    """What a batch of lanes did.

    Attributes:
        t: the time after each step, counted from 0, shape `(n, STEPS + 1)`; a step that was refused
            or that came after the end repeats the time before.
        z: the points there, shape `(n, STEPS + 1, d)`.
        velocity: dz/dt of the flow (forwards in time) there, of the same shape.
        tangents: the tangent vectors at the end, shape `(n, d, k)`.
    """

    t: Any
    z: Any
    velocity: Any
    tangents: Any


@eqx.filter_jit
def advance(problem: Problem, start: Start) -> Track:
    """Run a batch of lanes for up to `STEPS` adaptive steps each."""
    # Only closed orbits need Diffrax, whose import takes most of a second.
    import diffrax as dfx

    widths = problem.chart.widths
    solver, order = dfx.Tsit5(), 5

    def scaled(z: jax.Array) -> jax.Array:
        return problem.displacement(z * widths) / widths

    def slope(t: Any, state: Any, direction: Any) -> Any:
        def along(tangent: jax.Array) -> Any:
            return jax.jvp(scaled, (state[0],), (tangent,))

        velocity, stretch = jax.vmap(along, in_axes=1, out_axes=(None, 1))(state[1])
        return direction * velocity, direction * stretch

    term = dfx.ODETerm(slope)

    def begin(z: jax.Array, tangents: jax.Array, direction: jax.Array) -> Any:
        turn, stretch = slope(0.0, (z, tangents), direction)
        pace = jnp.max(jnp.abs(turn)) + jnp.max(jnp.abs(stretch)) + 1e-200
        zero = jnp.zeros_like(pace)
        return _FIRST / pace, solver.init(term, zero, zero, (z, tangents), direction)

    def step(t: Any, h: Any, state: Any, memory: Any, lane: _Lane) -> Any:
        new_t = jnp.minimum(t + h, lane.duration)
        never = jnp.isnan(
            t
        )  # traced: of a plain False, Diffrax would compile programs of their own
        new, error, _, new_memory, _ = solver.step(
            term, t, new_t, state, lane.direction, memory, made_jump=never
        )
        travelled = jnp.max(jnp.abs(new[0] - state[0])) / _STRIDE
        size = jnp.maximum(_error_size(error, state, new, lane, start), travelled**order)
        ratio = _SAFETY * jnp.maximum(size, 1e-10) ** (-1.0 / order)
        factor = jnp.where(jnp.isfinite(ratio), jnp.clip(ratio, _SHRINK, _GROW), _SHRINK)
        old = (t, state, memory)
        kept = jax.tree.map(
            lambda a, b: jnp.where(size <= 1.0, a, b), (new_t, new, new_memory), old
        )
        return kept[0], h * factor, kept[1], kept[2]

    def advance_all(carry: Any) -> Any:
        count, t, h, state, memory, ts, zs = carry
        t, h, state, memory = jax.vmap(step)(t, h, state, memory, lanes)
        return count + 1, t, h, state, memory, ts.at[count].set(t), zs.at[count].set(state[0])

    def is_running(carry: Any) -> Any:
        return (carry[0] <= STEPS) & jnp.any(carry[1] < start.duration)

    lanes = _Lane(start.direction, start.duration, start.scale, start.relative, abs(start.z))
    h, memory = jax.vmap(begin)(start.z, start.tangents, start.direction)
    ts = jnp.full((STEPS + 1, *h.shape), jnp.nan).at[0].set(0.0)
    zs = jnp.full((STEPS + 1, *start.z.shape), jnp.nan).at[0].set(start.z)
    carry = (1, jnp.zeros_like(h), h, (start.z, start.tangents), memory, ts, zs)
    count, _, _, state, _, ts, zs = jax.lax.while_loop(is_running, advance_all, carry)
    # The loop ends early when every lane has arrived: the rest of the record stands still.
    last = jnp.minimum(jnp.arange(STEPS + 1), count - 1)
    ts, zs = ts[last].T, jnp.swapaxes(zs[last], 0, 1)
    return Track(ts, zs, jax.vmap(jax.vmap(scaled))(zs), state[1])


class _Lane(NamedTuple):
    """The settings of one lane: parts of `Start`, and the size of the point where it began."""

    direction: Any
    duration: Any
    scale: Any
    relative: Any
    begin: Any


def _error_size(error: Any, old: Any, new: Any, lane: _Lane, start: Start) -> jax.Array:
    """The largest error of a step over what is allowed; at most 1 to be accepted.

    A step too short to be wrong by its length is accepted, though what the rule computes there be
    noise: a quotient 0/0 is one that Hodgkin and Huxley's rates come close to.
    """
    eps = jnp.finfo(new[0].dtype).eps
    size = jnp.maximum(jnp.abs(old[0]), jnp.abs(new[0]))
    unit = units_of(size, lane.scale, lane.relative)
    point = jnp.abs(error[0]) / (start.tolerance * unit + 4.0 * eps * size + _TINY)
    before = units_of(lane.begin, lane.scale, lane.relative)
    stretched = jnp.abs(new[1]) / unit[:, None]
    missed = jnp.abs(error[1]) / unit[:, None]
    if new[1].shape[0] == new[1].shape[1]:
        stretched, missed = stretched * before, missed * before
    allowed = start.tangent_tolerance * (1.0 + jnp.max(stretched))
    found = jnp.maximum(jnp.max(point), jnp.max(missed) / allowed)
    is_short = jnp.max(jnp.abs(new[0] - old[0]) / unit) < _NOISE
    is_short &= jnp.max(jnp.abs(new[1] - old[1])) < _NOISE * jnp.max(jnp.abs(new[1]))
    found = jnp.where(is_short, jnp.minimum(found, 1.0), found)
    return jnp.where(jnp.all(jnp.isfinite(new[0])), found, jnp.nan)


def units_of(size: Any, scale: Any, relative: Any) -> Any:
    """The lengths by which errors are measured at points of a given size, of the same shape."""
    xp = np if isinstance(size, np.ndarray) else jnp
    return xp.where(relative, xp.minimum(size, scale), scale) + _TINY


def run_batch(problem: Problem, start: Start) -> Track:
    """`advance` for up to `LANES` lanes, filled up to that number so that it compiles once."""
    count = len(start.z)
    fill = np.concatenate([np.arange(count), np.zeros(LANES - count, dtype=int)])
    duration = np.where(np.arange(LANES) < count, start.duration[fill], 0.0)
    whole = Start(
        start.z[fill], start.tangents[fill], start.direction[fill], duration,
        np.asarray(start.tolerance), np.broadcast_to(start.scale, start.z.shape)[fill],
        np.broadcast_to(start.relative, start.z.shape)[fill],
        np.asarray(start.tangent_tolerance),
    )  # fmt: skip
    return Track(*(np.asarray(part)[:count] for part in advance(problem, whole)))


def run_to_end(
    problem: Problem,
    z: np.ndarray,
    duration: np.ndarray,
    direction: np.ndarray,
    tolerance: float,
    scale: np.ndarray,
    relative: np.ndarray,
) -> list[Track]:
    """Run lanes for given times with their whole Jacobians; NaN where the steps do not suffice."""
    tangents = np.tile(np.eye(z.shape[1]), (len(z), 1, 1))
    left, tracks = duration, []
    tight = np.array(max(tolerance, _TANGENT_TOLERANCE))
    for _ in range(_MOST_ROUNDS):
        start = Start(z, tangents, direction, left, np.array(tolerance), scale, relative, tight)
        track = run_batch(problem, start)
        tracks.append(track)
        is_stuck = np.any((left > 0.0) & (track.t[:, -1] == 0.0))
        z, tangents, left = track.z[:, -1], track.tangents, left - track.t[:, -1]
        if not np.any(left > 1e-14 * duration):
            return tracks
        if is_stuck:
            break
    is_left = (left > 1e-14 * duration)[:, None, None]
    unfinished = tracks[-1]._replace(z=np.where(is_left, np.nan, tracks[-1].z))
    return [*tracks[:-1], unfinished]
