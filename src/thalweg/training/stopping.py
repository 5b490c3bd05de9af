"""Early end of a fit, before its last epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import is_integer
from thalweg.training.result import EpochRecord


@dataclass(frozen=True)
class EarlyStopping:
    """End a fit whose quantity has not improved for some epochs.

    Arguments:
        patience: how many epochs it may go without improving.
        quantity: what should fall: `"loss"`, or the name of a metric or of what `evaluate` returns.
        least: the relative improvement that counts.
        enough: end at once where the quantity is as small as that; None: never.

    Raises:
        InputError: the patience is no positive integer; in use, no record has the quantity.

    Example:
        >>> from thalweg.training import EarlyStopping, EpochRecord
        >>> records = [EpochRecord(i, loss) for i, loss in enumerate((1.0, 0.5, 0.5, 0.6))]
        >>> EarlyStopping(patience=2)(records), EarlyStopping(patience=3)(records)
        (True, False)
    """

    patience: int
    quantity: str = "loss"
    least: float = 1e-3
    enough: float | None = None

    def __post_init__(self) -> None:
        if not is_integer(self.patience) or self.patience < 1:
            raise InputError(
                f"EarlyStopping: patience must be a positive integer, got {self.patience!r}."
            )

    def __call__(self, history: Sequence[EpochRecord]) -> bool:
        """True when it is time."""
        best, waited = np.inf, 0
        for record in history:
            value = self._of(record)
            is_better = value < best - self.least * abs(best) if np.isfinite(best) else True
            best, waited = (value, 0) if is_better else (best, waited + 1)
        is_enough = self.enough is not None and self._of(history[-1]) <= self.enough
        return is_enough or waited >= self.patience

    def _of(self, record: EpochRecord) -> float:
        known = {"loss": record.loss, **record.metrics, **record.evaluation}
        if self.quantity not in known:
            raise InputError(
                f"EarlyStopping: no record has the quantity {self.quantity!r}; there are "
                f"{', '.join(known)}."
            )
        return float(known[self.quantity])
