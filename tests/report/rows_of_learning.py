"""Results of learning, models, sweeps, training, studies and reports, made by hand."""

from typing import Any

import numpy as np
from tests.report.rows_of_analysis import (
    INF,
    NAN,
    NO_POINTS,
    NONE,
    PLANE,
    STEPS,
    TWO,
    curves,
    cycles,
    descent,
    diagram,
    equilibria,
    verdict,
)

from thalweg.analysis.cycles.result import Cycles
from thalweg.core.codes import Result
from thalweg.learning.adjoints import AdjointComparison
from thalweg.learning.compare import GradientComparison, GradientRow
from thalweg.learning.densities.lyapunov import LyapunovEnergy
from thalweg.learning.densities.result import LearnedDensity
from thalweg.learning.densities.snapshots import SnapshotEnergy
from thalweg.learning.descriptions.result import DescriptionLength
from thalweg.learning.inverse.certificates import Certificates
from thalweg.learning.inverse.graphs import GraphEnergy
from thalweg.learning.inverse.identified import Identified
from thalweg.learning.inverse.result import LearnedEnergy, Learning
from thalweg.learning.losses.collapse import CollapseCheck
from thalweg.learning.series.learn import LearnedSeries
from thalweg.models.deep_linear.guarantees import Guarantee
from thalweg.models.hopfield.breakdown import Breakdown, Extrapolation
from thalweg.models.hopfield.capacity import CapacityCurve
from thalweg.models.hopfield.retrieval import Retrieval, Retrievals
from thalweg.models.hopfield.theorem import SpinDescent
from thalweg.models.normalization.model.runs import Adaptation, Crossing
from thalweg.models.normalization.theory.equilibria import OutputEquilibrium
from thalweg.models.normalization.theory.folds import StableIntervals
from thalweg.models.normalization.theory.report import StabilityReport, StartOutcome
from thalweg.report.analyze import Analysis
from thalweg.report.page import Page
from thalweg.studies.result import StudyResult
from thalweg.sweeps.result import Axis, Summary, Sweep
from thalweg.sweeps.variables import Variable
from thalweg.training.failures import Failure
from thalweg.training.result import EpochRecord, Fitted

SPINS = np.array([1, -1, 1], dtype=np.int8)


def analysis(**others: Any) -> Analysis:
    found: dict[str, Any] = {
        "parameters": {"α": 0.5, "count": 3, "matrix": [[1.0, -0.0], [2.0, 1e300]], "name": "é"},
        "equilibria": equilibria(), "cycles": cycles(), "descent": descent(), "verdict": verdict(),
        "diagram": diagram(), "curves": curves(), "seed": 3, "summary": "“ξ̇”",
        "warnings": ("mind",),
    }  # fmt: skip
    return Analysis(about=PLANE, rule=np.sum, **(found | others))


def certificates() -> Certificates:
    gaps, yes = np.full(2, NAN), np.ones(2, dtype=bool)
    rests = np.full((2, 2), -0.0)
    return Certificates(gaps, -np.ones(2), yes, ~yes, yes, ~yes, rests, INF, 0.5, "é", PLANE)


def learned(**others: Any) -> LearnedEnergy:
    record = Learning(np.array([2.0, INF, NAN]), NAN, 3, 0.5, Result.diverged)
    given: dict[str, Any] = {"supported": (0, 3), "starts": np.ones((2, 2)), "temperature": NAN}
    return LearnedEnergy(certificates(), Identified("pairs"), equilibria(), learning=record,
                         words="é", about=PLANE, **(given | others))  # fmt: skip


def density(**others: Any) -> LearnedDensity:
    given: dict[str, Any] = {
        "method": "score matching", "names": ("θ", "v₁"), "values": TWO,
        "errors": np.array([NAN, INF]), "temperature": 2.0, "count": 5, "loss": NAN,
        "gradient_norm": INF, "num_steps": 0,
        "is_converged": False, "log_partition": -INF, "history": NONE, "sees": "é.", "no_law": "",
    }  # fmt: skip
    return LearnedDensity(about=PLANE, **(given | others))


def output(driven: int) -> OutputEquilibrium:
    return OutputEquilibrium(
        TWO, np.array([NAN, INF]), -0.0, np.array([True, False]), np.full(driven, -INF),
        None, NAN, STEPS,
    )  # fmt: skip


def stable_intervals(**others: Any) -> StableIntervals:
    return StableIntervals([(0.0, INF)], [-0.0], [], (0.0, 1.0), 64, "α", **others)


def stability(**others: Any) -> StabilityReport:
    given: dict[str, Any] = {
        "size": 2, "driven": 1, "alpha": 0.5, "beta": 0.25, "equilibrium": output(1),
        "outputs": "settles", "weights": "drifts", "unseen_eigenvalue": 0.25, "unseen_count": 2,
        "seen_eigenvalues": np.array([-1.0, -INF]), "critical_alpha": INF,
        "alpha_intervals": stable_intervals(), "beta_intervals": None, "newly_driven": (1,),
        "newly_silent": (), "premise_gap": INF, "start": StartOutcome("fades", 3, None),
        "hidden_instability": True,
    }  # fmt: skip
    return StabilityReport(about=STEPS, **(given | others))


def retrieval(**others: Any) -> Retrieval:
    given: dict[str, Any] = {
        "state": SPINS, "result": Result.settled, "cycle": None, "energy": -2.0,
        "energies": np.array([-0.0, -2.0]), "two_step_energies": NONE, "flips": 1,
    }  # fmt: skip
    return Retrieval(about=STEPS, **(given | others))


def fit(*records: EpochRecord, failure: Failure | None = None) -> Fitted:
    result = Result.successful if failure is None else Result.diverged
    return Fitted(np.sum, records, result, failure, 0, PLANE)


def study() -> StudyResult:
    values = {"α": 0.5, "table": np.array([1.0, INF, NAN]), "found": np.float32(0.1), "count": 3,
              "deep": {"z": 1.0 - 2.0j, "none": None, "yes": True}}  # fmt: skip
    return StudyResult(Page("A study “é”", "the answer.", []), values, ("mind",), PLANE)


def sweep(**others: Any) -> Sweep:
    summary = Summary("count", "equilibria é", ("a",), None, None, NAN, {"done": 3})
    given: dict[str, Any] = {
        "store": "folder/ü.zarr", "measure": "equilibria", "axes": (Axis("α", -0.0, 2.0, 3),),
        "shape": (3,), "chunk": (2,), "counts": {"done": 3, "failed": 0}, "parts": 2,
        "parts_done": 1, "variables": (summary, Summary("x", "", (), -INF, INF, 0.0, {})),
        "notes": ("é",),
    }  # fmt: skip
    return Sweep(about=PLANE, **(given | others))


# A row a class: results of it, by hand, with what JSON or an empty list may lose.
ROWS: dict[type, Any] = {
    Analysis: lambda: (
        analysis(),
        analysis(descent=None, diagram=None, curves=None, cycles=Cycles(()), parameters={}),
    ),
    Identified: lambda: (Identified("samples", ("a", "é"), PLANE), Identified("points")),
    Certificates: lambda: (certificates(),),
    LearnedEnergy: lambda: (learned(), learned(supported=(1, 0), starts=None, temperature=0.5)),
    GraphEnergy: lambda: (
        GraphEnergy(TWO, np.array([1]), np.array([True]), Identified("paths"),
                    np.array([[1], [-1]]), PLANE),
        GraphEnergy(TWO, np.array([0, 1]), np.array([False]), Identified("paths"),
                    np.zeros((2, 0), int), PLANE),
    ),
    LearnedDensity: lambda: (
        density(), density(names=(), values=NONE, errors=NONE, is_converged=True),
    ),
    LyapunovEnergy: lambda: (
        LyapunovEnergy(density(), NO_POINTS, 0, -INF, TWO, about=PLANE),
        LyapunovEnergy(density(), np.ones((1, 2)), 5, NAN, np.array([INF, NAN]), about=PLANE),
    ),
    SnapshotEnergy: lambda: (
        SnapshotEnergy(np.array([[NAN, -0.0], [INF, 2.0]]), TWO, 0.0, 0.5, NAN,
                       Identified("density"), about=PLANE),
    ),
    DescriptionLength: lambda: (DescriptionLength(INF, -0.0, NAN, 0, 3, 0.5, about=PLANE),),
    CollapseCheck: lambda: (
        CollapseCheck("l", "é", "", NAN, 0.0, -0.0, INF, -INF, 1.0, True, False, False, PLANE),
    ),
    LearnedSeries: lambda: (
        LearnedSeries(np.ones((2, 3)), np.full((2, 3), NAN), -INF, 5, 1, NONE, True, about=PLANE),
    ),
    AdjointComparison: lambda: (
        AdjointComparison(("direct", "é"), (0.0, INF), (NAN, 0.5), (0, 3), {}, PLANE),
        AdjointComparison((), (), (), (), {}, PLANE),
    ),
    GradientRow: lambda: (GradientRow("é", NAN, -0.0, INF, 0.5, 3, NAN, 1.0, PLANE),),
    GradientComparison: lambda: (
        GradientComparison(
            (GradientRow("é", NAN, NAN, INF, 2.0, 0, 0.0, 1.0, PLANE),), INF, 3, PLANE
        ),
        GradientComparison((), NAN, 0, PLANE),
    ),
    Adaptation: lambda: (
        Adaptation(np.arange(3), np.ones((3, 2)), np.eye(2), Result.settled, None, STEPS),
        Adaptation(np.arange(1), np.full((1, 2), NAN), np.full((2, 2), INF), Result.diverged,
                   Crossing(3, 1, NAN, 2), STEPS),
    ),
    OutputEquilibrium: lambda: (output(2), output(0)),
    StableIntervals: lambda: (
        stable_intervals(about=STEPS), StableIntervals([], [], [], (-INF, INF), 0),
    ),
    StabilityReport: lambda: (
        stability(),
        stability(equilibrium=None, critical_alpha=None, alpha_intervals=None, premise_gap=None,
                  start=StartOutcome("crosses zero", 1, 0)),
        stability(critical_alpha=2.0, premise_gap=0.0),
    ),
    Guarantee: lambda: (Guarantee(NAN, -0.0, INF, 0.5, INF, 1, 2, 0.0, -INF, STEPS),),
    Breakdown: lambda: (Breakdown(10, NAN, INF, -0.0, STEPS),),
    Extrapolation: lambda: (Extrapolation(0.138, INF, -0.0, -2.0, NAN, STEPS),),
    CapacityCurve: lambda: (
        CapacityCurve(10, np.array([0.5, 2.0]), np.ones((2, 3, 4)), np.array([NAN, 0.0]), STEPS),
    ),
    Retrieval: lambda: (
        retrieval(),
        retrieval(result=Result.not_converged, cycle=np.array([SPINS, -SPINS]), energy=NAN,
                  state=SPINS.astype(np.float32), two_step_energies=np.array([-INF])),
    ),
    Retrievals: lambda: (Retrievals((retrieval(), retrieval(energy=-0.0)), STEPS),),
    SpinDescent: lambda: (SpinDescent(-0.0, 1, 2, 0, NAN, -INF, STEPS),),
    Fitted: lambda: (
        fit(EpochRecord(1, 2.0, {"é": NAN}, {"acc": INF}, 0.5, 3), EpochRecord(2, NAN),
            failure=Failure(2, 1, INF, "update")),
        fit(),
    ),
    Variable: lambda: (
        Variable("x"),
        Variable("code", (2, 3), "int8", ("a", "b"), "é", "1/s", {"yes": 1}, ("u", "v")),
    ),
    Sweep: lambda: (sweep(), sweep(axes=(), shape=(), chunk=(), counts={}, variables=(), notes=())),
    StudyResult: lambda: (study(),),
}  # fmt: skip
