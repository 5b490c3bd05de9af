"""The functions that a formula can name: on JAX arrays, and as Python text."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class Function(NamedTuple):
    """A function of formulas.

    Attributes:
        num_arguments: how many it takes.
        fn: it, on arrays.
        text: a call of it in Python, with `{0}`, `{1}` for its arguments.
    """

    num_arguments: int
    fn: Callable[..., Any]
    text: str


def _jnp(name: str, num_arguments: int = 1) -> Function:
    places = ", ".join(f"{{{i}}}" for i in range(num_arguments))
    return Function(num_arguments, getattr(jnp, name), f"jnp.{name}({places})")


def _modulo(x: Any, y: Any) -> Any:
    """The remainder as C has it, of the sign of `x`; where that is negative, `y` is added to it."""
    remainder = jnp.fmod(x, y)
    return jnp.where(remainder < 0, remainder + y, remainder)


_MODULO = "(lambda rest, by: jnp.where(rest < 0, rest + by, rest))(jnp.fmod({0}, {1}), {1})"

FUNCTIONS: dict[str, Function] = {
    **{
        name: _jnp(name)
        for name in [
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "exp",
            "sqrt",
            "abs",
            "sign",
            "ceil",
            "log10",
        ]
    },
    "asin": _jnp("arcsin"),
    "acos": _jnp("arccos"),
    "atan": _jnp("arctan"),
    "asinh": _jnp("arcsinh"),
    "acosh": _jnp("arccosh"),
    "atanh": _jnp("arctanh"),
    "ln": _jnp("log"),
    "log": _jnp("log"),
    "flr": _jnp("floor"),
    "atan2": _jnp("arctan2", 2),
    "max": _jnp("maximum", 2),
    "min": _jnp("minimum", 2),
    "mod": Function(2, _modulo, _MODULO),
    "heav": Function(1, lambda x: jnp.where(x >= 0, 1.0, 0.0), "jnp.where({0} >= 0, 1.0, 0.0)"),
    "not": Function(1, lambda x: jnp.where(x == 0, 1.0, 0.0), "jnp.where({0} == 0, 1.0, 0.0)"),
    "erf": Function(1, jax.scipy.special.erf, "jax.scipy.special.erf({0})"),
    "erfc": Function(1, jax.scipy.special.erfc, "jax.scipy.special.erfc({0})"),
    "lgamma": Function(1, jax.scipy.special.gammaln, "jax.scipy.special.gammaln({0})"),
}

# What XPP has and this does not, by the name in a formula, and what it is.
UNCOVERED: dict[str, str] = {
    "delay": "a delay",
    "del_shft": "a delay",
    "delshft": "a delay",
    "int": "an integral",
    "ran": "noise",
    "normal": "noise",
    "poisson": "noise",
    "shift": "an array",
    "sum": "a sum over an array",
    "besselj": "a Bessel function",
    "bessely": "a Bessel function",
    "besseli": "a Bessel function",
    "hom_bcs": "a condition of a boundary value problem",
}

# What a file cannot give a meaning of its own, by name, and what it is in a formula.
RESERVED: dict[str, str] = {
    **dict.fromkeys((*FUNCTIONS, *UNCOVERED), "a function of XPP"),
    "t": "the time",
    "pi": "the number π",
    **dict.fromkeys(("if", "then", "else", "of", "end", "set", "ishift"), "a word of XPP"),
    **dict.fromkeys((f"arg{i}" for i in range(1, 21)), "a word of XPP"),
}
