"""Study `hopfield-capacity`: how many patterns Hebbian networks hold, against mean-field theory."""

from typing import Any

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.models.hopfield import (
    Breakdown,
    CapacityCurve,
    capacity_curve,
    capacity_limit,
    extrapolate,
    find_breakdown,
)
from thalweg.models.hopfield.capacity import mean_field_overlap
from thalweg.plot.style import COLOURS, INK, SMALL, new_axes
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.result import StudyResult

# Dense about the mean-field capacity .138, and about where small networks break down.
_LOADS = (0.05, 0.10, 0.12, 0.138, 0.15, 0.16, 0.17, 0.18, 0.20, 0.22)
# Of 1/N for finite-size corrections: both are found in the literature, so both are shown.
_POWERS = (2.0 / 3.0, 0.5)


def study(
    *,
    sizes: tuple[int, ...] = (250, 500, 1000, 2000),
    loads: tuple[float, ...] = _LOADS,
    networks: int = 6,
    patterns: int = 30,
    seed: int = 0,
) -> StudyResult:
    """Overlaps with stored patterns after asynchronous updates, and where they break down.

    Arguments:
        sizes: the numbers N of spins; three or more are extrapolated to N → ∞.
        loads: the loads α = P/N, from where most retrievals succeed to where most fail.
        networks: independent networks a size and load.
        patterns: starts a network.
        seed: of the patterns and of the orders.

    References:
        Amit, Gutfreund & Sompolinsky (1985), *Physical Review Letters* 55, 1530.
        Dembo & Montanari (2008), *Annals of Applied Probability* 18, 1993.
        Steffan & Kühn (1994), *Zeitschrift für Physik B* 95, 249.
    """
    if not sizes or not loads:
        raise InputError(f"sizes and loads must not be empty, got {sizes} and {loads}.")
    options: dict[str, Any] = {"networks": networks, "patterns": patterns}
    curves = [
        capacity_curve(int(n), loads, key=jax.random.key(seed + i), **options)
        for i, n in enumerate(sizes)
    ]
    limit, overlap = capacity_limit()
    found, problem = _breakdowns(curves)
    page = Page(
        "How many patterns a Hebbian network holds",
        f"Infinite networks retrieve up to α = {limit:.6f}, where the overlap is {overlap:.6f} and "
        f"then drops. Finite ones do so gradually, and the smaller they are the further beyond.",
        [
            Section("Overlap by load", [_drawn(curves)]),
            Section("Infinite networks", _extrapolated(found, problem)),
            Section(
                "Theory",
                [
                    Text(
                        f"The mean-field equations are solved where the load is largest: "
                        f"α_c = {limit:.15f}, m_c = {overlap:.12f}."
                    )
                ],
            ),
            Section("Overlaps", [_table(curve) for curve in curves]),
        ],
    )
    values = {
        "limit": limit,
        "overlap_at_limit": overlap,
        "curves": [
            {
                "size": c.size,
                "loads": c.loads,
                "mean": c.mean,
                "standard_error": c.standard_error,
                "median": c.median,
                "theory": c.theory,
            }
            for c in curves
        ],
        "breakdowns": [f.data() for f in found],
        "extrapolations": [] if problem else [extrapolate(found, p).data() for p in _POWERS],
    }
    return StudyResult(page, values)


def _breakdowns(curves: list[CapacityCurve]) -> tuple[list[Breakdown], str]:
    """The breakdown at each size that shows one, and why they cannot be extrapolated, or ""."""
    found, problem = [], ""
    for curve in curves:
        try:
            found.append(find_breakdown(curve))
        except InputError as error:
            problem = str(error)
    try:
        extrapolate(found)
    except InputError as error:
        problem = problem or str(error)
    return found, problem


def _extrapolated(found: list[Breakdown], problem: str) -> list[Table | Text]:
    limit, _ = capacity_limit()
    rows = [
        [str(f.size), f"{f.load:.5f}", f"{f.standard_error:.5f}", f"{f.width * f.size**0.5:.3f}"]
        for f in found
    ]
    caption = (
        "The load α_half at which half of the retrievals succeed (overlap above 0.8), by logistic "
        "regression; standard errors by leaving out one network at a time. The width w of the "
        "breakdown falls as N^(−1/2) where w√N does not change."
    )
    blocks: list[Table | Text] = [Table(["N", "α_half", "± s.e.", "w√N"], rows, caption)]
    if problem:
        return [*blocks, Text(f"Not extrapolated: {problem}")]
    lines = [extrapolate(found, power) for power in _POWERS]
    return [
        *blocks,
        Table(
            ["α_half(N)", "N → ∞", "± s.e.", "from theory", "χ²"],
            [
                [
                    f"α + b N^(−{name})",
                    f"{line.limit:.5f}",
                    f"{line.standard_error:.5f}",
                    f"{(line.limit - limit) / line.standard_error:+.1f} s.e.",
                    f"{line.chi_squared:.1f}",
                ]
                for name, line in zip(("2/3", "1/2"), lines, strict=True)
            ],
            f"Weighted straight lines; theory: α_c = {limit:.15f}. χ² is to be compared with "
            f"{len(found) - 2}. The standard error supposes that the power is right.",
        ),
        Text(
            f"Where a transition of this kind has been worked out exactly, finite systems break "
            f"down within N^(−1/2) of a middle that is off by N^(−2/3): the first line. For these "
            f"networks nobody has proved it; with the other power the limit changes by "
            f"{lines[1].limit - lines[0].limit:+.4f}, which says how much hangs on it. The theory "
            f"is replica symmetric: breaking the symmetry raises its α_c to 0.13819 (Steffan & "
            f"Kühn 1994). And a start at a pattern stops at the first minimum that it meets."
        ),
    ]


def _table(curve: CapacityCurve) -> Table:
    rows = [
        [f"{a:.4f}", f"{m:.5f}", f"{e:.5f}", f"{h:.5f}", f"{t:.6f}" if t > 0.0 else "0"]
        for a, m, e, h, t in zip(
            curve.loads, curve.mean, curve.standard_error, curve.median, curve.theory, strict=True
        )
    ]
    return Table(
        ["load α", "mean overlap", "± s.e.", "median", "theory, N → ∞"],
        rows,
        f"N = {curve.size}: {counted(curve.overlaps.shape[1], 'network')}, "
        f"{counted(curve.overlaps.shape[2], 'pattern')} of each. Near the limit overlaps are "
        f"bimodal: the median says more than the mean.",
    )


def _drawn(curves: list[CapacityCurve]) -> Picture:
    axes = new_axes(4.8, 3.6)
    limit, at_limit = capacity_limit()
    fine = np.linspace(0.02, limit, 100)
    axes.plot(fine, [mean_field_overlap(min(a, limit)) for a in fine], color=INK, label="theory")
    axes.plot([limit, limit], [0.0, at_limit], color=INK, linestyle=":", linewidth=1.0)
    for curve, colour in zip(curves, COLOURS, strict=False):
        axes.errorbar(
            curve.loads,
            curve.mean,
            curve.standard_error,
            color=colour,
            marker="o",
            markersize=4,
            linewidth=1.0,
            label=f"N = {curve.size}",
        )
    axes.set_xlabel("load α = P/N", fontsize=SMALL)
    axes.set_ylabel("overlap with the pattern", fontsize=SMALL)
    axes.legend(fontsize=SMALL, frameon=False)
    return picture(
        axes,
        "capacity",
        "Mean overlap after settling, with standard errors; dotted: the limit for N → ∞.",
        "Overlap against load, one curve a size",
    )
