"""Training for the study `hopfield-mnist`: its configurations, one run, and how runs are scored."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from thalweg.core.batches import in_batches
from thalweg.data import ImageData
from thalweg.models.hopfield.layer import EnergyClassifier, Kind
from thalweg.training import Fitted, fit

_EVALUATED_TOGETHER = 500  # samples at once: 784 by the width of the layer fits in memory


@dataclass(frozen=True)
class Configuration:
    """One row of the table.

    Attributes:
        name: what files and tables call it.
        title: the layer, as a reader sees it.
        kind: the layer, as `EnergyClassifier.random` takes it.
        scale: the factor c of the energy.
        epsilon: Nadam's ε.
        published: the published training accuracies at t = 1 and 3 (None: not published), or how
            training failed.
    """

    name: str
    title: str
    kind: Kind
    scale: float
    epsilon: float
    published: tuple[float | None, float | None] | str


CONFIGURATIONS = (
    Configuration("linear", "none (linear)", "none", 1.0, 1e-7, (0.9279, None)),
    Configuration("network", "x' = f_nn", "network", 1.0, 1e-2, (0.9912, 0.8300)),
    Configuration("norm", "5√(f·f)", "norm", 5.0, 1e-3, (0.9959, 0.9946)),
    Configuration("square", "f·f", "square", 1.0, 1e-2, (0.9908, 0.9920)),
    Configuration("square-small-epsilon", "f·f, small ε", "square", 1.0, 1e-3, "NaN in epoch 2"),
)


@dataclass(frozen=True)
class Scale:
    """Scale of the experiment.

    Attributes:
        epochs: how many.
        batch_size: samples a step.
        width: the dimension of x.
        hidden: rectified units of f_nn.
        learning_rate: of Nadam.
    """

    epochs: int = 10
    batch_size: int = 128
    width: int = 64
    hidden: int = 1024
    learning_rate: float = 1e-3


@dataclass(frozen=True)
class Run:
    """One trained network.

    Attributes:
        configuration: its row of the table.
        seed: of its start and the order of its samples.
        fitted: the network, and how it came about.
        accuracies: by name: `train`, `test`, and both after three times as long, `train_longer`
            and `test_longer` (where there is a layer).
    """

    configuration: Configuration
    seed: int
    fitted: Fitted
    accuracies: Mapping[str, float]

    @property
    def diverged(self) -> bool:
        """True if training left the finite."""
        return self.fitted.failure is not None


def new_classifier(
    configuration: Configuration, data: ImageData, scale: Scale, key: jax.Array
) -> EnergyClassifier:
    """The classifier of a configuration, before training."""
    return EnergyClassifier.random(
        configuration.kind,
        key,
        scale=configuration.scale,
        num_inputs=data.num_pixels,
        width=scale.width,
        hidden=scale.hidden,
        num_classes=data.num_classes,
    )


def train(
    configuration: Configuration,
    data: ImageData,
    scale: Scale,
    *,
    seed: int = 0,
    checkpoint: str | Path | None = None,
) -> Fitted:
    """One run; where it diverges the result says so, and the last good epoch is kept.

    Arguments:
        configuration: the row.
        data: the images.
        scale: how large the experiment is.
        seed: of the start and of the order of the samples.
        checkpoint: the file to write after every epoch, and to go on from.
    """
    start_key, fit_key = jax.random.split(jax.random.key(seed))
    samples = (data.standardized(data.train_images), data.train_labels.astype(np.int32))
    tests = (data.standardized(data.test_images), data.test_labels.astype(np.int32))

    def evaluate(model: EnergyClassifier) -> Mapping[str, float]:
        return {"test_accuracy": accuracy(model, *tests)}

    return fit(
        cross_entropy,
        new_classifier(configuration, data, scale, start_key),
        samples,
        optimizer=optax.nadam(scale.learning_rate, eps=configuration.epsilon),
        epochs=scale.epochs,
        batch_size=scale.batch_size,
        key=fit_key,
        evaluate=evaluate,
        checkpoint=checkpoint,
        configuration={
            **{k: v for k, v in asdict(configuration).items() if k not in ("title", "published")},
            **{k: v for k, v in asdict(scale).items() if k != "epochs"},
            "seed": seed,
        },
        label=f"{configuration.name}, seed {seed}",
        throw=False,
    )


def cross_entropy(
    model: EnergyClassifier, batch: Any, key: jax.Array
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """The mean cross entropy of a batch, and the share classified rightly."""
    inputs, labels = batch
    logits = jax.vmap(model)(inputs)
    losses = optax.losses.softmax_cross_entropy_with_integer_labels(logits, labels)
    return jnp.mean(losses), {"accuracy": jnp.mean(jnp.argmax(logits, axis=1) == labels)}


def accuracy(
    model: EnergyClassifier, inputs: Any, labels: Any, duration: float | None = None
) -> float:
    """The share of samples classified rightly after integrating for `duration`."""
    return float(np.mean(classify(model, inputs, duration) == np.asarray(labels)))


def classify(model: EnergyClassifier, inputs: Any, duration: float | None = None) -> np.ndarray:
    """The class of each row of `inputs`, −1 where the logits are not finite."""
    return in_batches(lambda some: _classes(model, some, duration), inputs, _EVALUATED_TOGETHER)


@eqx.filter_jit
def _classes(model: EnergyClassifier, inputs: Any, duration: float | None) -> jax.Array:
    logits = jax.vmap(lambda x: model(x, duration))(inputs)
    finite = jnp.all(jnp.isfinite(logits), axis=1)
    return jnp.where(finite, jnp.argmax(logits, axis=1), -1)
