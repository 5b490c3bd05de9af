"""The equilibria of a held input: all of them for a few neurons, the stable one for any number."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import Table
from thalweg.core.tables import format_eigenvalues
from thalweg.models.normalization.model.held import HeldInput
from thalweg.models.normalization.theory.bisection import bisected
from thalweg.models.normalization.theory.energy import constant_rate
from thalweg.models.normalization.theory.patterns import all_choices
from thalweg.models.normalization.theory.stable import stable_states
from thalweg.models.normalization.theory.terms import Problems, Terms

_SHOWN = 12  # neurons of a table
LARGEST = 16  # neurons up to which all 2ⁿ sets of silenced ones are tried
"""Up to how many driven neurons all 2^d choices of roots are gone through."""


@dataclass(frozen=True, eq=False, repr=False)
class OutputEquilibrium(FieldsReport):
    """A rest state of the outputs under a held input.

    Attributes:
        outputs: R, shape `(n,)`; 0 for silent neurons.
        pool: u, shape `(n,)`; of silent neurons (α + β) c̃ / β, and NaN where β = 0 and c̃ > 0,
            since that u never rests.
        total: S = R·r.
        lower: which neurons are on the lower of their two roots, shape `(n,)`.
        eigenvalues: of the reduced flow on the driven neurons, real, falling, shape `(d,)`.
        stable: whether all are negative; None when the largest is zero to rounding.
        residual: the largest |F_i(u)| over the driven neurons.
        about: the input.
    """

    outputs: np.ndarray
    pool: np.ndarray
    total: float
    lower: np.ndarray
    eigenvalues: np.ndarray
    stable: bool | None
    residual: float
    about: About = UNSAID

    @property
    def title(self) -> str:
        """Its stability, and the total output."""
        stable = {True: "stable", False: "unstable", None: "at the edge of stability"}[self.stable]
        return f"Rest state of the outputs: {stable}, R·r = {self.total:.8g}"

    def table(self) -> Table:
        """One row a neuron, the first few of many."""
        shown = zip(self.outputs[:_SHOWN], self.pool, self.lower, strict=False)
        rows = [
            [str(i), f"{output:.8g}", f"{pool:.8g}", "lower" if is_lower else "upper"]
            for i, (output, pool, is_lower) in enumerate(shown)
        ]
        left = len(self.outputs) - len(rows)
        more = [["…", f"{left} more", "", ""]] if left else []
        return ["neuron", "R", "u", "root"], [*rows, *more]

    def remarks(self) -> list[str]:
        """Eigenvalues and residual."""
        return [
            f"Eigenvalues: {format_eigenvalues(self.eigenvalues)}. Residual {self.residual:.1e}."
        ]


def problems_of(held: HeldInput, alpha: Any = None, beta: Any = None) -> Problems:
    """The driven part of a held input, for its own α and β or for arrays of them."""
    alpha = constant_rate(held) if alpha is None else alpha
    beta = held.beta if beta is None else beta
    alpha, beta = np.broadcast_arrays(
        np.atleast_1d(np.asarray(alpha, dtype=np.float64)),
        np.atleast_1d(np.asarray(beta, dtype=np.float64)),
    )
    driven = held.is_driven
    return Problems(
        np.asarray(held.drive)[driven],
        np.asarray(held.expected)[driven],
        alpha,
        beta,
        float(held.sigma),
        held.size,
    )


def stable_equilibrium(held: HeldInput) -> OutputEquilibrium | None:
    """The stable rest state of the outputs, or None; any number of neurons.

    There is at most one (see `stable`): exactly one for β < 0 and, when the target expects
    something of every driven neuron, for β = 0.

    Raises:
        InputError: α is a function of the step.
    """
    problems = problems_of(held)
    made = stable_states(problems)
    if not made.exists[0]:
        return None
    lower = np.arange(len(problems.drive)) == made.lower[0]
    return _equilibria(held, problems, made.outputs, lower[None])[0]


def output_equilibria(held: HeldInput) -> list[OutputEquilibrium]:
    """All rest states of the outputs with R_i > 0 on the driven neurons, by rising S.

    Up to 2^d of them for β > 0 and d driven neurons; one for β < 0; one or none for β = 0.

    Raises:
        InputError: α is a function of the step or zero; or β > 0 and more than 16 neurons are
            driven: `stable_equilibrium` has no such limit.
    """
    alpha, beta = constant_rate(held), float(held.beta)
    if alpha == 0.0 and beta == 0.0:
        raise InputError("alpha and beta are both zero: nothing moves, every state is at rest.")
    problems = problems_of(held)
    if beta > 0.0 and alpha > 0.0:
        driven = len(problems.drive)
        if driven > LARGEST:
            raise InputError(
                f"output_equilibria: {driven} driven neurons have 2^{driven} choices of roots; at "
                f"most {LARGEST} are gone through. Use stable_equilibrium for the stable one."
            )
        _, lower, outputs = all_choices(Terms.of(problems))
    elif beta > 0.0:
        outputs = (problems.drive / (problems.sigma**2 + problems.expected))[None]
        lower = np.zeros(outputs.shape, dtype=bool)
    else:
        made = stable_states(problems)
        outputs, lower = (
            made.outputs[made.exists],
            np.zeros((1, len(problems.drive)), dtype=bool)[made.exists],
        )
    return sorted(_equilibria(held, problems, outputs, lower), key=lambda e: e.total)


def reduced_spectrum(problems: Problems, outputs: np.ndarray) -> np.ndarray:
    """The eigenvalues of the reduced flow at outputs `(m, d)`, falling; real, by symmetry.

    In the metric of the energy the Jacobian is diag(β − αR²S/nr) − (α/n) R^{3/2} (R^{3/2})ᵀ:
    diagonal minus rank one, so its eigenvalues are the zeros of a secular function.
    """
    alpha, beta, n = problems.alpha[0], problems.beta[0], problems.size
    total = outputs @ problems.drive
    poles = beta - alpha * outputs**2 * total[:, None] / (n * problems.drive)
    order = np.argsort(poles, axis=1)
    poles = np.take_along_axis(poles, order, axis=1)
    weights = alpha / n * np.take_along_axis(outputs, order, axis=1) ** 3
    first = poles[:, :1] - weights.sum(axis=1, keepdims=True)
    low, high = np.concatenate([first, poles[:, :-1]], axis=1), poles.copy()

    def is_past(x: np.ndarray) -> np.ndarray:
        gaps = poles[:, None, :] - x[:, :, None]
        return ~((weights[:, None, :] / gaps).sum(axis=2) < 1.0)

    with np.errstate(divide="ignore"):
        return bisected(is_past, low, high)[:, ::-1]


def _equilibria(
    held: HeldInput, problems: Problems, outputs: np.ndarray, lower: np.ndarray
) -> list[OutputEquilibrium]:
    outputs, residuals = _polish(problems, outputs)
    spectra = reduced_spectrum(problems, outputs)
    driven = held.is_driven
    expected, alpha, beta = np.asarray(held.expected), problems.alpha[0], problems.beta[0]
    if beta != 0.0:
        unseen = (alpha + beta) * expected / beta
    else:
        unseen = np.where(alpha * expected > 0.0, np.nan, np.asarray(held.start))
    found = []
    for output, root, spectrum, residual in zip(outputs, lower, spectra, residuals, strict=True):
        every, which, pool = np.zeros(held.size), np.zeros(held.size, dtype=bool), unseen.copy()
        every[driven], which[driven] = output, root
        pool[driven] = problems.drive / output - problems.sigma**2
        is_marginal = abs(spectrum[0]) <= 1e-12 * np.abs(spectrum).max()
        stable = None if is_marginal else bool(spectrum[0] < 0.0)
        total = float(output @ problems.drive)
        found.append(
            OutputEquilibrium(every, pool, total, which, spectrum, stable, float(residual))
        )
    return found


def _polish(problems: Problems, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Newton on F(u) = 0, whose Jacobian is diagonal plus rank one; kept where it helps."""
    n, alpha, beta = problems.size, problems.alpha[0], problems.beta[0]
    drive = problems.drive
    pool = drive / outputs - problems.sigma**2

    def field(pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        outputs = drive / (problems.sigma**2 + pool)
        missing = outputs * (outputs @ drive)[:, None] / n - problems.expected
        return outputs, alpha * missing + beta * (pool - problems.expected)

    outputs, residual = field(pool)
    for _ in range(3):
        diagonal = beta - alpha * outputs**2 * (outputs @ drive)[:, None] / (n * drive)
        with np.errstate(all="ignore"):
            by_residual, by_outputs = residual / diagonal, outputs / diagonal
            share = alpha / n * (outputs**2 * by_residual).sum(axis=1)
            share /= 1.0 - alpha / n * (outputs**2 * by_outputs).sum(axis=1)
            trial = pool - by_residual - share[:, None] * by_outputs
            better, left = field(trial)
        is_better = np.abs(left).max(axis=1) < np.abs(residual).max(axis=1)
        is_better &= np.all(better > 0.0, axis=1) & np.all(np.isfinite(left), axis=1)
        pool, outputs, residual = (
            np.where(is_better[:, None], *pair)
            for pair in ((trial, pool), (better, outputs), (left, residual))
        )
    return outputs, np.abs(residual).max(axis=1, initial=0.0)
