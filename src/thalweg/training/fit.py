"""The fit loop: stochastic gradient steps over epochs of shuffled batches.

It knows nothing of what it fits: a model is a pytree, a loss a function.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from thalweg.core.about import About
from thalweg.core.codes import Result
from thalweg.core.errors import DivergenceError, InputError
from thalweg.core.files import check_writable
from thalweg.core.progress import Progress
from thalweg.core.randomness import check_key
from thalweg.core.shapes import PyTree, States
from thalweg.core.tables import counted
from thalweg.core.trees import is_integer
from thalweg.training.checkpoints import load_checkpoint, save_checkpoint
from thalweg.training.failures import Failure, sentence
from thalweg.training.records import add_record, begin_records
from thalweg.training.result import EpochRecord, Fitted
from thalweg.training.steps import ORIGINS, Carry, Program, make_epoch


def fit(
    loss_fn: Callable[[Any, Any, jax.Array], Any],
    model: PyTree,
    data: States,
    *,
    optimizer: optax.GradientTransformation,
    epochs: int,
    batch_size: int,
    key: jax.Array | None = None,
    evaluate: Callable[[Any], Mapping[str, float]] | None = None,
    stop: Callable[[Sequence[EpochRecord]], bool] | None = None,
    records: str | Path | None = None,
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
            report; or the loss alone.
        model: any pytree.
        data: a pytree of arrays whose common first axis counts the samples.
        optimizer: of Optax; those that need the loss (L-BFGS, reduce on plateau) are given it.
        epochs: how many.
        batch_size: samples a step; all of them if there are fewer.
        key: the randomness of the order and of the loss; None means `jax.random.key(0)`. Epoch e
            uses `fold_in(key, e)`, so a resumed fit repeats the numbers of one that ran through.
        evaluate: called with the model after every epoch; what it returns is recorded.
        stop: asked after every epoch, with the records so far, whether to end here:
            `EarlyStopping(patience)` where nothing improves any more.
        records: a file that gets one line of JSON an epoch.
        checkpoint: a file, written after every epoch. If it is there, the fit goes on from it.
        configuration: JSON-ready data that says what is fitted; a checkpoint of another
            configuration is refused, and so is one of other data, another start, optimizer or key.
        label: what progress reports call the job.
        throw: whether to raise when the loss or the model leaves the finite.

    Raises:
        InputError: a count is not positive, the optimizer or the key is none, the data differ in
            their first axis, or the checkpoint is one of another configuration or model.
        DivergenceError: the loss or the model left the finite; the checkpoint is that of the last
            good epoch, and says so.
        StoreError: the checkpoint or the records cannot be written, or the former is damaged.
    """
    num_samples = _num_samples(data)
    _check_counts(epochs, batch_size)
    _check_rest(optimizer, key, checkpoint, records)
    batch_size, data = min(batch_size, num_samples), jax.tree.map(jnp.asarray, data)
    key = jax.random.key(0) if key is None else key
    params, static = eqx.partition(model, eqx.is_inexact_array)
    carry = Carry(params, optimizer.init(params), *jnp.zeros(2, jnp.int32))
    notes = {}
    if checkpoint is not None:
        notes = _notes(configuration, key, batch_size, data, carry, optimizer)
    history, failure = (), None
    if checkpoint is not None and Path(checkpoint).exists():
        carry, history, failure = _resumed(checkpoint, carry, notes)
    resumed_from = len(history)
    if resumed_from > epochs:
        raise InputError(
            f"fit: {checkpoint} is a checkpoint after {counted(resumed_from, 'epoch')}, more than "
            f"the epochs={epochs} asked for."
        )
    if records is not None:
        begin_records(records, history)
    num_steps, is_over = num_samples // batch_size, False
    program = Program(loss_fn, static, optimizer, batch_size)
    with Progress(
        label, epochs * num_steps, unit="step", done=resumed_from * num_steps
    ) as progress:
        for epoch in range(resumed_from + 1, epochs + 1 if failure is None else 0):
            is_over = stop is not None and len(history) > 0 and bool(stop(history))
            if is_over:
                break
            began = time.monotonic()
            after, losses, metrics = make_epoch(
                program, carry, data, key, epoch, num_steps, progress
            )
            if not after.is_finite:
                origin = ORIGINS[int(after.origin)]
                failure = Failure(epoch, len(losses), float(losses[-1]), origin)
                break
            carry, seconds = after, time.monotonic() - began
            means = {name: float(np.mean(values)) for name, values in metrics.items()}
            found = {} if evaluate is None else evaluate(eqx.combine(carry.params, static))
            found = {name: _plain(value) for name, value in found.items()}
            seen = num_steps * batch_size
            record = EpochRecord(epoch, float(np.mean(losses)), means, found, seconds, seen)
            history = (*history, record)
            if records is not None:
                add_record(records, record)
            if checkpoint is not None:
                save_checkpoint(checkpoint, carry, {**notes, **_about(history, None)})
    if failure is not None and checkpoint is not None:
        save_checkpoint(checkpoint, carry, {**notes, **_about(history, failure)})
    if failure is not None and throw:
        raise DivergenceError(sentence(failure, num_steps, checkpoint, data))
    result = Result.successful if failure is None else Result.diverged
    result = Result.settled if is_over else result
    model = eqx.combine(carry.params, static)
    return Fitted(model, history, result, failure, resumed_from, About(type(model).__name__))


def _check_counts(epochs: Any, batch_size: Any) -> None:
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not is_integer(value) or value < 1:
            raise InputError(f"fit: {name} must be a positive integer, got {value!r}.")


def _check_rest(optimizer: Any, key: Any, checkpoint: Any, records: Any) -> None:
    """Refuse what is no optimizer or no key, and places where no file can be written."""
    if not all(callable(getattr(optimizer, name, None)) for name in ("init", "update")):
        raise InputError(
            f"fit: optimizer must be one of Optax, such as optax.adam(1e-3), got {optimizer!r}."
        )
    check_key(key, "fit: key")
    for path in (checkpoint, records):
        if path is not None:
            check_writable(path)


def _num_samples(data: Any) -> int:
    lengths = {np.shape(leaf)[0] if np.ndim(leaf) else None for leaf in jax.tree.leaves(data)}
    if len(lengths) != 1 or None in lengths or 0 in lengths:
        shapes = [np.shape(leaf) for leaf in jax.tree.leaves(data)]
        raise InputError(
            f"fit: data must be arrays with a common, non-empty first axis, got the shapes "
            f"{shapes}."
        )
    return int(lengths.pop())  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    """A number, or nested lists of numbers, of what `evaluate` returned."""
    return (
        np.asarray(value).tolist()
        if isinstance(value, jax.Array | np.generic | np.ndarray)
        else value
    )


def _notes(
    configuration: Any,
    key: jax.Array,
    batch_size: int,
    data: Any,
    carry: Carry,
    optimizer: optax.GradientTransformation,
) -> dict[str, Any]:
    """Facts that must agree for a checkpoint to be gone on from."""
    return {
        "configuration": {
            **(configuration or {}),
            "batch_size": int(batch_size),
            "num_samples": _num_samples(data),
            "data": _digest(data),
            "start": _digest(carry.params),
            "optimizer": _optimizer_digest(optimizer, carry),
            "key": np.asarray(jax.random.key_data(key)).ravel().tolist(),
            "key_implementation": str(jax.random.key_impl(key)),
        }
    }


def _digest(tree: Any) -> str:
    """A short name of the arrays of a pytree: other arrays, another name."""
    digest = hashlib.sha256()
    for leaf in jax.device_get(jax.tree.leaves(tree)):
        digest.update(f"{leaf.dtype}{leaf.shape}".encode())
        digest.update(np.ascontiguousarray(leaf).data)
    return digest.hexdigest()[:16]


def _optimizer_digest(optimizer: optax.GradientTransformation, carry: Carry) -> str:
    """A short name of what an optimizer does: another learning rate, another name.

    Its numbers are hidden in closures, or in its state; the program of an update shows the former.
    """
    program = jax.make_jaxpr(
        lambda gradient, state, params: optax.with_extra_args_support(optimizer).update(
            gradient, state, params,
            value=jnp.zeros(()), grad=gradient, value_fn=lambda p: jnp.zeros(()),
        )
    )(carry.params, carry.optimizer_state, carry.params)  # fmt: skip
    text = re.sub(r"0x[0-9a-f]+", "", str(program))  # addresses differ from process to process
    found = (_digest(carry.optimizer_state), _digest(program.consts))
    return hashlib.sha256("".join((text, *found)).encode()).hexdigest()[:16]


def _about(history: tuple[EpochRecord, ...], failure: Failure | None) -> dict[str, Any]:
    return {
        "history": [asdict(record) for record in history],
        "failure": None if failure is None else asdict(failure),
    }


def _resumed(path: str | Path, carry: Carry, notes: dict[str, Any]) -> tuple[Any, Any, Any]:
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
