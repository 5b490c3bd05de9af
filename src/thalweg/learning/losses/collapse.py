"""A test of whether learning has made an energy flat, or has pushed it down without end."""

from dataclasses import dataclass

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import Table
from thalweg.core.shapes import Array, Integer, Num
from thalweg.core.tables import format_number
from thalweg.learning.losses.base import AnswerLoss, check_answers

# An energy that differs over answers by less than this share of its scale says nothing of them.
_FLAT = 1e-2
# A mean that has fallen by so many of the first spreads is no longer an effect of learning answers.
_FAR = 20.0


@dataclass(frozen=True, eq=False, repr=False)
class CollapseCheck(FieldsReport):
    """The energies of answers after learning by a loss, and the way in which it failed.

    Attributes:
        loss: its name.
        condition: its margin condition.
        known: how it is known to fail.
        spread: how far energies differ over the answers of a question, a root mean square.
        scale: how far they differ over everything, now or before learning.
        drift: how far their mean has moved by learning; NaN without energies from before.
        gap: the median of E⁻ − E_y.
        right: the share of questions whose right answer is strictly lowest.
        kept: the share for which the margin condition holds; NaN where there is none.
        is_flat: whether energies hardly differ over answers, and so do not tell them apart.
        runs_down: whether their mean fell many times farther than they differ.
        is_known: whether it is the loss that leads to that.
        about: the loss.
    """

    loss: str
    condition: str
    known: str
    spread: float
    scale: float
    drift: float
    gap: float
    right: float
    kept: float
    is_flat: bool
    runs_down: bool
    is_known: bool
    about: About = UNSAID

    @property
    def is_collapsed(self) -> bool:
        """True if either happened."""
        return self.is_flat or self.runs_down

    @property
    def title(self) -> str:
        """The loss, and what became of the energy."""
        how = (
            "flat" if self.is_flat else "pushed down without end" if self.runs_down else "not flat"
        )
        return f"Energies by {self.loss}: {how}"

    def table(self) -> Table:
        """The figures."""
        cells = [self.spread, self.scale, self.gap, self.right, self.kept]
        header = ["spread over answers", "scale", "median gap", "right", "with margin"]
        return header, [["" if np.isnan(c) else format_number(c, 3) for c in cells]]

    def remarks(self) -> list[str]:
        """Sentences on the condition, and on the loss's failure where that is what happened."""
        said = [f"Margin condition: {self.condition}."]
        if self.is_collapsed and self.is_known:
            said.append(f"COLLAPSED, as {self.loss} is known to. {self.known}")
        elif self.is_collapsed:
            said.append(
                f"COLLAPSED, to which {self.loss} does not lead: look for what else moved the "
                f"energies (weight decay, say), or whether they were learned at all."
            )
        return said


def check_collapse(
    loss: AnswerLoss,
    energies: Num[Array, "n K"],
    labels: Integer[Array, "n"],
    before: Num[Array, "n K"] | None = None,
) -> CollapseCheck:
    """Ask of the energies of answers whether they still tell them apart.

    An energy is flat where over the answers of a question it differs by less than a hundredth of
    how far it did so before learning; or of how far it differs over everything, if right answers
    are not often lowest (less than halfway from chance to always): levels of questions may differ
    as they like. Give energies from before, or a shrinking that keeps their order is not seen. A
    mean that fell is no harm to answers that are told apart, unless by a loss that only pushes
    down.

    Arguments:
        loss: by which they were learned; its known failure is named where it is what happened.
        energies: of the answers, `(n, K)`.
        labels: the right ones, `(n,)`.
        before: energies of the same answers before learning.

    Raises:
        InputError: the loss is none, shapes do not fit, an energy is not finite, or a label is no
            answer.

    Example:
        >>> import numpy as np
        >>> from thalweg.learning import EnergyLoss, check_collapse
        >>> before = np.array([[0.5, 1.5], [1.2, 0.1]])
        >>> print(check_collapse(EnergyLoss(), 1e-6 * before, np.array([0, 1]), before).title)
        Energies by EnergyLoss: flat
    """
    if not isinstance(loss, AnswerLoss):
        raise InputError(
            f"check_collapse: loss must be one of thalweg.learning, such as EnergyLoss(), got "
            f"{loss!r}."
        )
    levels, right = check_answers("check_collapse", energies, labels)
    spread, scale, drift = _spread(levels), float(np.std(levels)), np.nan
    is_shrunk = runs_down = False
    if before is not None:
        first, _ = check_answers("check_collapse", before, labels)
        if first.shape != levels.shape:
            raise InputError(
                f"check_collapse: energies from before must have the shape {levels.shape}, got "
                f"{first.shape}."
            )
        scale = max(scale, float(np.std(first)))
        drift = float(np.mean(levels) - np.mean(first))
        runs_down = -drift > _FAR * max(spread, _spread(first))
        is_shrunk = spread <= _FLAT * _spread(first)
    rows = np.arange(len(levels))
    own = levels[rows, right]
    others = np.where(np.arange(levels.shape[1]) == right[:, None], np.inf, levels).min(axis=1)
    gaps = others - own
    name, margin = type(loss).__name__, loss.margin
    share = float(np.mean(gaps > 0.0))
    tells = share > 0.5 * (1.0 + 1.0 / levels.shape[1])
    is_flat = is_shrunk or (spread <= _FLAT * scale and not tells)
    # Energies that are all equal fulfil the condition of some losses.
    only_pushes = bool(np.isnan(margin))
    allows_flat = only_pushes or (margin == 0.0 and loss.holds_at_margin)
    keeps = gaps >= margin if loss.holds_at_margin else gaps > margin
    return CollapseCheck(
        loss=name,
        condition=loss.condition,
        known=loss.failure,
        spread=spread,
        scale=scale,
        drift=drift,
        gap=float(np.median(gaps)),
        right=share,
        kept=float("nan") if only_pushes else float(np.mean(keeps)),
        is_flat=bool(is_flat),
        runs_down=bool(runs_down and (only_pushes or not tells)),
        is_known=allows_flat if is_flat else only_pushes,
        about=About(name),
    )


def _spread(levels: np.ndarray) -> float:
    """The root mean square over questions of how far energies differ over answers."""
    return float(np.sqrt(np.mean(np.var(levels, axis=1))))
