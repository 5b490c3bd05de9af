"""An energy on a slice of the state space."""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.declared import declared_domain, declared_names
from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, as_parameter, cast_like, is_integer
from thalweg.energies.base import Energy


class Restriction(Energy):
    r"""An energy with some coordinates held: a function of the others alone.

        E|(y) = E(x)        with x_free = y and every other coordinate of x as in `held`

    Its gradient is that of E, the held components left out; so its steepest descent is the rule
    with those coordinates clamped.

    Arguments:
        energy: any callable `state → scalar`.
        held: a state of the energy (an array or a pytree), whose held coordinates count.
        free: the indices of the free coordinates, in the order that the new state `(k,)` has them;
            a pytree state is numbered leaf after leaf.

    The declared box and names of the energy are cut down likewise.

    Raises:
        InputError: `free` is empty, repeats an index, or has one that the state does not.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> ridge = tw.energies.Restriction(tw.energies.FourWells(), held=[0.0, 0.0], free=[1])
        >>> float(ridge(jnp.array([1.0])))
        -0.25
    """

    energy: Callable[[Any], Any]
    held: Any
    free: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, energy: Callable[[Any], Any], held: Any, free: Sequence[int]):
        self.energy = energy
        self.held = jax.tree.map(as_parameter, held, is_leaf=lambda node: isinstance(node, list))
        size = Layout.of(self.held).size
        self.free = tuple(free)
        if not self.free or len(set(self.free)) != len(self.free):
            raise InputError(f"Restriction: free must be distinct indices, got {self.free}.")
        for index in self.free:
            if not is_integer(index) or not 0 <= index < size:
                raise InputError(
                    f"Restriction: free must be indices from 0 to {size - 1}, got {index!r}."
                )

    def __call__(self, state: Any) -> jax.Array:
        """E(x), with the free coordinates of x at `state`."""
        state = jnp.asarray(state)
        if state.shape != (len(self.free),):
            raise InputError(
                f"Restriction: expected a state of shape {(len(self.free),)}, got {state.shape}."
            )
        layout = Layout.of(self.held)
        full = cast_like(layout.flatten(self.held), state)
        return self.energy(layout.unflatten(full.at[np.asarray(self.free)].set(state)))

    @property
    def domain(self) -> Box | None:
        """The free part of the box that the energy declares."""
        box = declared_domain(self.energy)
        if not isinstance(box, Box):
            return None
        parts = (box.layout.flatten(part) for part in (box.lower, box.upper, box.periodic))
        return Box(*(part[np.asarray(self.free)] for part in parts))

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the free coordinates."""
        names = declared_names(self.energy, Layout.of(self.held))
        return tuple(names[i] for i in self.free)
