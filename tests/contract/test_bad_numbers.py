"""Numbers that make no sense are refused by name, whoever takes them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import Linear

import thalweg as tw
from thalweg.core.checks import check_count, check_finite, check_positive
from thalweg.dynamics import (
    CovariantDescent,
    GlauberSpins,
    MirrorStep,
    Momentum,
    ProximalStep,
)
from thalweg.energies import LogSumExp, ModernHopfield, Quadratic
from thalweg.learning import AdjointMethod, compare_adjoints, run_gradient
from thalweg.models import deep_linear as dl
from thalweg.models import hopfield
from thalweg.simulation import Adaptive, Settled, Stiff

PATTERNS = np.array([[1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]])
BOWL, MEMORY = Quadratic(np.eye(2)), hopfield.hebb(PATTERNS)
FLOW = Linear(-np.eye(2))


def along(method: AdjointMethod = "checkpointed", **options):
    return run_gradient(FLOW, jnp.sum, np.ones(2), (0.0, 1.0), method, **options)


def compared(**options):
    return compare_adjoints(FLOW, jnp.sum, np.ones(2), (0.0, 1.0), **options)


COUNTS = {
    "check_axioms: size": lambda v: tw.check_axioms(tw.SteepestDescent, size=v),
    "check_axioms: samples": lambda v: tw.check_axioms(tw.SteepestDescent, samples=v),
    "homogeneity_degree: size": lambda v: tw.homogeneity_degree(jnp.sum, v),
    "homogeneity_degree: samples": lambda v: tw.homogeneity_degree(jnp.sum, 2, samples=v),
    "check_bounded_below: size": lambda v: tw.check_bounded_below(BOWL, v),
    "check_bounded_below: rays": lambda v: tw.check_bounded_below(BOWL, 2, rays=v),
    "check_spin_descent: starts": lambda v: hopfield.check_spin_descent(MEMORY, starts=v),
    "check_spin_descent: sweeps": lambda v: hopfield.check_spin_descent(MEMORY, sweeps=v),
    "networks": lambda v: hopfield.capacity_curve(20, [0.1], networks=v),
    "patterns": lambda v: hopfield.capacity_curve(20, [0.1], patterns=v),
    "max_sweeps": lambda v: hopfield.retrieve(MEMORY, PATTERNS[0], max_sweeps=v),
    "layers": lambda v: along("layered", layers=v),
    "compare_adjoints: directions": lambda v: compared(directions=v),
    "compare_adjoints: runs": lambda v: compared(runs=v),
    "Adaptive: max_steps": lambda v: Adaptive(max_steps=v),
    "Stiff: max_steps": lambda v: Stiff(max_steps=v),
    "Stroboscopic: steps": lambda v: tw.Stroboscopic(FLOW, 1.0, steps=v),
    "CovariantDescent: probes": lambda v: CovariantDescent(BOWL, probes=v, key=jax.random.key(0)),
    "ensemble: chunk": lambda v: tw.ensemble(jnp.sum, np.ones((3, 2)), chunk=v),
    "widths": lambda v: dl.small_gaussian((2, v, 2)),
    "hidden": lambda v: dl.lambda_balanced(np.eye(2), v, 0.1),
}
POSITIVE = {
    "GradientStep: step_size": lambda v: tw.GradientStep(BOWL, v),
    "Momentum: step_size": lambda v: Momentum(BOWL, v),
    "ProximalStep: step_size": lambda v: ProximalStep(BOWL, v),
    "MirrorStep: step_size": lambda v: MirrorStep(BOWL, v),
    "GlauberSpins: temperature": lambda v: GlauberSpins(MEMORY, v),
    "ModernHopfield: temperature": lambda v: ModernHopfield(PATTERNS, v),
    "LogSumExp: temperature": LogSumExp,
    "Stroboscopic: period": lambda v: tw.Stroboscopic(FLOW, v),
    "Stroboscopic: rtol": lambda v: tw.Stroboscopic(FLOW, 1.0, rtol=v),
    "run_gradient: rtol": lambda v: along(rtol=v),
    "run_gradient: atol": lambda v: along(atol=v),
    "load": hopfield.mean_field_overlap,
    "Cooperation: tau": lambda v: dl.Cooperation(np.ones(2), v),
    "Competition: tau": dl.Competition,
    "ModeFlow: tau": lambda v: dl.ModeFlow(np.ones(2), v),
    "DecoupledModes: tau": lambda v: dl.DecoupledModes(np.ones(2), v),
}
FINITE = {
    "Settled: rtol": Settled,
    "Settled: atol": lambda v: Settled(atol=v),
    "CovariantDescent: c1": lambda v: CovariantDescent(BOWL, v),
    "Stroboscopic: phase": lambda v: tw.Stroboscopic(FLOW, 1.0, phase=v),
    "loads": lambda v: hopfield.capacity_curve(20, [v]),
    "flipped": lambda v: hopfield.capacity_curve(20, [0.1], flipped=v),
    "linearize: state and t": lambda v: tw.linearize(FLOW, np.array([0.0, v])),
    "run_gradient: times": lambda v: run_gradient(FLOW, jnp.sum, np.ones(2), (0.0, v)),
    "scale": lambda v: dl.small_gaussian((2, 2, 2), v),
    "balance": lambda v: dl.lambda_balanced(np.eye(2), 2, v),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    for value in (np.nan, np.inf, -1, 0, 2.5, True, "3", None):
        if value is None and name in _MAY_BE_NONE:
            continue
        with pytest.raises(tw.InputError, match=f"{name} must be"):
            COUNTS[name](value)


_MAY_BE_NONE = ("Stroboscopic: steps", "CovariantDescent: probes", "ensemble: chunk")


@pytest.mark.parametrize("name", POSITIVE)
def test_positive_numbers(name):
    for value in (np.nan, np.inf, -1.0, 0.0, True, "3"):
        with pytest.raises(tw.InputError, match=f"{name} must be"):
            POSITIVE[name](value)


@pytest.mark.parametrize("name", FINITE)
def test_finite_numbers(name):
    for value in (np.nan, np.inf, -np.inf):
        with pytest.raises(tw.InputError, match=f"{name} must be finite"):
            FINITE[name](value)


def test_what_makes_sense_passes():
    check_count("n", np.int64(3))
    check_count("n", 0, least=0)
    check_positive("x", jnp.bfloat16(2.0))
    check_positive("x", np.array([1, 2]))
    check_finite("x", np.float16(-3.0))
    jax.eval_shape(lambda x: check_positive("x", x), 1.0)  # a traced value


def test_states_and_losses_of_the_wrong_shape():
    with pytest.raises(tw.InputError, match=r"Linear: velocity fails for a state of shape \(3,\)"):
        tw.linearize(FLOW, np.ones(3))
    with pytest.raises(tw.InputError, match="loss_fn must return one number"):
        run_gradient(FLOW, lambda z: z, np.ones(2), (0.0, 1.0))
    with pytest.raises(tw.InputError, match=r"times must be \(t0, t1\)"):
        run_gradient(FLOW, jnp.sum, np.ones(2), (0.0, 1.0, 2.0))  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="start must be finite"):
        run_gradient(FLOW, jnp.sum, np.array([1.0, np.nan]), (0.0, 1.0))
    with pytest.raises(tw.InputError, match="flow must be a Flow, got GradientStep"):
        run_gradient(tw.GradientStep(BOWL, 0.1), jnp.sum, np.ones(2), (0.0, 1.0))  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match=r"seed must be .* of at least 0, got 2\.5"):
        tw.analyze(FLOW, tw.Box([-1.0, -1.0], [1.0, 1.0]), seed=2.5)  # type: ignore[arg-type]
