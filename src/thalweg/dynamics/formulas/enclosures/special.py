"""Functions of one number that programs hold less often: inverses, and those of probability.

Where SciPy computes them, its errors were compared with 40 digits: a few units in the last place,
but for erfc, which is off by 255 units at most up to 26, where it is 1e-296.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

from thalweg.dynamics.formulas.enclosures import forms, functions
from thalweg.dynamics.formulas.enclosures.forms import ROUNDING, UNDERFLOW, Form
from thalweg.dynamics.formulas.enclosures.functions import (
    FUNCTIONS,
    RECIPROCAL,
    Ends,
    Smooth,
    apply,
    bend_with_turns,
    monotone,
    monotone_bend,
    wide,
)

_Array = np.ndarray
# Ends of domains: what the rounding of a bound may have put beyond them is not defined.
_ONE = 1.0 - ROUNDING
_OF_ERFC = 128.0 * functions.LIBRARY
_LEAST_AT, _LEAST = 1.4616321449683623, -0.12148629053584961  # of log Γ
_BELL = 2.0 / math.sqrt(math.pi)  # slope of erf at 0, where e^{−x²} is 1


def _of_scipy(name: str) -> Callable[..., _Array]:
    """A function of `scipy.special`, which is imported when it is called: that takes a while."""

    def called(*arguments: object) -> _Array:
        from scipy import special

        return np.asarray(getattr(special, name)(*arguments))

    return called


_ERF, _ERFC, _ERFINV = _of_scipy("erf"), _of_scipy("erfc"), _of_scipy("erfinv")
_POLYGAMMA, _DIGAMMA, _GAMMALN = (_of_scipy(n) for n in ("polygamma", "digamma", "gammaln"))


def _cube_root() -> Smooth:
    def bend(low: _Array, high: _Array) -> Ends:
        def at(x: _Array) -> _Array:
            return -2.0 / (9.0 * np.cbrt(x) ** 5)

        a, b = at(low), at(high)
        is_steep = ~((low > 0.0) | (high < 0.0))
        least, largest = wide(np.minimum(a, b), np.maximum(a, b))
        return np.where(is_steep, -np.inf, least), np.where(is_steep, np.inf, largest)

    return Smooth(np.cbrt, lambda x: 1.0 / (3.0 * np.cbrt(x) ** 2), bend, monotone(np.cbrt))


def _arc_slope(x: _Array) -> _Array:
    return 1.0 / np.sqrt((1.0 - x) * (1.0 + x))


def _arc_bend(x: _Array) -> _Array:
    return x * _arc_slope(x) ** 3


def _bell(x: _Array) -> _Array:
    return _BELL * np.exp(-(x**2))


def _quantile_slope(x: _Array) -> _Array:
    return np.exp(_ERFINV(x) ** 2) / _BELL


def _erf(sign: float) -> Smooth:
    """erf, or erfc, whose derivatives are those of −erf."""
    value, accuracy = (_ERF, functions.LIBRARY) if sign > 0.0 else (_ERFC, _OF_ERFC)
    return Smooth(
        value,
        lambda x: sign * _bell(x),
        bend_with_turns(lambda x: -2.0 * sign * x * _bell(x), (-math.sqrt(0.5), math.sqrt(0.5))),
        monotone(value),
        accuracy=accuracy,
    )


@functools.cache
def polygamma(order: int) -> Smooth:
    """The derivative of that order of digamma, at positive numbers, where it is monotone."""

    def at(derivative: int, x: _Array) -> _Array:
        return _POLYGAMMA(derivative, x) if derivative else _DIGAMMA(x)

    return Smooth(
        functools.partial(at, order),
        functools.partial(at, order + 1),
        monotone_bend(functools.partial(at, order + 2)),
        monotone(functools.partial(at, order)),
        UNDERFLOW,
        # At its zero digamma is off by as much absolutely.
        scale=float(order == 0),
    )


def _log_gamma() -> Smooth:
    def between(low: _Array, high: _Array) -> Ends:
        a, b = _GAMMALN(low), _GAMMALN(high)
        is_least = ~((low > _LEAST_AT) | (high < _LEAST_AT))
        return np.where(is_least, _LEAST, np.minimum(a, b)), np.maximum(a, b)

    bend = monotone_bend(polygamma(1).value)
    # Near its zeros at 1 and 2 it is off absolutely.
    return Smooth(_GAMMALN, _DIGAMMA, bend, between, UNDERFLOW, scale=1.0)


def angle(y: Form, x: Form) -> Form:
    """The angle of (x, y), from −π to π; all of that where a box meets x ≤ 0 on the axis y = 0."""
    quarter = Form(np.full((1, 1, 1), np.pi / 2.0), np.full((1, 1), ROUNDING), ())
    beside = apply(FUNCTIONS["atan"], forms.multiply(y, apply(RECIPROCAL, x)))
    across = forms.negative(apply(FUNCTIONS["atan"], forms.multiply(x, apply(RECIPROCAL, y))))
    (right, _), (above, below) = x.bounds, y.bounds
    any_angle = Form(np.zeros((1, 1, 1)), np.full((1, 1), np.pi * (1.0 + ROUNDING)), ())
    is_known = ~np.isnan(x.error + y.error)
    found = forms.choose(below < 0.0, forms.add(across, forms.negative(quarter)), any_angle)
    found = forms.choose(above > 0.0, forms.add(across, quarter), found)
    found = forms.choose(right > 0.0, beside, found)
    return Form(found.linear, np.where(is_known, found.error, np.nan), forms.shape_of(x, y))


SPECIAL: dict[str, Smooth] = {
    "asin": Smooth(
        np.arcsin, _arc_slope, monotone_bend(_arc_bend), monotone(np.arcsin), -_ONE, high=_ONE
    ),
    "acos": Smooth(
        np.arccos,
        lambda x: -_arc_slope(x),
        monotone_bend(lambda x: -_arc_bend(x)),
        monotone(np.arccos),
        -_ONE,
        high=_ONE,
    ),
    "atanh": Smooth(
        np.arctanh,
        lambda x: _arc_slope(x) ** 2,
        monotone_bend(lambda x: 2.0 * x * _arc_slope(x) ** 4),
        monotone(np.arctanh),
        -_ONE,
        high=_ONE,
    ),
    "acosh": Smooth(
        np.arccosh,
        lambda x: 1.0 / np.sqrt((x - 1.0) * (x + 1.0)),
        monotone_bend(lambda x: -x / ((x - 1.0) * (x + 1.0)) ** 1.5),
        monotone(np.arccosh),
        1.0 + ROUNDING,
    ),
    "cbrt": _cube_root(),
    "erf": _erf(1.0),
    "erfc": _erf(-1.0),
    "erf_inv": Smooth(
        _ERFINV,
        _quantile_slope,
        monotone_bend(lambda x: 2.0 * _ERFINV(x) * _quantile_slope(x) ** 2),
        monotone(_ERFINV),
        -_ONE,
        high=_ONE,
        # The slope is the exponential of a square that reaches 33.
        accuracy=32.0 * functions.LIBRARY,
    ),
    "digamma": polygamma(0),
    "lgamma": _log_gamma(),
}
