"""Study `deep-linear-prior`: rich and lazy learning as λ goes from one layer to the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np

from thalweg.models import deep_linear as dl
from thalweg.simulation import simulate

# Inputs, hidden and outputs: with as many outputs as inputs, more and fewer.
SHAPES = {"square": (4, 4, 4), "widening": (4, 4, 8), "narrowing": (8, 4, 4)}


@dataclass(frozen=True)
class Regimes:
    """Change of the tangent kernel by learning, over λ, for one shape of network.

    Attributes:
        widths: the layer sizes.
        balances: the values of λ, `(n,)`.
        change: `|K(∞) − K(0)| / |K(0)|`, `(n,)`: near zero is lazy.
        distance: `1 − cos(K(0), K(∞))`, `(n,)`.
        theory_error: the largest gap between QQᵀ(t) of the closed form and of a simulation at the
            λ named in `checked`, relative to the largest entry.
        checked: the λ that were simulated.
    """

    widths: tuple[int, int, int]
    balances: np.ndarray
    change: np.ndarray
    distance: np.ndarray
    theory_error: np.ndarray
    checked: np.ndarray


def prior_regimes(
    widths: tuple[int, int, int] = SHAPES["square"],
    balances: Sequence[float] | np.ndarray | None = None,
    *,
    start_scale: float = 0.1,
    checked: Sequence[float] = (-50.0, -5.0, 0.0, 5.0, 50.0),
    key: jax.Array | None = None,
) -> Regimes:
    """Kernel change over learning for every λ, from the exact solution; some λ simulated as well.

    `balances` are 41 values from −50 to 50 unless given. The task has orthonormal modes with
    strengths from 3 to 1; every start has the same small random product.
    """
    num_in, hidden, num_out = widths
    balances = np.linspace(-50.0, 50.0, 41) if balances is None else balances
    task = _task(num_in, num_out, key)
    product = start_scale * dl.end_to_end(dl.small_gaussian(widths, 1.0 / np.sqrt(hidden), key))
    inputs = np.eye(num_in)
    change, distance = [], []
    for balance in balances:
        exact = dl.ExactLearning(task, dl.lambda_balanced(product, hidden, balance, key))
        first, last = (
            dl.tangent_kernel_from_grams(exact.input_gram(t), exact.output_gram(t), inputs)
            for t in (0.0, 1e4)
        )
        change.append(dl.kernel_change(first, last))
        distance.append(dl.kernel_distance(first, last))
    runs = gram_dynamics(widths, checked, start_scale=start_scale, key=key)
    return Regimes(
        widths=widths,
        balances=np.asarray(balances, dtype=float),
        change=np.array(change),
        distance=np.array(distance),
        theory_error=np.array([run.error for run in runs.values()]),
        checked=np.asarray(checked, dtype=float),
    )


def _task(num_in: int, num_out: int, key: jax.Array | None) -> dl.Covariances:
    # A stream of its own: with the start's, the task would share the start's singular vectors.
    own = jax.random.fold_in(jax.random.key(0) if key is None else key, 1)
    u, _, v = np.linalg.svd(dl.small_gaussian((num_in, num_out), 1.0, own)[0], full_matrices=False)
    return dl.Covariances((u * np.linspace(3.0, 1.0, min(num_in, num_out))) @ v)


@dataclass(frozen=True)
class GramRun:
    """QQᵀ of one network over learning, Q the stack of W¹ᵀ and W²: simulated, and in closed form.

    Attributes:
        times: `(T,)`.
        simulated: `(T, n, n)`.
        exact: `(T, n, n)`.
    """

    times: np.ndarray
    simulated: np.ndarray
    exact: np.ndarray

    @property
    def error(self) -> float:
        """The largest gap, relative to the largest entry."""
        gap = np.abs(self.exact - self.simulated).max()
        return float(gap / np.abs(self.simulated).max())


def gram_run(
    task: dl.Covariances,
    widths: tuple[int, int, int],
    start: tuple[np.ndarray, ...],
    duration: float = 4.0,
) -> GramRun:
    """Simulate a start, and solve it exactly, at the same 21 times."""
    with jax.enable_x64(True):
        rule = dl.DeepLinearNetwork(task, widths)
        run = simulate(rule, start, duration=duration, save=21, rtol=1e-9)
        first, second = (np.asarray(w) for w in run.states)
        times = np.asarray(run.times)
    q = np.concatenate([first.mT, second], axis=1)
    return GramRun(times, q @ q.mT, dl.ExactLearning(task, start).gram(times))


def gram_dynamics(
    widths: tuple[int, int, int],
    balances: Sequence[float],
    *,
    start_scale: float = 0.1,
    key: jax.Array | None = None,
) -> dict[float, GramRun]:
    """QQᵀ over learning at several λ, from starts of the same product."""
    num_in, hidden, num_out = widths
    task = _task(num_in, num_out, key)
    product = start_scale * dl.end_to_end(dl.small_gaussian(widths, 1.0 / np.sqrt(hidden), key))
    return {
        balance: gram_run(task, widths, dl.lambda_balanced(product, hidden, balance, key))
        for balance in balances
    }
