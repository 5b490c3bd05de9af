"""Flows with adaptive steps on the host: Diffrax's solver and controller, driven step by step.

Diffrax calls it manual stepping. Against `diffeqsolve` the program compiles in half the time, needs
no callbacks (saving at given times inserts some there, which keep a program out of the disk cache),
pauses to report progress and goes on exactly where it was, and saves every step without reserving
room for the largest number of them.
"""

import math
import time
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.codes import Result
from thalweg.core.progress import Progress
from thalweg.core.trees import has_tracer, replace
from thalweg.simulation.adaptive import Solve, classify
from thalweg.simulation.outcome import SEGMENT_SECONDS, Outcome, first_budget

_ROOM = 1024  # steps that are kept between two looks from the host; one size for all lengths


class _Cursor(eqx.Module):
    """State of a run on its way.

    Attributes:
        t: the time reached.
        stop: where the next step ends.
        state: the state at `t`.
        solver_state: what the solver remembers.
        control: what the controller remembers.
        steps: accepted steps.
        rejected: rejected steps.
        result: `successful` while it goes on.
        filled: how many rows are saved (of the room, where steps are saved).
        rows: the saved states, times and interpolations, each with a first axis of rows.
    """

    t: Any
    stop: Any
    state: Any
    solver_state: Any
    control: Any
    steps: Any
    rejected: Any
    result: Result
    filled: Any
    rows: Any


def drive(problem: Solve, limit: int, label: str) -> Outcome | None:
    """Solve on the host, reporting progress.

    Arguments:
        problem: what to solve.
        limit: how many steps may be tried.
        label: what to call the job.

    Returns:
        The run as NumPy arrays, without the rows it never reached; None if something that the flow
        closes over is being traced, so that only `solve` can do it.
    """
    begin, end = float(problem.start_time), float(problem.stop_time)
    budget, saved = first_budget(problem.start), []
    cursor = _set_out(problem, np.int32(min(budget, limit)))
    if has_tracer(cursor):
        return None
    with Progress(label, end - begin, unit="time unit") as progress:
        while True:
            # Waits for the segment to end; everything below is NumPy.
            at = jax.device_get(cursor)
            saved.append(_trimmed(problem, at))
            tried = int(at.steps + at.rejected)
            if at.result != Result.successful or at.t >= end or tried >= limit:
                break
            progress.update(float(at.t) - begin)
            clock = time.monotonic()
            cursor = _go_on(problem, cursor, np.int32(min(budget, limit - tried)))
            jax.block_until_ready(cursor)
            # Fewer pauses for a fast flow; the numbers do not depend on where it pauses.
            budget *= 2 if time.monotonic() - clock < SEGMENT_SECONDS else 1
    return _outcome(problem, at, saved)


@eqx.filter_jit
def _set_out(problem: Solve, budget: Any) -> _Cursor:
    """The first segment, with what comes before it: one program for most runs."""
    t, start = problem.start_time, problem.start
    order = problem.solver.error_order(problem.term)
    stop, control = problem.controller.init(
        problem.term, t, problem.stop_time, start, None, problem.flow, problem.solver.func, order
    )
    stop = jnp.minimum(stop, problem.stop_time)
    solver_state = problem.solver.init(problem.term, t, stop, start, problem.flow)
    cursor = _Cursor(
        t=t,
        stop=stop,
        state=start,
        solver_state=solver_state,
        control=control,
        steps=jnp.int32(0),
        rejected=jnp.int32(0),
        result=Result.where(problem.is_at_rest(t, start), Result.settled, Result.successful),
        filled=jnp.int32(0),
        rows=_empty_rows(problem, stop, solver_state),
    )
    return _go_on(problem, cursor, budget)


@eqx.filter_jit
def _go_on(problem: Solve, cursor: _Cursor, budget: Any) -> _Cursor:
    """Go on for `budget` steps at most, or until the room for rows is full."""
    tried = cursor.steps + cursor.rejected
    if problem.output in ("steps", "dense"):
        cursor = replace(cursor, filled=jnp.int32(0))

    def goes_on(c: _Cursor) -> Any:
        has_room = c.filled < _ROOM if problem.output in ("steps", "dense") else True
        is_under_way = (c.t < problem.stop_time) & (c.result == Result.successful)
        return is_under_way & has_room & (c.steps + c.rejected - tried < budget)

    cursor = jax.lax.while_loop(goes_on, lambda c: _step(problem, c), cursor)
    return replace(cursor, result=classify(problem, cursor.result, cursor.t, cursor.state))


def _step(problem: Solve, c: _Cursor) -> _Cursor:
    """Try one step: what the loop of `diffeqsolve` does, without what is not needed here."""
    solver, end = problem.solver, problem.stop_time
    state, error, dense, solver_state, _ = solver.step(
        problem.term, c.t, c.stop, c.state, problem.flow, c.solver_state, False
    )
    error = jax.tree.map(lambda e: jnp.where(jnp.isnan(e), jnp.inf, e), error)
    order = solver.error_order(problem.term)
    keep, t, stop, _, control, code = problem.controller.adapt_step_size(
        c.t, c.stop, c.state, state, problem.flow, error, order, c.control
    )
    state, solver_state = jax.tree.map(
        lambda new, old: jnp.where(keep, new, old), (state, solver_state), (c.state, c.solver_state)
    )
    t = jnp.minimum(t, end)
    # As Diffrax does: no sliver of a step is left for the end.
    is_last = stop > end - 100 * jnp.finfo(end.dtype).eps * jnp.abs(end)
    stop = jnp.where(is_last, jnp.where(keep, end, t + 0.5 * (end - t)), stop)
    has_stopped = (code == diffrax.RESULTS.dt_min_reached) & (t < end)
    is_at_rest = keep & problem.is_at_rest(t, state)
    result = Result.where(has_stopped, Result.step_too_small, Result.successful)
    filled, rows = _save(problem, c, keep, t, state, dense)
    return _Cursor(
        t=t,
        stop=stop,
        state=state,
        solver_state=solver_state,
        control=control,
        steps=c.steps + keep,
        rejected=c.rejected + ~keep,
        result=Result.where(is_at_rest, Result.settled, result),
        filled=filled,
        rows=rows,
    )


def _save(problem: Solve, c: _Cursor, keep: Any, t: Any, state: Any, dense: Any) -> tuple[Any, Any]:
    """The rows after a step, and how many are filled."""
    if problem.output == "end":
        return c.filled, c.rows
    if problem.output in ("steps", "dense"):
        row = (t, state, dense) if problem.output == "dense" else (t, state)
        # A rejected step writes into the free row that the next one overwrites.
        rows = jax.tree.map(lambda all_, new: all_.at[c.filled].set(new), c.rows, row)
        return c.filled + keep, rows
    times = problem.times
    interpolation = problem.solver.interpolation_cls(t0=c.t, t1=c.stop, **dense)

    def is_due(carry: tuple[Any, Any]) -> Any:
        return keep & (carry[0] < len(times)) & (times[carry[0]] <= c.stop)

    def fill(carry: tuple[Any, Any]) -> tuple[Any, Any]:
        row, rows = carry
        at = interpolation.evaluate(times[row])
        return row + 1, jax.tree.map(lambda all_, new: all_.at[row].set(new), rows, at)

    return jax.lax.while_loop(is_due, fill, (c.filled, c.rows))


def _empty_rows(problem: Solve, stop: Any, solver_state: Any) -> Any:
    if problem.output == "end":
        return ()
    if problem.output == "times":
        count = len(problem.times)
        return jax.tree.map(lambda x: jnp.zeros((count, *x.shape), x.dtype), problem.start)
    dense = eqx.filter_eval_shape(
        problem.solver.step,
        problem.term,
        problem.start_time,
        stop,
        problem.start,
        problem.flow,
        solver_state,
        False,
    )[2]
    row = (problem.start_time, problem.start, dense)
    row = row if problem.output == "dense" else row[:2]
    return jax.tree.map(lambda x: jnp.zeros((_ROOM, *x.shape), x.dtype), row)


def _trimmed(problem: Solve, at: _Cursor) -> Any:
    """The rows of a segment that are filled; all of them are there at the end of saved times."""
    return jax.tree.map(lambda x: x[: int(at.filled)], at.rows)


def _outcome(problem: Solve, at: _Cursor, saved: list[Any]) -> Outcome:
    times, states, interpolation = None, None, None
    if problem.output == "times":
        times, states = np.asarray(problem.times)[: int(at.filled)], saved[-1]
    elif problem.output != "end":
        first = (np.asarray(problem.start_time), problem.start)
        joined = jax.tree.map(lambda *parts: np.concatenate(parts), *saved)
        times, states = jax.tree.map(
            lambda x, rows: np.concatenate([np.asarray(x)[None], rows]), first, joined[:2]
        )
        if problem.output == "dense":
            interpolation = _interpolation(problem, times, joined[2])
    is_unfinished = at.t < problem.stop_time and at.result == Result.successful
    return Outcome(
        times=times,
        states=states,
        last_time=at.t,
        last_state=at.state,
        result=jax.device_get(Result.max_steps) if is_unfinished else at.result,
        steps=int(at.steps),
        rejected=int(at.rejected),
        evaluations=problem.evaluations(int(at.steps), int(at.rejected)),
        interpolation=interpolation,
    )


def _interpolation(problem: Solve, times: Any, infos: Any) -> diffrax.DenseInterpolation:
    """Diffrax's interpolation, filled up to a power of two: evaluating it compiles seldom."""
    steps = len(times) - 1
    room = 2 ** math.ceil(math.log2(max(steps, 1)))
    filled = jax.tree.map(
        lambda x: np.concatenate([x, np.full((room - steps, *x.shape[1:]), np.inf, x.dtype)]),
        (times, infos),
    )
    return diffrax.DenseInterpolation(
        ts=filled[0],
        ts_size=np.asarray(len(times)),
        infos=filled[1],
        interpolation_cls=problem.solver.interpolation_cls,
        direction=np.asarray(1),
        t0_if_trivial=np.asarray(problem.start_time),
        y0_if_trivial=jax.device_get(problem.start),
    )
