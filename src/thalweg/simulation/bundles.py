"""Trajectories of a flow by the batch, with tangent vectors, in one compiled program.

Everything a search for closed orbits asks of a flow is asked of `advance`: long runs from many
starts, forwards or backwards in time, and the segments of a shooting method with their Jacobians.
The steps are Diffrax's, explicit ones (Tsit5) or, where these turn out to be held up by stability,
implicit ones (Kvaerno5); the loop around them is ours because it traces four times faster than a
general solve, and saves every step of every lane.

Lengths are in units of the domain: z = y / widths, so an angle has period one.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundle_steps import (
    Lane,
    Start,
    error_size,
    explicit_steps,
    implicit_steps,
)
from thalweg.simulation.tsit5 import ORDER, step_factor

# Of one compiled batch, filled up where fewer run: one program for searches of all sizes.
LANES = 64
STEPS = 128  # between two looks from the host, which cost as much as some ten of them
# Of the time in which a lane crosses the domain: the controller finds its own from there.
_FIRST = 1e-2
# No step may skip over a recurrence, however small its error: a fifth of the domain at most.
_STRIDE = 0.2
_MOST_ROUNDS = 64  # times `STEPS`: what takes more than 8,192 steps is given back as NaN
# h|λ| beyond which a step of Tsit5 is held up by stability (its limit is 3.1 to 3.5) and not by its
# error, which for the tolerances used here asks for h|λ| well below 1.
_HELD_UP = 2.0
# Relative: tangents are sums over a step's stages, which rounding keeps from more.
_TANGENT_TOLERANCE = 1e-11


class Track(NamedTuple):
    """Steps of a batch of lanes.

    Attributes:
        t: the time after each step, counted from 0, shape `(n, STEPS + 1)`; a step that was refused
            or that came after the end repeats the time before.
        z: the points there, shape `(n, STEPS + 1, d)`.
        velocity: dz/dt of the flow (forwards in time) there, of the same shape.
        tangents: the tangent vectors at the end, shape `(n, d, k)`.
        held_up: the share of explicit steps that stability made short, shape `(n,)`.
    """

    t: Any
    z: Any
    velocity: Any
    tangents: Any
    held_up: Any


@eqx.filter_jit
def advance(problem: Problem, start: Start, is_stiff: bool = False) -> Track:
    """Run a batch of lanes for up to `STEPS` adaptive steps each, implicit ones if `is_stiff`."""
    # Only closed orbits need Diffrax, whose import takes most of a second.
    import diffrax as dfx

    widths = problem.chart.widths

    def scaled(z: jax.Array) -> jax.Array:
        return problem.displacement(z * widths) / widths

    def lane_velocity(t: Any, state: Any, direction: Any) -> Any:
        def along(tangent: jax.Array) -> Any:
            return jax.jvp(scaled, (state[0],), (tangent,))

        velocity, stretch = jax.vmap(along, in_axes=1, out_axes=(None, 1))(state[1])
        return direction * velocity, direction * stretch

    steps = (
        implicit_steps(dfx, lane_velocity, start)
        if is_stiff
        else explicit_steps(dfx, lane_velocity)
    )

    def begin(z: jax.Array, tangents: jax.Array, direction: jax.Array) -> Any:
        turn, stretch = lane_velocity(0.0, (z, tangents), direction)
        pace = jnp.max(jnp.abs(turn)) + jnp.max(jnp.abs(stretch)) + 1e-200
        return _FIRST / pace, steps.init((z, tangents), direction)

    def step(t: Any, h: Any, state: Any, memory: Any, lane: Lane) -> Any:
        new_t = jnp.minimum(t + h, lane.duration)
        new, error, new_memory, is_taken, stretch = steps.take(t, new_t, state, memory, lane)
        travelled = jnp.max(jnp.abs(new[0] - state[0])) / _STRIDE
        size = jnp.maximum(error_size(error, state, new, lane, start), travelled**ORDER)
        size = jnp.where(is_taken, size, jnp.nan)
        old = (t, state, memory)
        kept = jax.tree.map(
            lambda a, b: jnp.where(size <= 1.0, a, b), (new_t, new, new_memory), old
        )
        moved = kept[0] > t
        tally = jnp.stack([moved & (stretch > _HELD_UP), moved])
        return kept[0], h * step_factor(size), kept[1], kept[2], tally

    def advance_all(carry: Any) -> Any:
        count, t, h, state, memory, tallies, ts, zs = carry
        t, h, state, memory, tally = jax.vmap(step)(t, h, state, memory, lanes)
        ts, zs = ts.at[count].set(t), zs.at[count].set(state[0])
        return count + 1, t, h, state, memory, tallies + tally, ts, zs

    def is_running(carry: Any) -> Any:
        return (carry[0] <= STEPS) & jnp.any(carry[1] < start.duration)

    lanes = Lane(start.direction, start.duration, start.scale, start.relative, abs(start.z))
    h, memory = jax.vmap(begin)(start.z, start.tangents, start.direction)
    ts = jnp.full((STEPS + 1, *h.shape), jnp.nan).at[0].set(0.0)
    zs = jnp.full((STEPS + 1, *start.z.shape), jnp.nan).at[0].set(start.z)
    tallies = jnp.zeros((*h.shape, 2), jnp.int32)
    carry = (1, jnp.zeros_like(h), h, (start.z, start.tangents), memory, tallies, ts, zs)
    count, _, _, state, _, tallies, ts, zs = jax.lax.while_loop(is_running, advance_all, carry)
    # The loop ends early when every lane has arrived: the rest of the record stands still.
    last = jnp.minimum(jnp.arange(STEPS + 1), count - 1)
    ts, zs = ts[last].T, jnp.swapaxes(zs[last], 0, 1)
    held_up = tallies[:, 0] / jnp.maximum(tallies[:, 1], 1)
    return Track(ts, zs, jax.vmap(jax.vmap(scaled))(zs), state[1], held_up)


def run_batch(problem: Problem, start: Start, is_stiff: bool = False, lanes: int = LANES) -> Track:
    """`advance` for up to `lanes` lanes, filled up to that number so that it compiles once."""
    count = len(start.z)
    fill = np.concatenate([np.arange(count), np.zeros(lanes - count, dtype=int)])
    duration = np.where(np.arange(lanes) < count, start.duration[fill], 0.0)
    whole = Start(
        start.z[fill], start.tangents[fill], start.direction[fill], duration,
        np.asarray(start.tolerance), np.broadcast_to(start.scale, start.z.shape)[fill],
        np.broadcast_to(start.relative, start.z.shape)[fill],
        np.asarray(start.tangent_tolerance),
    )  # fmt: skip
    return Track(*(np.asarray(part)[:count] for part in advance(problem, whole, is_stiff)))


def run_to_end(
    problem: Problem,
    z: np.ndarray,
    duration: np.ndarray,
    direction: np.ndarray,
    tolerance: float,
    scale: np.ndarray,
    relative: np.ndarray,
    is_stiff: bool = False,
    lanes: int = LANES,
) -> list[Track]:
    """Run lanes for given times with their whole Jacobians; NaN where the steps do not suffice."""
    tangents = np.tile(np.eye(z.shape[1]), (len(z), 1, 1))
    left, tracks = duration, []
    tight = np.array(max(tolerance, _TANGENT_TOLERANCE))
    for _ in range(_MOST_ROUNDS):
        start = Start(z, tangents, direction, left, np.array(tolerance), scale, relative, tight)
        track = run_batch(problem, start, is_stiff, lanes)
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
