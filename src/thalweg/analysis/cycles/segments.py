"""The segments of closed orbits, run in as few batches as they fit."""

import numpy as np

from thalweg.analysis.cycles.shooting import Guess, Segments
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundles import LANES, run_to_end


def run_segments(problem: Problem, guesses: list[Guess], tolerances: list[float]) -> list[Segments]:
    """Run the segments of several closed orbits, in as few batches as they fit."""
    nodes = np.concatenate([g.nodes for g in guesses])
    direction = np.concatenate([np.full(len(g.nodes), g.direction) for g in guesses])
    times = np.concatenate([g.shares * g.period for g in guesses])
    scale = np.concatenate([np.broadcast_to(g.scale, g.nodes.shape) for g in guesses])
    relative = np.concatenate([np.broadcast_to(g.relative, g.nodes.shape) for g in guesses])
    runs = []
    for part in (slice(i, i + LANES) for i in range(0, len(nodes), LANES)):
        lanes = (nodes[part], times[part], direction[part])
        runs.append(run_to_end(problem, *lanes, min(tolerances), scale[part], relative[part]))
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
