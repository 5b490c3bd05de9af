"""The energy and the temperature that a density relaxes by, from its snapshots."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_positive
from thalweg.core.errors import InputError
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.reports import NotKept, Table, TableReport, about_in
from thalweg.core.tables import format_number
from thalweg.energies import Quadratic
from thalweg.learning.inverse.data.base import checked
from thalweg.learning.inverse.identified import Identified
from thalweg.sampling import Gaussian

# Equations whose singular values are below this share of the largest do not count.
_RANK = 1e-10
# Snapshots that are JKO steps leave rounding only.
_ROUNDING = 1e-8


@dataclass(frozen=True, eq=False, repr=False)
class SnapshotEnergy(TableReport):
    """The bowl and the temperature by which normal laws relax.

    Attributes:
        stiffness: A of E = ½xᵀAx − bᵀx, `(d, d)`.
        bias: b, `(d,)`.
        temperature: T.
        step_size: τ between snapshots.
        residual: what the equations of the JKO step leave, relative to their terms: rounding, if
            the snapshots are such steps; else of the order of τ, as the bias of the numbers is.
        identified: what such data determine.
        energy: E.
        about: the laws.
    """

    stiffness: np.ndarray
    bias: np.ndarray
    temperature: float
    step_size: float
    residual: float
    identified: Identified
    energy: Any = field(default=NotKept("energy"), compare=False)
    about: About = UNSAID

    def __post_init__(self) -> None:
        object.__setattr__(self, "identified", replace(self.identified, about=self.about))

    @property
    def title(self) -> str:
        """The temperature."""
        return f"A bowl at T = {format_number(self.temperature)}, from snapshots of normal laws"

    def table(self) -> Table:
        """The bowl, a row a coordinate."""
        size = len(self.bias)
        rows = [
            [*(format_number(value) for value in row), format_number(shift)]
            for row, shift in zip(self.stiffness, self.bias, strict=True)
        ]
        return [*(f"A[:, {i}]" for i in range(size)), "b"], rows

    def remarks(self) -> list[str]:
        """Sentences on how well the equations hold, and on what is determined."""
        if self.residual <= _ROUNDING:
            said = "The snapshots are JKO steps, to rounding."
        else:
            said = (
                f"The equations of a JKO step leave {format_number(self.residual, 2)}: snapshots "
                f"of another flow, or noise. Of Fokker–Planck the numbers are off by the order of "
                "τ."
            )
        return [said, f"{self.identified.title}.", *self.identified.remarks()]

    def data(self) -> dict[str, Any]:
        """Everything but the energy."""
        return to_fields(self) | {"identified": self.identified.data()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "SnapshotEnergy":
        """The result that `to_dict` wrote; the energy is not kept."""
        about = about_in(data, about)
        return from_fields(
            cls, data, identified=Identified.from_dict(data["identified"], about), about=about
        )


def learn_snapshots(laws: Sequence[Gaussian], step_size: float) -> SnapshotEnergy:
    r"""Learn E = ½xᵀAx − bᵀx and T from normal laws, each a JKO step of the free energy.

        p⁺ = argmin_q ⟨E⟩_q + T⟨log q⟩ + W₂(q, p)²/2τ

    The optimal map from p⁺ back to p is x + τ(∇E + T∇log p⁺), and between normal laws it is known:
    m = m⁺ + τ(Am⁺ − b), and M = I + τ(A − TS⁺⁻¹) with M S⁺ M = S. Both are linear in A, b and T.

    Snapshots of Fokker–Planck at times τ apart are no JKO steps: the numbers are off by the order
    of τ (means alone give (e^{λτ} − 1)/τ for λ), and the residual says so.

    Arguments:
        laws: three or more, in their order: each pair gives one equation fewer than there are
            numbers in A, b and T.
        step_size: τ > 0.

    Raises:
        InputError: there are fewer than three laws, they do not fit one another, a covariance is
            not positive definite, or they are at rest: then A/T is all that they say.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> rule = tw.sampling.GaussianJKO([[2.0]], 0.5, 0.1)
        >>> start = tw.sampling.Gaussian(np.array([1.0]), np.array([[3.0]]))
        >>> run = tw.simulate(rule, start, steps=3).states
        >>> laws = [tw.sampling.Gaussian(m, s) for m, s in zip(*run)]
        >>> found = tw.learning.learn_snapshots(laws, 0.1)
        >>> round(float(found.stiffness[0, 0]), 3), round(found.temperature, 3)
        (2.0, 0.5)
    """
    check_positive("learn_snapshots: step_size", step_size)
    means, covariances = _checked(laws)
    size = means.shape[1]
    if len(means) < 3:
        equations = size + size * (size + 1) // 2
        raise InputError(
            f"learn_snapshots: three laws or more are needed, got {len(means)}: a pair gives "
            f"{equations} equations for the {equations + 1} numbers of A, b and T."
        )
    pairs = list(itertools.combinations_with_replacement(range(size), 2))
    rows, right = [], []
    for k in range(1, len(means)):
        ahead, moved = means[k], (means[k - 1] - means[k]) / step_size
        stretch = (_map_between(covariances[k], covariances[k - 1]) - np.eye(size)) / step_size
        inverse = np.linalg.inv(covariances[k])
        for i in range(size):
            row = _row(pairs, {_pair(i, j): ahead[j] for j in range(size)})
            rows.append([*row, *(-1.0 * (np.arange(size) == i)), 0.0])
            right.append(moved[i])
        for i, j in pairs:
            rows.append([*_row(pairs, {(i, j): 1.0}), *np.zeros(size), -inverse[i, j]])
            right.append(stretch[i, j])
    matrix, target = np.array(rows), np.array(right)
    numbers, _, rank, _ = np.linalg.lstsq(matrix, target, rcond=_RANK)
    if rank < len(numbers):
        raise InputError(
            f"learn_snapshots: {len(means)} laws fix {rank} of the {len(numbers)} numbers of A, b "
            f"and T. Laws at rest say A/T only: give some whose covariance changes, or whose means "
            f"move in every direction."
        )
    missed = matrix @ numbers - target
    terms = np.linalg.norm(np.abs(matrix) @ np.abs(numbers)) + np.linalg.norm(target)
    stiffness = np.zeros((size, size))
    for (i, j), value in zip(pairs, numbers, strict=False):
        stiffness[i, j] = stiffness[j, i] = value
    bias = numbers[len(pairs) : -1]
    return SnapshotEnergy(
        stiffness,
        bias,
        float(numbers[-1]),
        float(step_size),
        float(np.linalg.norm(missed) / terms),
        Identified("density"),
        Quadratic(stiffness, bias),
        About("Gaussian", "map"),
    )


def _checked(laws: Any) -> tuple[np.ndarray, np.ndarray]:
    """Means `(k, d)` and covariances `(k, d, d)`."""
    try:
        means, covariances = zip(*laws, strict=True)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"learn_snapshots: laws must be normal laws, Gaussian(mean, covariance) each: {error}"
        ) from error
    middles = checked(means, "learn_snapshots: means", "(k, d)", 2)
    widths = checked(covariances, "learn_snapshots: covariances", "(k, d, d)", 2)
    expected = (*middles.shape, middles.shape[1])
    if widths.shape != expected:
        raise InputError(
            f"learn_snapshots: covariances must have the shape {expected}, got {widths.shape}."
        )
    least = np.linalg.eigvalsh(0.5 * (widths + np.swapaxes(widths, 1, 2)))[:, 0]
    skew = np.max(np.abs(widths - np.swapaxes(widths, 1, 2)), axis=(1, 2))
    size = np.max(np.abs(widths), axis=(1, 2))
    bad = np.flatnonzero((least <= 0.0) | (skew > 1e-6 * size))
    if len(bad):
        raise InputError(
            f"learn_snapshots: the covariance of law {bad[0]} must be symmetric and positive "
            f"definite, got {widths[bad[0]].tolist()}."
        )
    return middles, widths


def _map_between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """M with M S M = S', symmetric and positive definite: the optimal map of normal laws."""
    root = _root(one)
    back = np.linalg.inv(root)
    return back @ _root(root @ other @ root) @ back


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    return (vectors * np.sqrt(values)) @ vectors.T


def _pair(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i <= j else (j, i)


def _row(pairs: list[tuple[int, int]], filled: Mapping[tuple[int, int], float]) -> list[float]:
    """Factors of the entries of A, one a pair."""
    return [float(filled.get((int(i), int(j)), 0.0)) for i, j in pairs]
