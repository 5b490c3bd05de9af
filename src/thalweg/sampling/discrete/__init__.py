"""Units of machines drawn from their laws given one another."""

from thalweg.sampling.discrete.langevin import DiscreteLangevin
from thalweg.sampling.discrete.methods import BlockGibbs, Glauber

__all__ = ["BlockGibbs", "DiscreteLangevin", "Glauber"]
