"""Any number of points, a fixed number at a time: nothing lost, nothing seen of what fills up."""

import jax.numpy as jnp
import numpy as np
import pytest

from thalweg.core.batches import for_rows, in_batches


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8])
def test_every_point_is_answered_in_its_place(count):
    points, sizes = np.arange(2.0 * count).reshape(count, 2), []

    def fn(some):
        sizes.append(len(some))
        return {"sum": some.sum(axis=1), "twice": 2.0 * some}

    found = in_batches(fn, points, 4)
    np.testing.assert_array_equal(found["sum"], points.sum(axis=1))
    np.testing.assert_array_equal(found["twice"], 2.0 * points)
    assert sizes == [4] * -(-count // 4)


def test_several_arrays_go_together_and_the_last_batch_is_filled_with_its_first_row():
    first, second = np.arange(5.0), np.arange(5)[:, None]
    seen = []

    def fn(pair):
        seen.append(pair[0])
        return pair[0] + pair[1][:, 0]

    np.testing.assert_array_equal(in_batches(fn, (first, second), 3), 2.0 * np.arange(5.0))
    np.testing.assert_array_equal(seen[1], [3.0, 4.0, 3.0])


def test_nothing_is_stretched_over_rows_unasked():
    row, rows = np.arange(3.0), np.ones((2, 3))
    assert for_rows(row, rows).shape == (1, 3)
    assert for_rows(2.0, rows) == 2.0
    np.testing.assert_array_equal(for_rows(rows, rows), rows)
    with pytest.raises(ValueError, match="rank_promotion"):
        jnp.add(rows, row)
