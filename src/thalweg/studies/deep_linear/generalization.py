r"""Study `deep-linear-generalization`: when to stop learning from a noisy teacher.

Inputs x ~ N(0, I_N), targets `y = w̄·x + ε` with |w̄|² = S on average and noise variance σ². With P
samples, gradient flow moves along the eigenvectors of Σxx, and on average over teachers

    E_test(t)  = σ² + S ∫ρ(λ) e^{−2λt} dλ + σ² (N/P) ∫ρ(λ) (1 − e^{−λt})²/λ dλ
    E_train(t) = ∫ρ(λ) (λS + σ²N/P) e^{−2λt} dλ + σ²(1 − N/P),   zero modes left out

where ρ is the Marchenko–Pastur density of ratio N/P (and a mass 1 − P/N at zero when P < N).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator


@dataclass(frozen=True)
class ErrorCurves:
    """Test and training error over time at one sample ratio, measured and predicted.

    Attributes:
        ratio: P/N, samples per input.
        times: `(T,)`, in units of τ.
        test: measured test error, averaged over teachers, `(T,)`.
        test_error: its standard error, `(T,)`.
        train: measured training error, `(T,)`.
        test_theory: the random-matrix prediction, `(T,)`.
        train_theory: likewise, `(T,)`.
    """

    ratio: float
    times: np.ndarray
    test: np.ndarray
    test_error: np.ndarray
    train: np.ndarray
    test_theory: np.ndarray
    train_theory: np.ndarray

    @property
    def best_time(self) -> float:
        """Time of the least measured test error."""
        return float(self.times[np.argmin(self.test)])

    @property
    def best_time_theory(self) -> float:
        """Time of the least predicted test error."""
        return float(self.times[np.argmin(self.test_theory)])

    @property
    def overtraining(self) -> float:
        """Excess of the last test error over the least one."""
        return float(self.test[-1] - self.test.min())


def marchenko_pastur(
    fn: Callable[[np.ndarray], np.ndarray], ratio: float, points: int = 2000
) -> np.ndarray:
    """∫ρ(λ) fn(λ) dλ over the positive eigenvalues of `XᵀX/P`, P/N = `ratio`.

    `fn` takes `(points,)` and may return `(…, points)`. The integral of 1 is min(1, ratio).
    """
    spread = np.sqrt(1.0 / ratio)
    angle = (np.arange(points) + 0.5) * np.pi / points
    value = 1.0 + spread**2 + 2.0 * spread * np.cos(angle)
    density = 2.0 * np.sin(angle) ** 2 / (np.pi * value)
    return np.sum(fn(value) * density, axis=-1) * np.pi / points


def predicted_errors(
    times: np.ndarray, ratio: float, signal: float, noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """The predicted test and training errors at `times`, for P/N = `ratio`."""
    t = np.asarray(times)[:, None]
    silent = max(0.0, 1.0 - ratio)

    def bias(value: np.ndarray) -> np.ndarray:
        return np.exp(-2.0 * value * t)

    def variance(value: np.ndarray) -> np.ndarray:
        return np.expm1(-value * t) ** 2 / value

    def residual(value: np.ndarray) -> np.ndarray:
        return (value * signal + noise / ratio) * np.exp(-2.0 * value * t)

    test = noise + signal * (silent + marchenko_pastur(bias, ratio))
    test = test + noise / ratio * marchenko_pastur(variance, ratio)
    train = marchenko_pastur(residual, ratio) + noise * max(0.0, 1.0 - 1.0 / ratio)
    return test, train


def error_curves(
    ratio: float,
    *,
    num_inputs: int = 100,
    signal: float = 1.0,
    noise: float = 0.5,
    trials: int = 40,
    times: Sequence[float] | np.ndarray | None = None,
    key: jax.Array | None = None,
) -> ErrorCurves:
    """Learn from `ratio·num_inputs` samples of many noisy teachers, and predict the errors.

    The flow from w = 0 is solved exactly for every set of samples, by its eigenvectors.

    Raises:
        InputError: the ratio leaves no sample, or a variance is negative.
    """
    num_samples = round(ratio * num_inputs)
    if num_samples < 1 or noise < 0.0 or signal < 0.0:
        raise InputError(
            f"ratio·num_inputs must be at least one sample and variances not negative, got "
            f"ratio={ratio}, num_inputs={num_inputs}, signal={signal}, noise={noise}."
        )
    t = np.geomspace(1e-2, 1e3, 200) if times is None else np.asarray(times, dtype=float)
    rng = host_generator(key)
    tests, trains = zip(
        *(_one_teacher(rng, t, num_samples, num_inputs, signal, noise) for _ in range(trials)),
        strict=True,
    )
    exact_ratio = num_samples / num_inputs
    test_theory, train_theory = predicted_errors(t, exact_ratio, signal, noise)
    return ErrorCurves(
        ratio=exact_ratio,
        times=t,
        test=np.mean(tests, axis=0),
        test_error=np.std(tests, axis=0, ddof=1) / np.sqrt(trials),
        train=np.mean(trains, axis=0),
        test_theory=test_theory,
        train_theory=train_theory,
    )


def _one_teacher(
    rng: np.random.Generator,
    times: np.ndarray,
    num_samples: int,
    num_inputs: int,
    signal: float,
    noise: float,
) -> tuple[np.ndarray, np.ndarray]:
    teacher = rng.standard_normal(num_inputs) * np.sqrt(signal / num_inputs)
    x = rng.standard_normal((num_samples, num_inputs))
    y = x @ teacher + np.sqrt(noise) * rng.standard_normal(num_samples)
    left, s, right = np.linalg.svd(x / np.sqrt(num_samples), full_matrices=False)
    along = left.T @ y / np.sqrt(num_samples)
    learned = -np.expm1(-(s**2) * times[:, None]) * (along / s)
    unseen = np.sum(teacher**2) - np.sum((right @ teacher) ** 2)
    test = noise + np.sum((learned - right @ teacher) ** 2, axis=1) + unseen
    train = np.mean(y**2) - np.sum(along**2) + np.sum((along - s * learned) ** 2, axis=1)
    return test, train
