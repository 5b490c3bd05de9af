"""Study `equilibrium-propagation`: digits are learned from the difference of two rests."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
import optax

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.data import ImageData, load_digits, load_mnist
from thalweg.plot.style import COLOURS, SMALL, new_panels
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_positive
from thalweg.studies.equilibrium_propagation.network import (
    LayeredNetwork,
    Rests,
    alignment,
    forward_loss,
    mistakes,
    propagation_loss,
)
from thalweg.studies.result import StudyResult
from thalweg.training import Fitted, fit

_TEST_SWEEPS = 30  # to rest, where there is no hurry
_TRUE_SWEEPS = 60  # of the gradient that others are held against
_LOOKED_AT = 256  # samples of that


@dataclass(frozen=True)
class Scale:
    """The size of the experiment.

    Attributes:
        hidden: units of each of two layers.
        epochs: how many.
        batch_size: samples an update.
        rate: the first learning rate of Adam; it falls along a cosine.
    """

    hidden: int
    epochs: int
    batch_size: int
    rate: float


_MNIST, _DIGITS = Scale(256, 12, 64, 1e-3), Scale(64, 15, 20, 1e-3)


def study(
    *,
    data: Path | None = None,
    digits: bool = False,
    epochs: int = 0,
    trainings: int = 0,
    free: int = 15,
    nudged: int = 4,
    nudge: float = 0.2,
    seed: int = 0,
    folder: Path | None = None,
) -> StudyResult:
    """Train a network of two hidden layers by centred equilibrium propagation.

    Arguments:
        data: the folder of MNIST's four files.
        digits: use the small digits of scikit-learn instead, with a smaller network.
        epochs: how many; 0 means 12 for MNIST and 15 for the digits.
        trainings: how many seeds; 0 means 3 for MNIST and 1 for the digits.
        free: sweeps to rest.
        nudged: sweeps of each nudged run.
        nudge: β.
        seed: the first seed.
        folder: that of the study's output, for checkpoints; None means that it leaves no files.

    Raises:
        InputError: a setting makes no sense, or the images are not there.
        StoreError: a file cannot be read or written.

    References:
        Scellier & Bengio (2017); Laborieux et al. (2021).
    """
    require_counts(0, epochs=epochs, trainings=trainings, seed=seed)
    require_counts(free=free, nudged=nudged)
    require_positive(nudge=nudge)
    if nudge >= 1.0:
        raise InputError(f"nudge must be below 1, where the lower rest ends, got {nudge}.")
    if digits == (data is not None):
        raise InputError(
            "equilibrium-propagation reads the four files of MNIST: give their folder with --data "
            "FOLDER, or take the small digits with --digits."
        )
    images = load_digits() if data is None else load_mnist(data)
    scale = _DIGITS if digits else _MNIST
    scale = Scale(scale.hidden, epochs or scale.epochs, scale.batch_size, scale.rate)
    how = Rests(free, nudged, nudge)
    runs = []
    for number in range(seed, seed + (trainings or (1 if digits else 3))):
        kept = None if digits or folder is None else folder / f"checkpoint-{number}"
        runs.append(_trained(images, scale, how, number, kept))
    forward = _forward(images, scale, seed)
    return _outcome(runs, forward, "scikit-learn's digits" if digits else "MNIST", scale, how)


class _Propagation(eqx.Module):
    """The loss of equilibrium propagation, for `fit`."""

    how: Rests

    def __call__(self, network: Any, batch: Any, key: Any) -> Any:
        inputs, targets = batch
        return propagation_loss(network, inputs, targets, self.how)


def _trained(
    images: ImageData, scale: Scale, how: Rests, seed: int, checkpoint: Path | None
) -> Fitted:
    """A network after its epochs, with the mistakes on the test and the alignment after each."""
    inputs, targets = _vectors(images.train_images, images), _targets(images)
    tests, labels = _vectors(images.test_images, images), np.asarray(images.test_labels)
    few = slice(0, _LOOKED_AT)

    def evaluate(network: Any) -> dict[str, float]:
        aligned = alignment(network, inputs[few], targets[few], how, _TRUE_SWEEPS)
        wrong = mistakes(network, tests, labels, _TEST_SWEEPS)
        return {"accuracy": 1.0 - float(wrong), "alignment": float(aligned)}

    return fit(
        _Propagation(how), _network(images, scale, seed), (inputs, targets),
        optimizer=_optimizer(scale, len(inputs)), epochs=scale.epochs,
        batch_size=scale.batch_size, key=jax.random.key(seed), evaluate=evaluate,
        checkpoint=checkpoint, label=f"equilibrium propagation, seed {seed}",
    )  # fmt: skip


def _forward(images: ImageData, scale: Scale, seed: int) -> Fitted:
    """Two epochs of backpropagation through the same layers without feedback, for their time."""
    data = _vectors(images.train_images, images), _targets(images)
    return fit(
        lambda network, batch, key: forward_loss(network, *batch),
        _network(images, scale, seed), data,
        optimizer=_optimizer(scale, len(data[0])), epochs=2, batch_size=scale.batch_size,
        key=jax.random.key(seed), label="backpropagation",
    )  # fmt: skip


def _network(images: ImageData, scale: Scale, seed: int) -> LayeredNetwork:
    size = int(np.prod(images.train_images.shape[1:]))
    sizes = (size, scale.hidden, scale.hidden, images.num_classes)
    return LayeredNetwork.random(sizes, jax.random.key(seed))


def _optimizer(scale: Scale, samples: int) -> Any:
    updates = scale.epochs * (samples // scale.batch_size)
    return optax.adam(optax.cosine_decay_schedule(scale.rate, updates))


def _vectors(pictures: np.ndarray, images: ImageData) -> np.ndarray:
    return (pictures.reshape(len(pictures), -1) / images.brightest).astype(np.float32)


def _targets(images: ImageData) -> np.ndarray:
    return np.eye(images.num_classes, dtype=np.float32)[images.train_labels]


def _outcome(
    runs: Sequence[Fitted], forward: Fitted, named: str, scale: Scale, how: Rests
) -> StudyResult:
    last = [run.history[-1] for run in runs]
    accuracies = [record.evaluation["accuracy"] for record in last]
    ratio = forward.history[-1].throughput / last[0].throughput
    rows = [
        [
            f"{number}", f"{record.evaluation['accuracy']:.2%}",
            f"{1.0 - record.metrics['mistakes']:.2%}", f"{record.evaluation['alignment']:.3f}",
            f"{record.throughput:.0f}",
        ]
        for number, record in enumerate(last)
    ]  # fmt: skip
    told = (
        f"Two layers of {scale.hidden} units, {counted(scale.epochs, 'epoch')}, {how.free} "
        f"sweeps to rest and "
        f"twice {how.nudged} nudged by ±{how.nudge:g}. Alignment: the cosine between the gradient "
        f"and that through {_TRUE_SWEEPS} sweeps, on {_LOOKED_AT} samples."
    )
    header = ["training", "test", "training set", "alignment", "samples a second"]
    page = Page(
        "Digits from the difference of two rests",
        f"Centred equilibrium propagation reads {np.mean(accuracies):.2%} of the test of {named} "
        f"right, by gradients that no run is differentiated for.",
        [
            Section("Accuracy", [Table(header, rows, told), _drawn(runs)]),
            Section(
                "Time",
                [
                    Text(
                        f"An epoch takes {ratio:.1f} times as long as one of backpropagation "
                        f"through the same layers without feedback."
                    )
                ],
            ),
        ],
    )
    values = {
        "accuracy": accuracies,
        "alignment": [[r.evaluation["alignment"] for r in run.history] for run in runs],
        "test": [[r.evaluation["accuracy"] for r in run.history] for run in runs],
        "epoch_over_backpropagation": ratio,
    }
    return StudyResult(page, values)


def _drawn(runs: Sequence[Fitted]) -> Picture:
    panels = new_panels(2, 1, 3.2, 2.6)[0]
    for run, colour in zip(runs, COLOURS * len(runs), strict=False):
        epochs = [record.epoch for record in run.history]
        for axes, name in zip(panels, ("accuracy", "alignment"), strict=True):
            axes.plot(epochs, [r.evaluation[name] for r in run.history], color=colour)
    for axes, name in zip(panels, ("test accuracy", "cosine with the true gradient"), strict=True):
        axes.set_xlabel("epoch", fontsize=SMALL)
        axes.set_ylabel(name, fontsize=SMALL)
    return picture(
        panels[0],
        "epochs",
        "Accuracy on the test, and the cosine between the gradient and the true one, by epoch; a "
        "line a training.",
        "Accuracy and alignment by epoch",
    )
