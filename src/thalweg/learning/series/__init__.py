"""Time series: machines whose next state has a law given all before (dynamic Boltzmann machines).

`machine` is the model and the energy of a next state, `learn` its maximum likelihood.
"""

from thalweg.learning.series.learn import LearnedSeries, learn_series
from thalweg.learning.series.machine import DynamicMachine

__all__ = ["DynamicMachine", "LearnedSeries", "learn_series"]
