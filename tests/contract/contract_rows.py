"""Who is bound by the contract: one row for every energy, geometry, rule and kernel.

To enrol a class, add a row: a name, a function that makes an instance as a user would, and example
states (NumPy float64, small, where the thing is smooth). Built-in systems are enrolled by their row
in the registry.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from tests.contract.contract_examples import (
    BITS,
    BITS_OF_THREE,
    CHART,
    COUPLINGS,
    GRADED,
    HIGH,
    IN_TURN,
    LAW,
    LAYERS,
    LOADED,
    LOW,
    MODE_VECTORS,
    MODES,
    MOMENTS,
    NETWORK,
    PAIRS,
    PLANE,
    POOL_INPUT,
    RECTIFIED,
    SAMPLES,
    SPD,
    SPINS,
    SQUARE,
    STORED,
    THREE,
    TREE,
    WEIGHTS,
    Bent,
    Mixed,
    Ripple,
    Shaken,
    Stretch,
    first_sine,
    line_integral,
    ripple,
    series,
    switch,
    threshold,
    trained,
    two_step,
)

import thalweg as tw
from thalweg.analysis.continuation.map_cycles import Iterate
from thalweg.core.declared import declared_domain
from thalweg.dynamics import (
    BlockDescent,
    CovariantDescent,
    DenseSpins,
    Deterministic,
    Drift,
    GlauberSpins,
    Langevin,
    MirrorStep,
    Momentum,
    Moving,
    Phase,
    ProximalStep,
    RandomOrderSpins,
    SequentialSpins,
    SynchronousSpins,
    Underdamped,
)
from thalweg.energies import (
    ConfinedNetwork,
    ContinuousHopfield,
    DenseAssociative,
    DoubleWell,
    EquilibriumNetwork,
    FourWells,
    Hopfield,
    LagrangianHopfield,
    LogSumExp,
    ModernHopfield,
    MuellerBrown,
    NeuralEnergy,
    Pairwise,
    Polynomial,
    Quadratic,
    Restriction,
    Sum,
)
from thalweg.models import deep_linear, hopfield
from thalweg.models import normalization as reweighting
from thalweg.models.registry import ENTRIES
from thalweg.recovery.candidates.tensors import TensorEnergy
from thalweg.recovery.metrics.in_states import ChartMetric
from thalweg.sampling import (
    BAOAB,
    HMC,
    MALA,
    SGLD,
    BlockGibbs,
    DiscreteLangevin,
    FokkerPlanck,
    Gaussian,
    GaussianJKO,
    Glauber,
    NoisyGradient,
    ParallelTempering,
    QuantileFreeEnergy,
)
from thalweg.sampling.discrete.packed import PackedSweep
from thalweg.studies.inverse_energy.models import NetworkMap


@dataclass(frozen=True)
class Row:
    """One enrolled class.

    Attributes:
        name: shown by pytest.
        make: makes an instance, the same one each time.
        states: example states.
        rtol: of derivatives against central finite differences (step 1e-5).
        keeps_sum: whether states are shares, so that only directions of sum 0 stay among them.
    """

    name: str
    make: Callable[[], Any]
    states: tuple[Any, ...]
    rtol: float = 1e-6
    keeps_sum: bool = False


def cases(rows: tuple[Row, ...]) -> list[tuple[str, Row, Any]]:
    """A label, the row and the state, for every example state of every row."""
    return [
        (f"{row.name}-{index}" if len(row.states) > 1 else row.name, row, state)
        for row in rows
        for index, state in enumerate(row.states)
    ]


def example_of(domain: tw.Domain) -> Any:
    """A state inside, with nothing special about it."""
    chart = domain.chart()
    return chart.embed(chart.draw(np.random.default_rng(7), 1)[0])


def registered(base: type) -> tuple[Row, ...]:
    """The built-in systems of a kind, at their default parameters."""
    rows = []
    for entry in ENTRIES:
        if issubclass(entry.load_class(), base):
            domain = declared_domain(entry.create())
            assert domain is not None, entry.name
            rows.append(Row(entry.name, entry.create, (example_of(domain),)))
    return tuple(rows)


ENERGIES = (
    Row("hopfield", lambda: Hopfield(COUPLINGS, [0.1, -0.2, 0.3]), (THREE,)),
    Row("pairs", lambda: Pairwise(COUPLINGS, [0.1, -0.2, 0.3]), (THREE,)),
    Row("lattice", lambda: Pairwise.lattice([3], 0.7, 0.2), (THREE,)),
    Row("restricted machine", lambda: Pairwise.rbm(LOADED[:2, :1], 0.3), (THREE,)),
    Row("equilibrium network", lambda: EquilibriumNetwork(COUPLINGS, 0.1), (THREE,)),
    Row("smooth equilibrium network", lambda: GRADED, (THREE,)),
    Row("dense memory", lambda: DenseAssociative(LOADED, power=4), (THREE,)),
    Row("exponential memory", lambda: DenseAssociative(LOADED, "exponential"), (THREE,)),
    Row("modern hopfield", lambda: ModernHopfield(LOADED, 0.5), (THREE,)),
    Row("lagrangian", lambda: LagrangianHopfield(LogSumExp(0.5), LOADED, 0.1, 0.2), (THREE,)),
    Row("quantiles", lambda: QuantileFreeEnergy(DoubleWell(), 0.7), (np.sort(THREE),)),
    Row("continuous hopfield", lambda: ContinuousHopfield(SPD, 0.3), (THREE,)),
    Row("norm of a network", lambda: NeuralEnergy(RECTIFIED, "norm", 5.0), (THREE,)),
    Row("square of a network", lambda: NeuralEnergy(RECTIFIED, "squared-sum"), (THREE,)),
    Row("network in a bowl", lambda: ConfinedNetwork.random((3, 5), jax.random.key(0)), (THREE,)),
    Row("quadratic", lambda: Quadratic(SPD, [1.0, 0.0, -2.0]), (THREE, TREE)),
    Row("polynomial", lambda: Polynomial([0.5, -2.0, 0.3], [(2, 0), (1, 1), (0, 4)]), (PLANE,)),
    Row("double well", lambda: DoubleWell(2.0, 0.9, 0.3), (PLANE, TREE, np.array(0.4))),
    Row("four wells", FourWells, (PLANE,)),
    Row("mueller-brown", MuellerBrown, (np.array([-0.5, 0.8]),)),
    Row("sum", lambda: Sum((FourWells(), first_sine)), (PLANE,)),
    Row("scaled", lambda: np.float64(2.5) * DoubleWell(), (PLANE, TREE)),
    Row("restriction", lambda: Restriction(MuellerBrown(), [-0.5, 0.8], (1,)), (PLANE[:1],)),
    Row(
        "restriction of a tree",
        lambda: Restriction(DoubleWell(), {"u": [0.1, 0.2], "v": 0.3}, (2, 0)),
        (PLANE,),
    ),
    Row("line integral", line_integral, (PLANE,)),
    Row("series", series, (PLANE,)),
    Row("trained network", trained, (PLANE,)),
    Row("two-step", two_step, (PLANE,)),
    Row("threshold", threshold, (PLANE,)),
    Row(
        "tensor",
        lambda: TensorEnergy(CHART, np.linspace(-1.0, 1.0, 15).reshape(3, 5), (False, True)),
        (PLANE,),
    ),
    Row("cooperation", lambda: deep_linear.Cooperation(np.array([3.0, 1.0])), (MODE_VECTORS,)),
    Row("competition", deep_linear.Competition, (MODE_VECTORS,)),
    Row("pools of a held input", lambda: reweighting.PoolEnergy(POOL_INPUT), (THREE,)),
    Row("outputs of a held input", lambda: reweighting.OutputEnergy(POOL_INPUT), (THREE,)),
)

GEOMETRIES = (
    Row("euclidean", tw.Euclidean, (PLANE, TREE)),
    Row("constant", lambda: tw.ConstantMetric(SPD), (THREE, TREE)),
    Row("diagonal", lambda: tw.DiagonalMetric(Stretch()), (THREE, TREE)),
    Row("field", lambda: tw.MetricField(Bent()), (THREE, TREE)),
    Row("simplex", tw.Simplex, (THREE, {"a": THREE, "b": np.array([[0.6, 0.4], [0.1, 0.9]])})),
    Row("sphere", tw.Sphere, (THREE, TREE)),
    Row(
        "chart of a tree",
        lambda: ChartMetric(tw.Box(LOW, HIGH).chart(), tw.DiagonalMetric(Stretch())),
        (TREE,),
    ),
)

RULES = (
    Row(
        "covariant descent",
        lambda: CovariantDescent(FourWells(), 1.0, 0.2, 0.1, geometry=tw.DiagonalMetric(Stretch())),
        (PLANE,),
    ),
    Row(
        "network map",
        lambda: NetworkMap((SPD[:, :2], SPD[:2]), (THREE, PLANE), np.full(1, 0.5), True),
        (PLANE,),
    ),
    Row("block descent", lambda: BlockDescent(GRADED, nudge=0.3, outputs=SPINS > 0), (THREE,)),
    Row("synchronous spins", lambda: SynchronousSpins(Hopfield(COUPLINGS, 0.1)), (SPINS,)),
    Row("graded neurons", lambda: hopfield.GradedNeurons(ContinuousHopfield(SPD, 0.3)), (THREE,)),
    Row("dense spins", lambda: DenseSpins(DenseAssociative(LOADED)), (SPINS,)),
    Row("sequential spins", lambda: SequentialSpins(Hopfield(COUPLINGS, 0.1)), (SPINS,)),
    Row("network as flow", lambda: hopfield.NetworkFlow(RECTIFIED), (THREE,)),
    Row("steepest descent", lambda: tw.SteepestDescent(FourWells(), tw.Euclidean()), (PLANE,)),
    Row(
        "descent in a metric",
        lambda: tw.SteepestDescent(DoubleWell(), tw.MetricField(Bent())),
        (PLANE, TREE),
    ),
    Row(
        "gradient step",
        lambda: tw.GradientStep(Quadratic(SPD), np.float64(0.1), tw.ConstantMetric(SPD)),
        (THREE, TREE),
    ),
    Row("heavy ball", lambda: Momentum(Quadratic(SPD), 0.1, 0.5), (Moving(THREE, THREE[::-1]),)),
    Row(
        "nesterov",
        lambda: Momentum(DoubleWell(), np.float64(0.1), 0.5, nesterov=True),
        (Moving(TREE, HIGH),),
    ),
    Row("proximal step", lambda: ProximalStep(DoubleWell(), 0.1), (THREE, TREE)),
    Row("mirror step", lambda: MirrorStep(Quadratic(SPD), 0.3), (THREE,), keeps_sum=True),
    Row(
        "mirror step of a norm",
        lambda: MirrorStep(Quadratic(SPD), 0.1, tw.geometry.PNorm(1.5)),
        (THREE, TREE),
    ),
    Row(
        "mirror step at a barrier",
        lambda: MirrorStep(Quadratic(SPD), 0.1, tw.geometry.LogBarrier()),
        (THREE,),
    ),
    Row(
        "implicit step of gaussians",
        lambda: GaussianJKO(SPD, np.float64(0.7), 0.3),
        (Gaussian(THREE, np.diag([2.0, 1.0, 0.5])),),
    ),
    Row("fokker-planck", lambda: FokkerPlanck(LAW), (THREE,)),
    Row("function as flow", lambda: tw.as_flow(ripple, 0.4), (PLANE, TREE)),
    Row("function as map", lambda: tw.as_map(ripple, 0.4), (PLANE, TREE)),
    Row("iterate", lambda: Iterate(tw.as_map(switch), 3), (PLANE,)),
    Row("stroboscopic", lambda: tw.Stroboscopic(Ripple(), 1.5, steps=4), (PLANE,)),
    Row("drift of a diffusion", lambda: Drift(Shaken()), (TREE,)),
    Row("user's flow", Ripple, (TREE, np.array(0.2))),
    Row("deep network", lambda: deep_linear.DeepLinearNetwork(MOMENTS, (2, 3, 2)), (LAYERS,)),
    Row("deep descent", lambda: deep_linear.GradientDescent(MOMENTS, (2, 3, 2), 0.1), (LAYERS,)),
    Row(
        "online descent",
        lambda: deep_linear.OnlineDescent(*SAMPLES, (2, 3, 2), 0.1, batch_size=2),
        (LAYERS,),
    ),
    Row("mode flow", lambda: deep_linear.ModeFlow(np.array([3.0, 1.0])), (MODE_VECTORS,)),
    Row("decoupled modes", lambda: deep_linear.DecoupledModes(np.array([3.0, 1.0])), (MODES,)),
    Row("reduced flow", lambda: reweighting.ReducedFlow(POOL_INPUT), (THREE,)),
    Row("reduced map", lambda: reweighting.ReducedMap(POOL_INPUT), (THREE,)),
    Row("reweighting", lambda: reweighting.full_rule(NETWORK, IN_TURN), (WEIGHTS,)),
    Row(
        "factored reweighting",
        lambda: reweighting.factored_rule(NETWORK, IN_TURN),
        (WEIGHTS[:, :2],),
    ),
    Row(
        "averaged reweighting",
        lambda: reweighting.averaged_rule(NETWORK, IN_TURN.ensemble),
        (WEIGHTS,),
    ),
)

DIFFUSIONS = (
    Row("user's diffusion", Shaken, (TREE, PLANE)),
    Row("langevin", lambda: Langevin(DoubleWell(), np.float64(0.4)), (PLANE, TREE)),
    Row(
        "langevin in a diagonal metric",
        lambda: Langevin(DoubleWell(), 0.4, tw.DiagonalMetric(Stretch())),
        (TREE,),
    ),
    Row(
        "langevin in a metric",
        lambda: Langevin(DoubleWell(), 0.4, tw.MetricField(Bent())),
        (PLANE, TREE),
    ),
    Row("user's mixed noise", Mixed, (PLANE,)),
)

KERNELS = (
    Row("random-order spins", lambda: RandomOrderSpins(Hopfield(COUPLINGS, 0.1)), (SPINS,)),
    Row("glauber spins", lambda: GlauberSpins(Hopfield(COUPLINGS, 0.1), 0.8), (SPINS,)),
    Row(
        "baoab",
        lambda: Underdamped(DoubleWell(), np.float64(0.3), 0.5, 0.8),
        (Phase(PLANE, PLANE[::-1]), Phase(TREE, HIGH)),
    ),
    Row("obabo", lambda: Underdamped(DoubleWell(), 0.3, splitting="OBABO"), (Phase(PLANE, PLANE),)),
    Row("mala", lambda: MALA(0.1, 0.8).kernel(DoubleWell()), (PLANE, TREE)),
    Row("hmc", lambda: HMC(0.8, 3, step_size=0.2).kernel(DoubleWell()), (PLANE,)),
    Row("positions of baoab", lambda: BAOAB(0.1, 0.8).kernel(DoubleWell()), (PLANE,)),
    Row(
        "tempering",
        lambda: ParallelTempering(MALA(0.1), [0.5, 0.9, 2.0]).kernel(DoubleWell()),
        (PLANE,),
    ),
    Row("sgld", lambda: SGLD(0.1, 0.8).kernel(Quadratic(SPD)), (THREE,)),
    Row(
        "sgld with noise",
        lambda: SGLD(0.1, 0.8, NoisyGradient(0.3)).kernel(DoubleWell()),
        (THREE,),
    ),
    Row("blocks", lambda: BlockGibbs(0.8).kernel(PAIRS), (SPINS,)),
    Row("masked blocks", lambda: BlockGibbs(0.8, True).kernel(BITS), (BITS_OF_THREE,)),
    Row("packed spins", lambda: PackedSweep(Pairwise.lattice(4, 0.7), 2.0), (SQUARE,)),
    Row("proposals of flips", lambda: DiscreteLangevin(2.0, 0.8).kernel(PAIRS), (SPINS,)),
    Row("random visits", lambda: Glauber(0.8).kernel(PAIRS), (SPINS,)),
    Row("glauber on patterns", lambda: GlauberSpins(hopfield.hebb(STORED), 0.8), (SPINS,)),
)

ENERGY_CASES = cases(ENERGIES)
GEOMETRY_CASES = cases(GEOMETRIES)
RULE_CASES = cases(RULES + registered(Deterministic))
DIFFUSION_CASES = cases(DIFFUSIONS + registered(tw.Diffusion))
KERNEL_CASES = cases(KERNELS)
