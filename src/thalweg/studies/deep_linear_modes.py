"""Study `deep-linear-modes`: measured mode strengths over their closed form, deep and shallow."""

from dataclasses import dataclass

import jax
import numpy as np

from thalweg.models import deep_linear as dl
from thalweg.simulation import Euler, simulate

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
    """How the modes of one network grew, and how they should have.

    Attributes:
        times: `(T,)`.
        strengths: the singular values s_i that are learned, `(r,)`.
        deep: measured strengths of the two-layer network, `(T, r)`.
        logistic: each mode's own closed form, from its effective start, `(T, r)`.
        exact: the matrix solution's strengths for this start, `(T, r)`.
        shallow: measured strengths of a single layer, `(T, r)`.
        shallow_form: its closed form, `(T, r)`.
    """

    times: np.ndarray
    strengths: np.ndarray
    deep: np.ndarray
    logistic: np.ndarray
    exact: np.ndarray
    shallow: np.ndarray
    shallow_form: np.ndarray

    def half_times(self) -> tuple[np.ndarray, np.ndarray]:
        """When each mode passes half its strength, measured: deep and shallow, `(r,)` each."""
        return tuple(  # type: ignore[return-value]
            np.array(
                [
                    np.interp(0.5 * s, curve, self.times)
                    for s, curve in zip(self.strengths, run.T, strict=True)
                ]
            )
            for run in (self.deep, self.shallow)
        )

    def errors(self) -> dict[str, float]:
        """The largest gap between each prediction and what was measured."""
        return {
            "logistic": float(np.abs(self.logistic - self.deep).max()),
            "exact": float(np.abs(self.exact - self.deep).max()),
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
    return ModeCurves(
        times=times,
        strengths=np.asarray(modes.strengths),
        deep=deep,
        logistic=dl.balanced_strength(modes.strengths, u0, times, tau),
        exact=dl.predict_small_start(task, starts[0], tau).strengths(times),
        shallow=shallow,
        shallow_form=dl.shallow_strength(modes.strengths, modes.of_product(starts[1]), times, tau),
    )
