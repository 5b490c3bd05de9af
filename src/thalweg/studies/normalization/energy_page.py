"""Study `normalization-energy`: its page. The numbers are `energy`'s."""

from dataclasses import dataclass

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.progress import Progress
from thalweg.core.trees import replace
from thalweg.models.normalization import (
    Held,
    HeldInput,
    NormalizationNetwork,
    VonMises,
    full_rule,
    grating,
    hold,
    stable_equilibrium,
)
from thalweg.plot.style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    LANDSCAPE,
    NIGHT,
    SMALL,
    new_panels,
    with_minus,
)
from thalweg.report import Page, Picture, Points, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_list
from thalweg.studies.normalization.energy import (
    EnergyRun,
    bifurcation,
    critical_alpha,
    descent_share,
    energies_of,
    energy_along,
)
from thalweg.studies.result import StudyResult

# Shares of the critical α: far inside, and near where descent ends.
_RUNS = (0.02, 0.1, 0.3, 0.6, 0.9)
# Of the critical α, the last beyond it, where steps may raise E.
_SHARES = (0.05, 0.2, 0.5, 0.8, 0.95, 1.05)
# From rest, relative to it: the linear neighbourhood and far outside.
_DISTANCES = (0.01, 0.1, 0.3, 1.0, 2.0)


@dataclass(frozen=True)
class _Case:
    """One leak: its input, and all that was computed about it."""

    beta: float
    held: HeldInput
    critical: float
    runs: list[EnergyRun]
    shares: np.ndarray
    totals: np.ndarray

    @property
    def lost(self) -> np.ndarray:
        """Values α of the diagram at which a denominator reached zero."""
        return np.asarray(np.isnan(self.totals).any(axis=1))


def study(
    *,
    neurons: int = 32,
    betas: tuple[float, ...] = (-0.05, -1.5),
    sigma: float = 0.5,
    baseline: float = 0.2,
    steps: int = 300,
    points: int = 400,
    samples: int = 1000,
    seed: int = 0,
) -> StudyResult:
    """E along runs of all n² weights, how often a step lowers it, and what follows large steps.

    The network adapted to a grating at 0° and views another at 20°; a weak leak and a strong one.

    Raises:
        InputError: a parameter that the network refuses.
    """
    require_counts(2, neurons=neurons, steps=steps, points=points, samples=samples)
    require_list(betas=betas)
    for beta in betas:
        if not -2.0 < beta < 0.0:
            raise InputError(f"betas must be between -2 and 0, where one state exists, got {beta}.")
    shown, fractions = grating(0.8, 20.0), np.linspace(0.9, 1.6, points)
    cases = []
    with Progress("energy", len(betas), unit="leak") as progress:
        for beta in betas:
            network = NormalizationNetwork(
                VonMises(neurons, 1.0), grating(), 0.01, beta, sigma, baseline
            )
            held, rule = hold(network, shown), full_rule(network, Held(shown))
            runs = energy_along(rule, held, _RUNS, steps)
            shares = descent_share(held, _SHARES, _DISTANCES, samples=samples, seed=seed)
            totals = bifurcation(held, fractions)
            cases.append(_Case(beta, held, critical_alpha(held), runs, shares, totals))
            progress.update(len(cases))
    page = Page(
        "Normalization reweighting: the energy along its runs",
        _lead(cases),
        [
            Section("E along runs of all the weights", [_along(cases), _rises(cases)]),
            Section("How often a step lowers E", [_often(cases), _how_often()]),
            Section(
                "Beyond the critical step",
                [_diagram(cases, fractions), Points([_beyond(c, fractions) for c in cases])],
            ),
        ],
    )
    values = {
        "fractions": fractions,
        "leaks": [
            {
                "beta": case.beta,
                "critical_alpha": case.critical,
                "runs": [
                    {"fraction": r.fraction, "rises": r.rises, "energy": _defined(r.energies)}
                    for r in case.runs
                ],
                "descent_share": {
                    "fractions": _SHARES,
                    "distances": _DISTANCES,
                    "shares": case.shares,
                },
                "undefined": case.lost,
            }
            for case in cases
        ],
    }
    return StudyResult(page, values)


def _lead(cases: list[_Case]) -> str:
    first = cases[0]
    below = [run for case in cases for run in case.runs if run.fraction < 1.0]
    broken = sum(not np.isfinite(run.energies).all() for run in below)
    stable = np.array(_SHARES) < 1.0
    worst = min(float(np.nanmin(case.shares[stable])) for case in cases)
    near = min(float(np.nanmin(case.shares[stable, 0])) for case in cases)
    meets = "meets" if broken == 1 else "meet"
    leak = with_minus(f"β = {first.beta:g}")
    return (
        f"The flow always goes down E. The map does so near rest while α stays below a critical "
        f"value ({first.critical:.3g} at {leak}): {100 * near:.4g} % of steps there "
        f"lower E. Far from rest it can be as few as {100 * worst:.4g} %. Of {len(below)} runs "
        f"from W₀ with an α below that value, {broken or 'none'} {meets} a zero denominator."
    )


def _defined(energies: np.ndarray) -> np.ndarray:
    """E up to where a denominator reaches zero."""
    return energies[np.isfinite(energies)]


def _rest(held: HeldInput, alpha: float) -> float:
    """E at rest."""
    moved = replace(held, alpha=alpha)
    rest = stable_equilibrium(moved)
    return np.nan if rest is None else float(energies_of(moved, rest.outputs[None])[0])


def _along(cases: list[_Case]) -> Picture:
    panels = new_panels(len(cases), 1, 3.7, 3.3, sharey=True)[0]
    for axes, case in zip(panels, cases, strict=True):
        for run, colour in zip(case.runs, COLOURS, strict=False):
            above = run.energies - _rest(case.held, run.fraction * case.critical)
            floor = 1e-13 * np.nanmax(np.abs(run.energies))
            with np.errstate(invalid="ignore"):
                above = np.where(above > floor, above, np.nan) / above[0]
            axes.semilogy(above, color=colour, label=f"{run.fraction:g}", marker=".", markevery=[0])
            broken = int(np.isfinite(run.energies).sum()) - 1
            if broken < len(run.energies) - 1:
                axes.plot(broken, above[broken], "x", color=colour, markersize=9, zorder=5)
        axes.set_title(with_minus(f"β = {case.beta:g}"), fontsize=SMALL + 1)
        axes.set_xlabel("step")
        axes.set_xlim(-0.02 * _long(case.runs), _long(case.runs))
    panels[0].set_ylabel("E above rest, share of the start's")
    panels[0].legend(title="α / critical α", fontsize=SMALL, title_fontsize=SMALL, frameon=False)
    return picture(
        panels[0],
        "energy-along",
        "E above its value at rest along runs of the full map from W₀, computed from the outputs "
        "alone. Straight lines are exponential approaches. A cross marks the last step before a "
        "denominator reaches zero.",
        "Energy along runs at several step sizes",
    )


def _long(runs: list[EnergyRun]) -> float:
    """Steps until the slowest run is within rounding of rest."""
    longest = 5
    for run in runs:
        kept = run.energies[np.isfinite(run.energies)]
        if len(kept) == len(run.energies):
            far = np.abs(kept - kept[-1]) > 1e-12 * np.abs(kept).max()
            longest = max(longest, int(np.flatnonzero(far)[-1]) if far.any() else 0)
    return 1.05 * longest


def _end(case: _Case, run: EnergyRun) -> str:
    """End of a run, in words."""
    kept = np.isfinite(run.energies)
    if not kept.all():
        return f"zero denominator at step {kept.argmin()}"
    rest = _rest(case.held, run.fraction * case.critical)
    gap = abs(run.energies[-1] - rest) / max(abs(run.energies[0] - rest), 1e-300)
    return "at rest" if gap < 1e-9 else f"{100 * gap:.2g} % of the way left"


def _rises(cases: list[_Case]) -> Table:
    rows = []
    for case in cases:
        for run in case.runs:
            kept = np.isfinite(run.energies)
            end = _end(case, run)
            counts = [str(run.rises), str(int(kept.sum()) - 1)]
            rows.append([with_minus(f"{case.beta:g}"), f"{run.fraction:g}", *counts, end])
    return Table(
        ["β", "α / critical α", "rises", "of steps", "end"],
        rows,
        "At how many steps E rose by more than rounding.",
    )


def _often(cases: list[_Case]) -> Picture:
    panels = new_panels(len(cases), 1, 3.7, 3.0, sharey=True)[0]
    drawn = None
    for axes, case in zip(panels, cases, strict=True):
        drawn = axes.imshow(
            case.shares, cmap=LANDSCAPE, vmin=0.0, vmax=1.0, aspect="auto", origin="lower"
        )
        for (i, j), share in np.ndenumerate(case.shares):
            said = "–" if np.isnan(share) else "all" if share == 1 else f"{100 * share:.1f} %"
            axes.text(
                j, i, said, ha="center", va="center", fontsize=SMALL,
                color="white" if share < 0.5 else NIGHT,
            )  # fmt: skip
        axes.set_xticks(range(len(_DISTANCES)), [f"{d:g}" for d in _DISTANCES])
        axes.set_yticks(range(len(_SHARES)), [f"{f:g}" for f in _SHARES])
        axes.set_xlabel("distance from rest (log outputs)")
        axes.set_title(with_minus(f"β = {case.beta:g}"), fontsize=SMALL + 1)
    panels[0].set_ylabel("α / critical α")
    figure = panels[0].get_figure(root=True)
    figure.colorbar(drawn, ax=list(panels), label="share that lower E", pad=0.02)
    return picture(
        panels[0],
        "descent-share",
        "Shares of random starts from which one step of the map lowers E. Starts have log outputs "
        "that scatter about rest by the distance given. A step onto a denominator that is not "
        "positive counts as one that does not.",
        "How often a step lowers the energy",
    )


def _how_often() -> Text:
    return Text(
        "The flow lowers E everywhere: dE/dt = −Σ Rᵢ (duᵢ/dt)² ≤ 0. A step of finite size does "
        "so near rest exactly while the map is stable there; far from rest small denominators make "
        "the same α too large."
    )


def _diagram(cases: list[_Case], fractions: np.ndarray) -> Picture:
    panels = new_panels(len(cases), 1, 3.7, 3.0)[0]
    for axes, case in zip(panels, cases, strict=True):
        x = np.repeat(fractions, case.totals.shape[1])
        axes.plot(x, case.totals.ravel(), ".", color=BLUE, markersize=1.6, rasterized=True)
        axes.axvline(1.0, color=INK, linewidth=0.8, linestyle="--")
        if case.lost.any():
            start, end = float(fractions[np.argmax(case.lost)]), float(fractions[-1])
            axes.axvspan(start, end, color=GREY, alpha=0.25)
        axes.set_title(with_minus(f"β = {case.beta:g}"), fontsize=SMALL + 1)
        axes.set_xlabel("α / critical α")
    panels[0].set_ylabel("S = R·r, the last 64 steps")
    return picture(
        panels[0],
        "bifurcation",
        "The summed response after 2,000 steps from near rest. At the critical α (dashed) rest "
        "gives way to alternation; grey from the first α at which a denominator reaches zero.",
        "Bifurcation diagram over the learning rate",
    )


def _beyond(case: _Case, fractions: np.ndarray) -> str:
    """A sentence on the diagram of one leak."""
    with np.errstate(invalid="ignore"):
        swing = np.ptp(case.totals, axis=1) / np.abs(case.totals[:, 0])
    # Just below the critical step a run is slow to settle, and does not count.
    alternates = (swing > 1e-6) & ~case.lost & (fractions > 1.0)
    said = with_minus(f"β = {case.beta:g}: ")
    if alternates.any():
        said += f"outputs alternate from {fractions[np.argmax(alternates)]:.3f} times critical on"
    else:
        said += "no alternation lasts"
    if not case.lost.any():
        return f"{said}; no denominator reaches zero."
    first, share = fractions[np.argmax(case.lost)], 100.0 * case.lost.mean()
    return (
        f"{said}; from {first:.3f} times on there are α at which a denominator reaches zero and "
        f"the model is undefined ({share:.0f} % of those shown)."
    )
