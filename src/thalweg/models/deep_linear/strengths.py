r"""Closed forms of one mode: how its strength u(t) grows to s.

Every function broadcasts its strengths and starts against each other, and appends their shape to
that of `times`: times `(T,)` and modes `(r,)` give `(T, r)`. All computation is float64.
"""

from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import is_integer
from thalweg.models.deep_linear.implicit_depth import deep_unit_strength, deep_unit_time


def shallow_strength(strength: Any, start: Any, times: Any, tau: float = 1.0) -> np.ndarray:
    r"""A single layer: `b(t) = s(1 − e^{−t/τ}) + b_0 e^{−t/τ}`."""
    s, start, t = _prepare(strength, start, times=times, tau=tau)
    return s - np.exp(-t) * (s - start)


def balanced_strength(strength: Any, start: Any, times: Any, tau: float = 1.0) -> np.ndarray:
    r"""Two layers of equal strength, `u = a² = b²`: a logistic curve.

        τ du/dt = 2u(s − u)        u(t) = s e^{2st/τ} / (e^{2st/τ} − 1 + s/u_0)

    Exact for s = 0 as well (then `u_0/(1 + 2u_0 t/τ)`), for u_0 = 0, and at large t.

    Raises:
        InputError: a strength or a start is negative: with a = b, u = a² is not.
    """
    s, start, t = _prepare(strength, start, times=times, tau=tau)
    _no_negative("strength", s)
    _no_negative("start", start)
    decayed = np.exp(-2.0 * s * t)
    gained = np.where(s > 0.0, -np.expm1(-2.0 * s * t) / np.where(s > 0.0, s, 1.0), 2.0 * t)
    below = decayed + start * gained
    return start / np.where(below > 0.0, below, 1.0)  # both are 0 at u_0 = 0 and large t


def unbalanced_strengths(
    strength: Any, start: tuple[Any, Any], times: Any, tau: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Two layers of any strengths `(a_0, b_0)`: the pair `(a(t), b(t))` on its hyperbola.

        τ da/dt = (s − ab) b,    τ db/dt = (s − ab) a,    κ = a² − b² conserved

    In hyperbolic form a = √κ cosh(θ/2), b = √κ sinh(θ/2), τ dθ/dt = 2s − κ sinh θ. What is computed
    is its solution without square roots of κ, the matrix Riccati solution of one mode:

        (a, b)(t) = e^{Ft} q_0 / √(1 + q_0ᵀ ∫_0^t e^{2Fs}ds q_0),    F = [[κ/2, s], [s, −κ/2]]

    with q_0 = (a_0, b_0), so that κ of any sign, κ = 0, s = 0, starts of opposite sign and large t
    need no cases of their own.
    """
    a0, b0 = start
    s, a0, b0, t = _prepare(strength, a0, b0, times=times, tau=tau)
    half = 0.5 * (a0 - b0) * (a0 + b0)
    rate = np.hypot(half, s)
    up, down = growing_direction(half, s, rate)
    grows, decays = a0 * up + b0 * down, b0 * up - a0 * down
    decayed = np.exp(-2.0 * rate * t)
    span = np.where(rate > 0.0, -np.expm1(-2.0 * rate * t) / np.where(rate > 0, 2 * rate, 1.0), t)
    size = np.sqrt(decayed * (1.0 + decays**2 * span) + grows**2 * span)
    first, second = _over(grows, size), _over(decayed * decays, size)
    return first * up - second * down, first * down + second * up


def deep_strength(
    strength: Any, start: Any, times: Any, depth: int, tau: float = 1.0
) -> np.ndarray:
    r"""N layers of equal strength `c`, `u = cᴺ`.

        τ du/dt = N u^{2 − 2/N} (s − u)

    N = 1 and N = 2 are explicit. For N ≥ 3 the time at which u is reached is a finite sum of
    logarithms over the N-th roots of unity, inverted by Newton's method to rounding.

    Raises:
        InputError: the depth is not a positive integer; a strength, or for N ≥ 2 a start, is
            negative.

    References:
        Saxe, McClelland & Ganguli (2013), arXiv:1312.6120, sec. 2 (N is their N_l − 1).
    """
    _check_depth(depth)
    if depth == 1:
        return shallow_strength(strength, start, times, tau)
    if depth == 2:
        return balanced_strength(strength, start, times, tau)
    s, start, t = _prepare(strength, start, times=times, tau=tau)
    _no_negative("strength", s)
    _no_negative("start", start)
    s, start, t = np.broadcast_arrays(s, start, t)
    result = np.zeros(s.shape)
    gone = (s == 0.0) & (start > 0.0)
    fade = 2.0 - 2.0 / depth
    layer = start[gone] ** -fade + depth * fade * t[gone]
    result[gone] = layer ** (-1.0 / fade)
    live = (s > 0.0) & (start > 0.0)
    unit = deep_unit_strength(start[live] / s[live], t[live] * s[live] ** fade, depth)
    result[live] = s[live] * unit
    return result


def learning_time(
    strength: Any, start: Any, target: Any, depth: int = 2, tau: float = 1.0
) -> np.ndarray:
    r"""Time at which a mode of N equal layers reaches `target`: the inverse of `deep_strength`.

    For N = 2 it is `(τ/2s) ln[u(s − u_0) / (u_0(s − u))]`.

    Raises:
        InputError: the target does not lie between the start and s (it is never reached), or the
            conditions of `deep_strength` fail.
    """
    _check_depth(depth)
    s, start, target, _ = _prepare(strength, start, target, times=0.0, tau=tau)
    _no_negative("strength", s)
    s, start, target = np.broadcast_arrays(s, start, target)
    if depth > 1:
        _no_negative("start", start)
    reached = np.where(
        start <= s, (start <= target) & (target < s), (s < target) & (target <= start)
    )
    reached &= (depth == 1) | (start > 0.0)
    if not np.all(reached):
        where = tuple(int(i) for i in np.argwhere(~reached)[0])
        raise InputError(
            f"target {target[where]:.6g} is never reached from start {start[where]:.6g} towards "
            f"strength {s[where]:.6g}: give one strictly between the two."
        )
    if depth == 1:
        return tau * np.log((s - start) / (s - target))
    positive = s > 0.0
    unit = np.where(positive, s, 1.0)
    fade = 2.0 - 2.0 / depth
    if depth == 2:
        ratio = target * (unit - start) / (start * (unit - target))
        waited = np.log(np.where(positive, ratio, 1.0)) / 2.0
    else:
        x0, x1 = (np.where(positive, u / unit, 0.5) for u in (start, target))
        waited = deep_unit_time(x1, depth) - deep_unit_time(x0, depth)
    faded = (np.where(positive, 1.0, target) ** -fade - np.where(positive, 1.0, start) ** -fade) / (
        depth * fade
    )
    return tau * np.where(positive, waited / unit**fade, faded)


def growing_direction(half: Any, s: Any, rate: Any) -> tuple[np.ndarray, np.ndarray]:
    """The unit eigenvector of `[[half, s], [s, −half]]` for its eigenvalue `rate ≥ 0`.

    Without cancellation, and exactly symmetric when half = 0: a start with a = −b then has no
    growing part at all, not one of rounding size.
    """
    up = np.where(half >= 0.0, rate + half, s)
    down = np.where(half >= 0.0, s, rate - half)
    # Scaled first: the length of (5e-324, 5e-324) rounds to 5e-324.
    largest = np.maximum(np.abs(up), np.abs(down))
    safe = np.where(largest > 0.0, largest, 1.0)
    up, down = np.where(largest > 0.0, up / safe, 1.0), down / safe
    length = np.hypot(up, down)
    return up / length, down / length


def _prepare(*modes: Any, times: Any, tau: Any) -> list[np.ndarray]:
    arrays = [np.asarray(m, dtype=np.float64) for m in modes]
    t = np.asarray(times, dtype=np.float64)
    if not np.all(np.isfinite(t)) or np.any(t < 0.0):
        raise InputError(f"times must be finite and not negative, got {times!r}.")
    if not np.isfinite(tau) or tau <= 0.0:
        raise InputError(f"tau must be a finite number above zero, got {tau!r}.")
    for array in arrays:
        if not np.all(np.isfinite(array)):
            raise InputError("strengths and starts must be finite, got a NaN or an infinity.")
    depth = np.broadcast(*arrays).ndim
    return [*arrays, t.reshape(t.shape + (1,) * depth) / tau]


def _no_negative(name: str, values: np.ndarray) -> None:
    if np.any(values < 0.0):
        raise InputError(
            f"{name} must not be negative here (layers of equal strength), got "
            f"{float(np.min(values)):.6g}. Use `unbalanced_strengths` for a ≠ b."
        )


def _check_depth(depth: Any) -> None:
    if not is_integer(depth) or depth < 1:
        raise InputError(f"depth must be a positive integer, got {depth!r}.")


def _over(numerator: np.ndarray, size: np.ndarray) -> np.ndarray:
    return np.where(size > 0.0, numerator / np.where(size > 0.0, size, 1.0), 0.0)
