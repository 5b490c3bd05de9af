"""Meanings of "steepest": metrics that turn the covector ∇E into a direction.

One kind of metric a module; each answers `sharp`, `flat`, `inner` and `norm`. Potentials are the
convex functions of mirror descent, whose second derivatives are metrics.
"""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.geometry.base import Geometry, pairing
from thalweg.geometry.check import check_metric
from thalweg.geometry.diagonal import DiagonalMetric
from thalweg.geometry.euclidean import Euclidean
from thalweg.geometry.matrices import ConstantMetric, MetricField
from thalweg.geometry.potentials import Entropy, LogBarrier, PNorm, Potential
from thalweg.geometry.spaces import Simplex, Sphere

__all__ = [
    "ConstantMetric",
    "DiagonalMetric",
    "Entropy",
    "Euclidean",
    "Geometry",
    "LogBarrier",
    "MetricField",
    "PNorm",
    "Potential",
    "Simplex",
    "Sphere",
    "check_metric",
    "pairing",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
