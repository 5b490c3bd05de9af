"""Measures of a model of runs: its steps, its rests, and how many of them are right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.dynamics import Map
from thalweg.studies.inverse_energy.truths import Truth, distinct, followed, last_states

_STEPS_TO_REST = 3000  # of a model, from the tests
_FLOOR = 0.02  # of an error relative to a step, as a share of the median step


@dataclass(frozen=True)
class Score:
    """A model of runs in numbers; of several, the median of each.

    Attributes:
        error: the median relative error of its steps along the tests' true runs.
        right: the share of the tests that come to rest where they should.
        found: the true minima that some test of the model comes to rest at.
        spurious: the rests of the tests that are no true minima.
    """

    error: float
    right: float
    found: float
    spurious: float


@dataclass(frozen=True)
class Unseen:
    """The truth at the tests, computed once.

    Attributes:
        states: along their true runs, shape `(m, d)`.
        moves: −η∇E there.
        rests: where they end.
        minima: all true minima.
    """

    states: np.ndarray
    moves: np.ndarray
    rests: np.ndarray
    minima: np.ndarray

    @classmethod
    def of(cls, truth: Truth) -> "Unseen":
        """Run the truth."""
        runs = followed(truth.rule, truth.tests, truth.num_steps + 1)
        size = runs.shape[-1]
        states, moves = runs[:, :-1].reshape(-1, size), np.diff(runs, axis=1).reshape(-1, size)
        return cls(states, moves, truth.rests(), truth.minima())


def score(model: Map, truth: Truth, tests: Unseen) -> Score:
    """The measures of one model."""
    moves = np.asarray(_moves(model, np.asarray(tests.states, np.float32)))
    sizes = np.linalg.norm(tests.moves, axis=1)
    misses = np.linalg.norm(moves - tests.moves, axis=1)
    error = float(np.median(misses / (sizes + _FLOOR * np.median(sizes))))
    ends = np.asarray(last_states(model, np.asarray(truth.tests, np.float32), _STEPS_TO_REST))
    ends = np.where(np.isfinite(ends), ends, np.inf)
    right = np.linalg.norm(ends - tests.rests, axis=1) < truth.tolerance
    gaps = np.linalg.norm(ends[:, None] - tests.minima, axis=2)
    found = np.sum(np.min(gaps, axis=0) < truth.tolerance)
    wrong = ends[np.min(gaps, axis=1) >= truth.tolerance]
    return Score(error, float(np.mean(right)), int(found), len(distinct(wrong, truth.tolerance)))


def median(scores: Sequence[Score]) -> Score:
    """The median of each number."""
    return Score(*np.median([list(vars(s).values()) for s in scores], axis=0).tolist())


@eqx.filter_jit
def _moves(model: Map, states: Any) -> Any:
    return jax.vmap(lambda x: model.step(0, x) - x)(states)
