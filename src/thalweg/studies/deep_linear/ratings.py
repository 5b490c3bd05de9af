"""Ratings files for the completion study: MovieLens format in, held-out error out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from thalweg.core.errors import InputError, StoreError
from thalweg.core.randomness import host_generator
from thalweg.studies.deep_linear.completion import Completion, Observations, complete

_SEPARATORS = ("::", "\t", ",")
# 400 MB as float64: a dense table of more would not fit beside its factors.
_MAX_ENTRIES = 50_000_000


@dataclass(frozen=True)
class Ratings:
    """Ratings of items by users, indices from zero.

    Attributes:
        users: `(n,)`.
        items: `(n,)`.
        values: `(n,)`.
        user_names: what the file calls each user.
        item_names: what the file calls each item.
    """

    users: np.ndarray
    items: np.ndarray
    values: np.ndarray
    user_names: tuple[str, ...]
    item_names: tuple[str, ...]


@dataclass(frozen=True)
class Recommender:
    """A completed table of ratings and how well it predicts those held out.

    Attributes:
        completion: the factorization, of the ratings less their means.
        predictions: `(users, items)`, in the file's units.
        test_error: root mean squared error on held-out ratings.
        baseline_error: the same for each user's and item's mean alone.
    """

    completion: Completion
    predictions: np.ndarray
    test_error: float
    baseline_error: float


def read_ratings(path: str | Path) -> Ratings:
    """Read a file of `user, item, rating[, timestamp]` lines.

    MovieLens's three formats are told apart by their separator: `u.data` (tabs), `ratings.dat`
    (`::`) and `ratings.csv` (commas, with a header).

    Raises:
        StoreError: the file cannot be read.
        InputError: a line does not have the format; the message gives its number.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"ratings file {path} cannot be read: {error}.") from error
    rows = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise InputError(f"ratings file {path} holds no line.")
    separator = next((s for s in _SEPARATORS if s in rows[0][1]), None)
    if separator is None:
        raise InputError(
            f"ratings file {path}, line {rows[0][0]}: expected user, item, rating separated by "
            f"tabs, commas or '::', got {rows[0][1][:60]!r}."
        )
    parsed = []
    for position, (number, line) in enumerate(rows):
        fields = [part.strip() for part in line.split(separator)]
        value = _rating(fields)
        if value is None and position == 0 and len(fields) >= 3 and separator == ",":
            continue
        if value is None:
            raise InputError(
                f"ratings file {path}, line {number}: expected user, item, rating, got "
                f"{line[:60]!r}."
            )
        parsed.append((fields[0], fields[1], value))
    return _indexed(parsed, path)


def recommend(
    ratings: Ratings,
    depth: int = 3,
    *,
    held_out: float = 0.1,
    key: jax.Array | None = None,
    **options: Any,
) -> Recommender:
    """Complete a ratings table by deep factorization and measure it on held-out ratings.

    The mean of the training ratings and every user's and item's deviation from it are taken off
    first; what is left is completed.

    Raises:
        InputError: too few ratings to hold any out, or a table too large to hold.
    """
    count, shape = len(ratings.values), (len(ratings.user_names), len(ratings.item_names))
    held = round(held_out * count)
    if not 0 < held < count:
        raise InputError(
            f"held_out={held_out} of {count} ratings leaves none to learn from or none to test on."
        )
    if shape[0] * shape[1] > _MAX_ENTRIES:
        raise InputError(
            f"the table of {shape[0]} users × {shape[1]} items has more than {_MAX_ENTRIES} "
            f"entries; take a part of the file."
        )
    order = host_generator(key).permutation(count)
    test, train = order[:held], order[held:]
    means = _means(ratings, train, shape)
    left = ratings.values[train] - means[ratings.users[train], ratings.items[train]]
    observed = Observations(shape, ratings.users[train], ratings.items[train], left)
    completion = complete(observed, depth, key=key, **options)
    predictions = means + completion.matrix

    def error(table: np.ndarray) -> float:
        gap = table[ratings.users[test], ratings.items[test]] - ratings.values[test]
        return float(np.sqrt(np.mean(gap**2)))

    return Recommender(completion, predictions, error(predictions), error(means))


def _rating(fields: list[str]) -> float | None:
    if len(fields) < 3:
        return None
    try:
        value = float(fields[2])
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _indexed(parsed: list[tuple[str, str, float]], path: Any) -> Ratings:
    users, items = {}, {}
    rows = np.array([users.setdefault(user, len(users)) for user, _, _ in parsed], dtype=int)
    columns = np.array([items.setdefault(item, len(items)) for _, item, _ in parsed], dtype=int)
    values = np.array([value for *_, value in parsed])
    pairs = set(zip(rows.tolist(), columns.tolist(), strict=True))
    if len(pairs) != len(parsed) or not parsed:
        raise InputError(
            f"ratings file {path} holds {len(parsed)} ratings of {len(pairs)} user–item pairs: "
            f"every pair must be rated once, and at least one."
        )
    return Ratings(rows, columns, values, tuple(users), tuple(items))


def _means(ratings: Ratings, train: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    overall = ratings.values[train].mean()
    table = np.full(shape, overall)
    for axis, index in ((0, ratings.users[train]), (1, ratings.items[train])):
        left = ratings.values[train] - table[ratings.users[train], ratings.items[train]]
        total = np.bincount(index, weights=left, minlength=shape[axis])
        # Shrunk towards zero, as if five more ratings had been average.
        shift = total / (np.bincount(index, minlength=shape[axis]) + 5.0)
        table = table + (shift[:, None] if axis == 0 else shift[None, :])
    return table
