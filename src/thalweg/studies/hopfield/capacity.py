"""Study `hopfield-capacity`: how many patterns Hebbian networks hold, against mean-field theory."""

from typing import Any

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.models.hopfield import CapacityCurve, capacity_curve, capacity_limit
from thalweg.models.hopfield.capacity import mean_field_overlap
from thalweg.plot.style import COLOURS, INK, SMALL, new_axes
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.outcome import Outcome


def study(
    *,
    sizes: tuple[int, ...] = (500, 1000, 2000),
    loads: tuple[float, ...] = (0.05, 0.10, 0.13, 0.138, 0.15, 0.17),
    networks: int = 6,
    patterns: int = 30,
    seed: int = 0,
) -> Outcome:
    """Overlaps with stored patterns after asynchronous updates, started at the pattern.

    Arguments:
        sizes: the numbers N of spins.
        loads: the loads α = P/N.
        networks: independent networks a size and load.
        patterns: starts a network.
        seed: of the patterns and of the orders.

    References:
        Amit, Gutfreund & Sompolinsky (1985), *Physical Review Letters* 55, 1530.
    """
    if not sizes or not loads:
        raise InputError(f"sizes and loads must not be empty, got {sizes} and {loads}.")
    options: dict[str, Any] = {"networks": networks, "patterns": patterns}
    curves = [
        capacity_curve(int(n), loads, key=jax.random.key(seed + i), **options)
        for i, n in enumerate(sizes)
    ]
    limit, overlap = capacity_limit()
    page = Page(
        "How many patterns a Hebbian network holds",
        f"Infinite networks retrieve up to α = {limit:.6f}, where the overlap is {overlap:.6f} and "
        f"then drops. Finite ones do so gradually, and the smaller they are the further beyond.",
        [
            Section("Overlap by load", [_drawn(curves), *(_table(curve) for curve in curves)]),
            Section(
                "Theory",
                [
                    Text(
                        f"The mean-field equations are solved where the load is largest: "
                        f"α_c = {limit:.15f}, m_c = {overlap:.12f}."
                    )
                ],
            ),
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
    }
    return Outcome(page, values)


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
        f"N = {curve.size}: {curve.overlaps.shape[1]} networks, {curve.overlaps.shape[2]} patterns "
        f"of each. Near the limit overlaps are bimodal: the median says more than the mean.",
    )


def _drawn(curves: list[CapacityCurve]) -> Picture:
    axes = new_axes(5.4, 3.6)
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
