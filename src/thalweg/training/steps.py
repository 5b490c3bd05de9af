"""The steps of a fit: one compiled program, called for a few steps at a time."""

from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from thalweg.core.batches import filled
from thalweg.core.errors import InputError
from thalweg.core.progress import Progress

# A compiled call takes so many steps: reports come between calls.
_STEPS_PER_CALL = 16


# Where a fit may leave the finite, in the order in which a step meets them; 0 is nowhere.
ORIGINS = ("", "data", "forward", "backward", "update")


class Carry(eqx.Module):
    """State that a step changes.

    Attributes:
        params: what is fitted.
        optimizer_state: of Optax.
        step: how many were made.
        origin: where it left the finite, as a number of `ORIGINS`.
    """

    params: Any
    optimizer_state: Any
    step: jax.Array
    origin: jax.Array

    @property
    def is_finite(self) -> jax.Array:
        """Truth: everything is finite."""
        return self.origin == 0


class Program(eqx.Module):
    """Static part of a compiled step."""

    loss_fn: Callable[..., Any]
    static: Any
    optimizer: optax.GradientTransformation
    batch_size: int = eqx.field(static=True)

    def step(self, carry: Carry, data: Any, rows: jax.Array, key: jax.Array) -> Any:
        """One update; where it leaves the finite, the carry says so."""
        batch = jax.tree.map(lambda leaf: leaf[rows], data)

        def value(params: Any) -> Any:
            found = self.loss_fn(eqx.combine(params, self.static), batch, key)
            loss, metrics = found if isinstance(found, tuple) else (found, {})
            if not isinstance(metrics, Mapping):
                raise InputError(
                    f"fit: loss_fn must return the loss, or the loss and a dictionary of metrics "
                    f"by name, got {type(metrics).__name__} for that."
                )
            return loss, jax.tree.map(jnp.asarray, metrics)

        (loss, metrics), gradient = jax.value_and_grad(value, has_aux=True)(carry.params)
        optimizer = optax.with_extra_args_support(self.optimizer)
        updates, state = optimizer.update(
            gradient, carry.optimizer_state, carry.params,
            value=loss, grad=gradient, value_fn=lambda params: value(params)[0],
        )  # fmt: skip
        params = optax.apply_updates(carry.params, updates)
        is_finite = jnp.stack([_is_finite(part) for part in (batch, loss, gradient, params)])
        origin = jnp.where(jnp.all(is_finite), 0, 1 + jnp.argmin(is_finite)).astype(jnp.int32)
        return Carry(params, state, carry.step + 1, origin), loss, metrics


def _is_finite(tree: Any) -> jax.Array:
    """Truth: all numbers of a pytree are finite."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if eqx.is_inexact_array(leaf)]
    return jnp.all(jnp.stack([jnp.array(True), *(jnp.all(jnp.isfinite(x)) for x in leaves)]))


@eqx.filter_jit
def _steps(program: Program, carry: Carry, data: Any, rows: Any, key: jax.Array, count: Any) -> Any:
    """Make `count` steps at most, one a row of `rows`; stop after one that left the finite."""
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


def make_epoch(
    program: Program,
    carry: Carry,
    data: Any,
    key: jax.Array,
    epoch: int,
    num_steps: int,
    progress: Progress,
) -> tuple[Carry, np.ndarray, dict[str, np.ndarray]]:
    """All steps of an epoch; the losses and metrics of each that was made."""
    order_key, step_key = jax.random.split(jax.random.fold_in(key, epoch))
    count, num_samples = num_steps * program.batch_size, len(jax.tree.leaves(data)[0])
    order = np.asarray(jax.random.permutation(order_key, num_samples))[:count]
    rows = order.reshape(num_steps, program.batch_size)
    per_call = min(_STEPS_PER_CALL, num_steps)
    losses, metrics, done = [], [], 0
    while done < num_steps:
        part = rows[done : done + per_call]
        made, carry, kept = _steps(
            program, carry, data, filled(part, per_call), step_key, np.asarray(len(part), np.int32)
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
