"""Maximum likelihood of dynamic machines: least squares, or logistic regressions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_count
from thalweg.core.errors import ConvergenceError, InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import NotKept, Table
from thalweg.core.shapes import Array, Num
from thalweg.core.tables import counted, format_number
from thalweg.learning.inverse.data.base import checked
from thalweg.learning.series.machine import DynamicMachine, check_decays

_MOST_STEPS = 100  # of Newton, which takes some ten where there is a maximum
_SETTLED = 1e-12  # a relative change of the coefficients
# A field so large that a spin never turns: data that can be separated have no maximum.
_SATURATED = 50.0


@dataclass(frozen=True, eq=False, repr=False)
class LearnedSeries(FieldsReport):
    """A dynamic machine learned from a series.

    Attributes:
        coefficients: b, then W, then U of each unit, `(N, 1 + (d + K) N)`.
        errors: their standard errors, of the same shape.
        log_likelihood: log p of a state given all before, the mean, in nats.
        count: how many states it was learned from.
        delays: d.
        decays: λ, `(K,)`.
        is_binary: whether units are spins.
        machine: the machine.
        about: what it is.
    """

    coefficients: np.ndarray
    errors: np.ndarray
    log_likelihood: float
    count: int
    delays: int
    decays: np.ndarray
    is_binary: bool
    machine: Any = field(default=NotKept("machine"), compare=False)
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The machine and its likelihood."""
        kind = "spin" if self.is_binary else "number"
        return (
            f"A dynamic machine of {counted(len(self.coefficients), kind)} from "
            f"{counted(self.count, 'state')}: log p {format_number(self.log_likelihood)} a state"
        )

    def table(self) -> Table:
        """The strongest inputs of each unit."""
        rows = []
        for unit, (values, errors) in enumerate(zip(self.coefficients, self.errors, strict=True)):
            k = 1 + int(np.argmax(np.abs(values[1:])))
            cells = map(format_number, (values[0], values[k], errors[k]))
            bias, value, error = cells
            rows.append([f"{unit}", bias, self._name(k), value, error])
        return ["unit", "bias", "strongest input", "coefficient", "error"], rows

    def remarks(self) -> list[str]:
        """A sentence on what the likelihood is of."""
        return [
            f"The likelihood is exact, given the first {counted(self.delays, 'state')}; traces "
            f"begin with nothing."
        ]

    def _name(self, k: int) -> str:
        part, unit = divmod(k - 1, len(self.coefficients))
        if part < self.delays:
            return f"unit {unit}, {part + 1} before"
        return f"unit {unit}, trace {format_number(float(self.decays[part - self.delays]))}"


def learn_series(
    series: Num[Array, "t N"],
    *,
    delays: int = 1,
    decays: Sequence[float] | Num[Array, "K"] = (),
    spins: bool = False,
) -> LearnedSeries:
    r"""Learn a dynamic Boltzmann machine from a series, by its exact conditional likelihood.

    Of real numbers this is least squares; without traces it is the vector autoregression of order
    d. Of spins it is a logistic regression a unit, which is concave.

    Arguments:
        series: states in their order, `(t, N)`; spins are ±1.
        delays: d ≥ 0, how many states before have couplings of their own.
        decays: λ of the traces of all that is older.
        spins: whether units are spins.

    Returns:
        A `LearnedSeries` with its `machine`.

    Raises:
        InputError: the series is too short, not finite, or of other values than ±1.
        ConvergenceError: the series does not fix the numbers, or has no most likely ones.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> noise = np.random.default_rng(0).standard_normal(2000)
        >>> x = np.zeros(2000)
        >>> for t in range(1, 2000):
        ...     x[t] = 0.5 * x[t - 1] + noise[t]
        >>> found = tw.learning.learn_series(x[:, None])
        >>> bool(abs(found.coefficients[0, 1] - 0.5) < 3 * found.errors[0, 1])
        True
    """
    x = checked(series, "learn_series: series", "(t, N)", 2)
    check_count("learn_series: delays", delays, 0)
    values = check_decays("learn_series", decays)
    if spins and not np.all(np.abs(x) == 1.0):
        where = tuple(map(int, np.argwhere(np.abs(x) != 1.0)[0]))
        raise InputError(
            f"learn_series: spins are ±1, but the entry at {list(where)} is {x[where]:g}; of bits "
            f"b spins are 2 * b - 1."
        )
    rows = features(x, delays, values)
    target = x[delays:]
    if len(rows) <= rows.shape[1]:
        raise InputError(
            f"learn_series: {counted(len(x), 'state')} cannot fix {rows.shape[1]} numbers a unit: "
            f"give {rows.shape[1] + delays + 1} at least."
        )
    rank = np.linalg.matrix_rank(rows)
    if rank < rows.shape[1]:
        raise ConvergenceError(
            f"learn_series: the series fixes {rank} of the {rows.shape[1]} numbers of a unit. "
            f"Leave out units that never change, delays, or decays that are alike."
        )
    if spins:
        fits = [_logistic(rows, own, unit) for unit, own in enumerate(target.T)]
        coefficients, errors = map(np.stack, zip(*fits, strict=True))
        fields = rows @ coefficients.T
        log_p = np.sum(target * fields - np.logaddexp(fields, -fields), axis=1)
        variances = None
    else:
        coefficients, variances, errors = _least_squares(rows, target)
        missed = (target - rows @ coefficients.T) ** 2 / variances
        log_p = -0.5 * np.sum(missed + np.log(2.0 * np.pi * variances), axis=1)
    return LearnedSeries(
        coefficients, errors, float(np.mean(log_p)), len(target), delays, values, spins,
        _machine(coefficients, delays, values, variances), About("DynamicMachine", "kernel"),
    )  # fmt: skip


def features(x: np.ndarray, delays: int, decays: np.ndarray) -> np.ndarray:
    """One, the last d states, and the traces of older ones, for each state from number d on."""
    count, size = x.shape
    near = [x[delays - k : count - k] for k in range(1, delays + 1)]
    traces = []
    for decay in decays:
        trace = np.zeros((count - delays, size))
        for t in range(1, count - delays):
            trace[t] = decay * trace[t - 1] + x[t - 1]
        traces.append(trace)
    return np.concatenate([np.ones((count - delays, 1)), *near, *traces], axis=1)


def _least_squares(rows: np.ndarray, target: np.ndarray) -> tuple[Any, Any, Any]:
    """Coefficients, the variances of what is left, and standard errors."""
    coefficients = np.linalg.lstsq(rows, target)[0].T
    variances = np.mean((target - rows @ coefficients.T) ** 2, axis=0)
    if not np.all(variances > 0.0):
        unit = int(np.argmin(variances))
        raise ConvergenceError(
            f"learn_series: unit {unit} follows from the past exactly: its likelihood has no bound."
        )
    factor = np.linalg.qr(rows, mode="r")
    inverse = np.linalg.inv(factor)
    spread = np.sum(inverse**2, axis=1)
    return coefficients, variances, np.sqrt(variances[:, None] * spread)


def _logistic(rows: np.ndarray, own: np.ndarray, unit: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients that are most likely for a spin, and their standard errors, by Newton."""
    vector = np.zeros(rows.shape[1])
    for _ in range(_MOST_STEPS):
        means = np.tanh(rows @ vector)
        gradient = rows.T @ (own - means)
        bend = rows.T @ ((1.0 - means**2)[:, None] * rows)
        try:
            change = np.linalg.solve(bend, gradient)
        except np.linalg.LinAlgError:
            break
        share = 1.0
        before = _log_likelihood(rows, own, vector)
        while share > 1e-8 and not _log_likelihood(rows, own, vector + share * change) >= before:
            share *= 0.5
        vector = vector + share * change
        if np.max(np.abs(rows @ vector)) > _SATURATED:
            break
        if np.linalg.norm(change) <= _SETTLED * (1.0 + np.linalg.norm(vector)):
            return vector, np.sqrt(np.diagonal(np.linalg.inv(bend)))
        if share <= 1e-8:  # rounding: no step rises any more
            return vector, np.sqrt(np.diagonal(np.linalg.inv(bend)))
    raise ConvergenceError(
        f"learn_series: unit {unit} can be told from the past without a mistake: no couplings are "
        f"most likely, they grow for ever. Give more states, or fewer delays."
    )


def _log_likelihood(rows: np.ndarray, own: np.ndarray, vector: np.ndarray) -> float:
    fields = rows @ vector
    return float(np.sum(own * fields - np.logaddexp(fields, -fields)))


def _machine(coefficients: Any, delays: int, decays: Any, variances: Any) -> DynamicMachine:
    size, kept = len(coefficients), len(decays)
    parts = coefficients[:, 1:].reshape(size, delays + kept, size).swapaxes(0, 1)
    return DynamicMachine(coefficients[:, 0], parts[:delays], parts[delays:], decays, variances)
