"""A grid world from its shortest paths, and Ornstein–Uhlenbeck from its transitions."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from scipy.stats import rankdata

from thalweg.core.randomness import host_generator
from thalweg.learning import Langevin, Training, learn_graph_energy
from thalweg.learning.inverse.losses import transition_loss
from thalweg.learning.inverse.training import train

_SIZE = 12  # cells a side: walls make detours, and all values fit in one figure
_GOAL = (10, 2)  # row and column: behind the walls from most cells
_WALKS = 40  # shortest walks that are shown, of some hundred cells: most cells are passed
_MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1))  # down, up, right and left

# Of an Ornstein–Uhlenbeck process, T, and time between two snapshots: 14 % is forgotten.
RATE, TEMPERATURE, DURATION = 1.5, 1.0, 0.1


@dataclass(frozen=True)
class GridScore:
    """An energy of the cells of a grid in numbers.

    Attributes:
        spearman: its rank correlation with the distance to the goal.
        shortest: the share of the cells from which the way down is a shortest path to the goal.
        minima: how many there are.
        unseen: the cells on no walk.
        values: E, with NaN in the walls, shape `(12, 12)`.
    """

    spearman: float
    shortest: float
    minima: int
    unseen: int
    values: np.ndarray


def walls() -> np.ndarray:
    """The walls, truths of shape `(12, 12)`."""
    wall = np.zeros((_SIZE, _SIZE), dtype=bool)
    wall[3, 2:11] = wall[8, 0:8] = True
    wall[5:8, 9] = True
    return wall


def grid_world(key: jax.Array) -> GridScore:
    """Learn the energy of the cells from 40 shortest paths of uniform cells, ties at random."""
    cells = [tuple(map(int, cell)) for cell in np.argwhere(~walls())]
    index = {cell: i for i, cell in enumerate(cells)}
    near = [[index[to] for a, b in _MOVES if (to := (r + a, c + b)) in index] for r, c in cells]
    rows = np.repeat(np.arange(len(cells)), list(map(len, near)))
    graph = csr_array((np.ones(len(rows)), (rows, np.concatenate(near))))
    distance = shortest_path(graph, unweighted=True, indices=index[_GOAL])
    rng, walks = host_generator(key), []
    while len(walks) < _WALKS:
        walk = [int(rng.integers(len(cells)))]
        while distance[walk[-1]] > 0:
            lower = [v for v in near[walk[-1]] if distance[v] < distance[walk[-1]]]
            walk.append(int(rng.choice(lower)))
        if len(walk) > 1:  # a walk from the goal itself says nothing
            walks.append(walk)
    found = learn_graph_energy(walks, near)
    descents = [found.path_down(i) for i in range(len(cells))]
    is_short = [w[-1] == index[_GOAL] and len(w) - 1 == distance[w[0]] for w in descents]
    values = np.full((_SIZE, _SIZE), np.nan)
    values[tuple(np.transpose(cells))] = found.values
    return GridScore(
        float(np.corrcoef(rankdata(found.values), rankdata(distance))[0, 1]),
        float(np.mean(is_short)),
        len(found.minima),
        len(cells) - len(np.unique(np.concatenate(walks))),
        values,
    )


@dataclass(frozen=True)
class OrnsteinUhlenbeck:
    """Estimates of E = ½λx² and T from transitions of Δt = .1.

    Attributes:
        rate: the estimate of λ by the likelihood of exact transitions.
        rate_error: its standard error.
        temperature: that of T.
        temperature_error: its standard error.
        euler: the estimate of λ by the likelihood of Euler steps.
        euler_limit: where that goes with ever more data, (1 − e^{−λΔt})/Δt.
        transitions: how many were seen.
    """

    rate: float
    rate_error: float
    temperature: float
    temperature_error: float
    euler: float
    euler_limit: float
    transitions: int


class _Bowl(eqx.Module):
    """½ λ |x|²."""

    rate: Any

    def __call__(self, state: Any) -> Any:
        return 0.5 * self.rate * jnp.sum(state**2)


def ornstein_uhlenbeck(key: jax.Array, runs: int = 40, length: int = 500) -> OrnsteinUhlenbeck:
    """Learn λ and T from runs that begin at rest."""
    rho = np.exp(-RATE * DURATION)
    noise = host_generator(key).standard_normal((length + 1, runs))
    spread = np.sqrt(TEMPERATURE / RATE)
    states = np.empty((length + 1, runs))
    states[0] = spread * noise[0]
    for i in range(length):
        states[i + 1] = rho * states[i] + spread * np.sqrt(1.0 - rho**2) * noise[i + 1]
    data = Langevin(states.T[:, :, None], DURATION)
    count = len(data.owner)
    how = Training(updates=300, rate=0.05, batch_size=count, held_out=0.0)
    trained = train([_Bowl(np.ones(()))], data, how, key).candidates[0]
    x, y = states[:-1].ravel(), states[1:].ravel()
    theta = np.array([float(trained.energy.rate), np.exp(float(trained.hidden))])
    with jax.enable_x64(True):
        curvature = np.asarray(_information(theta, x[:, None], y[:, None]))
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    euler = (1.0 - np.sum(x * y) / np.sum(x * x)) / DURATION
    limit = (1.0 - rho) / DURATION
    return OrnsteinUhlenbeck(
        float(theta[0]), float(errors[0]), float(theta[1]), float(errors[1]),
        float(euler), float(limit), count,
    )  # fmt: skip


@eqx.filter_jit
def _information(theta: Any, x: Any, y: Any) -> Any:
    """The Hessian of the negative log-likelihood in λ and T."""

    def total(theta: Any) -> Any:
        def one(a: Any, b: Any) -> Any:
            return transition_loss(_Bowl(theta[0]), a, b, DURATION, theta[1])

        return jnp.sum(jax.vmap(one)(x, y))

    return jax.hessian(total)(theta)
