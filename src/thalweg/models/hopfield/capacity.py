"""Number of patterns that a Hebbian network holds: mean-field theory, and networks that are run.

At zero temperature the overlap m of a network with a stored pattern obeys

    m = erf(y),    y = m / √(2αr),    r = 1 / (1 − C)²,    C = √(2 / (π α r)) e^{−y²}

(Amit, Gutfreund & Sompolinsky 1985), which is one equation for y at each load α = P/N:

    √(2α) = erf(y)/y − (2/√π) e^{−y²}
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_count, check_finite, check_positive
from thalweg.core.errors import InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.progress import Progress
from thalweg.core.randomness import host_generator
from thalweg.core.reports import Table
from thalweg.core.tables import counted
from thalweg.dynamics.spins import RandomOrderSpins
from thalweg.energies.hopfield import Hopfield
from thalweg.models.hopfield.storage import hebb

# Sweeps settle within tens, since the energy falls at every flip: a guard, not a budget.
_MOST_SWEEPS = 1000


def _load_root(y: float) -> float:
    """√(2α) as a function of y = m / √(2αr)."""
    return math.erf(y) / y - 2.0 / math.sqrt(math.pi) * math.exp(-y * y)


def _slope(y: float) -> float:
    """Its derivative."""
    bell = 2.0 / math.sqrt(math.pi) * math.exp(-y * y)
    return bell / y - math.erf(y) / y**2 + 2.0 * y * bell


def _zero_of(fn: Callable[[float], float], low: float, high: float) -> float:
    """The zero of a function that is positive at `low` and negative at `high`."""
    from scipy.optimize import brentq

    found: Any = brentq(fn, low, high, xtol=1e-15)
    return float(found)


def capacity_limit() -> tuple[float, float]:
    """The load α_c beyond which no pattern is retrieved, and the overlap m_c there.

    Both belong to infinite networks, random patterns, Hebb's rule and zero temperature, and are
    solved for, where the load is largest as a function of y.

    Example:
        >>> from thalweg.models.hopfield import capacity_limit
        >>> [round(float(value), 6) for value in capacity_limit()]
        [0.137906, 0.967417]
    """
    y = _zero_of(_slope, 1.0, 3.0)
    return 0.5 * _load_root(y) ** 2, math.erf(y)


def mean_field_overlap(load: float) -> float:
    """The overlap m with a stored pattern at a load α = P/N: 0 beyond the limit.

    Raises:
        InputError: the load is not positive.
    """
    check_positive("load", load)
    limit, _ = capacity_limit()
    if load > limit:
        return 0.0
    root = math.sqrt(2.0 * load)
    y = _zero_of(lambda y: _load_root(y) - root, _zero_of(_slope, 1.0, 3.0), 1.0 / root + 1.0)
    return math.erf(y)


@dataclass(frozen=True, eq=False, repr=False)
class CapacityCurve(FieldsReport):
    """Overlaps with the pattern that a network was started at, once it has settled.

    Attributes:
        size: N.
        loads: α = P/N as it was run (P is an integer), `(L,)`.
        overlaps: |m| of every network and pattern, `(L, networks, patterns)`.
        theory: the mean-field overlap, `(L,)`.
        about: the rule of storage.
    """

    size: int
    loads: np.ndarray
    overlaps: np.ndarray
    theory: np.ndarray
    about: About = UNSAID

    @property
    def mean(self) -> np.ndarray:
        """The mean overlap, `(L,)`."""
        return self.overlaps.mean(axis=(1, 2))

    @property
    def median(self) -> np.ndarray:
        """The median overlap, `(L,)`; near the limit overlaps are bimodal."""
        return np.median(self.overlaps, axis=(1, 2))

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error of the mean, from the networks' means, which are independent, `(L,)`."""
        means = self.overlaps.mean(axis=2)
        return means.std(axis=1, ddof=1) / math.sqrt(means.shape[1])

    @property
    def title(self) -> str:
        """The rule of storage, and N."""
        by = f" by {self.about.system}" if self.about.system else ""
        return f"Overlaps with patterns stored{by}, N = {self.size}"

    def table(self) -> Table:
        """A row a load."""
        rows = zip(
            self.loads, self.mean, self.standard_error, self.median, self.theory, strict=True
        )
        return ["load α", "mean", "± s.e.", "median", "theory (N → ∞)"], [
            [f"{a:.4f}", f"{m:.5f}", f"{e:.5f}", f"{h:.5f}", f"{t:.6f}"] for a, m, e, h, t in rows
        ]

    def remarks(self) -> list[str]:
        """A sentence on how many networks and patterns the overlaps are of."""
        _, networks, patterns = self.overlaps.shape
        return [
            f"Of {counted(networks, 'network')} a load, each started at {patterns} of its patterns."
        ]


def capacity_curve(
    size: int,
    loads: Sequence[float],
    rule: Callable[[np.ndarray], Hopfield] = hebb,
    *,
    networks: int = 4,
    patterns: int = 16,
    flipped: float = 0.0,
    key: jax.Array | None = None,
) -> CapacityCurve:
    """Store random patterns, start at some of them, and see how far the network strays.

    Arguments:
        size: N. Small networks retrieve beyond α_c: compare several sizes before drawing a limit.
        loads: α = P/N, each.
        rule: makes the network of patterns `(P, N)`: `hebb`, `storkey`, `pseudo_inverse`.
        networks: independent networks a load, at least 2 (standard errors come from them).
        patterns: at how many of its patterns each is started (all if it has fewer).
        flipped: the share of spins turned in the start, to measure basins.
        key: the randomness; None means `jax.random.key(0)`.

    Raises:
        InputError: a number is out of its range.

    References:
        Amit, Gutfreund & Sompolinsky (1985), *Physical Review Letters* 55, 1530.
    """
    for name, value, least in (
        ("size", size, 2),
        ("networks", networks, 2),
        ("patterns", patterns, 1),
    ):
        check_count(name, value, least)
    check_finite("flipped", flipped)
    if not 0.0 <= flipped <= 1.0:
        raise InputError(f"flipped must be from 0 to 1, got {flipped}.")
    check_finite("loads", np.asarray(loads))
    counts = [round(load * size) for load in loads]
    if not counts or min(counts) < 1:
        raise InputError(f"loads must each be at least one pattern, 1/{size}, got {list(loads)}.")
    rng = host_generator(key)
    num_starts = min(patterns, min(counts))
    found = np.zeros((len(counts), networks, num_starts))
    with Progress("capacity", len(counts) * networks, unit="network") as progress:
        for i, count in enumerate(counts):
            for j in range(networks):
                stored = rng.choice(np.array([-1.0, 1.0], np.float32), (count, size))
                starts = stored[:num_starts].copy()
                turned = rng.random(starts.shape) < flipped
                network = rule(stored)
                matrix = Hopfield(network.weights.dense().astype(np.float32), network.bias)
                seed = rng.integers(2**31, dtype=np.uint32)
                ends = _settled(matrix, np.where(turned, -starts, starts), np.asarray(seed))
                found[i, j] = np.abs(np.mean(np.asarray(ends) * starts, axis=1))
                progress.update(i * networks + j + 1)
    real = np.array(counts) / size
    theory = np.array([mean_field_overlap(a) for a in real])
    stored_by = getattr(rule, "__name__", type(rule).__name__)
    return CapacityCurve(size, real, found, theory, About(stored_by, "kernel"))


@eqx.filter_jit
def _settled(network: Hopfield, starts: Any, seed: Any) -> jax.Array:
    """Ends of random-order updates, from each start in turn (a sweep's cost is its flips)."""
    kernel = RandomOrderSpins(network)

    def one(start: jax.Array) -> jax.Array:
        def goes_on(loop: Any) -> jax.Array:
            index, flips, _ = loop
            return (flips > 0) & (index < _MOST_SWEEPS)

        def again(loop: Any) -> Any:
            index, _, carry = loop
            key = jax.random.fold_in(jax.random.key(seed), index)
            carry, info = kernel.step(key, index, carry)
            return index + 1, info.flips, carry

        first = (jnp.int32(0), jnp.int32(1), kernel.init(start))
        return kernel.state(jax.lax.while_loop(goes_on, again, first)[2])

    return jax.lax.map(one, starts)
