"""A proof that an energy falls along a rule, everywhere in a region but at its states of rest."""

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.dynamics import Problem
from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.partition import is_hopeless, search
from thalweg.dynamics.formulas.enclosures.products import bounds_of_product
from thalweg.recovery.certificates.rates import enclosed, factors, level, posed
from thalweg.recovery.certificates.rests import Cube, ProofBox, all_rests, covered, largest_cubes

# Boxes fill more than four coordinates too slowly, and the bounds of rounding are for four.
LARGEST = 4
# So many numbers take about 20 seconds on one core of 2024.
EFFORT = 2e9


# Where Newton's method starts, and where the ends of angles are compared.
_NUM_STARTS = 128
# More than the roundings of an energy that returns round an angle.
_RETURNS = 1e-9


@dataclass(frozen=True, eq=False)
class Certificate:
    """Outcome of a proof that an energy falls.

    Attributes:
        energy: the energy in question.
        outcome: `"proved"` (the energy falls wherever the rule moves, but in the cores), `"rises"`
            (it is proved to rise at `where`) or `"open"`.
        note: what was proved, or why nothing was, in a sentence.
        num_boxes: how many boxes the region was parted into.
        cubes: those around the rests, in which the quadratic form decides.
        where: the point that decided, in coordinates, or None.
    """

    energy: Any
    outcome: str
    note: str
    num_boxes: int = 0
    cubes: tuple[Cube, ...] = ()
    where: np.ndarray | None = None

    @property
    def is_proved(self) -> bool:
        """True where the energy is proved to fall."""
        return self.outcome == "proved"

    @property
    def core(self) -> float:
        """Distance from a rest in which rounding leaves the sign open, in widths of the region."""
        return max((cube.core for cube in self.cubes), default=0.0)


def prove_descent(
    problem: Problem,
    energy: Callable[[Any], Any],
    rests: np.ndarray | Sequence[Any] = (),
    *,
    effort: float = EFFORT,
    finest: float = 1e-7,
    largest_core: float = 1e-6,
) -> Certificate:
    r"""Prove that an energy falls along a rule in a box of up to four coordinates.

    Of a flow ∇E·f < 0 is proved, of a map E(x⁺) < E(x): around each rest by the quadratic form, its
    Hessian bounded all over a cube; elsewhere by branch and bound, on affine forms whose errors
    hold every rounding. What is proved is about the programs of E and the rule as they stand, with
    their numbers taken exactly and their operations carried out without rounding.

    Arguments:
        problem: the rule in coordinates.
        energy: a function of the state.
        rests: the states of rest that are known, in coordinates, shape `(m, d)`, or a sequence of
            `(d,)`; others are looked for. One that is missed, or that no quadratic form decides,
            leaves the proof open.
        effort: how many numbers may be computed before it is given up.
        finest: the smallest boxes, in widths of the region.
        largest_core: how far from a rest rounding may leave the sign open, likewise.

    Returns:
        The certificate.
    """
    chart = problem.chart
    size = chart.dimension
    if not chart.is_product or size > LARGEST:
        note = f"Proofs are tried in boxes of up to {LARGEST} coordinates."
        return Certificate(energy, "open", note)
    lower, upper = (np.asarray(bound, dtype=float) for bound in chart.bounds)
    region = ProofBox(lower, upper, chart.angles)
    known = np.asarray(rests, dtype=float).reshape(-1, size)
    with jax.enable_x64(True):
        about = posed(problem, energy)
        try:
            enclosures = [enclosed(factors, about), enclosed(level, about)]
            if is_hopeless(enclosures[0], bounds_of_product, lower, upper, effort):
                note = "Not proved: the effort is not enough, as some small boxes all over show."
                return Certificate(energy, "open", note)
            starts = chart.draw(np.random.default_rng(0), _NUM_STARTS)
            found = all_rests(about, known, region, starts)
            centres = _with_copies(found, region)
            cubes = largest_cubes(about, centres, region, largest_core)
        except InputError as error:
            return Certificate(energy, "open", f"Not proved: {error}")
        if None in cubes:
            centre = centres[cubes.index(None)]
            note = f"Not proved: no quadratic form decides at the rest {_text(centre)}."
            return Certificate(energy, "open", note, where=centre)
        sure = tuple(cube for cube in cubes if cube is not None)
        # A jump of E is in no derivative of it.
        may_jump = enclosures[1].jumps_within(lower, upper)
        looked_at = tuple(enclosures if may_jump else enclosures[:1])
        within = functools.partial(covered, sure)
        result = search(looked_at, bounds_of_product, lower, upper, within, effort, finest)
    note = _NOTES[result.outcome](result.where, result.num_boxes, sure)
    outcome = {"negative": "proved", "positive": "rises"}.get(result.outcome, "open")
    if outcome == "proved" and np.any(region.free):
        gap = _gap(enclosures[1], region)
        if not gap < _RETURNS:
            note = f"Not proved: once round an angle the energy returns only up to {gap:.1e}."
            return Certificate(energy, "open", note, result.num_boxes, sure)
        # Wherever it is looked at, it falls; that it is one function on the circle is not proved.
        note += (
            f" But its return round angles is checked, not proved: at {_NUM_STARTS} points, to "
            f"{gap:.0e}."
        )
        outcome = "open"
    return Certificate(energy, outcome, note, result.num_boxes, sure, result.where)


def _gap(enclosure: Enclosure, region: ProofBox) -> float:
    """The largest gap between the energies at both ends of an angle, relative to their range."""
    rng, gaps = np.random.default_rng(1), []
    points = region.lower + rng.random((_NUM_STARTS, len(region.lower))) * region.widths
    for i in np.flatnonzero(region.free):
        ends = [points.copy(), points.copy()]
        ends[0][:, i], ends[1][:, i] = region.lower[i], region.upper[i]
        low, high = (enclosure(end, end)[0][0].linear[0, 0] for end in ends)
        gaps.append(np.max(np.abs(high - low)) / (np.ptp(low) + np.max(np.abs(low)) + 1e-300))
    return float(max(gaps))


def _with_copies(rests: np.ndarray, region: ProofBox) -> np.ndarray:
    """The rests, and those near the end of an angle also beyond the other end."""
    shifts = [(-1.0, 0.0, 1.0) if is_free else (0.0,) for is_free in region.free]
    moves = np.asarray(list(itertools.product(*shifts))) * region.widths
    copies = (rests[:, None] + moves).reshape(-1, rests.shape[1])
    room = np.where(region.free, 0.25 * region.widths, np.inf)
    return copies[np.all((copies >= region.lower - room) & (copies <= region.upper + room), axis=1)]


def _boxes(count: int) -> str:
    return counted(count, "box", "boxes")


def _forms(count: int) -> str:
    return f"{counted(count, 'rest')} by {'its' if count == 1 else 'their'} quadratic form"


def _proved(_: Any, num_boxes: int, cubes: tuple[Cube, ...]) -> str:
    core = max((cube.core for cube in cubes), default=0.0)
    rests = f", but within {core:.0e} of its widths of a rest, where the sign stays open"
    return (
        f"Proved: the energy falls all over the region{rests if cubes else ''} "
        f"({_boxes(num_boxes)} in interval arithmetic, {_forms(len(cubes))})."
    )


def _text(point: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.6g}" for value in point) + ")"


_NOTES: dict[str, Callable[[Any, int, tuple[Cube, ...]], str]] = {
    "negative": _proved,
    "positive": lambda at, n, _: f"The energy is proved to rise at {_text(at)} ({_boxes(n)}).",
    "stuck": lambda at, n, _: f"Not proved: bounds decide nothing near {_text(at)} ({_boxes(n)}).",
    "unfinished": lambda at, n, _: (
        f"Not proved: {_boxes(n)} {'was' if n == 1 else 'were'} not enough."
    ),
}
