"""Study `normalization-stability`: the (α, β) plane by theory and by simulation, point by point."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.models.normalization.model.held import HeldInput
from thalweg.models.normalization.theory.equilibria import problems_of
from thalweg.models.normalization.theory.folds import step_margin
from thalweg.models.normalization.theory.stable import stable_states

OUTCOMES = ("W settles", "only R settles", "R oscillates or worse", "undefined")
SETTLED = 1e-8  # change a step, relative: far below what a period of an oscillation moves
"""A run counts as settled when no u_i moves by more than this share of σ² + |u_i| at its end."""

REASONS = (
    "settles, more slowly than the run is long",
    "leaves, more slowly than the run is long",
    "the flow settles, the finite step does not",
    "W₀ lies outside the basin",
    "unexplained",
)
_FAR = 1e6
"""Pools beyond this many σ² + c̃ have left for good: their outputs fade."""
_LANES = 128  # of one compiled batch: a diagram of any size compiles once


@dataclass(frozen=True)
class StabilityMap:
    """Outcomes over a grid of α and β.

    Attributes:
        alphas: shape `(a,)`.
        betas: shape `(b,)`.
        theory: position in `OUTCOMES`, shape `(b, a)`. Theory says whether there is a stable state
            and whether the step is small enough for it; where not, `"R oscillates or worse"`,
            whether or not the run then meets a zero denominator.
        simulated: position in `OUTCOMES`, shape `(b, a)`.
        reason: why the two differ, position in `REASONS`, −1 where they agree, shape `(b, a)`.
    """

    alphas: np.ndarray
    betas: np.ndarray
    theory: np.ndarray
    simulated: np.ndarray
    reason: np.ndarray

    @property
    def reasons(self) -> dict[str, int]:
        """Number of disagreements that each explanation covers."""
        return {name: int(np.sum(self.reason == code)) for code, name in enumerate(REASONS)}

    def table(self) -> list[dict[str, Any]]:
        """One row an outcome: its share by theory and by simulation."""
        return [
            {
                "outcome": name,
                "theory": float(np.mean(self.theory == code)),
                "simulation": float(np.mean(self.simulated == code)),
            }
            for code, name in enumerate(OUTCOMES)
        ]


def stability_map(
    held: HeldInput, alphas: np.ndarray, betas: np.ndarray, *, steps: int = 1000
) -> StabilityMap:
    """The plane by theory and by simulation, with every disagreement explained."""
    theory = outcomes_by_theory(held, alphas, betas)
    simulated = outcomes_by_simulation(held, alphas, betas, steps=steps)
    return StabilityMap(
        alphas, betas, theory, simulated, explain(held, alphas, betas, theory, simulated, steps)
    )


def outcomes_by_theory(held: HeldInput, alphas: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """Outcomes by equilibria and their eigenvalues, shape `(b, a)`; no simulation."""
    beta, alpha = (grid.ravel() for grid in np.meshgrid(betas, alphas, indexing="ij"))
    problems = problems_of(held, alpha, beta)
    states = stable_states(problems)
    settles = states.exists.copy()
    at = states.exists
    settles[at] = step_margin(problems.rows(at), states.outputs[at]) > 0.0
    code = np.where(settles, _settled_code(held, beta), 2)
    return code.reshape(len(betas), len(alphas)).astype(np.int8)


def outcomes_by_simulation(
    held: HeldInput, alphas: np.ndarray, betas: np.ndarray, *, steps: int = 1000
) -> np.ndarray:
    """Outcomes of the map from W₀, `(b, a)`: R is run, W's unseen part is (1 + β)^t exactly."""
    beta, alpha = (grid.ravel() for grid in np.meshgrid(betas, alphas, indexing="ij"))
    crossed, moving, _ = run_many(held, alpha, beta, steps)
    code = np.where(moving <= SETTLED, _settled_code(held, beta), 2)
    code = np.where(crossed, 3, code)
    return code.reshape(len(betas), len(alphas)).astype(np.int8)


def explain(
    held: HeldInput,
    alphas: np.ndarray,
    betas: np.ndarray,
    theory: np.ndarray,
    simulated: np.ndarray,
    steps: int,
) -> np.ndarray:
    """Reasons why theory and simulation differ on what settles: W, only R, or neither.

    A point where they do is run again for 100 times as many steps. Where theory promises rest and
    the run still has not come to it, the same is run as the flow, 50 small steps in place of one,
    for as long in time; where the flow, too, ends on a zero denominator or its outputs fade,
    W₀ is outside the basin.

    Returns:
        Positions in `REASONS`, −1 where they agree, shape `(b, a)`.
    """
    reason = np.full(theory.shape, -1, dtype=np.int8)
    where = np.argwhere(np.minimum(theory, 2) != np.minimum(simulated, 2))
    if not len(where):
        return reason
    rows, columns = where.T
    beta, alpha = betas[rows], alphas[columns]
    is_promised = theory[rows, columns] < 2
    crossed, moving, _ = run_many(held, alpha, beta, 100 * steps)
    is_slow = (~crossed & (moving <= SETTLED)) == is_promised
    found = np.where(is_promised, 0, 1)
    found[~is_slow] = REASONS.index("unexplained")  # until shown otherwise
    others = np.flatnonzero(~is_slow & is_promised)
    if others.size:
        fine = 50
        for longer in (2, 100):  # most end soon
            crossed, moving, size = run_many(
                held, alpha[others] / fine, beta[others] / fine, longer * steps * fine
            )
            reaches, left = ~crossed & (moving * fine <= SETTLED), crossed | ~(size < _FAR)
            found[others[reaches]], found[others[left]] = 2, 3
            others = others[~reaches & ~left]
            if not others.size:
                break
    reason[rows, columns] = found
    return reason


def boundaries(held: HeldInput, alphas: np.ndarray, betas: np.ndarray) -> dict[str, np.ndarray]:
    """The analytic boundaries as contour levels 0 over the grid, each of shape `(b, a)`.

    `existence` is the margin of the stable state (zero at folds), `step` that of the step size
    (zero at the critical α; NaN where there is no state). The lines β = 0 and β = −2 bound W.
    """
    beta, alpha = (grid.ravel() for grid in np.meshgrid(betas, alphas, indexing="ij"))
    problems = problems_of(held, alpha, beta)
    states = stable_states(problems)
    step = np.full(len(beta), np.nan)
    step[states.exists] = step_margin(problems.rows(states.exists), states.outputs[states.exists])
    shape = (len(betas), len(alphas))
    existence = np.where(np.isfinite(states.margin), states.margin, np.sign(states.margin))
    return {"existence": existence.reshape(shape), "step": step.reshape(shape)}


def _settled_code(held: HeldInput, beta: np.ndarray) -> np.ndarray:
    """0 where W rests together with R: its unseen part multiplies by 1 + β a step."""
    is_at_rest = np.abs(1.0 + beta) < 1.0
    return np.where(is_at_rest | (held.size == 1), 0, 1)


def run_many(
    held: HeldInput, alpha: np.ndarray, beta: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The reduced map from W₀ for many (α, β).

    Silent neurons are left out: nothing sees their u.

    Returns:
        Whether it crossed zero; its last relative move; its largest |u_i| at the end, in units of
        σ² + max c̃.
    """
    driven = held.is_driven
    fields = tuple(np.asarray(a)[driven] for a in (held.drive, held.expected, held.start))
    count = len(alpha)
    lanes = min(_LANES, count)
    padded = -(-count // lanes) * lanes
    rates = np.stack([np.resize(a, padded).reshape(-1, lanes) for a in (alpha, beta)], axis=1)
    with jax.enable_x64(True):
        found = _run_many(fields, float(held.sigma) ** 2, held.size, rates, steps)
    crossed, moving, size = (np.asarray(a).ravel()[:count] for a in found)
    return crossed, moving, size / (float(held.sigma) ** 2 + float(fields[1].max()))


@jax.jit
def _run_many(fields: Any, floor: Any, size: Any, rates: Any, steps: Any) -> Any:
    """Neurons along the first axis, lanes along the last: one lane is one (α, β)."""
    drive, expected, start = (field[:, None] for field in fields)

    def run(rates: Any) -> Any:
        alpha, beta = rates
        pull, offset = alpha / size, (alpha + beta)[None] * expected

        def change(pool: Any) -> Any:
            output = drive / (floor + pool)
            total = jnp.sum(drive * output, axis=0)
            return (pull * total)[None] * output + beta[None] * pool - offset

        def step(_: Any, carry: Any) -> Any:
            pool, lowest = carry
            return pool + change(pool), jnp.minimum(lowest, jnp.min(pool, axis=0))

        first = jnp.broadcast_to(start, offset.shape)
        pool, lowest = jax.lax.fori_loop(0, steps, step, (first, jnp.full_like(alpha, jnp.inf)))
        lowest = jnp.minimum(lowest, jnp.min(pool, axis=0))
        moving = jnp.max(jnp.abs(change(pool)) / (floor + jnp.abs(pool)), axis=0)
        crossed = ~(lowest + floor > 0.0)
        reach = jnp.max(jnp.abs(pool), axis=0)
        return crossed, jnp.where(jnp.isfinite(moving), moving, jnp.inf), reach

    return jax.lax.map(run, rates)
