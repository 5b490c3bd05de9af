"""Comparisons of affine forms, which a box may leave undecided, and what is chosen by them."""

from dataclasses import dataclass

import numpy as np

from thalweg.dynamics.formulas.enclosures import forms
from thalweg.dynamics.formulas.enclosures.forms import Form


@dataclass(frozen=True, eq=False)
class Truth:
    """The conditions that the n entries of an array are, at B boxes.

    Attributes:
        may_hold: whether it may hold somewhere in the box, booleans `(n, B)`.
        may_fail: whether it may fail somewhere.
        shape: the shape of the array at one box.
    """

    may_hold: np.ndarray
    may_fail: np.ndarray
    shape: tuple[int, ...]

    @property
    def undecided(self) -> np.ndarray:
        """Entries where it may hold and may fail, booleans `(n, B)`."""
        return self.may_hold & self.may_fail

    def taken(self, entries: np.ndarray) -> "Truth":
        """The array whose entries are these of this one; `entries` has the new shape."""
        flat = entries.ravel()
        return Truth(self.may_hold[flat], self.may_fail[flat], entries.shape)


def exactly(value: np.ndarray) -> Truth:
    """A condition that is the same in all boxes."""
    flat = np.asarray(value, dtype=bool).reshape(-1, 1)
    return Truth(flat, ~flat, np.shape(value))


def _difference(x: Form, y: Form) -> Form:
    return forms.add(x, forms.negative(y))


def _lead(x: Form, y: Form) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of x − y."""
    if len(x.linear) > 1 and len(y.linear) > 1:
        return _difference(x, y).bounds
    (low, high), (least, largest) = x.bounds, y.bounds
    # The sign of a difference of two numbers is that of the exact one.
    return low - largest, high - least


def _less(x: Form, y: Form) -> Truth:
    """x < y. What is NaN is decided by nothing."""
    low, high = _lead(x, y)
    return Truth(~(low >= 0.0), ~(high < 0.0), forms.shape_of(x, y))


def negation(condition: Truth) -> Truth:
    """The opposite condition."""
    return Truth(condition.may_fail, condition.may_hold, condition.shape)


def compare(name: str, x: Form, y: Form) -> Truth:
    """The condition `x name y`, where the name is that of the JAX primitive."""
    if name in ("lt", "gt"):
        return _less(x, y) if name == "lt" else _less(y, x)
    if name in ("le", "ge"):
        return negation(_less(y, x) if name == "le" else _less(x, y))
    low, high = _lead(x, y)
    is_apart = (low > 0.0) | (high < 0.0)
    is_one = (low == 0.0) & (high == 0.0)
    equal = Truth(~is_apart, ~is_one, forms.shape_of(x, y))
    return equal if name == "eq" else negation(equal)


def both(x: Truth, y: Truth) -> Truth:
    """x and y."""
    return Truth(x.may_hold & y.may_hold, x.may_fail | y.may_fail, x.shape)


def select(condition: Truth, otherwise: Form, chosen: Form) -> Form:
    """`chosen` where the condition holds, `otherwise` where it fails, what lies between if open."""
    picked = forms.choose(condition.may_hold, chosen, otherwise)
    if not np.any(condition.undecided):
        return picked
    return forms.hull(picked, otherwise, condition.undecided)


def number(condition: Truth) -> Form:
    """1 where it holds, 0 where it fails."""
    low, high = (~condition.may_fail).astype(float), condition.may_hold.astype(float)
    return Form((low + high)[None] / 2.0, (high - low) / 2.0, condition.shape)


def positive_part(x: Form) -> Form:
    """max(x, 0): where x changes sign, a chord and half the gap below it."""
    low, high = x.bounds
    with np.errstate(all="ignore"):
        slope = np.where(low >= 0.0, 1.0, np.where(high <= 0.0, 0.0, high / (high - low)))
    gap = np.where((low >= 0.0) | (high <= 0.0), 0.0, -0.5 * slope * low)
    # The chord is rounded: it may cut the corner by as much.
    error = gap + forms.ROUNDING * np.abs(gap)
    return forms.stretched(x, slope, gap, error)


def largest(x: Form, y: Form) -> Form:
    """max(x, y)."""
    lead = _difference(x, y)
    low, high = lead.bounds
    mixed = forms.add(y, positive_part(lead))
    return forms.choose(low >= 0.0, x, forms.choose(high <= 0.0, y, mixed))


def magnitude(x: Form) -> Form:
    """|x|."""
    return largest(x, forms.negative(x))


def sign(x: Form) -> Form:
    """−1, 0 or 1, or what lies between."""
    zero = forms.constant(np.zeros(()))
    return _difference(number(_less(zero, x)), number(_less(x, zero)))


def whole(name: str, x: Form) -> Form:
    """floor, ceil or round of x: a number where it is decided, else what lies between."""
    fn = {"floor": np.floor, "ceil": np.ceil, "round": np.round}[name]
    low, high = (fn(bound) for bound in x.bounds)
    return Form(((low + high) / 2.0)[None], (high - low) / 2.0, x.shape)
