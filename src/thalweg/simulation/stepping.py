"""Maps, and flows with steps of one length: what makes a step, and many of them in a row.

Inside somebody's trace a `lax.scan` does it, so that gradients of both kinds can be taken. On the
host a loop that can stop early, and pause to report progress; the number of steps is a number there
and does not compile again.
"""

import math
import operator
import time
from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.progress import Progress
from thalweg.core.results import Result
from thalweg.core.trees import has_tracer
from thalweg.dynamics import Flow, Map
from thalweg.simulation.methods import FixedStep
from thalweg.simulation.outcome import SEGMENT_SECONDS, Outcome, first_budget, masked
from thalweg.simulation.settled import Settled, all_finite

_ROOM = 4096


class Stepper(eqx.Module):
    """Steps counted by an index (abstract)."""

    @abstractmethod
    def time(self, index: Any) -> Any:
        """The time after `index` steps."""

    @abstractmethod
    def step(self, index: Any, state: Any) -> Any:
        """The state after the next step."""

    @abstractmethod
    def change(self, index: Any, old: Any, new: Any) -> Any:
        """What vanishes at rest, after the step that led from `old` to `new`."""

    @property
    @abstractmethod
    def evaluations(self) -> int:
        """How often a step evaluates the rule."""


class MapSteps(Stepper):
    """A map; its time is an integer that begins at `first`."""

    rule: Map
    first: Any

    def time(self, index: Any) -> Any:
        """`first + index`."""
        return self.first + index

    def step(self, index: Any, state: Any) -> Any:
        """g(t, x)."""
        return self.rule.step(self.first + index, state)

    def change(self, index: Any, old: Any, new: Any) -> Any:
        """g(t, x) − x."""
        return jax.tree.map(lambda a, b: a - b, new, old)

    @property
    def evaluations(self) -> int:
        """One."""
        return 1


class FlowSteps(Stepper):
    """A flow, by a method with steps of length `dt` from `start_time` on."""

    rule: Flow
    method: FixedStep
    start_time: Any
    dt: Any

    def time(self, index: Any) -> Any:
        """`start_time + index·dt`, which adds up no rounding errors."""
        return self.start_time + index * self.dt

    def step(self, index: Any, state: Any) -> Any:
        """One step of the method."""
        return self.method.advance(self.rule, self.time(index), state, self.dt)

    def change(self, index: Any, old: Any, new: Any) -> Any:
        """The velocity at the new state."""
        return self.rule.velocity(self.time(index + 1), new)

    @property
    def evaluations(self) -> int:
        """As the method says."""
        return self.method.evaluations


class _Cursor(eqx.Module):
    """The last finite state, after `index` steps; the result is `successful` while it goes on."""

    index: Any
    state: Any
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
        return cursor, (cursor.index, cursor.state)

    first = _first(start)
    last, rows = jax.lax.scan(block, first, None, length=count // stride)
    rows = jax.tree.map(
        lambda x, later: jnp.concatenate([jnp.asarray(x)[None], later])[saves // stride],
        (first.index, first.state),
        rows,
    )
    reached = rows[0] == saves
    times = stepper.time(saves)
    unreached = -1 if jnp.issubdtype(times.dtype, jnp.integer) else jnp.nan
    return Outcome(
        times=jnp.where(reached, times, unreached),
        states=jax.tree.map(lambda x: masked(reached, x), rows[1]),
        last_time=stepper.time(last.index),
        last_state=last.state,
        result=last.result,
        steps=last.index,
        rejected=jnp.zeros_like(last.index),
        evaluations=last.index * stepper.evaluations,
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
    cursor = jax.tree.map(np.asarray, _Cursor(np.int32(0), start, Result.successful))
    with Progress(label, count) as progress:
        while True:
            begin = int(cursor.index)
            due = saves[(saves > begin) & (saves <= begin + budget)][: room - 1]
            stop = due[-1] if len(due) == room - 1 else min(begin + budget, count)
            gaps = np.zeros(room, np.int32)
            gaps[: len(due) + 1] = np.diff([begin, *due, stop])
            clock = time.monotonic()
            traced = _march(stepper, until, cursor, gaps)
            if has_tracer(traced):
                return None
            cursor, states = jax.device_get(traced)
            filled = np.sum(due <= cursor.index)
            rows.append(jax.tree.map(operator.itemgetter(slice(filled)), states))
            if cursor.result != Result.successful or cursor.index >= count:
                break
            progress.update(int(cursor.index))
            # Fewer pauses for fast steps; the numbers do not depend on where it pauses.
            budget *= 2 if time.monotonic() - clock < SEGMENT_SECONDS else 1
    return _outcome(stepper, start, saves, cursor, rows)


@eqx.filter_jit
def _march(stepper: Stepper, until: Settled | None, cursor: _Cursor, gaps: Any) -> Any:
    """Go on by each of `gaps` steps in turn; the state after each, and where it ended."""

    def pass_gap(cursor: _Cursor, gap: Any) -> tuple[_Cursor, Any]:
        stop = cursor.index + gap

        def goes_on(c: _Cursor) -> Any:
            return (c.index < stop) & (c.result == Result.successful)

        cursor = jax.lax.while_loop(goes_on, lambda c: _advanced(stepper, until, c), cursor)
        return cursor, cursor.state

    return jax.lax.scan(pass_gap, cursor, gaps)


def _advanced(stepper: Stepper, until: Settled | None, c: _Cursor) -> _Cursor:
    """One step on; where that leaves the finite, the last finite state stays."""
    new = jax.tree.map(
        lambda n, x: jnp.asarray(n, x.dtype), stepper.step(c.index, c.state), c.state
    )
    is_finite = all_finite(new)
    result = Result.where(is_finite, Result.successful, Result.diverged)
    if until is not None:
        is_at_rest = until.is_at_rest(stepper.change(c.index, c.state, new), new)
        result = Result.where(is_finite & is_at_rest, Result.settled, result)
    state = jax.tree.map(lambda n, x: jnp.where(is_finite, n, x), new, c.state)
    return _Cursor(c.index + is_finite, state, result)


def _first(start: Any) -> _Cursor:
    result = Result.where(all_finite(start), Result.successful, Result.diverged)
    return _Cursor(jnp.int32(0), start, result)


def _outcome(stepper: Stepper, start: Any, saves: Any, last: _Cursor, rows: list[Any]) -> Outcome:
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
        last_state=last.state,
        result=last.result,
        steps=index,
        rejected=0,
        evaluations=index * stepper.evaluations,
    )
