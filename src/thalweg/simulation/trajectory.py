"""The result of running a rule."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import About
from thalweg.core.codes import Result, code_name
from thalweg.core.errors import InputError
from thalweg.core.labelled import dataset
from thalweg.core.plain import array, layout_of, structure
from thalweg.core.reports import Table, TableReport, about_in
from thalweg.core.tables import counted, state_table
from thalweg.core.trees import Layout, has_tracer
from thalweg.dynamics import WORDS, Rule
from thalweg.simulation.outcome import Outcome


class Trajectory(TableReport, eqx.Module):
    """A run of a rule: when, where, and how it ended.

    NumPy arrays, without the points that were never reached; inside `jit`, `vmap` or `grad` traced
    arrays of the full length, where those points hold NaN (and −1 for the times of a map). A run
    that settled has the point of rest as its last one.

    Attributes:
        times: when the states were saved, shape `(n,)`: numbers for a flow or a diffusion, step
            counts for a map or a kernel.
        states: the states, a pytree like the start with a first axis of n.
        last_time: the time of the last state reached; where a run diverged, the last time at which
            its state was finite.
        last_state: that state: of a failed run, the last one before it failed.
        result: how the run ended, a `thalweg.Result`.
        steps: how many steps were made.
        rejected: how many more were tried and rejected.
        evaluations: how often the velocity or the map was evaluated; None for an implicit method.
        interpolation: what `evaluate` uses; None unless saved with `save="dense"`.
        about: what was run, with the `state_names` that the rule declares.
    """

    times: Any
    states: Any
    last_time: Any
    last_state: Any
    result: Result
    steps: Any
    rejected: Any
    evaluations: Any
    interpolation: Any = eqx.field(compare=False)
    about: About = eqx.field(static=True)

    @property
    def final(self) -> Any:
        """The state at the end, or at rest; NaN where the run failed before (see `last_state`)."""
        xp = jnp if _is_jax(self) else np
        fine = xp.asarray(self.is_fine)

        def at_end(x: Any) -> Any:
            lanes = fine.reshape(fine.shape + (1,) * (np.ndim(x) - fine.ndim))
            return xp.where(lanes, x, xp.asarray(np.nan, x.dtype))

        return jax.tree.map(at_end, self.last_state)

    @property
    def settled(self) -> Any:
        """Truth: it came to rest before its end (asked for with `until`)."""
        return self.result == Result.settled

    @property
    def is_fine(self) -> Any:
        """Truth: it reached its end or came to rest."""
        return _is_fine(self.result)

    @property
    def statistics(self) -> dict[str, Any]:
        """Steps made, steps rejected, and evaluations of the rule."""
        return {
            "steps": self.steps,
            "rejected": self.rejected,
            "evaluations": self.evaluations,
        }

    def __len__(self) -> int:
        """The number of saved points."""
        return int(np.shape(self.times)[-1])

    def evaluate(self, t: Any) -> Any:
        """The state between the steps, by the solver's own interpolation.

        Arguments:
            t: a time, or an array of times of shape `(m,)`; NaN results outside the run.

        Returns:
            The state at `t`, with a first axis of m for an array of times.

        Raises:
            InputError: the run was not saved with `save="dense"`.
        """
        if self.interpolation is None:
            raise InputError(
                "Trajectory.evaluate: nothing was saved between the steps; simulate with "
                'save="dense".'
            )
        result = _evaluate(self.interpolation, t if _is_jax(t) else np.asarray(t))
        return result if _is_jax(self) else jax.tree.map(np.asarray, result)

    @property
    def layout(self) -> Layout:
        """The layout of its states (of one run, that is, not of a batch)."""
        return Layout.of(self.last_state)

    @property
    def names(self) -> list[str]:
        """One label a coordinate: as declared, else `x[0]`, `x[1]`, …."""
        return list(self.about.names) or self.layout.labels()

    def data(self) -> dict[str, Any]:
        """The run as JSON-ready data (which may hold NaN and infinities).

        Keys: `times`; `states`, one list of coordinates a time; `final`; `last_time`; `last_state`;
        `result`, the name of the result code; `message`, its sentence; `settled`; `statistics`;
        `dtypes` of the times and of each leaf of the states; `structure`, how these are nested, or
        None where one is one vector. What `evaluate` uses is not kept.

        Raises:
            InputError: this is a batch of runs.
        """
        if not self._is_one_run:
            raise InputError(
                "Trajectory.to_dict: expected one run, got a batch or a trace; take a run of it."
            )
        layout = self.layout
        leaves = jax.tree.leaves(self.states)
        return {
            "times": _plain(self.times),
            "states": _plain(layout.flatten(self.states)),
            "final": _plain(layout.flatten(self.final)),
            "last_time": _plain(self.last_time),
            "last_state": _plain(layout.flatten(self.last_state)),
            "result": code_name(self.result),
            "message": Result[self.result],
            "settled": bool(self.settled),
            "statistics": {k: v if v is None else int(v) for k, v in self.statistics.items()},
            "dtypes": [str(np.asarray(leaf).dtype) for leaf in (self.times, *leaves)],
            "structure": structure(layout),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Trajectory":
        """The run that `to_dict` wrote, without what `evaluate` uses."""
        last = array(data["last_state"])
        layout = layout_of(data["structure"], last.shape[-1])
        time, *kinds = data["dtypes"]

        def nested(flat: np.ndarray) -> Any:
            leaves, treedef = jax.tree.flatten(layout.unflatten(flat))
            cast = [leaf.astype(kind) for leaf, kind in zip(leaves, kinds, strict=True)]
            return jax.tree.unflatten(treedef, cast)

        return cls(
            times=array(data["times"]).astype(time),
            states=nested(array(data["states"]).reshape(-1, layout.size)),
            last_time=array(data["last_time"]).astype(time),
            last_state=nested(last),
            result=getattr(Result, data["result"]),
            **{name: data["statistics"][name] for name in ("steps", "rejected", "evaluations")},
            interpolation=None,
            about=about_in(data, about),
        )

    def to_xarray(self) -> Any:
        """The run as an `xarray.Dataset`: a variable a leaf of the state, along `time`.

        A state that is one vector is the variable `state`, along `time` and `coordinate`, whose
        labels are the names of its coordinates. How the run ended is in the attributes.

        Raises:
            InputError: xarray is not installed, or this is a batch of runs.
        """
        if not self._is_one_run:
            raise InputError("Trajectory.to_xarray: expected one run, got a batch or a trace.")
        told = {"system": self.about.system, "rule": self.about.rule_kind}
        told |= {"result": code_name(self.result), "message": Result[self.result]}
        return dataset(np.asarray(self.times), self.states, self.names, told)

    @property
    def _is_one_run(self) -> bool:
        return not has_tracer(self) and not np.ndim(self.last_time)

    @property
    def title(self) -> str:
        """A line: the rule, the number of points, and the end of the run."""
        of = f"Trajectory of {self.about.system} ({self.about.rule_kind})"
        if not self._is_one_run:
            return f"{of}, batched or traced"
        is_timed = WORDS[self.about.rule_kind].is_continuous
        end = f"t = {self.last_time:g}" if is_timed else f"step {self.last_time}"
        return f"{of}: {counted(len(self), 'point')} to {end}"

    def table(self) -> Table | None:
        """The last state, one coordinate a column; None of a batch."""
        if not self._is_one_run:
            return None
        header, row = state_table(self.last_state, self.about.names)
        return ["", *header], [["last state", *row]]

    def remarks(self) -> list[str]:
        """Sentences on how it ended, and on its cost."""
        if not self._is_one_run:
            return [f"Times of shape {np.shape(self.times)}."]
        counts = [counted(int(self.steps), "step")]
        counts += [f"{self.rejected:,} rejected"] if self.rejected else []
        counts += [] if self.evaluations is None else [counted(int(self.evaluations), "evaluation")]
        return [Result[self.result], f"{', '.join(counts)}."]


def make_trajectory(outcome: Outcome, rule: Rule, labels: tuple[str, ...] | None) -> Trajectory:
    """The trajectory of an outcome: its end is the only row, or the point of rest is the last."""
    traced = _is_jax(outcome)
    if outcome.times is None:
        times, states = _only_end(outcome, traced)
    elif traced:
        times, states = _rest_in_row(outcome)
    else:
        times, states = _rest_appended(outcome)
    return Trajectory(
        times=times,
        states=states,
        last_time=outcome.last_time,
        last_state=outcome.last_state,
        result=outcome.result,
        steps=outcome.steps,
        rejected=outcome.rejected,
        evaluations=outcome.evaluations,
        interpolation=outcome.interpolation,
        about=About(type(rule).__name__, rule.rule_kind, labels or ()),
    )


def _is_jax(tree: Any) -> bool:
    """True if a run was made inside a trace: the host makes NumPy arrays."""
    return any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(tree))


def _is_fine(result: Result) -> Any:
    return (result == Result.successful) | (result == Result.settled)


def _only_end(outcome: Outcome, traced: bool) -> tuple[Any, Any]:
    fine, end = _is_fine(outcome.result), (outcome.last_time, outcome.last_state)
    if not traced:
        count = int(fine)
        return jax.tree.map(lambda x: np.asarray(x)[None][:count], end)
    never = -1 if jnp.issubdtype(outcome.last_time.dtype, jnp.integer) else jnp.nan
    times = jnp.where(fine, outcome.last_time, never)[None]
    return times, jax.tree.map(lambda x: jnp.where(fine, x, jnp.nan)[None], outcome.last_state)


def _rest_appended(outcome: Outcome) -> tuple[Any, Any]:
    times, states = outcome.times, outcome.states
    is_there = len(times) and times[-1] == outcome.last_time
    if is_there or not bool(outcome.result == Result.settled):
        return times, states
    return jax.tree.map(
        lambda rows, x: np.concatenate([rows, np.asarray(x, rows.dtype)[None]]),
        (times, states),
        (outcome.last_time, outcome.last_state),
    )


def _rest_in_row(outcome: Outcome) -> tuple[Any, Any]:
    """The first row that was not reached holds the point of rest."""
    times = outcome.times
    reached = times >= 0 if jnp.issubdtype(times.dtype, jnp.integer) else ~jnp.isnan(times)
    is_rest = (outcome.result == Result.settled) & (jnp.arange(len(times)) == jnp.sum(reached))
    is_new = ~jnp.any(reached & (times == outcome.last_time))

    def with_rest(rows: Any, x: Any) -> Any:
        return jnp.where((is_rest & is_new).reshape((-1,) + (1,) * jnp.ndim(x)), x, rows)

    return jax.tree.map(with_rest, (times, outcome.states), (outcome.last_time, outcome.last_state))


@eqx.filter_jit
def _evaluate(interpolation: Any, t: Any) -> Any:
    return jax.vmap(interpolation.evaluate)(t) if jnp.ndim(t) else interpolation.evaluate(t)


def _plain(values: Any) -> Any:
    """Nested lists of Python numbers."""
    return np.asarray(values).tolist()
