"""Losses of energy-based learning: what they push down and up, and how they fail.

`base` says what a loss of answers is, `answers` holds the nine, `collapse` asks whether learning by
one has made the energy flat.
"""

from thalweg.learning.losses.answers import (
    EnergyLoss,
    HingeLoss,
    LogLoss,
    LVQ2Loss,
    MCELoss,
    NLLLoss,
    PerceptronLoss,
    SquareExponentialLoss,
    SquareSquareLoss,
)
from thalweg.learning.losses.base import AnswerLoss
from thalweg.learning.losses.collapse import CollapseCheck, check_collapse

__all__ = [
    "AnswerLoss",
    "CollapseCheck",
    "EnergyLoss",
    "HingeLoss",
    "LVQ2Loss",
    "LogLoss",
    "MCELoss",
    "NLLLoss",
    "PerceptronLoss",
    "SquareExponentialLoss",
    "SquareSquareLoss",
    "check_collapse",
]
