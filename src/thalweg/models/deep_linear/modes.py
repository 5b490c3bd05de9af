r"""The change of variables that takes a two-layer network apart into modes.

With `Σyx = U S Vᵀ`, `W̄¹ = W¹V` and `W̄² = UᵀW²`, column i of W̄¹ is `a^i` (from input mode i to the
hidden layer) and row i of W̄² is `b^i` (from the hidden layer to output mode i).
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_positive
from thalweg.core.errors import InputError
from thalweg.dynamics import Flow
from thalweg.energies import Energy
from thalweg.models.deep_linear.covariances import Covariances, require_white
from thalweg.models.deep_linear.layers import Weights, check_weights, end_to_end


class Modes(eqx.Module):
    r"""The singular value decomposition `Σyx = U S Vᵀ`, with complete U and V (eq. 4).

    Attributes:
        left: U, `(N_out, N_out)`; its columns are the output modes.
        strengths: the singular values s_1 ≥ s_2 ≥ …, `(min(N_out, N_1),)`.
        right: V, `(N_1, N_1)`; its columns are the input modes.
    """

    left: Any
    strengths: Any
    right: Any

    @classmethod
    def of(cls, covariances: Covariances) -> "Modes":
        """The modes of Σyx."""
        left, strengths, right = np.linalg.svd(np.asarray(covariances.yx))
        return cls(left, strengths, right.T)

    def to_modes(self, weights: Sequence[Any]) -> Weights:
        """Weights in mode coordinates: W¹V at the bottom, UᵀWᴺ at the top."""
        return self._turn(weights, self.left.T, self.right)

    def from_modes(self, weights: Sequence[Any]) -> Weights:
        """The inverse of `to_modes`."""
        return self._turn(weights, self.left, self.right.T)

    def _turn(self, weights: Sequence[Any], left: Any, right: Any) -> Weights:
        check_weights(weights)
        turned = [*weights]
        turned[0] = turned[0] @ right
        turned[-1] = left @ turned[-1]
        return tuple(turned)

    def covariances(self, original: Covariances) -> Covariances:
        """The second moments of mode coordinates: Σyx is S, Σxx is VᵀΣxxV (eq. 5 when white)."""
        diagonal = np.zeros((self.left.shape[0], self.right.shape[0]))
        np.fill_diagonal(diagonal, self.strengths)
        xx = None if original.xx is None else self.right.T @ np.asarray(original.xx) @ self.right
        return Covariances(diagonal, xx, original.yy)

    def of_product(self, weights: Sequence[Any]) -> Any:
        """Strength of each mode: the diagonal of Uᵀ Wᴺ⋯W¹ V, `(r,)`."""
        r = self.strengths.shape[0]
        turned = self.left[:, :r].T @ end_to_end(weights)
        return (turned * self.right[:, :r].T).sum(axis=-1)


def mode_vectors(weights: Sequence[Any]) -> tuple[Any, Any]:
    """The vectors `a^i`, rows of a `(N_1, hidden)` matrix, and `b^i`, rows of `(N_out, hidden)`.

    `weights` are in mode coordinates, two layers.
    """
    if len(weights) != 2:
        raise InputError(f"Mode vectors belong to two layers of weights, got {len(weights)}.")
    return weights[0].T, weights[1]


class Cooperation(Energy):
    r"""The first term of eq. 8, `½ Σ_i (s_i − a^i·b^i)² / τ`: each mode's own error.

    Descending it alone drives every `a^i·b^i` to its s_i and aligns `a^i` with `b^i`.
    """

    strengths: Any
    tau: float = 1.0

    def __check_init__(self):
        """Refuse time constants that are not positive."""
        check_positive("Cooperation: tau", self.tau)

    def __call__(self, state: tuple[Any, Any]) -> jax.Array:
        """The energy of mode vectors `(a, b)`."""
        a, b = state
        r = self.strengths.shape[0]
        gap = jnp.asarray(self.strengths, dtype=a.dtype) - jnp.sum(a[:r] * b[:r], axis=1)
        return 0.5 * jnp.sum(gap**2) / self.tau


class Competition(Energy):
    r"""The second term of eq. 8, `½ Σ_{i≠j} (a^i·b^j)² / τ`: cross-talk between modes.

    Descending it alone makes `a^i` and `b^j` of different modes orthogonal. Input modes without an
    output mode (and the reverse) only take part here.
    """

    tau: float = 1.0

    def __check_init__(self):
        """Refuse time constants that are not positive."""
        check_positive("Competition: tau", self.tau)

    def __call__(self, state: tuple[Any, Any]) -> jax.Array:
        """The energy of mode vectors `(a, b)`."""
        a, b = state
        overlaps = a @ b.T
        across = ~np.eye(a.shape[0], b.shape[0], dtype=bool)
        return 0.5 * jnp.sum(jnp.where(across, overlaps, 0.0) ** 2) / self.tau


def mode_energy(strengths: Any, tau: float = 1.0) -> Energy:
    """F of eq. 8: cooperation plus competition. Its gradient flow is eqs. 6 and 7."""
    return Cooperation(strengths, tau) + Competition(tau)


class ModeFlow(Flow):
    r"""Equations 6 and 7: how mode vectors cooperate and compete.

        τ da^i/dt = (s_i − a^i·b^i) b^i − Σ_{j≠i} (a^i·b^j) b^j
        τ db^i/dt = (s_i − a^i·b^i) a^i − Σ_{j≠i} (a^j·b^i) a^j

    (The worksheet prints the first sum over i ≠ i.) The state is `(a, b)` as `mode_vectors` gives
    it; s_i is zero where only one of the two exists.
    """

    strengths: Any
    tau: float = 1.0

    def __check_init__(self):
        """Refuse time constants that are not positive."""
        check_positive("ModeFlow: tau", self.tau)

    def velocity(self, t: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        """The two right-hand sides, as sums over modes."""
        a, b = state
        shared = min(a.shape[0], b.shape[0])
        own = jnp.asarray(self.strengths, dtype=a.dtype) - jnp.sum(a[:shared] * b[:shared], axis=1)
        across = jnp.where(np.eye(a.shape[0], b.shape[0], dtype=bool), 0.0, a @ b.T)
        toward_b = jnp.zeros_like(a).at[:shared].set(own[:, None] * b[:shared])
        toward_a = jnp.zeros_like(b).at[:shared].set(own[:, None] * a[:shared])
        return (toward_b - across @ b) / self.tau, (toward_a - across.T @ a) / self.tau

    def energy(self, state: tuple[Any, Any]) -> jax.Array:
        """F of eq. 8."""
        return mode_energy(self.strengths, self.tau)(state)


class DecoupledModes(Flow):
    r"""Equations 9 and 10 for r modes at once, each a pair of numbers.

        τ da_i/dt = (s_i − d_i a_i b_i) b_i        τ db_i/dt = (s_i − d_i a_i b_i) a_i

    d_i is the input's variance along mode i: one when the inputs are white. The state is `(a, b)`,
    two vectors `(r,)`.
    """

    strengths: Any
    tau: float = 1.0
    variances: Any = 1.0

    def __check_init__(self):
        """Refuse time constants that are not positive."""
        check_positive("DecoupledModes: tau", self.tau)

    def velocity(self, t: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        """The two right-hand sides."""
        a, b = state
        gap = (jnp.asarray(self.strengths, a.dtype) - self.variances * a * b) / self.tau
        return gap * b, gap * a

    def energy(self, state: tuple[Any, Any]) -> jax.Array:
        """`Σ_i (½ d_i (a_i b_i)² − s_i a_i b_i) / τ`, whose gradient flow this is."""
        u = state[0] * state[1]
        strengths = jnp.asarray(self.strengths, u.dtype)
        return jnp.sum(u * (0.5 * self.variances * u - strengths)) / self.tau


def aligned_modes(
    covariances: Covariances, weights: Sequence[Any], tolerance: float = 1e-9
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Take an aligned start apart: `a^i = a_i r^i`, `b^i = b_i r^i` with orthonormal `r^i`.

    Returns:
        `(a, b, r)`: the numbers a_i and b_i, `(modes,)`, and the directions r^i in rows. A mode of
        which both vanish keeps a zero direction; nothing will move it.

    Raises:
        InputError: Σxx ≠ I, or the start is not aligned within modes and orthogonal between them;
            the message gives the largest violation.
    """
    require_white(covariances, "Eqs. 9 and 10 (decoupled modes)")
    modes = Modes.of(covariances)
    a, b = (np.asarray(m, dtype=np.float64) for m in mode_vectors(modes.to_modes(weights)))
    num, shared = max(len(a), len(b)), min(len(a), len(b))
    scale = float(np.sqrt(np.sum(a**2) + np.sum(b**2))) or 1.0
    padded = [np.zeros((num, a.shape[1])) for _ in range(2)]
    padded[0][: len(a)], padded[1][: len(b)] = a, b
    stronger = np.where(
        (np.sum(padded[0] ** 2, axis=1) >= np.sum(padded[1] ** 2, axis=1))[:, None], *padded
    )
    length = np.linalg.norm(stronger, axis=1)
    kept = length > tolerance * scale
    r = np.where(kept[:, None], stronger / np.where(kept, length, 1.0)[:, None], 0.0)
    first, second = (np.sum(p * r, axis=1) for p in padded)
    misfit = max(
        float(np.abs(p - x[:, None] * r).max())
        for p, x in zip(padded, (first, second), strict=True)
    )
    crossing = float(np.abs(r @ r.T - np.diag(kept.astype(float))).max())
    if misfit > tolerance * scale or crossing > np.sqrt(tolerance):
        raise InputError(
            f"weights are not aligned with the modes of Σyx: within modes a^i and b^i part by "
            f"{misfit:.3g}, and directions of different modes overlap by {crossing:.3g}. Start "
            f"from `orthogonal(covariances, widths, …)`, or use the matrix Riccati solution."
        )
    return first[:shared], second[:shared], r[:shared]
