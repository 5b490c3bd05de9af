"""Kinds of data that an energy can be learned from: each one class."""

from thalweg.learning.inverse.data.base import Data
from thalweg.learning.inverse.data.ends import Pairs, Points
from thalweg.learning.inverse.data.samples import Langevin, Samples
from thalweg.learning.inverse.data.trajectories import Paths, Trajectories

__all__ = ["Data", "Langevin", "Pairs", "Paths", "Points", "Samples", "Trajectories"]
