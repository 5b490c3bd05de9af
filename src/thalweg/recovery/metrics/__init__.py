"""Levels that name a metric in which the rule is steepest descent, one a module."""
