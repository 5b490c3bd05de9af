"""Every number of the study: what was learned from which data, beside what others reached."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from thalweg.studies.inverse_energy.ends import (
    Portrait,
    middle,
    portrait,
    rest_points,
    trained_on_ends,
)
from thalweg.studies.inverse_energy.measures import Score, Unseen, median, score
from thalweg.studies.inverse_energy.models import rules_of, trained_energies, trained_maps
from thalweg.studies.inverse_energy.truths import Truth

_CUT = 10  # steps of a run that is stopped long before it comes to rest
_UNWEIGHTED = 100.0  # times the median step: a floor above all steps makes weights equal


@dataclass(frozen=True)
class Learned:
    """The results of learning from runs down one truth.

    Attributes:
        truth: what made the runs.
        minima: how many it has.
        reached: how many of them the tests come to rest at.
        energy: the score of learned energies.
        adds: of maps x⁺ = x + g(x).
        maps: of maps x⁺ = f(x).
        energies: the energies themselves, one a key.
        tests: the truth at the tests.
        step: η of the energies.
    """

    truth: Truth
    minima: int
    reached: int
    energy: Score
    adds: Score
    maps: Score
    energies: tuple[Any, ...]
    tests: Unseen
    step: Any

    def scores(self) -> dict[str, Any]:
        """The numbers, by model."""
        named = {"energy": self.energy, "x+g": self.adds, "f": self.maps}
        return {"minima": self.minima, "reached": self.reached} | {
            name: vars(found) for name, found in named.items()
        }


def learned(truth: Truth, keys: Sequence[Any], effort: float) -> Learned:
    """Train energies and maps on the runs of a truth, and score them."""
    truth, data = shortened(truth, effort), truth.data()
    tests = Unseen.of(truth)
    gaps = np.linalg.norm(tests.rests[:, None] - tests.minima, axis=2)
    trained = trained_energies(truth, data, keys, truth.training)
    energy = median([score(rule, truth, tests) for rule in rules_of(trained, data)])
    adds, maps = (
        median([score(m, truth, tests) for m in trained_maps(truth, data, keys, adds)])
        for adds in (True, False)
    )
    return Learned(
        truth, len(tests.minima), len(np.unique(np.argmin(gaps, axis=1))), energy, adds, maps,
        tuple(found.energy for found in trained.candidates), tests, np.float32(data.step),
    )  # fmt: skip


def shortened(truth: Truth, effort: float) -> Truth:
    """The same with that share of the updates."""
    updates = max(1, round(effort * truth.training.updates))
    return replace(truth, training=replace(truth.training, updates=updates))


def without_weights(found: Learned, keys: Sequence[Any]) -> Score:
    """The score of energies that were trained on unweighted errors."""
    return _again(found, found.truth.data(floor=_UNWEIGHTED), keys)


def cut_short(found: Learned, keys: Sequence[Any]) -> Score:
    """The score of energies that saw the first steps of each run alone."""
    return _again(found, replace(found.truth, num_steps=_CUT).data(), keys)


def _again(found: Learned, data: Any, keys: Sequence[Any]) -> Score:
    truth = found.truth
    trained = trained_energies(truth, data, keys, truth.training)
    return median([score(rule, truth, found.tests) for rule in rules_of(trained, data)])


def runs_and_ends(
    found: Learned, keys: Sequence[Any], updates: int
) -> tuple[tuple[Portrait, Portrait], Any]:
    """Portraits of energies from runs and from where these end, and one energy of the latter."""
    truth, tests = found.truth, found.tests
    points = rest_points(truth, tests)
    trained = trained_on_ends(points, keys, updates, 1.0)
    from_runs = [portrait(energy, found.step, truth, tests) for energy in found.energies]
    ends = [candidate.energy for candidate in trained.candidates]
    from_ends = [portrait(energy, np.float32(points.step), truth, tests) for energy in ends]
    return (middle(from_runs), middle(from_ends)), ends[0]
