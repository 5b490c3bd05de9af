"""The forced Duffing oscillator, as a flow and once a period."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.dynamics import Flow, Map
from thalweg.simulation import Stroboscopic

_DOMAIN = Box([-2.0, -2.0], [2.0, 2.0])
_STEPS = 32  # an error of 1e-10 a period on the attractors, at most 1e-8 in the domain


class Duffing(Flow):
    r"""A particle in a quartic potential, damped and shaken.

        x' = v        v' = γ cos(ωt) − δv − αx − βx³

    With α < 0 < β the potential has two wells. The flow depends on time; its periodic responses are
    the fixed points of `DuffingMap`, which the command line calls `duffing`.

    Arguments:
        damping: δ.
        stiffness: α, the linear part of the restoring force.
        cubic: β, its cubic part.
        amplitude: γ, of the force.
        frequency: ω > 0, of the force, in radians a unit of time.

    References:
        D. W. Jordan & P. Smith, Nonlinear Ordinary Differential Equations, 4th ed. (2007),
        chapter 7; these parameters: chaotic for γ = 0.5.
    """

    damping: float = 0.3
    stiffness: float = -1.0
    cubic: float = 1.0
    amplitude: float = 0.2
    frequency: float = 1.2

    domain = _DOMAIN
    state_names = ("x", "v")

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """(x', v')."""
        x, v = state
        force = self.amplitude * jnp.cos(self.frequency * t)
        restoring = self.stiffness * x + self.cubic * x**3
        return jnp.stack([v, force - self.damping * v - restoring])


class DuffingMap(Map):
    r"""The Duffing oscillator seen once a period of the force, at ωt = 0 modulo 2π.

        (x, v)(0) → (x, v)(2π/ω)

    Its fixed points are the responses with the period of the force, its n-cycles those with n times
    that period. Areas contract by exp(−2πδ/ω) a step.

    Arguments:
        damping: δ.
        stiffness: α, the linear part of the restoring force.
        cubic: β, its cubic part.
        amplitude: γ, of the force.
        frequency: ω > 0, of the force, in radians a unit of time.

    References:
        D. W. Jordan & P. Smith, Nonlinear Ordinary Differential Equations, 4th ed. (2007),
        chapter 7; J. Guckenheimer & P. Holmes, Nonlinear Oscillations, Dynamical Systems, and
        Bifurcations of Vector Fields (1983), section 2.2.
    """

    damping: float = 0.3
    stiffness: float = -1.0
    cubic: float = 1.0
    amplitude: float = 0.2
    frequency: float = 1.2

    domain = _DOMAIN
    state_names = ("x", "v")

    def step(self, t: Any, state: jax.Array) -> jax.Array:
        """(x, v) a period later."""
        flow = Duffing(self.damping, self.stiffness, self.cubic, self.amplitude, self.frequency)
        return Stroboscopic(flow, 2.0 * np.pi / self.frequency, steps=_STEPS).step(t, state)
