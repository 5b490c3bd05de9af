"""Records of a fit as lines of JSON, one an epoch."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from thalweg.core.errors import StoreError
from thalweg.core.files import write_atomically
from thalweg.core.jsontext import clean
from thalweg.training.result import EpochRecord


def begin_records(path: str | Path, history: Sequence[EpochRecord]) -> None:
    """Write the file anew, with a line for each epoch that a checkpoint brought back.

    Raises:
        StoreError: it cannot be written.
    """
    write_atomically(path, "".join(map(_line, history)))


def add_record(path: str | Path, record: EpochRecord) -> None:
    """Append the line of an epoch.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(_line(record))
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error


def _line(record: EpochRecord) -> str:
    """One line; a number that is not finite is null, which the line's `warnings` say."""
    data = clean(asdict(record) | {"throughput": record.throughput})
    return json.dumps(data, allow_nan=False) + "\n"
