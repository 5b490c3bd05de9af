"""Labelled images to classify: MNIST from a folder, and the small digits of scikit-learn."""

import importlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thalweg.core.errors import InputError, StoreError
from thalweg.core.extras import not_installed
from thalweg.core.tables import counted
from thalweg.data.idx import read_idx

MNIST_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True, repr=False)
class ImageData:
    """Labelled images, for training and for testing.

    Attributes:
        train_images: `(n, rows, columns)`, bytes.
        train_labels: `(n,)`, classes from 0.
        test_images: `(m, rows, columns)`.
        test_labels: `(m,)`.
        num_classes: how many classes there are.
        brightest: the largest value that a pixel can have.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    num_classes: int
    brightest: int

    def __repr__(self) -> str:
        rows, columns = self.train_images.shape[1:]
        return (
            f"ImageData({counted(len(self.train_images), 'image')} to train on and "
            f"{len(self.test_images):,} to test, {rows}×{columns}, {self.num_classes} classes)"
        )

    @property
    def num_pixels(self) -> int:
        """Pixels of an image."""
        return int(np.prod(self.train_images.shape[1:]))

    def standardized(self, images: np.ndarray) -> np.ndarray:
        """Images as rows `(n, pixels)`, float32, standardized as the training images would be.

        From each pixel its mean over the training images is taken off, and what is left is divided
        by its standard deviation; pixels that never change are only shifted, on a scale of 0 to 1.
        """
        train = self.train_images.reshape(len(self.train_images), -1)
        mean = np.mean(train, axis=0, dtype=np.float64) / self.brightest
        deviation = np.std(train, axis=0, dtype=np.float64) / self.brightest
        scale = 1.0 / np.where(deviation > 0.0, deviation, 1.0)
        rows = np.asarray(images, np.float32).reshape(len(images), -1) / np.float32(self.brightest)
        return (rows - mean.astype(np.float32)) * scale.astype(np.float32)


def load_mnist(folder: str | Path) -> ImageData:
    """MNIST from the four IDX files of a folder, each plain or with the ending `.gz`.

    Raises:
        StoreError: a file is missing or cannot be read; `thalweg data mnist FOLDER` fetches them.
        InputError: a file is no IDX file, or the four do not fit one another.
    """
    paths = [_find(Path(folder), name) for name in MNIST_FILES]
    arrays = [read_idx(path) for path in paths]
    for path, array, ndim in zip(paths, arrays, (3, 1, 3, 1), strict=True):
        if array.ndim != ndim or array.dtype != np.uint8:
            raise InputError(
                f"{path}: expected bytes in {ndim} dimensions, got {array.dtype} in {array.ndim}."
            )
    for images, labels in ((0, 1), (2, 3)):
        if len(arrays[images]) != len(arrays[labels]) or not len(arrays[images]):
            raise InputError(
                f"{paths[images]} holds {counted(len(arrays[images]), 'image')} and "
                f"{paths[labels]} {counted(len(arrays[labels]), 'label')}; expected as many, and "
                f"at least one."
            )
        if arrays[labels].max() > 9:
            raise InputError(
                f"{paths[labels]}: labels must be from 0 to 9, got {arrays[labels].max()}."
            )
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        raise InputError(
            f"{folder}: training images are {arrays[0].shape[1:]}, test images "
            f"{arrays[2].shape[1:]} pixels."
        )
    train, train_labels, test, test_labels = arrays
    return ImageData(train, train_labels, test, test_labels, num_classes=10, brightest=255)


def load_digits() -> ImageData:
    """The 1,797 digits of 8 × 8 pixels that scikit-learn brings; every fifth is for testing.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        datasets = importlib.import_module("sklearn.datasets")  # an extra: seldom installed
    except ImportError as error:
        raise InputError(not_installed("load_digits", "scikit-learn", "data")) from error
    bunch = datasets.load_digits()
    images, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    is_test = np.arange(len(labels)) % 5 == 4
    return ImageData(
        images[~is_test], labels[~is_test], images[is_test], labels[is_test], 10, brightest=16
    )


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise StoreError(
        f"{folder} holds no {name} (nor {name}.gz). `thalweg data mnist {folder}` fetches the four "
        f"files of MNIST."
    )
