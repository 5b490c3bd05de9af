"""Requests to `simulate`: how far to run, by which method, when to stop and what to save."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from thalweg.core.checks import check_made
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import has_tracer, is_integer
from thalweg.simulation.adaptive import Output
from thalweg.simulation.ito_methods import EulerMaruyama, ItoMethod
from thalweg.simulation.methods import Adaptive, AdaptiveMethod, FixedStep, RungeKutta4
from thalweg.simulation.settled import Settled, as_scalar

DEFAULT_POINTS = 201  # of a trajectory where none are asked for: 200 equal parts, a smooth curve
_WHAT_FOR = {
    "method": "flows and diffusions",
    "dt": "flows and diffusions",
    "rtol": "flows",
    "atol": "flows",
    "until": "rules without chance",
}
_WHY_NOT = {"until": ", which may stand still and move on"}
_MODES = ("steps", "dense", "end")


class Request(NamedTuple):
    """Arguments of `simulate` by their names, the rule and the start looked at."""

    rule: Any
    start: Any
    duration: Any
    steps: Any
    until: Any
    save: Any
    dt: Any
    rtol: Any
    atol: Any
    key: Any
    method: Any
    t0: Any

    @property
    def dtype(self) -> Any:
        """Of the start."""
        return jax.tree.leaves(self.start)[0].dtype


def refuse(asked: Request, *names: str) -> None:
    """Refuse arguments that such a rule has no use for.

    Raises:
        InputError: one of them is given.
    """
    rule = asked.rule
    for name in names:
        if getattr(asked, name) is not None:
            why = _WHY_NOT.get(name, "")
            raise InputError(
                f"simulate: {name} is for {_WHAT_FOR[name]}, and {type(rule).__name__} is a "
                f"{rule.rule_kind}{why}: leave it out."
            )


def flow_method(asked: Request) -> AdaptiveMethod | FixedStep:
    """The method for a flow.

    Raises:
        InputError: something is given that the method has no use for, or it is none for flows.
    """
    method, dt = asked.method, asked.dt
    check_made("simulate: method", method)
    if method is not None and not isinstance(method, AdaptiveMethod | FixedStep):
        raise InputError(
            f"simulate: method must be Adaptive(), Stiff(), RungeKutta4(dt) or Euler(dt) of "
            f"thalweg.simulation, got {method!r}."
        )
    if dt is not None and method is not None:
        raise InputError(
            "simulate: give either dt, which means RungeKutta4(dt), or a method, not both."
        )
    chosen = method or (RungeKutta4(dt) if dt is not None else Adaptive())
    if isinstance(chosen, FixedStep) and not (asked.rtol is None and asked.atol is None):
        raise InputError(
            f"simulate: rtol and atol are for adaptive methods, and {type(chosen).__name__} takes "
            f"steps of one length: leave them out, or leave out dt."
        )
    return chosen


def ito_method(asked: Request) -> ItoMethod:
    """The method for a diffusion.

    Raises:
        InputError: there is neither a step nor a method, or the method is none for diffusions.
    """
    method, dt = asked.method, asked.dt
    check_made("simulate: method", method)
    if method is not None and not isinstance(method, ItoMethod):
        raise InputError(
            f"simulate: {type(asked.rule).__name__} is a diffusion, so method must be "
            f"EulerMaruyama(dt) or Milstein(dt), got {method!r}."
        )
    if (dt is None) == (method is None):
        raise InputError(
            f"simulate: {type(asked.rule).__name__} is a diffusion, so give dt=…, the length of "
            f"its steps, which means EulerMaruyama(dt), or a method (exactly one of the two)."
        )
    return method or EulerMaruyama(dt)


def step_count(asked: Request, dt: Any) -> int:
    """Number of steps of one length: of `dt`, or of a rule without continuous time.

    Raises:
        InputError: neither or both are given, or what is given is not a whole positive number of
            steps.
    """
    rule, duration, steps = asked.rule, asked.duration, asked.steps
    if dt is None and duration is not None:
        raise InputError(
            f"simulate: {type(rule).__name__} is a {rule.rule_kind}, so give steps=… instead of "
            f"duration."
        )
    if (duration is None) == (steps is None):
        raise InputError("simulate: give either duration or steps (exactly one of the two).")
    if steps is not None:
        if not _is_count(steps):
            raise InputError(f"simulate: steps must be a positive whole number, got {steps!r}.")
        return int(steps)
    if has_tracer(duration, dt):
        raise InputError(
            "simulate: with steps of one length, inside jit, their number must be known: give "
            "steps=… instead of duration."
        )
    _check_positive("duration", duration)
    assert dt is not None
    exact = float(np.asarray(duration)) / float(dt)
    count = round(exact)
    if count < 1 or abs(exact - count) > 1e-6 * count:
        raise InputError(
            f"simulate: duration = {duration} is not a whole number of steps dt = {dt} (it is "
            f"{exact:.6g} of them). Give duration = {max(count, 1) * float(dt):.12g}, or steps=…."
        )
    return count


def time_span(asked: Request) -> tuple[Any, Any]:
    """The start and the end in time of an adaptive run.

    Raises:
        InputError: there is no duration, or it is not positive and finite.
    """
    duration, t0, dtype = asked.duration, asked.t0, asked.dtype
    if asked.steps is not None:
        raise InputError(
            f"simulate: {type(asked.rule).__name__} is a flow followed with adaptive steps, so "
            f"give duration=… instead of steps (or dt=…, for steps of one length)."
        )
    if duration is None:
        limit = " With until, it is the longest time to wait."
        raise InputError(f"simulate: give duration=…, how long to follow the flow.{limit}")
    _check_positive("duration", duration)
    start, length = as_scalar(t0, dtype), as_scalar(duration, dtype)
    stop = start + length
    if not has_tracer(start, stop):
        stop = np.asarray(stop, dtype)
        if not start < stop:
            raise InputError(
                f"simulate: duration = {duration} is lost in the rounding of t0 = {t0} in "
                f"{np.dtype(dtype).name}."
            )
    return start, stop


def saved_steps(save: Any, count: int) -> np.ndarray:
    """After how many steps to save.

    Raises:
        InputError: `save` is no way to save such a run.
    """
    if save is None or _is_mode(save, "steps"):
        return np.arange(count + 1)
    if _is_mode(save, "end"):
        return np.asarray([count])
    if _is_mode(save, "dense"):
        raise InputError(
            'simulate: save="dense" is for adaptive methods: between the steps of a map or of a '
            "method with steps of one length nothing is known."
        )
    if is_integer(save):
        if not 2 <= save <= count + 1:
            raise InputError(
                f"simulate: save = {save} points cannot be had from {counted(count, 'step')}; "
                f'give 2 to {count + 1}, or save="end".'
            )
        return np.round(np.linspace(0, count, save)).astype(int)
    wanted = _times(save)
    if np.any(wanted != np.round(wanted)) or np.any(np.diff(wanted) <= 0):
        raise InputError(f"simulate: save must hold increasing numbers of steps, got {save!r}.")
    if wanted[0] < 0 or wanted[-1] > count:
        raise InputError(
            f"simulate: save must lie within 0 and {counted(count, 'step')}, got {save!r}."
        )
    return wanted.astype(int)


def saved_times(save: Any, start: Any, stop: Any, dtype: Any) -> tuple[Output, Any]:
    """Output of an adaptive run, and its times.

    Raises:
        InputError: `save` is no way to save a run, or its times are unsorted or outside.
    """
    if isinstance(save, str) and save in _MODES:
        return save, None  # type: ignore[return-value]
    if save is None or is_integer(save):
        count = DEFAULT_POINTS if save is None else int(save)
        if count < 2:
            raise InputError(f'simulate: save = {save} must be at least 2 points, or save="end".')
        if has_tracer(start, stop):
            return "times", jnp.linspace(start, stop, count, dtype=dtype)
        return "times", np.linspace(start, stop, count, dtype=dtype)
    if isinstance(save, Tracer):
        return "times", save.astype(dtype)
    times = _times(save).astype(dtype)
    if np.any(np.diff(times) <= 0):
        raise InputError(f"simulate: the times to save must increase, got {save!r}.")
    if not has_tracer(start, stop) and (times[0] < start or times[-1] > stop):
        raise InputError(
            f"simulate: the times to save must lie within {start:g} and {stop:g}, got "
            f"{times[0]:g} to {times[-1]:g}."
        )
    return "times", times


def tolerances(rtol: Any, atol: Any, dtype: Any) -> tuple[Any, Any]:
    """The tolerances of adaptive steps, as arrays; 1e-6 unless the dtype resolves less.

    Raises:
        InputError: one is not positive (`atol` may be zero).
    """
    if rtol is None:
        rtol = max(1e-6, 100 * float(jnp.finfo(dtype).eps))
    _check_positive("rtol", rtol)
    if atol is None:
        atol = 1e-3 * rtol
    elif isinstance(atol, Tracer) or atol != 0:
        _check_positive("atol", atol)
    return as_scalar(rtol, dtype), as_scalar(atol, dtype)


def checked_until(until: Any) -> Settled | None:
    """Condition of an early stop, checked.

    Raises:
        InputError: it is neither None, "settled" nor a Settled object.
    """
    if until is None or isinstance(until, Settled):
        return until
    if _is_mode(until, "settled"):
        return Settled()
    check_made("simulate: until", until)
    raise InputError(
        f'simulate: until must be "settled" or Settled(rtol, atol) of thalweg.simulation, got '
        f"{until!r}."
    )


def _check_positive(name: str, value: Any) -> None:
    if isinstance(value, Tracer):
        return
    try:
        number = float(np.asarray(value) + 0.0)  # of a text there is no sum
    except (TypeError, ValueError) as error:
        raise InputError(f"simulate: {name} must be a number, got {value!r}.") from error
    if not 0 < number < float("inf"):
        cure = " To go back in time, follow the flow of −f." if number < 0 else ""
        raise InputError(f"simulate: {name} must be positive and finite, got {value}.{cure}")


def _is_count(value: Any) -> bool:
    """True for a whole number from 1 on that int32 holds, also one that is written as a float."""
    if isinstance(value, Tracer) or np.ndim(value) or np.asarray(value).dtype.kind not in "iuf":
        return False
    return value == np.floor(value) and 1 <= value < 2**31


def _is_mode(value: Any, mode: str) -> bool:
    return isinstance(value, str) and value == mode


def _times(save: Any) -> np.ndarray:
    try:
        times = np.asarray(save, dtype=float)
    except (TypeError, ValueError):
        times = np.asarray(np.nan)
    if times.ndim != 1 or not len(times) or not np.all(np.isfinite(times)):
        raise InputError(
            f"simulate: save must be a number of points, an array of times, "
            f'"steps", "dense" or "end", got {save!r}.'
        )
    return times
