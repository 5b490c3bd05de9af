"""From draws of a law to its energy, by what needs no partition function, or by chains.

`base` says what a method is; `smooth` finds the least value of a loss, for `matching` (scores),
`contrast` (noise) and `likelihoods` (of machines); `updates` moves energies by chains, for
`chains`. `normalizable` asks whether a law belongs to what was found; `learn` is the verb, `result`
what comes back; `lyapunov` learns the energy that a flow goes down from its noisy
runs, `snapshots` that by which normal laws relax.
"""

from thalweg.learning.densities.base import DensityMethod
from thalweg.learning.densities.chains import (
    ContrastiveDivergence,
    PersistentDivergence,
    SampledLikelihood,
)
from thalweg.learning.densities.contrast import NoiseContrastive
from thalweg.learning.densities.learn import learn_density
from thalweg.learning.densities.likelihoods import ExactLikelihood, PseudoLikelihood
from thalweg.learning.densities.lyapunov import LyapunovEnergy, lyapunov_energy
from thalweg.learning.densities.matching import (
    DenoisingScoreMatching,
    ScoreMatching,
    SlicedScoreMatching,
)
from thalweg.learning.densities.result import LearnedDensity
from thalweg.learning.densities.snapshots import SnapshotEnergy, learn_snapshots
from thalweg.learning.densities.updates import Updates

__all__ = [
    "ContrastiveDivergence",
    "DenoisingScoreMatching",
    "DensityMethod",
    "ExactLikelihood",
    "LearnedDensity",
    "LyapunovEnergy",
    "NoiseContrastive",
    "PersistentDivergence",
    "PseudoLikelihood",
    "SampledLikelihood",
    "ScoreMatching",
    "SlicedScoreMatching",
    "SnapshotEnergy",
    "Updates",
    "learn_density",
    "learn_snapshots",
    "lyapunov_energy",
]
