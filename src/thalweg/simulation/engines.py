"""Engines: how each kind of rule is run. A new kind is a new function and a row of `ENGINES`."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from thalweg.core.trees import as_arrays, has_tracer
from thalweg.simulation.adaptive import Solve, solve
from thalweg.simulation.controller import Guarded
from thalweg.simulation.driving import drive
from thalweg.simulation.methods import AdaptiveMethod, Method
from thalweg.simulation.outcome import Outcome
from thalweg.simulation.requests import (
    Request,
    flow_method,
    ito_method,
    refuse,
    saved_steps,
    saved_times,
    step_count,
    time_span,
    tolerances,
)
from thalweg.simulation.settled import as_scalar, with_defaults
from thalweg.simulation.steppers import (
    DiffusionSteps,
    FlowSteps,
    KernelSteps,
    MapSteps,
    Stepper,
)
from thalweg.simulation.stepping import march, scan


def run_flow(asked: Request) -> tuple[Outcome, Method | None]:
    """Follow a flow with adaptive steps, or with steps of one length."""
    method = flow_method(asked)
    if isinstance(method, AdaptiveMethod):
        return _follow(asked, method), method
    dtype = asked.dtype
    dt, start_time = as_scalar(method.step_size, dtype), as_scalar(asked.t0, dtype)
    stepper = FlowSteps(asked.rule, as_arrays(method), start_time, dt)
    return _repeat(asked, stepper, step_count(asked, method.step_size)), method


def run_map(asked: Request) -> tuple[Outcome, Method | None]:
    """Apply a map."""
    refuse(asked, "method", "dt", "rtol", "atol")
    stepper = MapSteps(asked.rule, as_scalar(asked.t0, np.int32))
    return _repeat(asked, stepper, step_count(asked, None)), None


def run_diffusion(asked: Request) -> tuple[Outcome, Method | None]:
    """Follow a diffusion with steps of one length."""
    refuse(asked, "until", "rtol", "atol")
    method, dtype = ito_method(asked), asked.dtype
    dt, start_time = as_scalar(method.step_size, dtype), as_scalar(asked.t0, dtype)
    stepper = DiffusionSteps(asked.rule, as_arrays(method), start_time, dt, asked.key)
    return _repeat(asked, stepper, step_count(asked, method.step_size)), method


def run_kernel(asked: Request) -> tuple[Outcome, Method | None]:
    """Draw from a kernel, each state from the one before."""
    refuse(asked, "until", "method", "dt", "rtol", "atol")
    stepper = KernelSteps(asked.rule, as_scalar(asked.t0, np.int32), asked.key)
    return _repeat(asked, stepper, step_count(asked, None)), None


ENGINES: dict[str, Callable[[Request], tuple[Outcome, Method | None]]] = {
    "flow": run_flow,
    "map": run_map,
    "diffusion": run_diffusion,
    "kernel": run_kernel,
}


def _follow(asked: Request, method: AdaptiveMethod) -> Outcome:
    """Follow a flow with adaptive steps: on the host if nothing is traced."""
    span = time_span(asked)
    output, times = saved_times(asked.save, *span, asked.dtype)
    rtol, atol = tolerances(asked.rtol, asked.atol, asked.dtype)
    until = asked.until
    if until is not None:
        # The solver's own errors keep a state near rest from being more at rest than this.
        until = with_defaults(until, 10 * rtol, rtol.dtype)
    problem = Solve(
        flow=asked.rule,
        start=asked.start,
        start_time=span[0],
        stop_time=span[1],
        times=times,
        controller=Guarded(rtol, atol),
        solver=method.solver_for(rtol, atol),
        until=until,
        output=output,
    )
    if not has_tracer(problem):
        outcome = drive(problem, method.limit, _label(asked))
        if outcome is not None:
            return outcome
    return solve(problem, method)


def _repeat(asked: Request, stepper: Stepper, count: int) -> Outcome:
    """Take steps of one length: on the host if nothing is traced."""
    saves, until = saved_steps(asked.save, count), asked.until
    if until is not None:
        least = max(1e-9, 10 * float(jnp.finfo(asked.dtype).eps))
        until = with_defaults(until, least, asked.dtype)
    if not has_tracer(stepper, asked.start, until):
        outcome = march(stepper, asked.start, saves, count, until, _label(asked))
        if outcome is not None:
            return outcome
    return scan(stepper, asked.start, saves, count, until)


def _label(asked: Request) -> str:
    """Label of the progress."""
    return f"simulate {type(asked.rule).__name__}"
