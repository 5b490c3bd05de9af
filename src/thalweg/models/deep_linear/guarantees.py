"""Guarantee that gradient descent converges (Arora, Cohen, Golowich & Hu 2018)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import Table
from thalweg.models.deep_linear.balance import deficiency_margin, unbalancedness
from thalweg.models.deep_linear.covariances import Covariances, require_white
from thalweg.models.deep_linear.layers import check_weights, end_to_end, positive


@dataclass(frozen=True, eq=False, repr=False)
class Guarantee(FieldsReport):
    r"""The hypotheses of the convergence theorem, evaluated for one start and one step.

    If all of `conditions` hold, the excess loss ℓ = ½|Wᴺ⋯W¹ − Σyx|_F² is at most ε after
    `(η c^{2(N−1)/N})⁻¹ log(ℓ_0/ε)` steps. The theorem is conservative by orders of magnitude;
    `rate` is what it promises, to be compared with `measured_rate`.

    Attributes:
        margin: the deficiency margin c; must be positive.
        imbalance: the start's unbalancedness δ.
        allowed_imbalance: `c² / (256 N³ |Φ|_F^{2(N−1)/N})`.
        learning_rate: the step η.
        allowed_rate: `c^{(4N−2)/N} / (6144 N³ |Φ|_F^{(6N−4)/N})`.
        narrowest: the smallest hidden size, which must be at least `needed_width`.
        needed_width: the smaller of the input and the output size.
        loss: ℓ at the start.
        rate: the promised decay of log ℓ a step, `η c^{2(N−1)/N}`, and zero without a margin.
        about: the network.
    """

    margin: float
    imbalance: float
    allowed_imbalance: float
    learning_rate: float
    allowed_rate: float
    narrowest: int
    needed_width: int
    loss: float
    rate: float
    about: About = UNSAID

    @property
    def conditions(self) -> dict[str, bool]:
        """Each hypothesis by name, and whether it holds."""
        return {
            "deficiency margin": self.margin > 0.0,
            "approximate balance": self.imbalance <= self.allowed_imbalance,
            "learning rate": self.learning_rate <= self.allowed_rate,
            "hidden widths": self.narrowest >= self.needed_width,
        }

    @property
    def holds(self) -> bool:
        """True if convergence is guaranteed."""
        return all(self.conditions.values())

    def steps_to(self, loss: float) -> int:
        """The number of steps after which ℓ is guaranteed to be at most `loss`.

        Raises:
            InputError: the guarantee does not hold, or `loss` is not positive.
        """
        if not self.holds:
            raise InputError(f"the guarantee does not hold for this start.\n{self}")
        positive("loss", loss)
        return max(0, math.ceil(math.log(self.loss / loss) / self.rate)) if self.loss > 0 else 0

    @property
    def title(self) -> str:
        """The network, and whether it is guaranteed to converge."""
        said = "convergence is guaranteed" if self.holds else "convergence is not guaranteed"
        return f"{self.about.system or 'A deep linear network'}: {said}"

    def table(self) -> Table:
        """One row a hypothesis."""
        sides = {
            "deficiency margin": f"{self.margin:.4g} > 0",
            "approximate balance": f"{self.imbalance:.4g} <= {self.allowed_imbalance:.4g}",
            "learning rate": f"{self.learning_rate:.4g} <= {self.allowed_rate:.4g}",
            "hidden widths": f"{self.narrowest} >= {self.needed_width}",
        }
        return ["hypothesis", "what it asks", "outcome"], [
            [name, sides[name], "holds" if holds else "fails"]
            for name, holds in self.conditions.items()
        ]

    def remarks(self) -> list[str]:
        """The rate that is promised where all of them hold."""
        return [f"Promised rate: {self.rate:.4g} a step, where all of them hold."]


def convergence_guarantee(
    covariances: Covariances, weights: Sequence[Any], learning_rate: float
) -> Guarantee:
    """Evaluate the convergence theorem for a start; the inputs must be white.

    Raises:
        InputError: Σxx ≠ I, or the weights do not fit Σyx.

    References:
        Arora et al. (2018), arXiv:1810.02281, theorem 1.
    """
    require_white(covariances, "The convergence theorem")
    check_weights(weights)
    positive("learning_rate", learning_rate)
    target = np.asarray(covariances.yx, dtype=np.float64)
    arrays = [np.asarray(w, dtype=np.float64) for w in weights]
    depth, size = len(arrays), float(np.linalg.norm(target))
    margin = deficiency_margin(arrays, target)
    c, cubed = max(margin, 0.0), depth**3
    return Guarantee(
        margin=margin,
        imbalance=unbalancedness(arrays),
        allowed_imbalance=c**2 / (256 * cubed * size ** (2 * (depth - 1) / depth)) if size else 0.0,
        learning_rate=float(learning_rate),
        allowed_rate=c ** ((4 * depth - 2) / depth)
        / (6144 * cubed * size ** ((6 * depth - 4) / depth))
        if size
        else 0.0,
        narrowest=min([w.shape[0] for w in arrays[:-1]], default=min(target.shape)),
        needed_width=min(target.shape),
        loss=0.5 * float(np.sum((end_to_end(arrays) - target) ** 2)),
        rate=learning_rate * c ** (2 * (depth - 1) / depth),
    )


def measured_rate(losses: Any) -> float:
    """The slowest decay of log ℓ a step in a record of excess losses: `min_k −Δ log ℓ_k`.

    Steps at which ℓ has reached its rounding floor (1e-14 of the start) are left out.

    Raises:
        InputError: fewer than two losses above that floor.
    """
    losses = np.asarray(losses, dtype=np.float64)
    kept = losses[: int(np.argmax(losses <= 1e-14 * losses[0])) or len(losses)]
    if len(kept) < 2 or not np.all(kept > 0.0):
        raise InputError("losses must hold at least two positive values above rounding.")
    return float(np.min(-np.diff(np.log(kept))))
