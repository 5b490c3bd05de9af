"""Units of machines drawn from their laws given one another."""

from thalweg.sampling.discrete.methods import BlockGibbs, Glauber

__all__ = ["BlockGibbs", "Glauber"]
