"""Failure of a fit that left the finite, and its cure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np


@dataclass(frozen=True)
class Failure:
    """Moment at which a fit left the finite: step of the epoch, both from 1, and the loss.

    Attributes:
        epoch: counted from 1.
        step: of the epoch, counted from 1.
        loss: of that step.
        origin: what was not finite first: `"data"` (of the batch), `"forward"` (the loss),
            `"backward"` (its gradient, of a finite loss) or `"update"` (the model after the step).
    """

    epoch: int
    step: int
    loss: float
    origin: str = "forward"


_CURES = {
    "forward": (
        "The data and the model are finite, the loss is not: look for a logarithm, a root or a "
        "quotient at 0 and for what exceeds the dtype (65504 in float16); if the loss grew "
        "before, take a smaller learning rate."
    ),
    "backward": (
        "The loss is finite, its gradient is not: look for a norm or a root at 0, and for "
        "jnp.where over a branch that is not finite."
    ),
    "update": (
        "The gradient is finite, the model after the step is not: take a smaller learning rate, "
        "or bound the gradient (optax.clip_by_global_norm)."
    ),
}


def sentence(failure: Failure, num_steps: int, checkpoint: str | Path | None, data: Any) -> str:
    """Sentence on the failure, on what was kept, and on the cure."""
    kept = (
        f"{checkpoint} holds the model after epoch {failure.epoch - 1}"
        if checkpoint is not None and failure.epoch > 1
        else "no checkpoint was kept"
    )
    cure = _CURES.get(failure.origin) or (
        f"The data are not finite (first in sample {_first_broken(data)}): clean them."
    )
    return (
        f"fit: the {failure.origin if failure.origin != 'data' else 'batch'} left the finite in "
        f"epoch {failure.epoch}, step {failure.step} of {num_steps} (loss {failure.loss}); {kept}. "
        f"{cure}"
    )


def _first_broken(data: Any) -> int:
    """The first sample that holds a number that is not finite."""
    broken = np.zeros(len(jax.tree.leaves(data)[0]), dtype=bool)
    for leaf in jax.device_get(jax.tree.leaves(data)):
        if np.issubdtype(leaf.dtype, np.inexact):
            broken |= ~np.all(np.isfinite(leaf.reshape(len(leaf), -1)), axis=1)
    return int(np.argmax(broken))
