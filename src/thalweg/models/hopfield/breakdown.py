"""Load at which retrieval breaks down: at a finite size, and extrapolated to infinite networks.

Infinite networks lose their patterns at one load α_c, where the retrieval state merges with a
saddle (its overlap falls like a square root, to m_c, and is gone). Of finite networks each breaks
down at a load of its own. Where a transition of this kind has been worked out exactly, the cores of
random hypergraphs (Dembo & Montanari 2008), these loads scatter with N^{−1/2}, by the disorder,
around a middle that is off by N^{−2/3}, by what fluctuates in one run near the merger:

    α_half(N) = α_c + b N^{−2/3}

For Hopfield networks nobody has proved it, so the power is an argument.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.fields import FieldsReport
from thalweg.models.hopfield.capacity import CapacityCurve

# Of a concave likelihood in two numbers: ten do, more where shares are near 0 or 1.
_NEWTON_STEPS = 50


@dataclass(frozen=True, eq=False, repr=False)
class Breakdown(FieldsReport):
    """The load at which half of the retrievals succeed, for networks of one size.

    Attributes:
        size: N.
        load: α_half.
        standard_error: of it, by leaving out one network at a time.
        width: w of the share that succeeds, 1 / (1 + exp((α − α_half) / w)).
        about: the rule of storage.
    """

    size: int
    load: float
    standard_error: float
    width: float
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The load and its standard error."""
        return f"Half of the retrievals succeed at α = {self.load:.5f} ± {self.standard_error:.5f}"

    def table(self) -> None:
        """Nothing: there is one number."""

    def remarks(self) -> list[str]:
        """N, and how sharply retrieval ends."""
        return [f"N = {self.size}; the share that succeeds falls over a width of {self.width:.2g}."]


@dataclass(frozen=True, eq=False, repr=False)
class Extrapolation(FieldsReport):
    """A straight line through loads over a power of 1/N, and where it ends for N → ∞.

    Attributes:
        limit: the load for N → ∞.
        standard_error: of the limit, if the power is right.
        slope: b of limit + b N^{−power}.
        power: the power of 1/N.
        chi_squared: Σ (distance from the line / standard error)², to compare with the number of
            sizes less two.
        about: the rule of storage.
    """

    limit: float
    standard_error: float
    slope: float
    power: float
    chi_squared: float
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The limit and its standard error."""
        return f"For N → ∞: α = {self.limit:.5f} ± {self.standard_error:.5f}"

    def table(self) -> None:
        """Nothing: there is one line."""

    def remarks(self) -> list[str]:
        """The line, and how well the sizes lie on it."""
        line = f"α = {self.limit:.5g} + {self.slope:.4g} N^−{self.power:.4g}"
        return [f"Along {line}; χ² = {self.chi_squared:.3g}."]


def find_breakdown(curve: CapacityCurve, threshold: float = 0.8) -> Breakdown:
    """The load at which half of the retrievals succeed.

    The log-odds of success are fitted by a straight line in α.

    Arguments:
        curve: of networks that were started at their patterns, at loads on both sides of the
            breakdown.
        threshold: what overlap counts as success; overlaps near the limit are bimodal, and this is
            between the modes.

    Raises:
        InputError: the loads do not reach from where most succeed to where most fail, are too far
            apart to tell where, are doubled, or there is one network only.

    References:
        Firth (1993), *Biometrika* 80, 27.
    """
    retrieved = curve.overlaps > threshold
    shares = retrieved.mean(axis=(1, 2))
    if not shares.max() > 0.5 > shares.min():
        raise InputError(
            f"loads must reach from where most retrievals succeed to where most fail: for N = "
            f"{curve.size} the shares go from {shares.max():.2f} to {shares.min():.2f}. Add "
            f"{'larger' if shares.min() >= 0.5 else 'smaller'} loads."
        )
    if retrieved.shape[1] < 2 or len(set(np.asarray(curve.loads).tolist())) < len(curve.loads):
        raise InputError(
            f"find_breakdown: it takes two or more networks and loads that differ, got "
            f"{retrieved.shape[1]} and {np.asarray(curve.loads).tolist()}."
        )
    if not np.any((shares > 0.02) & (shares < 0.98)):
        raise InputError(
            f"loads are too far apart: for N = {curve.size} all or no retrievals succeed at each, "
            f"so where half of them do is anywhere in between. Add loads there."
        )
    load, width = _half(curve.loads, retrieved)
    if not np.isfinite(width):
        raise InputError(
            f"loads: for N = {curve.size} the share of retrievals that succeed does not fall with "
            f"the load ({np.round(shares, 3).tolist()}): that is no breakdown. Take more networks."
        )
    networks = range(retrieved.shape[1])
    others = [_half(curve.loads, np.delete(retrieved, j, axis=1))[0] for j in networks]
    error = math.sqrt((len(others) - 1) * np.var(others))
    return Breakdown(curve.size, load, error, width, curve.about)


def extrapolate(found: Sequence[Breakdown], power: float = 2.0 / 3.0) -> Extrapolation:
    """Load of several sizes continued to N → ∞: a weighted straight line in N^{−power}.

    Arguments:
        found: the breakdown at three or more sizes.
        power: of 1/N. The standard error does not know whether it is right: compare powers.

    Raises:
        InputError: there are less than three sizes, a standard error is zero, or the power is not
            positive.

    References:
        Dembo & Montanari (2008), *Annals of Applied Probability* 18, 1993.
    """
    sizes = np.array([f.size for f in found], np.float64)
    loads, errors = (np.array([getattr(f, k) for f in found]) for k in ("load", "standard_error"))
    if len(set(sizes)) < 3:
        raise InputError(f"extrapolate: found must have three or more sizes, got {sizes.tolist()}.")
    if not np.all(errors > 1e-9 * np.abs(loads)):
        raise InputError(
            f"extrapolate: standard errors must be positive, got {errors.tolist()}. Run more "
            f"networks, at loads closer to one another."
        )
    if not power > 0.0:
        raise InputError(f"extrapolate: power must be positive, got {power}.")
    columns = np.stack([np.ones_like(sizes), sizes**-power], axis=1) / errors[:, None]
    covariance = np.linalg.inv(columns.T @ columns)
    limit, slope = covariance @ columns.T @ (loads / errors)
    distances = loads / errors - columns @ (limit, slope)
    return Extrapolation(
        limit=float(limit),
        standard_error=math.sqrt(covariance[0, 0]),
        slope=float(slope),
        power=power,
        chi_squared=float(distances @ distances),
    )


def _half(loads: np.ndarray, retrieved: np.ndarray) -> tuple[float, float]:
    """Load of a fitted share of successes of one half, and its width; NaN where it does not fall.

    Newton's steps of a logistic regression with Firth's correction, which adds to each load as much
    as its leverage, half of it a success: so the width stays above zero where shares are 0 or 1.
    """
    count = retrieved[0].size
    successes = retrieved.sum(axis=(1, 2))
    middle, unit = loads.mean(), loads.std()
    columns = np.stack([np.ones_like(loads), (loads - middle) / unit], axis=1)
    odds = np.zeros(2)  # intercept and slope
    for _ in range(_NEWTON_STEPS):
        share = 1.0 / (1.0 + np.exp(-columns @ odds))
        weights = count * share * (1.0 - share)
        covariance = np.linalg.inv(columns.T @ (weights[:, None] * columns))
        leverage = weights * np.sum((columns @ covariance) * columns, axis=1)
        misses = successes + 0.5 * leverage - (count + leverage) * share
        step = np.clip(covariance @ columns.T @ misses, -1.0, 1.0)
        odds = odds + step
        if np.max(np.abs(step)) < 1e-10:
            break
    else:
        return math.nan, math.nan
    if not odds[1] < 0.0:
        return math.nan, math.nan
    return float(middle - unit * odds[0] / odds[1]), float(-unit / odds[1])
