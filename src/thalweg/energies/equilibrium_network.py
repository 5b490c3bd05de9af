"""The energy of networks that equilibrium propagation trains."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_made
from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like, computable
from thalweg.energies.activations import Activation, ClippedLinear
from thalweg.energies.base import Energy
from thalweg.energies.couplings import LayeredCouplings, couplings_from
from thalweg.energies.hopfield import Couplings


class EquilibriumNetwork(Energy):
    r"""The energy of a network of graded units whose rest equilibrium propagation trains.

        E(u) = ½ Σ u_i² − Σ_{pairs} W_ij ρ(u_i) ρ(u_j) − Σ b_i ρ(u_i)

    Its descent is u' = −u + ρ'(u)(Wρ(u) + b). Bounded below wherever ρ is bounded. A unit alone,
    the others held, has a lowest point in closed form or by a scalar solve: see
    `dynamics.BlockDescent`.

    Arguments:
        couplings: W: a symmetric matrix with a zero diagonal, `(N, N)`, or `Couplings`.
        bias: b, `(N,)` or one number.
        activation: ρ, an `Activation`; `ClippedLinear()` unless given.

    Raises:
        InputError: the couplings are not square, not symmetric or have a diagonal, the bias does
            not fit, or the activation is none.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.EquilibriumNetwork([[0.0, 2.0], [2.0, 0.0]])
        >>> float(energy(jnp.array([0.5, 3.0])))
        3.625

    References:
        Scellier and Bengio (2017), *Frontiers in Computational Neuroscience* 11, 24.
    """

    couplings: Couplings
    bias: Any
    activation: Activation

    def __init__(self, couplings: Any, bias: Any = 0.0, activation: Activation | None = None):
        self.couplings = couplings_from("EquilibriumNetwork", couplings)
        self.bias = as_parameter(bias)
        self.activation = ClippedLinear() if activation is None else activation
        check_made("EquilibriumNetwork: activation", self.activation)
        if not isinstance(self.activation, Activation):
            raise InputError(
                f"EquilibriumNetwork: activation must be one of thalweg.energies, such as "
                f"ClippedLinear() or Smooth(jnp.tanh), got {activation!r}."
            )
        if jnp.shape(self.bias) not in ((), self.couplings.shape):
            raise InputError(
                f"EquilibriumNetwork: bias has the shape {jnp.shape(self.bias)}, expected "
                f"{self.couplings.shape} or one number."
            )

    @classmethod
    def layered(
        cls,
        weights: Sequence[Any],
        biases: Sequence[Any] | None = None,
        activation: Activation | None = None,
    ) -> "EquilibriumNetwork":
        """A network of layers, each coupled to the next; a state is one layer after another.

        Arguments:
            weights: one matrix a pair of layers, `(n_l, n_{l+1})`.
            biases: one vector or number a layer; 0 unless given.
            activation: ρ.
        """
        couplings = LayeredCouplings(weights)
        layers = couplings.layers
        if biases is None:
            return cls(couplings, 0.0, activation)
        if len(biases) != len(layers):
            raise InputError(
                f"EquilibriumNetwork.layered: biases must be one a layer, {len(layers)}, got "
                f"{len(biases)}."
            )
        given = [as_parameter(bias) for bias in biases]
        is_host = all(isinstance(bias, float | np.ndarray) for bias in given)
        xp = np if is_host else jnp
        parts = [xp.broadcast_to(bias, (n,)) for bias, n in zip(given, layers, strict=True)]
        return cls(couplings, xp.concatenate(parts), activation)

    def __call__(self, state: Any) -> jax.Array:
        """½ Σ u² − ½ ρᵀWρ − bᵀρ."""
        u = computable(state)
        if u.shape != self.shape:
            raise InputError(
                f"EquilibriumNetwork: a state has the shape {self.shape}, got {u.shape}."
            )
        rho = self.activation(u)
        drive = 0.5 * self.couplings.fields(rho) + cast_like(self.bias, u)
        return 0.5 * jnp.sum(u * u) - jnp.sum(rho * drive)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a state."""
        return self.couplings.shape

    def field(self, state: Any) -> jax.Array:
        """Wρ(u) + b at every unit."""
        rho = self.activation(state)
        return self.couplings.fields(rho) + cast_like(self.bias, rho)
