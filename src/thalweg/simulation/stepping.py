"""Steps of one length, many of them in a row.

Inside somebody's trace a `lax.scan` does it, so that gradients of both kinds can be taken. On the
host a loop that can stop early, and pause to report progress; the number of steps is a number there
and does not compile again.
"""

import math
import operator
import time
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.codes import Result
from thalweg.core.progress import Progress
from thalweg.core.trees import has_tracer, replace
from thalweg.simulation.outcome import SEGMENT_SECONDS, Outcome, first_budget, masked
from thalweg.simulation.settled import Settled, all_finite
from thalweg.simulation.steppers import Stepper

_ROOM = 4096  # states that are kept between two looks from the host; one size for all lengths


class _Cursor(eqx.Module):
    """Carry of the last finite state, after `index` steps.

    The result is `successful` while it goes on.
    """

    index: Any
    carry: Any
    result: Result


def scan(stepper: Stepper, start: Any, saves: Any, count: int, until: Settled | None) -> Outcome:
    """`count` steps inside a trace.

    Arguments:
        stepper: what makes a step.
        start: the state to begin with.
        saves: after how many steps to save a row, increasing.
        count: the number of steps.
        until: when to stop early, or None.
    """
    stride = math.gcd(count, *(int(s) for s in saves)) or 1

    def one(cursor: _Cursor, _: None) -> tuple[_Cursor, None]:
        is_running = cursor.result == Result.successful
        after = _advanced(stepper, until, cursor)
        return jax.tree.map(lambda a, b: jnp.where(is_running, a, b), after, cursor), None

    def block(cursor: _Cursor, _: None) -> tuple[_Cursor, tuple[Any, Any]]:
        cursor, _ = jax.lax.scan(one, cursor, None, length=stride)
        return cursor, (cursor.index, stepper.state(cursor.carry))

    first = _first(stepper, start)
    last, rows = jax.lax.scan(block, first, None, length=count // stride)
    rows = jax.tree.map(
        lambda x, later: jnp.concatenate([jnp.asarray(x)[None], later])[saves // stride],
        (first.index, start),
        rows,
    )
    reached = rows[0] == saves
    times = stepper.time(saves)
    unreached = -1 if jnp.issubdtype(times.dtype, jnp.integer) else jnp.nan
    return Outcome(
        times=jnp.where(reached, times, unreached),
        states=jax.tree.map(lambda x: masked(reached, x), rows[1]),
        last_time=stepper.time(last.index),
        last_state=stepper.state(last.carry),
        result=last.result,
        steps=last.index,
        rejected=jnp.zeros_like(last.index),
        evaluations=_times(stepper.evaluations, last.index),
    )


def march(
    stepper: Stepper, start: Any, saves: Any, count: int, until: Settled | None, label: str
) -> Outcome | None:
    """`count` steps on the host, reporting progress; arguments as for `scan`.

    Returns:
        The run as NumPy arrays, without the rows it never reached; None if something that the rule
        closes over is being traced, so that only `scan` can do it.
    """
    # The room is a power of two, so that runs of similar length share one compiled program.
    room = min(2 ** math.ceil(math.log2(len(saves) + 1)), _ROOM)
    budget, rows = first_budget(start), []
    cursor = _not_begun(stepper, start)
    with Progress(label, count) as progress:
        while True:
            begin = max(int(cursor.index), 0)
            due = saves[(saves > begin) & (saves <= begin + budget)][: room - 1]
            stop = due[-1] if len(due) == room - 1 else min(begin + budget, count)
            gaps = np.zeros(room, np.int32)
            gaps[: len(due) + 1] = np.diff([begin, *due, stop])
            clock = time.monotonic()
            traced = _march(stepper, until, start, cursor, gaps)
            if has_tracer(traced):
                return None
            cursor, last, states = jax.device_get(traced)
            filled = np.sum(due <= cursor.index)
            rows.append(jax.tree.map(operator.itemgetter(slice(filled)), states))
            if cursor.result != Result.successful or cursor.index >= count:
                break
            progress.update(int(cursor.index))
            # Fewer pauses for fast steps; the numbers do not depend on where it pauses.
            budget *= 2 if time.monotonic() - clock < SEGMENT_SECONDS else 1
    return _outcome(stepper, start, saves, cursor, last, rows)


@eqx.filter_jit
def _march(stepper: Stepper, until: Settled | None, start: Any, cursor: _Cursor, gaps: Any) -> Any:
    """Go on by each of `gaps` steps in turn, from the start if the run has not begun.

    Returns:
        Where it ended, the state there, and the state after each gap.
    """
    cursor = jax.lax.cond(cursor.index < 0, lambda: _first(stepper, start), lambda: cursor)

    def pass_gap(cursor: _Cursor, gap: Any) -> tuple[_Cursor, Any]:
        stop = cursor.index + gap

        def goes_on(c: _Cursor) -> Any:
            return (c.index < stop) & (c.result == Result.successful)

        cursor = jax.lax.while_loop(goes_on, lambda c: _advanced(stepper, until, c), cursor)
        return cursor, stepper.state(cursor.carry)

    cursor, states = jax.lax.scan(pass_gap, cursor, gaps)
    return cursor, stepper.state(cursor.carry), states


def _advanced(stepper: Stepper, until: Settled | None, c: _Cursor) -> _Cursor:
    """One step on; where that leaves the finite, the last finite state stays."""
    new = jax.tree.map(_typed_like, stepper.step(c.index, c.carry), c.carry)
    state = stepper.state(new)
    is_finite = all_finite(state)
    result = Result.where(is_finite, Result.successful, Result.diverged)
    if until is not None:
        is_at_rest = until.is_at_rest(stepper.change(c.index, c.carry, new), state)
        result = Result.where(is_finite & is_at_rest, Result.settled, result)
    carry = jax.tree.map(lambda n, x: jnp.where(is_finite, n, x), new, c.carry)
    return _Cursor(c.index + is_finite, carry, result)


def _typed_like(new: Any, old: Any) -> Any:
    return jnp.asarray(new, old.dtype)


def _first(stepper: Stepper, start: Any) -> _Cursor:
    start = jax.tree.map(jnp.asarray, start)
    carry = jax.tree.map(jnp.asarray, stepper.init(start))
    result = Result.where(all_finite(start), Result.successful, Result.diverged)
    return _Cursor(jnp.int32(0), carry, result)


def _not_begun(stepper: Stepper, start: Any) -> _Cursor:
    """A cursor of the right shapes on the host, after −1 steps; making it compiles nothing."""
    shapes = eqx.filter_eval_shape(_first, stepper, start)
    zeros = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shapes)
    return replace(zeros, index=np.int32(-1))


def _times(evaluations: int | None, steps: Any) -> Any:
    return None if evaluations is None else steps * evaluations


def _outcome(
    stepper: Stepper, start: Any, saves: Any, last: _Cursor, state: Any, rows: list[Any]
) -> Outcome:
    states = jax.tree.map(lambda *parts: np.concatenate(parts), *rows)
    if saves[0] == 0:
        states = jax.tree.map(
            lambda x, later: np.concatenate([np.asarray(x)[None], later]), start, states
        )
    index = int(last.index)
    return Outcome(
        times=stepper.time(saves[saves <= index]),
        states=states,
        last_time=stepper.time(index),
        last_state=state,
        result=last.result,
        steps=index,
        rejected=0,
        evaluations=_times(stepper.evaluations, index),
    )
