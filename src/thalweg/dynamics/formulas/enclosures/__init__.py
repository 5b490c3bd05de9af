"""Proven bounds of a program's values, over many boxes at once."""
