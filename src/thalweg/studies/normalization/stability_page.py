"""Study `normalization-stability`: its page. The numbers are `stability`'s."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from thalweg.core.progress import Progress
from thalweg.core.tables import counted
from thalweg.models.normalization import NormalizationNetwork, VonMises, grating, hold
from thalweg.models.normalization.model.held import HeldInput
from thalweg.plot.style import (
    BLACK,
    GREEN,
    NIGHT,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    new_panels,
    with_minus,
)
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_list
from thalweg.studies.normalization.stability import (
    OUTCOMES,
    REASONS,
    StabilityMap,
    boundaries,
    stability_map,
)
from thalweg.studies.result import StudyResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (GREEN, SKY, ORANGE, "#b8b8b8")
_MARKS = (NIGHT, "#ffffff", VERMILLION, PURPLE, "#ff0000")
# Of α and |β|: stability changes between them for every input of the page.
_SMALLEST, _LARGEST = 3e-3, 3.0


def study(
    *,
    points: int = 400,
    steps: int = 1000,
    neurons: int = 16,
    baselines: tuple[float, ...] = (0.2, 0.5),
    sigmas: tuple[float, ...] = (0.5, 1.0),
    orientation: float = 20.0,
    contrast: float = 0.8,
    seed: int = 0,
) -> StudyResult:
    """The (α, β) plane at several b and σ, by theory and by simulation.

    The network adapted to a grating at 0° and views another, from W₀ the identity. Nothing is
    random: `seed` has no effect.

    Raises:
        InputError: a parameter that the network refuses.
    """
    require_counts(4, points=points)
    require_counts(steps=steps, neurons=neurons)
    require_list(baselines=baselines, sigmas=sigmas)
    alphas = np.geomspace(_SMALLEST, _LARGEST, points)
    half = np.geomspace(_SMALLEST, _LARGEST, points // 2)
    betas = np.concatenate([-half[::-1], half])
    inputs = {
        (b, s): hold(
            NormalizationNetwork(VonMises(neurons, 1.0), grating(), 0.01, -0.05, s, b),
            grating(contrast, orientation),
        )
        for b in baselines
        for s in sigmas
    }
    maps = {}
    with Progress("stability maps", len(inputs), unit="map") as progress:
        for count, (key, held) in enumerate(inputs.items()):
            maps[key] = stability_map(held, alphas, betas, steps=steps)
            progress.update(count + 1)
    page = Page(
        "Normalization reweighting: what settles, over α and β",
        _lead(maps, points),
        [
            Section("From simulation", [_simulated(inputs, maps, len(baselines)), _shares(maps)]),
            Section(
                "From theory",
                [
                    _by_theory(maps, len(baselines)),
                    Text(
                        "Theory solves for the stable state of the outputs, one equation in one "
                        "unknown, and asks whether the step is small enough for it; it runs "
                        "nothing. Where nothing settles it does not say how."
                    ),
                ],
            ),
            Section("Where the two differ", _differences(maps, len(baselines), steps)),
        ],
    )
    values = {
        "alphas": alphas,
        "betas": betas,
        "outcomes": OUTCOMES,
        "maps": [
            {
                "baseline": b,
                "sigma": s,
                "shares": found.table(),
                "points": found.theory.size,
                "disagreements": int(np.sum(found.reason >= 0)),
                "reasons": found.reasons,
            }
            for (b, s), found in maps.items()
        ],
    }
    unexplained = sum(found.reasons["unexplained"] for found in maps.values())
    verb = "is" if unexplained == 1 else "are"
    said = f"{counted(unexplained, 'disagreement')} {verb} not explained."
    warnings = (said,) if unexplained else ()
    return StudyResult(page, values, warnings)


def _lead(maps: dict[tuple[float, float], StabilityMap], points: int) -> str:
    total = sum(found.theory.size for found in maps.values())
    differ = sum(int(np.sum(found.reason >= 0)) for found in maps.values())
    explained = differ - sum(found.reasons["unexplained"] for found in maps.values())
    how_many = "all" if explained == differ else f"{explained:,}"
    return (
        f"With a leak (−2 < β < 0) and a small enough learning rate the weights settle; pushed "
        f"away from their target (β > 0) the outputs may settle while the weights, unseen, grow. "
        f"On {len(maps)} maps of {points} × {2 * (points // 2)} points theory and simulation "
        f"agree on {total - differ:,} of {total:,}; of the {differ:,} others {how_many} are "
        f"explained."
    )


def _panels(maps: dict, rows: int) -> list[tuple[tuple[float, float], "Axes"]]:
    """One panel a map, over α and β on logarithmic axes that meet at zero."""
    panels = new_panels(len(maps) // rows, rows, 3.6, 3.0, sharex=True, sharey=True)
    ticks = [-1.0, -0.1, 0.1, 1.0]
    for (b, s), axes in zip(maps, panels.flat, strict=True):
        axes.set_title(f"b = {b:g}, σ = {s:g}", fontsize=SMALL + 1)
        axes.set_xscale("log")
        axes.set_yticks([_place(t) for t in ticks], [with_minus(f"{t:g}") for t in ticks])
        axes.axhline(0.0, color=BLACK, linewidth=0.8)
    for axes in panels[-1]:
        axes.set_xlabel("learning rate α")
    for axes in panels[:, 0]:
        axes.set_ylabel("β  (leak < 0 < push)")
    return list(zip(maps, panels.flat, strict=True))


def _place(beta: float | np.ndarray) -> np.ndarray:
    """Height at which β is drawn: its logarithm, mirrored at zero."""
    return np.sign(beta) * np.log10(np.abs(beta) / (0.5 * _SMALLEST))


def _painted(
    axes: "Axes", found: StabilityMap, codes: np.ndarray, colours: Sequence[str] = _COLOURS
) -> None:
    from matplotlib.colors import ListedColormap

    positive, colour_map = found.betas > 0.0, ListedColormap(list(colours))
    for half in (positive, ~positive):
        axes.pcolormesh(
            found.alphas, _place(found.betas[half]), codes[half], cmap=colour_map,
            vmin=-0.5, vmax=len(colours) - 0.5, shading="nearest", rasterized=True,
        )  # fmt: skip


def _keys(axes: "Axes", entries: Sequence[tuple[str, str]]) -> None:
    """A legend under all panels."""
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=colour, edgecolor="#555555", label=name) for colour, name in entries]
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(
        handles=handles, loc="outside lower center", ncols=2, fontsize=SMALL, frameon=False
    )


def _simulated(inputs: dict[tuple[float, float], HeldInput], maps: dict, rows: int) -> Picture:
    panels = _panels(maps, rows)
    for key, axes in panels:
        found = maps[key]
        _painted(axes, found, _in_time(found))
        signed = boundaries(inputs[key], found.alphas, found.betas)
        positive = found.betas > 0.0
        for half in (positive, ~positive):
            for name, style in (("existence", "--"), ("step", "-")):
                if np.nanmin(signed[name][half]) < 0.0 < np.nanmax(signed[name][half]):
                    axes.contour(
                        found.alphas, _place(found.betas[half]), signed[name][half], [0.0],
                        colors=BLACK, linewidths=1.3, linestyles=style,
                    )  # fmt: skip
        axes.axhline(float(_place(-2.0)), color=BLACK, linewidth=1.3, linestyle=":")
    axes = panels[0][1]
    _keys(axes, list(zip(_COLOURS, OUTCOMES, strict=True)))
    return picture(
        axes,
        "simulated",
        "What runs from W₀ do (colours), with the boundaries of the theory. Solid: the step "
        "becomes too large for the stable state. Dashed: the stable state ends in a fold. Dotted: "
        "β = −2, beyond which the unseen part of W overshoots. At β = 0 (line in the middle) the "
        "unseen part neither decays nor grows. Undefined: a denominator reached zero. "
        "What settles only within 100 times as many steps counts as settling.",
        "Simulated outcomes over α and β",
    )


def _in_time(found: StabilityMap) -> np.ndarray:
    """The simulated outcomes; what settles or leaves only within 100 times the steps counted so."""
    return np.where((found.reason == 0) | (found.reason == 1), found.theory, found.simulated)


def _by_theory(maps: dict, rows: int) -> Picture:
    panels = _panels(maps, rows)
    for key, axes in panels:
        _painted(axes, maps[key], maps[key].theory)
    names = (*OUTCOMES[:2], "nothing settles")
    _keys(panels[0][1], list(zip(_COLOURS[:3], names, strict=True)))
    return picture(
        panels[0][1],
        "theory",
        "What the equilibria and their eigenvalues say, with no run at all.",
        "Theoretical outcomes over α and β",
    )


def _shares(maps: dict[tuple[float, float], StabilityMap]) -> Table:
    header = ["b", "σ", *OUTCOMES]
    rows = [
        [f"{b:g}", f"{s:g}", *(f"{100 * np.mean(_in_time(found) == c):.1f} %" for c in range(4))]
        for (b, s), found in maps.items()
    ]
    return Table(
        header,
        rows,
        "Shares of the plane, by simulation; what settles only within 100 times as many steps "
        "counts as settling.",
    )


def _differences(
    maps: dict[tuple[float, float], StabilityMap], rows: int, steps: int
) -> list[Text | Table | Picture]:
    counts = [
        [f"{b:g}", f"{s:g}", f"{np.sum(found.reason >= 0):,}", *map(str, found.reasons.values())]
        for (b, s), found in maps.items()
    ]
    letters = ["abcde"[i] for i in range(len(REASONS))]
    panels = _panels(maps, rows)
    seen: set[int] = set()
    for key, axes in panels:
        found = maps[key]
        codes = np.where(found.reason < 0, np.minimum(found.theory, 2), 3 + found.reason)
        _painted(axes, found, codes, (*_COLOURS[:3], *_MARKS))
        seen |= {int(code) for code in np.unique(found.reason) if code >= 0}
    _keys(panels[0][1], [(_MARKS[c], f"{letters[c]}: {REASONS[c]}") for c in sorted(seen)])
    return [
        Table(
            ["b", "σ", "differ", *letters],
            counts,
            "Points where theory and simulation differ on what settles, by reason. "
            + "; ".join(f"{x}: {r}" for x, r in zip(letters, REASONS, strict=True))
            + ".",
        ),
        picture(
            panels[0][1],
            "differences",
            "The points where theory and simulation differ, over the map of the theory.",
            "Disagreements over α and β",
        ),
        Text(
            f"Every such point was run again for {100 * steps:,} steps. Where it still did not "
            f"come to the rest that theory promises, it was run as the flow, for as long: d says "
            f"that the flow, too, ends on a zero denominator or fades. Theory is local: it says "
            f"that a state is stable, not that W₀ lies in its basin, nor that finite steps do not "
            f"overshoot."
        ),
    ]
