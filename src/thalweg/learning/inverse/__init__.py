"""From observations to the energy that made them.

`data/` holds the kinds of data, each with its loss (`losses`); `training` trains energies, `learn`
is the verb, `certificates` asks of each datum whether it is explained, `identified` is the table of
what data determine, and `result` what comes back.
"""

from thalweg.learning.inverse.certificates import Certificates, Demands, certify
from thalweg.learning.inverse.data import (
    Data,
    Langevin,
    Pairs,
    Paths,
    Points,
    Samples,
    Trajectories,
)
from thalweg.learning.inverse.graphs import GraphEnergy, learn_graph_energy
from thalweg.learning.inverse.identified import DETERMINED, Identified
from thalweg.learning.inverse.learn import learn_energy
from thalweg.learning.inverse.result import LearnedEnergy, Learning
from thalweg.learning.inverse.training import Training

__all__ = [
    "DETERMINED",
    "Certificates",
    "Data",
    "Demands",
    "GraphEnergy",
    "Identified",
    "Langevin",
    "LearnedEnergy",
    "Learning",
    "Pairs",
    "Paths",
    "Points",
    "Samples",
    "Training",
    "Trajectories",
    "certify",
    "learn_energy",
    "learn_graph_energy",
]
