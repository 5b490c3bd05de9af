r"""Functions of one number, applied to affine forms.

With c the centre of x and ρ its radius, h(x) = h(c) + h'(c)(x − c) + ½ h''(ξ)(x − c)², where ξ lies
between the bounds of x and (x − c)² in [0, ρ²]. Where the plain bounds of h are half as wide or
less, as for a saturated unit over a wide box, they are taken.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thalweg.dynamics.formulas.enclosures.forms import ROUNDING, UNDERFLOW, Form

_Array = np.ndarray
Ends = tuple[_Array, _Array]
# Of the width by slopes: bounds alone are taken where they are narrower than that.
_NARROWER = 0.5
# More than the elementary functions of NumPy are off, relative to their value; sine and cosine
# absolutely (its vectorised versions are within 4 units in the last place).
LIBRARY = 8.0 * float(np.finfo(float).eps)


@dataclass(frozen=True)
class Smooth:
    """A function of one number that is twice differentiable.

    Attributes:
        value: h.
        slope: h'.
        bend: bounds of h'' between two values.
        between: bounds of h between two values.
        low: the least argument that the function is defined at, if any.
        scale: what the error of the library is relative to, beside the value and the slope.
        high: the largest argument that it is defined at, if any.
        accuracy: the error of the library, relative to the value.
    """

    value: Callable[[_Array], _Array]
    slope: Callable[[_Array], _Array]
    bend: Callable[[_Array, _Array], Ends]
    between: Callable[[_Array, _Array], Ends]
    low: float = -np.inf
    scale: float = 0.0
    high: float = np.inf
    accuracy: float = LIBRARY


def apply(function: Smooth, x: Form) -> Form:
    """The form of h(x); of error NaN where x may leave the domain of h."""
    low, high = x.bounds
    centre, radius = x.linear[0], (high - low) / 2.0
    value, slope = function.value(centre), function.slope(centre)
    bend_low, bend_high = function.bend(low, high)
    square = 0.5 * radius**2
    below, above = np.minimum(bend_low * square, 0.0), np.maximum(bend_high * square, 0.0)
    curved = (above - below) / 2.0
    size = np.abs(value) + np.abs(slope) * radius + np.abs(below) + np.abs(above)
    noise = function.accuracy * (size + function.scale * (1.0 + radius))
    least, largest = function.between(low, high)
    size = np.abs(largest) + np.abs(least) + function.scale
    plain = (largest - least) / 2.0 + function.accuracy * size
    # What follows the place in the box is worth more than bounds that are a little narrower.
    is_plain = ~(plain >= _NARROWER * (np.abs(slope) * radius + curved + noise))
    slope = np.where(is_plain, 0.0, slope)
    linear = slope * x.linear
    linear[0] = np.where(is_plain, (least + largest) / 2.0, value + (below + above) / 2.0)
    error = np.where(is_plain, plain, np.abs(slope) * x.error + curved + noise)
    error = error * (1.0 + ROUNDING) + ROUNDING * np.abs(linear[0]) + UNDERFLOW
    is_inside = (low >= function.low) & (high <= function.high)
    return Form(linear, np.where(is_inside, error, np.nan), x.shape)


def wide(low: _Array, high: _Array) -> Ends:
    """Bounds of a second derivative, made wider by more than the roundings in it."""
    slack = 4.0 * LIBRARY
    return low - slack * np.abs(low), high + slack * np.abs(high)


def monotone(value: Callable[[_Array], _Array]) -> Callable[[_Array, _Array], Ends]:
    """Bounds of a monotone function, without its roundings."""

    def between(low: _Array, high: _Array) -> Ends:
        a, b = value(low), value(high)
        return np.minimum(a, b), np.maximum(a, b)

    return between


def monotone_bend(bend: Callable[[_Array], _Array]) -> Callable[[_Array, _Array], Ends]:
    """Bounds of a second derivative that is monotone."""

    def between(low: _Array, high: _Array) -> Ends:
        a, b = bend(low), bend(high)
        return wide(np.minimum(a, b), np.maximum(a, b))

    return between


def bend_with_turns(
    bend: Callable[[_Array], _Array], turns: tuple[float, ...]
) -> Callable[[_Array, _Array], Ends]:
    """Bounds of a function that is monotone between its turning points."""

    def between(low: _Array, high: _Array) -> Ends:
        a, b = bend(low), bend(high)
        least, largest = np.minimum(a, b), np.maximum(a, b)
        for turn in turns:
            peak = bend(np.asarray(turn))
            # A turn that rounding may have put on the other side of an end changes nothing.
            is_in = ~((low > turn) | (high < turn))
            least = np.where(is_in, np.minimum(least, peak), least)
            largest = np.where(is_in, np.maximum(largest, peak), largest)
        return wide(least, largest)

    return between


def _wave(phase: float) -> Callable[[_Array, _Array], Ends]:
    """Bounds of cos(x − phase): ±1 where a crest or a trough may lie between the ends."""

    def between(low: _Array, high: _Array) -> Ends:
        a, b = np.cos(low - phase), np.cos(high - phase)
        slack = 2.0 * LIBRARY * (1.0 + np.abs(low) + np.abs(high))
        turns = (low - phase - slack) / np.pi, (high - phase + slack) / np.pi
        first = np.ceil(turns[0])
        is_turned, is_twice = first <= turns[1], first + 1.0 <= turns[1]
        is_crest = np.mod(first, 2.0) < 0.5
        least = np.where(is_turned & (~is_crest | is_twice), -1.0, np.minimum(a, b) - slack)
        largest = np.where(is_turned & (is_crest | is_twice), 1.0, np.maximum(a, b) + slack)
        return np.maximum(least, -1.0), np.minimum(largest, 1.0)

    return between


def _negated(between: Callable[[_Array, _Array], Ends]) -> Callable[[_Array, _Array], Ends]:
    def negated(low: _Array, high: _Array) -> Ends:
        least, largest = between(low, high)
        return -largest, -least

    return negated


def _even(value: Callable[[_Array], _Array], least: float) -> Callable[[_Array, _Array], Ends]:
    """Bounds of an even function that is least at 0."""

    def between(low: _Array, high: _Array) -> Ends:
        a, b = value(low), value(high)
        touches = ~((low > 0.0) | (high < 0.0))
        return np.where(touches, least, np.minimum(a, b)), np.maximum(a, b)

    return between


def power(exponent: int) -> Smooth:
    """x^n for a whole number n ≥ 1."""

    def value(x: _Array, n: int = exponent) -> _Array:
        return x**n

    def between(n: int) -> Callable[[_Array, _Array], Ends]:
        def raised(x: _Array) -> _Array:
            return value(x, n)

        return _even(raised, 0.0) if n % 2 == 0 and n > 0 else monotone(raised)

    def bend(low: _Array, high: _Array) -> Ends:
        least, largest = between(exponent - 2)(low, high)
        factor = float(exponent * (exponent - 1))
        return wide(factor * least, factor * largest)

    if exponent == 1:
        zero = lambda low, high: (0.0 * low, 0.0 * high)  # noqa: E731
        return Smooth(value, np.ones_like, zero, between(1))
    return Smooth(value, lambda x: exponent * value(x, exponent - 1), bend, between(exponent))


def positive_power(exponent: float) -> Smooth:
    """x^p for positive x and any p."""

    def value(x: _Array) -> _Array:
        return x**exponent

    def bend(x: _Array) -> _Array:
        return exponent * (exponent - 1.0) * x ** (exponent - 2.0)

    return Smooth(
        value,
        lambda x: exponent * x ** (exponent - 1.0),
        monotone_bend(bend),
        monotone(value),
        UNDERFLOW,
    )


def _reciprocal() -> Smooth:
    def bend(low: _Array, high: _Array) -> Ends:
        return wide(*monotone(lambda x: 2.0 / x**3)(low, high))

    def between(low: _Array, high: _Array) -> Ends:
        # Where 0 lies between the ends there is no bound.
        is_fine = (low > 0.0) | (high < 0.0)
        return np.where(is_fine, 1.0 / high, np.nan), np.where(is_fine, 1.0 / low, np.nan)

    return Smooth(lambda x: 1.0 / x, lambda x: -1.0 / x**2, bend, between)


def _tanh_bend(x: _Array) -> _Array:
    return -2.0 * np.tanh(x) / np.cosh(x) ** 2


def _logistic(x: _Array) -> _Array:
    return 1.0 / (1.0 + np.exp(-x))


def _logistic_slope(x: _Array) -> _Array:
    return _logistic(x) * _logistic(-x)


def _logistic_bend(x: _Array) -> _Array:
    return -_logistic_slope(x) * np.tanh(x / 2.0)


# Where second derivatives turn round.
_TANH_TURN = float(np.arctanh(np.sqrt(1.0 / 3.0)))
_LOGISTIC_TURN = float(np.log(2.0 + np.sqrt(3.0)))  # of 1 / (1 + exp(−x))
_ROOT_THIRD, _ROOT_HALF = float(np.sqrt(1.0 / 3.0)), float(np.sqrt(0.5))  # of arctan and arsinh

RECIPROCAL = _reciprocal()
FUNCTIONS: dict[str, Smooth] = {
    "exp": Smooth(np.exp, np.exp, monotone_bend(np.exp), monotone(np.exp)),
    "expm1": Smooth(np.expm1, np.exp, monotone_bend(np.exp), monotone(np.expm1)),
    "log": Smooth(
        np.log,
        lambda x: 1.0 / x,
        monotone_bend(lambda x: -1.0 / x**2),
        monotone(np.log),
        UNDERFLOW,
    ),
    "log1p": Smooth(
        np.log1p,
        lambda x: 1.0 / (1.0 + x),
        monotone_bend(lambda x: -1.0 / (1.0 + x) ** 2),
        monotone(np.log1p),
        -1.0 + ROUNDING,
    ),
    "sqrt": positive_power(0.5),
    "rsqrt": positive_power(-0.5),
    "square": power(2),
    "tanh": Smooth(
        np.tanh,
        lambda x: 1.0 / np.cosh(x) ** 2,
        bend_with_turns(_tanh_bend, (-_TANH_TURN, _TANH_TURN)),
        monotone(np.tanh),
    ),
    "logistic": Smooth(
        _logistic,
        _logistic_slope,
        bend_with_turns(_logistic_bend, (-_LOGISTIC_TURN, _LOGISTIC_TURN)),
        monotone(_logistic),
    ),
    "sin": Smooth(np.sin, np.cos, _negated(_wave(np.pi / 2.0)), _wave(np.pi / 2.0), scale=1.0),
    "cos": Smooth(np.cos, lambda x: -np.sin(x), _negated(_wave(0.0)), _wave(0.0), scale=1.0),
    "sinh": Smooth(np.sinh, np.cosh, monotone_bend(np.sinh), monotone(np.sinh)),
    "cosh": Smooth(np.cosh, np.sinh, _even(np.cosh, 1.0 - ROUNDING), _even(np.cosh, 1.0)),
    "atan": Smooth(
        np.arctan,
        lambda x: 1.0 / (1.0 + x**2),
        bend_with_turns(lambda x: -2.0 * x / (1.0 + x**2) ** 2, (-_ROOT_THIRD, _ROOT_THIRD)),
        monotone(np.arctan),
    ),
    "asinh": Smooth(
        np.arcsinh,
        lambda x: 1.0 / np.sqrt(1.0 + x**2),
        bend_with_turns(lambda x: -x / (1.0 + x**2) ** 1.5, (-_ROOT_HALF, _ROOT_HALF)),
        monotone(np.arcsinh),
    ),
}
