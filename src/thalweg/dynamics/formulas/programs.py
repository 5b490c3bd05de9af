"""A JAX function as a flat list of equations, calls opened up, so that it can be read.

Two readers use it: the search for poles and kinks, and the translation into formulas.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer

_CALLS = ("jaxpr", "call_jaxpr", "fun_jaxpr")
_LOOPS = ("scan", "while", "cond")


def _polynomial(x: jax.Array, *coefficients: jax.Array) -> jax.Array:
    """A polynomial, from its coefficients, lowest first."""
    value = jnp.zeros_like(x)
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value


# Operations of JAX 0.12 in those of earlier versions, which every reader knows.
_WRITTEN_OUT = {
    "one_minus_square": lambda x: 1.0 - jax.lax.integer_pow(x, 2),
    "polynomial": _polynomial,
}


@dataclass(frozen=True)
class Name:
    """The value of a variable, by number."""

    number: int


@dataclass(frozen=True)
class Equation:
    """One primitive operation.

    Attributes:
        primitive: the JAX primitive.
        params: its parameters.
        operands: a `Name`, or a constant array, each.
        results: the numbers of the variables that it defines.
        dtypes: of the results.
        given: the dtypes of the operands.
    """

    primitive: Any
    params: dict[str, Any]
    operands: tuple[Any, ...]
    results: tuple[int, ...]
    dtypes: tuple[Any, ...]
    given: tuple[Any, ...] = ()

    def evaluate(self, values: list[Any]) -> list[Any]:
        """The results for these values of the operands, in JAX."""
        with np.errstate(invalid="ignore"):  # a fill of NaN among whole numbers
            found = self.primitive.bind(*values, **self.params)
        return list(found) if self.primitive.multiple_results else [found]


# Where the numbers of entries begin when an operation that moves them is carried out on their
# numbers: beyond what an operation fills in, and far below the largest integer of 32 bits.
FIRST_ENTRY = 2**28


def entries_in(found: np.ndarray, count: int, equation: Equation) -> np.ndarray:
    """The numbers, from 1, of the entries that an operation moved; 0 where it filled in a zero.

    Arguments:
        found: its result on numbers from `FIRST_ENTRY` on.
        count: how many entries there are.
        equation: the operation.

    Raises:
        InputError: it filled in another number.
    """
    places = np.asarray(found).astype(np.int64) - FIRST_ENTRY
    is_entry = (places >= 0) & (places < count)
    fill = equation.params.get("fill_value", 0) if equation.primitive.name == "gather" else 0
    is_hidden = fill is not None and abs(fill) >= FIRST_ENTRY
    if is_hidden or (not np.all(is_entry) and (fill is None or fill != 0)):
        raise InputError(
            "an index beyond the end of an array is filled in with "
            f"{'NaN' if fill is None else fill}; index within it, or fill in zero."
        )
    return np.where(is_entry, places + 1, 0)


def kept_and_carried(params: dict[str, Any]) -> tuple[int, int]:
    """Two counts of operands of a `scan`: those the same at every turn, then those it carries on.

    JAX 0.12 gives the operands as trees, earlier versions their numbers.
    """
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    kept, carried, _ = params["ft_in"].unpack()
    return len(list(kept)), len(list(carried))


@dataclass(frozen=True)
class Program:
    """A function of arrays as equations in order.

    Attributes:
        inputs: the numbers of the input variables, one a leaf.
        equations: the operations.
        outputs: a `Name` or a constant for each leaf of the result.
        varying: the numbers of the variables that depend on the inputs.
    """

    inputs: tuple[int, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[Any, ...]
    varying: frozenset[int]

    def varies(self, operand: Any) -> bool:
        """True if an operand depends on the inputs."""
        return isinstance(operand, Name) and operand.number in self.varying


def read_program(fn: Callable[..., Any], *examples: Any) -> Program:
    """The program of `fn`, traced at examples of its arguments (arrays or shape structures)."""
    return _Reader().read(jax.make_jaxpr(fn)(*examples))


def read_body(closed: Any, varies: Iterable[bool]) -> Program:
    """The program of a body of an equation, of whose inputs only some vary."""
    return _Reader().read(closed, varies)


class _Reader:
    """Numbers variables while it opens up calls."""

    def __init__(self) -> None:
        self.count = 0
        self.equations: list[Equation] = []
        self.varying: set[int] = set()

    def read(self, closed: Any, varies: Iterable[bool] | None = None) -> Program:
        inputs = [self.new() for _ in closed.jaxpr.invars]
        varies = [True] * len(inputs) if varies is None else varies
        self.varying.update(n for n, does in zip(inputs, varies, strict=True) if does)
        outputs = self.open(closed.jaxpr, closed.consts, [Name(n) for n in inputs])
        return Program(
            tuple(inputs), tuple(self.equations), tuple(outputs), frozenset(self.varying)
        )

    def new(self) -> int:
        self.count += 1
        return self.count

    def open(self, jaxpr: Any, constants: list[Any], arguments: list[Any]) -> list[Any]:
        known: dict[Any, Any] = dict(zip(jaxpr.constvars, constants, strict=True))
        known.update(zip(jaxpr.invars, arguments, strict=True))

        def look_up(atom: Any) -> Any:
            return atom.val if isinstance(atom, core.Literal) else known[atom]

        for equation in jaxpr.eqns:
            operands = [look_up(atom) for atom in equation.invars]
            inner = _called(equation)
            if inner is not None:
                results = self.open(*inner, operands)
            else:
                numbers = [self.new() for _ in equation.outvars]
                dtypes, given = (
                    tuple(getattr(v.aval, "dtype", None) for v in group)
                    for group in (equation.outvars, equation.invars)
                )
                self.equations.append(
                    Equation(
                        equation.primitive,
                        equation.params,
                        tuple(operands),
                        tuple(numbers),
                        dtypes,
                        given,
                    )
                )
                if any(isinstance(o, Name) and o.number in self.varying for o in operands):
                    self.varying.update(numbers)
                results = [Name(n) for n in numbers]
            known.update(zip(equation.outvars, results, strict=True))
        return [look_up(atom) for atom in jaxpr.outvars]


def _called(equation: Any) -> tuple[Any, list[Any]] | None:
    """The body and the constants of a call, or None where the equation is no call."""
    if equation.primitive.name in _LOOPS:
        return None
    written_out = _WRITTEN_OUT.get(equation.primitive.name)
    if equation.primitive.name == "call_hi_primitive":  # of JAX 0.12: a search in a table
        written_out = equation.params["_prim"].expand
    if written_out is not None:
        examples = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in equation.invars]
        body = jax.make_jaxpr(written_out)(*examples)
        return body.jaxpr, list(body.consts)
    for name in _CALLS:
        body = equation.params.get(name)
        if isinstance(body, core.ClosedJaxpr):
            return body.jaxpr, list(body.consts)
        if isinstance(body, core.Jaxpr):
            return body, []
    return None


def run(program: Program, *leaves: Any) -> Iterator[tuple[Equation, list[Any], list[Any]]]:
    """Carry the program out in JAX; yields every equation with its operands and results."""
    values: dict[int, Any] = dict(zip(program.inputs, leaves, strict=True))
    for equation in program.equations:
        operands = [values[o.number] if isinstance(o, Name) else o for o in equation.operands]
        results = equation.evaluate(operands)
        values.update(zip(equation.results, results, strict=True))
        yield equation, operands, results


def is_whole(value: Any) -> bool:
    """True if a constant is known and holds nonnegative integers only."""
    if has_tracer(value):
        return False
    array = np.asarray(value)
    return bool(np.all(array == np.round(array)) and np.all(array >= 0))
