"""Models that other programs wrote, as rules: `.ode` files of XPP."""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.formats.xpp import XppModel, python_source, read_xpp

__all__ = ["XppModel", "python_source", "read_xpp"]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
