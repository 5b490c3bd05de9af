"""Normalization reweighting: the model, its energy, its stable states.

A population of orientation-tuned neurons under divisive normalization, whose normalization
weights W adapt to keep response products at a target (Westrick, Heeger & Landy 2016).
For a held input the n² weights reduce exactly to n numbers, and these go down an explicit energy.
"""

from thalweg.models.normalization.grating import HeldGrating
from thalweg.models.normalization.model.held import HeldInput, hold
from thalweg.models.normalization.model.network import Annealed, NormalizationNetwork
from thalweg.models.normalization.model.rules import (
    ReducedFlow,
    ReducedMap,
    reduced_flow,
    reduced_map,
)
from thalweg.models.normalization.model.runs import Adaptation, Crossing, adapt, weights_after
from thalweg.models.normalization.model.stimuli import (
    Draws,
    Ensemble,
    Held,
    InTurn,
    Presentation,
    alternating,
    biased_ensemble,
    blank,
    grating,
    mixture,
    plaid,
    uniform_ensemble,
)
from thalweg.models.normalization.model.tuning import RaisedCosine, Tabulated, Tuning, VonMises
from thalweg.models.normalization.model.weights import (
    AveragedReweighting,
    FactoredReweighting,
    FullReweighting,
    averaged_rule,
    factored_rule,
    full_rule,
)
from thalweg.models.normalization.theory.energy import (
    OutputEnergy,
    PoolEnergy,
    output_metric,
    pool_metric,
)
from thalweg.models.normalization.theory.equilibria import (
    OutputEquilibrium,
    output_equilibria,
    stable_equilibrium,
)
from thalweg.models.normalization.theory.folds import (
    StableIntervals,
    alpha_intervals,
    beta_intervals,
)
from thalweg.models.normalization.theory.report import StabilityReport
from thalweg.models.normalization.theory.stability import stability_report

__all__ = [
    "Adaptation",
    "Annealed",
    "AveragedReweighting",
    "Crossing",
    "Draws",
    "Ensemble",
    "FactoredReweighting",
    "FullReweighting",
    "Held",
    "HeldGrating",
    "HeldInput",
    "InTurn",
    "NormalizationNetwork",
    "OutputEnergy",
    "OutputEquilibrium",
    "PoolEnergy",
    "Presentation",
    "RaisedCosine",
    "ReducedFlow",
    "ReducedMap",
    "StabilityReport",
    "StableIntervals",
    "Tabulated",
    "Tuning",
    "VonMises",
    "adapt",
    "alpha_intervals",
    "alternating",
    "averaged_rule",
    "beta_intervals",
    "biased_ensemble",
    "blank",
    "factored_rule",
    "full_rule",
    "grating",
    "hold",
    "mixture",
    "output_equilibria",
    "output_metric",
    "plaid",
    "pool_metric",
    "reduced_flow",
    "reduced_map",
    "stability_report",
    "stable_equilibrium",
    "uniform_ensemble",
    "weights_after",
]
