"""A network trained to fall along a rule, and trained again wherever a hunt finds that it rises."""

import jax
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.recovery.candidates.acceptance import check_accepted
from thalweg.recovery.candidates.derivatives import derivatives_of
from thalweg.recovery.candidates.fall import HUNTS, fall_at_points, walk
from thalweg.recovery.candidates.hunts import (
    centres_of,
    falls_at_centres,
    fresh_and_known,
    hunt_rises,
    in_words,
    sample_points,
)
from thalweg.recovery.candidates.network import (
    NUM_UNITS,
    NetworkEnergy,
    make_network,
    train,
)
from thalweg.recovery.candidates.random_units import frame_of
from thalweg.recovery.question import Question

_WHAT = f"trained network of {NUM_UNITS} units"
_ROUNDS = 8  # trainings, each with the worst places of the last: they bound what a failure costs
# A network is trusted only where it falls clearly: hunts that end at less are counterexamples.
_LEAST = 1e-3
# What is learned from is more than what would refute, so that a fit leaves some room.
_ROOM = 0.1
_HALF = 2048  # of the samples are uniform, the others from hunts, so that neither is forgotten
_NUM_HUNTS = 4  # times 256, a quick look after each training; a failure needs no more
_NUM_LAST_HUNTS = 16  # times 256, before an energy is handed out


def trained_network(
    question: Question,
) -> tuple[NetworkEnergy | None, float, str, NetworkEnergy | None]:
    """Train a network at samples, hunt for points where it rises, add them, and train again.

    Hunts start anywhere, at the samples, and where the rule itself leads (forward and backward).
    When none succeeds, four times as many have to fail as well, and then a check apart from them.

    Returns:
        The energy or None, the smallest fall that was met, what happened in words, and the best
        candidate where none was accepted.
    """
    centres = centres_of(question)
    energy = _first(question, centres)
    points = sample_points(question, centres)
    (falls,) = in_batches(lambda some: (fall_at_points(question.problem, energy, some),), points)
    points = points[np.isfinite(falls)]
    if not len(points):
        return None, float("nan"), "The rule is finite at no sample.", None
    rng = question.region.rng
    base, found = points[rng.integers(len(points), size=_HALF)], points[:0]
    num_hunts, worst, best, candidate = 0, float("nan"), -np.inf, None
    for _ in range(_ROUNDS):
        # Always as many points: the compiled program serves every round.
        data = np.concatenate([base, np.resize(found, base.shape) if len(found) else base])
        trained = train(question.problem, energy, data, jax.random.key(int(rng.integers(2**31))))
        if trained is None:
            return None, worst, "The training of a network left the finite.", candidate
        energy = trained
        for count in (_NUM_HUNTS, _NUM_LAST_HUNTS):
            lowest, falls = _hunts(question, energy, centres, data, count)
            num_hunts, worst = num_hunts + count * HUNTS, float(min(falls, default=-1.0))
            if worst < _LEAST:
                break
        else:
            derivatives = derivatives_of(question.chart, energy)
            if falls_at_centres(question, derivatives.gradients, centres):
                checked = check_accepted(question, energy, derivatives, centres, _LEAST)
                worst = checked.worst
                if checked.holds:
                    return energy, worst, in_words(question, f"A {_WHAT}", checked, worst), None
                lowest, falls = checked.where, np.full(len(checked.where), -1.0)
        if worst > best:
            best, candidate = worst, energy
        order = np.argsort(falls)[: _HALF // 4]
        found = np.concatenate([found, lowest[order[falls[order] < _ROOM]]])[-_HALF:]
    note = (
        f"A {_WHAT}, trained {_ROUNDS} times, falls too little or rises: the worst of {num_hunts} "
        f"hunts ended at a fall of {worst:.1e} |∇E| |f|; another energy may fall."
    )
    return None, worst, note, candidate


def _first(question: Question, centres: np.ndarray) -> NetworkEnergy:
    lower, angles = frame_of(question.chart)
    network = make_network(len(angles) + sum(angles), question.region.rng)
    return NetworkEnergy(question.chart, lower, centres, network, angles)


def _hunts(
    question: Question, energy: NetworkEnergy, centres: np.ndarray, known: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of `count` times `HUNTS` hunts, and the falls there."""
    parts = []
    for index in range(count):
        starts = fresh_and_known(question, known)
        if index % 2:
            starts = np.asarray(walk(question.problem, starts))
        parts.append(hunt_rises(question, energy, centres, starts))
    points, falls = zip(*parts, strict=True)
    return np.concatenate(points), np.concatenate(falls)
