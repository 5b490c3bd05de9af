"""The model in plain NumPy, written from the source's equations; and small examples of it."""

from typing import TypeVar

import numpy as np

from thalweg.models.normalization import HeldInput

T = TypeVar("T")


def outputs(drive, weights, sigma):
    return drive / (sigma**2 + weights @ drive / len(drive))


def run_full(drives, weights, target, alpha, beta, sigma, rectify=False):
    """W after the last step, and the outputs of every step."""
    weights, kept = weights.copy(), []
    for t, drive in enumerate(drives):
        rate = alpha(t) if callable(alpha) else alpha
        output = outputs(drive, weights, sigma)
        kept.append(output)
        weights = weights + rate * (np.outer(output, output) - target) + beta * (weights - target)
        weights = np.maximum(weights, 0.0) if rectify else weights
    return weights, np.array(kept)


def full_increment(weights, drive, target, alpha, beta, sigma):
    output = outputs(drive, weights, sigma)
    return alpha * (np.outer(output, output) - target) + beta * (weights - target)


def reduced_field(pool, held):
    output = held.drive / (held.sigma**2 + pool)
    missing = output * (output @ held.drive) / held.size - held.expected
    return held.alpha * missing + held.beta * (pool - held.expected)


def reduced_jacobian(pool, held):
    output = held.drive / (held.sigma**2 + pool)
    total = output @ held.drive
    diagonal = held.beta - held.alpha * output**2 * total / (held.size * held.drive)
    return np.diag(diagonal) - held.alpha / held.size * np.outer(output, output**2)


def same_input(rng, size, alpha, beta, sigma=1.0, ones=False):
    """An input that is also the one of t = 0: c̃ = R₀ (R₀·r) / n."""
    drive = rng.uniform(0.3, 1.0, size)
    start = np.full(size, drive.mean()) if ones else drive / size
    first = drive / (sigma**2 + start)
    return HeldInput(drive, first * (first @ drive) / size, alpha, beta, sigma, start)


def random_input(rng, size, sign):
    """An input and a target that have nothing to do with each other."""
    drive, expected = np.exp(rng.normal(0.0, 1.0, size)), np.exp(rng.normal(-1.0, 1.5, size))
    alpha, beta = np.exp(rng.normal(-3.0, 1.0)), sign * np.exp(rng.normal(-3.0, 2.0))
    return HeldInput(drive, expected, alpha, beta, np.exp(rng.normal(-1.0, 0.7)))


def there(value: T | None) -> T:
    """The value, which is not None."""
    assert value is not None
    return value
