"""Measurements of a trained energy layer: robustness, descent, settling, chatter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.randomness import host_generator
from thalweg.data import ImageData
from thalweg.dynamics import SteepestDescent
from thalweg.models.hopfield import EnergyClassifier, EnergyODELayer
from thalweg.simulation import RungeKutta4
from thalweg.studies.hopfield.training import accuracy

# Standard deviations, of pixels that have about 1: from hardly visible to hardly legible.
NOISE = (0.25, 0.5, 1.0, 2.0)
FLIPS = (0.01, 0.05, 0.1, 0.2)  # shares of inverted pixels: from a speck to hardly legible
SHIFTS = (1, 2, 3)  # pixels of 28: digits have a margin of four


@dataclass(frozen=True)
class Robustness:
    """Test accuracy on spoilt images.

    Attributes:
        noise: of each standard deviation of Gaussian noise on the standardized pixels.
        flips: of each share of pixels turned into their negative.
        shifts: of each number of pixels by which the image is moved (mean of four directions).
    """

    noise: dict[float, float]
    flips: dict[float, float]
    shifts: dict[int, float]


@dataclass(frozen=True)
class Descent:
    """Motion of a layer's states, as medians over samples.

    Attributes:
        times: `(T,)`.
        energy: E(x(t)), `(T,)`; None for a flow that is no descent, as is `rising`.
        speed: |x'(t)|, `(T,)`.
        rising: the share of steps, of all samples, that raised E.
        reversed: the share of steps, in the last third, that went against the step before.
    """

    times: np.ndarray
    energy: np.ndarray | None
    speed: np.ndarray
    rising: float | None
    reversed: float


@dataclass(frozen=True)
class Settling:
    """Shares of states that come to rest.

    Attributes:
        longest: how long was waited.
        share: the share of samples at rest by then: |x'| ≤ 10⁻³ |x|.
        escaped: the share that left the finite instead.
        median_time: the median time at which those at rest came to it; None if none did.
        accuracy: of all samples, where they were then; what left the finite is counted as wrong.
    """

    longest: float
    share: float
    escaped: float
    median_time: float | None
    accuracy: float


def robustness(
    model: EnergyClassifier, data: ImageData, key: jax.Array, limit: int | None = None
) -> Robustness:
    """Test accuracy with noise, flipped pixels and shifted images (at most `limit` of them)."""
    images, labels = data.test_images[:limit], data.test_labels[:limit]
    rng = host_generator(key)
    clean = data.standardized(images)
    shaken = rng.standard_normal(clean.shape).astype(np.float32)
    order = rng.random(images.shape)
    negative = data.brightest - images

    def moved(shift: int) -> float:
        steps = ((shift, 0), (-shift, 0), (0, shift), (0, -shift))
        spoilt = (data.standardized(_shifted(images, *step)) for step in steps)
        return float(np.mean([accuracy(model, rows, labels) for rows in spoilt]))

    return Robustness(
        noise={s: accuracy(model, clean + np.float32(s) * shaken, labels) for s in NOISE},
        flips={
            p: accuracy(model, data.standardized(np.where(order < p, negative, images)), labels)
            for p in FLIPS
        },
        shifts={s: moved(s) for s in SHIFTS},
    )


def descent(model: EnergyClassifier, inputs: np.ndarray, duration: float) -> Descent:
    """Follow the states of some samples for a while."""
    layer = _layer(model)
    energies, speeds, turned = (
        np.asarray(a) for a in _followed(model, np.asarray(inputs), duration)
    )
    rises = np.diff(energies, axis=1) > 1e-5 * np.abs(energies[:, :-1])
    falls = isinstance(layer.flow, SteepestDescent)
    return Descent(
        times=layer.dt * np.arange(speeds.shape[1]),
        energy=np.median(energies, axis=0) if falls else None,
        speed=np.median(speeds, axis=0),
        rising=float(np.mean(rises)) if falls else None,
        reversed=float(np.mean(turned[:, -(turned.shape[1] // 3) :])),
    )


def settling(
    model: EnergyClassifier, inputs: np.ndarray, labels: np.ndarray, longest: float = 100.0
) -> Settling:
    """Integrate each sample until it is at rest, or for the longest time."""
    count = _layer(model).num_steps(longest)
    times, at_rest, is_finite, classes = (
        np.asarray(a) for a in _settled(model, np.asarray(inputs), np.int32(count))
    )
    return Settling(
        longest=longest,
        share=float(np.mean(at_rest)),
        escaped=float(np.mean(~is_finite)),
        median_time=float(np.median(times[at_rest])) if at_rest.any() else None,
        accuracy=float(np.mean(is_finite & (classes == labels))),
    )


def floors(
    model: EnergyClassifier, inputs: np.ndarray, duration: float, steps: Sequence[float]
) -> dict[float, float]:
    """The median energy left after a long time, by the length of a step; empty without an energy.

    Where a flow comes to rest it does not depend on the step; where steps chatter around a kink
    it shrinks with the step.
    """
    if not isinstance(_layer(model).flow, SteepestDescent):
        return {}
    rows, counts = np.asarray(inputs), {dt: np.int32(round(duration / dt)) for dt in steps}
    left = {dt: _left(model, rows, np.float32(dt), count) for dt, count in counts.items()}
    return {dt: float(np.median(np.asarray(energies))) for dt, energies in left.items()}


def _layer(model: EnergyClassifier) -> EnergyODELayer:
    assert model.layer is not None, "a linear network has no layer to follow"
    return model.layer


@eqx.filter_jit
def _followed(model: EnergyClassifier, inputs: Any, duration: float) -> Any:
    layer = _layer(model)
    flow = layer.flow
    energy = flow.energy if isinstance(flow, SteepestDescent) else lambda x: jnp.nan

    def one(row: jax.Array) -> Any:
        path = layer.path(model.code @ row, duration)
        speeds = jax.vmap(lambda x: jnp.linalg.norm(flow.velocity(0.0, x)))(path)
        steps = jnp.diff(path, axis=0)
        return jax.vmap(energy)(path), speeds, jnp.sum(steps[1:] * steps[:-1], axis=1) < 0.0

    return jax.lax.map(one, inputs, batch_size=100)


@eqx.filter_jit
def _left(model: EnergyClassifier, inputs: Any, dt: Any, count: Any) -> jax.Array:
    """E after some steps of any length, of each sample: one program for all lengths."""
    flow = _layer(model).flow
    assert isinstance(flow, SteepestDescent)
    method, energy = RungeKutta4(_layer(model).dt), flow.energy

    def one(row: jax.Array) -> jax.Array:
        def step(_: Any, x: jax.Array) -> jax.Array:
            return method.advance(flow, 0.0, x, dt)

        return energy(jax.lax.fori_loop(0, count, step, model.code @ row))

    return jax.lax.map(one, inputs, batch_size=100)


@eqx.filter_jit
def _settled(model: EnergyClassifier, inputs: Any, count: Any) -> Any:
    layer = _layer(model)
    method = RungeKutta4(layer.dt)

    def is_at_rest(x: jax.Array) -> jax.Array:
        size = jnp.linalg.norm(x)  # infinite long before x is
        speed = jnp.linalg.norm(layer.flow.velocity(0.0, x))
        return jnp.isfinite(size) & (speed <= 1e-3 * size)

    def one(row: jax.Array) -> Any:
        def goes_on(loop: Any) -> jax.Array:
            index, x = loop
            return (index < count) & ~is_at_rest(x) & jnp.all(jnp.isfinite(x))

        def step(loop: Any) -> Any:
            index, x = loop
            return index + 1, method.advance(layer.flow, 0.0, x, layer.dt)

        index, x = jax.lax.while_loop(goes_on, step, (jnp.int32(0), model.code @ row))
        logits = model.readout @ x + model.bias
        return index * layer.dt, is_at_rest(x), jnp.all(jnp.isfinite(x)), jnp.argmax(logits)

    return jax.lax.map(one, inputs, batch_size=100)


def _shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Images moved by some pixels; what comes in from outside is black."""
    moved = np.zeros_like(images)
    rows, columns = images.shape[1:]
    target = (
        slice(max(down, 0), rows + min(down, 0)),
        slice(max(right, 0), columns + min(right, 0)),
    )
    source = (
        slice(max(-down, 0), rows + min(-down, 0)),
        slice(max(-right, 0), columns + min(-right, 0)),
    )
    moved[:, *target] = images[:, *source]
    return moved
