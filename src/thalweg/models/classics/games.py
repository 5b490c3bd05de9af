"""Evolutionary games on the simplex of strategies."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import ProbabilitySimplex
from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like
from thalweg.dynamics import Flow


class Replicator(Flow):
    r"""Strategies spread by how much better than average they do.

        x_i' = x_i ((A x)_i − xᵀA x),        x ≥ 0,  Σx = 1

    For a symmetric A (a partnership game) it is steepest descent of E = −xᵀA x/2 in the
    Shahshahani metric diag(1/x): mean fitness never falls. For others E may rise, and a check of
    descent says where. The default, A = diag(1, 2, 3), is a game of coordination: 7 equilibria.

    Arguments:
        payoff: the matrix A, shape `(n, n)`: what row earns against column.

    References:
        J. Hofbauer & K. Sigmund, Evolutionary Games and Population Dynamics (1998), chapter 7.
    """

    payoff: Any = eqx.field(
        converter=as_parameter, default_factory=lambda: np.diag([1.0, 2.0, 3.0])
    )

    def __check_init__(self):
        """Refuse a payoff that is not a square matrix."""
        shape = np.shape(self.payoff)
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2:
            raise InputError(f"Replicator: payoff must be a square matrix, got the shape {shape}.")

    @property
    def domain(self) -> ProbabilitySimplex:
        """The simplex of strategies."""
        return ProbabilitySimplex(np.shape(self.payoff)[0])

    def energy(self, state: jax.Array) -> jax.Array:
        """−xᵀA x/2, minus half the mean fitness."""
        return -0.5 * state @ (cast_like(self.payoff, state) @ state)

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """x', shape `(n,)`."""
        return _replicate(cast_like(self.payoff, state), state)


class RockPaperScissors(Flow):
    r"""Three strategies, each of which beats the next.

    The replicator flow of A = [[0, −b, a], [a, 0, −b], [−b, a, 0]]. The interior equilibrium
    (1/3, 1/3, 1/3) has the eigenvalues (b − a)/6 ± i(a + b)/(2√3): a center surrounded by cycles
    for a = b, a sink for a > b. E = −x₁x₂x₃ falls for a > b and is conserved for a = b.

    Arguments:
        win: the gain a of a win.
        loss: the cost b of a loss.

    References:
        J. Hofbauer & K. Sigmund, Evolutionary Games and Population Dynamics (1998), section 7.7.
    """

    win: float = 1.0
    loss: float = 1.0

    domain = ProbabilitySimplex(3)
    state_names = ("rock", "paper", "scissors")

    def energy(self, state: jax.Array) -> jax.Array:
        """−x₁x₂x₃, least where all three are equally common."""
        return -jnp.prod(state)

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """x', shape `(3,)`."""
        beats = np.roll(np.eye(3), 1, axis=0).astype(state.dtype)
        return _replicate(self.win * beats - self.loss * beats.T, state)


def _replicate(payoff: Any, state: jax.Array) -> jax.Array:
    fitness = payoff @ state
    return state * (fitness - state @ fitness)
