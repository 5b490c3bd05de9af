"""Flows with adaptive steps, by Diffrax: what is to be solved, and `diffeqsolve` inside a trace.

`driving.py` does the same on the host.
"""

from typing import Any, Literal

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer

from thalweg.core.codes import Result
from thalweg.core.trees import replace
from thalweg.dynamics import Flow
from thalweg.simulation.controller import Guarded, resolution
from thalweg.simulation.methods import AdaptiveMethod
from thalweg.simulation.outcome import Outcome, masked
from thalweg.simulation.settled import Settled, all_finite, rms
from thalweg.simulation.tangents import Loops, with_tangent

# How many shortest steps a rejected step may still be away from what rejects it, with room.
PROBE = 32

# The loops over the stages of a step, by how a run is differentiated.
_LOOPS: dict[Any, Loops] = {diffrax.ForwardMode: "lax", diffrax.DirectAdjoint: "bounded"}

Output = Literal["end", "times", "steps", "dense"]


class Solve(eqx.Module):
    """An initial value problem, its solver and what to save; all numbers are arrays.

    Attributes:
        flow: the flow.
        start: its state at `start_time`.
        start_time: where time begins.
        stop_time: where it ends.
        times: when to save, shape `(n,)`, for the output `"times"`.
        controller: the control of steps, with the tolerances.
        solver: the Diffrax solver.
        until: when to stop early, or None.
        output: what to save.
    """

    flow: Flow
    start: Any
    start_time: Any
    stop_time: Any
    times: Any
    controller: Guarded
    solver: Any
    until: Settled | None
    output: Output = eqx.field(static=True)

    @property
    def term(self) -> diffrax.ODETerm:
        """The velocity as Diffrax takes it: the flow is the argument."""
        return diffrax.ODETerm(_velocity)

    def is_at_rest(self, t: Any, state: Any) -> Any:
        """Truth: the run may stop here; False where it never may."""
        if self.until is None:
            return False
        return self.until.is_at_rest(self.flow.velocity(t, state), state)

    def evaluations(self, steps: Any, rejected: Any) -> Any:
        """Number of evaluations of the velocity; None for an implicit solver."""
        if isinstance(self.solver, diffrax.AbstractImplicitSolver):
            return None
        tableau = self.solver.tableau
        # Two to choose the first step; "first same as last" solvers reuse a stage ever after.
        a_step, once = (tableau.num_stages - 1, 3) if tableau.fsal else (tableau.num_stages, 2)
        checks = 0 if self.until is None else steps + 1
        return once + a_step * (steps + rejected) + checks


def solve(problem: Solve, method: AdaptiveMethod) -> Outcome:
    """Solve inside a trace; composes with `jit`, `vmap` and the derivatives of the method.

    Where a derivative is taken the steps follow a tangent as well (`tangents.py`).
    """
    return _solve(replace(problem, flow=_revealed(problem)), method=method)


def _revealed(problem: Solve) -> Flow:
    """The flow, rewritten where its velocity closes over what is being traced.

    A rule of differentiation sees arguments only. What is rewritten compiles again each time.
    """
    flow = problem.flow
    written = eqx.filter_closure_convert(
        lambda t, state: _velocity(t, state, flow), *_cast(problem.start_time, problem.start)
    )
    own = {id(leaf) for leaf in jax.tree.leaves(flow)}
    used = [leaf for leaf in jax.tree.leaves(written) if isinstance(leaf, Tracer)]
    return flow if all(id(leaf) in own for leaf in used) else _Written(written)


class _Written(Flow):
    """A flow with everything that its velocity closes over as arrays of its own."""

    velocity_fn: Any

    def velocity(self, t: Any, state: Any) -> Any:
        return self.velocity_fn(*_cast(t, state))


def _cast(t: Any, state: Any) -> tuple[Any, Any]:
    """Time and state as arrays whose types are not weak, as the program was read for."""
    return jax.tree.map(lambda x: jnp.asarray(x, x.dtype), (t, state))


@eqx.filter_custom_jvp
def _solve(problem: Solve, *, method: AdaptiveMethod) -> Outcome:
    return _solved(problem, method, problem.solver, problem.controller)


@_solve.def_jvp
def _differentiated(primals: Any, tangents: Any, *, method: AdaptiveMethod) -> Any:
    (problem,), (moves,) = primals, tangents
    is_moving = jax.tree.map(lambda t: t is not None, moves, is_leaf=lambda t: t is None)
    moving, fixed = eqx.partition(problem, is_moving)
    shape: list[Any] = []

    def run(moving: Any) -> Any:
        problem = eqx.combine(moving, fixed)
        solver, controller = with_tangent(
            problem.solver, problem.controller, moving.flow, _LOOPS.get(type(method.adjoint))
        )
        arrays, static = eqx.partition(_solved(problem, method, solver, controller), eqx.is_array)
        shape.append(static)
        return arrays

    found, change = jax.jvp(run, (moving,), (eqx.filter(moves, is_moving),))
    change = jax.tree.map(lambda x, t: t if eqx.is_inexact_array(x) else None, found, change)
    return eqx.combine(found, shape[0]), change


def _solved(problem: Solve, method: AdaptiveMethod, solver: Any, controller: Any) -> Outcome:
    if problem.output == "times":
        rows = [diffrax.SubSaveAt(ts=problem.times)]
    else:
        rows = [] if problem.output == "end" else [diffrax.SubSaveAt(t0=True, steps=1)]
    solution = diffrax.diffeqsolve(
        problem.term,
        solver,
        problem.start_time,
        problem.stop_time,
        None,
        problem.start,
        problem.flow,
        # The last time and state come along with whatever is saved.
        saveat=diffrax.SaveAt(
            subs=[*rows, diffrax.SubSaveAt(t1=True)], dense=problem.output == "dense"
        ),
        stepsize_controller=controller,
        event=None if problem.until is None else diffrax.Event(_at_rest(problem)),
        max_steps=method.limit,
        adjoint=method.adjoint,
        throw=False,
    )
    all_times, all_states = solution.ts, solution.ys
    assert all_times is not None
    assert all_states is not None
    last_time, last_state = jax.tree.map(lambda x: x[0], (all_times[-1], all_states[-1]))
    result = classify(problem, _translated(solution.result), last_time, last_state)
    times, states = None, None
    if rows:
        # Diffrax leaves infinities in the rows that the run never reached.
        reached = jnp.isfinite(all_times[0])
        states = jax.tree.map(lambda x: masked(reached, x), all_states[0])
        times = jnp.where(reached, all_times[0], jnp.nan)
    steps, rejected = (solution.stats[f"num_{kind}_steps"] for kind in ("accepted", "rejected"))
    return Outcome(
        times=times,
        states=states,
        last_time=last_time,
        last_state=last_state,
        result=result,
        steps=steps,
        rejected=rejected,
        evaluations=problem.evaluations(steps, rejected),
        interpolation=solution.interpolation,
    )


def classify(problem: Solve, result: Result, t: Any, state: Any) -> Result:
    """Tell a blow-up from a step that merely became too small.

    Where no step can be resolved any more, the run has left the finite if the state is about to
    overflow, if the velocity is not finite here or a few shortest steps on, or if it carries the
    state outward so fast that such steps change its size: for x' = c xᵖ with p > 1 that happens at
    the time of the blow-up and nowhere else. Otherwise (a velocity that jumps, a slope that is
    infinite) the step was too small.
    """
    # A code has no derivative.
    flow, t, state = jax.tree.map(
        lambda x: jax.lax.stop_gradient(x) if eqx.is_array(x) else x, (problem.flow, t, state)
    )
    step = resolution(t)
    velocity = flow.velocity(t, state)
    probe = PROBE * step
    ahead = jax.tree.map(lambda x, v: x + probe * v, state, velocity)
    is_broken = ~all_finite(velocity) | ~all_finite(flow.velocity(t + probe, ahead))
    is_huge = ~jnp.isfinite(rms(state))  # its square overflows
    outward = sum(
        jnp.sum(x * v)
        for x, v in zip(jax.tree.leaves(state), jax.tree.leaves(velocity), strict=True)
    )
    is_fast = (outward > 0) & (step * rms(velocity) > 1e-4 * rms(state))
    has_stopped = result == Result.step_too_small
    return Result.where(has_stopped & (is_broken | is_huge | is_fast), Result.diverged, result)


def _velocity(t: Any, state: Any, flow: Flow) -> Any:
    return jax.tree.map(lambda v, x: jnp.asarray(v, x.dtype), flow.velocity(t, state), state)


def _at_rest(problem: Solve) -> Any:
    return lambda t, state, args, **_: problem.is_at_rest(t, state)


def _translated(code: Any) -> Result:
    result = Result.successful
    for theirs, ours in (
        (diffrax.RESULTS.event_occurred, Result.settled),
        (diffrax.RESULTS.max_steps_reached, Result.max_steps),
        (diffrax.RESULTS.dt_min_reached, Result.step_too_small),
    ):
        result = Result.where(code == theirs, ours, result)
    is_known = result != Result.successful
    is_fine = code == diffrax.RESULTS.successful
    return Result.where(is_known | is_fine, result, Result.not_converged)
