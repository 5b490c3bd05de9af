r"""Heights of the nodes: Conley's sum over attractors, each term found by Zubov's method.

Of an attractor A, made of recurrent sets and all that they lead to, the term at a node is

    V_A = 1 − exp(−κ ∫ q dt)     along the run from there,

with q = s²/(1 + s²), s the distance from A in tenths of the region's widths. It is 0 on A and 1 on
the dual repeller, all that never comes to A, and falls in between. On the lattice u = 1 − V_A obeys
u = exp(−κ ∫ q dt) P u, where P interpolates at the end of the run from each node. The sum over all
attractors below some recurrent set, V = Σ V_A, falls wherever nothing recurs, and is a whole number
on each recurrent set: how many of these attractors do not hold it.

References:
    Conley, Isolated Invariant Sets and the Morse Index (1978), II.6.4; Zubov, Methods of A. M.
    Lyapunov (1964); Camilli, Grüne & Wirth, SIAM J. Control Optim. 40 (2001) 496.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.analysis.landscapes.moves import Moves
from thalweg.analysis.landscapes.recurrent import Component

# Of the widths: the distance from an attractor at which the rate q is half its largest.
_NEAR = 0.1
# Sweeps: the last change of u is then 1e-9 wherever a run needs fewer moves to its end.
_SWEEPS, _SETTLED = 20_000, 1e-9
# Rounds that adapt κ, and by how much it may differ from what makes the usual term one half.
_ROUNDS, _FACTOR = 3, 2.0


def heights(moves: Moves, found: Sequence[Component]) -> tuple[np.ndarray, float]:
    """The landscape at the nodes, what is outside last, `(n + 1,)`; and the sweeps' last change."""
    matrix, change = moves.matrix(), 0.0
    total = np.zeros(moves.outside + 1)
    for one in found:
        if one.is_entered:
            u, last = _term(moves, matrix, found, one)
            total, change = total + (1.0 - u), max(change, last)
    lowest = min((float(total[one.core[0]]) for one in found), default=0.0)
    return total - lowest, change


def _term(
    moves: Moves, matrix: Any, found: Sequence[Component], one: Component
) -> tuple[np.ndarray, float]:
    """u of the attractor that a component and all that it leads to make; its last change."""
    held = [other for other in found if one.leads_to(other)]
    inner = np.zeros_like(one.reached)
    if len(held) == 1:
        inner[one.core] = True
    else:
        inner = moves.on_the_way(one.reached)
    fixed = inner.copy()
    for other in found:
        fixed[other.core] = True
    rate = np.append(_rate(moves.lattice.distances(inner[:-1]) / _NEAR), 1.0)
    cost = np.append(moves.integral(rate), 0.0)
    strength = 1.0 / moves.duration
    for _ in range(_ROUNDS):
        u, _ = _settled(matrix, np.exp(-strength * cost), inner.astype(np.float64), fixed)
        strength = _adapted(strength, u[(u > 0.0) & ~fixed], _above(found, held, rate))
    return _settled(matrix, np.exp(-strength * cost), inner.astype(np.float64), fixed)


def _rate(s: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(s), s**2 / (1.0 + s**2), 1.0)


def _above(found: Sequence[Component], held: Sequence[Component], rate: np.ndarray) -> float:
    """The strength at which V falls linearly off the slowest set above; NaN of none."""
    tops = [
        (one.rate, float(rate[one.core[0]]))
        for one in found
        if one.rate > 0.0 and any(map(one.leads_to, held)) and one not in held
    ]
    # A top that steps from the attractor pass, on coarse cells, is at no distance from it.
    return min((grows / there for grows, there in tops if there > 0.0), default=float("nan"))


def _adapted(strength: float, u: np.ndarray, linear: float) -> float:
    """The strength that makes the usual term one half, or nearer to the one that is linear."""
    if not len(u):
        return strength
    spent = -np.log(max(float(np.median(u)), np.finfo(float).tiny))
    half = strength * np.log(2.0) / max(spent, np.finfo(float).eps)
    return half if np.isnan(linear) else float(np.clip(linear, half / _FACTOR, half * _FACTOR))


def _settled(
    matrix: Any, kept: np.ndarray, start: np.ndarray, fixed: np.ndarray
) -> tuple[np.ndarray, float]:
    """The fixed point of u = kept · P u, `start` where that is fixed, and the last change."""
    u, change = start, np.inf
    for _ in range(_SWEEPS):
        new = np.where(fixed, start, kept * (matrix @ u))
        change = float(np.max(np.abs(new - u)))
        u = new
        if change < _SETTLED:
            break
    return u, change
