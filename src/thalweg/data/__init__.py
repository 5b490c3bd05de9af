"""Data to learn from: hierarchical trees."""

from thalweg.data.trees import HierarchicalData, hierarchical_trees

__all__ = ["HierarchicalData", "hierarchical_trees"]
