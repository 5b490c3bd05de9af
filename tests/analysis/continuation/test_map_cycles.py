"""Curves of cycles of maps, each cycle once."""

import numpy as np
import pytest

from thalweg.analysis.continuation.map_cycles import _rows_between


@pytest.mark.parametrize(
    ("begin", "until", "expected"),
    [(1, 3, [1, 2]), (3, 2, [3, 4, 1]), (2, 2, [2, 3, 4, 1])],
)
def test_a_closed_curve_is_gone_round_once_from_flip_to_flip(begin, until, expected):
    """Five points, of which the last is the first; the same flip may be both its ends."""
    np.testing.assert_array_equal(_rows_between(begin, until, 5), expected)
