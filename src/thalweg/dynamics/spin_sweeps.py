"""Sweeps over spins that go from flip to flip and keep what they know up to date.

Fields change only at flips: what is kept is the fields, at a cost of N a flip, or the overlaps with
P patterns, at a cost of P. A field that is zero within its rounding leaves a spin where it is; were
the sign of its rounding to decide, a pattern stored at a tie would be lost.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from thalweg.core.trees import cast_like
from thalweg.energies.hopfield import Couplings, DenseCouplings, HebbianCouplings, Hopfield

Decision = Callable[[Any, Any, Any], Any]

# Spins looked at together: enough to pay for a look, few enough that little is looked at twice.
_BLOCK = 128
# A field is a sum of N terms, of couplings that are themselves rounded, changed at every flip. The
# error of each such sum grows as the root of its length, and its terms add up to Σ|W_ij|, which for
# terms of one size is that root already: a few of those units of rounding.
_ROUNDING = 8.0


class Memo(NamedTuple):
    """Memory of a state that flips keep up to date.

    Attributes:
        fields: Wx + b, `(N,)`, or None.
        overlaps: Ξx, `(P,)`, of Hebbian couplings, or None.
        slack: how far rounding may put each field; of Hebbian couplings the part of the bias.
    """

    fields: Any
    overlaps: Any
    slack: Any

    @property
    def kept(self) -> Any:
        """The fields or the overlaps."""
        return self.fields if self.overlaps is None else self.overlaps

    def with_kept(self, kept: Any) -> "Memo":
        """The same with other fields or overlaps."""
        if self.overlaps is None:
            return self._replace(fields=kept)
        return self._replace(overlaps=kept)


def sweep(energy: Hopfield, state: Any, order: Any, free: Any = None) -> tuple[Any, Any]:
    """Visit spins in an order, each once; each turns to the sign of its field.

    Arguments:
        energy: the network.
        state: `(N,)`, entries ±1 (of anything else the sign counts).
        order: a permutation of the spins, `(N,)`.
        free: which spins may turn, `(N,)` booleans; all unless given.

    Returns:
        The new state, and how many spins were turned.
    """
    # A sign has no slope: derivatives are zero, and a loop need not be differentiated.
    energy, state = jax.lax.stop_gradient((energy, spins_of(state)))
    free = jnp.ones(state.shape, bool) if free is None else free
    new, _, turned = sweep_with_memo(energy, state, memo_of(energy, state), order, free)
    return new, turned


def settled_sign(energy: Hopfield, x: Any) -> jax.Array:
    """The sign of each field, and the spin itself where the field is zero within its rounding."""
    memo = memo_of(energy, x)
    h, slack = energy.field(x), memo.slack + _slack_of(memo, x.shape[0])
    # A field that is NaN is not within its rounding.
    return jnp.where(jnp.abs(h) <= slack, x, jnp.sign(h)).astype(x.dtype)


def memo_of(energy: Hopfield, x: Any) -> Memo:
    """Memory of a state: fields, or overlaps for Hebbian couplings."""
    bias = jnp.abs(jnp.broadcast_to(cast_like(energy.bias, x), x.shape))
    if isinstance(energy.weights, HebbianCouplings):
        overlaps = x @ cast_like(energy.weights.columns, x)
        return Memo(None, overlaps, _ROUNDING * jnp.finfo(overlaps.dtype).eps * bias)
    fields = energy.field(x)
    reach = jnp.sum(jnp.abs(cast_like(_rows(energy.weights), x)), axis=1) + bias
    return Memo(fields, None, _ROUNDING * jnp.finfo(fields.dtype).eps * reach)


def energy_of(energy: Hopfield, x: Any, memo: Memo) -> Any:
    """E(x) from what is kept, without another look at W."""
    bias = jnp.sum(cast_like(energy.bias, x) * x)
    if isinstance(energy.weights, HebbianCouplings):
        size, count = energy.weights.columns.shape
        return 0.5 * (count - jnp.sum(memo.overlaps**2) / size) - bias
    return -0.5 * (jnp.sum(x * memo.fields) + bias)


def sweep_with_memo(
    energy: Hopfield, x: Any, memo: Memo, order: Any, free: Any
) -> tuple[Any, Memo, Any]:
    """A sweep that goes from flip to flip: no other visit changes anything.

    Spins are looked at a block at a time; after a flip the rest of the block is looked at again.
    """
    size = x.shape[0]
    room = -(-size // _BLOCK) * _BLOCK
    order = jnp.concatenate([order, jnp.broadcast_to(order[:1], (room - size,))])
    free = free[order] & (jnp.arange(room) < size)
    bias = jnp.broadcast_to(cast_like(energy.bias, x), x.shape)
    places = jnp.arange(_BLOCK)
    is_hebbian = isinstance(energy.weights, HebbianCouplings)
    rows = cast_like(_rows(energy.weights), x)
    count = rows.shape[1]

    def block(k: Any, loop: Any) -> Any:
        indices = jax.lax.dynamic_slice(order, (k * _BLOCK,), (_BLOCK,))
        live = jax.lax.dynamic_slice(free, (k * _BLOCK,), (_BLOCK,))
        near = rows[indices] if is_hebbian else None
        near_bias, near_slack = bias[indices], memo.slack[indices]

        def following(x: Any, kept: Any, place: Any) -> Any:
            spins, slack = x[indices], near_slack
            if near is None:
                h = kept[indices]
            else:
                h = (near @ kept - count * spins) / size + near_bias
                slack = slack + _slack_of(Memo(None, kept, slack), size)
            turns = spins * h < -slack
            return jnp.min(jnp.where(turns & live & (places > place), places, _BLOCK))

        def flip(loop: Any) -> Any:
            place, x, kept, turned = loop
            i = indices[place]
            kept = kept - 2.0 * x[i] * rows[i]
            x = x.at[i].multiply(-1.0)
            return following(x, kept, place), x, kept, turned + 1

        x, kept, turned = loop
        first = (following(x, kept, -1), x, kept, turned)
        return jax.lax.while_loop(lambda loop: loop[0] < _BLOCK, flip, first)[1:]

    start = (x, memo.kept, jnp.zeros((), jnp.int32))
    x, kept, turned = jax.lax.fori_loop(0, room // _BLOCK, block, start)
    return x, memo.with_kept(kept), turned


def spins_of(state: Any) -> Any:
    """The signs of a state, +1 for zero; NaN stays NaN, and so reaches every field."""
    return jnp.where(state == 0, jnp.ones_like(state), jnp.sign(state))


def visit_each(energy: Hopfield, x: Any, order: Any, decide: Decision) -> Any:
    """Visit spins one after another; `decide(visit, field, spin)` is the new spin."""
    bias = jnp.broadcast_to(cast_like(energy.bias, x), x.shape)
    rows = cast_like(_rows(energy.weights), x)
    is_hebbian = isinstance(energy.weights, HebbianCouplings)
    size, count = x.shape[0], rows.shape[1]

    def visit(k: Any, loop: Any) -> Any:
        x, memo = loop
        i = order[k]
        h = (rows[i] @ memo - count * x[i]) / size + bias[i] if is_hebbian else memo[i]
        new = decide(k, h, x[i])
        memo = jax.lax.cond(new == x[i], lambda m: m, lambda m: m + (new - x[i]) * rows[i], memo)
        return x.at[i].set(new), memo

    kept = x @ rows if is_hebbian else energy.field(x)
    return jax.lax.fori_loop(0, order.shape[0], visit, (x, kept))[0]


def _rows(weights: Couplings) -> Any:
    """Rows `(N, …)`: row i is the change of the memory by a flip of spin i."""
    if isinstance(weights, HebbianCouplings):
        return weights.columns
    return weights.matrix if isinstance(weights, DenseCouplings) else weights.dense()


def _slack_of(memo: Memo, size: int) -> Any:
    """Rounding error of a field that is made of overlaps, beyond the part of the bias."""
    if memo.overlaps is None:
        return 0.0
    total = jnp.sum(jnp.abs(memo.overlaps)) + memo.overlaps.shape[0]
    return _ROUNDING * jnp.finfo(memo.overlaps.dtype).eps * total / size
