"""Levels that propose an energy that falls along the rule, in no metric known, and check it."""
