"""Constant parts of a rule's program, and conditions that the region decides.

A rule may derive its constants from its parameters by long calculations, or by some that have no
exact form. Such a constant gets a symbol of its own, with the number that the program gives it.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import sympy as sp

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.programs import Equation, Name, Program
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.smoothness import decided

_LONGEST = 12  # operations: what takes longer to read than a name and a line for it
_SAME = 1e-13  # relative: the same constant by two orders of rounding
_LETTERS = "kcpqmhgw"


class ConstantParts:
    """The values of a program that no state changes, as numbers, and symbols for long ones.

    Attributes:
        values: the value of each symbol; those made here are added.
        assumed: the conditions on the state that were found to hold all over the region.
    """

    values: dict[Any, Any]
    assumed: list[Any]

    def __init__(
        self,
        program: Program,
        examples: list[np.ndarray],
        values: dict[Any, Any],
        taken: list[Any],
        region: SymbolRanges,
        as_symbols: bool,
    ):
        """Note what is known before the program runs.

        Arguments:
            program: whose last input is the state.
            examples: the numbers of the other inputs.
            values: of the symbols that stand for parameters.
            taken: the coordinates.
            region: decides conditions on the state.
            as_symbols: whether long constants become symbols, or exact numbers.
        """
        self.values, self.assumed = values, []
        self._taken, self._region, self._as_symbols = taken, region, as_symbols
        self._numbers = _still_numbers(program, examples)
        self._named: dict[int, np.ndarray] = {}
        self._letters = self._free_letters()

    def holds(self, equation: Equation) -> bool:
        """True if an operation has no operand that depends on the state."""
        return all(not isinstance(o, Name) or o.number in self._numbers for o in equation.operands)

    def carry_out(
        self, equation: Equation, exactly: Callable[[], list[Any]], is_known: bool
    ) -> list[Any]:
        """The results of such an operation as expressions; None for those left as numbers.

        Arguments:
            equation: the operation.
            exactly: carries it out on expressions.
            is_known: whether its operands are expressions.
        """
        unknown: list[Any] = [None] * len(equation.results)
        try:
            found = exactly() if is_known else unknown
        except InputError:
            found = unknown
        return [None if f is None or _is_long(f) else f for f in found]

    def named(self, number: int, exact: Callable[[Any], np.ndarray]) -> np.ndarray:
        """The entries of a variable that was left as numbers, each as a symbol.

        Arguments:
            number: of the variable.
            exact: makes an array of exact numbers of an array.
        """
        if number not in self._named:
            array = self._numbers[number]
            numbers = exact(array)
            if self._as_symbols and array.dtype.kind == "f":
                numbers = self._symbols(array, numbers)
            self._named[number] = numbers
        return self._named[number]

    def decided(self, condition: Any) -> Any:
        """A condition on the state as true or false, where it is so all over the region."""
        if not isinstance(condition, sp.core.relational.Relational):
            return condition
        answer = decided(condition, self._region)
        if answer is None:
            return condition
        fact = condition if answer else condition.negated
        if fact not in self.assumed:
            self.assumed.append(fact)
        return sp.true if answer else sp.false

    def _symbols(self, array: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """One symbol for each different entry; 0 and ±1 stay, being structure."""
        base, seen = next(self._letters), []
        made = np.empty(array.shape, dtype=object)
        for index in np.ndindex(array.shape):
            value = float(array[index])
            if numbers[index] in (0, 1, -1):
                made[index] = numbers[index]
                continue
            same = [s for s, v in seen if abs(v - value) <= _SAME * abs(value)]
            if not same:
                name = "_".join([base, *(str(i + 1) for i in index)])
                symbol = sp.Symbol(name, real=True, positive=True if value > 0 else None)
                self.values[symbol] = numbers[index]
                seen.append((symbol, value))
                same = [symbol]
            made[index] = same[0]
        return made

    def _free_letters(self) -> Iterator[str]:
        used = {s.name.split("_")[0] for s in (*self._taken, *self.values)}
        plain = (letter for letter in _LETTERS if letter not in used)
        return itertools.chain(plain, (f"k{i}" for i in itertools.count(1)))


def _still_numbers(program: Program, examples: list[np.ndarray]) -> dict[int, np.ndarray]:
    """The value of every variable that no state changes, through one compiled program."""
    known = dict(zip(program.inputs, examples, strict=False))
    still = set(known)
    for equation in program.equations:
        if all(not isinstance(o, Name) or o.number in still for o in equation.operands):
            still.update(equation.results)

    def carry_out(values: dict[int, Any]) -> dict[int, Any]:
        values = dict(values)
        for equation in program.equations:
            if still.issuperset(equation.results):
                operands = [
                    values[o.number] if isinstance(o, Name) else o for o in equation.operands
                ]
                values.update(zip(equation.results, equation.evaluate(operands), strict=True))
        return values

    return {number: np.asarray(v) for number, v in jax.jit(carry_out)(known).items()}


def _is_long(array: Any) -> bool:
    """True if an array holds an expression that is better named than written out."""
    if array.dtype != object:
        return False
    return any(sp.count_ops(entry) > _LONGEST for entry in array.ravel())
