"""The flat metric."""

from typing import Any

from thalweg.geometry.base import Geometry


class Euclidean(Geometry):
    """The Euclidean metric, M = I: vectors and covectors are the same."""

    def sharp(self, x: Any, covector: Any) -> Any:
        """The covector itself."""
        return covector

    def flat(self, x: Any, vector: Any) -> Any:
        """The vector itself."""
        return vector
