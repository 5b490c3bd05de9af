"""The verb: a rule and a start give a trajectory."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.declared import declared_labels
from thalweg.core.ensembles import in_lane
from thalweg.core.trees import as_arrays, has_tracer
from thalweg.dynamics import Rule
from thalweg.simulation.adaptive import Output, Solve, solve
from thalweg.simulation.controller import Guarded
from thalweg.simulation.driving import drive
from thalweg.simulation.failures import failure, raised_inside
from thalweg.simulation.inputs import checked_rule, checked_start
from thalweg.simulation.methods import AdaptiveMethod, FixedStep, Method
from thalweg.simulation.outcome import Outcome
from thalweg.simulation.requests import (
    checked_until,
    chosen_method,
    saved_steps,
    saved_times,
    step_count,
    time_span,
    tolerances,
)
from thalweg.simulation.settled import Settled, as_scalar, with_defaults
from thalweg.simulation.stepping import FlowSteps, MapSteps, march, scan
from thalweg.simulation.trajectory import Trajectory, make_trajectory


def simulate(
    rule: Rule,
    start: Any,
    *,
    duration: Any = None,
    steps: int | None = None,
    until: str | Settled | None = None,
    save: Any = None,
    dt: Any = None,
    rtol: Any = None,
    atol: Any = None,
    key: jax.Array | None = None,
    throw: bool = True,
    method: Method | None = None,
    t0: Any = 0.0,
) -> Trajectory:
    """Run a rule from a start.

    A flow dx/dt = f(t, x) is followed for a `duration` with adaptive steps (Diffrax's Tsit5), or
    with steps of one length where `dt` or a `method` says so; a map x⁺ = g(t, x) is applied `steps`
    times. The run computes in the dtype of the start, whatever the precision of plain numbers among
    the rule's parameters.

    Arguments:
        rule: a `Flow` or a `Map`.
        start: the state to begin with: an array, a number, a list of numbers, or a pytree of these.
            Integers become floats. One state: for many use `thalweg.ensemble` or `jax.vmap`.
        duration: how long to follow a flow.
        steps: how often to apply a map; or, with steps of one length, how many of them to make.
        until: `"settled"`, or `Settled(rtol, atol)`, to stop early when the state has come to rest;
            `duration` or `steps` is then the longest to wait.
        save: which states to keep. A number n: n equally spaced points, both ends included. An
            array of increasing times (with steps of one length: of numbers of steps). `"steps"`:
            every step. `"dense"`: every step, and what `Trajectory.evaluate` needs in between.
            `"end"`: the last state. None: 201 points of an adaptive run, every step of others.
        dt: steps of this length by the classical Runge–Kutta method: `method=RungeKutta4(dt)`.
        rtol: the relative tolerance of adaptive steps; 1e-6 unless given, or 100 times what the
            dtype resolves where that is more (1.2e-5 in float32).
        atol: the absolute tolerance; a thousandth of `rtol` unless given.
        key: for rules that draw random numbers; an error for any other.
        throw: whether to raise when the run fails. False returns what there is, with `result`
            saying how it ended. Inside somebody's `jit` a failure raises by `equinox.error_if`,
            with less to say; inside a lane of `thalweg.ensemble` never.
        method: how to follow a flow: `Adaptive()`, `Stiff()`, `RungeKutta4(dt)`, `Euler(dt)`.
        t0: the time to begin at (of a map, a whole number): matters to rules that depend on time.

    Returns:
        A `Trajectory`.

    A run composes with `jit`, `vmap` and `grad` (`Adaptive(derivatives=…)` says which derivatives);
    inside these the values of the arguments cannot be checked. A new value of a parameter, a
    duration or a tolerance does not compile again.

    Raises:
        InputError: what is asked for makes no sense; the message says what and why.
        DivergenceError: the state left the finite; the message says when, and the last state.
        ConvergenceError: the step budget ran out, or the steps became too small to resolve.

    Example:
        >>> import thalweg as tw
        >>> class Decay(tw.Flow):
        ...     rate: float = 0.5
        ...     def velocity(self, t, state):
        ...         return -self.rate * state
        >>> run = tw.simulate(Decay(), 1.0, duration=2.0)
        >>> round(float(run.final), 4)
        0.3679
    """
    rule = checked_rule(rule, key)
    start = checked_start(rule, start)
    chosen = chosen_method(rule, method, dt, rtol, atol)
    settled = checked_until(until)
    if isinstance(chosen, AdaptiveMethod):
        dtype = jax.tree.leaves(start)[0].dtype
        span = time_span(rule, duration, steps, t0, dtype)
        saved = saved_times(save, *span, dtype)
        outcome = _follow(rule, start, chosen, settled, span, saved, tolerances(rtol, atol, dtype))
    else:
        assert chosen is None or isinstance(chosen, FixedStep)
        count = step_count(rule, chosen, duration, steps)
        outcome = _repeat(rule, start, chosen, settled, t0, count, saved_steps(save, count))
    trajectory = make_trajectory(outcome, type(rule).__name__, declared_labels(rule))
    if not throw or in_lane():
        return trajectory
    if has_tracer(trajectory):
        return raised_inside(trajectory)
    if not trajectory.is_fine:
        raise failure(rule, chosen, trajectory)
    return trajectory


def _follow(
    flow: Any,
    start: Any,
    method: AdaptiveMethod,
    until: Settled | None,
    span: tuple[Any, Any],
    saved: tuple[Output, Any],
    allowed: tuple[Any, Any],
) -> Outcome:
    """Follow a flow with adaptive steps: on the host if nothing is traced."""
    rtol, atol = allowed
    if until is not None:
        # The solver's own errors keep a state near rest from being more at rest than this.
        until = with_defaults(until, 10 * rtol, rtol.dtype)
    problem = Solve(
        flow=flow,
        start=start,
        start_time=span[0],
        stop_time=span[1],
        times=saved[1],
        controller=Guarded(rtol, atol),
        solver=method.solver_for(rtol, atol),
        until=until,
        output=saved[0],
    )
    if not has_tracer(problem):
        outcome = drive(problem, method.limit, f"simulate {type(flow).__name__}")
        if outcome is not None:
            return outcome
    return solve(problem, method)


def _repeat(
    rule: Any,
    start: Any,
    method: FixedStep | None,
    until: Settled | None,
    t0: Any,
    count: int,
    saves: np.ndarray,
) -> Outcome:
    """Apply a map, or take steps of one length: on the host if nothing is traced."""
    dtype = jax.tree.leaves(start)[0].dtype
    if until is not None:
        until = with_defaults(until, max(1e-9, 10 * float(jnp.finfo(dtype).eps)), dtype)
    if method is None:
        stepper = MapSteps(rule, as_scalar(t0, np.int32))
    else:
        dt = as_scalar(method.step_size, dtype)
        stepper = FlowSteps(rule, as_arrays(method), as_scalar(t0, dtype), dt)
    if not has_tracer(stepper, start, until):
        outcome = march(stepper, start, saves, count, until, f"simulate {type(rule).__name__}")
        if outcome is not None:
            return outcome
    return scan(stepper, start, saves, count, until)
