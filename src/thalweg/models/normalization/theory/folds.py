"""Range of a stable output state: intervals of β, and of α, with folds at their ends."""

from dataclasses import dataclass

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import Table
from thalweg.core.tables import counted
from thalweg.models.normalization.model.held import HeldInput
from thalweg.models.normalization.theory.bisection import bisected
from thalweg.models.normalization.theory.energy import constant_rate
from thalweg.models.normalization.theory.equilibria import problems_of
from thalweg.models.normalization.theory.stable import existence_margin, stable_states
from thalweg.models.normalization.theory.terms import Problems


@dataclass(frozen=True, eq=False, repr=False)
class StableIntervals(FieldsReport):
    """Intervals of a parameter in which there is a stable output state.

    Attributes:
        intervals: pairs (low, high), rising and disjoint; ends inside the range are `folds` or
            `flips`.
        folds: where the stable state meets an unstable one and both vanish.
        flips: where the step of the map is too large for it, an eigenvalue passing −1 (only of
            intervals in α).
        searched: the range searched, (low, high).
        points: how many values the range was sampled at before the ends were bisected; a window
            narrower than their spacing is found only if the margin of existence shows it by a turn.
        parameter: its name.
        about: the network.
    """

    intervals: list[tuple[float, float]]
    folds: list[float]
    flips: list[float]
    searched: tuple[float, float]
    points: int
    parameter: str = ""
    about: About = UNSAID

    def __contains__(self, value: float) -> bool:
        """True if a value lies in one of the intervals."""
        return any(low <= value <= high for low, high in self.intervals)

    @property
    def title(self) -> str:
        """The parameter, and how many intervals there are."""
        low, high = self.searched
        count = len(self.intervals)
        many = f"{count} interval{'s' * (count != 1)}"
        name = self.parameter or "a parameter"
        return f"Stable outputs, {name} in [{low:.6g}, {high:.6g}]: {many}"

    def table(self) -> Table | None:
        """One row an interval."""
        rows = [[f"{low:.8g}", f"{high:.8g}"] for low, high in self.intervals]
        return (["from", "to"], rows) if rows else None

    def remarks(self) -> list[str]:
        """Folds, flips, and how closely was looked."""
        said = [
            f"{name} at {', '.join(f'{value:.8g}' for value in values)}."
            for name, values in (("Folds", self.folds), ("Flips", self.flips))
            if values
        ]
        return [*said, f"Sampled at {counted(self.points, 'value')}."]


def beta_intervals(
    held: HeldInput, lower: float = 0.0, upper: float = 1.0, *, points: int = 600
) -> StableIntervals:
    """The intervals of β within [lower, upper] in which a stable output state exists.

    For β < 0 one always exists. For β > 0 it can vanish at a fold and return at a larger β. Near
    β = 0⁺ the answer is known exactly (it exists iff the target expects something of every driven
    neuron), from there on β is sampled and the ends are bisected to rounding.

    Raises:
        InputError: the range is empty, or α is zero or a function of the step.
    """
    alpha = constant_rate(held)
    if alpha <= 0.0:
        raise InputError(f"beta_intervals: alpha must be positive, got {alpha}.")
    if not lower < upper:
        raise InputError(f"beta_intervals: lower must be below upper, got {lower} and {upper}.")
    intervals, folds = [], []
    if lower < 0.0:
        intervals.append((lower, min(0.0, upper)))
    if upper > 0.0:
        first = max(lower, 0.0)
        bound = _certain_below(held, upper)
        grid = _grid(max(first, bound), upper, points)

        def margin(beta: np.ndarray) -> np.ndarray:
            return existence_margin(problems_of(held, alpha, beta))

        positive, ends = _positive_intervals(margin, grid)
        if positive and positive[0][0] == grid[0] and grid[0] <= bound:
            positive[0] = (first, positive[0][1])
        if intervals and positive and positive[0][0] == 0.0:
            positive[0] = (intervals.pop()[0], positive[0][1])
        intervals, folds = intervals + positive, ends
    return StableIntervals(intervals, folds, [], (lower, upper), points, "beta")


def alpha_intervals(
    held: HeldInput, lower: float, upper: float, *, points: int = 200
) -> StableIntervals:
    """The intervals of α within [lower, upper] in which the map has a stable output state.

    An interval ends at a fold, where the state vanishes, or at a flip, the *critical α*, beyond
    which the step is too large: α λ_max(diag(R²S/r) + R (R²)ᵀ) / n − β = 2.

    Raises:
        InputError: the range is not positive.
    """
    if not 0.0 < lower < upper:
        raise InputError(f"alpha_intervals: need 0 < lower < upper, got {lower} and {upper}.")

    def existence_and_step(alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        problems = problems_of(held, alpha)
        states = stable_states(problems)
        step = np.full(len(alpha), -np.inf)
        if states.exists.any():
            step[states.exists] = step_margin(
                problems.rows(states.exists), states.outputs[states.exists]
            )
        return states.margin, step

    def margin(alpha: np.ndarray) -> np.ndarray:
        exists, step = existence_and_step(alpha)
        return np.where(exists > 0.0, np.minimum(exists, step), exists)

    intervals, ends = _positive_intervals(margin, np.geomspace(lower, upper, points))
    exists, step = existence_and_step(np.asarray(ends)) if ends else (np.zeros(0), np.zeros(0))
    is_flip = (np.abs(step) < 1e-6) & (np.abs(exists) > 1e-9)
    folds = [e for e, flips in zip(ends, is_flip, strict=True) if not flips]
    flips = [e for e, flips in zip(ends, is_flip, strict=True) if flips]
    return StableIntervals(intervals, folds, flips, (lower, upper), points, "alpha")


def largest_decay(problems: Problems, outputs: np.ndarray) -> np.ndarray:
    """The fastest decay −μ_min of the reduced flow at `(B, d)`; the map needs it below 2."""
    diagonal, weights = decay_parts(problems, outputs)
    low = diagonal.max(axis=1)
    high = low + weights.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return bisected(lambda x: (weights / (x[:, None] - diagonal)).sum(axis=1) < 1.0, low, high)


def decay_parts(problems: Problems, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """e and w of shape `(B, d)`: the decay rates are the eigenvalues of diag(e) + √w √wᵀ."""
    per_size = problems.alpha[:, None] / problems.size
    total = (outputs @ problems.drive)[:, None]
    diagonal = per_size * outputs**2 * total / problems.drive - problems.beta[:, None]
    return diagonal, per_size * outputs**3


def step_margin(problems: Problems, outputs: np.ndarray) -> np.ndarray:
    """Positive iff every decay rate is below 2, so that the map is stable where the flow is."""
    diagonal, weights = decay_parts(problems, outputs)
    room = 2.0 - diagonal
    with np.errstate(divide="ignore", invalid="ignore"):
        rank_one = 1.0 - (weights / room).sum(axis=1)
    return np.where(np.all(room > 0.0, axis=1), rank_one, room.min(axis=1))


def _certain_below(held: HeldInput, upper: float) -> float:
    """A β > 0 up to which the answer is the same as at β = 0⁺.

    Where every c̃ > 0: as S_i ≥ nαc̃_i²/4βr_i falls and 2A_iS_i rises with β, one β with
    (min S_i)² ≥ 2 Σ 2A_iS_i serves for all below. Otherwise, for a driven neuron with c̃_i = 0 any
    state needs S_i ≥ A_i, that is β ≥ 4αr_i³/(nσ⁶).
    """
    problems = problems_of(held)
    drive, expected, alpha = problems.drive, problems.expected, problems.alpha[0]
    unexpected = expected == 0.0
    if unexpected.any():
        needed = 4.0 * alpha * drive[unexpected] ** 3 / (problems.size * held.sigma**6)
        return float(min(needed.max(), upper))
    beta = upper
    for _ in range(2000):
        linear = beta * (held.sigma**2 + expected) + alpha * expected
        least = np.min(problems.size * alpha * expected**2 / (4.0 * beta * drive))
        if least**2 >= np.sum(problems.size * drive * linear) / alpha:
            return float(beta)
        beta *= 0.5
    return float(beta)


def _grid(low: float, high: float, points: int) -> np.ndarray:
    if low >= high:
        return np.asarray([high])
    both = [np.geomspace(low, high, points // 2), np.linspace(low, high, points - points // 2)]
    return np.unique(np.concatenate(both))


def _positive_intervals(margin, grid: np.ndarray) -> tuple[list[tuple[float, float]], list[float]]:
    """Intervals on which a function is positive, its sign changes on a grid bisected."""
    values = margin(grid)
    grid, values = _with_turns(margin, grid, values)
    change = np.flatnonzero((values[:-1] > 0.0) != (values[1:] > 0.0))
    low, high, rises = grid[change], grid[change + 1], values[change + 1] > 0.0
    ends = [float(e) for e in bisected(lambda x: (margin(x) > 0.0) == rises, low, high)]
    marks = ([float(grid[0])] if values[0] > 0.0 else []) + ends
    marks += [float(grid[-1])] if values[-1] > 0.0 else []
    return list(zip(marks[::2], marks[1::2], strict=True)), ends


def _with_turns(margin, grid: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The grid, refined where the margin turns toward zero between points of one sign."""
    if len(grid) < 3:
        return grid, values
    size = np.abs(values)
    turn = 1 + np.flatnonzero(
        (size[1:-1] <= size[:-2])
        & (size[1:-1] <= size[2:])
        & ((values[1:-1] > 0.0) == (values[:-2] > 0.0))
        & ((values[1:-1] > 0.0) == (values[2:] > 0.0))
    )
    if not turn.size:
        return grid, values
    sign = np.sign(values[turn])
    low, high = grid[turn - 1], grid[turn + 1]
    for _ in range(24):
        left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
        is_left = sign * margin(left) < sign * margin(right)
        low, high = np.where(is_left, low, left), np.where(is_left, right, high)
    extra = 0.5 * (low + high)
    grid = np.concatenate([grid, extra])
    values = np.concatenate([values, margin(extra)])
    order = np.argsort(grid)
    return grid[order], values[order]
