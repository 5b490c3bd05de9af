"""Splits a flow into a gradient and as little remainder as possible, where nothing else is known.

`boxes.py` does so in boxes, circles and tori, `simplex.py` on the probability simplex; `level.py`
asks for it.
"""

from thalweg.recovery.split.level import SplitLevel

__all__ = ["SplitLevel"]
