r"""A function's values over boxes in ball arithmetic (Arb, by python-flint), roundings included.

The program of a function is read once, as a list of operations on scalars without repetitions; it
is then carried out on balls [m ± r]. Functions that are monotone are taken at both ends. A
condition that a box leaves open is None, and what it chooses is all that lies between the cases.

References:
    Johansson, *Arb: efficient arbitrary-precision midpoint-radius interval arithmetic* (2017).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.ball_functions import ball_functions, flint
from thalweg.dynamics.formulas.entrywise import Arithmetic
from thalweg.dynamics.formulas.programs import Name, read_program


@dataclass(frozen=True, order=True)
class Scalar:
    """A scalar of a program, by its number among the operations."""

    number: int


class _Step(NamedTuple):
    """One operation on scalars."""

    fn: Callable[..., Any]
    operands: tuple[int, ...]
    result: int


class Balls:
    """A function of d coordinates, whose values over boxes are enclosed by balls.

    Attributes:
        is_open: whether the last box left a choice open, so that the function may jump in it.
        size: how many operations there are.
    """

    def __init__(self, fn: Callable[[Any], Any], dimension: int) -> None:
        """Read the program of `fn`, a function of an array `(d,)`. Call with x64 enabled.

        Raises:
            InputError: it holds an operation without balls, or python-flint is missing.
        """
        self.is_open = False
        self._recorder = _Recorder(self)
        inputs = [self._recorder.new() for _ in range(dimension)]
        program = read_program(fn, np.zeros(dimension))
        arithmetic = self._recorder.arithmetic
        values: dict[int, Any] = {program.inputs[0]: _array(inputs)}
        for equation in program.equations:
            operands = [
                values[o.number] if isinstance(o, Name) else np.asarray(o)
                for o in equation.operands
            ]
            results = arithmetic.carry_out(equation, operands)
            values.update(zip(equation.results, results, strict=True))
        found = [values[o.number] if isinstance(o, Name) else o for o in program.outputs]
        self.shapes = [np.shape(array) for array in found]
        outputs = [s for array in found for s in arithmetic.scalars(array).ravel()]
        self._outputs = [scalar.number for scalar in outputs]
        self._steps = self._recorder.needed(self._outputs)
        self._template = self._recorder.template()
        self.size = len(self._steps)

    def __call__(self, box: Sequence[Any]) -> list[Any]:
        """The outputs over a box, one ball a coordinate: a flat list of balls."""
        self.is_open = False
        values = self._template.copy()
        values[: len(box)] = box
        for fn, operands, result in self._steps:
            values[result] = fn(*[values[i] for i in operands])
        return [values[i] for i in self._outputs]


class _Recorder:
    """Operations on scalars as they are asked for: each once, those on constants carried out."""

    def __init__(self, balls: Balls) -> None:
        one, two = ball_functions(balls)
        self._power, self._choose = one.pop("integer_pow"), two.pop("choose")
        self._made: dict[Any, Scalar] = {}
        self._of: dict[int, Any] = {}
        self._known: dict[int, Any] = {}
        self._steps: list[_Step] = []
        self._count = 0
        self.arithmetic = Arithmetic(
            number=self.constant,
            one={name: self._function(name, fn) for name, fn in one.items()},
            two={name: self._function(name, fn) for name, fn in two.items()},
            total=self._total,
            power=lambda a, n: self.ask(("integer_pow", n), lambda x: self._power(x, n), a),
            choose=self._chosen,
            convert=self._convert,
            refuse=_refuse,
        )

    def new(self) -> Scalar:
        """A scalar that is not known yet."""
        self._count += 1
        return Scalar(self._count - 1)

    def constant(self, value: Any) -> Scalar:
        """A number or truth value of NumPy, exactly."""
        if isinstance(value, bool | np.bool_):
            return self._keep(bool(value))
        if isinstance(value, int | np.integer):
            return self._keep(flint().arb(int(value)))
        return self._keep(flint().arb(float(value)))

    def _keep(self, value: Any) -> Scalar:
        key = ("known", *(_digits(value) or (self._count,)))
        if key not in self._made:
            self._made[key] = self.new()
            self._known[self._made[key].number] = value
        return self._made[key]

    def ask(self, name: Any, fn: Callable[..., Any], *operands: Scalar) -> Scalar:
        """The result of an operation on scalars."""
        if all(o.number in self._known for o in operands):
            return self._keep(fn(*(self._known[o.number] for o in operands)))
        key = (name, *(o.number for o in operands))
        if key not in self._made:
            self._made[key] = self.new()
            self._of[self._made[key].number] = key
            numbers = tuple(o.number for o in operands)
            self._steps.append(_Step(fn, numbers, self._made[key].number))
        return self._made[key]

    def needed(self, outputs: Sequence[int]) -> list[_Step]:
        """The operations that outputs depend on, in order."""
        wanted, kept = set(outputs), []
        for step in reversed(self._steps):
            if step.result in wanted:
                kept.append(step)
                wanted.update(step.operands)
        return kept[::-1]

    def template(self) -> list[Any]:
        """A place for each scalar, the known ones filled in."""
        return [self._known.get(number) for number in range(self._count)]

    def _function(self, name: str, fn: Callable[..., Any]) -> Callable[..., Scalar]:
        shortened = {"mul": self._times, "add": self._plus, "add_any": self._plus, "eq": self._is}
        if name in shortened:
            return lambda *operands: shortened[name](fn, *operands)
        return lambda *operands: self.ask(name, fn, *operands)

    def _times(self, fn: Callable[..., Any], a: Scalar, b: Scalar) -> Scalar:
        """The product: of a scalar with itself its square, with 1 itself."""
        if a == b:
            return self.ask(("integer_pow", 2), lambda x: self._power(x, 2), a)
        for x, y in ((a, b), (b, a)):
            if self._is_number(x, 1):
                return y
        return self.ask("mul", fn, *sorted((a, b)))

    def _plus(self, fn: Callable[..., Any], a: Scalar, b: Scalar) -> Scalar:
        for x, y in ((a, b), (b, a)):
            if self._is_number(x, 0):
                return y
        return self.ask("add", fn, *sorted((a, b)))

    def _is(self, fn: Callable[..., Any], a: Scalar, b: Scalar) -> Scalar:
        """a = b; where b is the larger of a and c, that is a ≥ c."""
        for x, y in ((a, b), (b, a)):
            made = self._of.get(y.number, ("",))
            if made[0] in _EXTREMES and x.number in made[1:]:
                other = made[2] if made[1] == x.number else made[1]
                return self.arithmetic.two[_EXTREMES[made[0]]](x, Scalar(other))
        return self.ask("eq", fn, a, b)

    def _chosen(self, condition: Scalar, no: Scalar, yes: Scalar) -> Scalar:
        decided = self._known.get(condition.number)
        if decided is None:
            return self.ask("choose", self._choose, condition, no, yes)
        return yes if decided else no

    def _is_number(self, scalar: Scalar, value: int) -> bool:
        known = self._known.get(scalar.number)
        return known is not None and not isinstance(known, bool) and bool(known == value)

    def _total(self, terms: Sequence[Scalar]) -> Scalar:
        found = self.constant(0)
        for term in terms:
            found = self.arithmetic.two["add"](found, term)
        return found

    def _convert(self, scalar: Scalar, dtype: Any) -> Scalar:
        if np.dtype(dtype) != np.float64:
            raise _refuse(f"convert_element_type to {np.dtype(dtype)}")
        # A truth value is 0 or 1; a number stays one.
        return self.ask("as_number", self._as_number, scalar)

    def _as_number(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            arb = flint().arb
            return self._choose(value, arb(0), arb(1))
        return value


_EXTREMES = {"max": "ge", "min": "le"}


def _digits(value: Any) -> tuple[Any, ...] | None:
    """All digits of a ball, or a truth value; None of what is not finite, and never the same."""
    if value is None or isinstance(value, bool):
        return (str(value),)
    if not value.is_finite():
        return None
    return tuple(int(part) for end in (value.mid(), value.rad()) for part in end.man_exp())


def _array(scalars: Sequence[Any]) -> np.ndarray:
    made = np.empty(len(scalars), dtype=object)
    for i, scalar in enumerate(scalars):
        made[i] = scalar
    return made


def _refuse(name: str) -> InputError:
    return InputError(
        f"certify: the rule uses the JAX operation {name!r}, of which there is no ball arithmetic "
        f"here. Write the rule without it, or leave certify out."
    )
