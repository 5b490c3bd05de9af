r"""Affine forms: values that are known up to an error, and how they follow the place in a box.

A quantity over a box is enclosed by

    c + Σ_i a_i ε_i + e [−1, 1],    ε ∈ [−1, 1]^d,

where ε are the coordinates of the box, scaled. Sums keep the a_i, so that what cancels in a formula
cancels in its enclosure; what is not affine, and every rounding, goes into the error e. The
enclosure of a smooth formula is then as good as its Taylor polynomial of first order.

References:
    de Figueiredo & Stolfi, *Affine arithmetic: concepts and applications* (2004).
"""

import numpy as np

# More than what the roundings of one operation below can add up to, relative to the size of its
# operands, in up to four coordinates; and more than an underflow.
ROUNDING = 12.0 * float(np.finfo(float).eps)
# Above all that is lost where a product underflows (5e-324), far below any value that matters.
UNDERFLOW = 1e-300


class Form:
    """Affine forms of the n entries of an array at B boxes.

    Attributes:
        linear: c, then a_1, …, a_d, shape `(1 + d, n, B)`; `(1, n, B)` where nothing varies. B is 1
            for what is the same in all boxes.
        error: e ≥ 0, shape `(n, B)`; NaN where the quantity need not be defined.
        shape: the shape of the array at one box.
        middle: |c|, shape `(n, B)`.
        radius: Σ|a_i| + e, shape `(n, B)`.
        size: the largest absolute value, up to rounding.
        bounds: the least and the largest value, rounded outwards.
    """

    # `functools.cached_property` would lock each of them: a third of the time of a small program.
    __slots__ = ("_bounds", "_middle", "_radius", "_size", "error", "linear", "shape")

    def __init__(self, linear: np.ndarray, error: np.ndarray, shape: tuple[int, ...]) -> None:
        self.linear, self.error, self.shape = linear, error, shape
        self._middle: np.ndarray | None = None
        self._radius: np.ndarray | None = None
        self._size: np.ndarray | None = None
        self._bounds: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def middle(self) -> np.ndarray:
        """|c|."""
        if self._middle is None:
            self._middle = np.asarray(np.abs(self.linear[0]))
        return self._middle

    @property
    def radius(self) -> np.ndarray:
        """Σ|a_i| + e."""
        if self._radius is None:
            is_fixed = len(self.linear) == 1
            self._radius = self.error if is_fixed else _added(np.abs(self.linear[1:])) + self.error
        return self._radius

    @property
    def size(self) -> np.ndarray:
        """|c| + Σ|a_i| + e."""
        if self._size is None:
            self._size = self.middle + self.radius
        return self._size

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """c ∓ (Σ|a_i| + e), rounded outwards."""
        if self._bounds is None:
            slack = self.radius + ROUNDING * self.size + UNDERFLOW
            # What is known exactly is its own bound, and may be infinite.
            slack = np.where(self.radius == 0.0, 0.0, slack)
            self._bounds = self.linear[0] - slack, self.linear[0] + slack
        return self._bounds

    def taken(self, entries: np.ndarray) -> "Form":
        """The array whose entries are these of this one; `entries` has the new shape."""
        flat = entries.ravel()
        return Form(self.linear.take(flat, axis=1), self.error.take(flat, axis=0), entries.shape)

    def reshaped(self, shape: tuple[int, ...]) -> "Form":
        """The same entries in another shape."""
        return Form(self.linear, self.error, shape)


def constant(value: np.ndarray) -> Form:
    """An array that is known exactly."""
    value = np.asarray(value, dtype=float)
    return Form(value.reshape(1, value.size, 1), np.zeros((value.size, 1)), value.shape)


def of_boxes(lower: np.ndarray, upper: np.ndarray) -> Form:
    """The coordinates at boxes with these corners, both of shape `(B, d)`."""
    middle = ((lower + upper) / 2.0).T
    radius = np.maximum(upper.T - middle, middle - lower.T)
    linear = np.zeros((1 + len(middle), *middle.shape))
    linear[0] = middle
    for i in range(len(middle)):
        linear[1 + i, i] = radius[i] * (1.0 + ROUNDING)
    return Form(linear, ROUNDING * np.abs(middle), (len(middle),))


def negative(x: Form) -> Form:
    """−x."""
    return Form(-x.linear, x.error, x.shape)


def add(x: Form, y: Form) -> Form:
    """x + y; one of them may be a number."""
    error = x.size + y.size
    error *= ROUNDING
    error += x.error
    error += y.error
    error += UNDERFLOW
    return Form(_sum(x.linear, y.linear), error, shape_of(x, y))


def multiply(x: Form, y: Form) -> Form:
    r"""x y; one of them may be a number.

    Of the product of the varying parts, Σ a_i b_i ε_i² is half its sum, give or take as much.
    """
    shape = shape_of(x, y)
    if len(x.linear) > len(y.linear):
        x, y = y, x
    error = x.size * y.size
    error *= ROUNDING
    error += UNDERFLOW
    error += x.middle * y.error
    if len(x.linear) == 1:
        error += x.error * y.size
        return Form(x.linear[0] * y.linear, error, shape)
    linear = x.linear[0] * y.linear
    linear[1:] += y.linear[0] * x.linear[1:]
    half = x.linear[1:] * y.linear[1:]
    half *= 0.5
    linear[0] += _added(half)
    error += y.middle * x.error
    error += x.radius * y.radius
    error -= _added(np.abs(half, out=half))
    return Form(linear, error, shape)


def sums(x: Form, count: int, shape: tuple[int, ...]) -> Form:
    """The sums of every `count` entries that follow each other, as an array of a given shape."""
    rows, entries, boxes = x.linear.shape
    made = entries // count
    linear = np.sum(x.linear.reshape(rows, made, count, boxes), axis=2)
    error, size = (np.sum(a.reshape(made, count, -1), axis=1) for a in (x.error, x.size))
    return Form(linear, error + count * ROUNDING * size + UNDERFLOW, shape)


def times_matrix(matrix: np.ndarray, x: Form, shape: tuple[int, ...]) -> Form:
    """`matrix @ x` for a matrix that is known exactly, as an array of a given shape.

    The k entries that a column of the matrix stands for are blocks of x: `(k, n // k, B)`.
    """
    rows, _, boxes = x.linear.shape
    count = matrix.shape[1]
    linear = (matrix @ x.linear.reshape(rows, count, -1)).reshape(rows, -1, boxes)
    widths = np.abs(matrix)
    error, size = (
        (widths @ np.broadcast_to(a, x.linear.shape[1:]).reshape(count, -1)).reshape(-1, boxes)
        for a in (x.error, x.size)
    )
    return Form(linear, error + count * ROUNDING * size + UNDERFLOW, shape)


def hull(x: Form, y: Form, where: np.ndarray) -> Form:
    """All that lies between x and y, at entries `where`, booleans `(n, B)`; x elsewhere."""
    left, right = _alike(x, y)
    half = 0.5 * (left - right)
    error = np.maximum(x.error, y.error) + np.sum(np.abs(half), axis=0)
    noise = ROUNDING * (x.size + y.size) + UNDERFLOW
    return Form(
        np.where(where, left - half, left),
        np.where(where, error + noise, x.error),
        shape_of(x, y),
    )


def choose(where: np.ndarray, x: Form, y: Form) -> Form:
    """x at entries `where`, booleans `(n, B)`; y elsewhere."""
    left, right = _alike(x, y)
    return Form(np.where(where, left, right), np.where(where, x.error, y.error), shape_of(x, y))


def stretched(x: Form, slope: np.ndarray, offset: np.ndarray, error: np.ndarray) -> Form:
    """slope · x + offset ± error, for arrays `(n, B)` that are known exactly."""
    linear = slope * x.linear
    linear[0] += offset
    noise = ROUNDING * (np.abs(slope) * x.size + np.abs(offset)) + UNDERFLOW
    return Form(linear, np.abs(slope) * x.error + error * (1.0 + ROUNDING) + noise, x.shape)


def filled(x: Form, boxes: int, dimension: int) -> Form:
    """The same, written out for every box and coordinate."""
    linear = np.zeros((1 + dimension, len(x.error), boxes))
    linear[: len(x.linear)] = x.linear
    return Form(linear, np.broadcast_to(x.error, linear.shape[1:]), x.shape)


def shape_of(x: Form, y: Form) -> tuple[int, ...]:
    """The shape of what two arrays make, entry by entry, of which one may be a number."""
    return x.shape if len(x.shape) >= len(y.shape) else y.shape


def _added(rows: np.ndarray) -> np.ndarray:
    """The sum of a few arrays, one after the other."""
    total = rows[0].copy()
    for row in rows[1:]:
        total += row
    return total


def _sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sum of linear parts, of which one may be constant."""
    if len(a) == len(b):
        return a + b
    small, large = (a, b) if len(a) < len(b) else (b, a)
    first = large[0] + small[0]
    made = np.empty((len(large), *first.shape))
    made[0], made[1:] = first, large[1:]
    return made


def _alike(x: Form, y: Form) -> tuple[np.ndarray, np.ndarray]:
    """The linear parts of two forms, as many of both."""
    count = max(len(x.linear), len(y.linear))

    def filled(form: Form) -> np.ndarray:
        if len(form.linear) == count:
            return form.linear
        linear = np.zeros((count, *form.error.shape))
        linear[0] = form.linear[0]
        return linear

    return filled(x), filled(y)
