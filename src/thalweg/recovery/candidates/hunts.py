"""Points for trying an energy: round equilibria, all over the region, at the ends of hunts."""

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.batches import in_batches
from thalweg.recovery.candidates.fall import HUNTS, NEAREST, hunt
from thalweg.recovery.question import Question

# A fall below this is not told from none, and one below the other is trusted only where the rule
# itself hardly allows more: dE/dt relative to |∇E| |f|.
LEAST_FALL, _CLEAR_FALL = 1e-6, 1e-3
CHECKED = "Checked, not proved."  # the end of a note on an energy, until a proof is found
_NUM_POINTS = 1024  # of the region, for a fit; the check looks at four times as many
_NUM_AROUND = 128  # round each equilibrium, where falls are of second order and hardest to see


def centres_of(question: Question) -> np.ndarray:
    """The equilibria in coordinates, shape `(m, d)`."""
    states = [question.chart.coordinates(e.state) for e in question.equilibria]
    return np.asarray(states).reshape(len(states), question.size)


def sample_points(question: Question, centres: np.ndarray) -> np.ndarray:
    """Random points of the region, and points around every equilibrium at all distances."""
    region, chart = question.region, question.chart
    parts = [region.draw(_NUM_POINTS)]
    for centre in centres:
        directions = region.rng.normal(size=(_NUM_AROUND, question.size))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        radii = 10.0 ** region.rng.uniform(-3.5, -0.5, (_NUM_AROUND, 1))
        around = chart.wrap(centre + radii * directions * np.asarray(chart.widths))
        parts.append(around[np.asarray(chart.inside(around)) & region.sees(around)])
    return np.concatenate(parts)


def hunt_rises(
    question: Question, energy: Any, centres: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The lowest points that hunts met outside the equilibria, and the fall there.

    Their starts `(n, d)` are hunted from `HUNTS` at a time.
    """
    points, falls = in_batches(lambda some: hunt(question.problem, energy, some), starts, HUNTS)
    outside = ~is_near(question, points, centres) & question.region.sees(points)
    falls = np.where(np.isfinite(falls), falls, -1.0)
    return points[outside], falls[outside]


def fresh_and_known(question: Question, known: np.ndarray) -> np.ndarray:
    """Points, `HUNTS` in all: half at random in the region, half picks of `known`."""
    fresh = question.region.draw(HUNTS // 2)
    picks = question.region.rng.integers(len(known), size=HUNTS - len(fresh))
    return np.concatenate([fresh, known[picks]])


def is_near(question: Question, points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Truths `(n,)`: the points within `NEAREST` of an equilibrium, in units of the domain."""
    near, widths = np.zeros(len(points), dtype=bool), np.asarray(question.chart.widths)
    for centre in centres:
        gaps = question.chart.difference(points, centre[None]) / widths
        near |= np.sum(gaps**2, axis=1) < NEAREST**2
    return near


def falls_at_centres(
    question: Question, gradients: Callable[[np.ndarray], np.ndarray], centres: np.ndarray
) -> bool:
    """True if the second derivative falls strictly at every hyperbolic equilibrium.

    Arguments:
        question: the rule and its equilibria.
        gradients: ∇E at points `(n, d)`.
        centres: the equilibria in coordinates.
    """
    widths = np.asarray(question.chart.widths)
    step = 1e-4
    for equilibrium, centre in zip(question.equilibria, centres, strict=True):
        jacobian = equilibrium.jacobian * (widths[None, :] / widths[:, None])
        if equilibrium.kind in ("non-hyperbolic", "center"):
            continue  # its Jacobian decides nothing; the hunts around it do
        shifts = step * np.diag(widths)
        ahead = gradients(centre + shifts) - gradients(centre - shifts)
        hessian = ahead * widths / (2.0 * step)
        hessian = (hessian + hessian.T) / 2.0
        change = question.rule.quadratic_rise(hessian, jacobian)
        size = np.linalg.norm(hessian) * max(np.linalg.norm(jacobian), 1e-300)
        if np.linalg.eigvalsh(change)[-1] > -LEAST_FALL * size:
            return False
    return True


def least_fall(question: Question) -> float:
    r"""The fall that an energy must show everywhere, in [1e-6, 1e-3].

    It is 1e-3 of what the linear rule at an equilibrium allows about: an energy that is diagonal in
    the eigenvectors V falls there at a cosine of about |Re λ| / (|λ| cond(V)²).
    """
    widths, rule = np.asarray(question.chart.widths), question.rule
    shift = np.asarray(rule.own_jacobian(np.zeros((question.size,) * 2)))
    allowed = 1.0
    for equilibrium in question.equilibria:
        if equilibrium.kind in ("non-hyperbolic", "center"):
            continue
        own = np.asarray(equilibrium.jacobian) * (widths[None, :] / widths[:, None])
        values, vectors = np.linalg.eig(own)
        speeds = np.abs(values - np.diag(shift)) + np.finfo(float).tiny
        rates = np.abs(np.asarray(rule.growth(values))) / speeds
        allowed = min(allowed, float(np.min(rates)) / float(np.linalg.cond(vectors)) ** 2)
    return float(np.clip(_CLEAR_FALL * allowed, LEAST_FALL, _CLEAR_FALL))


def in_words(question: Question, subject: str, checked: object, worst: float) -> str:
    """Finding in words: an energy, where it falls, and how narrowly.

    Arguments:
        question: the rule and the region.
        subject: the energy, as the sentence begins.
        checked: how it was checked, apart from how it was found, in words.
        worst: the smallest fall that this met.
    """
    if question.rule.has_continuous_time:
        rate, margin = "dE/dt < 0", f"a cosine of {worst:.1e} between −∇E and the rule"
    else:
        rate, margin = "E(x⁺) < E(x)", f"a fall of {worst:.1e} |∇E| |x⁺ − x|"
    return (
        f"{subject} falls: {rate} in the region, except within {NEAREST:.0e} of its widths of an "
        f"equilibrium. Apart from how it was found, {checked} left {margin} or more. "
        f"{CHECKED}"
    )
