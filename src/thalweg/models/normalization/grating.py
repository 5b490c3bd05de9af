"""A small system for the command line: a population that views a held grating."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.dynamics import Flow
from thalweg.models.normalization.model.held import HeldInput
from thalweg.models.normalization.model.network import NormalizationNetwork
from thalweg.models.normalization.model.rules import ReducedFlow
from thalweg.models.normalization.model.stimuli import grating
from thalweg.models.normalization.model.tuning import VonMises
from thalweg.models.normalization.theory.energy import PoolEnergy


class HeldGrating(Flow):
    r"""The pools u of n orientation-tuned neurons that view one grating, in continuous time.

        u̇ = α (R S / n − c̃) + β (u − c̃),   R_i = r_i / (σ² + u_i),   S = R·r

    The network adapted to a grating of orientation 0 (its target C) and now views another.

    Arguments:
        neurons: n; u has as many coordinates.
        contrast: of the grating shown.
        orientation: of the grating shown, in degrees.
        alpha: the learning rate α.
        beta: β; negative is a leak toward the target, positive pushes away from it.
        sigma: the semi-saturation σ.
        baseline: b.
        concentration: of the von Mises tuning.

    References:
        Z. M. Westrick, D. J. Heeger & M. S. Landy, J. Neurosci. 36, 9805 (2016).
    """

    neurons: int = eqx.field(static=True, default=4)
    contrast: float = 0.8
    orientation: float = 20.0
    alpha: float = 0.01
    beta: float = -0.05
    sigma: float = 1.0
    baseline: float = 0.2
    concentration: float = 1.0

    def held(self) -> HeldInput:
        """The held input that the grating is."""
        network = NormalizationNetwork(
            VonMises(self.neurons, self.concentration),
            grating(),
            self.alpha,
            self.beta,
            self.sigma,
            self.baseline,
        )
        drive = network.drive(jnp.reshape(self.contrast, 1), jnp.reshape(self.orientation, 1))
        factor = network.target_factor()
        expected = (factor @ drive) @ factor / self.neurons
        start = network.initial_pool(drive)
        return HeldInput(drive, expected, self.alpha, self.beta, self.sigma, start)

    def velocity(self, t: Any, state: Any) -> jax.Array:
        """F(u)."""
        return ReducedFlow(self.held()).velocity(t, state)

    def energy(self, state: Any) -> jax.Array:
        """E(u), which falls along the flow."""
        return PoolEnergy(self.held())(state)

    @property
    def domain(self) -> Box:
        """All pools from just above −σ², where the outputs end, to some way above the target's."""
        low = -0.999 * float(self.sigma) ** 2 * np.ones(self.neurons)
        return Box(low, np.full(self.neurons, 4.0 * (1.0 + float(self.sigma) ** 2)))

    @property
    def state_names(self) -> tuple[str, ...]:
        """u0, u1, …."""
        return tuple(f"u{i}" for i in range(self.neurons))
