"""First look at a rule, at the starts: can it be analysed, and what are its typical sizes."""

import jax
import numpy as np

from thalweg.analysis.equilibria.search import ROUND, Probe, Scales, probe
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.dynamics.problem import Problem


def look_at(problem: Problem, key: jax.Array | None, given: np.ndarray | None) -> Probe:
    """Evaluate the rule at the first starts, and refuse one that cannot be analysed."""
    if given is None:
        look = look_around(problem, key)
    else:
        given = np.resize(given, (ROUND, given.shape[1]))
        look = jax.tree.map(np.asarray, probe(problem, key, np.asarray(0), given, ROUND))
    name = type(problem.rule).__name__
    if not np.any(np.all(np.isfinite(look.displacement), axis=1)):
        raise InputError(
            f"{name} is not finite at any of {counted(len(look.starts), 'point')} of the "
            f"domain, for example "
            f"at {look.starts[0]}. Choose a domain in which the rule is defined."
        )
    finite = np.where(np.isfinite(look.displacement), np.abs(look.displacement), 0.0)
    rounding = 1e-11 * max(float(np.max(finite)), 1e-300)
    look.change.refuse(problem.rule, "it has no equilibria", "analyse")
    if look.leak > 100.0 * rounding and look.leak > 1e-14:
        kept = " and ".join(problem.chart.totals_at) or "the sum of the state on the simplex"
        raise InputError(
            f"{name} does not keep {kept}, which the domain holds constant (it changes by "
            f"{look.leak:.3g}). Subtract the mean growth, or use a Box."
        )
    return look


def look_around(problem: Problem, key: jax.Array | None) -> Probe:
    """Evaluate the rule at random points of the domain."""
    return jax.tree.map(np.asarray, probe(problem, key, np.asarray(0), None, ROUND))


def typical_scales(problem: Problem, *looks: Probe) -> Scales:
    """Typical sizes in the domain. (Given starts alone do not show them: they may be at rest.)"""
    typical = np.max([_typical(look.displacement) for look in looks], axis=0)
    largest = max(float(np.max(typical)), 1e-300)
    typical = np.maximum(typical, 1e-12 * largest)
    return Scales(np.asarray(problem.chart.widths), np.where(typical > 1e-290, typical, 1.0))


def _typical(displacement: np.ndarray) -> np.ndarray:
    """The median size of each component, or its mean where the median says too little."""
    size = np.abs(displacement)
    size = size[np.all(np.isfinite(size), axis=1)]
    if not len(size):
        return np.zeros(displacement.shape[1])
    median, mean = np.median(size, axis=0), np.mean(size, axis=0)
    return np.where(median > 1e-3 * mean, median, mean)
