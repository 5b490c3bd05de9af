"""Study `normalization-adaptation`: its page. The numbers are `adaptation`'s."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from thalweg.core.progress import Progress
from thalweg.plot.style import BLUE, GREY, INK, SMALL, VERMILLION, new_panels, with_minus
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_positive
from thalweg.studies.normalization.adaptation import (
    AdaptationStudy,
    Responses,
    adaptation_study,
    adaptors,
    published_network,
)
from thalweg.studies.result import StudyResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Pair = tuple[AdaptationStudy, AdaptationStudy]
_STATES = (
    ("before", GREY, ":"),
    ("adapted, no leak", BLUE, "-"),
    ("adapted, leak", VERMILLION, "--"),
)


def study(
    *,
    neurons: int = 180,
    steps: int = 1000,
    leak: float = 0.05,
    contrast: float = 1.0,
    seed: int = 0,
) -> StudyResult:
    """Tuning, contrast responses, weights, products and masking before and after five adaptors.

    α anneals as 99·e^{−t/100} + 1. Nothing is random: `seed` has no effect.

    References:
        Z. M. Westrick, D. J. Heeger & M. S. Landy, J. Neurosci. 36, 9805 (2016).
    """
    require_counts(8, neurons=neurons)
    require_counts(steps=steps)
    require_positive(leak=leak, contrast=contrast)
    shown = adaptors(contrast)
    found: dict[str, Pair] = {}
    with Progress("adaptation", 2 * len(shown), unit="run") as progress:
        for name, adaptor in shown.items():
            runs = []
            for beta in (0.0, -leak):
                network = published_network(beta, neurons)
                runs.append(adaptation_study(network, adaptor, steps=steps))
                progress.update(2 * len(found) + len(runs))
            found[name] = (runs[0], runs[1])
    page = Page(
        "Normalization reweighting: responses before and after adaptation",
        _lead(found),
        [
            Section("The homeostatic aim", [_homeostasis(found), _products(found)]),
            Section("Tuning", [_tuning(found, neurons)]),
            Section("Contrast", [_contrast(found)]),
            Section("Masks", [_masks(found), _distances(found)]),
            Section("Weights", [_weights(found), _setting(neurons, steps, leak)]),
        ],
    )
    values = {name: _numbers(pair) for name, pair in found.items()}
    return StudyResult(page, values)


def _lead(found: Mapping[str, Pair]) -> str:
    biased, plaid = found["biased"][0], found["plaid"][0]
    return (
        f"Where one orientation is shown more often, weights adapt toward where the average "
        f"response products are at their target: without a leak the relative distance goes from "
        f"{biased.before.seen:.2f} to {biased.after.seen:.2f}. But the target asks neurons that no "
        f"grating drives together never to fire together, and a plaid makes them: there the "
        f"distance goes from {plaid.before.seen:.2f} to {plaid.after.seen:.2f}."
    )


def _states(pair: Pair) -> tuple[Responses, Responses, Responses]:
    """Responses before adaptation, after it without a leak, and after it with one."""
    return pair[0].before, pair[0].after, pair[1].after


def _numbers(pair: Pair) -> dict[str, object]:
    first = pair[0]
    by_state = dict(zip(("before", "no leak", "leak"), _states(pair), strict=True))
    return {
        "orientations": first.orientations,
        "contrasts": first.contrasts,
        "masks": first.masks,
        **{
            state: {
                "homeostasis": r.homeostasis,
                "homeostasis_seen": r.seen,
                "contrast_response": r.contrast[:, 0],
                "masking": r.masking,
                "distance": r.distance,
            }
            for state, r in by_state.items()
        },
    }


def _homeostasis(found: Mapping[str, Pair]) -> Table:
    rows = []
    for name, (free, leaky) in found.items():
        change = 100.0 * (free.after.tuning[0, 0] / free.before.tuning[0, 0] - 1.0)
        three = _states((free, leaky))
        numbers = [*(r.seen for r in three), *(r.homeostasis for r in three[:2])]
        rows.append([name, *(f"{value:.3f}" for value in numbers), with_minus(f"{change:+.0f} %")])
    return Table(
        ["adaptor", "before", "no leak", "leak", "all before", "all after", "R at 0°"],
        rows,
        "Relative distance of the average response products from their target, as far as the "
        "adaptor's drives see it: before, and after adaptation without and with a leak. Then that "
        "of all products, before and after (no leak); and how the response to a grating at 0° of "
        "the neuron that prefers it changed (no leak).",
    )


def _grid(
    found: Mapping[str, Pair], draw: Callable[["Axes", Pair], None], x: str, y: str
) -> "Axes":
    """A panel an adaptor, and the legend where the sixth would be."""
    panels = new_panels(3, -(-(len(found) + 1) // 3), 2.6, 2.3, sharex=True, sharey=True)
    for (name, pair), axes in zip(found.items(), panels.flat, strict=False):
        draw(axes, pair)
        axes.set_title(name, fontsize=SMALL + 1)
        axes.set_xlabel(x)
    for axes in panels[:, 0]:
        axes.set_ylabel(y)
    for axes in panels.flat[len(found) :]:
        axes.axis("off")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    panels.flat[-1].legend(handles, labels, loc="center", fontsize=SMALL, frameon=False)
    for axes in panels.flat[: len(found) - panels.shape[1]]:  # no labels where a panel is below
        axes.set_xlabel("")
    for axes in panels.flat[len(found) - panels.shape[1] : len(found)]:
        axes.tick_params(labelbottom=True)
    return panels.flat[0]


def _curves(axes: "Axes", x: np.ndarray, three: tuple[np.ndarray, ...], label: bool = True) -> None:
    for (name, colour, line), y in zip(_STATES, three, strict=True):
        axes.plot(x, y, color=colour, linestyle=line, label=name if label else None)


def _preferring(neurons: int) -> tuple[int, int, int]:
    """The neurons that prefer 0° and a quarter turn to either side, as nearly as there are any."""
    return 0, round(neurons / 4), round(3 * neurons / 4)


def _angles(neurons: int) -> str:
    """Preferred orientations of the neurons, in words."""
    angles = sorted((k * 180.0 / neurons + 90.0) % 180.0 - 90.0 for k in _preferring(neurons))
    first, second, third = (with_minus(f"{angle:.3g}°") for angle in angles)
    return f"{first}, {second} and {third}"


def _tuning(found: Mapping[str, Pair], neurons: int) -> Picture:
    def draw(axes: "Axes", pair: Pair) -> None:
        x = (pair[0].orientations + 90.0) % 180.0 - 90.0
        order = np.argsort(x)
        for k, preferred in enumerate(_preferring(neurons)):
            three = tuple(r.tuning[order, preferred] for r in _states(pair))
            _curves(axes, x[order], three, label=k == 0)
        axes.set_xticks([-90, -45, 0, 45, 90])

    axes = _grid(found, draw, "orientation (°)", "response")
    return picture(
        axes,
        "tuning",
        f"Tuning curves of the neurons that prefer {_angles(neurons)}, before adaptation and "
        f"after it.",
        "Tuning curves before and after adaptation",
    )


def _contrast(found: Mapping[str, Pair]) -> Picture:
    def draw(axes: "Axes", pair: Pair) -> None:
        _curves(axes, pair[0].contrasts, tuple(r.contrast[:, 0] for r in _states(pair)))
        axes.set_xscale("log")

    axes = _grid(found, draw, "contrast", "response")
    axes.set_ylim(bottom=0.0)  # once all is drawn: it also fixes the top, of every panel
    return picture(
        axes,
        "contrast",
        "Response to a grating at 0° of the neuron that prefers it, over contrast.",
        "Contrast responses before and after adaptation",
    )


def _masks(found: Mapping[str, Pair]) -> Picture:
    def draw(axes: "Axes", pair: Pair) -> None:
        axes.axhline(0.0, color=INK, linewidth=0.6)
        _curves(axes, pair[0].masks, tuple(r.masking for r in _states(pair)))
        axes.set_xticks([0, 30, 60, 90])

    return picture(
        _grid(found, draw, "mask orientation (°)", "masking index"),
        "masking",
        "1 − R(grating + mask) / R(grating), both at half contrast, of the neuron that prefers the "
        "grating at 0°: positive where the mask suppresses, negative where it drives the neuron.",
        "Masking index before and after adaptation",
    )


def _distances(found: Mapping[str, Pair]) -> Picture:
    def draw(axes: "Axes", pair: Pair) -> None:
        _curves(axes, pair[0].masks, tuple(r.distance for r in _states(pair)))
        axes.set_xticks([0, 30, 60, 90])

    axes = _grid(found, draw, "mask orientation (°)", "d′")
    axes.set_ylim(bottom=0.0)
    return picture(
        axes,
        "readout",
        "Distance of the population's response to grating and mask from that to the mask alone: "
        "how well the grating can be told, d′ = ‖R(both) − R(mask)‖.",
        "Discriminability before and after adaptation",
    )


def _products(found: Mapping[str, Pair]) -> Picture:
    """Rows: before and after. A column an adaptor; minus the target."""
    panels = new_panels(len(found), 2, 1.75, 1.85, sharex=True, sharey=True)
    gaps = [
        [free.before.products - free.target, free.after.products - free.target]
        for free, _ in found.values()
    ]
    return _matrices(
        panels,
        list(found),
        gaps,
        ("before − target", "after − target"),
        "products",
        "Average response products ⟨R Rᵀ⟩ minus their target (no leak), neurons by preferred "
        "orientation. Products of neurons that the adaptor never drives stay zero, below theirs.",
        "Response products minus target",
    )


def _weights(found: Mapping[str, Pair]) -> Picture:
    panels = new_panels(len(found), 2, 1.75, 1.85, sharex=True, sharey=True)
    changes = [[run.after.weights - run.before.weights for run in pair] for pair in found.values()]
    return _matrices(
        panels,
        list(found),
        changes,
        ("no leak", "leak"),
        "weights",
        "Change of the normalization weights, W − W₀; row: the neuron that is normalized, column: "
        "the one that normalizes it, by preferred orientation. Colours saturate at the 99th "
        "percentile.",
        "Change of the weights",
    )


def _matrices(
    panels: np.ndarray, names: list[str], values: list, rows: tuple[str, str], *words: str
) -> Picture:
    drawn = None
    for r, row in enumerate(rows):
        limit = float(np.quantile(np.abs([pair[r] for pair in values]), 0.99)) or 1.0
        for axes, name, pair in zip(panels[r], names, values, strict=True):
            drawn = axes.imshow(
                np.roll(pair[r], len(pair[r]) // 2, axis=(0, 1)), cmap="PuOr_r", vmin=-limit,
                vmax=limit, extent=(-90, 90, 90, -90), interpolation="nearest",
            )  # fmt: skip
            axes.set_xticks([-90, 0, 90])
            axes.set_yticks([-90, 0, 90])
            if r == 0:
                axes.set_title(name, fontsize=SMALL + 1)
        panels[r, 0].set_ylabel(row)
        figure = panels[r, 0].get_figure(root=True)
        bar = figure.colorbar(drawn, ax=list(panels[r]), shrink=0.9, pad=0.01)
        bar.ax.tick_params(labelsize=SMALL)
    name, caption, alt = words
    return picture(panels[0, 0], name, caption, alt)


def _setting(neurons: int, steps: int, leak: float) -> Text:
    return Text(
        f"{neurons} neurons, raised cosines of half-width 30° with Σ f² = 1, σ = 1/6, W₀ = 1, "
        f"α = 99 e^(−t/100) + 1, weights rectified at zero, {steps:,} steps, each an average over "
        f"the adaptor; without leak and with β = −{leak:g}. The target is the average product over "
        f"all orientations at W₀."
    )
