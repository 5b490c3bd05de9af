"""Transition matrices of kernels on few units, exactly: the kernel's own code, its draws apart."""

import itertools
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.trees import replace
from thalweg.energies import Binary, Pairwise
from thalweg.energies.unit_laws import Units


class Chances(Units):
    """Units whose draw is the probability of the higher value, instead of a value."""

    binary: Binary

    @property
    def width(self) -> int | None:
        return None

    @property
    def num_values(self) -> int:
        return 2

    @property
    def continuous(self) -> bool:
        return False

    def features(self, x: Any) -> Any:
        return self.binary.features(x)

    def own_energy(self, x: Any) -> Any:
        return self.binary.own_energy(x)

    def log_sum(self, field: Any, temperature: Any) -> Any:
        return self.binary.log_sum(field, temperature)

    def draw(self, key: Any, field: Any, temperature: Any, x: Any, slack: Any) -> Any:
        return 10.0 + self.binary.chances(field, temperature)

    def random(self, key: Any, shape: Any) -> Any:
        return self.binary.random(key, shape)

    def numbered(self, digits: Any) -> Any:
        return self.binary.numbered(digits)

    def at(self, sites: Any) -> Any:
        return self

    def check(self, name: str, state: Any) -> None:
        self.binary.check(name, state)


def states_of(energy: Pairwise) -> np.ndarray:
    """All states of spins or bits, `(2^N, *shape)`, the last unit fastest."""
    assert isinstance(energy.units, Binary)
    low, high = energy.units.low, energy.units.high
    every = np.array(list(itertools.product([low, high], repeat=energy.size)))
    return every.reshape(-1, *energy.shape)


@eqx.filter_jit
def _updated(kernel: Any, update: Any, k: Any, states: Any) -> Any:
    return jax.vmap(lambda x: update(kernel, jax.random.key(0), k, x))(states)


def matrix_of(kernel: Any, update: Any, k: int) -> np.ndarray:
    """The transition matrix of one update, `update(kernel, key, k, state)`, rows from."""
    energy = kernel.energy
    told = replace(kernel, energy=replace(energy, units=Chances(energy.units)))
    states = states_of(energy)
    found = np.asarray(_updated(told, update, k, states)).reshape(len(states), -1)
    flat = states.reshape(len(states), -1)
    drawn = found >= 10.0
    chance = np.where(drawn, found - 10.0, 1.0)
    matrix = np.ones((len(states), len(states)))
    for unit in range(energy.size):
        up = flat[:, unit] == flat.max()
        stays = (flat[:, None, unit] == flat[None, :, unit]).astype(float)
        turned = np.where(up[None], chance[:, None, unit], 1.0 - chance[:, None, unit])
        matrix *= np.where(drawn[:, None, unit], turned, stays)
    return matrix


def law_of(energy: Pairwise, temperature: float) -> np.ndarray:
    """e^{−E/T}/Z of all states."""
    states = states_of(energy)
    with jax.enable_x64(True):
        levels = np.asarray(_levels(energy, states))
    weights = np.exp((levels.min() - levels) / temperature)
    return weights / weights.sum()


@eqx.filter_jit
def _levels(energy: Any, states: Any) -> Any:
    return jax.vmap(energy)(states)
