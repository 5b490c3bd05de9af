"""Energies as functions of the state: what a system goes down on.

`Energy` is the base for those with parameters; any callable `state → scalar` is an energy too.
"""

from thalweg.energies.base import Energy
from thalweg.energies.combine import Scaled, Sum

__all__ = ["Energy", "Scaled", "Sum"]
