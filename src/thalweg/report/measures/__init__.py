"""Measures of a sweep by their names: one module and one row of `MEASURES` each.

`named_measure(name, system, …)` makes one for `thalweg.sweep`.
"""

from thalweg.report.measures.base import Asked, rule_of
from thalweg.report.measures.table import MEASURES, OPTIONS, named_measure, unknown_measure

__all__ = ["MEASURES", "OPTIONS", "Asked", "named_measure", "rule_of", "unknown_measure"]
