"""Checks of the settings of studies, before they compute anything."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.errors import InputError


def require_counts(least: int = 1, **counts: int) -> None:
    """Refuse counts that are below the least that makes sense.

    Raises:
        InputError: one is; the message names it.
    """
    for name, value in counts.items():
        if value < least:
            raise InputError(f"{name} must be a whole number of at least {least}, got {value}.")


def require_positive(**numbers: float) -> None:
    """Refuse numbers that are not finite and above zero.

    Raises:
        InputError: one is; the message names it.
    """
    for name, value in numbers.items():
        if not (np.isfinite(value) and value > 0.0):
            raise InputError(f"{name} must be finite and above zero, got {value}.")


def require_list(**lists: Sequence[Any]) -> None:
    """Refuse lists that are empty or name something twice.

    Raises:
        InputError: one does; the message names it.
    """
    for name, values in lists.items():
        if not len(values) or len(set(values)) < len(values):
            raise InputError(
                f"{name} must be a list of different values, at least one, got {list(values)}."
            )
