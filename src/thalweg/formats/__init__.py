"""Models that other programs wrote, as rules: `.ode` files of XPP."""

from thalweg.formats.xpp import XppModel, python_source, read_xpp

__all__ = ["XppModel", "python_source", "read_xpp"]
