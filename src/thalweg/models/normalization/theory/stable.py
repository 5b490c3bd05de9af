r"""The stable output state of a held input, for many (α, β) at once, in NumPy.

For β > 0 write p_i = β (σ² + c̃_i) + α c̃_i, S_i = n p_i² / (4αβ r_i), A_i = β r_i² / p_i and
s_i(S) = √(1 − S/S_i). Neuron i has the two roots R_i = n p_i (1 ± s_i) / (2αS), which exist for
S ≤ S_i, and S = R·r closes the system:

    Φ(S) = S² − Σ_i 2 A_i S_i (1 ± s_i) = 0.

A state is stable iff every root is the upper one, or one neuron k is on its lower root and Φ_k
falls through zero there. What makes the search exact:

- with all roots upper, Φ rises: one zero at most, and it exists iff Φ(min S_i) ≥ 0;
- a stable zero of Φ_k has s_k < 1/3: Φ_k = 0 implies S ≥ 2A_k/(1 + s_k), and Φ_k' < 0 implies
  A_k / s_k > 2S;
- Φ_k' < 0 iff L(z) = 2S s_k + Σ_{i≠k} A_i s_k / s_i < A_k, and L is convex in z = 1/s_k² for z > 9.
  So Φ_k falls on one interval, whose ends are found by bisection.

**At most one state is stable** (a theorem, for every n, r, c̃ ≥ 0, α > 0, β > 0). Suppose two, at
S₁ ≤ S₂ = S₁ + δ, and write each Φ(S₂) − Φ(S₁) = 0 term by term, using
S_i (s_i(S₁)² − s_i(S₂)²) = δ:

- *all upper at S₂, k lower at S₁* (the other order is impossible, Φ_upper < Φ_k): the terms that
  rise add less than 2δ(A_k/s_k − 2S₁), by Φ_k'(S₁) < 0, and S_k s_k² ≥ δ; the sum is below
  −2δS₁ + δ² < 0, as s_k < 1/3 makes δ ≤ S₁/8;
- *k lower at S₁, j lower at S₂*: the two slopes give s_k(S₁)/s_k(S₂) < s_j(S₁)/s_j(S₂), and
  then the sum vanishes only if S₂ > 3S₁, against S₂ ≤ S_k < 9S₁/8;
- *k lower at both*: the sum vanishes only if (S₁ + S₂)(a + b)² > 4(S₁a² + S₂b²), a and b being
  s_k at the two; but the difference is (a − b)²(2 − 3a² − 4ab − 3b²)·S_k > 0 in the other sense.
"""

from typing import NamedTuple

import numpy as np

from thalweg.models.normalization.theory.bisection import bisected
from thalweg.models.normalization.theory.terms import Problems, Terms


class StableStates(NamedTuple):
    """The stable output states of B problems.

    Attributes:
        exists: shape `(B,)`.
        total: S, shape `(B,)`; NaN where none exists.
        outputs: R of the driven neurons, shape `(B, d)`; NaN where none exists.
        lower: the neuron on its lower root, −1 for none, shape `(B,)`.
        margin: positive where one exists and through zero where it vanishes (a fold), for β > 0;
            in units of S². Infinite for β ≤ 0.
    """

    exists: np.ndarray
    total: np.ndarray
    outputs: np.ndarray
    lower: np.ndarray
    margin: np.ndarray


def stable_states(problems: Problems) -> StableStates:
    """The one stable output state of each problem, if there is one."""
    count, driven = len(problems.beta), len(problems.drive)
    made = StableStates(
        np.zeros(count, dtype=bool),
        np.full(count, np.nan),
        np.full((count, driven), np.nan),
        np.full(count, -1),
        np.full(count, np.inf),
    )
    pushes = (problems.beta > 0.0) & (problems.alpha > 0.0)
    leaks = (problems.beta < 0.0) | ((problems.beta == 0.0) & (problems.alpha > 0.0))
    if not np.all(problems.expected > 0.0):
        leaks &= problems.beta < 0.0
    made.margin[~leaks & ~pushes] = -np.inf
    for which, solve in ((leaks, _leaking), (pushes, _pushing)):
        for rows in _chunks(np.flatnonzero(which), driven):
            for whole, part in zip(made, solve(problems.rows(rows)), strict=True):
                whole[rows] = part
    return made


def _chunks(rows: np.ndarray, driven: int) -> list[np.ndarray]:
    """Pieces of which one array fits into the cache."""
    pieces = -(-len(rows) * driven // 32768)
    return np.array_split(rows, pieces) if len(rows) else []


def _leaking(problems: Problems) -> StableStates:
    """β ≤ 0: log Σ r_i R_i(S) − log S falls at a slope in [−2, −1], so it has one zero."""
    linear, load = problems.linear, -problems.beta[:, None] * problems.drive
    per_total = problems.alpha[:, None] / problems.size

    def roots(total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        quadratic = per_total * total
        spread = np.sqrt(linear**2 + 4.0 * quadratic * load)
        with np.errstate(divide="ignore", invalid="ignore"):
            upper = (linear + spread) / (2.0 * quadratic)
            return np.where(linear > 0.0, upper, 2.0 * load / (spread - linear)), spread

    total = np.sqrt(problems.size * np.sum(problems.drive * problems.expected))
    total = np.full((len(linear), 1), total if total > 0.0 else np.sum(problems.drive))
    for iteration in range(20):
        outputs, spread = roots(total)
        weighted = problems.drive * outputs
        summed = weighted.sum(axis=1, keepdims=True)
        if np.all(np.abs(summed - total) <= 1e-15 * total):
            break
        slope = 1.5
        if iteration > 1:
            with np.errstate(invalid="ignore"):
                falls = np.nan_to_num(per_total * total * outputs / spread)
            slope = 1.0 + (weighted * falls).sum(axis=1, keepdims=True) / summed
        total = total * (summed / total) ** (1.0 / slope)
    outputs, count = roots(total)[0], len(linear)
    return StableStates(
        np.ones(count, dtype=bool),
        total[:, 0],
        outputs,
        np.full(count, -1),
        np.full(count, np.inf),
    )


def existence_margin(problems: Problems) -> np.ndarray:
    """`StableStates.margin` alone, for problems with α, β > 0."""
    margin = np.empty(len(problems.beta))
    for rows in _chunks(np.arange(len(margin)), len(problems.drive)):
        margin[rows] = _existence(Terms.of(problems.rows(rows)))[0]
    return margin


def _pushing(problems: Problems) -> StableStates:
    """β > 0: all roots upper, else one of them lower."""
    terms = Terms.of(problems)
    margin, neuron, bottom, top = _existence(terms)
    total, reached = np.full(len(margin), np.nan), np.zeros_like(terms.limit)
    upper = np.flatnonzero((margin > 0.0) & (neuron < 0))
    if upper.size:
        total[upper], reached[upper] = _all_upper(terms.rows(upper))
    lower = np.flatnonzero((margin > 0.0) & (neuron >= 0))
    if lower.size:
        part, which = terms.rows(lower), neuron[lower]
        x = _rising(lambda x: part.phi(which, x, lower=True)[0], bottom[lower], top[lower])
        total[lower], reached[lower] = part.state(which, x, lower=True)
    exists = margin > 0.0
    outputs = np.where(exists[:, None], terms.root_scale * reached / total[:, None], np.nan)
    return StableStates(exists, total, outputs, np.where(exists, neuron, -1), margin)


def _existence(terms: Terms) -> tuple[np.ndarray, ...]:
    """The margin, the neuron on its lower root (or −1), and where in its s Φ_k falls."""
    tightest = np.argmin(terms.limit, axis=1)
    scale = terms.share.sum(axis=1)
    margin = terms.phi(tightest, np.zeros(len(tightest)))[0] / scale
    neuron, bottom, top = np.full(len(margin), -1), np.zeros(len(margin)), np.zeros(len(margin))
    missing = np.flatnonzero(margin < 0.0)
    pair, which = _candidates(terms.rows(missing)) if missing.size else (missing, missing)
    if pair.size:
        gap, low, high = _falling(terms.rows(missing[pair]), which)
        for i in np.argsort(gap, kind="stable"):
            at = missing[pair[i]]
            if np.isfinite(gap[i]):
                margin[at], neuron[at] = gap[i], which[i]
                bottom[at], top[at] = low[i], high[i]
    return margin, neuron, bottom, top


def _candidates(terms: Terms) -> tuple[np.ndarray, np.ndarray]:
    """The (problem, neuron) pairs in which the neuron may be the one on its lower root.

    Its limit must be below 9/8 of the least one and its strength A_k the larger of the two; and
    Φ_k, whose rising part is largest at the least limit and whose falling part is where s_k = 1/3,
    must be able to reach zero.
    """
    tightest = np.argmin(terms.limit, axis=1)[:, None]
    least = np.take_along_axis(terms.limit, tightest, axis=1)
    strongest = np.take_along_axis(terms.strength, tightest, axis=1)
    slack = np.sqrt(np.maximum(terms.limit - least, 0.0) / terms.limit)
    rising = terms.share * (1.0 + slack)
    highest = least**2 - rising.sum(axis=1, keepdims=True) + rising - terms.share * (2.0 / 3.0)
    may = (slack < 1.0 / 3.0) & (terms.strength >= strongest * (1.0 - 1e-12)) & (highest >= 0.0)
    pair, neuron = np.nonzero(may)
    return pair, neuron


def _all_upper(terms: Terms) -> tuple[np.ndarray, np.ndarray]:
    """The zero of the rising Φ: by S below half the limit, by s of the tightest above."""
    tightest, least = np.argmin(terms.limit, axis=1), terms.limit.min(axis=1)
    half = np.sqrt(0.5)
    is_far = terms.phi(tightest, np.full(len(least), half))[0] >= 0.0
    total, signed = np.empty(len(least)), np.empty_like(terms.limit)
    far, near = np.flatnonzero(is_far), np.flatnonzero(~is_far)
    if far.size:
        part = terms.rows(far)
        low = np.sqrt(part.share.sum(axis=1))
        high = np.minimum(np.sqrt(2.0) * low, 0.5 * least[far])

        def by_total(value: np.ndarray) -> np.ndarray:
            slack = np.sqrt(1.0 - value[:, None] / part.limit)
            return value**2 - (part.share * (1.0 + slack)).sum(axis=1)

        total[far] = _rising(by_total, low, np.maximum(low, high))
        signed[far] = 1.0 + np.sqrt(1.0 - total[far][:, None] / part.limit)
    if near.size:
        part, which = terms.rows(near), tightest[near]
        x = _rising(lambda x: -part.phi(which, x)[0], np.zeros(near.size), np.full(near.size, half))
        total[near], signed[near] = part.state(which, x, lower=False)
    return total, signed


def _falling(terms: Terms, neuron: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interval of s_k in which Φ_k falls, and a margin: positive iff it falls through zero."""
    count = len(neuron)
    limit = np.take_along_axis(terms.limit, neuron[:, None], axis=1)[:, 0]
    least = terms.limit.min(axis=1)
    first = np.sqrt(np.maximum(limit - least, 0.0) / limit)
    last = np.full(count, 1.0 / 3.0)
    flattest = first.copy()
    inner = np.flatnonzero(first > 0.0)
    part, which = terms.rows(inner), neuron[inner]
    if inner.size:
        flattest[inner] = _rising(lambda x: -part.slope(which, x)[1], first[inner], last[inner])
    dips = terms.slope(neuron, np.maximum(flattest, 1e-150))[0] < 0.0
    top = _rising(lambda x: terms.slope(neuron, x)[0], flattest, last)
    bottom = first.copy()
    if inner.size:
        bottom[inner] = _rising(lambda x: -part.slope(which, x)[0], first[inner], flattest[inner])
    scale = terms.share.sum(axis=1)
    high, low = (terms.phi(neuron, x, lower=True)[0] / scale for x in (top, bottom))
    return np.where(dips, np.minimum(high, -low), -np.inf), bottom, top


def _rising(fn, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Points at which functions cross from negative to positive; an end where they do not."""
    return bisected(lambda x: fn(x) >= 0.0, low, high)
