"""Levels that name a metric in which the rule is steepest descent, one a module.

Every one goes through `confirmed`; `in_states` writes a metric of coordinates as one of states. To
add one: a module here, and a row of `ladder.LEVELS`.
"""
