r"""The energy of a held input, in the pool u and in the outputs R, with the metrics.

    F(u) = −M(u)⁻¹ ∇E(u),  M(u) = diag(R_i(u))

    E(u) = (α / 2n) S² + α Σ_i c̃_i r_i log(σ² + u_i) − β Σ_i r_i [u_i − (σ² + c̃_i) log(σ² + u_i)]

A Cohen–Grossberg system (Cohen & Grossberg 1983): every eigenvalue at every equilibrium is real,
and E falls along the flow; the map inherits that for small enough steps only. For β ≤ 0, E is
strictly convex in log R.

Silent neurons (r_i = 0) have no outputs; their u_i, which nothing sees, follows
u̇_i = β u_i − (α + β) c̃_i: metric 1 and the energy (α + β) c̃_i u_i − β u_i² / 2.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.energies import Energy
from thalweg.geometry import DiagonalMetric
from thalweg.models.normalization.model.held import HeldInput, like, outputs


class PoolEnergy(Energy):
    """E(u) of a held input, shape `(n,)` in; NaN where a driven neuron's σ² + u_i ≤ 0.

    Arguments:
        held: the input; its α must be a number, not a schedule.

    Raises:
        InputError: α is a function of the step.
    """

    held: HeldInput

    def __check_init__(self):
        constant_rate(self.held)

    def __call__(self, state: Any) -> jax.Array:
        """E(u)."""
        drive, expected, alpha, beta, sigma = _fields(self.held, state)
        is_driven, denominator = drive > 0.0, sigma**2 + state
        total = jnp.sum(drive * outputs(drive, denominator))
        log = jnp.log(jnp.where(is_driven, denominator, 1.0))
        target = alpha * expected * drive * log
        leak = beta * drive * (state - (sigma**2 + expected) * log)
        silent = (alpha + beta) * expected * state - 0.5 * beta * state**2
        per_neuron = jnp.where(is_driven, target - leak, silent)
        return 0.5 * alpha / drive.shape[-1] * total**2 + jnp.sum(per_neuron)


class OutputEnergy(Energy):
    """E(R) of a held input: `PoolEnergy` at u_i = r_i / R_i − σ², on the driven neurons.

    (α / 2n)(R·r)² − α Σ c̃_i r_i log R_i − β Σ r_i [r_i / R_i + (σ² + c̃_i) log R_i] + constant,
    with the constant that makes the two equal when no neuron is silent.

    Arguments:
        held: the input; its α must be a number, not a schedule.

    Raises:
        InputError: α is a function of the step.
    """

    held: HeldInput

    def __check_init__(self):
        constant_rate(self.held)

    def __call__(self, state: Any) -> jax.Array:
        """E(R); the entries of silent neurons play no part."""
        drive, expected, alpha, beta, sigma = _fields(self.held, state)
        is_driven = drive > 0.0
        output, lit = jnp.where(is_driven, state, 1.0), jnp.where(is_driven, drive, 1.0)
        log = jnp.log(lit) - jnp.log(output)
        leak = beta * (lit / output - sigma**2 - (sigma**2 + expected) * log)
        per_neuron = drive * (alpha * expected * log - leak)
        total = jnp.sum(drive * state)
        return 0.5 * alpha / drive.shape[-1] * total**2 + jnp.sum(per_neuron)


class _PoolDiagonal(eqx.Module):
    """R_i(u), and 1 for silent neurons."""

    held: HeldInput

    def __call__(self, state: Any) -> jax.Array:
        drive, _, _, _, sigma = _fields(self.held, state)
        return jnp.where(drive > 0.0, outputs(drive, sigma**2 + state), 1.0)


class _OutputDiagonal(eqx.Module):
    """r_i² / R_i³, and 1 for silent neurons."""

    held: HeldInput

    def __call__(self, state: Any) -> jax.Array:
        drive = like(self.held.drive, state)
        is_driven = drive > 0.0
        return jnp.where(is_driven, drive**2 / jnp.where(is_driven, state, 1.0) ** 3, 1.0)


def pool_metric(held: HeldInput) -> DiagonalMetric:
    """diag(R_i(u)): the metric in which the reduced flow is steepest descent of `PoolEnergy`."""
    return DiagonalMetric(_PoolDiagonal(held))


def output_metric(held: HeldInput) -> DiagonalMetric:
    """diag(r_i² / R_i³): the same metric in the outputs, for `OutputEnergy`."""
    return DiagonalMetric(_OutputDiagonal(held))


def constant_rate(held: HeldInput) -> Any:
    """α of a held input, refused when it is a schedule.

    Raises:
        InputError: α is a function of the step: then there is no one energy, and no equilibrium.
    """
    if callable(held.alpha):
        raise InputError(
            f"alpha is a function of the step, {held.alpha!r}: an energy, an equilibrium and a "
            f"stability report need a number. Replace it by its final value."
        )
    return held.alpha


def _fields(held: HeldInput, state: Any) -> tuple[jax.Array, ...]:
    values = (held.drive, held.expected, held.alpha, held.beta, held.sigma)
    return tuple(like(value, state) for value in values)
