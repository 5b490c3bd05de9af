"""The premise question: when does nothing change any more, and what is it that rests?"""

import numpy as np

from thalweg.core.about import About
from thalweg.models.normalization.model.held import HeldInput, hold
from thalweg.models.normalization.model.network import NormalizationNetwork, evaluate
from thalweg.models.normalization.model.stimuli import Ensemble
from thalweg.models.normalization.theory.energy import constant_rate
from thalweg.models.normalization.theory.equilibria import (
    OutputEquilibrium,
    problems_of,
    stable_equilibrium,
)
from thalweg.models.normalization.theory.folds import (
    StableIntervals,
    alpha_intervals,
    beta_intervals,
    largest_decay,
)
from thalweg.models.normalization.theory.report import StabilityReport, StartOutcome

SETTLES, DRIFTS, DIVERGES, UNSETTLED = "settles", "drifts", "diverges", "does not settle"


def stability_report(
    network: NormalizationNetwork, stimulus: Ensemble, *, steps: int = 20_000
) -> StabilityReport:
    """Answer the source's premise question for a network and a held stimulus.

    Arguments:
        network: its parameters; α a number.
        stimulus: what is held, one stimulus.
        steps: for how long the run from W₀ is followed at most.

    Raises:
        InputError: α is a function of the step, the network rectifies W, or see `hold`.
    """
    held = hold(network, stimulus)
    alpha, beta = float(constant_rate(held)), float(held.beta)
    found = stable_equilibrium(held)
    problems = problems_of(held)
    driven = held.is_driven
    settles, seen = False, np.full(held.size, np.nan)
    if found is not None:
        silent = np.full(held.size - int(driven.sum()), beta)
        seen = np.sort(np.concatenate([found.eigenvalues, silent]))[::-1]
        decay = largest_decay(problems, found.outputs[driven][None])[0]
        settles = found.stable is True and bool(decay < 2.0)
    gap = None if found is None else _premise_gap(network, stimulus, found.outputs)
    weights = _weights_outcome(held, settles, gap)
    by_alpha = by_beta = critical = None
    if alpha > 0.0:
        by_beta = beta_intervals(held)
        by_alpha, critical = _critical(held, alpha, settles)
    expected = np.asarray(held.expected)
    return StabilityReport(
        size=held.size,
        driven=int(driven.sum()),
        alpha=alpha,
        beta=beta,
        equilibrium=found,
        outputs=SETTLES if settles else UNSETTLED,
        weights=weights,
        unseen_eigenvalue=beta,
        unseen_count=held.size**2 - held.size,
        seen_eigenvalues=seen,
        critical_alpha=critical,
        alpha_intervals=by_alpha,
        beta_intervals=by_beta,
        newly_driven=tuple(int(i) for i in np.flatnonzero(driven & (expected == 0.0))),
        newly_silent=tuple(int(i) for i in np.flatnonzero(~driven & (expected > 0.0))),
        premise_gap=gap,
        start=follow(held, found, steps),
        hidden_instability=settles and weights == DIVERGES,
        about=About(type(network).__name__, "map"),
    )


def _weights_outcome(held: HeldInput, settles: bool, gap: float | None) -> str:
    """W* = C − (α/β)(R Rᵀ − C) is the only rest for β ≠ 0; for β = 0 W rests iff R Rᵀ = C."""
    beta = float(held.beta)
    if not settles:
        return UNSETTLED
    if beta == 0.0:
        return SETTLES if gap is not None and gap < 1e-6 else DRIFTS
    return DIVERGES if abs(1.0 + beta) > 1.0 and held.size > 1 else SETTLES


def _premise_gap(network: NormalizationNetwork, stimulus: Ensemble, output: np.ndarray) -> float:
    target = evaluate(network, stimulus).target
    norm = np.linalg.norm(target)
    return float(np.linalg.norm(np.outer(output, output) - target) / norm) if norm else np.inf


def _critical(held: HeldInput, alpha: float, settles: bool) -> tuple[StableIntervals, float | None]:
    """α is searched over eight decades around where the flip of β = 0 would be, and around α."""
    drive, expected = np.asarray(held.drive), np.asarray(held.expected)
    total = np.sqrt(held.size * np.sum(drive * expected))
    scale = alpha
    if total > 0.0:
        output = held.size * expected[held.is_driven] / total
        stiffness = output**2 * total / drive[held.is_driven] + output**3
        scale = 2.0 * held.size / stiffness.max()
    found = alpha_intervals(held, 1e-4 * min(scale, alpha), 1e4 * max(scale, alpha))
    if not settles:
        return found, None
    ends = [high for low, high in found.intervals if low <= alpha <= high]
    critical = ends[0] if ends else None
    return found, np.inf if critical == found.searched[1] else critical


def follow(held: HeldInput, target: OutputEquilibrium | None, steps: int) -> StartOutcome:
    """Run the reduced map on the driven neurons from W₀ until it rests, breaks or is given up."""
    problems = problems_of(held)
    drive, expected = problems.drive, problems.expected
    pull, beta = problems.alpha[0] / problems.size, problems.beta[0]
    offset = (problems.alpha[0] + beta) * expected
    floor = problems.sigma**2
    which = np.flatnonzero(held.is_driven)
    pool = np.asarray(held.start, dtype=np.float64)[which]
    scale = np.max(floor + np.abs(pool) + expected)
    step = 0
    for step in range(steps):
        denominator = floor + pool
        if denominator.min() <= 0.0:
            return StartOutcome("crosses zero", step, int(which[np.argmin(denominator)]))
        if pool.min() > 1e9 * scale:
            return StartOutcome("fades", step, None)
        output = drive / denominator
        change = pull * (output @ drive) * output + beta * pool - offset
        if step % 16 == 0 and np.all(np.abs(change) <= 1e-13 * (floor + np.abs(pool))):
            break
        pool = pool + change
    output = drive / (floor + pool)
    is_there = target is not None and np.allclose(output, target.outputs[which], rtol=1e-6)
    return StartOutcome("reaches the stable state" if is_there else "keeps moving", step, None)
