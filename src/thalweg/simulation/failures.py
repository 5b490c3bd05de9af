"""Messages of failed runs: an exception on the host, `equinox.error_if` inside a trace."""

from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.codes import Result
from thalweg.core.declared import declared_energy
from thalweg.core.errors import ConvergenceError, DivergenceError, ThalwegError
from thalweg.core.tables import capitalized, counted
from thalweg.dynamics import Flow, Langevin, Phase, Rule, Underdamped
from thalweg.energies.far_out import Outlook, view_on_ray
from thalweg.simulation.adaptive import PROBE
from thalweg.simulation.controller import resolution
from thalweg.simulation.methods import AdaptiveMethod, Method, Stiff
from thalweg.simulation.trajectory import Trajectory

_MOST_SHOWN = 4  # coordinates of the last state in a message
_HOW = "`with jax.enable_x64(True):` round the call, and a float64 start"
_CURE = "Check the parameters, and that the velocity is defined there."


def failure(rule: Rule, method: Method | None, run: Trajectory, start: Any) -> ThalwegError:
    """The exception for a run that failed: where, when, and what may help."""
    name = f"simulate: {run.about.system}"
    here = f"t = {run.last_time:.12g}, where the state is {_written(run)}"
    if run.result == Result.diverged:
        departure = _departure(rule, method, run, here)
        return DivergenceError(f"{name} {departure}{_without_bound(rule, start, run)}")
    if run.result == Result.max_steps:
        tried = f"{name} used up its {counted(int(run.steps + run.rejected), 'step')} at {here}."
        return ConvergenceError(f"{tried} {_more_steps(method, run)}")
    if run.result == Result.step_too_small:
        return ConvergenceError(
            f"{name} cannot go on from {here}: the error control asks for steps shorter than "
            f"{run.last_time.dtype} resolves.{_in_float64(run)} The velocity may jump there or "
            f"have an infinite slope: smooth it, or take steps of one length (dt=…)."
        )
    return ConvergenceError(f"{name} stopped at {here}: {Result[run.result]}")


def raised_inside(run: Trajectory) -> Trajectory:
    """The trajectory, with an error inside the compiled program where it failed."""
    return eqx.error_if(
        run,
        ~run.is_fine,
        f"simulate: {run.about.system} failed inside jit or vmap: its state left the finite, its "
        f"steps ran out or became too small. Pass throw=False and look at `result`, `last_time` "
        f"and `last_state`.",
    )


def _more_steps(method: Method | None, run: Trajectory) -> str:
    """A sentence on the cure where the steps ran out, without what was done already."""
    room = f"raise max_steps (method={type(method).__name__}(max_steps=…)) or loosen rtol"
    if isinstance(method, Stiff):
        return f"{capitalized(room)}.{_in_float64(run)}"
    return (
        f"If the flow is stiff (some of it dies out much faster than the rest moves), take "
        f"method=Stiff(), --method stiff on the command line{_float64_too(run)}; else {room}."
    )


def _in_float64(run: Trajectory) -> str:
    """The advice to compute more precisely, where that was not done."""
    if run.last_time.dtype == np.float64:
        return ""
    return (
        f" {str(run.last_time.dtype).capitalize()} may be what holds it up, of stiff flows above "
        f"all: {_HOW}."
    )


def _float64_too(run: Trajectory) -> str:
    return "" if run.last_time.dtype == np.float64 else f", and in float64 ({_HOW})"


def _departure(rule: Rule, method: Method | None, run: Trajectory, here: str) -> str:
    if not isinstance(method, AdaptiveMethod):
        cure = "" if method is None else ", or take shorter steps"
        return (
            f"left the finite in step {run.steps + 1}, after {here}. Check the start and the "
            f"parameters{cure}."
        )
    assert isinstance(rule, Flow)
    step = PROBE * np.asarray(resolution(run.last_time))
    t, ahead = run.last_time, run.last_state
    for word in ("at", "just after"):
        velocity = rule.velocity(t, ahead)
        broken = [x[~np.isfinite(x)] for x in map(np.asarray, jax.tree.leaves(velocity))]
        if any(x.size for x in broken):
            worst = next(x[0] for x in broken if x.size)
            return f"has a velocity that is not finite ({worst}) {word} {here}. {_CURE}"
        t, ahead = t + step, jax.tree.map(lambda x, v: x + step * v, ahead, velocity)
    return (
        f"left the finite at {here}: the last finite one. If its solution blows up there, stop "
        f"before; else check the start and the parameters.{_in_float64(run)}"
    )


def _without_bound(rule: Rule, start: Any, run: Trajectory) -> str:
    """A sentence on the energy of Langevin's rules, where it falls without end that way."""
    energy, last = declared_energy(rule), run.last_state
    if energy is None or not isinstance(rule, Langevin | Underdamped):
        return ""
    if isinstance(last, Phase):
        start, last = Phase(*start).position, last.position
    if view_on_ray(energy, start, last, 0.0) is not Outlook.FALLS:
        return ""
    return (
        " Its energy is unbounded below that way, so that there is no law to come to: add what "
        "holds the state."
    )


def _written(run: Trajectory) -> str:
    """The last state, or the beginning of a long one."""
    names, values = run.names, run.layout.flatten(run.last_state)[:_MOST_SHOWN]
    shown = [f"{name} = {value:.6g}" for name, value in zip(names, values, strict=False)]
    return ", ".join(shown) + (", …" if len(names) > _MOST_SHOWN else "")
