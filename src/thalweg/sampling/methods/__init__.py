"""Methods: ways to draw from the law of an energy at a temperature."""

from thalweg.sampling.methods.base import Method, Told
from thalweg.sampling.methods.sgld import SGLD, NoisyGradient

__all__ = ["SGLD", "Method", "NoisyGradient", "Told"]
