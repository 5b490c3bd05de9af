"""Study `deep-linear-generalization`: its page. The numbers are `generalization`'s."""

from collections.abc import Sequence

import jax

from thalweg.core.progress import Progress
from thalweg.plot.style import BLUE, INK, SMALL, VERMILLION, new_panels
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_list, require_positive
from thalweg.studies.deep_linear.generalization import ErrorCurves, error_curves
from thalweg.studies.result import StudyResult


def study(
    *,
    ratios: tuple[float, ...] = (0.5, 0.8, 1.0, 1.5, 2.0, 4.0),
    num_inputs: int = 100,
    signal: float = 1.0,
    noise: float = 0.5,
    trials: int = 40,
    seed: int = 0,
) -> StudyResult:
    """Test and training error over time for noisy teachers at several sample ratios P/N.

    References:
        Advani & Saxe (2017), arXiv:1710.03667.
    """
    require_list(ratios=ratios)
    require_positive(**{f"ratios[{i}]": ratio for i, ratio in enumerate(ratios)})
    require_counts(num_inputs=num_inputs)
    require_counts(2, trials=trials)
    found = []
    with Progress("teachers", len(ratios), unit="ratio") as progress:
        for index, ratio in enumerate(ratios):
            key = jax.random.fold_in(jax.random.key(seed), index)
            found.append(
                error_curves(
                    ratio, num_inputs=num_inputs, signal=signal, noise=noise, trials=trials, key=key
                )
            )
            progress.update(len(found))
    worst = max(found, key=lambda c: c.overtraining)
    page = Page(
        "Deep linear networks: when to stop learning",
        f"A noisy teacher of {num_inputs} inputs is learned from P samples. Learning longer than "
        f"best costs most, of the sample ratios shown, at P/N = {worst.ratio:g}: the test error "
        f"ends {worst.overtraining:.3g} above its least, which is at t = {worst.best_time:.3g} "
        f"(theory: {worst.best_time_theory:.3g}).",
        [
            Section("Errors over time", [_drawn(found)]),
            Section(
                "The best time to stop",
                [
                    _table(found),
                    Text(
                        f"Averages over {trials} teachers, each flow solved exactly by the "
                        f"eigenvectors of its samples' covariance. Theory: averages over the "
                        f"Marchenko–Pastur law, exact as N grows."
                    ),
                ],
            ),
        ],
    )
    values = {
        "curves": [
            {
                "ratio": c.ratio,
                "times": c.times,
                "test": c.test,
                "test_standard_error": c.test_error,
                "train": c.train,
                "test_theory": c.test_theory,
                "train_theory": c.train_theory,
                "best_time": c.best_time,
                "best_time_theory": c.best_time_theory,
            }
            for c in found
        ]
    }
    return StudyResult(page, values)


def _drawn(found: Sequence[ErrorCurves]) -> Picture:
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    panels = new_panels(columns, rows, 2.6, 2.3, sharex=True, sharey=True)
    for axes, curves in zip(panels.flat, found, strict=False):
        for measured, theory, colour, name in (
            (curves.test, curves.test_theory, VERMILLION, "test"),
            (curves.train, curves.train_theory, BLUE, "training"),
        ):
            axes.semilogx(curves.times, measured, color=colour, label=name)
            axes.semilogx(curves.times, theory, color=INK, linestyle=":", linewidth=1.2)
        axes.axvline(curves.best_time_theory, color=INK, linewidth=0.7, linestyle="--")
        axes.set_title(f"P/N = {curves.ratio:g}", fontsize=SMALL + 1)
    top = max(float(c.test_theory[0]) for c in found)
    panels[0, 0].set_ylim(0.0, 2.0 * top)
    for axes in panels[-1]:
        axes.set_xlabel("time (τ)")
    for axes in panels[:, 0]:
        axes.set_ylabel("mean squared error")
    for axes in panels.flat[len(found) :]:
        axes.axis("off")
    panels[0, 0].legend(fontsize=SMALL, frameon=False)
    return picture(
        panels[0, 0],
        "errors",
        "Errors over learning, measured (coloured) and predicted (dotted). Dashed: the predicted "
        "best time to stop. The axis ends at twice the error of not learning at all.",
        "Test and training error over time",
    )


def _table(found: Sequence[ErrorCurves]) -> Table:
    rows = [
        [
            f"{c.ratio:g}",
            f"{c.best_time:.3g}",
            f"{c.best_time_theory:.3g}",
            f"{c.test.min():.4g} ± {c.test_error[c.test.argmin()]:.1g}",
            f"{c.test_theory.min():.4g}",
            f"{c.overtraining:.3g}",
        ]
        for c in found
    ]
    return Table(
        ["P/N", "stop at", "theory", "least test error", "theory", "lost by not stopping"],
        rows,
        "When the test error is least, how small it is, and by how much it grows until t = 1000 τ.",
    )
