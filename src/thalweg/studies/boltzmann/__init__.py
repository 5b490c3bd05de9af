"""Machines learned from data: a restricted one from digits."""
