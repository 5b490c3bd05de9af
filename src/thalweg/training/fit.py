"""The fit loop: stochastic gradient steps over epochs of shuffled batches.

It knows nothing of what it fits: a model is a pytree, a loss a function.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from thalweg.core.errors import DivergenceError, InputError
from thalweg.core.progress import Progress
from thalweg.core.results import Result
from thalweg.training.checkpoints import load_checkpoint, save_checkpoint

# A compiled call takes so many steps: reports come between calls.
_STEPS_PER_CALL = 16


@dataclass(frozen=True)
class EpochRecord:
    """What happened in one epoch.

    Attributes:
        epoch: counted from 1.
        loss: the mean loss of its steps, each before its update.
        metrics: the means of what the loss function reported beside the loss.
        evaluation: what `evaluate` returned after the epoch.
        seconds: how long it took, without the evaluation.
    """

    epoch: int
    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    evaluation: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Failure:
    """Where a fit left the finite: the step of the epoch, both counted from 1, and the loss."""

    epoch: int
    step: int
    loss: float


@dataclass(frozen=True)
class Fitted:
    """A fitted model and how it came about.

    Attributes:
        model: the model after the last complete epoch.
        history: one record an epoch.
        result: `successful`, or `diverged`.
        failure: where it diverged, else None.
        resumed_from: the epoch that a checkpoint brought back, 0 if there was none.
    """

    model: Any
    history: tuple[EpochRecord, ...]
    result: Result
    failure: Failure | None
    resumed_from: int


class _Carry(eqx.Module):
    """What a step changes."""

    params: Any
    optimizer_state: Any
    step: jax.Array
    is_finite: jax.Array


def fit(
    loss_fn: Callable[[Any, Any, jax.Array], tuple[jax.Array, dict[str, jax.Array]]],
    model: Any,
    data: Any,
    *,
    optimizer: optax.GradientTransformation,
    epochs: int,
    batch_size: int,
    key: jax.Array | None = None,
    evaluate: Callable[[Any], Mapping[str, float]] | None = None,
    checkpoint: str | Path | None = None,
    configuration: Mapping[str, Any] | None = None,
    label: str = "fit",
    throw: bool = True,
) -> Fitted:
    r"""Fit a model by stochastic gradient steps.

    Every epoch goes once through the samples in a new random order; the few that do not fill a
    batch sit out. The floating arrays of the model are fitted, everything else (Python numbers too)
    stays as it is.

    Arguments:
        loss_fn: `(model, batch, key) → (loss, metrics)`: a scalar, and a dictionary of scalars to
            report (may be empty).
        model: any pytree.
        data: a pytree of arrays whose common first axis counts the samples.
        optimizer: of Optax.
        epochs: how many.
        batch_size: samples a step; all of them if there are fewer.
        key: the randomness of the order and of the loss; None means `jax.random.key(0)`. Epoch e
            uses `fold_in(key, e)`, so a resumed fit repeats the numbers of one that ran through.
        evaluate: called with the model after every epoch; what it returns is recorded.
        checkpoint: a file, written after every epoch. If it is there, the fit goes on from it.
        configuration: JSON-ready data that says what is fitted to what; a checkpoint of another
            configuration is refused.
        label: what progress reports call the job.
        throw: whether to raise when the loss or the model leaves the finite.

    Raises:
        InputError: a count is not positive, the data differ in their first axis, or the checkpoint
            is one of another configuration or model.
        DivergenceError: the loss or the model left the finite; the checkpoint is that of the last
            good epoch, and says so.
        StoreError: the checkpoint cannot be written, or is damaged.
    """
    num_samples = _num_samples(data)
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(value, int | np.integer) or value < 1:
            raise InputError(f"fit: {name} must be a positive integer, got {value!r}.")
    batch_size, data = min(batch_size, num_samples), jax.tree.map(jnp.asarray, data)
    key = jax.random.key(0) if key is None else key
    params, static = eqx.partition(model, eqx.is_inexact_array)
    carry = _Carry(params, optimizer.init(params), jnp.zeros((), jnp.int32), jnp.array(True))
    notes = _notes(configuration, key, batch_size, num_samples)
    history, failure = (), None
    if checkpoint is not None and Path(checkpoint).exists():
        carry, history, failure = _resumed(checkpoint, carry, notes)
    resumed_from = len(history)
    if resumed_from > epochs:
        raise InputError(
            f"fit: {checkpoint} is a checkpoint after {resumed_from} epochs, more than the "
            f"epochs={epochs} asked for."
        )
    num_steps = num_samples // batch_size
    program = _Program(loss_fn, static, optimizer, batch_size)
    with Progress(
        label, epochs * num_steps, unit="steps", done=resumed_from * num_steps
    ) as progress:
        for epoch in range(resumed_from + 1, epochs + 1 if failure is None else 0):
            began = time.monotonic()
            after, losses, metrics = _epoch(program, carry, data, key, epoch, num_steps, progress)
            if not after.is_finite:
                failure = Failure(epoch, len(losses), float(losses[-1]))
                break
            carry, seconds = after, time.monotonic() - began
            means = {name: float(np.mean(values)) for name, values in metrics.items()}
            found = {} if evaluate is None else evaluate(eqx.combine(carry.params, static))
            record = EpochRecord(epoch, float(np.mean(losses)), means, dict(found), seconds)
            history = (*history, record)
            if checkpoint is not None:
                save_checkpoint(checkpoint, carry, {**notes, **_about(history, None)})
    if failure is not None and checkpoint is not None:
        save_checkpoint(checkpoint, carry, {**notes, **_about(history, failure)})
    if failure is not None and throw:
        raise DivergenceError(_sentence(failure, num_steps, checkpoint))
    result = Result.successful if failure is None else Result.diverged
    model = eqx.combine(carry.params, static)
    return Fitted(model, history, result, failure, resumed_from)


class _Program(eqx.Module):
    """What a compiled step needs to know."""

    loss_fn: Callable[..., Any]
    static: Any
    optimizer: optax.GradientTransformation
    batch_size: int = eqx.field(static=True)

    def step(self, carry: _Carry, data: Any, rows: jax.Array, key: jax.Array) -> Any:
        """One update; where it leaves the finite, the carry says so."""
        batch = jax.tree.map(lambda leaf: leaf[rows], data)

        def value(params: Any) -> Any:
            return self.loss_fn(eqx.combine(params, self.static), batch, key)

        (loss, metrics), slope = jax.value_and_grad(value, has_aux=True)(carry.params)
        updates, state = self.optimizer.update(slope, carry.optimizer_state, carry.params)
        params = optax.apply_updates(carry.params, updates)
        finite = [jnp.isfinite(loss)]
        finite += [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(params)]
        is_finite = jnp.all(jnp.stack(finite))
        return _Carry(params, state, carry.step + 1, is_finite), loss, metrics


@eqx.filter_jit
def _steps(
    program: _Program, carry: _Carry, data: Any, rows: Any, key: jax.Array, count: Any
) -> Any:
    """At most `count` steps, one a row of `rows`; stops after one that left the finite."""
    loss_of, metrics_of = eqx.filter_eval_shape(program.step, carry, data, rows[0], key)[1:]
    room = jax.tree.map(
        lambda leaf: jnp.zeros((len(rows), *leaf.shape), leaf.dtype), (loss_of, metrics_of)
    )

    def goes_on(loop: Any) -> jax.Array:
        index, carry, _ = loop
        return (index < count) & carry.is_finite

    def body(loop: Any) -> Any:
        index, carry, kept = loop
        new, *reported = program.step(carry, data, rows[index], jax.random.fold_in(key, carry.step))
        kept = jax.tree.map(lambda all_, one: all_.at[index].set(one), kept, tuple(reported))
        return index + 1, new, kept

    return jax.lax.while_loop(goes_on, body, (jnp.zeros((), jnp.int32), carry, room))


def _epoch(
    program: _Program,
    carry: _Carry,
    data: Any,
    key: jax.Array,
    epoch: int,
    num_steps: int,
    progress: Progress,
) -> tuple[_Carry, np.ndarray, dict[str, np.ndarray]]:
    """All steps of an epoch; the losses and metrics of each that was made."""
    order_key, step_key = jax.random.split(jax.random.fold_in(key, epoch))
    count = num_steps * program.batch_size
    order = np.asarray(jax.random.permutation(order_key, _num_samples(data)))[:count]
    rows = order.reshape(num_steps, program.batch_size)
    per_call = min(_STEPS_PER_CALL, num_steps)
    losses, metrics, done = [], [], 0
    while done < num_steps:
        part = rows[done : done + per_call]
        padded = np.concatenate([part, np.repeat(part[:1], per_call - len(part), axis=0)])
        made, carry, kept = _steps(
            program, carry, data, padded, step_key, np.asarray(len(part), np.int32)
        )
        made, kept = int(made), jax.device_get(kept)
        losses.append(kept[0][:made])
        metrics.append(jax.tree.map(lambda leaf, made=made: leaf[:made], kept[1]))
        done += made
        progress.update((epoch - 1) * num_steps + done, f"loss {losses[-1][-1]:.4f}")
        if not carry.is_finite:
            break
    names = metrics[0].keys()
    joined = {name: np.concatenate([part[name] for part in metrics]) for name in names}
    return carry, np.concatenate(losses), joined


def _num_samples(data: Any) -> int:
    lengths = {np.shape(leaf)[0] if np.ndim(leaf) else None for leaf in jax.tree.leaves(data)}
    if len(lengths) != 1 or None in lengths or 0 in lengths:
        shapes = [np.shape(leaf) for leaf in jax.tree.leaves(data)]
        raise InputError(
            f"fit: data must be arrays with a common, non-empty first axis, got the shapes "
            f"{shapes}."
        )
    return int(lengths.pop())  # type: ignore[arg-type]


def _notes(configuration: Any, key: jax.Array, batch_size: int, num_samples: int) -> dict[str, Any]:
    """What must agree for a checkpoint to be gone on from."""
    return {
        "configuration": {
            **(configuration or {}),
            "batch_size": int(batch_size),
            "num_samples": num_samples,
            "key": np.asarray(jax.random.key_data(key)).ravel().tolist(),
            "key_implementation": str(jax.random.key_impl(key)),
        }
    }


def _about(history: tuple[EpochRecord, ...], failure: Failure | None) -> dict[str, Any]:
    return {
        "history": [asdict(record) for record in history],
        "failure": None if failure is None else asdict(failure),
    }


def _resumed(path: str | Path, carry: _Carry, notes: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The carry, history and failure that a checkpoint holds."""
    carry, about = load_checkpoint(path, carry)
    ours, theirs = notes["configuration"], about.get("configuration", {})
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            raise InputError(
                f"{path} is a checkpoint of another configuration: {name} is "
                f"{theirs.get(name)!r} there and {ours.get(name)!r} here. Give another file, or "
                f"delete this one to begin anew."
            )
    history = tuple(EpochRecord(**record) for record in about["history"])
    failure = None if about["failure"] is None else Failure(**about["failure"])
    return carry, history, failure


def _sentence(failure: Failure, num_steps: int, checkpoint: str | Path | None) -> str:
    kept = (
        f"{checkpoint} holds the model after epoch {failure.epoch - 1}"
        if checkpoint is not None and failure.epoch > 1
        else "no checkpoint was kept"
    )
    return (
        f"fit: the loss or the model left the finite in epoch {failure.epoch}, step {failure.step} "
        f"of {num_steps} (loss {failure.loss}); {kept}. Take a smaller learning rate, or bound "
        f"the gradient (optax.clip_by_global_norm)."
    )
