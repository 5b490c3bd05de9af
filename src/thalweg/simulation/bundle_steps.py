"""Steps of a bundle of trajectories: explicit or implicit ones, and how wrong they may be."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

# A step this short, relative to the scale, has no error of order 5 that float64 could show.
_NOISE = 1e-8
_TINY = 1e-290  # in place of a scale that is 0
# Chord iterations for a stage; a step that needs more is far too long, and shorter is better.
_ITERATIONS = 20
# The share of the error allowed a step that its stages may be wrong by.
_STAGES = 1e-2


class Start(NamedTuple):
    """Starts of a batch of lanes, and their settings.

    Attributes:
        z: the points, shape `(n, d)`.
        tangents: the tangent vectors carried along, shape `(n, d, k)`.
        direction: +1 forwards in time, −1 backwards, shape `(n,)`.
        duration: how long each lane runs, infinity for as many steps as there are, shape `(n,)`.
        tolerance: the error allowed a step, relative to the scale of each coordinate.
        scale: how far the points reach along each coordinate, shape `(n, d)`; 1 is the domain.
        relative: along which coordinates the distance from 0 is the scale where that is smaller,
            as for a population that becomes very small, shape `(n, d)`.
        tangent_tolerance: the error allowed the tangents in a step, in each coordinate relative to
            the largest of them there; infinity to let them follow.
    """

    z: Any
    tangents: Any
    direction: Any
    duration: Any
    tolerance: Any
    scale: Any = 1.0
    relative: Any = False
    tangent_tolerance: Any = np.inf


class Lane(NamedTuple):
    """The settings of one lane: parts of `Start`, and the size of the point where it began."""

    direction: Any
    duration: Any
    scale: Any
    relative: Any
    begin: Any


class Steps(NamedTuple):
    """A way to take steps.

    Attributes:
        init: makes what the first step remembers, of a state and a direction of time.
        take: one step: of the time before and after, the state, what it remembers and the lane, the
            new state, its error, what the next step remembers, whether the step could be taken, and
            h|λ| (0 of implicit steps).
    """

    init: Callable[..., Any]
    take: Callable[..., Any]


def explicit_steps(dfx: Any, velocity: Callable[..., Any]) -> Steps:
    """Steps of Tsit5, by Diffrax's tableau.

    Diffrax's own step compares result codes outside of the program, which compiles two more.
    """
    tableau = dfx.Tsit5.tableau
    count = len(tableau.a_lower)
    weights = np.zeros((count, count + 1))
    for row, lower in zip(weights, tableau.a_lower, strict=True):
        row[: len(lower)] = lower

    def take(t: Any, new_t: Any, state: Any, memory: Any, lane: Lane) -> Any:
        h = new_t - t

        def add(row: Any, k: Any) -> jax.Array:
            return h * jnp.tensordot(jnp.asarray(row, k.dtype), k, axes=1)

        def stage(i: Any, carry: Any) -> Any:
            k, _ = carry
            row = jnp.asarray(weights)[i]
            there = jax.tree.map(lambda x, k: x + add(row, k), state, k)
            new = velocity(t + jnp.asarray(tableau.c)[i] * h, there, lane.direction)
            return jax.tree.map(lambda k, new: k.at[i + 1].set(new), k, new), there

        k = jax.tree.map(lambda m: jnp.zeros((count + 1, *m.shape), m.dtype).at[0].set(m), memory)
        # The last stage is at the end of the step, and its velocity is the first of the next step.
        k, new = jax.lax.fori_loop(0, count, stage, (k, state))
        error = jax.tree.map(lambda k: add(tableau.b_error, k), k)
        memory = jax.tree.map(lambda k: k[-1], k)
        return new, error, memory, True, _stretch(dfx, h * k[0], state[0], new[0])

    def init(state: Any, direction: Any) -> Any:
        return velocity(jnp.zeros_like(direction), state, direction)

    return Steps(init, take)


def implicit_steps(dfx: Any, velocity: Callable[..., Any], start: Start) -> Steps:
    """Steps of Kvaerno5, in the units by which errors are measured.

    Diffrax solves for the velocities at the stages. What counts is their error times h, whatever
    the unit of time.
    """
    from thalweg.simulation.chords import PatientChord

    def take(t: Any, new_t: Any, state: Any, memory: Any, lane: Lane) -> Any:
        units = _weights(state, lane)

        def scaled_velocity(t: Any, scaled: Any, direction: Any) -> Any:
            whole = jax.tree.map(jnp.multiply, scaled, units)
            return jax.tree.map(jnp.divide, velocity(t, whole, direction), units)

        atol = _STAGES * start.tolerance / jnp.maximum(new_t - t, _TINY)
        finder = PatientChord(0.0, atol)
        solver = dfx.Kvaerno5(root_finder=finder, root_find_max_steps=_ITERATIONS)
        term, scaled = dfx.ODETerm(scaled_velocity), jax.tree.map(jnp.divide, state, units)
        afresh = solver.init(term, t, new_t, scaled, lane.direction)
        new, error, _, _, result = solver.step(
            term, t, new_t, scaled, lane.direction, afresh, made_jump=jnp.isnan(t)
        )
        new, error = (jax.tree.map(jnp.multiply, part, units) for part in (new, error))
        return new, error, memory, result == dfx.RESULTS.successful, jnp.zeros_like(t)

    return Steps(lambda state, direction: (), take)


def _weights(state: Any, lane: Lane) -> tuple[jax.Array, jax.Array]:
    """The units of a point and its tangents, of their shapes."""
    unit, before = _units(jnp.abs(state[0]), state[1], lane)
    allowed = 1.0 + jnp.max(jnp.abs(state[1]) * before / unit[:, None], axis=1, keepdims=True)
    return unit, jnp.broadcast_to(allowed * unit[:, None] / before, state[1].shape)


def _units(size: Any, tangents: Any, lane: Lane) -> tuple[jax.Array, Any]:
    """The units at a point of a given size, `(d,)`, and `(1, d)` where whole Jacobians began."""
    unit = units_of(size, lane.scale, lane.relative)
    is_whole = tangents.shape[0] == tangents.shape[1]
    return unit, units_of(lane.begin, lane.scale, lane.relative)[None] if is_whole else 1.0


def _stretch(dfx: Any, k: Any, old: Any, new: Any) -> jax.Array:
    """h|λ|, from the last two stages of Tsit5, which are at the same time (Hairer & Wanner IV.2).

    Arguments:
        dfx: Diffrax.
        k: h times the velocities at the stages, shape `(7, d)`.
        old: the point before the step.
        new: the point after it, where the last stage is.
    """
    sixth = old + jnp.asarray(dfx.Tsit5.tableau.a_lower[-2], k.dtype) @ k[:5]
    gap = jnp.max(jnp.abs(new - sixth))
    return jnp.max(jnp.abs(k[6] - k[5])) / jnp.maximum(gap, _TINY)


def error_size(error: Any, old: Any, new: Any, lane: Lane, start: Start) -> jax.Array:
    """The largest error of a step over what is allowed; at most 1 to be accepted.

    A step too short to be wrong by its length is accepted, though what the rule computes there be
    noise: a quotient 0/0 is one that Hodgkin and Huxley's rates come close to.
    """
    eps = jnp.finfo(new[0].dtype).eps
    size = jnp.maximum(jnp.abs(old[0]), jnp.abs(new[0]))
    unit, before = _units(size, new[1], lane)
    point = jnp.abs(error[0]) / (start.tolerance * unit + 4.0 * eps * size + _TINY)
    stretched, missed = (jnp.abs(part) * before / unit[:, None] for part in (new[1], error[1]))
    allowed = start.tangent_tolerance * (1.0 + jnp.max(stretched, axis=1, keepdims=True))
    found = jnp.maximum(jnp.max(point), jnp.max(missed / allowed))
    is_short = jnp.max(jnp.abs(new[0] - old[0]) / unit) < _NOISE
    is_short &= jnp.max(jnp.abs(new[1] - old[1])) < _NOISE * jnp.max(jnp.abs(new[1]))
    found = jnp.where(is_short, jnp.minimum(found, 1.0), found)
    return jnp.where(jnp.all(jnp.isfinite(new[0])), found, jnp.nan)


def units_of(size: Any, scale: Any, relative: Any) -> Any:
    """The lengths by which errors are measured at points of a given size, of the same shape."""
    xp = np if isinstance(size, np.ndarray) else jnp
    return xp.where(relative, xp.minimum(size, scale), scale) + _TINY
