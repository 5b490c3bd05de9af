"""A JAX function of numbers as a JavaScript function."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.extend import core

from thalweg.dynamics.formulas.programs import (
    Equation,
    Name,
    Program,
    kept_and_carried,
    read_program,
)
from thalweg.explorer.printing.arrays import (
    accumulated,
    as_objects,
    contracted,
    is_move,
    move,
    reduced,
    scattered,
)
from thalweg.explorer.printing.blocks import (
    Function,
    Node,
    NoFormulasError,
    kind_of,
)
from thalweg.explorer.printing.loops import Turns
from thalweg.explorer.printing.operations import OPERATIONS, whole
from thalweg.explorer.printing.spans import INPUT

_SAME = ("stop_gradient", "device_put", "copy", "copy_p", "optimization_barrier")
_TRUTHS = ("and", "or", "not")
_WHOLE = ("div", "rem")
_NARROW = ("int8", "int16", "uint8", "uint16", "uint32", "uint64")
# What a repeated product is cheaper than, and more exact than, a power.
_LARGEST_POWER = 64


@dataclass(frozen=True)
class Printed:
    """A function in JavaScript.

    Attributes:
        name: what the page calls it.
        still: the lines that fill `c`, of the parameters `p`.
        moving: the lines that fill `out`, of the state `u, v`, the time `t`, `p` and `c`.
        constants: how many numbers `c` holds.
        outputs: how many `out` holds.
        uses_time: whether the time matters.
    """

    name: str
    still: tuple[str, ...]
    moving: tuple[str, ...]
    constants: int
    outputs: int
    uses_time: bool

    def text(self) -> str:
        """An entry of an object: the number of constants, and two functions."""
        still = "\n".join(f"      {line}" for line in self.still)
        moving = "\n".join(f"      {line}" for line in self.moving)
        return (
            f"  {self.name}: {{\n    constants: {self.constants},\n    outputs: {self.outputs},\n"
            f"    prepare(p, c) {{\n{still}\n    }},\n"
            f"    at(u, v, t, p, c, out) {{\n{moving}\n    }},\n  }},"
        )


def print_function(
    name: str,
    fn: Callable[..., Any],
    parameters: Sequence[np.ndarray],
    entries: Sequence[np.ndarray],
    dimension: int,
) -> Printed:
    """Print `fn(*parameters, t, y)`, its results in one row. Call with x64 enabled.

    Arguments:
        name: what the page calls it.
        fn: the function.
        parameters: an example of each parameter.
        entries: the place in `p` of each entry of each parameter.
        dimension: the number of coordinates of `y`, 1 or 2.

    Raises:
        NoFormulasError: it holds an operation that has no JavaScript here.
    """
    try:
        program = read_program(fn, *parameters, np.float64(0.0), np.full(dimension, 0.1))
    except (TypeError, IndexError) as error:  # of JAX: it needs the value of a number
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NoFormulasError(f"its program cannot be read ({reason})") from error
    function = Function()
    letters = ("t", "u", "v")[: 1 + dimension]
    time, *names = (function.variable(function.moving, x, span=INPUT) for x in letters)
    inputs = [_variables(function, places) for places in entries]
    inputs += [_objects(time), np.array(names, dtype=object)]
    found = _Printer(function).run(program, inputs)
    outputs = [_as_number(function, e) for array in found for e in as_objects(array).ravel()]
    still, moving, constants = function.render(outputs)
    uses_time = any(_mentions(line, "t") for line in moving)
    return Printed(name, tuple(still), tuple(moving), constants, len(outputs), uses_time)


def _mentions(line: str, name: str) -> bool:
    words = "".join(ch if ch.isalnum() or ch == "." else " " for ch in line).split()
    return name in words


def _variables(function: Function, places: np.ndarray) -> np.ndarray:
    made = np.empty(np.shape(places), dtype=object)
    for index in np.ndindex(made.shape):
        text = f"p[{int(np.asarray(places)[index])}]"
        made[index] = function.variable(function.still, text, span=INPUT)
    return made


def _objects(value: Any) -> np.ndarray:
    made = np.empty((), dtype=object)
    made[()] = value
    return made


def _of_kind(array: np.ndarray, dtype: Any) -> np.ndarray:
    """An array whose known entries are of the kind that a program says."""
    make = {"b": bool, "f": float}.get(np.dtype(dtype).kind, whole)
    made = np.empty(array.shape, dtype=object)
    for index in np.ndindex(made.shape):
        entry: Any = array[index]
        made[index] = entry if isinstance(entry, Node) else make(entry)
    return made


def _as_number(function: Function, value: Any) -> Any:
    return function.apply("select", value, 1.0, 0.0) if kind_of(value) == "b" else value


class _Printer:
    """Goes through programs and writes their operations."""

    def __init__(self, function: Function):
        self._function = function
        self._apply = function.apply

    def run(self, program: Program, inputs: list[np.ndarray]) -> list[np.ndarray]:
        values: dict[int, np.ndarray] = dict(zip(program.inputs, inputs, strict=True))

        def look_up(operand: Any) -> np.ndarray:
            return values[operand.number] if isinstance(operand, Name) else as_objects(operand)

        for equation in program.equations:
            results = self._results(equation, [look_up(o) for o in equation.operands])
            results = [_of_kind(r, d) for r, d in zip(results, equation.dtypes, strict=True)]
            values.update(zip(equation.results, results, strict=True))
        return [look_up(o) for o in program.outputs]

    def _results(self, equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
        name, params = equation.primitive.name, equation.params
        if name in _SAME:
            return operands
        if is_move(equation) or name == "scatter-add":
            if name == "scatter-add":
                return [scattered(equation, operands, self.join)]
            return move(equation, operands)
        if name in _SPECIAL:
            return _SPECIAL[name](self, operands, params)
        if name not in OPERATIONS:
            raise NoFormulasError(f"it uses the JAX operation {name!r}")
        return [self._entrywise(name, operands)]

    def _entrywise(self, name: str, operands: list[np.ndarray]) -> np.ndarray:
        arrays = np.broadcast_arrays(*operands)
        made = np.empty(arrays[0].shape, dtype=object)
        for index in np.ndindex(made.shape):
            made[index] = self.join(name, *(a[index] for a in arrays))
        return made

    def join(self, name: str, *operands: Any) -> Any:
        """The result of an operation on numbers, in the simplest form that changes nothing."""
        if name in _TRUTHS and any(kind_of(o) != "b" for o in operands):
            raise NoFormulasError(f"it uses {name!r} on the bits of whole numbers")
        simple = _simplified(name, operands)
        if simple is not None:
            return simple
        if name in _WHOLE and all(kind_of(o) == "i" for o in operands):
            return self._whole_quotient(name, *operands)
        return self._apply(name, *operands)

    def _whole_quotient(self, name: str, one: Any, other: Any) -> Any:
        """A quotient or remainder of whole numbers; XLA gives them for a divisor of zero, too."""
        of_zero = -1 if name == "div" else one
        if not isinstance(other, Node) and other == 0:
            return of_zero
        result = self._apply(name, one, other)
        result = self._apply("to_whole", result) if name == "div" else result
        if not isinstance(other, Node):
            return result
        return self._apply("select", self._apply("eq", other, 0), of_zero, result)

    def _same(self, operands: list[np.ndarray], params: dict[str, Any]) -> list[np.ndarray]:
        dtype = np.dtype(params["new_dtype"])
        if dtype.kind == "f" and dtype != np.float64:
            raise NoFormulasError(f"it computes in {dtype.name}, a page in float64")
        if dtype.name in _NARROW and any(isinstance(o, Node) for o in operands[0].ravel()):
            raise NoFormulasError(f"it computes in {dtype.name}, whose numbers wrap around")
        made = np.empty(operands[0].shape, dtype=object)
        for index in np.ndindex(made.shape):
            made[index] = self._converted(operands[0][index], dtype.kind.replace("u", "i"))
        return [made]

    def _converted(self, value: Any, kind: str) -> Any:
        if kind == "b":
            return value if kind_of(value) == "b" else self._apply("is_true", value)
        if kind_of(value) == "b":
            one, zero = (1.0, 0.0) if kind == "f" else (1, 0)
            return self._apply("select", value, one, zero)
        if not isinstance(value, Node):
            return float(value) if kind == "f" else whole(value)
        if kind == "f" or kind_of(value) == "i":
            # The same number: only its kind is another, so that 1/2 is a half, and −0 is 0.
            return value if kind_of(value) == kind else self._apply("add", value, 0.0)
        return self._apply("to_whole", value)

    def _power(self, operands: list[np.ndarray], params: dict[str, Any]) -> list[np.ndarray]:
        exponent = params["y"]
        made = np.empty(operands[0].shape, dtype=object)
        for index in np.ndindex(made.shape):
            made[index] = self._whole_power(operands[0][index], exponent)
        return [made]

    def _whole_power(self, base: Any, exponent: int) -> Any:
        if abs(exponent) > _LARGEST_POWER:
            return self._apply("pow", base, float(exponent))
        left, square, made = abs(exponent), base, None
        while left:
            if left % 2:
                made = square if made is None else self.join("mul", made, square)
            left //= 2
            square = self.join("mul", square, square) if left else square
        made = 1.0 if made is None else made
        return self.join("div", 1.0, made) if exponent < 0 else made

    def _select(self, operands: list[np.ndarray], params: dict[str, Any]) -> list[np.ndarray]:
        which, *cases = np.broadcast_arrays(*operands)
        if len(cases) != 2:
            raise NoFormulasError("it selects among more than two cases")
        made = np.empty(which.shape, dtype=object)
        for index in np.ndindex(made.shape):
            condition = self._converted(which[index], "b")
            no, yes = (case[index] for case in cases)
            made[index] = yes if yes is no else self.join("select", condition, yes, no)
        return [made]

    def _scan(self, operands: list[np.ndarray], params: dict[str, Any]) -> list[np.ndarray]:
        consts, carried = kept_and_carried(params)
        count = params["length"]
        begin, rows = operands[consts : consts + carried], operands[consts + carried :]
        if count == 0:
            kept = params["jaxpr"].out_avals[carried:]
            return [*begin, *(np.empty((0, *aval.shape), dtype=object) for aval in kept)]
        nodes = [e for array in operands for e in array.ravel() if isinstance(e, Node)]
        still = self._function.still
        outer = max((n.block for n in nodes), key=lambda b: b.depth, default=still)
        loop = Turns(self._function, self.join, outer, count, bool(params["reverse"]))
        state = [loop.variables(array) for array in begin]
        given = [loop.rows_of(array) for array in rows]
        closed = params["jaxpr"]
        examples = [np.zeros(v.aval.shape, v.aval.dtype) for v in closed.jaxpr.invars]
        program = read_program(core.jaxpr_as_fun(closed), *examples)
        found = [as_objects(a) for a in self.run(program, [*operands[:consts], *state, *given])]
        loop.follow(found[:carried])
        stacked = [loop.kept(array) for array in found[carried:]]
        loop.close()
        return [*(loop.after(array) for array in state), *stacked]

    def _choice(self, operands: list[np.ndarray], params: dict[str, Any]) -> list[np.ndarray]:
        branches = params["branches"]
        if len(branches) != 2:
            raise NoFormulasError("it selects among more than two cases")
        found = []
        for closed in branches:
            examples = [np.zeros(v.aval.shape, v.aval.dtype) for v in closed.jaxpr.invars]
            program = read_program(core.jaxpr_as_fun(closed), *examples)
            found.append(self.run(program, operands[1:]))
        pairs = zip(*found, strict=True)
        return [self._select([operands[0], no, yes], {})[0] for no, yes in pairs]

    def _rounded(self, operands: list[np.ndarray], params: dict[str, Any]) -> list[np.ndarray]:
        to_even = params["rounding_method"] == jax.lax.RoundingMethod.TO_NEAREST_EVEN
        return [self._entrywise("round_even" if to_even else "round_away", operands)]

    def _reduced(
        self, operands: list[np.ndarray], params: dict[str, Any], name: str, empty: Any
    ) -> list[np.ndarray]:
        """Entries joined along axes; `empty` is the result of none."""
        return [reduced(operands[0], params["axes"], lambda a, b: self.join(name, a, b), empty)]

    def _each(self, texts: Callable[[Any], Any], operands: list[np.ndarray]) -> list[np.ndarray]:
        made = np.empty(operands[0].shape, dtype=object)
        for index in np.ndindex(made.shape):
            made[index] = texts(operands[0][index])
        return [made]


def _simplified(name: str, operands: tuple[Any, ...]) -> Any:
    """A result that needs no operation, or None."""
    known = [None if isinstance(o, Node) else o for o in operands]
    if name == "select" and known[0] is not None:
        return operands[1] if known[0] else operands[2]
    if len(operands) != 2 or known[0] is None is known[1]:
        return None
    if known[0] is not None and known[1] is not None:
        return None
    one, other = operands
    value, left_over = (known[0], other) if known[1] is None else (known[1], one)
    is_first = known[1] is None
    if name in ("and", "or"):
        decides = (name == "or") == value
        return value if decides else left_over
    if name == "mul" and value == 0 and (kind_of(left_over) == "i" or left_over.span is not None):
        return value  # a structural zero: of a derivative, or of a matrix
    unit = {"add": 0, "mul": 1}.get(name, None if is_first else {"sub": 0, "div": 1}.get(name))
    return left_over if value == unit else None


_SPECIAL: dict[str, Callable[..., list[np.ndarray]]] = {
    "convert_element_type": _Printer._same,
    "integer_pow": _Printer._power,
    "select_n": _Printer._select,
    "scan": _Printer._scan,
    "cond": _Printer._choice,
    "round": _Printer._rounded,
    "add_any": lambda s, o, p: [s._entrywise("add", o)],
    "square": lambda s, o, p: s._each(lambda a: s.join("mul", a, a), o),
    "exp2": lambda s, o, p: s._each(lambda a: s.join("pow", 2.0, a), o),
    "rsqrt": lambda s, o, p: s._each(lambda a: s.join("div", 1.0, s.join("sqrt", a)), o),
    "clamp": lambda s, o, p: [s._entrywise("min", [s._entrywise("max", [o[0], o[1]]), o[2]])],
    "reduce_sum": lambda s, o, p: s._reduced(o, p, "add", 0),
    "reduce_prod": lambda s, o, p: s._reduced(o, p, "mul", 1),
    "reduce_max": lambda s, o, p: s._reduced(o, p, "max", -math.inf),
    "reduce_min": lambda s, o, p: s._reduced(o, p, "min", math.inf),
    "reduce_and": lambda s, o, p: s._reduced(o, p, "and", True),
    "reduce_or": lambda s, o, p: s._reduced(o, p, "or", False),
    "cumsum": lambda s, o, p: [accumulated(o[0], p, s.join)],
    "dot_general": lambda s, o, p: [contracted(o, p, s.join)],
}
