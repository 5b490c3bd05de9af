"""Descent by blocks: units that do not couple go to their lowest points at once."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like, has_tracer
from thalweg.dynamics.maps import Map
from thalweg.energies import EquilibriumNetwork
from thalweg.energies.colours import colour


class BlockDescent(Map):
    r"""Sweeps over a network in which each block of units goes to its lowest point.

        u_i ← argmin E(u) + ½β Σ_outputs (u_i − y_i)²,      all other units held

    The blocks are the colours of the graph: units that do not couple have their lowest points
    independently, in closed form or by scalar solves. The energy never rises, whatever the
    couplings, and there is no step size. With β = 0 it is the free relaxation; with β ≠ 0 the
    weakly clamped one of equilibrium propagation; units of `held` never move, as inputs do not.

    Arguments:
        energy: the network.
        held: which units stay, `shape` booleans.
        outputs: which units are pulled towards the target, `shape` booleans.
        target: y, `shape` or one number.
        nudge: β > −1.

    Attributes:
        colours: the block of each unit.
        num_blocks: how many there are.

    Raises:
        InputError: the energy is no such network or is being traced, masks do not fit, or the nudge
            is −1 or below, where nothing bounds the energy.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.EquilibriumNetwork([[0.0, 0.5], [0.5, 0.0]], bias=[0.4, 0.1])
        >>> rule = tw.dynamics.BlockDescent(energy)
        >>> end = tw.simulate(rule, jnp.zeros(2), steps=60).final
        >>> print(f"{end[0]:.3f} {end[1]:.3f}")
        0.600 0.400
    """

    energy: EquilibriumNetwork
    held: Any
    outputs: Any
    target: Any
    nudge: Any
    colours: Any
    num_blocks: int = eqx.field(static=True)

    def __init__(
        self,
        energy: EquilibriumNetwork,
        held: Any = None,
        outputs: Any = None,
        target: Any = 0.0,
        nudge: float = 0.0,
    ):
        if not isinstance(energy, EquilibriumNetwork):
            raise InputError(
                f"BlockDescent: energy must be thalweg.energies.EquilibriumNetwork, got "
                f"{type(energy).__name__}; of another energy take GradientStep."
            )
        self.energy, self.nudge = energy, as_parameter(nudge)
        if not has_tracer(self.nudge) and not -1.0 < self.nudge < np.inf:
            raise InputError(f"BlockDescent: nudge must be above −1 and finite, got {nudge!r}.")
        self.held = _mask("held", held, energy.shape)
        self.outputs = _mask("outputs", outputs, energy.shape)
        self.target = as_parameter(target)
        if jnp.shape(self.target) not in ((), energy.shape):
            raise InputError(
                f"BlockDescent: target has the shape {jnp.shape(self.target)}, expected "
                f"{energy.shape} or one number."
            )
        if has_tracer(energy):
            raise InputError("BlockDescent looks at the graph of its energy: make it outside jit.")
        heads, tails, _ = energy.couplings.edges()
        colours = colour(heads, tails, energy.couplings.size)
        self.colours = colours.reshape(energy.shape).astype(np.int32)
        self.num_blocks = int(colours.max(initial=0)) + 1

    def step(self, t: Any, state: Any) -> Any:
        """The state after every block went to its lowest point once."""
        return jax.lax.fori_loop(0, self.num_blocks, lambda k, u: self.update(k, u), state)

    def update(self, k: Any, state: Any) -> Any:
        """The state after block k went to its lowest point."""
        field = self.energy.field(state)
        pulled = jnp.where(self.outputs, cast_like(self.nudge, field), 0.0)
        pull = pulled * cast_like(self.target, field)
        best = self.energy.activation.best(field, 1.0 + pulled, pull)
        moves = (jnp.asarray(self.colours) == k) & ~jnp.asarray(self.held)
        return jnp.where(moves, best.astype(state.dtype), state)

    def total_energy(self, state: Any) -> jax.Array:
        """E(u) + ½β Σ (u_i − y_i)² over outputs: what goes down."""
        gap = jnp.where(self.outputs, state - cast_like(self.target, state), 0.0)
        return self.energy(state) + 0.5 * cast_like(self.nudge, state) * jnp.sum(gap * gap)


def _mask(name: str, given: Any, shape: tuple[int, ...]) -> np.ndarray:
    if given is None:
        return np.zeros(shape, bool)
    mask = np.asarray(given)
    if mask.shape != shape or mask.dtype != bool:
        raise InputError(
            f"BlockDescent: {name} must be booleans of the shape {shape}, got {mask.dtype} of "
            f"shape {mask.shape}."
        )
    return mask
