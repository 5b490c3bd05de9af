"""Programs of functions as operations on bounds, read once and kept for other parameters."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.enclosures import forms
from thalweg.dynamics.formulas.enclosures.extremes import compared_to_extreme
from thalweg.dynamics.formulas.enclosures.known import carried_out
from thalweg.dynamics.formulas.enclosures.operations import Operation, operation
from thalweg.dynamics.formulas.enclosures.values import Value
from thalweg.dynamics.formulas.programs import Equation, Name, Program, read_program

# Where a function may jump: a choice that a box leaves open.
_JUMPS = ("select_n", "convert_element_type", "floor", "ceil", "round", "sign", "atan2")
# Programs to remember: those of the proofs of a dozen systems, some kilobytes each.
_KEPT = 64


class Step(NamedTuple):
    """One operation: its operands (numbers of variables, or values), results, and what ends."""

    carry_out: Operation
    operands: tuple[Any, ...]
    results: tuple[int, ...]
    finished: tuple[int, ...]
    may_jump: bool


class Recipe(NamedTuple):
    """The program of a function of parameters and of a state, as operations on bounds.

    Attributes:
        parameters: the numbers of their variables.
        state: the number of its variable.
        still: the operations on what no state changes.
        steps: the others.
        outputs: a `Name` or a value a leaf of the result.
        known: the variables that neither parameters nor state change.
        size: how many numbers the steps compute a box, about.
    """

    parameters: tuple[int, ...]
    state: int
    still: tuple[Step, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Any, ...]
    known: dict[int, Value]
    size: int


def recipe_of(
    fn: Callable[..., Any], dimension: int, parameters: tuple[Any, ...]
) -> tuple[Recipe, list[np.ndarray]]:
    """The recipe of `fn(*parameters, state)`, and the parameters in the order that it takes.

    Floating arrays among the leaves are parameters; all else belongs to the program. Where there
    are parameters the recipe is kept, and serves others of the same structure and shapes.

    Raises:
        InputError: the program holds an operation that has no bounds here.
    """
    leaves, structure = jax.tree.flatten(parameters)
    numbers = [np.asarray(leaf) for leaf in leaves if eqx.is_inexact_array(leaf)]
    fixed = tuple(None if eqx.is_inexact_array(x) else (type(x), _hashable(x)) for x in leaves)
    shapes = tuple((x.shape, x.dtype) for x in numbers)
    key = _Key(fn, dimension, structure, fixed, shapes)
    read = _kept if parameters and _is_hashable(key) else _read
    return read(key), numbers


class _Key(NamedTuple):
    """All that a recipe depends on."""

    fn: Callable[..., Any]
    dimension: int
    structure: Any
    fixed: tuple[Any, ...]
    shapes: tuple[tuple[tuple[int, ...], Any], ...]


class _Whole:
    """An array of whole numbers that compares by its entries."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self._key = (np.shape(array), np.asarray(array).dtype, np.asarray(array).tobytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Whole) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _hashable(leaf: Any) -> Any:
    return _Whole(leaf) if eqx.is_array(leaf) or isinstance(leaf, np.ndarray) else leaf


def _is_hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


@functools.lru_cache(maxsize=_KEPT)
def _kept(key: _Key) -> Recipe:
    return _read(key)


def _read(key: _Key) -> Recipe:
    def called(numbers: list[Any], state: Any) -> Any:
        left = iter(numbers)
        leaves = [
            next(left) if x is None else x[1].array if isinstance(x[1], _Whole) else x[1]
            for x in key.fixed
        ]
        return key.fn(*jax.tree.unflatten(key.structure, leaves), state)

    examples = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in key.shapes]
    program = read_program(called, examples, jax.ShapeDtypeStruct((key.dimension,), np.float64))
    return _Reader(program, key).read()


class _Reader:
    """Makes an operation on bounds of every equation, by the kinds of values that it meets."""

    def __init__(self, program: Program, key: _Key) -> None:
        *parameters, self.state = program.inputs
        self.program, self.parameters = program, tuple(parameters)
        # Any numbers would do: no operation depends on them, only on which are numbers.
        self.known: dict[int, Value] = {
            number: np.ones(shape, dtype)
            for number, (shape, dtype) in zip(parameters, key.shapes, strict=True)
        }
        sides = np.zeros((1, key.dimension)), np.ones((1, key.dimension))
        self.known[self.state] = forms.of_boxes(*sides)
        self.moving, self.still = {self.state}, set(parameters)
        self.still_steps: list[Step] = []
        self.steps: list[Step] = []
        self.size = 0

    def read(self) -> Recipe:
        """The recipe of the program."""
        equations = _needed(self.program)
        producers = {n: e for e in equations for n in e.results}
        with np.errstate(all="ignore"):
            for equation in equations:
                self._take(equation, producers)
        outputs = self.program.outputs
        changing = self.moving | self.still
        used = {
            o.number
            for operands in (outputs, *(s.operands for s in (*self.steps, *self.still_steps)))
            for o in operands
            if isinstance(o, Name)
        }
        known = {n: v for n, v in self.known.items() if n in used and n not in changing}
        steps = self._finished(outputs)
        return Recipe(
            self.parameters, self.state, tuple(self.still_steps), steps, outputs, known, self.size
        )

    def _take(self, equation: Equation, producers: dict[int, Equation]) -> None:
        carry_out, operands = compared_to_extreme(equation, producers) or (None, equation.operands)
        names = {o.number for o in operands if isinstance(o, Name)}
        examples = [
            self.known[o.number] if isinstance(o, Name) else np.asarray(o) for o in operands
        ]
        whole = [isinstance(x, np.ndarray) and x.dtype.kind in "iub" for x in examples]
        if any(
            is_whole and isinstance(o, Name) and o.number in self.still
            for is_whole, o in zip(whole, operands, strict=True)
        ):
            raise InputError("A whole number that is made of parameters has no bounds here.")
        if all(whole):
            found: list[Value] = list(carried_out(equation, examples))
        else:
            carry_out = carry_out or operation(equation, examples)
            found = carry_out(*examples)
            # A selection jumps with its condition, not with what is selected.
            first = operands[:1] if equation.primitive.name == "select_n" else operands
            may_jump = equation.primitive.name in _JUMPS and any(map(self._moves, first))
            kept = tuple(
                o if isinstance(o, Name) else x for o, x in zip(operands, examples, strict=True)
            )
            step = Step(carry_out, kept, equation.results, (), may_jump)
            if names & self.moving:
                self.moving.update(equation.results)
                self.steps.append(step)
                self.size += sum(int(np.prod(x.shape, dtype=int)) for x in found)
            elif names & self.still:
                self.still.update(equation.results)
                self.still_steps.append(step)
        self.known.update(zip(equation.results, found, strict=True))

    def _moves(self, operand: Any) -> bool:
        """True if the state changes an operand: a choice by what it leaves alone is never open."""
        return isinstance(operand, Name) and operand.number in self.moving

    def _finished(self, outputs: tuple[Any, ...]) -> tuple[Step, ...]:
        """The steps, with where each variable that the state changes is used for the last time."""
        seen = {o.number for o in outputs if isinstance(o, Name)} | {self.state}
        steps = []
        for step in reversed(self.steps):
            used = {o.number for o in step.operands if isinstance(o, Name)} & self.moving
            finished = (used | set(step.results)) - seen
            seen |= used | set(step.results)
            steps.append(step._replace(finished=tuple(finished)))
        return tuple(steps[::-1])


def _needed(program: Program) -> list[Equation]:
    """The equations that the outputs depend on."""
    wanted = {o.number for o in program.outputs if isinstance(o, Name)}
    kept = []
    for equation in reversed(program.equations):
        if wanted.intersection(equation.results):
            kept.append(equation)
            wanted |= {o.number for o in equation.operands if isinstance(o, Name)}
    return kept[::-1]
