"""Models of runs: energies, and maps without one to compare them with."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from thalweg.core.randomness import host_generator
from thalweg.core.trees import cast_like
from thalweg.dynamics import GradientStep, Map
from thalweg.energies import ConfinedNetwork
from thalweg.learning import Training, Trajectories
from thalweg.learning.inverse.losses import step_loss
from thalweg.learning.inverse.training import Trained, train
from thalweg.studies.inverse_energy.truths import Truth
from thalweg.training import fit

# Of both hidden layers, the same for all truths, so that their scores can be compared.
WIDTHS = (64, 64)
_UPDATES_PER_EPOCH = 100  # between two rows of a history, for any number of updates


class NetworkMap(Map):
    """A network of tanh units as a map: x⁺ = s f(x), or x⁺ = x + s f(x)."""

    weights: tuple[Any, ...]
    biases: tuple[Any, ...]
    scale: Any
    adds: bool = eqx.field(static=True)

    @classmethod
    def random(
        cls, size: int, key: jax.Array, sharpness: float, scale: float, adds: bool
    ) -> "NetworkMap":
        """One that is not trained, with the first layers of a `ConfinedNetwork`."""
        energy = ConfinedNetwork.random((size, *WIDTHS), key, sharpness=sharpness)
        last = host_generator(key, 1).standard_normal((size, WIDTHS[-1])) / np.sqrt(WIDTHS[-1])
        weights = (*energy.weights, last)
        return cls(weights, (*energy.biases, np.zeros(size)), np.asarray(scale), adds)

    def step(self, t: Any, state: Any) -> Any:
        """s f(x), with x added or not."""
        x = state
        *inner, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in inner:
            x = jnp.tanh(cast_like(weight, x) @ x + cast_like(bias, x))
        found = cast_like(self.scale, x) * (cast_like(last[0], x) @ x + cast_like(last[1], x))
        return found + state if self.adds else found


def trained_energies(truth: Truth, data: Any, keys: Any, training: Training) -> Trained:
    """An energy for each key, trained side by side."""
    size = truth.starts.shape[1]
    energies = [
        ConfinedNetwork.random((size, *WIDTHS), key, sharpness=truth.sharpness) for key in keys
    ]
    return train(energies, data, training, keys[0])


def rules_of(trained: Trained, data: Trajectories) -> list[Map]:
    """The steps of each energy."""
    step = np.float32(data.step)
    return [GradientStep(found.energy, step) for found in trained.candidates]  # type: ignore[arg-type]


class _StepLoss(eqx.Module):
    """The relative error of steps, of several maps at once."""

    data: Trajectories

    def __call__(self, model: Any, rows: Any, key: jax.Array) -> Any:
        steps = jax.tree.map(
            lambda a: a.astype(np.float32) if eqx.is_inexact_array(a) else a, self.data.steps
        )
        floor = self.data.floor.astype(np.float32)

        def one(rule: Map) -> Any:
            def of(row: Any) -> Any:
                x = steps.before[row]
                return step_loss(rule.step(0, x) - x, steps.change[row], floor)

            return jnp.mean(jax.vmap(of)(rows))

        return jnp.sum(eqx.filter_vmap(one)(model))


def trained_maps(truth: Truth, data: Trajectories, keys: Any, adds: bool) -> list[Map]:
    """A map without an energy for each key, trained like the energies, as many units, as long."""
    size, how = truth.starts.shape[1], truth.training
    scale = float(data.step) if adds else 1.0
    maps = [NetworkMap.random(size, key, truth.sharpness, scale, adds) for key in keys]
    params, static = zip(*(eqx.partition(m, eqx.is_inexact_array) for m in maps), strict=True)
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves).astype(np.float32), *params)
    batch = min(how.batch_size, len(data.owner))
    per_epoch = min(_UPDATES_PER_EPOCH, how.updates)
    epochs = -(-how.updates // per_epoch)
    adam = optax.adam(optax.cosine_decay_schedule(how.rate, epochs * per_epoch))
    fitted = fit(
        _StepLoss(data),
        eqx.combine(stacked, static[0]),
        np.resize(np.arange(len(data.owner)), per_epoch * batch),
        optimizer=optax.chain(optax.clip_by_global_norm(how.clip), adam),
        epochs=epochs,
        batch_size=batch,
        key=keys[0],
        label="maps",
    )
    kept = jax.device_get(eqx.filter(fitted.model, eqx.is_inexact_array))
    return [
        eqx.combine(jax.tree.map(lambda leaf, i=i: leaf[i], kept), static[i])
        for i in range(len(keys))
    ]
