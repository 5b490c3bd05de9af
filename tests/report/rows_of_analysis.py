"""Results of analysis, simulation, sampling and recovery, made by hand with values at the edge."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import sympy

import thalweg as tw
from thalweg.analysis.basins.over import BasinFractions
from thalweg.analysis.basins.result import Attractor, Basins
from thalweg.analysis.comparison.result import Comparison, Course
from thalweg.analysis.continuation.result import Bifurcation, BifurcationDiagram, Branch, Checks
from thalweg.analysis.cycles.result import Cycle, Cycles, Recurrent
from thalweg.analysis.descent.axioms import AxiomCheck, AxiomVerdict
from thalweg.analysis.descent.bounded_below import BoundedBelow
from thalweg.analysis.descent.homogeneity import Homogeneity
from thalweg.analysis.descent.result import DescentCheck
from thalweg.analysis.equilibria.continua import Continuum
from thalweg.analysis.equilibria.equilibrium import Equilibrium, SlowPoint
from thalweg.analysis.equilibria.proof import Proof
from thalweg.analysis.equilibria.quantities import ConservedQuantities, ConservedQuantity
from thalweg.analysis.equilibria.result import Equilibria, Search
from thalweg.analysis.equilibria.transients import Transients
from thalweg.analysis.exponents.result import Exponents
from thalweg.analysis.landscapes.result import Landscape, LandscapeCheck, RecurrentSet
from thalweg.analysis.linearize import Linearization
from thalweg.analysis.two_parameters.result import (
    BifurcationCurve,
    BifurcationCurves,
    LineChecks,
    SpecialPoint,
)
from thalweg.core.about import UNSAID, About
from thalweg.core.codes import Result
from thalweg.core.domains import Box, ProbabilitySimplex
from thalweg.core.reports import NotKept
from thalweg.recovery.closed_form.verdict import SymbolicVerdict
from thalweg.recovery.kinds import Kind
from thalweg.recovery.splits import Split
from thalweg.recovery.verdict import LevelResult, Verdict
from thalweg.recovery.witnesses import CycleWitness, EquilibriumWitness, MeasureWitness
from thalweg.sampling.bias import BiasLedger
from thalweg.sampling.partition.log_partition import LogPartition
from thalweg.sampling.samples import Samples
from thalweg.simulation.trajectory import Trajectory

NAN, INF = np.nan, np.inf
EDGES = np.array([NAN, INF, -INF, -0.0, 2.0, 5e-324, 0.1 + 0.2, 1e300])
PLANE = About("Größe “ξ̇”", "flow", ("θ", "v₁"), tw.Box([0.0, -1.0], [6.0, 1.0], [True, False]))
STEPS = About("step", "map", ("x", "y"), tw.ProbabilitySimplex(2))
NEST = About(
    "nested", "flow", ("u[0]", "u[1]", "w"),
    tw.Box({"u": np.zeros(2), "w": 0.0}, {"u": np.ones(2), "w": 1.0}),
)  # fmt: skip
LINE = About("é", "map", ("x",), tw.Box(-1.0, 1e300))
MATRICES = About("W", "flow", ("a", "b", "c", "d"), tw.Box(np.zeros((2, 2)), np.ones((2, 2))))
MATRIX = np.array([[0.0, -0.0], [2.0, 5e-324]])
PAIRS = About(
    "p", "flow", ("a", "b", "c"), tw.Box((np.zeros(1), np.zeros(2)), (np.ones(1), np.ones(2)))
)
PAIR = (np.array([-0.0]), np.array([1.0, 2.0]))
NESTED = {"u": np.array([0.0, -0.0]), "w": np.array(2.0)}
TWO = np.array([1.0, -0.0])
COMPLEX = np.array([1.0 - 2.0j, complex(-0.0, -0.0), complex(-INF, 0.0)])
NONE = np.zeros(0)
NO_POINTS = np.zeros((0, 2))
NO_INDICES = np.zeros(0, dtype=int)


def equilibrium(about: About = UNSAID, state: Any = TWO, **others: Any) -> Equilibrium:
    given: dict[str, Any] = {
        "kind": "sink", "form": "node", "stable": True, "eigenvalues": COMPLEX[:2],
        "jacobian": np.array([[-1.0, -0.0], [2.0, -1.0]]), "residual": 0.0, "accuracy": NAN,
    }  # fmt: skip
    return Equilibrium(state=state, about=about, **(given | others))


def equilibria(about: About = PLANE) -> Equilibria:
    at_rest = equilibrium(energy=-INF, continuum=1, together=np.array([0, 0, 1]))
    edge = equilibrium(kind="non-hyperbolic", form=None, stable=None, energy=NAN,
                       jacobian=np.array([[NAN, 1.0], [-0.0, INF]]))  # fmt: skip
    family = Continuum(1, np.ones((2, 2)), np.array([0, 0]), np.array([[0, 1]]), True, 0.5)
    lone = Continuum(1, TWO[None], np.zeros(1, dtype=int), np.zeros((0, 2), dtype=int), False, INF)
    search = Search(3, 2, 1, 0, NAN, 1.0, True, continua=2, trajectory_unseen_upper=0.25)
    proof = Proof(np.zeros((1, 2, 2)), np.zeros((0, 2, 2)), 7, on_edge=1)
    slow = (SlowPoint(TWO, 5e-324),)
    found = (at_rest, edge)
    return Equilibria(found, search, (family, lone), slow, ("mind “é”",), proof, about)


def empty_equilibria() -> Equilibria:
    return Equilibria((), Search(0, 0, 0, 0, None, None, False), about=PLANE)


def cycle(about: About = UNSAID, **others: Any) -> Cycle:
    given: dict[str, Any] = {
        "period": 2.0, "point": TWO, "multipliers": COMPLEX[:2], "trivial": 0, "stable": False,
        "kind": "saddle", "states": np.ones((3, 2)), "times": np.arange(3.0), "residual": NAN,
        "accuracy": INF,
    }  # fmt: skip
    return Cycle(about=about, **(given | others))


def cycles(about: About = PLANE) -> Cycles:
    recurrent = Recurrent(3, -INF, NAN, False, True, -TWO, TWO)
    return Cycles((cycle(), cycle(trivial=None)), (recurrent,), ("a note",), 9, about)


def descent(about: About = PLANE, **others: Any) -> DescentCheck:
    return DescentCheck(
        None, False, INF, TWO, NAN, 4, undefined=-TWO, energy="é", about=about, **others
    )


def landscape(about: About = PLANE, **others: Any) -> Landscape:
    sets = (
        RecurrentSet("sink", 0.0, (0,), (), TWO, 1, ()),
        RecurrentSet("outside", INF, (), (), NONE, 0, (0,)),
    )
    check = LandscapeCheck(0, 0, NAN, NAN, NAN, -0.0, 1.0, 0.5, NAN)
    return Landscape(sets, NotKept("landscape"), (8, 8), check, NAN, about, **others)


def branch(about: About = UNSAID, **others: Any) -> Branch:
    given: dict[str, Any] = {
        "values": np.array([0.0, -0.0, 2.0]), "states": np.ones((3, 2)),
        "stable": np.array([True, False, True]), "eigenvalues": np.full((3, 2), 1.0 - 2.0j),
        "marks": (1,), "ends": ("range", "domain"),
    }  # fmt: skip
    return Branch(about=about, **(given | others))


def orbits() -> Branch:
    return branch(eigenvalues=None, periods=np.array([1.0, INF, NAN]), extremes=np.ones((3, 2, 2)),
                  multipliers=np.full((3, 2), complex(-0.0, INF)))  # fmt: skip


def diagram() -> BifurcationDiagram:
    points = (Bifurcation("hopf", -0.0, TWO, 2.0, NAN), Bifurcation("fold", 1.0, TWO, None, None))
    lines = (branch(), orbits())
    return BifurcationDiagram("μ", (-1.0, 2.0), points, lines, Checks(2, 1, NAN), PLANE, ("é",))


def bare_diagram() -> BifurcationDiagram:
    return BifurcationDiagram("μ", (-1.0, 2.0), (), (), Checks(0, 0, None), PLANE)


def curve(about: About = UNSAID, **others: Any) -> BifurcationCurve:
    given: dict[str, Any] = {
        "kind": "hopf", "values": np.ones((3, 2)), "states": np.ones((3, 2)),
        "frequencies": np.array([1.0, 2.0, NAN]), "coefficients": np.array([-1.0, NAN, INF]),
        "marks": (1,), "ends": ("closed", "closed"),
    }  # fmt: skip
    return BifurcationCurve(about=about, **(given | others))


def curves() -> BifurcationCurves:
    points = (SpecialPoint("generalised-hopf", np.ones(2), TWO, 2.0),
              SpecialPoint("cusp", np.array([-0.0, 1e300]), TWO, None))  # fmt: skip
    lines = (curve(), curve(kind="fold", frequencies=None, coefficients=None, marks=(),
                            ends=("range", "cusp")))  # fmt: skip
    spans = ((0.0, 1.0), (-2.0, 2.0))
    return BifurcationCurves(("a", "β"), spans, points, lines, LineChecks(3, 2, 1), PLANE, ("é",))


def course(about: About = UNSAID, **others: Any) -> Course:
    given: dict[str, Any] = {
        "name": "gradient é", "ends": np.ones((3, 2)), "counts": np.array([3, 0]),
        "levels": np.array([INF, -INF]), "lost": 1, "accuracy": NAN, "rate": NAN,
        "expansion": INF, "rise": -INF, "steps": NAN, "cost": 2.0,
        "energies": np.array([[INF, NAN], [-0.0, 5e-324]]),
    }  # fmt: skip
    return Course(about=about, **(given | others))


def basins() -> tuple[Basins, ...]:
    sink = Attractor("sink", TWO, None, 2, 0.5, (0.0, 1.0), "proved", PLANE)
    orbit = Attractor("cycle", TWO, 2.0, 1, NAN, (NAN, NAN), "recurrence", PLANE)
    shares = {
        "diverged": 0.25,
        "left": 0.0,
        "undecided": 0.25,
        "starts": 4,
        "followed": 4,
        "steps": 9,
    }
    unknown = dict.fromkeys(("entropy", "boundary_entropy", "dimension", "dimension_error"))
    known = dict(zip(unknown, (0.5, INF, 1.5, 1e-300), strict=True))
    axes = (np.array([0.0, 1.0]), np.array([-1.0, 1.0]))
    labels, names = np.array([[0, 0], [-1, -3]]), ("θ", "v₁")
    return (
        Basins((sink, orbit), labels=labels, axes=axes, points=None, coordinates=names,
               notes=("é",), about=PLANE, **shares, **known),
        Basins((sink,), labels=labels.ravel(), axes=None, points=np.ones((4, 2)), coordinates=names,
               about=PLANE, **shares, **unknown),
        Basins((), labels=np.full(4, -1), axes=None, points=np.ones((4, 2)), coordinates=names,
               about=PLANE, **shares, **unknown),
    )  # fmt: skip


def fractions(count: int) -> BasinFractions:
    shape, share = (3, count), np.full(3, NAN)
    kinds, points = ("sink",) * count, np.full((3, count, 2), -0.0)
    some = np.zeros(shape)
    return BasinFractions("μ", np.arange(3.0), kinds, points, some, some, some, share, share, share,
                          4, about=PLANE)  # fmt: skip


def verdict(**others: Any) -> Verdict:
    witnesses = (
        EquilibriumWitness(TWO, COMPLEX[:2], INF, "non-real eigenvalue"),
        CycleWitness(TWO, 2.0, COMPLEX[:2], -TWO, TWO, 1e-300, PLANE.rule_kind),
        MeasureWitness(TWO, INF, "a law", "speed"),
    )
    levels = (LevelResult("euclidean", "no", INF, "é"), LevelResult("split", "open", None, ""),
              LevelResult("diagonal", "yes", -0.0, "exact"))  # fmt: skip
    given: dict[str, Any] = {
        "residual": NAN, "witnesses": witnesses, "levels": levels, "metric_name": "Fisher",
        "warnings": ("mind",), "asides": ("by the way",), "split": split(), "fall": "proved",
        "share": 0.5, "landscape": landscape(), "candidate": np.sum,
    }  # fmt: skip
    return Verdict(Kind.REFUTED, energy=np.sum, metric=None, about=PLANE, **(given | others))


def bare_verdict() -> Verdict:
    return Verdict(Kind("undecided"), None, None, None, (), (), about=STEPS)


def split(change: float = INF) -> Split:
    return Split(np.sum, np.sum, None, "Euclidean", 0.75, change)


def symbolic() -> tuple[SymbolicVerdict, SymbolicVerdict]:
    x, y, a = sympy.symbols("x y α", real=True)
    sums = (-x + a / 3, sympy.exp(-y) * sympy.oo)
    energy, values = x**2 / 2 + sympy.sqrt(2) * y, {a: sympy.Rational(1, 3), y: sympy.pi}
    return (
        SymbolicVerdict("euclidean", (x, y), sums, energy, sympy.eye(2), values, "é",
                        ("a",), (a > 0,), ("b",), PLANE),
        SymbolicVerdict("undecided", (x,), (-x,), None, None, {}, "", about=PLANE),
    )  # fmt: skip


def trajectory(about: About, states: Any, last: Any, **others: Any) -> Trajectory:
    given: dict[str, Any] = {
        "times": np.arange(3.0), "last_time": np.array(2.0), "result": Result.settled,
        "steps": np.array(3), "rejected": np.array(0), "evaluations": np.array(7),
    }  # fmt: skip
    return Trajectory(states=states, last_state=last, interpolation=None, about=about,
                      **(given | others))  # fmt: skip


def trajectories() -> tuple[Trajectory, ...]:
    nested = {"u": np.ones((3, 2), np.float32), "w": np.array([0.0, -0.0, 2.0])}
    last = {"u": np.ones(2, np.float32), "w": np.array(2.0)}
    gone = np.array([[1.0, -0.0], [INF, -INF], [NAN, 2.0]])
    spins = np.array([[1, -1], [1, 1], [-1, 1]], dtype=np.float32)
    return (
        trajectory(PLANE, np.ones((3, 2)), TWO),
        trajectory(NEST, nested, last),
        trajectory(PLANE, gone, gone[1], result=Result.not_converged, last_time=np.array(INF)),
        trajectory(LINE, np.array([0.0, -0.0, 2.0]), np.array(2.0)),
        trajectory(MATRICES, np.ones((3, 2, 2)), MATRIX),
        trajectory(PAIRS, (np.ones((3, 1)), np.ones((3, 2))), PAIR),
        trajectory(PLANE, NO_POINTS, TWO, times=NONE),
        trajectory(STEPS, spins, spins[-1], times=np.arange(3), last_time=np.array(2)),
        trajectory(PLANE, jnp.ones((3, 2), jnp.float32), jnp.ones(2, jnp.float32)),
    )


def samples(**others: Any) -> Samples:
    given: dict[str, Any] = {
        "names": ("θ", "v₁"), "mean": TWO, "sd": np.array([0.0, INF]), "ess": np.array([NAN, 3.0]),
        "rhat": np.array([NAN, 1.0]), "acceptances": np.array([1.0, NAN]),
        "divergences": np.array([0, 3]), "method": "Langevin", "temperature": 2.0, "num_chains": 2,
        "count": 5, "warmup": 0, "thin": 1, "notes": ("é",),
    }  # fmt: skip
    return Samples(about=PLANE, **(given | others))


def ledger(count: int) -> BiasLedger:
    names, heats = ("a", "β")[:count], np.array([1.0, 2.0])[:count]
    low, high, zero = (np.array(pair)[:count] for pair in ((-INF, NAN), (NAN, INF), (-0.0, 2.0)))
    return BiasLedger(names, 2.0, heats, zero, low, high, zero, low, PLANE)


# A row a class: results of it, by hand, with what JSON or an empty list may lose.
ROWS: dict[type, Any] = {
    About: lambda: (UNSAID, PLANE, STEPS, NEST, LINE, MATRICES, PAIRS, About("é")),
    Box: lambda: (PLANE.domain, tw.Box([-0.0, 2.0], [1.0, 2.0])),
    ProbabilitySimplex: lambda: (STEPS.domain,),
    Equilibrium: lambda: (
        equilibrium(PLANE),
        equilibrium(NEST, NESTED, jacobian=np.eye(3), eigenvalues=COMPLEX),
        equilibrium(LINE, np.array(-0.0), jacobian=np.eye(1), eigenvalues=COMPLEX[:1]),
        equilibrium(MATRICES, MATRIX, jacobian=-np.eye(4), eigenvalues=-np.ones(4, complex)),
        equilibrium(PAIRS, PAIR, jacobian=-np.eye(3), eigenvalues=COMPLEX),
        equilibrium(STEPS, form=None, stable=None, together=np.array([0, 1])),
    ),
    SlowPoint: lambda: (SlowPoint(NESTED, INF, 2.0, NEST), SlowPoint(TWO, NAN, NAN),
                        SlowPoint(np.array(2.0), 0.0, None, LINE)),
    Search: lambda: (Search(1, 1, 1, 0, None, INF, False), equilibria().search),
    Proof: lambda: (Proof(np.ones((0, 2, 3)), EDGES.reshape(1, 2, 4)[..., :3], 1),
                    equilibria().proof),
    Equilibria: lambda: (equilibria(), empty_equilibria()),
    Transients: lambda: (
        Transients(-INF, 1.0, 0.0, STEPS), Transients(2.0, INF, INF, PLANE),
        Transients(NAN, NAN, NAN, PLANE),
    ),
    ConservedQuantity: lambda: (ConservedQuantity("é", TWO, -INF, INF, "points", PLANE),),
    ConservedQuantities: lambda: (
        ConservedQuantities((ConservedQuantity("é", TWO, -0.0, 2.0, "points", PLANE),), PLANE),
        ConservedQuantities((), PLANE),
    ),
    Cycle: lambda: (cycle(PLANE), cycle(STEPS, trivial=None, times=np.arange(3.0), leaves=True),
                    cycle(NEST, point=NESTED, multipliers=COMPLEX,
                          states={"u": np.ones((3, 2)), "w": np.arange(3.0)}),
                    cycle(LINE, point=np.array(2.0), states=np.arange(3.0), multipliers=COMPLEX),
                    cycle(MATRICES, point=MATRIX, states=np.ones((3, 2, 2)))),
    Recurrent: lambda: (Recurrent(1, NAN, INF, True, False, NESTED, NESTED, NEST),
                        Recurrent(1, 0.0, 0.0, False, False, PAIR, PAIR, PAIRS),
                        Recurrent(1, 0.0, 0.0, False, False, MATRIX, MATRIX, MATRICES)),
    Cycles: lambda: (cycles(), Cycles((), about=PLANE)),
    Bifurcation: lambda: (Bifurcation("fold", INF, NESTED, None, NAN, NEST),
                          Bifurcation("hopf", -0.0, TWO, INF, -INF, PLANE)),
    Branch: lambda: (branch(PLANE), orbits()),
    BifurcationDiagram: lambda: (diagram(), bare_diagram()),
    SpecialPoint: lambda: (SpecialPoint("cusp", np.array([-0.0, INF]), NESTED, NAN, NEST),),
    BifurcationCurve: lambda: (curve(PLANE), curve(kind="fold", frequencies=None, coefficients=None,
                               marks=(), ends=("range", "cusp"))),
    BifurcationCurves: lambda: (curves(), BifurcationCurves(
        ("a", "b"), ((0.0, 1.0), (0.0, 1.0)), (), (), LineChecks(0, 0), PLANE)),
    Course: lambda: (course(PLANE), course(PLANE, ends=NO_POINTS, counts=NO_INDICES, levels=NONE)),
    Comparison: lambda: (Comparison((course(), course(ends=NO_POINTS, counts=NO_INDICES)), PLANE),),
    DescentCheck: lambda: (descent(), descent(NEST), DescentCheck(
        True, True, -INF, NESTED, -0.0, 0, smallest_share=0.5, smallest_radius=INF, about=NEST)),
    AxiomCheck: lambda: (AxiomCheck((AxiomVerdict("even", False, INF, "é"),
                                     AxiomVerdict("zero", True, NAN, "")), NAN, PLANE),),
    BoundedBelow: lambda: (BoundedBelow(None, None, NAN, 3, about=PLANE),
                           BoundedBelow(False, TWO, -INF, 3, np.ones((2, 2)), False, PLANE)),
    Homogeneity: lambda: (Homogeneity(NAN, INF, False, 2, PLANE), Homogeneity(2.0, -0.0, True)),
    Landscape: lambda: (landscape(), landscape(STEPS, warnings=("é",))),
    Linearization: lambda: (Linearization(TWO, np.eye(2), PLANE),
                            Linearization(np.zeros((3, 2)), np.ones((3, 2, 2)), PLANE)),
    Exponents: lambda: tuple(
        Exponents(np.array(values), np.array(errors), divergence, 3, 2.0, 0.0, TWO, chaos, STEPS)
        for values, errors, divergence, chaos in (
            ([0.5, -INF], [NAN, INF], -INF, True), ([0.5, -1.0], [0.0, 1.0], -0.5, True),
            ([0.5], [0.1], NAN, True), ([NAN, NAN], [NAN, NAN], NAN, False))),
    Attractor: lambda: (Attractor("cycle", TWO, NAN, 1, 1.0, (-0.0, 1.0), "proved", PLANE),),
    Basins: basins,
    BasinFractions: lambda: (fractions(2), fractions(0)),
    EquilibriumWitness: lambda: (EquilibriumWitness(TWO, COMPLEX, 2.0, "not diagonalizable"),),
    CycleWitness: lambda: (CycleWitness(TWO, INF, COMPLEX, TWO, EDGES[:2], NAN, "flow"),),
    MeasureWitness: lambda: (MeasureWitness(EDGES, NAN, "é", ""),),
    Split: lambda: (split(NAN), split(-0.0)),
    Verdict: lambda: (verdict(), bare_verdict(), verdict(residual=0.0, landscape=None)),
    SymbolicVerdict: symbolic,
    Trajectory: trajectories,
    Samples: lambda: (samples(), samples(names=(), mean=NONE, sd=NONE, ess=NONE, rhat=NONE)),
    BiasLedger: lambda: (ledger(2), ledger(1)),
    LogPartition: lambda: (LogPartition(-INF, NAN, "é", 2.0, 3, about=PLANE),
                           LogPartition(INF, 0.0, "b", INF, 3, -0.0, 0.5, STEPS)),
}  # fmt: skip
