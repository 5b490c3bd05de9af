"""Study `hopfield-mnist`: a layer that follows a learned energy classifies digits."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax

from thalweg.core.errors import InputError, StoreError
from thalweg.data import ImageData, load_digits, load_mnist
from thalweg.studies.checks import require_counts, require_list
from thalweg.studies.hopfield import analysis
from thalweg.studies.hopfield.page import page_of
from thalweg.studies.hopfield.training import (
    CONFIGURATIONS,
    Configuration,
    Run,
    Scale,
    accuracy,
    train,
)
from thalweg.studies.result import StudyResult

_REPEATED = ("network", "norm")
_LONGER = 3.0  # units of time, a duration that was not trained for: do answers last
_FOLLOWED = 200  # samples whose states are followed: medians to a few per cent
_MNIST, _DIGITS = Scale(), Scale(epochs=15, batch_size=32, width=32, hidden=128)


def study(
    *,
    data: Path | None = None,
    digits: bool = False,
    rows: str = "",
    epochs: int = 0,
    repeats: int = 0,
    checkpoints: str = "",
    seed: int = 0,
    folder: Path | None = None,
) -> StudyResult:
    """Train each kind of layer, integrate it for longer, spoil its inputs, watch its energy.

    Arguments:
        data: the folder of MNIST's four files.
        digits: use the small digits of scikit-learn instead, with a smaller network.
        rows: names of the rows to train, with commas between; all of them unless given.
        epochs: how many; 0 means 10 for MNIST and 15 for the digits.
        repeats: how many seeds for x' = f_nn and 5√(f·f), one for the rest; 0 means 3 for MNIST and
            1 for the digits.
        checkpoints: the folder of the checkpoints, from which a run that was stopped goes on;
            unless given, `checkpoints` in `folder` for MNIST, and none for the digits.
        seed: the first seed.
        folder: that of the study's output; None means that it leaves no files.

    Raises:
        InputError: a setting makes no sense, or the images are not there; nothing was trained.
        StoreError: a folder or file cannot be read or made.

    References:
        *Continuum of Hopfield*, note 1.
    """
    require_counts(0, epochs=epochs, repeats=repeats, seed=seed)
    chosen = _chosen(rows)
    if digits and data is not None:
        raise InputError("hopfield-mnist: give either --data FOLDER or --digits, not both.")
    if not digits and data is None:
        raise InputError(
            "hopfield-mnist reads the four files of MNIST: give their folder with --data FOLDER "
            "(`thalweg data mnist FOLDER` fetches them), or take the small digits with --digits."
        )
    images = load_digits() if data is None else load_mnist(data)
    scale = _DIGITS if digits else _MNIST
    scale = Scale(**{**asdict(scale), "epochs": epochs or scale.epochs})
    kept = None if digits or folder is None else folder / "checkpoints"
    kept = Path(checkpoints) if checkpoints else kept
    repeats = repeats or (1 if digits else 3)
    named = "scikit-learn's digits" if digits else "MNIST"
    return reproduce(images, scale, chosen, repeats, kept, seed, named, beside_published=not digits)


def reproduce(
    images: ImageData,
    scale: Scale,
    rows: Sequence[Configuration],
    repeats: int,
    folder: Path | None,
    seed: int,
    data_name: str,
    beside_published: bool = False,
) -> StudyResult:
    """Train the networks of some rows on some images, and examine them; see `study`.

    Arguments:
        images: what to train and test on.
        scale: how large the experiment is.
        rows: which layers.
        repeats: how many seeds for x' = f_nn and 5√(f·f).
        folder: that of the checkpoints; None for none.
        seed: the first seed.
        data_name: what the page calls the images.
        beside_published: whether to show the published accuracies, which are those of MNIST.
    """
    require_counts(epochs=scale.epochs, repeats=repeats)
    runs = []
    for row in rows:
        for extra in range(repeats if row.name in _REPEATED else 1):
            runs.append(_run(row, images, scale, seed + extra, folder))
    examined = {
        run.configuration.name: _examined(run, images)
        for run in runs
        if run.seed == seed and not run.diverged
    }
    page = page_of(runs, examined, scale, data_name, beside_published)
    warnings = tuple(_sentence(run) for run in runs if run.diverged)
    return StudyResult(
        page, {"runs": [_values(run) for run in runs], "examined": examined}, warnings
    )


def _chosen(rows: str) -> Sequence[Configuration]:
    known = {c.name: c for c in CONFIGURATIONS}
    names = [name.strip() for name in rows.split(",")] if rows.strip() else list(known)
    require_list(rows=names)
    for name in names:
        if name not in known:
            raise InputError(f"rows: there is no {name!r}; there are {', '.join(known)}.")
    return [known[name] for name in names]


def _run(
    configuration: Configuration, images: ImageData, scale: Scale, seed: int, folder: Path | None
) -> Run:
    checkpoint = None
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder} cannot be made: {error.strerror or error}.") from error
        checkpoint = folder / f"{configuration.name}-seed{seed}.ckpt"
    fitted = train(configuration, images, scale, seed=seed, checkpoint=checkpoint)
    scores = {}
    sets = {
        "train": (images.standardized(images.train_images), images.train_labels),
        "test": (images.standardized(images.test_images), images.test_labels),
    }
    for name, (inputs, labels) in sets.items() if fitted.failure is None else ():
        scores[name] = accuracy(fitted.model, inputs, labels)
        if configuration.kind != "none":
            scores[f"{name}_longer"] = accuracy(fitted.model, inputs, labels, _LONGER)
    return Run(configuration, seed, fitted, scores)


def _examined(run: Run, images: ImageData) -> dict[str, Any]:
    """Robustness of every network; how states move, where there is a layer."""
    model = run.fitted.model
    spoilt = analysis.robustness(model, images, jax.random.key(run.seed), limit=2000)
    found: dict[str, Any] = {"robustness": asdict(spoilt)}
    if run.configuration.kind == "none":
        return found
    inputs = images.standardized(images.test_images[:_FOLLOWED])
    labels = images.test_labels[:_FOLLOWED]
    found["descent"] = asdict(analysis.descent(model, inputs, 30.0))
    found["settling"] = asdict(analysis.settling(model, inputs, labels))
    found["floors"] = analysis.floors(model, inputs, 30.0, (0.1, 0.05, 0.025))
    return found


def _values(run: Run) -> dict[str, Any]:
    failure = run.fitted.failure
    return {
        "row": run.configuration.name,
        "seed": run.seed,
        "diverged": None if failure is None else asdict(failure),
        "accuracies": dict(run.accuracies),
        "history": [asdict(record) for record in run.fitted.history],
    }


def _sentence(run: Run) -> str:
    failure = run.fitted.failure
    assert failure is not None
    return (
        f"{run.configuration.title} with ε = {run.configuration.epsilon:g}, seed {run.seed}: "
        f"training diverged in epoch {failure.epoch}, step {failure.step} (loss {failure.loss})."
    )
