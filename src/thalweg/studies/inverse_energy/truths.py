"""Known energies, and the runs down them that a learner is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.dynamics import GradientStep, Map
from thalweg.energies import LagrangianHopfield, MuellerBrown, Quadratic, log_cosh
from thalweg.energies.base import Scaled, Sum
from thalweg.learning import Training, Trajectories

_TO_REST = 20_000  # steps of the truth; the slowest needs a tenth of that
_SAME_REST = 0.05  # distance at which two ends of the truth are one rest


@dataclass(frozen=True)
class Truth:
    """An energy, runs down it, and how a model of it is tested.

    Attributes:
        name: of the truth.
        energy: E.
        step: η of x⁺ = x − η∇E(x).
        num_steps: of each run.
        starts: of the runs that are shown, shape `(n, d)`.
        tests: of those that are not.
        tolerance: the distance at which a rest is the right one.
        noise: standard deviation of what is added to what is shown.
        sharpness: of the network.
        training: how it is trained.
    """

    name: str
    energy: Callable[[Any], Any]
    step: float
    num_steps: int
    starts: np.ndarray
    tests: np.ndarray
    tolerance: float
    noise: float
    sharpness: float
    training: Training

    @property
    def rule(self) -> Map:
        """The steps of the truth."""
        return GradientStep(self.energy, self.step)

    def shown(self) -> np.ndarray:
        """The runs as they are observed, shape `(n, t + 1, d)`."""
        runs = followed(self.rule, self.starts, self.num_steps)
        noise = jax.random.normal(jax.random.key(9), runs.shape, jnp.float32)
        return runs + self.noise * np.asarray(noise, np.float64)

    def data(self, **options: Any) -> Trajectories:
        """The data of a model: steps of unknown length."""
        return Trajectories(self.shown(), noise=self.noise, **options)

    def minima(self) -> np.ndarray:
        """The rests of runs from all starts, each once."""
        ends = ends_of(self.rule, np.concatenate([self.starts, self.tests]), _TO_REST)
        return distinct(ends, _SAME_REST)

    def rests(self) -> np.ndarray:
        """The rests of the tests."""
        return ends_of(self.rule, self.tests, _TO_REST)


def followed(rule: Map, starts: np.ndarray, num_steps: int) -> np.ndarray:
    """All states of runs, float64, shape `(n, num_steps + 1, d)`."""
    with jax.enable_x64(True):
        later = np.asarray(_runs(rule, np.asarray(starts, np.float64), num_steps))
    return np.concatenate([starts[:, None], later.swapaxes(0, 1)], axis=1)


def ends_of(rule: Map, starts: np.ndarray, num_steps: int) -> np.ndarray:
    """The last states of runs, float64."""
    with jax.enable_x64(True):
        return np.asarray(last_states(rule, np.asarray(starts, np.float64), num_steps))


@eqx.filter_jit
def _runs(rule: Map, starts: Any, num_steps: int) -> Any:
    def step(x: Any, _: None) -> Any:
        x = jax.vmap(lambda one: rule.step(0, one))(x)
        return x, x

    return jax.lax.scan(step, starts, None, length=num_steps)[1]


@eqx.filter_jit
def last_states(rule: Map, starts: Any, num_steps: int) -> Any:
    """The states after so many steps, of the dtype of the starts."""
    step = jax.vmap(lambda one: rule.step(0, one))
    return jax.lax.fori_loop(0, num_steps, lambda _, x: step(x), starts)


def distinct(points: np.ndarray, distance: float) -> np.ndarray:
    """Points none of which is nearer to an earlier one than that."""
    kept: list[np.ndarray] = []
    for point in points:
        if all(np.linalg.norm(point - other) >= distance for other in kept):
            kept.append(point)
    return np.array(kept)


class _Quartic(eqx.Module):
    """Σ x⁴/4, the rest of a double well."""

    def __call__(self, state: Any) -> Any:
        return jnp.sum(state**4) / 4.0


def double_well() -> Truth:
    """E = x⁴/4 − x²/2 + .2x, in one coordinate."""
    energy = Sum((Quadratic([[-1.0]], [-0.2]), _Quartic()))
    return Truth(
        "double-well", energy, 0.05, 20,
        np.linspace(-1.7, 1.7, 24)[:, None], np.linspace(-1.65, 1.65, 60)[:, None],
        0.08, 0.0, 2.0, Training(updates=4000, held_out=0.0),
    )  # fmt: skip


def mueller_brown() -> Truth:
    """The surface of Müller and Brown, a hundredth of it."""
    return Truth(
        "mueller-brown", Scaled(MuellerBrown(), 0.01), 0.01, 60,
        _uniform(1, [-1.4, -0.3], [1.0, 1.9]), _uniform(2, [-1.3, -0.2], [0.9, 1.8]),
        0.08, 0.0, 2.0, Training(updates=6000, held_out=0.0),
    )  # fmt: skip


def hopfield(size: int) -> Truth:
    """E = ½|x|² − Σ log cosh Wx, three units."""
    weights = np.asarray(jax.random.normal(jax.random.key(size), (3, size), jnp.float32))
    weights = 1.8 * weights / np.linalg.norm(weights, axis=1, keepdims=True)
    runs, tolerance = {8: (64, 0.3), 32: (128, 0.5)}[size]
    return Truth(
        f"hopfield-{size}", LagrangianHopfield(log_cosh, weights), 0.1, 60,
        _normal(1, runs, size), _normal(3, 100, size),
        tolerance, 0.005, 1.0, Training(updates=6000, rate=5e-3, batch_size=256, held_out=0.0),
    )  # fmt: skip


def _uniform(seed: int, low: list[float], high: list[float]) -> np.ndarray:
    drawn = jax.random.uniform(
        jax.random.key(seed), (100, 2), jnp.float32, minval=np.array(low), maxval=np.array(high)
    )
    return np.asarray(drawn, np.float64)


def _normal(seed: int, count: int, size: int) -> np.ndarray:
    drawn = jax.random.normal(jax.random.key(seed), (count, size), jnp.float32)
    return 1.5 * np.asarray(drawn, np.float64)


TRUTHS: dict[str, Callable[[], Truth]] = {
    "double-well": double_well,
    "mueller-brown": mueller_brown,
    "hopfield-8": lambda: hopfield(8),
    "hopfield-32": lambda: hopfield(32),
}
