"""The functions of JAX on balls of Arb, and its conditions, which a ball may leave open."""

from collections.abc import Callable
from typing import Any, Protocol

from thalweg.core.errors import InputError
from thalweg.core.extras import not_installed

Function = Callable[..., Any]


class Watched(Protocol):
    """Something that is told when a choice is left open."""

    is_open: bool


def flint() -> Any:
    """The package python-flint.

    Raises:
        InputError: it is not installed.
    """
    try:
        import flint as package
    except ModuleNotFoundError as error:
        raise InputError(not_installed("certify", "python-flint", "certified")) from error
    return package


def ball_functions(watched: Watched) -> tuple[dict[str, Function], dict[str, Function]]:
    """The functions of one and of two balls, by the names of the JAX primitives.

    Among them `integer_pow` takes a ball and a number, and `choose` a condition (True, False, or
    None where it is open), what is chosen where it fails, and where it holds.

    Arguments:
        watched: whose `is_open` becomes true where a choice is left open.
    """
    jumping = _jumping(watched)
    two = {name: jumping.pop(name) for name in ("atan2", "choose")}
    two |= {
        "add": lambda x, y: x + y,
        "add_any": lambda x, y: x + y,
        "sub": lambda x, y: x - y,
        "mul": lambda x, y: x * y,
        "div": lambda x, y: x / y,
        "pow": _power,
        "max": lambda x, y: x.max(y),
        "min": lambda x, y: x.min(y),
    }
    return _smooth() | jumping, two | _CONDITIONS


def _smooth() -> dict[str, Function]:
    """The functions of one ball that do not jump where they are finite, and questions of it."""
    arb = flint().arb
    two = arb(2)
    monotone: dict[str, Function] = {
        "exp": arb.exp,
        "exp2": lambda x: (x * two.log()).exp(),
        "expm1": arb.expm1,
        "log": arb.log,
        "log1p": arb.log1p,
        "sqrt": arb.sqrt,
        "rsqrt": arb.rsqrt,
        "cbrt": lambda x: x.root(3) if x >= 0 else -((-x).root(3)),
        "sinh": arb.sinh,
        "tanh": arb.tanh,
        "asin": arb.asin,
        "acos": arb.acos,
        "atan": arb.atan,
        "asinh": arb.asinh,
        "acosh": arb.acosh,
        "atanh": arb.atanh,
        "erf": arb.erf,
        "erfc": arb.erfc,
        "logistic": lambda x: 1 / (1 + (-x).exp()),
    }
    return {name: _by_ends(fn) for name, fn in monotone.items()} | {
        "neg": lambda x: -x,
        "abs": _even(abs),
        "cosh": _even(arb.cosh),
        "square": _even(lambda x: x * x),
        "sin": arb.sin,
        "cos": arb.cos,
        "tan": lambda x: x.sin() / x.cos(),
        "integer_pow": _whole_power,
        "is_finite": lambda x: True if x.is_finite() else (False if x.is_exact() else None),
        "not": _not,
    }


def _jumping(watched: Watched) -> dict[str, Function]:
    """The functions that may jump, which tell `watched` where a ball leaves that open."""
    arb = flint().arb
    half = arb(1) / 2

    def opened(value: Any) -> Any:
        watched.is_open = True
        return value

    def choose(condition: Any, no: Any, yes: Any) -> Any:
        if condition is None:
            return opened(no.union(yes))
        return yes if condition else no

    def between(low: Any, high: Any) -> Any:
        return low if bool(low == high) else opened(low.union(high))

    def sign(x: Any) -> Any:
        if x > 0 or x < 0 or bool(x == 0):
            return arb(1) if x > 0 else arb(-1) if x < 0 else arb(0)
        return opened(arb(0, 1))

    def angle(y: Any, x: Any) -> Any:
        # On the other half of the plane there is a cut.
        return (y / x).atan() if x > 0 else opened(arb(0, 1) * arb.pi())

    return {
        "atan2": angle,
        "choose": choose,
        "sign": sign,
        "floor": lambda x: between(x.lower().floor(), x.upper().floor()),
        "ceil": lambda x: between(x.lower().ceil(), x.upper().ceil()),
        # Halfway, a number may go either way.
        "round": lambda x: between((x.lower() - half).ceil(), (x.upper() + half).floor()),
    }


def _by_ends(fn: Function) -> Function:
    """A monotone function."""

    def between(x: Any) -> Any:
        return fn(x) if x.is_exact() else fn(x.lower()).union(fn(x.upper()))

    return between


def _even(fn: Function) -> Function:
    """An even function that is least at 0."""

    def between(x: Any) -> Any:
        if x.is_exact():
            return fn(x)
        found = fn(x.lower()).union(fn(x.upper()))
        return found.union(fn(type(x)(0))) if x.contains(0) else found

    return between


def _whole_power(x: Any, exponent: int) -> Any:
    """x^n; of a negative n where x is not 0."""
    size = abs(exponent)
    if size == 0:
        return type(x)(1)
    raised = _even(lambda a: a**size) if size % 2 == 0 else _by_ends(lambda a: a**size)
    return raised(x) if exponent > 0 else 1 / raised(x)


def _power(x: Any, exponent: Any) -> Any:
    """x^y: a whole y as such, else of positive x."""
    if exponent.is_exact() and exponent.is_integer():
        return _whole_power(x, int(exponent.unique_fmpz()))
    if exponent.is_exact():
        # Monotone: x may begin at 0.
        return _by_ends(lambda a: a**exponent)(x)
    return (exponent * x.log()).exp()


def _less(x: Any, y: Any) -> bool | None:
    return True if x < y else (False if x >= y else None)


def _at_most(x: Any, y: Any) -> bool | None:
    return True if x <= y else (False if x > y else None)


def _equal(x: Any, y: Any) -> bool | None:
    return True if x == y else (False if x != y else None)


def _not(condition: bool | None) -> bool | None:
    return None if condition is None else not condition


def _both(x: bool | None, y: bool | None) -> bool | None:
    if x is False or y is False:
        return False
    return None if x is None or y is None else True


_CONDITIONS: dict[str, Function] = {
    "lt": _less,
    "le": _at_most,
    "gt": lambda x, y: _less(y, x),
    "ge": lambda x, y: _at_most(y, x),
    "eq": _equal,
    "ne": lambda x, y: _not(_equal(x, y)),
    "and": _both,
    "or": lambda x, y: _not(_both(_not(x), _not(y))),
}
