"""Rates of an energy's rise along a rule: at points, at the ends of ascent, along trajectories."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.dynamics.problem import Problem
from thalweg.simulation import simulate

_BATCH = 2048  # points at once: 16 MB an array of a thousand coordinates, and some four of them
_CLIMB_STEPS = 60  # of lengths that grow by half or shrink to .4: 0.1 widths to 1e-12 takes thirty
_NUM_SAVED = 33  # states of a trajectory, its start included
_NUM_CROSSINGS = 10.0  # a flow runs so many times the time in which it crosses the domain

Energy = Callable[[Any], Any]


class Rates(NamedTuple):
    """An energy along a rule at points; a leading axis of points each.

    Attributes:
        rate: dE/dt of a flow, E(x⁺) − E(x) of a map.
        size: what the rounding of the rate is relative to.
        value: E.
        displacement: the displacement, in coordinates.
    """

    rate: Any
    size: Any
    value: Any
    displacement: Any

    @property
    def speed(self) -> np.ndarray:
        """The lengths of the displacements."""
        return np.sqrt(np.sum(np.asarray(self.displacement) ** 2, axis=-1))


def rates_at(problem: Problem, energy: Energy, points: np.ndarray) -> Rates:
    """The rates at any number of points `(n, d)`, through one compiled program."""
    size = min(_BATCH, 1 << (len(points) - 1).bit_length())
    return Rates(*in_batches(lambda some: tuple(_rates(problem, energy, some)), points, size))


def _rate_at(problem: Problem, energy: Energy, y: jax.Array) -> Rates:
    value = energy(problem.chart.embed(problem.chart.wrap(y)))
    return Rates(*problem.rise(energy, y), value, problem.displacement(y))


@eqx.filter_jit
def _rates(problem: Problem, energy: Any, points: Any) -> Rates:
    return jax.vmap(lambda y: _rate_at(problem, energy, y))(points)


@eqx.filter_jit
def slopes_along(problem: Problem, energy: Any, points: Any, directions: Any) -> jax.Array:
    """The slope of the energy at points along directions, both `(n, d)`."""

    def one(y: jax.Array, direction: jax.Array) -> jax.Array:
        return jax.jvp(lambda at: energy(problem.chart.embed(at)), (y,), (direction,))[1]

    return jax.vmap(one)(points, directions)


@eqx.filter_jit
def climb(problem: Problem, energy: Any, starts: Any, floor: Any, is_relative: Any) -> jax.Array:
    """Ends `(n, d)` of ascent inside the domain.

    Arguments:
        problem: the rule and its chart.
        energy: the energy.
        starts: shape `(n, d)`.
        floor: added to the size, so that a rate near rest is not divided by nothing.
        is_relative: whether to climb on the rate over its size, or on the rate itself, `(n,)`.
    """

    def one(start: jax.Array, relative: jax.Array) -> jax.Array:
        def height(y: jax.Array) -> jax.Array:
            rate, size = problem.rise(energy, y)
            return rate / jnp.where(relative, size + floor, 1.0)

        return _climb(problem, height, start)

    return jax.vmap(one)(starts, is_relative)


def _climb(problem: Problem, fn: Any, start: jax.Array) -> jax.Array:
    """Ascent inside the domain by normalized gradient steps whose length adapts."""
    widths = problem.chart.widths

    def step(_: Any, carry: Any) -> Any:
        y, value, length = carry
        gradient = jax.grad(fn)(y) * widths
        direction = gradient / (jnp.sqrt(jnp.sum(gradient**2)) + 1e-300)
        trial = problem.chart.clip(y + length * direction * widths)
        new = fn(trial)
        better = new > value
        return (
            jnp.where(better, trial, y),
            jnp.where(better, new, value),
            length * jnp.where(better, 1.5, 0.4),
        )

    carry = (start, fn(start), jnp.asarray(0.1))
    return jax.lax.fori_loop(0, _CLIMB_STEPS, step, carry)[0]


def runs_from(problem: Problem, starts: np.ndarray, speeds: np.ndarray) -> tuple[Any, float]:
    """Trajectories in coordinates, `(n, saved, d)`, and the time between two saved states.

    Arguments:
        problem: the rule and its chart.
        starts: shape `(n, d)`.
        speeds: how much of the width of the domain the rule crosses a unit of time, at points.
    """
    if not problem.rule.has_continuous_time:
        return np.asarray(_runs(problem, starts, np.ones(()))), 1.0
    duration = _NUM_CROSSINGS / (np.nanmedian(speeds) + 1e-300)
    return np.asarray(_runs(problem, starts, duration)), duration / (_NUM_SAVED - 1)


@eqx.filter_jit
def _runs(problem: Problem, starts: Any, duration: Any) -> jax.Array:
    def one(start: jax.Array) -> jax.Array:
        state = problem.chart.embed(start)
        if not problem.rule.has_continuous_time:
            run = simulate(problem.rule, state, steps=_NUM_SAVED - 1, throw=False)
        else:
            run = simulate(problem.rule, state, duration=duration, save=_NUM_SAVED, throw=False)
        return problem.chart.coordinates(run.states)

    return jax.vmap(one)(starts)
