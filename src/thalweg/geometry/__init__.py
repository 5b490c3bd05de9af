"""What "steepest" means: metrics that turn the covector ∇E into a direction.

One kind of metric a module; each answers `sharp`, `flat`, `inner` and `norm`.
"""

from thalweg.geometry.base import Geometry, pairing
from thalweg.geometry.check import check_metric
from thalweg.geometry.diagonal import DiagonalMetric
from thalweg.geometry.euclidean import Euclidean
from thalweg.geometry.matrices import ConstantMetric, MetricField
from thalweg.geometry.spaces import Simplex, Sphere

__all__ = [
    "ConstantMetric",
    "DiagonalMetric",
    "Euclidean",
    "Geometry",
    "MetricField",
    "Simplex",
    "Sphere",
    "check_metric",
    "pairing",
]
