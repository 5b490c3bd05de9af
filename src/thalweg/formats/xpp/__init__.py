"""XPP's `.ode` files: read as data, never run as a program.

A file is cut into statements (`statements`), its formulas into trees (`tokens`, `expressions`),
which are gathered (`reading`) as a `model`, checked (`checks`) and then either carried out on JAX
arrays (`evaluate`, `rules`) or written as Python (`source`). Written from the public description of
the format; what it leaves open (how operators bind, what `mod` and `heav` are at the edge, which
names are taken) was measured by running XPP 6.11.
"""

from thalweg.formats.xpp.model import XppModel
from thalweg.formats.xpp.rules import read_xpp
from thalweg.formats.xpp.source import python_source

__all__ = ["XppModel", "python_source", "read_xpp"]
