"""Fitting a model to data: the loop, its checkpoints, and records of what happened."""

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
