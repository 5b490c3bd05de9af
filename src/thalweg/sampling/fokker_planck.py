"""The flow of a density whose particles run down an energy and are shaken."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like
from thalweg.dynamics import Flow
from thalweg.sampling.boltzmann import Boltzmann

# Below this the quotient loses digits, and two terms of the series are exact in single precision.
_SMALL = 1e-3


class FokkerPlanck(Flow):
    r"""The law of Langevin's particles, dx = −∇E dt + √(2T) dW, on a grid of cells.

        ∂p/∂t = ∇·(p ∇E + T ∇p)

    by the fluxes of Scharfetter and Gummel between neighbours a and b at a distance Δ,

        J = (T/Δ²) [B((E_b − E_a)/T) p_a − B((E_a − E_b)/T) p_b],    B(u) = u/(e^u − 1).

    It is steepest descent of the free energy in Wasserstein's metric. Laws: probability is kept, to
    rounding; e^{−E/T}/Z is at rest, whatever the grid; what is positive stays positive; the free
    energy falls. Nothing leaves the box; angles go round. Eigenvalues are right to Δ².

    Its fastest modes decay at 4dT/Δ²: follow it by `Stiff()`.

    Arguments:
        law: the law that it comes to rest at, which knows energy, temperature and grid.

    Raises:
        InputError: it is none.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> bowl = tw.energies.Quadratic([[1.0]])
        >>> law = tw.sampling.Boltzmann(bowl, 1.0, tw.Box([-6.0], [6.0]), 120)
        >>> flow = tw.sampling.FokkerPlanck(law)
        >>> bool(np.max(np.abs(flow.velocity(0.0, law.masses))) < 1e-6)
        True

    References:
        Scharfetter & Gummel (1969), *IEEE Transactions on Electron Devices* 16, 64; Jordan,
        Kinderlehrer & Otto (1998), *SIAM Journal on Mathematical Analysis* 29, 1.
    """

    law: Boltzmann

    def __check_init__(self):
        """Refuse what is no law."""
        if not isinstance(self.law, Boltzmann):
            raise InputError(f"FokkerPlanck: law must be a Boltzmann, got {self.law!r}.")

    def velocity(self, t: Any, state: Any) -> Any:
        """The net flux into every cell."""
        p = jnp.asarray(state)
        if p.shape != self.law.shape:
            raise InputError(
                f"FokkerPlanck: a density must have the shape of the grid, {self.law.shape}, got "
                f"{p.shape}."
            )
        levels, temperature = cast_like(self.law.levels, p), cast_like(self.law.temperature, p)
        spacing, total = cast_like(self.law.spacing, p), jnp.zeros_like(p)
        for axis, is_angle in enumerate(self.law.angles):
            rise = (jnp.roll(levels, -1, axis) - levels) / temperature
            ahead = _bernoulli(rise) * p - _bernoulli(-rise) * jnp.roll(p, -1, axis)
            flux = temperature / spacing[axis] ** 2 * ahead
            if not is_angle:
                # The last cell has no neighbour ahead.
                flux = jnp.delete(flux, -1, axis)
                pad = [(0, int(k == axis)) for k in range(p.ndim)]
                flux = jnp.pad(flux, pad)
            total = total - flux + jnp.roll(flux, 1, axis)
        return total


def _bernoulli(u: jax.Array) -> jax.Array:
    """u/(e^u − 1), which is 1 at 0."""
    is_small = jnp.abs(u) < _SMALL
    # Of large u the exponential overflows, and the quotient is 0, as it should be.
    safe = jnp.where(is_small, 1.0, u)
    return jnp.where(is_small, 1.0 - u / 2.0 + u**2 / 12.0, safe / jnp.expm1(safe))
