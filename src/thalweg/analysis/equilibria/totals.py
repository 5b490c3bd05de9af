"""Linear totals Σ cᵢxᵢ: how they are written, and which of them generate all."""

import itertools
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import comb, gcd
from typing import Any

import numpy as np

from thalweg.core.errors import InputError

# Coefficients are whole numbers where they are close to such of at most this size.
_LARGEST = 64
_CLOSE = 1e-8  # relative: what SVD of the measured displacements leaves of whole numbers
# Choices of coordinates that are tried for short totals.
_CHOICES = 300
_SHOWN = 60  # characters of a total in a line of 80, beside its value


def written(coefficients: np.ndarray, names: Sequence[str]) -> str:
    """A total as text, such as `A + 2 B - C`."""
    text = ""
    for value, name in zip(coefficients, names, strict=True):
        if value == 0.0:
            continue
        size = "" if abs(value) == 1.0 else f"{abs(value):.12g} "
        sign = "-" if value < 0.0 else "+"
        text += f" {sign} {size}{name}" if text else f"{sign if value < 0.0 else ''}{size}{name}"
    return text


def shortened_text(text: str) -> str:
    """The text itself, or its beginning and its end where it is long."""
    if len(text) <= _SHOWN:
        return text
    terms = re.split(r" (?=[+-] )", text)
    return f"{' '.join(terms[:2])} + … {terms[-1]}"


def read_total(text: Any, names: Sequence[str]) -> np.ndarray:
    """The coefficients of a total that was written as `A + 2 B - C` (or `A+2*B-C`).

    Raises:
        InputError: the text is no linear combination of the names.
    """
    found = np.zeros(len(names))
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    term = re.compile(
        rf"\s*([+-]?)\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)\s*\*?\s*)?({known})"
        rf"(?![\w\[.])\s*"
    )
    place, whole = 0, text if isinstance(text, str) else ""
    while place < len(whole):
        match = term.match(whole, place)
        if match is None or (place and not match[1]):
            break
        size = 1.0 if match[2] is None else float(match[2])
        found[list(names).index(match[3])] += -size if match[1] == "-" else size
        place = match.end()
    if not whole or place < len(whole) or not np.any(found):
        example = " + ".join(list(names)[:3])
        raise InputError(
            f"conserved: {text!r} is no total of {', '.join(list(names)[:8])}; write, for example, "
            f"{example!r}."
        )
    return found


def generators(basis: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Short totals that generate the same space, without signs where that can be, `(m, d)`.

    Every choice of m coordinates by which the others can be solved gives m totals, each of which
    misses m − 1 of them; the shortest of all with the fewest signs are taken.

    Arguments:
        basis: a basis of the totals, shape `(m, d)`, in units of `scale`.
        scale: the size of each coordinate's change, shape `(d,)`.
    """
    count, size = basis.shape
    if comb(size, count) <= _CHOICES:
        choices = list(itertools.combinations(range(size), count))
    else:
        rng = np.random.default_rng(9)
        choices = [rng.choice(size, count, replace=False) for _ in range(_CHOICES)]
    found: dict[tuple[float, ...], np.ndarray] = {}
    for choice in choices:
        block = basis[:, list(choice)]
        if np.linalg.cond(block) > 1e6:
            continue
        for row in np.linalg.solve(block, basis):
            neat = _neat(np.where(np.abs(row) < _CLOSE, 0.0, row) / scale)
            found.setdefault(tuple(np.round(neat, 9)), neat)
    ordered = sorted(
        found.values(), key=lambda c: (int(np.sum(c < 0.0)), int(np.sum(c != 0.0)), *(c == 0.0))
    )
    kept: list[np.ndarray] = []
    for row in ordered:
        directions = [r * scale / np.linalg.norm(r * scale) for r in (*kept, row)]
        if np.linalg.matrix_rank(np.array(directions), 1e-6) > len(kept) < count:
            kept.append(row)
    return np.array(kept).reshape(-1, size)


def _neat(row: np.ndarray) -> np.ndarray:
    """A multiple of a total with small whole coefficients, or else 1 first; the first positive."""
    row = row / row[np.flatnonzero(row)[0]]
    sizes = np.abs(row[row != 0.0])
    for unit in (1.0, float(np.min(sizes))):
        parts = [Fraction(float(value / unit)).limit_denominator(_LARGEST) for value in row]
        whole = np.array([float(part) for part in parts])
        is_close = np.abs(whole - row / unit) <= _CLOSE * np.abs(whole)
        common = np.lcm.reduce([part.denominator for part in parts])
        if np.all(is_close) and np.max(np.abs(whole)) * common <= _LARGEST:
            whole = whole * common
            return whole / gcd(*(int(abs(value)) for value in whole))
    return row


def values_of(conserved: Mapping[str, Any]) -> np.ndarray:
    """The values that totals are given, checked."""
    if not isinstance(conserved, Mapping):
        raise InputError(
            f"conserved: must be a mapping from totals to values such as {{'A + B': 1.0}}, got "
            f"{conserved!r}."
        )
    for name, value in conserved.items():
        is_number = np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf"
        if not is_number or not np.isfinite(value):
            raise InputError(f"conserved: {name} must be a finite number, got {value!r}.")
    return np.array([float(value) for value in conserved.values()])
