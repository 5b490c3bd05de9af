"""The ladder: every level of the verdict, one row each, in the order of the report."""

from thalweg.recovery.candidates.convex import LyapunovLevel
from thalweg.recovery.candidates.given import CandidateLevel
from thalweg.recovery.candidates.proof import ProofLevel
from thalweg.recovery.candidates.two_step import TwoStepLevel
from thalweg.recovery.level import Level
from thalweg.recovery.metrics.circle import CircleMetricLevel
from thalweg.recovery.metrics.conformal import ConformalMetricLevel
from thalweg.recovery.metrics.constant import ConstantMetricLevel
from thalweg.recovery.metrics.diagonal import DiagonalMetricLevel
from thalweg.recovery.metrics.euclidean import EuclideanLevel
from thalweg.recovery.metrics.given import GivenMetricLevel
from thalweg.recovery.metrics.speed import SpeedMetricLevel
from thalweg.recovery.refutations.cycles import KnownCyclesLevel, SearchedCyclesLevel
from thalweg.recovery.refutations.equilibria import EquilibriaLevel
from thalweg.recovery.refutations.measures import InvariantMeasureLevel
from thalweg.recovery.split import SplitLevel

LEVELS: tuple[Level, ...] = (
    EuclideanLevel(),
    EquilibriaLevel(),
    InvariantMeasureLevel(),
    KnownCyclesLevel(),
    SearchedCyclesLevel(),
    GivenMetricLevel(),
    ConstantMetricLevel(),
    DiagonalMetricLevel(),
    SpeedMetricLevel(),
    ConformalMetricLevel(),
    CircleMetricLevel(),
    CandidateLevel(),
    LyapunovLevel(),
    ProofLevel(),
    TwoStepLevel(),
    SplitLevel(),
)
"""The levels of the verdict.

Of those that cost the same, the ones before are asked before: each may rest on what they found.
"""
