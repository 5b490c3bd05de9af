"""The rule on all of W with delayed updates: one pass over W a block of steps, not one a step.

Within a block that starts at W, the pool of the input r_j at its step j is exactly

    W_j r_j / n = g_j W r_j / n − c_j C r_j / n + Σ_{s<j} κ_s R_s (R_s·r_j) / n

with the scalars g, c, κ of the linear recursion W⁺ = (1 + β) W + α R Rᵀ − (α + β) C. So W is read
once for all inputs of the block (a matrix product) and written once at its end.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.models.normalization.model.held import like, outputs, rate_at
from thalweg.models.normalization.model.weights import FullReweighting

BLOCK = 64  # steps of a compiled block, after which a run may stop; of one size for all lengths


@eqx.filter_jit
def run_delayed(
    rule: FullReweighting, weights: Any, steps: Any, blocks: int
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Run `steps` steps in so many `blocks`.

    Returns:
        the weights after the last step, and for every step (padded to whole blocks) the drive and
        the denominators, each `(blocks·BLOCK, n)`.
    """
    table, target = like(rule.drives, weights), like(rule.target, weights)
    expected = table @ target / table.shape[-1]
    times = jnp.arange(blocks * BLOCK, dtype=jnp.int32)
    counts = (times < steps).astype(weights.dtype)
    alphas = jax.vmap(lambda t: rate_at(rule.alpha, t, weights))(times) * counts
    betas = like(rule.beta, weights) * counts
    shown = jax.vmap(rule.presentation.index)(times)

    def run_block(weights: Any, block: Any) -> tuple[Any, Any]:
        shown, alphas, betas = block
        drives = table[shown]
        pools = drives @ weights.T / drives.shape[-1]
        inputs = (jnp.arange(BLOCK), drives, pools, expected[shown], alphas, betas)
        empty = (
            jnp.ones((), weights.dtype),
            jnp.zeros((), weights.dtype),
            jnp.zeros((BLOCK,), weights.dtype),
            jnp.zeros_like(drives),
        )
        (growth, pull, shares, history), denominators = jax.lax.scan(
            lambda carry, now: _step(like(rule.sigma, weights), carry, now), empty, inputs
        )
        product = history.T @ (shares[:, None] * history)
        return growth * weights + product - pull * target, (drives, denominators)

    per_block = jax.tree.map(lambda a: a.reshape(blocks, BLOCK), (shown, alphas, betas))
    weights, kept = jax.lax.scan(run_block, weights, per_block)
    return weights, *jax.tree.map(lambda a: a.reshape(-1, a.shape[-1]), kept)


def _step(sigma: Any, carry: Any, now: Any) -> tuple[Any, Any]:
    growth, pull, shares, history = carry
    j, drive, pool, expected, alpha, beta = now
    seen = shares * (history @ drive) / drive.shape[-1]
    denominator = sigma**2 + growth * pool - pull * expected + seen @ history
    output = outputs(drive, denominator)
    history = history.at[j].set(output)
    shares = ((1.0 + beta) * shares).at[j].set(alpha)
    carry = ((1.0 + beta) * growth, (1.0 + beta) * pull + alpha + beta, shares, history)
    return carry, denominator
