"""Hopfield networks, from spins to layers that follow a learned energy."""

from thalweg.models.hopfield.layer import (
    EnergyClassifier,
    EnergyODELayer,
    NetworkFlow,
    ReluNetwork,
)

__all__ = [
    "EnergyClassifier",
    "EnergyODELayer",
    "NetworkFlow",
    "ReluNetwork",
]
