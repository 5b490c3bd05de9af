"""Pages about one model each, whose states are no plane: read by name without importing JAX.

`normalization`, `modes` and `retrieval` say what a page begins with; `table` has their names.
"""
