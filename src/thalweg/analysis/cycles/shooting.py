"""Newton on a whole cycle: multiple shooting, for closed orbits of flows and cycles of maps.

The unknowns are points ("nodes") along the cycle and, of a flow, its period; the equations say that
every segment ends where the next one begins. Damping in proportion to the residual keeps the step
defined where cycles are not isolated, and leaves convergence quadratic where they are. Maps close
to rounding: near a resonance the residual is small all along a curve, and only a few of its points
are cycles, which a smaller damping tells apart.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np

from thalweg.analysis.cycles.recurrence import Frame
from thalweg.simulation.bundle_steps import units_of

# In all, and coarse: quadratic ends take five; more are spent where cycles nearly merge.
_MAX_STEPS, _MAX_COARSE = 30, 10
NEUTRAL = 1e-3  # from 1: a multiplier so near lets shifts pass, and a family is tried for
_SWITCH = 1e-6  # the gap from which the error of coarse integration would be what Newton corrects
# Levenberg–Marquardt's √(.01 gap): a tenth of the unit step at a gap of 1, and gone at the root.
_DAMPING = 1e-2
# Of maps, near a cycle: larger than the singular values that rounding leaves of a family, smaller
# than those of an isolated cycle with multipliers 1 ± 1e-5.
_LEAST_DAMPING = 1e-13
_ASTRAY = 1.0  # extents of the guess: another cycle may lie there, but not the one that was seen


class Tolerances(NamedTuple):
    """Errors to allow a step, relative to the scale of each coordinate.

    Attributes:
        coarse: while Newton's method is far from the cycle.
        fine: when it is near.
        finest: of the last look at a cycle, which says by how much the period depends on them.
        floor: the gap between segments that counts as closed.
    """

    coarse: float
    fine: float
    finest: float
    floor: float


# Of Tsit5, whose steps rounding ends near 1e-13: the last look asks for a tenth of the one before.
EXPLICIT = Tolerances(1e-9, 2e-12, 2e-13, 2e-11)
# The stages of implicit steps are solved for to a hundredth of these, which rounding still allows.
IMPLICIT = Tolerances(1e-8, 1e-9, 1e-10, 1e-8)


class Guess(NamedTuple):
    """A guess of a cycle, from which Newton's method starts.

    Attributes:
        nodes: points along it, shape `(m, d)`.
        period: how long it takes; m, of a map.
        shares: of a flow, the share of the period from each node to the next, shape `(m,)`.
        extent: the size of the cycle along each coordinate, shape `(d,)`.
        direction: of a flow, +1 if the nodes follow one another forwards in time, −1 backwards.
        relative: along which coordinates errors count relative to their distance from 0 where that
            is less than the extent, shape `(d,)`.
        scale: by what errors are measured, shape `(d,)`: the extent, or 1 for the domain's.
        is_stiff: of a flow, True if it has to be run by implicit steps.
    """

    nodes: np.ndarray
    period: float
    shares: np.ndarray
    extent: np.ndarray
    direction: float = 1.0
    relative: Any = False
    scale: Any = 1.0
    is_stiff: bool = False

    @property
    def tolerances(self) -> Tolerances:
        """The errors to allow a step."""
        return IMPLICIT if self.is_stiff else EXPLICIT

    @property
    def units(self) -> np.ndarray:
        """The lengths by which errors are measured at each node, shape `(m, d)`."""
        scale = np.broadcast_to(self.scale, self.nodes.shape)
        return units_of(np.abs(self.nodes), scale, self.relative)


class Segments(NamedTuple):
    """Runs of the rule from each node to the next.

    Attributes:
        ends: where the segments end, shape `(m, d)`.
        maps: the Jacobian of the end by the node, shape `(m, d, d)`.
        leaving: the velocity at the nodes, shape `(m, d)`; None of a map.
        arriving: the velocity at the ends, shape `(m, d)`; None of a map.
    """

    ends: np.ndarray
    maps: np.ndarray
    leaving: np.ndarray | None
    arriving: np.ndarray | None

    def over(self, units: np.ndarray) -> "Segments":
        """The segments in these units at each node, `(m, d)`, without their ends."""
        later = np.roll(units, -1, axis=0)
        return Segments(
            self.ends,
            self.maps * units[:, None, :] / later[:, :, None],
            None if self.leaving is None else self.leaving / units,
            None if self.arriving is None else self.arriving / later,
        )


class Closed(NamedTuple):
    """A cycle that closes.

    Attributes:
        guess: its nodes, period, shares and extent.
        segments: the segments between the nodes.
        residual: the largest distance between the end of a segment and the next node, in units of
            scale.
        correction: the last relative correction of the period.
        steps: how many Newton steps it took.
    """

    guess: Guess
    segments: Segments
    residual: float
    correction: float
    steps: int


Runner = Callable[[list[Guess], list[float]], list[Segments]]


def close_cycles(
    run: Runner, guesses: list[Guess], frame: Frame, small_step: float = 1e-10
) -> list[Closed | None]:
    """Newton from each guess, all of them side by side; None where it finds no cycle nearby.

    Arguments:
        run: runs the segments of several cycles, each to a tolerance of its own.
        guesses: where to start.
        frame: how points compare.
        small_step: a correction that is small enough to stop.
    """
    found: list[Closed | None] = [None] * len(guesses)
    searches = {i: _newton(guess, frame, small_step) for i, guess in enumerate(guesses)}
    wanted = {i: next(search) for i, search in searches.items()}
    while wanted:
        segments = run([trial for trial, _ in wanted.values()], [tol for _, tol in wanted.values()])
        answers, wanted = dict(zip(wanted, segments, strict=True)), {}
        for i, answer in answers.items():
            try:
                wanted[i] = searches[i].send(answer)
            except StopIteration as end:
                found[i] = end.value
    return found


def _newton(
    guess: Guess, frame: Frame, small_step: float
) -> Generator[tuple[Guess, float], Segments, Closed | None]:
    """One cycle: asks for the segments of trials, to a tolerance, until it closes or strays."""
    coarse, fine, _, floor = guess.tolerances
    trial, tolerance, previous = guess, coarse, np.inf
    for count in range(_MAX_STEPS):
        segments = yield trial, tolerance
        units = trial.units
        gap = gaps(trial, segments, frame)
        size = float(np.max(np.abs(gap)))
        if not (np.isfinite(size) and np.all(np.isfinite(segments.maps))):
            return None
        if count >= _MAX_COARSE and tolerance == coarse:
            return None
        scaled = segments.over(units)
        step, change = correction(trial, scaled, gap)
        rounding = 1e2 * np.finfo(float).eps * float(np.max(np.abs(trial.nodes) / units))
        is_map = segments.leaving is None
        least = rounding if is_map else max(floor, rounding)
        closes = size <= least * max(1.0, float(np.max(np.abs(scaled.maps))))
        small = floor if guess.is_stiff else small_step
        is_best = np.max(np.abs(step)) <= small or size > 0.5 * previous
        period = trial.period * (1.0 + np.clip(change, -0.5, 0.5))
        corrected = trial._replace(nodes=_moved(trial, step * units), period=period)
        if tolerance != coarse and closes and is_best:
            return Closed(corrected, segments, size, abs(change), count)
        previous = size if tolerance != coarse else np.inf
        tolerance = fine if size < _SWITCH else tolerance
        trial = corrected
        if np.any(np.abs(frame.shorten(trial.nodes - guess.nodes)) > _ASTRAY * guess.extent):
            return None
    return None


def gaps(trial: Guess, segments: Segments, frame: Frame) -> np.ndarray:
    """Gaps from each node to the end of the segment before it, in units of scale, `(m, d)`."""
    gap = frame.shorten(segments.ends - np.roll(trial.nodes, -1, axis=0))
    return gap / np.roll(trial.units, -1, axis=0)


def _moved(trial: Guess, step: np.ndarray) -> np.ndarray:
    """The nodes after a step; what is measured relative to 0 stays on its side of it."""
    moved = trial.nodes + step
    crosses = np.asarray(trial.relative) & (moved * np.sign(trial.nodes) < 0.1 * abs(trial.nodes))
    return np.where(crosses, 0.1 * trial.nodes, moved)


def correction(trial: Guess, segments: Segments, gap: np.ndarray) -> tuple[np.ndarray, float]:
    """The damped Newton step of the nodes, `(m, d)`, and the relative one of the period.

    Segments, gaps and steps are in units of scale.
    """
    m, d = gap.shape
    matrix = np.zeros((m, d, m, d))
    each = np.arange(m)
    matrix[each, :, each, :] = segments.maps
    matrix[each, :, (each + 1) % m, :] -= np.eye(d)
    matrix, right = matrix.reshape(m * d, m * d), -gap.ravel()
    if segments.arriving is not None and segments.leaving is not None:
        along = (trial.shares * trial.period)[:, None] * segments.arriving
        phase = np.zeros(m * d + 1)
        phase[:d] = segments.leaving[0] / np.linalg.norm(segments.leaving[0])
        matrix = np.vstack([np.column_stack([matrix, along.ravel()]), phase])
        right = np.append(right, 0.0)
    size = float(np.max(np.abs(gap)))
    is_near = segments.leaving is None and size < _SWITCH
    damping = max(size, _LEAST_DAMPING) if is_near else np.sqrt(_DAMPING * size)
    tall = np.vstack([matrix, damping * np.eye(matrix.shape[1])])
    step = np.linalg.lstsq(tall, np.append(right, np.zeros(matrix.shape[1])), rcond=1e-15)[0]
    return step[: m * d].reshape(m, d), float(step[m * d]) if len(step) > m * d else 0.0


class Return(NamedTuple):
    """The return map, linearized: a small shift once round a cycle.

    Attributes:
        jacobian: of the return to the first node: of a flow, to the section across it, shape
            `(d − 1, d − 1)`; of a map, `(d, d)`.
        section: an orthonormal basis of that section, shape `(d, d − 1)`; of a map, `(d, d)`.
        trivial: of a flow, the multiplier along the velocity: 1 but for errors.
    """

    jacobian: np.ndarray
    section: np.ndarray
    trivial: float | None


def return_of(segments: Segments) -> Return:
    """The return map of a closed cycle, from its segments forwards in time.

    Along a flow one multiplier is 1, with the velocity as its eigenvector. Every segment maps the
    velocity at its node to the velocity at its end, so across the velocities the segments act on
    their own, and their product has the other multipliers, undisturbed by the trivial one.
    """
    parts, section, trivial = list(segments.maps), np.eye(segments.ends.shape[1]), None
    if segments.leaving is not None:
        across = [_complement(v) for v in segments.leaving]
        following = across[1:] + across[:1]
        parts = [b.T @ m @ a for a, b, m in zip(across, following, segments.maps, strict=True)]
        carried = np.einsum("mij,mj->mi", segments.maps, segments.leaving)
        after = np.roll(segments.leaving, -1, axis=0)
        trivial = float(np.prod(np.sum(carried * after, axis=1) / np.sum(after**2, axis=1)))
        section = across[0]
    product = np.eye(parts[0].shape[0])
    for part in parts:
        product = part @ product
    return Return(product, section, trivial)


def _complement(vector: np.ndarray) -> np.ndarray:
    """An orthonormal basis `(d, d − 1)` of what is orthogonal to a vector."""
    return np.linalg.qr(np.column_stack([vector, np.eye(len(vector))]))[0][:, 1:]
