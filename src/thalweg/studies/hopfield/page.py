"""The page of the study `hopfield-mnist`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.core.tables import counted
from thalweg.plot.style import COLOURS, SMALL, new_panels
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.hopfield.training import Configuration, Run, Scale

# What counts as chatter, and what as no dependence on the step.
_MUCH_LESS, _OFTEN, _ABOUT = 0.8, 0.25, 1.1


def page_of(
    runs: Sequence[Run],
    examined: Mapping[str, Any],
    scale: Scale,
    data_name: str,
    beside_published: bool,
) -> Page:
    """The page: accuracies, what spoilt inputs do, how energies fall, whether states settle."""
    rows = list(dict.fromkeys(run.configuration for run in runs))
    titles = {row.name: row.title for row in rows}
    sections = [
        Section("Accuracy", _accuracies(rows, runs, scale, beside_published)),
        Section("Spoilt inputs", [_spoilt(titles, examined)]),
    ]
    moving = {name: found for name, found in examined.items() if "descent" in found}
    if moving:
        sections += [
            Section("Descent", [_drawn(titles, moving), *_descents(titles, moving)]),
        ]
    return Page(f"A layer that follows an energy classifies {data_name}", _lead(runs), sections)


def _lead(runs: Sequence[Run]) -> str:
    done = [run for run in runs if not run.diverged and "test_longer" in run.accuracies]
    if not done:
        return "No layer that follows a flow was trained to the end."
    best = max(done, key=lambda run: run.accuracies["test"])
    steadiest = min(done, key=lambda r: abs(r.accuracies["test"] - r.accuracies["test_longer"]))
    return (
        f"The best test accuracy at t = 1 is that of {best.configuration.title} "
        f"({_percent([best.accuracies['test']])}); integrating three times as long changes that of "
        f"{steadiest.configuration.title} least ({_percent([steadiest.accuracies['test']])} to "
        f"{_percent([steadiest.accuracies['test_longer']])})."
    )


def _accuracies(
    rows: Sequence[Configuration], runs: Sequence[Run], scale: Scale, beside_published: bool
) -> list[Table]:
    training, testing = [], []
    for row in rows:
        of_row = [run for run in runs if run.configuration == row]
        scores = {
            name: _percent([run.accuracies[name] for run in of_row if name in run.accuracies])
            for name in ("train", "train_longer", "test", "test_longer")
        }
        line = [row.title, f"{row.epsilon:g}", scores["train"], scores["train_longer"]]
        line += [_published(row)] if beside_published else []
        training.append([*line, _ends(of_row)])
        testing.append([row.title, scores["test"], scores["test_longer"]])
    caption = (
        f"Accuracies in percent on the training images, after {counted(scale.epochs, 'epoch')} "
        f"at t = 1, and "
        f"of the same weights integrated to t = 3: the mean over the runs that did not diverge, "
        f"and half their range."
    )
    header = ["layer", "ε", "t = 1", "t = 3"]
    if beside_published:
        header += ["published"]
        caption += " Published: at t = 1 / at t = 3, after 10 epochs."
    return [
        Table([*header, "runs"], training, caption),
        Table(["layer", "t = 1", "t = 3"], testing, "The same on the test images."),
    ]


def _published(row: Configuration) -> str:
    if isinstance(row.published, str):
        return row.published
    return " / ".join(_percent([value]) for value in row.published if value is not None)


def _ends(runs: Sequence[Run]) -> str:
    """A sentence on the number of runs, and on those that left the finite."""
    failures = [run.fitted.failure for run in runs if run.fitted.failure is not None]
    if not failures:
        return str(len(runs))
    where = "; ".join(f"epoch {failure.epoch}, step {failure.step}" for failure in failures)
    return f"diverged {len(failures)} of {len(runs)}: {where}"


def _spoilt(titles: Mapping[str, str], examined: Mapping[str, Any]) -> Table:
    lines = []
    kinds = (("noise", "noise σ = {:g}"), ("flips", "{:.0%} flipped"), ("shifts", "shift by {:d}"))
    for kind, name in kinds:
        levels = next(iter(examined.values()))["robustness"][kind] if examined else {}
        for level in levels:
            values = [found["robustness"][kind][level] for found in examined.values()]
            lines.append([name.format(level), *(f"{100.0 * v:.1f}" for v in values)])
    return Table(
        ["test inputs", *(titles[name] for name in examined)],
        lines,
        "Test accuracy in percent on inputs with Gaussian noise (on standardized pixels), with "
        "pixels turned into their negative, and shifted by pixels.",
    )


def _descents(titles: Mapping[str, str], moving: Mapping[str, Any]) -> list[Table | Text]:
    lines, floors = [], []
    for name, found in moving.items():
        path, settling = found["descent"], found["settling"]
        falls = path["energy"] is not None
        lines.append(
            [
                titles[name],
                f"{100.0 * path['rising']:.1f} %" if falls else "–",
                f"{100.0 * path['reversed']:.1f} %",
                f"{100.0 * settling['share']:.1f} %",
                f"{settling['median_time']:.1f}" if settling["share"] > 0.0 else "–",
                f"{100.0 * settling['escaped']:.1f} %",
                _percent([settling["accuracy"]]),
            ]
        )
        if falls:
            floors.append([titles[name], *(f"{v:.3g}" for v in found["floors"].values())])
    longest = next(iter(moving.values()))["settling"]["longest"]
    tables: list[Table | Text] = [
        Table(
            ["layer", "rising", "reversed", "settled", "at t", "escaped", "accuracy"],
            lines,
            f"Up to t = 30: the share of steps that raised E, and of late steps that went against "
            f"the step before. Up to t = {longest:g}: the share of test samples that came to rest, "
            f"the median time at which they did, the share that left the finite, and the accuracy "
            f"then (in percent).",
        )
    ]
    if floors:
        steps = next(f["floors"] for f in moving.values() if f["floors"])
        tables += [
            Table(
                ["layer", *(f"dt = {dt:g}" for dt in steps)],
                floors,
                "The median energy left at t = 30, by the length of a step.",
            ),
        ]
    return [*tables, *_chatter(titles, moving)]


def _chatter(titles: Mapping[str, str], moving: Mapping[str, Any]) -> list[Text]:
    """Text on steps around the kink of √(f·f); nothing where the numbers say nothing."""
    ends = {name: list(found["floors"].values()) for name, found in moving.items()}
    reversed_share = moving["norm"]["descent"]["reversed"] if "norm" in moving else 0.0
    shrinks = "norm" in ends and ends["norm"][-1] < _MUCH_LESS * ends["norm"][0]
    if not (shrinks and reversed_share > _OFTEN):
        return []
    smooth = [titles[n] for n, left in ends.items() if left and max(left) < _ABOUT * min(left)]
    others = (
        f" What is left of {' and '.join(smooth)} does not depend on the step." if smooth else ""
    )
    return [
        Text(
            f"Steps of {titles['norm']} do not come to rest at its kink, f = 0, they chatter "
            f"around it: {reversed_share:.0%} of the late ones go against the step before, and "
            f"what is left shrinks with the step.{others}"
        )
    ]


def _drawn(titles: Mapping[str, str], moving: Mapping[str, Any]) -> Picture:
    panels = new_panels(2)[0]
    for (name, found), colour in zip(moving.items(), COLOURS, strict=False):
        path = found["descent"]
        times = path["times"]
        if path["energy"] is not None:
            relative = path["energy"] / path["energy"][0]
            panels[0].plot(times, relative, color=colour, label=titles[name])
        panels[1].plot(times, path["speed"], color=colour, label=titles[name])
    for axes, what in zip(panels, ("E(x(t)) / E(x(0))", "speed |x'|"), strict=True):
        axes.axvline(1.0, color="#8c8c8c", linewidth=0.8, linestyle=":")
        axes.set_yscale("log")
        axes.set_xlabel("time t", fontsize=SMALL)
        axes.set_ylabel(what, fontsize=SMALL)
    panels[1].legend(fontsize=SMALL, frameon=False)
    return picture(
        panels[0],
        "descent",
        "Medians over test samples. Dotted: t = 1, up to which the networks were trained.",
        "Energy and speed along the flow, one curve a layer",
    )


def _percent(values: Sequence[float]) -> str:
    """The mean in percent, and half the range where there are several; a dash for none."""
    if not values:
        return "–"
    mean = 100.0 * float(np.mean(values))
    if len(values) == 1:
        return f"{mean:.2f}"
    return f"{mean:.2f} ± {50.0 * (max(values) - min(values)):.2f}"
