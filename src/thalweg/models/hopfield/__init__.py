"""Hopfield networks, from spins to layers that follow a learned energy."""

from thalweg.models.hopfield.breakdown import (
    Breakdown,
    Extrapolation,
    extrapolate,
    find_breakdown,
)
from thalweg.models.hopfield.capacity import (
    CapacityCurve,
    capacity_curve,
    capacity_limit,
    mean_field_overlap,
)
from thalweg.models.hopfield.graded import GradedNeurons
from thalweg.models.hopfield.layer import (
    EnergyClassifier,
    EnergyODELayer,
    NetworkFlow,
    ReluNetwork,
)
from thalweg.models.hopfield.retrieval import Retrieval, Retrievals, retrieve, retrieve_all
from thalweg.models.hopfield.storage import hebb, pseudo_inverse, storkey
from thalweg.models.hopfield.theorem import SpinDescent, check_spin_descent

__all__ = [
    "Breakdown",
    "CapacityCurve",
    "EnergyClassifier",
    "EnergyODELayer",
    "Extrapolation",
    "GradedNeurons",
    "NetworkFlow",
    "ReluNetwork",
    "Retrieval",
    "Retrievals",
    "SpinDescent",
    "capacity_curve",
    "capacity_limit",
    "check_spin_descent",
    "extrapolate",
    "find_breakdown",
    "hebb",
    "mean_field_overlap",
    "pseudo_inverse",
    "retrieve",
    "retrieve_all",
    "storkey",
]
