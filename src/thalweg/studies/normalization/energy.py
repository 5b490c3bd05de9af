"""Study `normalization-energy`: E along runs at several step sizes, and beyond the critical one."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import replace
from thalweg.models.normalization import (
    FullReweighting,
    HeldInput,
    PoolEnergy,
    ReducedMap,
    adapt,
    alpha_intervals,
    stable_equilibrium,
)
from thalweg.models.normalization.theory.energy import constant_rate


@dataclass(frozen=True)
class EnergyRun:
    """E along one run of all the weights.

    Attributes:
        fraction: α over its critical value.
        energies: E(u_t), shape `(T,)`; NaN from a zero denominator on.
        rises: at how many steps E rose by more than rounding.
    """

    fraction: float
    energies: np.ndarray
    rises: int


def critical_alpha(held: HeldInput) -> float:
    """The α beyond which the map at rest is unstable, at this β.

    Raises:
        InputError: β is not between −2 and 0 (a step of β alone overshoots, or no state need
            exist); or there is none between 1e-6 and 1e6 times the present α.
    """
    if not -2.0 < held.beta < 0.0:
        raise InputError(
            f"beta must be between -2 and 0 for a critical alpha that one state has for sure, got "
            f"{held.beta}."
        )
    alpha = float(constant_rate(held))
    found = alpha_intervals(held, 1e-6 * alpha, 1e6 * alpha)
    if not found.flips:
        raise InputError(
            f"critical_alpha: none between {1e-6 * alpha:.3g} and {1e6 * alpha:.3g}; start from "
            f"another alpha than {alpha:.3g}."
        )
    return found.flips[0]


def energy_along(
    rule: FullReweighting, held: HeldInput, fractions: Any, steps: int
) -> list[EnergyRun]:
    """E along full-size runs from W₀, at several fractions of the critical α."""
    critical = critical_alpha(held)
    runs = []
    for fraction in np.atleast_1d(fractions):
        alpha = float(fraction) * critical
        run = adapt(replace(rule, alpha=alpha), steps=steps, throw=False)
        energies = energies_of(replace(held, alpha=alpha), run.outputs)
        slack = 1e-12 * np.nanmax(np.abs(energies))
        runs.append(EnergyRun(float(fraction), energies, int(np.sum(np.diff(energies) > slack))))
    return runs


def energies_of(held: HeldInput, outputs: np.ndarray) -> np.ndarray:
    """E at outputs of shape `(T, n)`, silent neurons at their start."""
    driven = held.is_driven
    pools = np.tile(np.asarray(held.start), (len(outputs), 1))
    pools[:, driven] = np.asarray(held.drive)[driven] / outputs[:, driven] - held.sigma**2
    with jax.enable_x64(True):
        return np.asarray(_energies(PoolEnergy(held), pools))


@jax.jit
def _energies(energy: PoolEnergy, pools: Any) -> jax.Array:
    return jax.vmap(energy)(jnp.asarray(pools))


def descent_share(
    held: HeldInput, fractions: Any, distances: Any, *, samples: int = 400, seed: int = 0
) -> np.ndarray:
    """Share of single steps that lower E, by fraction of the critical α and distance from rest.

    Starts have log R_i = log R*_i + distance·z with standard normal z. A step onto a denominator
    that is not positive does not lower E.

    Returns:
        Shares, shape `(fractions, distances)`.
    """
    critical = critical_alpha(held)
    fractions, distances = np.atleast_1d(fractions), np.atleast_1d(distances)
    noise = np.random.default_rng(seed).normal(size=(samples, held.size))
    shares = np.empty((len(fractions), len(distances)))
    for i, fraction in enumerate(fractions):
        moved = replace(held, alpha=float(fraction) * critical)
        rest = stable_equilibrium(moved)
        if rest is None:
            shares[i] = np.nan
            continue
        for j, distance in enumerate(distances):
            denominator = held.sigma**2 + rest.pool
            pools = denominator * np.exp(-distance * noise) - held.sigma**2
            with jax.enable_x64(True):
                before, after = (np.asarray(a) for a in _one_step(moved, pools))
            shares[i, j] = np.mean(after <= before + 1e-13 * np.abs(before))
    return shares


@jax.jit
def _one_step(held: HeldInput, pools: Any) -> tuple[jax.Array, jax.Array]:
    energy, rule = PoolEnergy(held), ReducedMap(held)
    pools = jnp.asarray(pools)
    return jax.vmap(energy)(pools), jax.vmap(lambda u: energy(rule.step(0, u)))(pools)


def bifurcation(
    held: HeldInput, fractions: Any, *, settle: int = 2000, keep: int = 64
) -> np.ndarray:
    """S = R·r over the last `keep` steps of runs that start near rest, by fraction of critical α.

    Returns:
        Shape `(fractions, keep)`; NaN where the run met a zero denominator. (At −2 < β < 0, which
        a critical α asks for, a state of rest to start from always exists.)
    """
    critical = critical_alpha(held)
    driven = held.is_driven
    alphas = np.atleast_1d(fractions) * critical
    starts = np.full((len(alphas), int(driven.sum())), np.nan)
    for i, alpha in enumerate(alphas):
        rest = stable_equilibrium(replace(held, alpha=float(alpha)))
        if rest is not None:
            starts[i] = rest.pool[driven] * (1.0 + 1e-3) + 1e-3 * held.sigma**2
    drive, expected = np.asarray(held.drive)[driven], np.asarray(held.expected)[driven]
    with jax.enable_x64(True):
        totals = _totals(
            drive, expected, alphas, float(held.beta), held.sigma**2, held.size, starts,
            settle, np.arange(keep),
        )  # fmt: skip
    return np.asarray(totals).T


@jax.jit
def _totals(
    drive: Any, expected: Any, alphas: Any, beta: Any, floor: Any, size: Any, pools: Any,
    settle: Any, keep: Any,
) -> jax.Array:  # fmt: skip
    drive, expected, alphas = drive[None], expected[None], alphas[:, None]

    def step(pools: Any) -> tuple[Any, Any]:
        denominator = floor + pools
        output = jnp.where(denominator > 0.0, drive / denominator, jnp.nan)
        total = jnp.sum(output * drive, axis=1, keepdims=True)
        change = alphas * (output * total / size - expected) + beta * (pools - expected)
        return pools + change, total[:, 0]

    pools = jax.lax.fori_loop(0, settle, lambda _, pools: step(pools)[0], pools)
    return jax.lax.scan(lambda pools, _: step(pools), pools, keep)[1]
