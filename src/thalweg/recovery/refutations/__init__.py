"""Levels that exclude: an equilibrium excludes a metric, a cycle excludes an energy."""
