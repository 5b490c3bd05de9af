"""Cubic Hermite curves, of NumPy's arrays or JAX's."""

from typing import Any


def bends(a: Any, b: Any, u: Any, v: Any) -> tuple[Any, Any]:
    """c and d of the cubic a + s (u + s (c + s d)) from `a` to `b`, its slopes u and v there.

    Arguments:
        a: where it begins, s = 0.
        b: where it ends, s = 1.
        u: its derivative by s at `a`: h times the velocity, of a step of length h.
        v: its derivative by s at `b`.
    """
    rise = b - a
    return 3.0 * rise - 2.0 * u - v, u + v - 2.0 * rise


def cubic(a: Any, b: Any, u: Any, v: Any, s: Any) -> Any:
    """The point at `s` of the cubic from `a` to `b`, its derivatives by s u and v there."""
    c, d = bends(a, b, u, v)
    return a + s * (u + s * (c + s * d))
