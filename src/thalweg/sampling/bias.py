"""The bias ledger: what methods do on a bowl, exactly, without drawing a number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.plain import array
from thalweg.core.reports import Table, TableReport, about_in
from thalweg.core.tables import format_number
from thalweg.sampling.methods.inertial import BAOAB, OBABO
from thalweg.sampling.methods.metropolis import MALA
from thalweg.sampling.methods.sgld import SGLD, NoisyGradient


class Entry(NamedTuple):
    """The exact law of a method on a bowl, at rest.

    Attributes:
        variance: of the position.
        momentum: the variance of the momentum; NaN without one.
        correlation: of the position from one step to the next; NaN where it is not known.
        steps: how many steps are worth one independent draw (of the mean); NaN where not known.
        acceptance: the mean acceptance probability; NaN where nothing is proposed.
    """

    variance: float
    momentum: float = np.nan
    correlation: float = np.nan
    steps: float = np.nan
    acceptance: float = np.nan


@dataclass(frozen=True, eq=False, repr=False)
class BiasLedger(TableReport):
    """The exact laws of methods on the bowl E = λx²/2, side by side.

    Attributes:
        methods: their names and steps, n of them.
        curvature: λ.
        temperatures: T of each, `(n,)`.
        variance: of the position at rest, `(n,)`; T/λ would be right.
        momentum: the variance of the momentum, `(n,)`; T would be right; NaN without one.
        correlation: of the position from one step to the next, `(n,)`; NaN where not known.
        steps: how many steps are worth one independent draw, `(n,)`; NaN where not known.
        acceptance: the mean acceptance probability, `(n,)`; NaN where nothing is proposed.
        about: which energy.
    """

    methods: tuple[str, ...]
    curvature: float
    temperatures: np.ndarray
    variance: np.ndarray
    momentum: np.ndarray
    correlation: np.ndarray
    steps: np.ndarray
    acceptance: np.ndarray
    about: About = UNSAID

    @property
    def bias(self) -> np.ndarray:
        """The share by which each variance is too large, `(n,)`."""
        return self.variance * self.curvature / self.temperatures - 1.0

    @property
    def title(self) -> str:
        """The bowl."""
        return (
            f"Bias ledger of {len(self.methods)} methods on a bowl of curvature "
            f"{format_number(self.curvature)}: exact, nothing was drawn"
        )

    def table(self) -> Table:
        """One row a method."""
        header = ["method", "T", "variance", "bias", "lag 1", "steps a draw", "accepted", "var p"]
        columns = (self.variance, self.correlation, self.steps, self.acceptance, self.momentum)
        rows = []
        for k, name in enumerate(self.methods):
            variance, *others = (_said(column[k]) for column in columns)
            bias = "none" if abs(self.bias[k]) < 1e-12 else f"{100 * self.bias[k]:+.3g} %"
            rows.append([name, format_number(self.temperatures[k], 4), variance, bias, *others])
        return header, rows

    def remarks(self) -> list[str]:
        """The right value."""
        return ["Right would be the variance T/λ and, of momenta, T."]

    def data(self) -> dict[str, Any]:
        """The ledger as JSON-ready data."""
        return {"methods": list(self.methods), "curvature": self.curvature} | {
            name: getattr(self, name).tolist() for name in _COLUMNS
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "BiasLedger":
        """The ledger that `to_dict` wrote."""
        columns = {name: array(data[name]) for name in _COLUMNS}
        return cls(
            tuple(data["methods"]), data["curvature"], about=about_in(data, about), **columns
        )


_COLUMNS = ("temperatures", "variance", "momentum", "correlation", "steps", "acceptance")


def bias_ledger(methods: Sequence[Any], curvature: float = 1.0) -> BiasLedger:
    r"""Say what methods do on the bowl E = λx²/2 when they have come to rest, without sampling.

    - `SGLD`, with gradient noise s: variance (2T + ηs²)/(λ(2 − ηλ)), so T/(λ(1 − ηλ/2)) without;
      the correlation after k steps is (1 − ηλ)^k.
    - `MALA`: no bias; mean acceptance 1 − (2/π) asin ρ, ρ the correlation of x' − x and x' + x.
    - `BAOAB`: variance T/λ for every step and friction, of momenta T(1 − λh²/4).
    - `OBABO`: variance T/(λ(1 − λh²/4)), of momenta T.

    Arguments:
        methods: of these four kinds.
        curvature: λ > 0.

    Returns:
        A `BiasLedger`.

    Raises:
        InputError: the curvature is not positive, a method is of another kind, or its steps are so
            long that it has no law: ηλ ≥ 2, or h√λ ≥ 2.

    Example:
        >>> import thalweg as tw
        >>> ledger = tw.sampling.bias_ledger([tw.sampling.SGLD(0.5), tw.sampling.BAOAB(0.5)])
        >>> [round(float(share), 4) for share in ledger.bias]
        [0.3333, 0.0]
    """
    if not 0.0 < curvature < np.inf:
        raise InputError(f"bias_ledger: curvature must be positive, got {curvature!r}.")
    entries = []
    for method in methods:
        entry = _ENTRIES.get(type(method))
        if entry is None:
            raise InputError(
                f"bias_ledger: {type(method).__name__} has no exact answer here; known are "
                f"{', '.join(kind.__name__ for kind in _ENTRIES)}."
            )
        entries.append(entry(method, float(curvature)))
    columns = np.array(entries, float).reshape(-1, len(Entry._fields)).T
    return BiasLedger(
        methods=tuple(map(_name, methods)),
        curvature=float(curvature),
        temperatures=np.array([float(m.temperature) for m in methods]),
        **dict(zip(Entry._fields, columns, strict=True)),
        about=About("Quadratic", "kernel", ("x",)),
    )


def _of_sgld(method: SGLD, curvature: float) -> Entry:
    if callable(method.step_size):
        raise InputError("bias_ledger: SGLD needs a step_size that is a number, got a function.")
    reach = float(method.step_size) * curvature
    if reach >= 2.0:
        raise _too_long("SGLD", f"step_size · curvature = {reach:.4g}", 2.0 / curvature)
    noise = 0.0
    if method.estimate is not None:
        if not isinstance(method.estimate, NoisyGradient):
            raise InputError(
                f"bias_ledger: SGLD needs gradients of known noise, a NoisyGradient, got "
                f"{method.estimate!r}."
            )
        noise = float(method.estimate.deviation)
    shaken = 2.0 * float(method.temperature) + float(method.step_size) * noise**2
    return Entry(
        variance=shaken / (curvature * (2.0 - reach)),
        correlation=1.0 - reach,
        steps=(2.0 - reach) / reach,
    )


def _of_mala(method: MALA, curvature: float) -> Entry:
    h = float(method.step_size) * curvature
    rho = h**2 / np.sqrt((h**2 + 2.0 * h) * ((2.0 - h) ** 2 + 2.0 * h))
    return Entry(
        variance=float(method.temperature) / curvature,
        acceptance=1.0 - 2.0 / np.pi * np.arcsin(rho),
    )


def _of_splitting(method: Any, curvature: float) -> Entry:
    """From the matrix of a step and the covariance of its shakes: Lyapunov's equation in steps."""
    h, friction, t = (float(x) for x in (method.step_size, method.friction, method.temperature))
    name = type(method).__name__
    if h * np.sqrt(curvature) >= 2.0:
        raise _too_long(
            name, f"step_size · √curvature = {h * np.sqrt(curvature):.4g}", 2.0 / np.sqrt(curvature)
        )
    matrix, added = np.eye(2), np.zeros((2, 2))
    for part in name:
        share = h / name.count(part)
        one = np.eye(2)
        if part == "A":
            one[0, 1] = share
        elif part == "B":
            one[1, 0] = -share * curvature
        else:
            one[1, 1] = np.exp(-friction * share)
        matrix, added = one @ matrix, one @ added @ one.T
        if part == "O":
            added[1, 1] -= t * np.expm1(-2.0 * friction * share)
    stationary = _at_rest(matrix, added)
    summed = np.linalg.inv(np.eye(2) - matrix) @ stationary
    return Entry(
        variance=stationary[0, 0],
        momentum=stationary[1, 1],
        correlation=(matrix @ stationary)[0, 0] / stationary[0, 0],
        steps=2.0 * summed[0, 0] / stationary[0, 0] - 1.0,
    )


def _at_rest(matrix: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Σ = M Σ Mᵀ + Q, as four linear equations."""
    size = len(matrix)
    moved = np.eye(size**2) - np.kron(matrix, matrix)
    return np.linalg.solve(moved, added.ravel()).reshape(size, size)


def _too_long(name: str, reach: str, limit: float) -> InputError:
    return InputError(
        f"bias_ledger: {name} has no law with these steps: {reach}, which must be below 2. Take a "
        f"step_size below {limit:.4g}."
    )


def _name(method: Any) -> str:
    name = f"{type(method).__name__}({format_number(float(method.step_size), 4)}"
    if isinstance(method, SGLD) and isinstance(method.estimate, NoisyGradient):
        name += f", s = {format_number(float(method.estimate.deviation), 4)}"
    return f"{name})"


def _said(value: float) -> str:
    return "" if np.isnan(value) else format_number(value, 5)


_ENTRIES: dict[type, Callable[[Any, float], Entry]] = {
    SGLD: _of_sgld,
    MALA: _of_mala,
    BAOAB: _of_splitting,
    OBABO: _of_splitting,
}
