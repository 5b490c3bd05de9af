"""Data to learn from: hierarchical trees, MNIST files, scikit-learn's digits."""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.data.fetch import fetch_mnist
from thalweg.data.idx import read_idx
from thalweg.data.images import ImageData, load_digits, load_mnist
from thalweg.data.trees import HierarchicalData, hierarchical_trees

__all__ = [
    "HierarchicalData",
    "ImageData",
    "fetch_mnist",
    "hierarchical_trees",
    "load_digits",
    "load_mnist",
    "read_idx",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
