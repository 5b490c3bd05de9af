"""The values of a JAX function over many boxes at once, in bounds that are proven."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from thalweg.dynamics.formulas.enclosures import forms
from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.orders import Truth
from thalweg.dynamics.formulas.enclosures.recipes import Step, recipe_of
from thalweg.dynamics.formulas.enclosures.values import Value, form
from thalweg.dynamics.formulas.programs import Name

# So many numbers of double precision, a few operands of them, fit into a cache of a megabyte.
_AT_ONCE = 30_000


class Enclosure:
    """A function of d ≤ 4 coordinates whose values over boxes are enclosed by affine forms.

    Its program is read once and carried out in NumPy, on as many boxes at a time as fit. Numbers
    that the program holds are taken as they are, and every rounding is in the bounds.

    Attributes:
        size: how many numbers are computed a box, about.
        batch: how many boxes to give at once, so that what is computed stays in the cache.
        may_jump: whether the program holds a choice that boxes may leave open.
    """

    def __init__(self, fn: Callable[..., Any], dimension: int, *parameters: Any) -> None:
        """Read the program of `fn`. Call with x64 enabled.

        Arguments:
            fn: a function of `parameters` and an array `(d,)`.
            dimension: d.
            parameters: pytrees. The program of a function of the same structure is kept, and the
                numbers in them are put into it.

        Raises:
            InputError: it holds an operation that has no bounds here.
        """
        recipe, numbers = recipe_of(fn, dimension, parameters)
        self._input, self._outputs, self._steps = recipe.state, recipe.outputs, recipe.steps
        self._known: dict[int, Value] = dict(recipe.known)
        self._known.update(zip(recipe.parameters, numbers, strict=True))
        with np.errstate(all="ignore"):
            _carry_out(recipe.still, self._known, None)
        self.size = recipe.size
        self.may_jump = any(step.may_jump for step in self._steps)
        each = max(self.size // max(len(self._steps), 1), 1) * (2 + dimension)
        self.batch = int(np.clip(_AT_ONCE // each, 64, 4096))

    def __call__(self, lower: np.ndarray, upper: np.ndarray) -> tuple[list[Form], np.ndarray]:
        """The outputs over boxes with these corners, both of shape `(B, d)`.

        Returns:
            A form a leaf of the output, and which boxes leave a choice open, booleans `(B,)`.
        """
        known = self._known | {self._input: forms.of_boxes(lower, upper)}
        is_open = np.zeros(len(lower), dtype=bool)
        with np.errstate(all="ignore"):
            _carry_out(self._steps, known, is_open)
        found = [known[o.number] if isinstance(o, Name) else o for o in self._outputs]
        return [forms.filled(form(value), *lower.shape) for value in found], is_open

    def jumps_within(self, lower: np.ndarray, upper: np.ndarray) -> bool:
        """True if the box with these corners `(d,)` leaves a choice open; then its parts may."""
        return self.may_jump and bool(self(lower[None], upper[None])[1][0])


def _carry_out(steps: Iterable[Step], known: dict[int, Value], is_open: np.ndarray | None) -> None:
    """Add the results of steps to what is known, and note which boxes leave a choice open."""
    for step in steps:
        operands = [known[o.number] if isinstance(o, Name) else o for o in step.operands]
        results = step.carry_out(*operands)
        if step.may_jump and is_open is not None:
            is_open |= _is_open(operands, results)
        known.update(zip(step.results, results, strict=True))
        for number in step.finished:
            del known[number]


def _is_open(operands: list[Value], results: list[Value]) -> np.ndarray:
    """Booleans `(B,)`: a condition is undecided in the box, or a whole number is not one."""
    conditions = [x for x in operands if isinstance(x, Truth)]
    if conditions:
        return np.any(conditions[0].undecided, axis=0)
    if isinstance(results[0], Form) and results[0] is not operands[0]:
        return np.any(~(results[0].error < 0.25), axis=0)
    # A conversion of numbers chooses nothing.
    return np.zeros(1, dtype=bool)
