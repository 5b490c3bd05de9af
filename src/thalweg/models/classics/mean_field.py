"""The mean-field magnet."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.domains import Box
from thalweg.dynamics import Flow


class CurieWeiss(Flow):
    r"""The magnetization of a magnet in which every spin sees every other.

        m' = −m + tanh((J m + h) / T)

    It goes down on F(m) = J m²/2 − T log 2cosh((J m + h)/T), since F' = −J m'. Without a field it
    has one equilibrium for T ≥ J and three below.

    Arguments:
        coupling: J ≥ 0.
        field: the external field h.
        temperature: T > 0, in units of the coupling (Boltzmann's constant is 1).

    References:
        H. E. Stanley, Introduction to Phase Transitions and Critical Phenomena (1971), chapter 6.
    """

    coupling: float = 1.0
    field: float = 0.0
    temperature: float = 0.5

    domain = Box(-1.5, 1.5)
    state_names = ("m",)

    def energy(self, state: jax.Array) -> jax.Array:
        """The free energy a spin, J m²/2 − T log 2cosh((J m + h)/T)."""
        drive = (self.coupling * state + self.field) / self.temperature
        return 0.5 * self.coupling * state**2 - self.temperature * jnp.logaddexp(drive, -drive)

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """m', a scalar."""
        return jnp.tanh((self.coupling * state + self.field) / self.temperature) - state
