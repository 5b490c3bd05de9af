"""The segments of closed orbits, run in as few batches as they fit."""

import numpy as np

from thalweg.analysis.cycles.shooting import Guess, Segments
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundles import LANES, run_to_end


def run_segments(problem: Problem, guesses: list[Guess], tolerances: list[float]) -> list[Segments]:
    """Run the segments of several closed orbits, in as few batches as they fit."""
    found: dict[int, Segments] = {}
    for is_stiff in (False, True):
        some = [i for i, guess in enumerate(guesses) if guess.is_stiff == is_stiff]
        if some:
            tolerance = min(tolerances[i] for i in some)
            parts = _run(problem, [guesses[i] for i in some], tolerance, is_stiff)
            found |= dict(zip(some, parts, strict=True))
    return [found[i] for i in range(len(guesses))]


def _run(
    problem: Problem, guesses: list[Guess], tolerance: float, is_stiff: bool
) -> list[Segments]:
    nodes = np.concatenate([g.nodes for g in guesses])
    direction = np.concatenate([np.full(len(g.nodes), g.direction) for g in guesses])
    times = np.concatenate([g.shares * g.period for g in guesses])
    scale = np.concatenate([np.broadcast_to(g.scale, g.nodes.shape) for g in guesses])
    relative = np.concatenate([np.broadcast_to(g.relative, g.nodes.shape) for g in guesses])
    runs = []
    for part in (slice(i, i + LANES) for i in range(0, len(nodes), LANES)):
        lanes = (nodes[part], times[part], direction[part])
        runs.append(run_to_end(problem, *lanes, tolerance, scale[part], relative[part], is_stiff))
    cuts = np.cumsum([len(g.nodes) for g in guesses])[:-1]
    ends = np.concatenate([run[-1].z[:, -1] for run in runs])
    columns = (
        ends,
        np.concatenate([run[-1].tangents for run in runs]),
        direction[:, None] * np.concatenate([run[0].velocity[:, 0] for run in runs]),
        direction[:, None] * np.concatenate([run[-1].velocity[:, -1] for run in runs]),
    )
    split = zip(*(np.split(column, cuts) for column in columns), strict=True)
    return [Segments(*parts) for parts in split]
