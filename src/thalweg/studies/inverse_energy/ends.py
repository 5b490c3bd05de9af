"""Energies from end points alone: four wells, and what runs add to the ends of Müller–Brown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from thalweg.analysis import find_equilibria
from thalweg.core.domains import Box
from thalweg.core.trees import in_float64
from thalweg.dynamics import GradientStep, Map, SteepestDescent
from thalweg.energies import ConfinedNetwork, MuellerBrown
from thalweg.learning import Points, Training, certify
from thalweg.learning.inverse.training import Trained, train
from thalweg.studies.inverse_energy.measures import Unseen
from thalweg.studies.inverse_energy.models import WIDTHS
from thalweg.studies.inverse_energy.truths import Truth, distinct, last_states

WELLS = np.array([[a, b] for a in (-1.0, 1.0) for b in (-1.0, 1.0)])
WELL_BOX = Box([-2.0, -2.0], [2.0, 2.0])
_NEAR = 0.15  # below half the distance of any two rests: 2 of the wells, .8 of Müller–Brown
_STEPS_TO_REST = 3000  # of gradient descent, as many for a true energy as for a learned one
# A soft bowl: one as stiff as the wells are draws all points into one minimum at first.
_STIFFNESS = 0.05
_SADDLES = ((-0.822, 0.624), (0.212, 0.293))  # of Müller and Brown's surface (1979)
_NOISE = 0.02  # of measured ends, a hundredth of the distance between two wells
# Two of the minima of Müller–Brown are half the spread apart: wider nudges cross between them.
_NARROW = 0.2


@dataclass(frozen=True)
class Wells:
    """An energy learned from end points in numbers; of several, the median of each.

    Attributes:
        found: the wells at which one of 400 uniform starts comes to rest.
        spurious: the rests of those that are no wells.
        in_basin: the share of the learned starts that lie in the basin of their point.
        certified: the share of the points that are certified.
        curvature: the least eigenvalue of the Hessian at a rest of a point.
    """

    found: float
    spurious: float
    in_basin: float
    certified: float
    curvature: float


def well_points() -> np.ndarray:
    """Eight end points round each well, shape `(32, 2)`."""
    noise = np.asarray(jax.random.normal(jax.random.key(5), (4, 8, 2)), np.float64)
    return (WELLS[:, None] + _NOISE * noise).reshape(-1, 2)


def four_wells(keys: Sequence[Any], updates: int) -> tuple[Wells, Wells]:
    """From starts that are perturbed and drawn to a prior; and from z_i = x_i, with neither."""
    points = well_points()
    full = _learned(Points(points), keys, updates)
    bare = _learned(Points(points, width=0.0, prior=0.0), keys, updates)
    return full, bare


def _learned(data: Points, keys: Sequence[Any], updates: int) -> Wells:
    how = Training(updates=updates, rate=5e-3, held_out=0.0)
    trained = _trained(data, keys, how, 1.0)
    starts = np.asarray(jax.random.uniform(jax.random.key(4), (400, 2), minval=-2.0, maxval=2.0))
    found = []
    for candidate in trained.candidates:
        rule = _rule(candidate.energy, data)
        ends = np.asarray(last_states(rule, starts, _STEPS_TO_REST), np.float64)
        ends = np.where(np.isfinite(ends), ends, np.inf)
        gaps = np.linalg.norm(ends[:, None] - WELLS, axis=2)
        wrong = ends[np.min(gaps, axis=1) >= _NEAR]
        vouched = certify(in_float64(candidate.energy), data, candidate.hidden)
        found.append(
            Wells(
                int(np.sum(np.min(gaps, axis=0) < _NEAR)),
                len(distinct(wrong, _NEAR)),
                float(np.mean(vouched.in_basin)),
                vouched.share,
                float(np.min(vouched.curvatures)),
            )
        )
    return Wells(*np.median([list(vars(w).values()) for w in found], axis=0).tolist())


@dataclass(frozen=True)
class Portrait:
    """An energy of the plane against Müller–Brown in numbers; of several, the median of each.

    Attributes:
        angle: the median angle between its steps and the true ones along the tests, in degrees.
        right: the share of the tests that come to rest where they should.
        found: the true minima among its minima.
        spurious: its other minima in the box.
        saddles: how far the nearest saddles are from the two true ones, the larger distance.
    """

    angle: float
    right: float
    found: float
    spurious: float
    saddles: float


def rest_points(truth: Truth, tests: Unseen) -> Points:
    """The ends of the truth's runs followed to rest, as points, a little noise added."""
    noise = np.asarray(jax.random.normal(jax.random.key(6), tests.rests.shape), np.float64)
    return Points(tests.rests + _NOISE * noise, width=_NARROW)


def trained_on_ends(data: Points, keys: Sequence[Any], updates: int, sharpness: float) -> Trained:
    """Energies of end points, one a key."""
    how = Training(updates=updates, rate=5e-3, held_out=0.0)
    return _trained(data, keys, how, sharpness)


def portrait(energy: Any, step: Any, truth: Truth, tests: Unseen) -> Portrait:
    """Measures of an energy of the plane as a whole."""
    energy = in_float64(energy)
    rule = GradientStep(energy, step)
    moves = np.asarray(jax.vmap(lambda x: rule.step(0, x) - x)(tests.states.astype(np.float32)))
    sizes = np.linalg.norm(moves, axis=1) * np.linalg.norm(tests.moves, axis=1)
    cosines = np.sum(moves * tests.moves, axis=1) / np.maximum(sizes, np.finfo(float).tiny)
    angle = np.degrees(np.arccos(np.clip(np.median(cosines), -1.0, 1.0)))
    ends = np.asarray(last_states(rule, truth.tests.astype(np.float32), _STEPS_TO_REST))
    right = np.linalg.norm(ends - tests.rests, axis=1) < truth.tolerance
    found = find_equilibria(SteepestDescent(energy), MuellerBrown.domain)
    minima = np.array([e.state for e in found if e.kind == "sink"]).reshape(-1, 2)
    saddles = np.array([e.state for e in found if e.kind == "saddle"]).reshape(-1, 2)
    gaps = np.linalg.norm(minima[:, None] - tests.minima, axis=2)
    near = gaps < truth.tolerance
    away = np.linalg.norm(saddles[:, None] - np.array(_SADDLES), axis=2)
    return Portrait(
        float(angle),
        float(np.mean(right)),
        int(np.sum(np.any(near, axis=0))),
        int(np.sum(~np.any(near, axis=1))),
        float(np.max(np.min(away, axis=0))) if len(saddles) else float("inf"),
    )


def middle(portraits: Sequence[Portrait]) -> Portrait:
    """The median of each number."""
    return Portrait(*np.median([list(vars(p).values()) for p in portraits], axis=0).tolist())


def _trained(data: Points, keys: Sequence[Any], how: Training, sharpness: float) -> Trained:
    energies = [
        ConfinedNetwork.random((2, *WIDTHS), key, sharpness=sharpness, stiffness=_STIFFNESS)
        for key in keys
    ]
    return train(energies, data, how, keys[0])


def _rule(energy: Any, data: Points) -> Map:
    return GradientStep(energy, np.float32(data.step))  # type: ignore[arg-type]
