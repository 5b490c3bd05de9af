"""The square Ising lattice on a torus of any size, by Kaufman's formula, and the infinite one."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.shapes import Array, Num
from thalweg.energies import Binary, LatticeCouplings, Pairwise
from thalweg.sampling.partition.base import Estimate, PartitionMethod

# Of sums of logarithms, in units of rounding.
_ROUNDING = 16.0
# From here on every γ is 2K to the last digit, and sinh 2K has not overflowed yet.
_STRONG = 100.0


class Torus(PartitionMethod):
    r"""Kaufman's formula for spins ±1 without a field on a square lattice, periodic both ways.

        Z = ½ (2 sinh 2K)^{mn/2} [Π 2cosh(½mγ_{2r+1}) + Π 2sinh(½mγ_{2r+1})
                                  + Π 2cosh(½mγ_{2r}) + Π 2sinh(½mγ_{2r})]

    with r = 0 … n − 1, cosh γ_l = cosh²2K/sinh 2K − cos(πl/n), γ_0 = 2K + log tanh K and K = J/T.
    Exact for every size, in logarithms, which do not overflow. J < 0 has the same Z where both
    sides are even.

    Raises:
        InputError: the energy is another one.

    References:
        Kaufman (1949), *Physical Review* 76, 1232; Ferdinand and Fisher (1969), *Physical Review*
        185, 832.
    """

    def estimate(self, energy: Pairwise, temperature: float, key: jax.Array | None) -> Estimate:
        """log Z and ⟨E⟩ = −J ∂ log Z/∂K."""
        rows, columns, coupling = _torus_of(energy)
        with jax.enable_x64(True):
            steps = np.arange(2 * columns)
            value, derivative = _with_derivative(
                np.float64(abs(coupling) / temperature), np.float64(rows), steps
            )
        value = float(value)
        error = _ROUNDING * np.finfo(float).eps * max(abs(value), 1.0)
        return Estimate(value, error, -abs(coupling) * float(derivative))


def spontaneous_magnetization(
    temperature: float | Num[Array, "*shape"], coupling: float | Num[Array, "*shape"] = 1.0
) -> np.ndarray | np.floating:
    r"""The magnetization of the infinite square lattice, (1 − sinh(2J/T)^{−4})^{1/8}, 0 above T_c.

    A finite torus has mean 0; its |mean| comes near this.

    Arguments:
        temperature: T, any shape.
        coupling: J > 0.

    References:
        Yang (1952), *Physical Review* 85, 808.
    """
    strength = np.sinh(2.0 * np.asarray(coupling, float) / np.asarray(temperature, float))
    inside = 1.0 - np.maximum(strength, 1.0) ** -4.0
    return inside**0.125


@eqx.filter_jit
def _with_derivative(coupling: Any, rows: Any, steps: Any) -> tuple[Any, Any]:
    return jax.value_and_grad(_log_partition)(coupling, rows, steps)


def _log_partition(k: Any, rows: Any, steps: Any) -> jax.Array:
    """log Z of `rows` × n spins at K = k, `steps` the whole numbers below 2n."""
    columns = steps.shape[0] // 2
    sinh = jnp.sinh(2.0 * jnp.minimum(k, _STRONG))
    # cosh γ − 1, as a sum of squares: at T_c the least of them come near 0.
    excess = (1.0 - sinh) ** 2 / sinh + 2.0 * jnp.sin(jnp.pi * steps / (2.0 * columns)) ** 2
    parts = (jnp.asarray(excess)[1::2], jnp.asarray(excess)[2::2])
    gammas = [2.0 * jnp.arcsinh(jnp.sqrt(0.5 * part)) for part in parts]
    halves = [0.5 * rows * jnp.where(k < _STRONG, gamma, 2.0 * k) for gamma in gammas]
    first = 0.5 * rows * (2.0 * k + jnp.log(jnp.tanh(k)))
    # Π 2cosh a = e^{Σ(a + log1p(e^{−2a}))}; the factor of γ_0, which changes sign at T_c, apart.
    cosh = [jnp.sum(a + jnp.log1p(jnp.exp(-2.0 * a))) for a in halves]
    sinh_ = [jnp.sum(a + jnp.log1p(-jnp.exp(-2.0 * a))) for a in halves]
    size = jnp.abs(first)
    logs = jnp.stack([cosh[0], sinh_[0], cosh[1] + size, sinh_[1] + size])
    signs = jnp.stack(
        [
            jnp.ones_like(first),
            jnp.ones_like(first),
            jnp.exp(first - size) + jnp.exp(-first - size),
            jnp.exp(first - size) - jnp.exp(-first - size),
        ]
    )
    top = jax.lax.stop_gradient(jnp.max(logs))
    total = jnp.log(jnp.sum(signs * jnp.exp(logs - top))) + top
    # log 2sinh 2K without its overflow, and the ½.
    prefactor = 2.0 * k + jnp.log1p(-jnp.exp(-4.0 * k))
    return total - jnp.log(2.0) + 0.5 * rows * columns * prefactor


def _torus_of(energy: Any) -> tuple[int, int, float]:
    """Rows, columns and J.

    Raises:
        InputError: the energy is no such lattice.
    """
    couplings = energy.couplings
    is_torus = isinstance(couplings, LatticeCouplings) and couplings.periodic
    is_ising = isinstance(energy.units, Binary) and (energy.units.low, energy.units.high) == (-1, 1)
    if not is_torus or len(couplings.sides) != 2 or not is_ising or np.any(energy.fields):
        raise InputError(
            "Torus: Kaufman's formula is for spins ±1 without a field on a square torus, "
            "Pairwise.lattice([rows, columns], coupling); take Exact() or Annealed() for others."
        )
    rows, columns = couplings.sides
    coupling = float(np.asarray(couplings.coupling))
    if coupling == 0.0 or (coupling < 0.0 and (rows % 2 or columns % 2)):
        raise InputError(
            f"Torus: the coupling must be positive, or negative with even sides, got {coupling:g} "
            f"on {rows} × {columns}; take Exact() or Annealed()."
        )
    return rows, columns, coupling
