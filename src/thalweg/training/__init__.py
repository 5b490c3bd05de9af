"""Fitting a model to data: the loop, its checkpoints, and records of what happened."""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.training.checkpoints import load_checkpoint, read_header, save_checkpoint
from thalweg.training.failures import Failure
from thalweg.training.fit import fit
from thalweg.training.result import EpochRecord, Fitted
from thalweg.training.stopping import EarlyStopping

__all__ = [
    "EarlyStopping",
    "EpochRecord",
    "Failure",
    "Fitted",
    "fit",
    "load_checkpoint",
    "read_header",
    "save_checkpoint",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
