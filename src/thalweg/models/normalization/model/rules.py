"""The reweighting rule in its three exact forms: all of W, W on what is shown, W on one input.

Each carries something linear in W (its *state*) from which the pool u = W r / n of the input at
step t can be read. The rest is common:

    R = r / (σ² + u)        W⁺ = (1 + β) W + α R Rᵀ − (α + β) C
"""

from abc import abstractmethod
from typing import Any

import jax
import numpy as np

from thalweg.dynamics import Flow, Map
from thalweg.models.normalization.model.held import HeldInput, hold, like, outputs, rate_at
from thalweg.models.normalization.model.network import NormalizationNetwork
from thalweg.models.normalization.model.stimuli import Ensemble


class Reweighting(Map):
    """A form of the reweighting rule (abstract).

    For developers: implement `start`, `look` and `update`.

    A denominator σ² + u of a driven neuron at or below zero makes that output NaN, and the state
    with it, from that step on: the model is meaningless there. `adapt` says where it happened.
    """

    @abstractmethod
    def start(self) -> np.ndarray:
        """The state that W₀ stands for, float64."""

    @abstractmethod
    def look(self, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """The drive r and the denominators σ² + u, u = W r / n, at step `t`, both `(…, n)`."""

    @abstractmethod
    def update(self, t: Any, state: Any, drive: Any, output: Any) -> Any:
        """The next state, given the drive and the outputs of step `t`."""

    def outputs(self, t: Any, state: Any) -> jax.Array:
        """R at step `t`, shape `(…, n)`."""
        return outputs(*self.look(t, state))

    def step(self, t: Any, state: Any) -> Any:
        """The state after the reweighting of step `t`."""
        drive, denominator = self.look(t, state)
        return self.update(t, state, drive, outputs(drive, denominator))


class ReducedMap(Reweighting):
    r"""The pool u of a held input, n numbers: u⁺ = u + α (R S / n − c̃) + β (u − c̃), S = R·r.

    Exact: the outputs depend on W through u alone. Made by `reduced_map`, or from a `HeldInput`.
    """

    held: HeldInput

    def start(self) -> np.ndarray:
        """u₀ = W₀ r / n."""
        return self.held.start

    def look(self, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """The drive and σ² + u."""
        return like(self.held.drive, state), like(self.held.sigma, state) ** 2 + state

    def update(self, t: Any, state: Any, drive: Any, output: Any) -> jax.Array:
        """u + α (R S / n − c̃) + β (u − c̃)."""
        return state + self.held.increment(state, output, rate_at(self.held.alpha, t, state))


class ReducedFlow(Flow):
    r"""The pool of a held input in continuous time, u̇ = α (R S / n − c̃) + β (u − c̃), S = R·r.

    Its step of size 1 is `ReducedMap`. It is steepest descent of `PoolEnergy` in `pool_metric`.
    """

    held: HeldInput

    def velocity(self, t: Any, state: Any) -> jax.Array:
        """F(u)."""
        output = outputs(like(self.held.drive, state), like(self.held.sigma, state) ** 2 + state)
        return self.held.increment(state, output, rate_at(self.held.alpha, t, state))


def reduced_map(network: NormalizationNetwork, stimulus: Ensemble) -> ReducedMap:
    """The map on u for a held stimulus.

    Raises:
        InputError: the network rectifies W; the stimulus drives nothing; or see `evaluate`.
    """
    return ReducedMap(held=hold(network, stimulus))


def reduced_flow(network: NormalizationNetwork, stimulus: Ensemble) -> ReducedFlow:
    """The flow on u for a held stimulus; raises like `reduced_map`."""
    return ReducedFlow(hold(network, stimulus))
