"""A stable equilibrium before it settles: reactivity and transient growth.

Eigenvalues decide how a perturbation ends; when the Jacobian is not normal it may first grow a
long way. Lengths are Euclidean, in the coordinates of the state, so they change with its units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.fields import to_fields
from thalweg.core.reports import TableReport, about_in
from thalweg.core.shapes import Num
from thalweg.dynamics.words import WORDS

_FINE = 2048  # eighths of 1/‖J‖: the first 256 units of the fastest rate, where sharp peaks are
# Times an octave: a peak is missed by 1/128 of its time, its height by the square of that.
_AN_OCTAVE = 64
_LONGEST = 200  # doublings: no stable J of float64 takes longer than 2²⁰⁰/‖J‖ to decay
_MOST_STEPS = 100_000  # a largest multiplier of 1 − 4e-4 decays to rounding within them
# Eigenvectors better than this leave half the digits; else `expm`, which is slower.
_BEST_CONDITION = 1e8


@dataclass(frozen=True, eq=False, repr=False)
class Transients(TableReport):
    """Growth of small perturbations on their way back; prints in two lines.

    Attributes:
        reactivity: the largest initial growth rate: of a flow λ_max((J + Jᵀ)/2), of a map log‖J‖₂.
            Positive: some perturbation grows at first, although the equilibrium is stable.
        growth: the largest amplification ever reached, max ‖e^{Jt}‖₂ or max ‖Jⁿ‖₂; at least 1.
        time: when it is reached: a time, or a number of steps; 0 when nothing grows.
        about: the system.
    """

    reactivity: float
    growth: float
    time: float
    about: About = UNSAID

    @property
    def title(self) -> str:
        """A line: the growth, and of which system."""
        whose = self.about.words if self.about.system else f"a linear {self.about.rule_kind}"
        return f"Transient growth {self.growth:.4g} of {whose}"

    def table(self) -> None:
        """None: two sentences say all."""
        return None

    def remarks(self) -> list[str]:
        """Sentences on when the growth is reached, and on how fast it begins."""
        words = WORDS[self.about.rule_kind]
        if self.growth <= 1.0:
            found = "No perturbation grows in length."
        elif not np.isfinite(self.growth):
            found = "Perturbations need not decay."
        else:
            found = f"The largest growth in length is reached at {words.moment(self.time)}."
        return [found, f"Reactivity {self.reactivity:.4g} {words.rate}."]

    def data(self) -> dict[str, Any]:
        """The three numbers."""
        return to_fields(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> Self:
        """The result that `to_dict` wrote; null is infinite: −∞ of the reactivity of x⁺ = 0."""
        ends = {"reactivity": -np.inf, "growth": np.inf, "time": np.inf}
        found = {name: end if data[name] is None else data[name] for name, end in ends.items()}
        return cls(**found, about=about_in(data, about))


def transients(jacobian: Num[np.ndarray, "d d"], rule_kind: str) -> Transients:
    """Reactivity and maximal transient growth at a stable equilibrium.

    Arguments:
        jacobian: the rule's own Jacobian, shape `(d, d)`: Df of a flow, Dg of a map.
        rule_kind: `"flow"` or `"map"`.

    Returns:
        The transients; growth and time are infinite where the equilibrium is not asymptotically
        stable.

    Example:
        >>> import numpy as np
        >>> sheared = np.array([[0.5, 10.0], [0.0, 0.5]])
        >>> round(transients(sheared, "map").growth, 3)
        10.025

    References:
        Neubert & Caswell (1997), Ecology 78:653 (reactivity); Trefethen & Embree (2005), Spectra
        and Pseudospectra, ch. 14–16.
    """
    jacobian = np.asarray(jacobian, dtype=np.float64)
    found = _of_flow(jacobian) if WORDS[rule_kind].is_continuous else _of_map(jacobian)
    return replace(found, about=About(rule_kind=rule_kind))


def _of_flow(jacobian: np.ndarray) -> Transients:
    reactivity = float(np.linalg.eigvalsh((jacobian + jacobian.T) / 2.0)[-1])
    if np.max(np.linalg.eigvals(jacobian).real) >= 0.0:
        return Transients(reactivity, np.inf, np.inf)
    if reactivity <= 0.0:
        return Transients(reactivity, 1.0, 0.0)
    amplification = _amplification(jacobian)
    # Once ‖e^{JT}‖ < 1, nothing after T exceeds what came before it: the norm is submultiplicative.
    unit = 1.0 / np.linalg.norm(jacobian, 2)
    octaves = next((k for k in range(_LONGEST) if amplification(unit * 2.0**k) < 1.0), _LONGEST)
    last = unit * 2.0**octaves
    within = 1.0 + np.arange(_AN_OCTAVE) / _AN_OCTAVE
    sparse = (unit * 2.0 ** np.arange(-2, octaves)[:, None] * within).ravel()
    fine = np.arange(1, _FINE) * unit / 8.0
    times = np.unique(np.concatenate([[0.0], fine[fine < last], sparse[sparse < last], [last]]))
    best = int(np.argmax([amplification(t) for t in times]))
    time = _maximize(amplification, times[max(best - 1, 0)], times[min(best + 1, len(times) - 1)])
    return Transients(reactivity, float(amplification(time)), float(time))


def _of_map(jacobian: np.ndarray) -> Transients:
    first = float(np.linalg.norm(jacobian, 2))
    with np.errstate(divide="ignore"):
        reactivity = float(np.log(first))
    if np.max(np.abs(np.linalg.eigvals(jacobian))) >= 1.0:
        return Transients(reactivity, np.inf, np.inf)
    growth, when, power = 1.0, 0, np.eye(len(jacobian))
    for step in range(1, _MOST_STEPS):
        power = power @ jacobian
        size = float(np.linalg.norm(power, 2))
        if size > growth:
            growth, when = size, step
        if size < 1.0:
            break
    return Transients(reactivity, growth, float(when))


def _amplification(jacobian: np.ndarray):
    """t ↦ ‖e^{Jt}‖₂, by eigenvectors where they are well conditioned, by `expm` where not."""
    values, vectors = np.linalg.eig(jacobian)
    if np.linalg.cond(vectors) < _BEST_CONDITION:
        inverse = np.linalg.inv(vectors)
        return lambda t: np.linalg.norm((vectors * np.exp(values * t)) @ inverse, 2)
    from scipy.linalg import expm

    return lambda t: np.linalg.norm(expm(jacobian * t), 2)


def _maximize(fn, low: float, high: float) -> float:
    """Golden-section search for the maximum of a function with one peak between the bounds."""
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = fn(left), fn(right)
    for _ in range(60):
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = fn(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = fn(left)
    return (low + high) / 2.0
