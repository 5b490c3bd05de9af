"""Curves of equilibria in a parameter, by pseudo-arclength, many lanes in one program.

A step goes along the tangent and comes back at right angles to it: Newton on

    F(z) = 0,    τ·(z − z_guess) = 0,

which passes folds, where the parameter turns back (Keller 1977). The next tangent solves the same
bordered system. A step is taken when Newton converged, the tangent turned little and the corrector
moved the guess by a small part of the step, so that a lane does not jump to another curve; else it
is halved.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.continuation.family import Equations, Family
from thalweg.analysis.equilibria.linear_solves import sign_of_determinant, solve_general
from thalweg.core.cubics import bends

# Points of one curve: room for ten times as many as curves of published models take, because one
# that comes near another is followed in far shorter steps.
POINTS = 2000
# How a lane ended.
RUNNING, RANGE_END, LEFT, CLOSED, STUCK, UNFINISHED = range(6)

# Steps in units of the domain and the range: the first, the longest (a figure is then smooth, and
# special points lie apart), and the shortest before a lane is given up.
_FIRST, _LONGEST, _SHORTEST = 5e-3, 2e-2, 1e-8
# Radians by which the tangent may turn in a step, and should.
_MOST_TURN, _TURN = 0.3, 0.1
# How much of a step the corrector may move the guess: more would be as far as the next curve may
# be, so that a lane could land on it; less makes steps short for nothing.
STRAY = 0.2
# The length of step over which a curve that seems to have jumped may change its side: a branch
# point that a perturbation has parted by more is seen to be none.
ACROSS = 1e-6
# Halvings that find where a curve leaves the domain: so many that 2⁻⁴⁸ of a step is rounding.
_HALVINGS = 48
# Newton: its turns, and the last step after which it has converged (it squares the error).
_TURNS, _CONVERGED = 8, 1e-9


class Curves(NamedTuple):
    """Points along curves, one lane each.

    Attributes:
        z: the points, shape `(n, POINTS, d + 1)`; those after `count` are 0.
        tangent: the unit tangents there, likewise.
        count: how many points each has, `(n,)`.
        end: how each ended, `(n,)`.
    """

    z: Any
    tangent: Any
    count: Any
    end: Any


class Place(NamedTuple):
    """A point of a curve.

    Attributes:
        z: the point, `(d + 1,)`.
        tangent: the unit tangent there.
        jacobian: the derivatives there, `(d, d + 1)`.
        is_found: whether Newton converged.
    """

    z: Any
    tangent: Any
    jacobian: Any
    is_found: Any


def corrected(family: Equations, guess: jax.Array, along: jax.Array) -> Place:
    """The point of the curve at right angles to `along` from a guess."""

    def turn(carry: tuple) -> tuple:
        z, _, _, count, _ = carry
        value, jacobian = family.with_jacobian(z)
        right = jnp.stack([jnp.append(value, along @ (z - guess)), last], axis=1)
        step, tangent = solve_general(jnp.concatenate([jacobian, along[None]]), right).T
        size = jnp.max(jnp.abs(step)) / (1.0 + jnp.max(jnp.abs(z)))
        return z - step, jacobian, tangent, count + 1, size

    def goes_on(carry: tuple) -> jax.Array:
        count, size = carry[3:]
        return (count < _TURNS) & (size > _CONVERGED) & jnp.isfinite(size) | (count == 0)

    dimension = guess.shape[0] - 1
    last = jnp.zeros(dimension + 1).at[-1].set(1.0)
    nothing = jnp.zeros((dimension, dimension + 1))
    first = (guess, nothing, last, jnp.asarray(0), jnp.asarray(jnp.inf))
    z, jacobian, tangent, _, size = jax.lax.while_loop(goes_on, turn, first)
    tangent = tangent / jnp.linalg.norm(tangent)
    is_found = (size <= _CONVERGED) & jnp.all(jnp.isfinite(tangent))
    return Place(z, tangent, jacobian, is_found)


class _Lane(eqx.Module):
    z: jax.Array
    tangent: jax.Array
    step: jax.Array
    count: jax.Array
    end: jax.Array
    side: jax.Array | None


@eqx.filter_jit
def follow(
    family: Equations, starts: Any, along: Any, stray: Any, across: Any = None, each: Any = None
) -> Curves:
    """Follow curves from points on them.

    The determinant of the derivatives with the tangent below changes its sign at branch points
    only, so a long step over which it does so may have come to another curve.

    Arguments:
        family: the equations, such as a rule and its parameter.
        starts: points with F = 0, shape `(n, d + 1)`.
        along: the unit tangent to begin with, `(n, d + 1)`.
        stray: how much of a step the corrector may move the guess, `(n,)`.
        across: the longest step over which that sign may change, `(n,)`; None where it is not
            looked at, which saves almost half of the time.
        each: the axes along which the family itself varies from lane to lane, as for
            `equinox.filter_vmap`; None where all lanes share it.

    Returns:
        The curves, the start first. A lane that leaves the range or the domain has one point
        beyond it.
    """
    lanes, size = starts.shape
    rows = jnp.arange(lanes)

    def advance(
        family: Equations, lane: _Lane, start: jax.Array, first: jax.Array, stray: jax.Array,
        across: Any,
    ) -> tuple[_Lane, jax.Array]:  # fmt: skip
        guess = lane.z + lane.step * lane.tangent
        place = corrected(family, guess, lane.tangent)
        turned = jnp.arccos(jnp.clip(place.tangent @ lane.tangent, -1.0, 1.0))
        strayed = jnp.linalg.norm(place.z - guess)
        is_taken = place.is_found & (turned <= _MOST_TURN) & (strayed <= stray * lane.step)
        # Tiny strays are rounding, however short the step.
        is_taken = is_taken | (place.is_found & (turned <= _MOST_TURN) & (strayed <= 1e-12))
        side = lane.side
        if side is not None:
            now = sign_of_determinant(jnp.concatenate([place.jacobian, place.tangent[None]]))
            is_taken = is_taken & ((now * side >= 0.0) | (lane.step <= across))
            side = jnp.where(is_taken, now, side)
        factor = jnp.clip(_TURN / jnp.maximum(turned, 1e-3), 0.5, 1.6)
        step = jnp.where(is_taken, jnp.minimum(lane.step * factor, _LONGEST), 0.5 * lane.step)
        p = place.z[-1]
        is_out = (p < 0.0) | (p > 1.0)
        end = jnp.where(is_out, RANGE_END, jnp.where(family.is_inside(place.z), RUNNING, LEFT))
        is_home = _comes_home(family, lane, place, start, first) & (lane.count > 3)
        end = jnp.where(is_home, CLOSED, end)
        end = jnp.where((end == RUNNING) & (lane.count + 1 >= POINTS), UNFINISHED, end)
        end = jnp.where(is_taken, end, jnp.where(step < _SHORTEST, STUCK, RUNNING))
        z = jnp.where(is_taken, place.z, lane.z)
        tangent = jnp.where(is_taken, place.tangent, lane.tangent)
        moved = _Lane(z, tangent, step, lane.count + is_taken, end, side)
        is_over = lane.end != RUNNING
        kept = jax.tree.map(lambda old, new: jnp.where(is_over, old, new), lane, moved)
        return kept, jnp.where(is_taken & ~is_over, lane.count, POINTS)

    def turn(carry: tuple) -> tuple:
        lane, z, tangent = carry
        lane, places = advance_all(family, lane, starts, along, stray, across)
        z = z.at[rows, places].set(lane.z, mode="drop")
        return lane, z, tangent.at[rows, places].set(lane.tangent, mode="drop")

    advance_all = eqx.filter_vmap(advance, in_axes=(each, 0, 0, 0, 0, 0))
    nothing = jnp.zeros((lanes, POINTS, size))
    first = _Lane(
        starts, along, jnp.full(lanes, _FIRST), jnp.ones(lanes, int), jnp.full(lanes, RUNNING),
        None if across is None else jnp.zeros(lanes),
    )  # fmt: skip
    carry = (first, nothing.at[:, 0].set(starts), nothing.at[:, 0].set(along))
    lane, z, tangent = jax.lax.while_loop(lambda c: jnp.any(c[0].end == RUNNING), turn, carry)
    return Curves(z, tangent, lane.count, lane.end)


def _comes_home(
    family: Equations, lane: _Lane, place: Place, start: jax.Array, first: jax.Array
) -> jax.Array:
    """True where a step passes the start of its lane, in the direction in which it left."""
    before, after = family.away(lane.z, start), family.away(place.z, start)
    length = jnp.linalg.norm(after - before)
    middle = after - (first @ after) * first
    passes = (first @ before < 0.0) & (first @ after >= 0.0)
    return passes & (jnp.linalg.norm(middle) <= 0.5 * length) & (place.tangent @ first > 0.5)


@eqx.filter_jit
def beside(family: Equations, guesses: Any, along: Any) -> Place:
    """Points of curves at right angles to `along` from guesses, both `(n, d + 1)`."""

    def lane(guess: jax.Array, direction: jax.Array) -> Place:
        place = corrected(family, guess, direction)
        _, jacobian = family.with_jacobian(place.z)
        return place._replace(jacobian=jacobian)

    return jax.vmap(lane)(guesses, along)


def between(family: Equations, z: np.ndarray, tangent: np.ndarray, share: np.ndarray) -> Place:
    """Points of the curve between two neighbours.

    Arguments:
        family: the equations, such as a rule and its parameter.
        z: the neighbours, shape `(n, 2, d + 1)`.
        tangent: the tangents there, likewise.
        share: how far from the first to the second, in [0, 1], `(n,)`.
    """
    return beside(family, *hermite(z, tangent, share))


def pinned(family: Equations, guesses: np.ndarray) -> Place:
    """Points of curves at the parameters of guesses `(n, d + 1)`, by Newton in the state."""
    along = np.zeros_like(guesses)
    along[:, -1] = 1.0
    return beside(family, guesses, along)


def hermite(z: Any, tangent: Any, s: Any) -> tuple[Any, Any]:
    """A cubic through two points with their tangents: the point at `s`, and the unit tangent.

    Shapes are `(…, 2, d + 1)`, likewise, and `(…,)`.
    """
    xp = np if isinstance(s, np.ndarray) else jnp
    a, b, s = z[..., 0, :], z[..., 1, :], xp.asarray(s)[..., None]
    length = xp.linalg.norm(b - a, axis=-1, keepdims=True)
    u, v = length * tangent[..., 0, :], length * tangent[..., 1, :]
    c, d = bends(a, b, u, v)
    velocity = u + s * (2.0 * c + 3.0 * s * d)
    place = a + s * (u + s * (c + s * d))
    size = xp.linalg.norm(velocity, axis=-1, keepdims=True)
    return place, velocity / xp.where(size > 0.0, size, 1.0)


@eqx.filter_jit
def are_inside(family: Equations, z: Any) -> jax.Array:
    """Truths `(n,)`: the points `(n, d + 1)` that lie in the domain and the range."""
    return jax.vmap(family.is_inside)(z)


@eqx.filter_jit
def states_at(family: Family, z: Any) -> jax.Array:
    """The states `(n, n_state)`, flat, at points `(n, d + 1)`."""
    return jax.vmap(family.state)(z)


@eqx.filter_jit
def derivatives(family: Equations, z: Any) -> jax.Array:
    """The derivatives `(n, d, d + 1)` at points `(n, d + 1)`."""
    return jax.vmap(lambda point: family.with_jacobian(point)[1])(z)


@eqx.filter_jit
def last_inside(family: Equations, z: Any, tangent: Any) -> Place:
    """The last point of a curve between two neighbours, the first inside, that is inside too.

    Arguments:
        family: the equations, such as a rule and its parameter.
        z: the neighbours, shape `(2, d + 1)`.
        tangent: the tangents there, likewise.
    """

    def halve(_: Any, carry: tuple) -> tuple:
        low, high, kept = carry
        middle = 0.5 * (low + high)
        place = corrected(family, *hermite(z, tangent, middle))
        is_in = place.is_found & family.is_inside(place.z)
        kept = jax.tree.map(lambda new, old: jnp.where(is_in, new, old), place, kept)
        return jnp.where(is_in, middle, low), jnp.where(is_in, high, middle), kept

    first = Place(
        jnp.asarray(z[0]), jnp.asarray(tangent[0]), family.with_jacobian(z[0])[1], jnp.asarray(True)
    )
    start = (jnp.asarray(0.0), jnp.asarray(1.0), first)
    return jax.lax.fori_loop(0, _HALVINGS, halve, start)[2]
