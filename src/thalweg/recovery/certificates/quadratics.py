r"""The rate of an energy around states of rest, where it vanishes, as a quadratic form.

Around a point c, for z = y − c in a cube, the rate φ obeys

    φ(y) ≤ φ(c) + |b| |z| − ½ λ |z|²

where −λ < 0 bounds the eigenvalues of a symmetric matrix H all over the cube. Of a map b is ∇φ(c)
and H the Hessian of φ. Of a flow φ = u·v, where u = ∇E and v = f both vanish at a rest, and then

    u·v = u(c)·v(c) + b·z + ½ zᵀH z,    b = Uᵀv(c) + Vᵀu(c),    H = UᵀV + VᵀU,

with the means U and V of their Jacobians on the way from c to y, which lie within the bounds over
the cube: no third derivative of E is needed. φ(c) and b are 0 but for the roundings of c and of the
numbers in E, so φ < 0 but within a core of their size.
"""

import numpy as np

from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.products import bounds_of_product
from thalweg.recovery.certificates.rates import (
    Posed,
    curvature_of_rate,
    enclosed,
    factors_and_slopes,
    level,
)

# More than the eigenvalues of a symmetric matrix of four rows are off, relative to its size, and
# the sums of a few products relative to that of their absolute values: 450 units in the last place.
_ROUNDED = 1e-13


class NearRests:
    """The rate of an energy near states of rest.

    Attributes:
        rise: φ at each of the rests, or 0 where it is negative, shape `(m,)`.
        widths: units of the coordinates, `(d,)`, in which all is told.

    Raises:
        InputError: a program holds an operation that has no bounds.
    """

    def __init__(self, about: Posed, rests: np.ndarray, widths: np.ndarray) -> None:
        """Read the programs of the rule and the energy. Call with x64 enabled.

        Arguments:
            about: the rule and the energy.
            rests: coordinates, shape `(m, d)`.
            widths: see there.
        """
        self._slopes = enclosed(factors_and_slopes, about)
        is_flow = about.problem.rule.has_continuous_time
        self._curvature = None if is_flow else enclosed(curvature_of_rate, about)
        self._level = enclosed(level, about)
        self.widths = widths
        self._jumping: list[Enclosure] = []
        (u, v, *self._at_rest), _ = self._slopes(rests, rests)
        self._factors = _sizes(v), _sizes(u)
        self.rise = np.maximum(bounds_of_product([u, v]).largest, 0.0)

    def look_for_jumps(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Find out what may jump within a box with corners `(d,)`: `bounds` looks at that."""
        programs = self._slopes, self._level
        self._jumping = [program for program in programs if program.jumps_within(lower, upper)]

    def bounds(
        self, numbers: np.ndarray, lower: np.ndarray, upper: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The length of the linear term, and λ, over cubes; λ is NaN where there is none.

        Arguments:
            numbers: the rest within each cube, `(B,)`.
            lower: the lower corners, `(B, d)`.
            upper: the upper corners.
        """
        if self._curvature is None:
            (_, _, *slopes), _ = self._slopes(lower, upper)
            lengths = self._lengths(numbers, [_sizes(slope) for slope in slopes])
            parts, error = _of_product(*slopes)
        else:
            lengths = self._lengths(numbers, [_sizes(slope)[numbers] for slope in self._at_rest])
            (hessians,), _ = self._curvature(lower, upper)
            parts, error = _of_hessian(hessians)
        scale = np.outer(self.widths, self.widths)
        found = _strengths(parts * scale, error * scale)
        # The formula needs u, v and φ to be without a jump, and E too: no choice may be open.
        for program in self._jumping:
            found = np.where(program(lower, upper)[1], np.nan, found)
        return lengths, found

    def cores(self, numbers: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Distances from the rests beyond which φ < 0 all over the cubes; NaN where there is none.

        Arguments:
            numbers: the rest within each cube, `(B,)`.
            lower: the lower corners, `(B, d)`.
            upper: the upper corners.
        """
        length, strength = self.bounds(numbers, lower, upper)
        strength = np.where(strength > 0.0, strength, np.nan)
        root = np.sqrt(length**2 + 2.0 * strength * self.rise[numbers])
        return (length + root) / strength * (1.0 + _ROUNDED)

    def _lengths(self, numbers: np.ndarray, slopes: list[np.ndarray]) -> np.ndarray:
        """Bounds `(B,)` of |Uᵀv(c) + Vᵀu(c)|, from those of the entries of U and V, `(B, n d)`."""
        size = len(self.widths)
        steps = np.zeros((len(numbers), size))
        for factor, slope in zip(self._factors, slopes, strict=True):
            steps += np.einsum("bn,bni->bi", factor[numbers], slope.reshape(len(slope), -1, size))
        return np.linalg.norm(steps * self.widths, axis=1) * (1.0 + _ROUNDED)


def _sizes(form: Form) -> np.ndarray:
    """The largest absolute values of the entries, `(B, n)`."""
    return np.max(np.abs(form.bounds), axis=0).T


def _of_hessian(hessians: Form) -> tuple[np.ndarray, np.ndarray]:
    """H as Σ parts_i ε_i up to an error, shapes `(1 + d, B, d, d)` and `(B, d, d)`."""
    count = len(hessians.linear)
    size = count - 1
    low, high = (b.T.reshape(-1, size, size) for b in hessians.bounds)
    parts = hessians.linear.transpose(0, 2, 1).reshape(count, -1, size, size)
    return parts, (high - low) / 2.0 - np.sum(np.abs(parts[1:]), axis=0)


def _of_product(u_slopes: Form, v_slopes: Form) -> tuple[np.ndarray, np.ndarray]:
    """H = UᵀV + VᵀU likewise, where U and V are anywhere within their bounds."""
    size = len(u_slopes.linear) - 1
    ends = (
        tuple(b.T.reshape(b.shape[1], -1, size) for b in form.bounds)
        for form in (u_slopes, v_slopes)
    )
    (u, ru), (v, rv) = (((low + high) / 2.0, (high - low) / 2.0) for low, high in ends)
    ru, rv = ru + _ROUNDED * np.abs(u), rv + _ROUNDED * np.abs(v)
    turned, sizes = np.swapaxes(u, 1, 2), np.swapaxes(np.abs(u), 1, 2)
    middle = turned @ v
    error = sizes @ rv + np.swapaxes(ru, 1, 2) @ (np.abs(v) + rv)
    return (middle + np.swapaxes(middle, 1, 2))[None], error + np.swapaxes(error, 1, 2)


def _strengths(parts: np.ndarray, error: np.ndarray) -> np.ndarray:
    """λ, a bound of how far the eigenvalues lie below 0; NaN if unknown.

    The better one of two: the first is better where nothing is stiff.
    """
    is_known = np.isfinite(np.sum(np.abs(parts), axis=(0, 2, 3)) + np.sum(error, axis=(1, 2)))
    safe = np.where(is_known[:, None, None], parts, np.eye(parts.shape[2]))
    # A Hessian is symmetric, though its bounds need not be.
    safe, error = (a + np.swapaxes(a, -1, -2) for a in (safe / 2.0, error / 2.0))
    found = np.fmax(_by_entries(safe, error), _by_congruence(safe, error))
    return np.where(is_known, found, np.nan)


def _by_entries(parts: np.ndarray, error: np.ndarray) -> np.ndarray:
    """λ of H + Σ A_i ε_i + R: less than that of H by the largest sum of a row of the others."""
    spread = np.max(np.sum(np.sum(np.abs(parts[1:]), axis=0) + error, axis=2), axis=1)
    norm = np.sum(np.abs(parts[0]), axis=(1, 2))
    return -(np.linalg.eigvalsh(parts[0])[:, -1] + spread + _ROUNDED * (norm + spread))


def _by_congruence(parts: np.ndarray, error: np.ndarray) -> np.ndarray:
    r"""λ of H + Σ A_i ε_i + R, |ε_i| ≤ 1 and |R| ≤ E; NaN where this shows none.

    Where β < 1 bounds the norm of I + Sᵀ (H + Σ A_i ε_i + R) S, the sum is at most
    −(1 − β) (S Sᵀ)⁻¹, so λ = (1 − β) / |S Sᵀ|, for any S. With H = −(S Sᵀ)⁻¹ a stiff direction, in
    which the sum changes much, does not hide a slack one.
    """
    eye = np.eye(parts.shape[2])
    values, vectors = np.linalg.eigh(parts[0])
    is_negative = values[:, -1] < 0.0
    sides = vectors / np.sqrt(np.where(is_negative[:, None], -values, 1.0))[:, None, :]
    turned, sizes = np.swapaxes(sides, 1, 2), np.abs(sides)
    moved = turned @ parts @ sides
    moved[0] += eye
    whole = _ROUNDED * np.sum(np.abs(parts), axis=0) + (1.0 + _ROUNDED) * error
    spread = np.sum(np.abs(moved), axis=0) + np.abs(turned) @ whole @ sizes + _ROUNDED * eye
    beta = np.max(np.sum(spread, axis=2), axis=1)
    inverse = np.max(np.sum(sizes @ np.abs(turned), axis=2), axis=1)
    is_bound = is_negative & (beta < 1.0)
    return np.where(is_bound, (1.0 - beta) / inverse * (1.0 - _ROUNDED), np.nan)
