"""What "steepest" means: metrics that turn the covector ∇E into a direction.

One kind of metric a module; each answers `sharp`, `flat`, `inner` and `norm`.
"""

from thalweg.geometry.base import Geometry
from thalweg.geometry.euclidean import Euclidean

__all__ = ["Euclidean", "Geometry"]
