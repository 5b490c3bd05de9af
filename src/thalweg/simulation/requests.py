"""How far to run, by which method, when to stop and what to save: the arguments of `simulate`."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer, is_integer
from thalweg.dynamics import Rule
from thalweg.simulation.adaptive import Output
from thalweg.simulation.methods import Adaptive, FixedStep, Method, RungeKutta4
from thalweg.simulation.settled import Settled, as_scalar

DEFAULT_POINTS = 201
_MODES = ("steps", "dense", "end")


def chosen_method(rule: Rule, method: Any, dt: Any, rtol: Any, atol: Any) -> Method | None:
    """The method for a flow; None for a map.

    Raises:
        InputError: something is given that the rule or the method has no use for.
    """
    if not rule.has_continuous_time:
        for name, value in (("method", method), ("dt", dt), ("rtol", rtol), ("atol", atol)):
            if value is not None:
                raise InputError(
                    f"simulate: {name} is for flows, and {type(rule).__name__} is a map: leave it "
                    f"out."
                )
        return None
    if method is not None and not isinstance(method, Method):
        raise InputError(
            f"simulate: method must be Adaptive(), Stiff(), RungeKutta4(dt) or Euler(dt), got "
            f"{method!r}."
        )
    if dt is not None and method is not None:
        raise InputError(
            "simulate: give either dt, which means RungeKutta4(dt), or a method, not both."
        )
    chosen = method or (RungeKutta4(dt) if dt is not None else Adaptive())
    if isinstance(chosen, FixedStep) and not (rtol is None and atol is None):
        raise InputError(
            f"simulate: rtol and atol are for adaptive methods, and {type(chosen).__name__} takes "
            f"steps of one length: leave them out, or leave out dt."
        )
    return chosen


def step_count(rule: Rule, method: FixedStep | None, duration: Any, steps: Any) -> int:
    """How many steps of one length to make.

    Raises:
        InputError: neither or both are given, or what is given is not a whole positive number of
            steps.
    """
    name = type(rule).__name__
    if method is None and duration is not None:
        raise InputError(f"simulate: {name} is a map, so give steps=… instead of duration.")
    if (duration is None) == (steps is None):
        raise InputError("simulate: give either duration or steps (exactly one of the two).")
    if steps is not None:
        if isinstance(steps, Tracer) or int(steps) != steps or steps < 1 or steps >= 2**31:
            raise InputError(f"simulate: steps must be a positive whole number, got {steps}.")
        return int(steps)
    assert method is not None
    dt = method.step_size
    if has_tracer(duration, dt):
        raise InputError(
            "simulate: with steps of one length, inside jit, their number must be known: give "
            "steps=… instead of duration."
        )
    _check_positive("duration", duration)
    exact = float(np.asarray(duration)) / float(dt)
    count = round(exact)
    if count < 1 or abs(exact - count) > 1e-6 * count:
        raise InputError(
            f"simulate: duration = {duration} is not a whole number of steps dt = {dt} (it is "
            f"{exact:.6g} of them). Give duration = {max(count, 1) * float(dt):.12g}, or steps=…."
        )
    return count


def time_span(rule: Rule, duration: Any, steps: Any, t0: Any, dtype: Any) -> tuple[Any, Any]:
    """The start and the end in time of an adaptive run.

    Raises:
        InputError: there is no duration, or it is not positive and finite.
    """
    if steps is not None:
        raise InputError(
            f"simulate: {type(rule).__name__} is a flow followed with adaptive steps, so give "
            f"duration=… instead of steps (or dt=…, for steps of one length)."
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
                f"simulate: save = {save} points cannot be had from {count} steps; give 2 to "
                f'{count + 1}, or save="end".'
            )
        return np.round(np.linspace(0, count, save)).astype(int)
    wanted = _times(save)
    if np.any(wanted != np.round(wanted)) or np.any(np.diff(wanted) <= 0):
        raise InputError(f"simulate: save must hold increasing numbers of steps, got {save!r}.")
    if wanted[0] < 0 or wanted[-1] > count:
        raise InputError(f"simulate: save must lie within 0 and {count} steps, got {save!r}.")
    return wanted.astype(int)


def saved_times(save: Any, start: Any, stop: Any, dtype: Any) -> tuple[Output, Any]:
    """What to save of an adaptive run, and when.

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
    """When to stop early.

    Raises:
        InputError: it is neither None, "settled" nor a Settled object.
    """
    if until is None or isinstance(until, Settled):
        return until
    if _is_mode(until, "settled"):
        return Settled()
    raise InputError(f'simulate: until must be "settled" or Settled(rtol, atol), got {until!r}.')


def _check_positive(name: str, value: Any) -> None:
    if isinstance(value, Tracer):
        return
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"simulate: {name} must be a number, got {value!r}.") from error
    if not 0 < number < float("inf"):
        cure = " To go back in time, follow the flow of −f." if number < 0 else ""
        raise InputError(f"simulate: {name} must be positive and finite, got {value}.{cure}")


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
