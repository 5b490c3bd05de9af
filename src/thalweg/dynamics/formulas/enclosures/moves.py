"""Operations that move entries about, or add them up: found once on the numbers of the entries."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.enclosures import forms
from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.known import padded
from thalweg.dynamics.formulas.enclosures.orders import Truth
from thalweg.dynamics.formulas.enclosures.values import Value, form, is_condition, truth
from thalweg.dynamics.formulas.programs import FIRST_ENTRY, Equation, entries_in

_Moved = Callable[..., list[Value]]
# Places of entries to remember, for as many shapes: those of a few programs, some kilobytes each.
KEPT = 512


def entries(shape: tuple[int, ...], first: int = 0) -> np.ndarray:
    """The numbers of the entries of an array, in its shape."""
    return np.arange(first, first + math.prod(shape)).reshape(shape)


def along(shape: tuple[int, ...], axes: tuple[int, ...]) -> list[np.ndarray]:
    """The numbers of the entries at every place along axes, each in the shape of the others."""
    last = np.moveaxis(entries(shape), axes, range(-len(axes), 0)) if axes else entries(shape)
    kept = last.shape[: last.ndim - len(axes)]
    rows = last.reshape(*kept, math.prod(last.shape[len(kept) :]))
    return list(np.moveaxis(rows, -1, 0))


def moved(equation: Equation, examples: list[Value]) -> _Moved:
    """A move as an operation, from its effect on the numbers of the entries."""
    numbered, carried, count = [], [], 0
    for i, example in enumerate(examples):
        if isinstance(example, np.ndarray) and example.dtype.kind in "iu":
            numbered.append(example)
            continue
        numbered.append(entries(example.shape, FIRST_ENTRY + count))
        carried.append(i)
        count += math.prod(example.shape)
    places = []
    for found in MOVES[equation.primitive.name](equation, numbered):
        # What a move fills in from nowhere is entry 0, which is 0.
        places.append(entries_in(found, count, equation))
    if len(carried) == 1 and all(np.all(place > 0) for place in places):
        return lambda *operands: [_taken(operands[carried[0]], place - 1) for place in places]

    def move(*operands: Value) -> list[Value]:
        whole = _joined([operands[i] for i in carried])
        return [whole.taken(place) for place in places]

    return move


def _taken(value: Value, place: np.ndarray) -> Value:
    return np.ravel(value)[place] if isinstance(value, np.ndarray) else value.taken(place)


def _joined(values: list[Value]) -> Form | Truth:
    """The entries of all values in a row, behind a zero."""
    if all(is_condition(value) for value in values):
        known = [truth(value) for value in values]
        hold, fail = _column([k.may_hold for k in known]), _column([k.may_fail for k in known])
        return Truth(hold, fail, (len(hold),))
    parts = [form(value) for value in values]
    errors = _column([part.error for part in parts])
    linear = np.zeros((max(len(part.linear) for part in parts), *errors.shape))
    at = 1
    for part in parts:
        size = part.linear.shape[1]
        linear[: len(part.linear), at : at + size] = part.linear
        at += size
    return Form(linear, errors, (len(errors),))


def _column(arrays: list[np.ndarray]) -> np.ndarray:
    boxes = max(array.shape[1] for array in arrays)
    wide = [np.broadcast_to(array, (len(array), boxes)) for array in arrays]
    return np.concatenate([np.zeros((1, boxes), wide[0].dtype), *wide])


def _broadcast(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    shape = equation.params["shape"]
    own = [1] * len(shape)
    for axis, place in enumerate(equation.params["broadcast_dimensions"]):
        own[place] = operands[0].shape[axis]
    return [np.broadcast_to(operands[0].reshape(own), shape)]


def _slice(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    params = equation.params
    strides = params["strides"] or (1,) * operands[0].ndim
    ends = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return [operands[0][tuple(slice(*end) for end in ends)]]


def _split(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    ends = np.cumsum(equation.params["sizes"])[:-1]
    return np.split(operands[0], ends, axis=equation.params["axis"])


def _pad(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    return [padded(operands[0], operands[1], equation.params["padding_config"])]


def _unstacked(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    return list(np.moveaxis(operands[0], equation.params["axis"], 0))


def _by_jax(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    return [np.asarray(result) for result in equation.evaluate(operands)]


MOVES: dict[str, Callable[[Equation, list[np.ndarray]], list[np.ndarray]]] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": lambda e, o: [np.concatenate(o, axis=e.params["dimension"])],
    "dynamic_slice": _by_jax,
    "dynamic_update_slice": _by_jax,
    "gather": _by_jax,
    "pad": _pad,
    "reshape": lambda e, o: [o[0].reshape(e.params["new_sizes"])],
    "rev": lambda e, o: [np.flip(o[0], e.params["dimensions"])],
    "scatter": _by_jax,
    "slice": _slice,
    "split": _split,
    "squeeze": lambda e, o: [np.squeeze(o[0], tuple(e.params["dimensions"]))],
    "stack": lambda e, o: [np.stack(o, axis=e.params["axis"])],
    "transpose": lambda e, o: [np.transpose(o[0], e.params["permutation"])],
    "unstack": _unstacked,
}


def linear_in(equation: Equation, examples: list[Value], index: int) -> _Moved:
    """An operation that adds to its first operand a linear function of one of them.

    A matrix, found once, says which entry is added where.
    """
    if any(not isinstance(x, np.ndarray) for x in examples[1:index]):
        raise InputError("A scatter to places that vary has no bounds here.")
    fixed = [x if isinstance(x, np.ndarray) else np.zeros(x.shape) for x in examples]
    fixed[0] = np.zeros(examples[0].shape)

    def at(unit: Any) -> Any:
        return equation.evaluate([*fixed[:index], unit, *fixed[index + 1 :]])[0]

    shape = examples[index].shape
    count = math.prod(shape)
    spread = np.asarray(jax.vmap(at)(np.eye(count).reshape(count, *shape)))
    made, matrix = spread.shape[1:], spread.reshape(count, math.prod(spread.shape[1:])).T

    def carried(*operands: Value) -> list[Value]:
        added = forms.times_matrix(matrix, form(operands[index]), made)
        return [added if index == 0 else forms.add(form(operands[0]), added)]

    return carried


def sum_over(x: Form, axes: tuple[int, ...]) -> Form:
    """The sum over axes of an array."""
    places = _rows(x.shape, tuple(axes))
    return forms.sums(x.taken(places), places.shape[-1], places.shape[:-1])


@functools.lru_cache(maxsize=KEPT)
def _rows(shape: tuple[int, ...], axes: tuple[int, ...]) -> np.ndarray:
    """The numbers of the entries, those along axes last."""
    return np.stack(along(shape, axes), axis=-1)


def contracted(dimensions: Any, left: Value, right: Value) -> list[Value]:
    """`dot_general`: batch axes first, then the free ones of both."""
    (left_sum, right_sum), (left_batch, _) = dimensions
    if isinstance(left, np.ndarray) and not left_batch:
        return [_times_constant(left, left_sum, form(right), right_sum, is_first=True)]
    if isinstance(right, np.ndarray) and not left_batch:
        return [_times_constant(right, right_sum, form(left), left_sum, is_first=False)]
    x, y = form(left), form(right)
    a, b, count = _terms(tuple(tuple(map(tuple, pair)) for pair in dimensions), x.shape, y.shape)
    terms = forms.multiply(x.taken(a), y.taken(b))
    return [forms.sums(terms, math.prod(a.shape[count:]), a.shape[:count])]


@functools.lru_cache(maxsize=KEPT)
def _terms(
    dimensions: Any, left: tuple[int, ...], right: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, int]:
    """The numbers of the entries of both that are multiplied, and how many axes are left."""
    (left_sum, right_sum), (left_batch, right_batch) = dimensions
    x_free = [i for i in range(len(left)) if i not in (*left_sum, *left_batch)]
    y_free = [i for i in range(len(right)) if i not in (*right_sum, *right_batch)]
    a = np.transpose(entries(left), [*left_batch, *x_free, *left_sum])
    b = np.transpose(entries(right), [*right_batch, *y_free, *right_sum])
    batch = len(left_batch)
    free_x, free_y = len(x_free), len(y_free)
    a = a.reshape(*a.shape[: batch + free_x], *(1,) * free_y, *a.shape[batch + free_x :])
    b = b.reshape(*b.shape[:batch], *(1,) * free_x, *b.shape[batch:])
    first, second = np.broadcast_arrays(a, b)
    return first, second, batch + free_x + free_y


def _times_constant(
    known: np.ndarray, known_sum: tuple[int, ...], x: Form, x_sum: tuple[int, ...], is_first: bool
) -> Form:
    """The contraction of a known array with x; `is_first` where its free axes come first."""
    free = [i for i in range(known.ndim) if i not in known_sum]
    kept = [i for i in range(len(x.shape)) if i not in x_sum]
    matrix = np.transpose(known, [*free, *known_sum])
    shape = matrix.shape[: len(free)]
    count = math.prod(matrix.shape[len(free) :])
    matrix = matrix.reshape(math.prod(shape), count).astype(float)
    ordered = x.taken(np.transpose(entries(x.shape), [*x_sum, *kept]))
    others = ordered.shape[len(x_sum) :]
    made = forms.times_matrix(matrix, ordered, (*shape, *others))
    if is_first:
        return made
    turned = [*range(len(shape), len(made.shape)), *range(len(shape))]
    return made.taken(np.transpose(entries(made.shape), turned))
