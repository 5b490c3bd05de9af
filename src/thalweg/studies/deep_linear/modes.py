"""Study `deep-linear-modes`: measured mode strengths over their closed form, deep and shallow."""

from dataclasses import dataclass

import jax
import numpy as np

from thalweg.models import deep_linear as dl
from thalweg.plot.style import COLOURS, INK, SMALL, new_panels
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.simulation import Euler, simulate
from thalweg.studies.checks import require_counts, require_positive
from thalweg.studies.result import StudyResult

# Seven properties of four items, a tree: one of all, two of a pair each, four of one each.
SIGMA_YX = np.array(
    [
        [1, 1, 1, 1],
        [1, 1, 0, 0],
        [0, 0, 1, 1],
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ],
    dtype=float,
)


@dataclass(frozen=True)
class ModeCurves:
    """Growth of the modes of one network, measured and predicted.

    Attributes:
        times: `(T,)`.
        strengths: the singular values s_i that are learned, `(r,)`.
        deep: measured strengths of the two-layer network, `(T, r)`.
        logistic: each mode's own closed form, from its effective start, `(T, r)`.
        nearest: the exact solution from the nearest balanced start, `(T, r)`.
        excess: by how much the start is not balanced, relative to its squared size.
        shallow: measured strengths of a single layer, `(T, r)`.
        shallow_form: its closed form, `(T, r)`.
    """

    times: np.ndarray
    strengths: np.ndarray
    deep: np.ndarray
    logistic: np.ndarray
    nearest: np.ndarray
    excess: float
    shallow: np.ndarray
    shallow_form: np.ndarray

    def half_times(self) -> tuple[np.ndarray, np.ndarray]:
        """Times of half strength of the modes: deep and shallow, `(r,)` each; NaN if never."""
        return tuple(  # type: ignore[return-value]
            np.array(
                [
                    np.interp(0.5 * s, curve, self.times, right=np.nan)
                    for s, curve in zip(self.strengths, run.T, strict=True)
                ]
            )
            for run in (self.deep, self.shallow)
        )

    def errors(self) -> dict[str, float]:
        """The largest gap between each prediction and what was measured."""
        return {
            "logistic": float(np.abs(self.logistic - self.deep).max()),
            "nearest": float(np.abs(self.nearest - self.deep).max()),
            "shallow": float(np.abs(self.shallow_form - self.shallow).max()),
        }


def mode_curves(
    sigma_yx: np.ndarray = SIGMA_YX,
    *,
    hidden: int = 16,
    learning_rate: float = 0.4,
    dt: float = 0.1,
    duration: float = 15.0,
    scale: float = 0.01,
    key: jax.Array | None = None,
) -> ModeCurves:
    """Train a two-layer and a one-layer network by Euler steps and predict every mode.

    Σxx = I and τ = 1/η. The starts are Gaussian of standard deviation `scale`.
    """
    task, tau = dl.Covariances(sigma_yx), 1.0 / learning_rate
    num_out, num_in = sigma_yx.shape
    modes = dl.Modes.of(task)
    runs, starts = [], []
    for widths in ((num_in, hidden, num_out), (num_in, num_out)):
        start = dl.small_gaussian(widths, scale, key)
        rule = dl.DeepLinearNetwork(task, widths, tau)
        with jax.enable_x64(True):
            run = simulate(rule, start, duration=duration, method=Euler(dt))
            weights = tuple(np.asarray(w) for w in run.states)
        runs.append((np.asarray(run.times, dtype=np.float64), modes.of_product(weights)))
        starts.append(start)
    (times, deep), (_, shallow) = runs
    u0 = dl.effective_strengths(task, starts[0])
    predicted = dl.predict_small_start(task, starts[0], tau)
    return ModeCurves(
        times=times,
        strengths=np.asarray(modes.strengths),
        deep=deep,
        logistic=dl.balanced_strength(modes.strengths, u0, times, tau),
        nearest=predicted.strengths(times),
        excess=float(predicted.excess),
        shallow=shallow,
        shallow_form=dl.shallow_strength(modes.strengths, modes.of_product(starts[1]), times, tau),
    )


def study(
    *,
    hidden: int = 16,
    learning_rate: float = 0.4,
    dt: float = 0.1,
    duration: float = 15.0,
    scale: float = 0.01,
    seed: int = 0,
) -> StudyResult:
    """The growth of every mode, deep and shallow, measured and by closed form.

    References:
        Saxe, McClelland & Ganguli (2014), arXiv:1312.6120, figure 3.
    """
    require_counts(hidden=hidden)
    require_positive(learning_rate=learning_rate, dt=dt, duration=duration, scale=scale)
    curves = mode_curves(
        hidden=hidden,
        learning_rate=learning_rate,
        dt=dt,
        duration=duration,
        scale=scale,
        key=jax.random.key(seed),
    )
    deep, shallow = curves.half_times()
    rows = [
        [str(i + 1), *(f"{value:.4g}" for value in (s, curves.deep[-1, i], deep[i], shallow[i]))]
        for i, s in enumerate(curves.strengths)
    ]
    errors = curves.errors()
    named = {
        "deep network, each mode's own logistic curve": errors["logistic"],
        "deep network, exact solution from the nearest balanced start": errors["nearest"],
        "shallow network, exponential approach": errors["shallow"],
    }
    page = Page(
        "Deep linear networks: modes of learning",
        _lead(deep, learning_rate),
        [
            Section(
                "Strengths over time",
                [
                    _drawn(curves),
                    Table(
                        ["mode", "strength s", "learned", "half at t, deep", "half at t, shallow"],
                        rows,
                        "Every mode of the task, and when half of it is learned.",
                    ),
                ],
            ),
            Section(
                "Against the closed forms",
                [
                    Table(
                        ["prediction", "largest gap"],
                        [[name, f"{gap:.3g}"] for name, gap in named.items()],
                        "The largest gap over all times and modes, in units of strength.",
                    ),
                    Text(
                        f"The closed forms are of the flow, the runs take Euler steps of {dt:g}: a "
                        f"smaller step brings them closer. Nor is a random start balanced: it "
                        f"misses by {curves.excess:.2g}, more for larger starts. The logistic "
                        f"curve also leaves out that modes are coupled until they are aligned."
                    ),
                ],
            ),
        ],
    )
    values = {
        "times": curves.times,
        "strengths": curves.strengths,
        "deep": curves.deep,
        "shallow": curves.shallow,
        "half_times_deep": deep,
        "half_times_shallow": shallow,
        "errors": errors,
    }
    return StudyResult(page, values)


def _lead(deep: np.ndarray, learning_rate: float) -> str:
    """A sentence on when modes were learned, as far as the run went."""
    known = deep[np.isfinite(deep)]
    if not len(known):
        said = "In the time of this run it half learned none"
    else:
        said = f"It half learned the first at t = {known.min():.2f}"
        if len(known) > 1:
            said += f", the last at t = {known.max():.2f}"
        if len(known) < len(deep):
            said += f", and {len(deep) - len(known)} of {len(deep)} not in the time of this run"
    return (
        f"A network of two weight matrices learns strong modes of its task before weak ones. "
        f"{said}. One matrix learns all of them at the same pace, half at t = ln 2/η = "
        f"{np.log(2) / learning_rate:.2f}."
    )


def _drawn(curves: ModeCurves) -> Picture:
    panels = new_panels(2, sharey=True)[0]
    measured_and_form = (
        ("two layers", curves.deep, curves.nearest),
        ("one layer", curves.shallow, curves.shallow_form),
    )
    for axes, (title, measured, form) in zip(panels, measured_and_form, strict=True):
        for i, colour in zip(range(len(curves.strengths)), COLOURS, strict=False):
            axes.plot(curves.times, measured[:, i], color=colour, label=f"mode {i + 1}")
            axes.plot(curves.times, form[:, i], color=INK, linestyle=":", linewidth=1.2)
            axes.axhline(curves.strengths[i], color=colour, linewidth=0.6, alpha=0.5)
        axes.set_title(title, fontsize=SMALL + 1)
        axes.set_xlabel("time t")
    panels[0].set_ylabel("mode strength")
    panels[1].legend(fontsize=SMALL, frameon=False, loc="lower right")
    return picture(
        panels[0],
        "modes",
        "Strength of each mode over learning (coloured) and its closed form (dotted). Horizontal "
        "lines: the strengths to be learned.",
        "Mode strengths over time, two layers and one",
    )
