"""Second moments: from data, and refused when no data have them."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.models import deep_linear as dl


def data(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((20, 3))
    return x, x @ rng.standard_normal((3, 2)) + 0.1 * rng.standard_normal((20, 2))


def test_moments_of_samples():
    x, y = data()
    task = dl.Covariances.from_data(x, y)
    np.testing.assert_allclose(task.xx, sum(np.outer(a, a) for a in x) / 20, atol=1e-14)
    np.testing.assert_allclose(
        task.yx, sum(np.outer(b, a) for a, b in zip(x, y, strict=True)) / 20, atol=1e-14
    )
    assert task.yy == pytest.approx(np.mean([b @ b for b in y]))


def test_the_least_error_is_that_of_least_squares():
    x, y = data()
    task = dl.Covariances.from_data(x, y)
    solution, residual, *_ = np.linalg.lstsq(x, y, rcond=None)
    np.testing.assert_allclose(task.best_map(), solution.T, atol=1e-12)
    assert task.least_error() == pytest.approx(0.5 * residual.sum() / 20)
    assert dl.Covariances(task.yx, task.xx).least_error() == pytest.approx(0.0, abs=1e-14)


def test_fewer_samples_than_inputs_are_fine():
    x, y = data()
    x = np.concatenate([x, x @ np.ones((3, 2))], axis=1)[:4]
    task = dl.Covariances.from_data(x, y[:4])
    np.testing.assert_allclose(
        x @ task.best_map().T,
        y[:4] if np.linalg.matrix_rank(x) == 4 else x @ np.linalg.pinv(x) @ y[:4],
        atol=1e-9,
    )


def test_what_no_data_have_is_refused():
    yx = np.ones((2, 3))
    skew = np.eye(3)
    skew[0, 1] = 0.2
    with pytest.raises(tw.InputError, match=r"symmetric, but \|Σxx − Σxxᵀ\| reaches 0\.2"):
        dl.Covariances(yx, skew)
    with pytest.raises(tw.InputError, match=r"semidefinite, but its lowest eigenvalue is -0\.5"):
        dl.Covariances(yx, np.diag([1.0, 2.0, -0.5]))
    with pytest.raises(tw.InputError, match="xx must have the shape \\(3, 3\\)"):
        dl.Covariances(yx, np.eye(2))
    with pytest.raises(tw.InputError, match="Σxx vanishes, Σyx reaches 1"):
        dl.Covariances(yx, np.diag([1.0, 1.0, 0.0]))
    with pytest.raises(tw.InputError, match=r"must be at least what the inputs explain.*got 5"):
        dl.Covariances(yx, None, 5.0)
    with pytest.raises(tw.InputError, match=r"yx must be finite, got nan at index \[0, 1\]"):
        dl.Covariances([[1.0, np.nan]])
    with pytest.raises(tw.InputError, match="yx must be a matrix, got an array of shape"):
        dl.Covariances(np.ones(3))
    with pytest.raises(tw.InputError, match="one row a sample, got 20 rows of inputs and 19"):
        dl.Covariances.from_data(data()[0], data()[1][:19])


@pytest.mark.parametrize("unit", [3e-4, 1e-8, 1e8])
def test_units_of_the_inputs_do_not_matter(unit):
    rng = np.random.default_rng(7)
    x, weights = rng.standard_normal((200, 3)), rng.standard_normal((3, 2))
    units = np.array([1.0, unit, 1.0])
    y = x @ weights + 0.1 * rng.standard_normal((200, 2))
    found = dl.Covariances.from_data(x * units, y)
    expected = np.linalg.lstsq(x, y, rcond=None)[0].T
    np.testing.assert_allclose(found.best_map() * units, expected, rtol=1e-10)
    assert found.num_still == 0
    left = 0.5 * np.mean(np.sum((y - x @ expected.T) ** 2, axis=1))
    assert found.least_error() == pytest.approx(left, rel=1e-10)


def test_fewer_samples_than_inputs_leave_directions_still():
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((5, 8)) * 10.0 ** rng.integers(-4, 4, 8), rng.standard_normal((5, 2))
    found = dl.Covariances.from_data(x, y)
    assert found.num_still == 3
    assert found.least_error() == pytest.approx(0.0, abs=1e-11)
    shortest = np.linalg.lstsq(x, y, rcond=None)[0].T
    size = np.abs(shortest).max()  # that of the weakest input's column; the others are far smaller
    np.testing.assert_allclose(found.best_map(), shortest, rtol=1e-8, atol=1e-10 * size)


def test_nearly_equal_inputs_are_told_apart():
    """Their correlation is 1 − 5e-8: what single precision would call zero, double does not."""
    rng = np.random.default_rng(9)
    x = rng.standard_normal((500, 2))
    x[:, 1] = x[:, 0] + 3e-4 * x[:, 1]
    found = dl.Covariances.from_data(x, 1e3 * (x[:, :1] - x[:, 1:]))
    np.testing.assert_allclose(found.best_map(), [[1e3, -1e3]], rtol=1e-6)
