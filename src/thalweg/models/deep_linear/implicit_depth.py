r"""The strength of one mode of N ≥ 3 equal layers, in units where s = 1 and τ = 1.

With u = xᴺ the flow is `dx/dt = x^{N−1}(1 − xᴺ)`. Below 1, its time is

    T(x) = ∫ x^{−(N−1)}/(1 − xᴺ) dx = −x^{−(N−2)}/(N−2) − (1/N) Σ_k ω_k² log(1 − x ω̄_k)

over the N-th roots of unity ω_k; above 1 the first root's logarithm takes |1 − x|. The inverse
works in y with `u = 1/(1 ± e^{−y})`, where both ends of the curve are smooth: dT/dy = u^{−1+2/N}/N.
"""

from collections.abc import Callable

import numpy as np

# Of a bracketed Newton iteration, which bisects at worst: 60 halve a bracket to float64.
_MAX_STEPS = 200
# Of x = 2: from there on a term of the far series is at most 2^−depth times the last.
_LOG_FAR = float(np.log(2.0))


def deep_unit_time(u: np.ndarray, depth: int) -> np.ndarray:
    """The time coordinate T of strengths u > 0; only differences on one side of 1 mean anything."""
    below, above = u < 1.0, u > 1.0
    time = np.full(u.shape, np.inf)
    time[below] = _time_below(_logit_below(u[below]), depth)
    time[above] = _time_above(_logit_above(u[above]), depth)
    return time


def deep_unit_strength(start: np.ndarray, times: np.ndarray, depth: int) -> np.ndarray:
    """The strength u(t) from u(0) = `start` > 0, arrays of one shape."""
    u = np.array(start)
    below, above = u < 1.0, u > 1.0
    y, t = _logit_below(u[below]), times[below]
    goal = _time_below(y, depth) + t
    y = _invert(_time_below, _log_u_below, goal, (y, y + depth * t), y, depth)
    u[below] = np.exp(_log_u_below(y))
    y, t = _logit_above(u[above]), times[above]
    goal = _time_above(y, depth) + t
    high = y + depth * t * u[above] ** (1.0 - 2.0 / depth)
    y = _invert(_time_above, _log_u_above, goal, (y + depth * t, high), high, depth)
    u[above] = np.exp(_log_u_above(y))
    return u


def _invert(
    time: Callable[[np.ndarray, int], np.ndarray],
    log_u: Callable[[np.ndarray], np.ndarray],
    goal: np.ndarray,
    bracket: tuple[np.ndarray, np.ndarray],
    y: np.ndarray,
    depth: int,
) -> np.ndarray:
    """Newton's method on an increasing function, from the end where it converges monotonically.

    The bracket is kept up to date, and bisected when rounding throws a step out of it.
    """
    low, high = bracket
    for _ in range(_MAX_STEPS):
        gap = time(y, depth) - goal
        low, high = np.where(gap <= 0.0, y, low), np.where(gap > 0.0, y, high)
        new = y - gap * depth * np.exp((1.0 - 2.0 / depth) * log_u(y))
        new = np.where((new < low) | (new > high), 0.5 * (low + high), new)
        step, y = np.abs(new - y), new
        if np.all(step <= 2e-15 * (1.0 + np.abs(y))):
            break
    return y


def _logit_below(u: np.ndarray) -> np.ndarray:
    return np.log(u) - np.log1p(-u)


def _logit_above(u: np.ndarray) -> np.ndarray:
    return -np.log1p(-1.0 / u)


def _log_u_below(y: np.ndarray) -> np.ndarray:
    return -np.logaddexp(0.0, -y)


def _log_u_above(y: np.ndarray) -> np.ndarray:
    return -np.log(-np.expm1(-y))


def _time_below(y: np.ndarray, depth: int) -> np.ndarray:
    log_x = _log_u_below(y) / depth
    log_gap = _log_gap(y, -np.expm1(log_x), depth)
    return _primitive(log_x, log_gap, depth)


def _time_above(y: np.ndarray, depth: int) -> np.ndarray:
    """T less its value at infinite x, so that it keeps its relative precision there."""
    log_x = _log_u_above(y) / depth
    log_gap = _log_gap(y, np.expm1(log_x), depth)
    near = _primitive(np.minimum(log_x, 1.0), log_gap, depth)
    at_infinity = np.pi / depth / np.tan(2.0 * np.pi / depth)
    return np.where(log_x < _LOG_FAR, near - at_infinity, _far_series(log_x, depth))


def _log_gap(y: np.ndarray, gap: np.ndarray, depth: int) -> np.ndarray:
    """log|1 − x|, from its asymptote e^{−y}/N where the difference has rounded away."""
    saturated = y > 30.0
    return np.where(saturated, -y - np.log(depth), np.log(np.where(saturated, 1.0, gap)))


def _primitive(log_x: np.ndarray, log_gap: np.ndarray, depth: int) -> np.ndarray:
    x = np.exp(log_x)
    total = -np.exp(-(depth - 2) * log_x) / (depth - 2) - log_gap / depth
    for k in range(1, depth // 2 + 1):
        root = np.exp(2j * np.pi * k / depth)
        twice = 1.0 if 2 * k == depth else 2.0
        total = total - twice * np.real(root**2 * np.log(1.0 - x * np.conj(root))) / depth
    return total


def _far_series(log_x: np.ndarray, depth: int) -> np.ndarray:
    """`Σ_k x^{−(2N−2+kN)}/(2N−2+kN)`, for x ≥ 2."""
    total = np.zeros_like(log_x)
    for k in range(60 // depth + 1):
        exponent = 2 * depth - 2 + k * depth
        total = total + np.exp(-exponent * np.maximum(log_x, _LOG_FAR)) / exponent
    return total
