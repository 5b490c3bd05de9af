r"""A sum of products of affine forms, bounded by the quadratic that it is, up to the forms' errors.

Where u = u₀ + U ε + e_u and v = v₀ + V ε + e_v over a box, ε ∈ [−1, 1]^d,

    u·v = u₀·v₀ + b·ε + εᵀA ε,    b = Uᵀv₀ + Vᵀu₀,    A = ½ (UᵀV + VᵀU),

up to |u| e_v + |v| e_u + e_u e_v. With A = N + P, the parts whose eigenvalues are at most 0 and at
least 0, εᵀP ε ≤ Σ|P_ij|, and the concave rest lies below each of its tangents: below q(ε₀) +
Σ(|g_i| − g_i ε₀ᵢ), where g is its gradient at ε₀, which is its maximum if ε₀ is where that lies. An
affine form of −|v|² is open where v is smaller than its change over the box, even if it never is 0;
its quadratic is not.
"""

from typing import NamedTuple

import numpy as np

from thalweg.dynamics.formulas.enclosures.forms import ROUNDING, UNDERFLOW, Form

# More than what all sums and the eigenvalues of a matrix of four rows are off, in `ROUNDING` of
# each of the n products that go into them: 768 units in the last place, where each needs a few.
_SUMS = 64.0
# Beside the size of a form: the smallest s at which |u| is bounded by u²/s. Of .01, .03 and .1 the
# last takes the fewest boxes on Müller and Brown's surface, by a fiftieth.
_LEAST_SCALE = 0.1
# Beside the trace of the matrix of a step: what keeps it regular; and the most steps a coordinate.
_REGULAR, _STEPS = 1e-13, 4
# Beside 1, the size of a form: what moves by less is still, and its share in a step may underflow.
_SMALL = 1e-200


class Bounds(NamedTuple):
    """Bounds of a number over B boxes.

    Attributes:
        least: a lower bound, `(B,)`.
        largest: an upper one; NaN where there is none.
        slopes: how far the number moves along each coordinate, by the affine forms, `(B, d)`.
        error: what these leave open, `(B,)`.
    """

    least: np.ndarray
    largest: np.ndarray
    slopes: np.ndarray
    error: np.ndarray


def bounds_of_value(values: list[Form]) -> Bounds:
    """The bounds of the only number that a function gives."""
    (value,) = values
    least, largest = (bound[0] for bound in value.bounds)
    return Bounds(least, largest, np.abs(value.linear[1:, 0]).T, value.error[0])


def bounds_of_product(values: list[Form]) -> Bounds:
    """The bounds of u·v, of a function that gives u and v, both of shape `(n,)`."""
    with np.errstate(all="ignore"):
        (u, of_u), (v, of_v) = map(_in_own_units, values)
        quadratic = _product(u, v)
        spread = np.sum(np.abs(quadratic.linear), axis=1)
        spread += np.sum(np.abs(quadratic.bent), axis=(1, 2))
        error = np.sum(u.size * v.error + v.size * u.error, axis=0)
        error += _noise(u, np.sum(u.size * v.size, axis=0))
        largest = np.fmin(quadratic.middle + spread + error, _largest(u, v))
        least = quadratic.middle - spread - error
        # Powers of two round nothing, but where what they make underflows.
        unit = of_u * of_v
        return Bounds(
            least * unit - UNDERFLOW,
            largest * unit + UNDERFLOW,
            np.abs(quadratic.linear) * unit[:, None],
            error * unit,
        )


def _in_own_units(form: Form) -> tuple[Form, np.ndarray]:
    """A form over a power of two in each box, by which its largest entry is at most 1; and that.

    Then nothing below overflows, and what underflows is far below the noise.
    """
    size = np.max(form.size, axis=0, initial=0.0)
    exponent = np.where(np.isfinite(size), np.frexp(np.where(np.isfinite(size), size, 1.0))[1], 0)
    scaled = np.ldexp(form.linear, -exponent), np.ldexp(form.error, -exponent)
    return Form(*scaled, form.shape), np.ldexp(1.0, exponent)


class _Quadratic(NamedTuple):
    """middle + linear·ε + εᵀ bent ε, of shapes `(B,)`, `(B, d)` and `(B, d, d)`."""

    middle: np.ndarray
    linear: np.ndarray
    bent: np.ndarray


def _product(u: Form, v: Form) -> _Quadratic:
    """That of the affine parts."""
    u0, v0, us, vs = u.linear[0], v.linear[0], u.linear[1:], v.linear[1:]
    bent = np.einsum("inb,jnb->bij", us, vs)
    bent = (bent + np.swapaxes(bent, 1, 2)) / 2.0
    return _Quadratic(np.sum(u0 * v0, axis=0), np.sum(us * v0 + u0 * vs, axis=1).T, bent)


def _noise(u: Form, total: np.ndarray) -> np.ndarray:
    """More than the roundings of a sum whose terms are as large as that together."""
    return _SUMS * ROUNDING * (1.0 + len(u.error)) * total + UNDERFLOW


def _largest(u: Form, v: Form) -> np.ndarray:
    """An upper bound of u·v, `(B,)`; NaN where a form is not finite."""
    is_known = np.isfinite(np.sum(u.size + v.size, axis=0))
    u, v = (_where(is_known, form) for form in (u, v))
    found = _product(u, v)
    at = _summit(found.linear, _parted(found.bent)[0])
    offset = np.sum(u.error * v.error, axis=0)
    total = np.sum(u.size * v.size, axis=0)
    for form, other in ((u, v), (v, u)):
        # |u| e is at most (u²/s + s) e/2 for any s, and no more where |u| = s.
        there = np.abs(form.linear[0] + np.einsum("inb,bi->nb", form.linear[1:], at))
        scale = there + _LEAST_SCALE * form.size + UNDERFLOW
        weight = other.error / (2.0 * scale)
        more = _product(Form(weight * form.linear, form.error, form.shape), form)
        found = _Quadratic(*(one + another for one, another in zip(found, more, strict=True)))
        offset += np.sum(scale * other.error / 2.0, axis=0)
        total += np.sum(weight * form.size**2, axis=0)
    top = _top(found) + offset + _noise(u, total + offset)
    return np.where(is_known, top, np.nan)


def _where(is_known: np.ndarray, form: Form) -> Form:
    """A form, 0 in the other boxes."""
    linear, error = np.where(is_known, form.linear, 0.0), np.where(is_known, form.error, 0.0)
    return Form(linear, error, form.shape)


def _top(of: _Quadratic) -> np.ndarray:
    """An upper bound in |ε_i| ≤ 1, but for rounding, `(B,)`."""
    falling, rising = _parted(of.bent)
    at = _summit(of.linear, falling)
    along = np.einsum("bij,bj->bi", falling, at)
    slope = of.linear + 2.0 * along
    tangent = np.sum(at * (of.linear + along) + np.abs(slope) - slope * at, axis=1)
    return of.middle + tangent + np.sum(np.abs(rising), axis=(1, 2))


def _parted(bent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """N and P, of eigenvalues ≤ 0 and ≥ 0, whose sum is a symmetric matrix."""
    values, vectors = np.linalg.eigh(bent)
    rising = (vectors * np.maximum(values, 0.0)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    return bent - rising, rising


def _summit(linear: np.ndarray, bent: np.ndarray) -> np.ndarray:
    """Nearly where linear·ε + εᵀ bent ε is largest in |ε_i| ≤ 1, for `bent` without rising parts.

    Newton's method with an active set: a step ends at the summit over the coordinates that are not
    held at a wall, and then the one that is most wrongly held is let go, or at another wall.
    """
    size = linear.shape[1]
    rows, eye = np.arange(len(linear)), np.eye(size)
    at, is_held = np.zeros_like(linear), np.zeros(linear.shape, dtype=bool)
    trace = -np.trace(bent, axis1=1, axis2=2) + np.sum(np.abs(linear), axis=1)
    regular = (_REGULAR * np.where(trace > _SMALL, trace, 1.0))[:, None, None] * eye
    slope = linear
    for _ in range(_STEPS * size):
        free = ~is_held
        matrix = np.where(free[:, :, None] & free[:, None, :], -2.0 * bent, 0.0) + regular
        matrix += np.where(is_held[:, None], eye, 0.0)
        step = np.linalg.solve(matrix, np.where(free, slope, 0.0)[..., None])[..., 0]
        room = np.where(step == 0.0, np.inf, (np.sign(step) - at) / step)
        room = np.where(free, room, np.inf)
        first = np.argmin(room, axis=1)
        is_stopped = room[rows, first] < 1.0
        at = np.clip(at + step * np.minimum(1.0, room[rows, first])[:, None], -1.0, 1.0)
        slope = linear + 2.0 * np.einsum("bij,bj->bi", bent, at)
        pull = np.where(is_held, slope * np.sign(at), np.inf)
        worst = np.argmin(pull, axis=1)
        is_let_go = ~is_stopped & (pull[rows, worst] < 0.0)
        is_held[rows[is_stopped], first[is_stopped]] = True
        is_held[rows[is_let_go], worst[is_let_go]] = False
        if not np.any(is_stopped | is_let_go):
            break
    return at
