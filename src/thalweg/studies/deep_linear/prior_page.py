"""Study `deep-linear-prior`: its page. The numbers are `prior`'s."""

import jax
import numpy as np

from thalweg.core.progress import Progress
from thalweg.plot.style import COLOURS, INK, SMALL, new_axes, new_panels, with_minus
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_positive
from thalweg.studies.deep_linear.prior import (
    SHAPES,
    GramRun,
    Regimes,
    gram_dynamics,
    prior_regimes,
)
from thalweg.studies.result import StudyResult

_SHOWN = (-5.0, 0.0, 5.0)  # λ: both lazy ends and the balanced middle


def study(
    *, points: int = 41, largest: float = 50.0, start_scale: float = 0.1, seed: int = 0
) -> StudyResult:
    """Rich and lazy learning as λ goes from one layer to the other, by the tangent kernel's change.

    A start is λ-balanced when `W²ᵀW² − W¹W¹ᵀ = λ I`.

    References:
        Dominé et al. (2025), arXiv:2409.14623.
    """
    require_counts(3, points=points)
    require_positive(largest=largest, start_scale=start_scale)
    key = jax.random.key(seed)
    half = np.linspace(0.0, largest, points // 2 + 1)[1:]
    balances = np.concatenate([-half[::-1], [0.0], half])
    found: dict[str, Regimes] = {}
    with Progress("networks", len(SHAPES), unit="shape") as progress:
        for name, widths in SHAPES.items():
            found[name] = prior_regimes(widths, balances, start_scale=start_scale, key=key)
            progress.update(len(found))
    runs = gram_dynamics(SHAPES["square"], _SHOWN, start_scale=start_scale, key=key)
    checked = ", ".join(f"{value:g}" for value in next(iter(found.values())).checked)
    largest_error = max(float(r.theory_error.max()) for r in found.values())
    page = Page(
        "Deep linear networks: rich and lazy learning",
        _lead(found),
        [
            Section("Change of the kernel", [_changes(found), _table(found)]),
            Section(
                "Theory over simulation",
                [
                    _dynamics(runs),
                    Text(
                        f"All of this is computed from the exact solution. Simulated at λ = "
                        f"{with_minus(checked)}, QQᵀ differs from it by at most "
                        f"{largest_error:.1e} of its largest entry."
                    ),
                ],
            ),
        ],
    )
    values = {
        name: {
            "widths": r.widths,
            "lambda": r.balances,
            "kernel_change": r.change,
            "kernel_distance": r.distance,
            "theory_error": r.theory_error,
        }
        for name, r in found.items()
    }
    return StudyResult(page, values)


def _lead(found: dict[str, Regimes]) -> str:
    """A sentence, from the numbers, on the shapes that hardly change their kernel at an end."""
    said = []
    for name, regimes in found.items():
        first, last = (regimes.change[end] < 0.1 for end in (0, -1))
        ends = {
            (True, True): "at both ends",
            (True, False): "where its first layer starts larger",
            (False, True): "where its second layer starts larger",
            (False, False): "at neither end",
        }[bool(first), bool(last)]
        said.append(f"the {name} network is lazy {ends}")
    return (
        f"How much learning changes the tangent kernel of a network depends on which layer starts "
        f"larger. Lazy meaning by less than a tenth, {'; '.join(said)}."
    )


def _title(name: str, regimes: Regimes) -> str:
    return f"{name} ({'–'.join(map(str, regimes.widths))})"


def _changes(found: dict[str, Regimes]) -> Picture:
    axes = new_axes(4.8, 3.4)
    for (name, regimes), colour in zip(found.items(), COLOURS, strict=False):
        axes.plot(regimes.balances, regimes.change, color=colour, label=_title(name, regimes))
    axes.set_yscale("log")
    axes.set_xlabel("λ  (first layer larger < 0 < second layer larger)")
    axes.set_ylabel("|K(∞) − K(0)| / |K(0)|")
    axes.legend(fontsize=SMALL, frameon=False)
    return picture(
        axes,
        "kernel-change",
        "Relative change of the tangent kernel over all of learning. Small is lazy: the network "
        "learns as a linear model would, with the features it began with.",
        "Change of the tangent kernel over λ",
    )


def _table(found: dict[str, Regimes]) -> Table:
    rows = []
    for name, regimes in found.items():
        middle = int(np.argmin(np.abs(regimes.balances)))
        chosen = (regimes.change[0], regimes.change[middle], regimes.change[-1])
        rows.append([_title(name, regimes), *(f"{value:.3g}" for value in chosen)])
    first = next(iter(found.values())).balances
    return Table(
        ["network", with_minus(f"λ = {first[0]:g}"), "λ = 0", f"λ = {first[-1]:g}"],
        rows,
        "Relative change of the kernel at both ends and in the middle.",
    )


def _dynamics(runs: dict[float, GramRun]) -> Picture:
    panels = new_panels(len(runs), 1, 2.7, 2.6)[0]
    for axes, (balance, run) in zip(panels, runs.items(), strict=True):
        size = run.exact.shape[1]
        entries = [(0, 0), (size // 2, size // 2), (0, size // 2), (0, size - 1)]
        for (i, j), colour in zip(entries, COLOURS, strict=False):
            axes.plot(run.times, run.exact[:, i, j], color=colour, label=f"({i + 1}, {j + 1})")
            axes.plot(
                run.times, run.simulated[:, i, j], "o", color=INK, markersize=2.5, linestyle=""
            )
        axes.set_title(with_minus(f"λ = {balance:g}"), fontsize=SMALL + 1)
        axes.set_xlabel("time")
    panels[0].set_ylabel("entry of QQᵀ")
    panels[-1].legend(fontsize=SMALL - 1, frameon=False)
    return picture(
        panels[0],
        "gram",
        "Some entries of QQᵀ, Q the stack of W¹ᵀ and W², in a square network: exact solution "
        "(lines) and simulation (dots).",
        "Entries of QQᵀ over learning",
    )
