"""Methods that draw units of machines from their law given all others."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer
from thalweg.dynamics import Transition
from thalweg.energies import Hopfield, Pairwise
from thalweg.sampling.discrete.blocks import make_blocks
from thalweg.sampling.discrete.kernels import BlockSweep, RandomVisits
from thalweg.sampling.discrete.packed import PackedSweep, can_be_packed
from thalweg.sampling.methods.base import PlainMethod, check_temperature


class BlockGibbs(PlainMethod):
    r"""Block Gibbs sampling: units that do not couple with one another are drawn at once.

        p(x_i | all others) ∝ exp((f_i·φ(x_i) − s(x_i))/T),        f = Wφ(x) + h

    The blocks are the colours of the graph, two where two will do (a lattice, a restricted or a
    deep machine), else those that DSATUR finds. A step is a sweep, every unit once. It leaves the
    law e^{−E/T}/Z invariant, exactly; only a palindromic one is reversible. As T → 0 a unit goes
    where the energy is lowest and stays where it is as low: a spin turns to the sign of its field.

    Arguments:
        temperature: T ≥ 0, in units of the energy; 0 means that limit.
        palindromic: go through the blocks and back.

    Raises:
        InputError: the temperature is negative; the energy of a kernel has no pairs.

    Example:
        >>> import jax, thalweg as tw
        >>> ring = tw.energies.Pairwise.lattice([6], coupling=1.0)
        >>> kernel = tw.sampling.BlockGibbs(temperature=0.0).kernel(ring)
        >>> start = jax.numpy.array([1, 1, 1, -1, 1, 1], jax.numpy.int8)
        >>> kernel.draw(jax.random.key(0), 0, start).tolist()
        [1, 1, 1, 1, 1, 1]

    References:
        Geman and Geman (1984), *IEEE PAMI* 6, 721.
    """

    temperature: Any
    palindromic: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        """Refuse temperatures below zero."""
        check_temperature("BlockGibbs", self.temperature, least="at least 0")

    def kernel(self, energy: Any) -> Transition:
        """A sweep over the colours; on a square torus without a field, of 32 spins at once."""
        machine = _machine("BlockGibbs", energy)
        if can_be_packed(machine) and not has_tracer(self.temperature) and self.temperature > 0:
            return PackedSweep(machine, self.temperature, self.palindromic)
        return BlockSweep(machine, self.temperature, make_blocks(machine), self.palindromic)

    def disperse(self, energy: Any, start: Any, key: jax.Array) -> Any:
        """A state in which every value is as likely."""
        return _anywhere("BlockGibbs", energy, start, key)

    def refuse(self, energy: Any, states: Any) -> None:
        """Refuse states of other units than the machine has."""
        _refuse("BlockGibbs", energy, states)


class Glauber(PlainMethod):
    r"""Glauber dynamics: units chosen at random, drawn one at a time given all others.

    A step is N visits. It is reversible with respect to e^{−E/T}/Z. As T → 0 it becomes the
    asynchronous descent of spins, which stay where their field is zero within rounding.

    Arguments:
        temperature: T ≥ 0, in units of the energy; 0 means that limit.

    Raises:
        InputError: the temperature is negative; the energy of a kernel has no pairs.

    References:
        Glauber (1963), *Journal of Mathematical Physics* 4, 294.
    """

    temperature: Any

    def __check_init__(self):
        """Refuse temperatures below zero."""
        check_temperature("Glauber", self.temperature, least="at least 0")

    def kernel(self, energy: Any) -> Transition:
        """N visits to units of the machine."""
        return RandomVisits.of(_machine("Glauber", energy), self.temperature)

    def disperse(self, energy: Any, start: Any, key: jax.Array) -> Any:
        """A state in which every value is as likely."""
        return _anywhere("Glauber", energy, start, key)

    def refuse(self, energy: Any, states: Any) -> None:
        """Refuse states of other units than the machine has."""
        _refuse("Glauber", energy, states)


def _machine(name: str, energy: Any) -> Pairwise:
    """The machine that an energy is.

    Raises:
        InputError: it is none, or is being traced, where its graph cannot be looked at.
    """
    if isinstance(energy, Hopfield):
        energy = Pairwise(energy.weights, energy.bias)
    if not isinstance(energy, Pairwise):
        raise InputError(
            f"{name} draws units that couple in pairs: the energy must be "
            f"thalweg.energies.Pairwise or Hopfield, got {type(energy).__name__}."
        )
    if has_tracer(energy):
        raise InputError(
            f"{name}: the kernel looks at the graph of the energy, so make it outside of jit."
        )
    return energy


def _refuse(name: str, energy: Any, states: Any) -> None:
    if not isinstance(energy, Pairwise):  # which refuses by itself
        for state in np.asarray(states):
            _machine(name, energy).units.check(f"{name}: a start", state)


def _anywhere(name: str, energy: Any, start: Any, key: jax.Array) -> Any:
    machine = Pairwise(energy.weights, energy.bias) if isinstance(energy, Hopfield) else energy
    if not isinstance(machine, Pairwise):
        _machine(name, energy)
    if jnp.shape(start) != machine.shape:
        raise InputError(
            f"{name}: a state of the machine has the shape {machine.shape}, got {jnp.shape(start)}."
        )
    return machine.random(key).astype(jnp.result_type(start))
