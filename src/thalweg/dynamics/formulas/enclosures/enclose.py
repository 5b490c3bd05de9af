"""The values of a JAX function over many boxes at once, in bounds that are proven."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from thalweg.dynamics.formulas.enclosures import forms
from thalweg.dynamics.formulas.enclosures.extremes import compared_to_extreme
from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.operations import Operation, operation
from thalweg.dynamics.formulas.enclosures.orders import Truth
from thalweg.dynamics.formulas.enclosures.values import Value, form
from thalweg.dynamics.formulas.programs import Equation, Name, Program, read_program

# Where a function may jump: a choice that a box leaves open.
_JUMPS = ("select_n", "convert_element_type", "floor", "ceil", "round", "sign")
# So many numbers of double precision, a few operands of them, fit into a cache of a megabyte.
_AT_ONCE = 30_000


class _Step(NamedTuple):
    """One operation: its operands (numbers of variables, or values), results, and what ends."""

    carry_out: Operation
    operands: tuple[Any, ...]
    results: tuple[int, ...]
    finished: tuple[int, ...]
    may_jump: bool


class Enclosure:
    """A function of d ≤ 4 coordinates whose values over boxes are enclosed by affine forms.

    Its program is read once and carried out in NumPy, on as many boxes at a time as fit. Numbers
    that the program holds are taken as they are, and every rounding is in the bounds.

    Attributes:
        size: how many numbers are computed a box, about.
        batch: how many boxes to give at once, so that what is computed stays in the cache.
        may_jump: whether the program holds a choice that boxes may leave open.
    """

    def __init__(self, fn: Callable[[Any], Any], dimension: int) -> None:
        """Read the program of `fn`, a function of arrays `(d,)`. Call with x64 enabled.

        Raises:
            InputError: it holds an operation that has no bounds here.
        """
        # An array, not a shape: JAX then carries out what does not depend on the state.
        program = read_program(fn, jax.ShapeDtypeStruct((dimension,), np.float64))
        equations = _needed(program)
        example = forms.of_boxes(np.zeros((1, dimension)), np.ones((1, dimension)))
        self._known: dict[int, Value] = {program.inputs[0]: example}
        self._input, self._outputs = program.inputs[0], program.outputs
        self._steps: list[_Step] = []
        self.size = 0
        producers = {n: e for e in equations for n in e.results}
        with np.errstate(all="ignore"):
            for equation in equations:
                self._read(equation, producers, program)
        self._finish(program)
        self.may_jump = any(step.may_jump for step in self._steps)
        numbers = max(self.size // max(len(self._steps), 1), 1) * (2 + dimension)
        self.batch = int(np.clip(_AT_ONCE // numbers, 64, 4096))

    def __call__(self, lower: np.ndarray, upper: np.ndarray) -> tuple[list[Form], np.ndarray]:
        """The outputs over boxes with these corners, both of shape `(B, d)`.

        Returns:
            A form a leaf of the output, and which boxes leave a choice open, booleans `(B,)`.
        """
        known = self._known | {self._input: forms.of_boxes(lower, upper)}
        is_open = np.zeros(len(lower), dtype=bool)

        def look_up(operand: Any) -> Value:
            return known[operand.number] if isinstance(operand, Name) else operand

        with np.errstate(all="ignore"):
            for step in self._steps:
                operands = [look_up(operand) for operand in step.operands]
                results = step.carry_out(*operands)
                if step.may_jump:
                    is_open |= _is_open(operands, results)
                known.update(zip(step.results, results, strict=True))
                for number in step.finished:
                    del known[number]
        outputs = [forms.filled(form(look_up(o)), *lower.shape) for o in self._outputs]
        return outputs, is_open

    def _read(self, equation: Equation, producers: dict[int, Equation], program: Program) -> None:
        carry_out, operands = compared_to_extreme(equation, producers) or (None, equation.operands)
        examples = [
            self._known[o.number] if isinstance(o, Name) else np.asarray(o) for o in operands
        ]
        if all(isinstance(x, np.ndarray) and x.dtype.kind in "iub" for x in examples):
            found = [np.asarray(result) for result in equation.evaluate(examples)]
        else:
            carry_out = carry_out or operation(equation, examples)
            found = carry_out(*examples)
            if any(program.varies(o) for o in operands):
                kept = [
                    o if program.varies(o) else x for o, x in zip(operands, examples, strict=True)
                ]
                may_jump = equation.primitive.name in _JUMPS
                self._steps.append(_Step(carry_out, tuple(kept), equation.results, (), may_jump))
                self.size += sum(int(np.prod(x.shape, dtype=int)) for x in found)
        self._known.update(zip(equation.results, found, strict=True))

    def _finish(self, program: Program) -> None:
        """Note where each variable is used for the last time, and forget the examples."""
        seen = {o.number for o in self._outputs if isinstance(o, Name)} | {self._input}
        steps = []
        for step in reversed(self._steps):
            used = {o.number for o in step.operands if isinstance(o, Name)}
            finished = (used | set(step.results)) - seen
            seen |= used | set(step.results)
            steps.append(step._replace(finished=tuple(finished)))
        self._steps = steps[::-1]
        kept = {o.number for o in self._outputs if isinstance(o, Name)}
        self._known = {
            n: value for n, value in self._known.items() if n in kept and n not in program.varying
        }


def _needed(program: Program) -> list[Equation]:
    """The equations that the outputs depend on."""
    wanted = {o.number for o in program.outputs if isinstance(o, Name)}
    kept = []
    for equation in reversed(program.equations):
        if wanted.intersection(equation.results):
            kept.append(equation)
            wanted |= {o.number for o in equation.operands if isinstance(o, Name)}
    return kept[::-1]


def _is_open(operands: list[Value], results: list[Value]) -> np.ndarray:
    """Booleans `(B,)`: a condition is undecided in the box, or a whole number is not one."""
    conditions = [x for x in operands if isinstance(x, Truth)]
    if conditions:
        return np.any(conditions[0].undecided, axis=0)
    if isinstance(results[0], Form) and results[0] is not operands[0]:
        return np.any(~(results[0].error < 0.25), axis=0)
    # A conversion of numbers chooses nothing.
    return np.zeros(1, dtype=bool)
