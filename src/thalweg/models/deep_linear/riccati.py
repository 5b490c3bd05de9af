r"""The exact solution of two-layer learning from λ-balanced starts: a matrix Riccati equation.

With white inputs, Q = [W¹ᵀ; W²] and the conserved `λI = W²ᵀW² − W¹W¹ᵀ`,

    τ d(QQᵀ)/dt = F QQᵀ + QQᵀF − (QQᵀ)²,    F = [[−(λ/2) I, Σyxᵀ], [Σyx, (λ/2) I]]
    QQᵀ(t) = e^{Ft/τ} Q_0 [I + Q_0ᵀ (∫_0^{t/τ} e^{2Fs}ds) Q_0]⁻¹ Q_0ᵀ e^{Ft/τ}

How it is computed. The singular vectors of Σyx split F into 2 × 2 blocks, so its eigenvalues
`±√(λ²/4 + s_i²)`, `±λ/2` and eigenvectors need no further decomposition, and the integral is a
number an eigenvalue (t itself at eigenvalue zero). Let P hold the coordinates of Q_0, rows ordered
by falling eigenvalue. The rows that grow are reduced, once, to triangular form `P = L Oᵀ` (O
orthogonal): row i involves directions j ≤ i only, which grow at least as fast. In units of its own
growth, direction j turns e^{f_i t} L_ij into e^{(f_i − f_j) t} L_ij: nothing overflows at any t. A
time then costs one Cholesky factorization of the hidden size.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.models.deep_linear.balance import require_balanced
from thalweg.models.deep_linear.covariances import Covariances, require_white
from thalweg.models.deep_linear.layers import check_weights, positive
from thalweg.models.deep_linear.modes import Modes
from thalweg.models.deep_linear.strengths import growing_direction


class ExactLearning:
    r"""The learning trajectory of a two-layer network from a (λ-)balanced start, at any times.

    Arguments:
        covariances: what is learned; inputs must be white.
        weights: the start `(W¹, W²)`, with `W²ᵀW² − W¹W¹ᵀ = λI` for some λ (found here).
        tau: the time constant.
        tolerance: how far the start may be from λ-balanced, relative to the squared size of the
            weights; beyond rounding, the result is an approximation (`predict_small_start`).

    Attributes:
        balance: the λ of the start.
        excess: by how much the start fails to be λ-balanced.
        modes: the singular vectors and values of Σyx.

    The weights themselves are determined up to a rotation of the hidden layer; what is computed is
    every quantity that does not depend on it. Methods take a time or an array of times, and put the
    axes of `times` first; all results are float64.

    Raises:
        InputError: not two layers, inputs not white, or the start not λ-balanced; the message says
            by how much.

    Example:
        >>> import numpy as np
        >>> from thalweg.models import deep_linear as dl
        >>> task = dl.Covariances(np.diag([3.0, 1.0]))
        >>> start = dl.balanced((2, 4, 2), scale=0.1)
        >>> exact = dl.ExactLearning(task, start)
        >>> bool(np.allclose(exact.product(0.0), start[1] @ start[0]))
        True

    References:
        Fukumizu (1998), "Effect of batch learning in multilayer neural networks"; Braun et al.
        (2022), "Exact learning dynamics of deep linear networks with prior knowledge" (λ = 0);
        Dominé et al. (2024), arXiv:2409.14623 (λ-balanced).
    """

    def __init__(
        self,
        covariances: Covariances,
        weights: Sequence[Any],
        tau: float = 1.0,
        *,
        tolerance: float = 1e-8,
    ):
        check_weights(weights)
        if len(weights) != 2:
            raise InputError(f"ExactLearning holds for two layers of weights, got {len(weights)}.")
        require_white(covariances, "ExactLearning (the matrix Riccati solution)")
        first, second = (np.asarray(w, dtype=np.float64) for w in weights)
        if (second.shape[0], first.shape[1]) != covariances.yx.shape:
            raise InputError(
                f"weights map {first.shape[1]} inputs to {second.shape[0]} outputs, but Σyx has "
                f"the shape {covariances.yx.shape}."
            )
        self.tau = positive("tau", tau)
        self.balance, self.excess = require_balanced((first, second), tolerance)
        self.modes = Modes.of(covariances)
        self._split(first, second)

    def _split(self, first: np.ndarray, second: np.ndarray) -> None:
        """Diagonalize F and bring the rows that grow into triangular form."""
        left, s, right = self.modes.left, self.modes.strengths, self.modes.right
        a, b = right.T @ first.T, left.T @ second
        r, half = len(s), 0.5 * self.balance
        rate = np.hypot(half, s)
        self._up, self._down = growing_direction(np.full(r, half), s, rate)
        noise = _rounding(right, first.T), _rounding(left, second)
        rows = np.concatenate(
            [
                self._up[:, None] * b[:r] + self._down[:, None] * a[:r],
                self._up[:, None] * a[:r] - self._down[:, None] * b[:r],
                a[r:],
                b[r:],
            ]
        )
        noise = np.concatenate(
            [noise[0][:r] + noise[1][:r], np.zeros(r), noise[0][r:], noise[1][r:]]
        )
        values = np.concatenate(
            [rate, -rate, np.full(len(a) - r, -half), np.full(len(b) - r, half)]
        )
        order = np.argsort(-values, kind="stable")
        self._growing = order[: int(np.sum(values > 0.0))]
        self._bounded = order[len(self._growing) :]
        self._values, self._num_inputs = values, len(a)
        pivots, basis = _staircase(rows[self._growing], noise[self._growing])
        self._pivot_values = values[self._growing][pivots]
        self._triangle = _zero_above(rows[self._growing] @ basis[:, : len(pivots)], pivots)
        self._bounded_rows = rows[self._bounded] @ basis

    def _solution(self, t: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A (mode coordinates of W̄¹ᵀ), B (of W̄²) and N with QQᵀ = [A; B] N⁻¹ [A; B]ᵀ at t/τ."""
        f_up, f_bounded = self._values[self._growing], self._values[self._bounded]
        hidden, num = self._bounded_rows.shape[1], len(self._pivot_values)
        grown = self._triangle * _growth(f_up, self._pivot_values, t)
        weight = np.sqrt(-np.expm1(-2.0 * f_up * t) / (2.0 * f_up))
        decays = np.ones(hidden)
        decays[:num] = np.exp(-self._pivot_values * t)
        bounded = self._bounded_rows * decays
        span = np.where(
            f_bounded < 0.0,
            np.expm1(2.0 * f_bounded * t) / np.where(f_bounded < 0, 2 * f_bounded, 1.0),
            t,
        )
        stacked = np.zeros((len(f_up) + len(f_bounded), hidden))
        stacked[: len(f_up), :num] = weight[:, None] * grown
        stacked[len(f_up) :] = np.sqrt(span)[:, None] * bounded
        scale = 1.0 / np.sqrt(np.einsum("ij,ij->j", stacked, stacked) + decays**2)
        stacked *= scale
        normal = stacked.T @ stacked
        normal[np.diag_indices(hidden)] += (decays * scale) ** 2
        rows = np.zeros((len(self._values), hidden))
        rows[self._growing, :num] = grown * scale[:num]
        rows[self._bounded] = (np.exp(f_bounded * t)[:, None] * scale) * bounded
        return *self._back(rows), normal

    def _factor(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """A and B with QQᵀ = [A; B][A; B]ᵀ at t/τ."""
        a, b, normal = self._solution(t)
        # NumPy's own solver, though the matrix is triangular: a second BLAS with threads of its own
        # (SciPy's) costs more in waiting than it saves.
        rows = np.linalg.solve(np.linalg.cholesky(normal), np.concatenate([a, b]).T).T
        return rows[: len(a)], rows[len(a) :]

    def _back(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r = len(self.modes.strengths)
        plus, minus, extra = rows[:r], rows[r : 2 * r], rows[2 * r :]
        up, down = self._up[:, None], self._down[:, None]
        num_extra = self._num_inputs - r
        a = np.concatenate([down * plus + up * minus, extra[:num_extra]])
        b = np.concatenate([up * plus - down * minus, extra[num_extra:]])
        return a, b

    def product(self, times: Any) -> np.ndarray:
        """W²W¹, `(…, N_out, N_1)`."""
        left, right = self.modes.left, self.modes.right

        def read(t: float) -> np.ndarray:
            a, b, normal = self._solution(t)
            return left @ (b @ np.linalg.solve(normal, a.T)) @ right.T

        return _at(times, self.tau, read)

    def input_gram(self, times: Any) -> np.ndarray:
        """W¹ᵀW¹, `(…, N_1, N_1)`: how the hidden layer sees pairs of inputs."""
        return self._by_factor(times, lambda a, _: _gram(self.modes.right @ a))

    def output_gram(self, times: Any) -> np.ndarray:
        """W²W²ᵀ, `(…, N_out, N_out)`."""
        return self._by_factor(times, lambda _, b: _gram(self.modes.left @ b))

    def gram(self, times: Any) -> np.ndarray:
        """QQᵀ, `(…, N_1 + N_out, N_1 + N_out)`: all of the above in one matrix."""
        left, right = self.modes.left, self.modes.right
        return self._by_factor(times, lambda a, b: _gram(np.concatenate([right @ a, left @ b])))

    def strengths(self, times: Any) -> np.ndarray:
        """The diagonal of Uᵀ W²W¹ V, `(…, r)`: how strongly each mode is expressed."""
        r = len(self.modes.strengths)
        return self._by_factor(times, lambda a, b: np.sum(a[:r] * b[:r], axis=1))

    def weights(self, times: Any) -> tuple[np.ndarray, np.ndarray]:
        """Some `(W¹, W²)` with this QQᵀ: the learned ones up to a rotation of the hidden layer."""
        first = self._by_factor(times, lambda a, _: (self.modes.right @ a).T)
        return first, self._by_factor(times, lambda _, b: self.modes.left @ b)

    def _by_factor(
        self, times: Any, read: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ) -> np.ndarray:
        return _at(times, self.tau, lambda t: read(*self._factor(t)))


def _at(times: Any, tau: float, read: Callable[[float], np.ndarray]) -> np.ndarray:
    """Values of `read` at every time in units of τ, the axes of `times` first."""
    t = np.asarray(times, dtype=np.float64)
    if not np.all(np.isfinite(t)) or np.any(t < 0.0):
        raise InputError(f"times must be finite and not negative, got {times!r}.")
    found = np.zeros((0,))
    for i, one in enumerate(t.ravel() if t.size else [0.0]):
        value = read(float(one) / tau)
        found = np.empty((t.size, *value.shape)) if i == 0 else found
        found[i:] = value
    return found.reshape(t.shape + found.shape[1:])


def _gram(rows: np.ndarray) -> np.ndarray:
    return rows @ rows.T


def _growth(values: np.ndarray, rates: np.ndarray, t: float) -> np.ndarray:
    """`e^{(f_i − f_j) t}` where the exponent is not positive; elsewhere the factor is not used."""
    if len(values) and values[0] * t < 300.0:
        return np.outer(np.exp(values * t), np.exp(-rates * t))
    return np.exp(np.minimum(values[:, None] - rates[None, :], 0.0) * t)


def _rounding(basis: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A bound on the rounding error of the rows of `basisᵀ @ matrix` (zero rows stay zero)."""
    lengths = np.linalg.norm(matrix, axis=1)
    return 4.0 * np.finfo(float).eps * np.sqrt(len(lengths)) * (np.abs(basis).T @ lengths)


def _staircase(rows: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that add a direction to those before them, and an orthogonal basis in that order.

    A row whose remainder is within its rounding error adds none: a direction made of rounding would
    grow like any other.
    """
    hidden = rows.shape[1]
    basis, pivots = np.zeros((hidden, min(rows.shape))), []
    for i, row in enumerate(rows):
        if len(pivots) == hidden:
            break
        known = basis[:, : len(pivots)]
        left = row - known @ (known.T @ row)
        left = left - known @ (known.T @ left)
        size = np.linalg.norm(left)
        if size > noise[i]:
            basis[:, len(pivots)] = left / size
            pivots.append(i)
    known = basis[:, : len(pivots)]
    complete = np.linalg.qr(known, mode="complete")[0] if pivots else np.eye(hidden)
    return np.array(pivots, dtype=int), np.concatenate([known, complete[:, len(pivots) :]], axis=1)


def _zero_above(triangle: np.ndarray, pivots: np.ndarray) -> np.ndarray:
    """The triangle with exact zeros where a row precedes the row that introduced the direction."""
    return np.where(np.arange(len(triangle))[:, None] >= pivots[None, :], triangle, 0.0)
