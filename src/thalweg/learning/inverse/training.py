"""Training of energies: several side by side, as one model of the fit loop."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import as_arrays, is_integer
from thalweg.learning.inverse.data import Data
from thalweg.learning.inverse.data.base import positive
from thalweg.training import EarlyStopping, Fitted, fit

_UPDATES_PER_EPOCH = 100  # after each epoch it is asked whether to stop


@dataclass(frozen=True)
class Training:
    """Settings of training: Adam, whose rate falls along a cosine to zero.

    Attributes:
        updates: the most updates.
        batch_size: rows (steps, points, …) an update; all of them if there are fewer.
        rate: the first learning rate.
        held_out: the share of the data that is not learned from, to say what others would lose.
        patience: the share of the updates that may go by without the loss improving; losses that
            are noisy improve again when the rate has fallen.
        enough: the loss at which to stop, where a loss of zero explains all.
        clip: the largest norm of a gradient; runs down steep energies have longer ones.
        checkpoint: a file to go on from, as in `tw.training.fit`.
        records: a file for one line of JSON an epoch.
    """

    updates: int = 6000
    batch_size: int = 512
    rate: float = 1e-2
    held_out: float = 0.1
    patience: float = 1.0
    enough: float = 1e-7
    clip: float = 1.0
    checkpoint: str | Path | None = None
    records: str | Path | None = None

    def __post_init__(self) -> None:
        for name in ("updates", "batch_size"):
            value = getattr(self, name)
            if not is_integer(value) or value < 1:
                raise InputError(f"Training: {name} must be a positive integer, got {value!r}.")
        for name in ("rate", "patience", "enough", "clip"):
            positive(getattr(self, name), f"Training: {name}")
        share = np.asarray(self.held_out)
        if share.ndim or share.dtype.kind not in "iuf" or not 0.0 <= share < 1.0:
            raise InputError(f"Training: held_out must be in [0, 1), got {self.held_out!r}.")
        for name in ("checkpoint", "records"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str | Path):
                raise InputError(f"Training: {name} must be a path, got {value!r}.")


class Candidate(eqx.Module):
    """An energy in training, and what its data need beside it."""

    energy: Any
    hidden: Any


class Trained(NamedTuple):
    """Candidates after training, in their order.

    Attributes:
        candidates: of NumPy arrays.
        losses: of each at the end, on all rows that were learned from.
        held_out: the same of those that were not; NaN: none.
        fitted: how the fit went.
        updates: how many there were.
    """

    candidates: tuple[Candidate, ...]
    losses: np.ndarray
    held_out: np.ndarray
    fitted: Fitted
    updates: int


class _Objective(eqx.Module):
    """The loss of several candidates at once: their sum, whose gradients are their own.

    Attributes:
        data: what they are trained on.
        all: all rows, where each update sees all; else None.
    """

    data: Data
    all: Any

    def __call__(self, model: Candidate, batch: Any, key: jax.Array) -> Any:
        losses = self.each(model, batch if self.all is None else self.all, key)
        return jnp.sum(losses), {"mean": jnp.mean(losses)}

    def each(self, model: Candidate, rows: Any, key: jax.Array) -> Any:
        """The loss of each."""
        data = _single(self.data)
        return eqx.filter_vmap(lambda m: data.loss(m.energy, m.hidden, rows, key))(model)


def train(
    energies: Sequence[Callable[..., Any]], data: Data, how: Training, key: jax.Array
) -> Trained:
    """Train energies of one class side by side, in one program, in float32.

    Raises:
        InputError: an energy has nothing to learn, or cannot take a state of the data.
        DivergenceError: a loss left the finite.
    """
    keys = jax.random.split(key, len(energies) + 1)
    candidates = [
        _single(Candidate(as_arrays(energy), data.hidden(own)))
        for energy, own in zip(energies, keys[1:], strict=True)
    ]
    _check(candidates[0].energy, data)
    params, static = zip(*(eqx.partition(c, eqx.is_inexact_array) for c in candidates), strict=True)
    stacked = jax.tree.map(lambda *leaves: np.stack([np.asarray(x) for x in leaves]), *params)
    rows, others = _split(data, how.held_out)
    is_whole = how.batch_size >= len(rows)
    size = 1 if is_whole else how.batch_size
    epochs = -(-how.updates // _UPDATES_PER_EPOCH)
    per_epoch = min(_UPDATES_PER_EPOCH, how.updates)
    objective = _Objective(data, rows if is_whole else None)
    fitted = fit(
        objective,
        eqx.combine(stacked, static[0]),
        np.resize(rows, per_epoch * size),
        optimizer=_optimizer(how.rate, epochs * per_epoch, how.clip),
        epochs=epochs,
        batch_size=size,
        key=keys[0],
        stop=EarlyStopping(
            max(1, round(how.patience * epochs)),
            "mean",
            least=0.0,
            enough=how.enough if data.is_error else None,
        ),
        checkpoint=how.checkpoint,
        records=how.records,
        label="learn_energy",
    )
    losses = np.asarray(_each(objective, fitted.model, rows, keys[0]))
    held = np.full(len(energies), np.nan)
    if len(others):
        held = np.asarray(_each(objective, fitted.model, others, keys[0]))
    params = jax.device_get(eqx.filter(fitted.model, eqx.is_inexact_array))
    found = tuple(
        eqx.combine(jax.tree.map(lambda leaf, i=i: leaf[i], params), static[i])
        for i in range(len(energies))
    )
    return Trained(found, losses, held, fitted, per_epoch * len(fitted.history))


@functools.cache
def _optimizer(rate: float, updates: int, clip: float) -> optax.GradientTransformation:
    """Adam; the same object for the same numbers, so that its program is compiled once."""
    adam = optax.adam(optax.cosine_decay_schedule(rate, updates))
    return optax.chain(optax.clip_by_global_norm(clip), adam)


@eqx.filter_jit
def _each(objective: _Objective, model: Candidate, rows: Any, key: jax.Array) -> Any:
    return objective.each(model, rows, key)


def _single(tree: Any) -> Any:
    """The same with its floating arrays in float32."""
    return jax.tree.map(lambda a: a.astype(np.float32) if eqx.is_inexact_array(a) else a, tree)


def _split(data: Data, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, and those of the data that are held out: every so many of them."""
    num_held = int(share * data.count)
    held = np.linspace(0, data.count - 1, num_held + 2).astype(int)[1:-1]
    is_held = np.isin(data.owner, held)
    rows = np.arange(len(data.owner))
    return rows[~is_held], rows[is_held]


def _check(energy: Any, data: Data) -> None:
    """Refuse an energy without numbers to learn, or one that takes other states."""
    if not any(map(eqx.is_inexact_array, jax.tree.leaves(energy))):
        raise InputError(
            f"learn_energy: energy must be a pytree with floating numbers to learn (an "
            f"equinox.Module, such as tw.energies.ConfinedNetwork.random(({data.size}, 64, 64), "
            f"key)), got {energy!r}."
        )
    state = jax.ShapeDtypeStruct((data.size,), np.float32)
    try:
        value = eqx.filter_eval_shape(energy, state)
    except Exception as error:
        raise InputError(
            f"learn_energy: energy does not take a state of {counted(data.size, 'coordinate')}: "
            f"{error}"
        ) from error
    if getattr(value, "shape", None) != ():
        raise InputError(
            f"learn_energy: energy must return a scalar, got {value} of a state of {data.size} "
            f"coordinates."
        )
