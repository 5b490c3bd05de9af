"""Numbers are kept as they are, or the point fails and says why."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from tests.sweeps.systems import Spring

import thalweg as tw
from thalweg.core.errors import DivergenceError
from thalweg.sweeps import OnHost, Status

GRID = tw.sweeps.Grid(Spring(), {"load": [0.5, 1.25, 2.75]})


def asked(path, at, first: Any = 1.0):
    """A sweep of `at` of the load, but for the first point, of `first`."""
    return tw.sweep(
        OnHost(lambda s: {"v": first if float(s.load) < 1 else at(float(s.load))}), GRID, path
    )


def test_python_numbers_are_float64(tmp_path):
    found = asked(tmp_path / "a", lambda load: load, first=0).read("v")
    assert (found.dtype, found.tolist()) == (np.float64, [0.0, 1.25, 2.75])
    found = asked(tmp_path / "b", lambda load: float("nan"), first=1).read("v")
    assert np.array_equal(found, [1.0, np.nan, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (1.0, 1j),
        (np.int32(1), 1.5),
        (np.int32(1), np.nan),
        (np.int8(1), 300),
        (np.uint8(1), -1),
        (np.float32(1.0), 0.1),
        (1.0, np.int64(2**53 + 1)),
        (np.bool_(True), 2),
        (1.0, "text"),
    ],
)
def test_what_the_type_of_the_first_point_cannot_hold_fails_and_says_so(tmp_path, first, other):
    found = asked(tmp_path / "s", lambda load: other if load > 2 else first, first)
    assert found.read("status").tolist() == [Status.DONE, Status.DONE, Status.FAILED]
    assert "here and" in found.notes[0]
    assert np.array_equal(found.read("v")[:2], [first, first])


@pytest.mark.parametrize("other", [2, 2.0, np.int64(2), 2 + 0j, np.float32(2)])
def test_what_it_can_hold_is_kept(tmp_path, other):
    found = asked(tmp_path / "s", lambda load: other, np.int16(1))
    assert (found.read("v").dtype, found.read("v").tolist()) == (np.int16, [1, 2, 2])


@pytest.mark.parametrize("error", [ValueError("no"), DivergenceError("no")])
def test_summaries_and_maps_leave_out_points_without_values(tmp_path, error):
    def counted(spring):
        if float(spring.load) > 2:
            raise error
        return {"count": np.int32(5)}

    found = tw.sweep(OnHost(counted), GRID, tmp_path / "s")
    (summary,) = found.variables
    assert (summary.low, summary.high, summary.mean) == (5.0, 5.0, 5.0)
    assert np.array_equal(tw.plot.sweep_data(found).values, [5, 5, np.nan], equal_nan=True)


def test_what_a_point_gives_that_ran_out_of_steps_is_no_answer(tmp_path):
    found = tw.sweep(
        OnHost(lambda s: {"v": s.load, "status": 6 if float(s.load) > 2 else 1}),
        GRID,
        tmp_path / "s",
    )
    assert found.variables[0].high == 1.25
    assert np.isnan(tw.plot.sweep_data(found).values[2])
    assert found.read("v")[2] == 2.75


@pytest.mark.parametrize("on_host", [True, False])
@pytest.mark.parametrize("nonsense", [9, 0, -1, 300])
def test_a_status_that_is_none_costs_its_point_alone(tmp_path, on_host, nonsense):
    def given(spring):
        return {"v": spring.load * 1.0, "status": jnp.where(spring.load > 2, nonsense, 1)}

    found = tw.sweep(OnHost(given) if on_host else given, GRID, tmp_path / "s")
    assert found.counts == {"done": 2, "failed": 1}
    assert f"the status is {nonsense}, which is none of" in found.notes[0]


def test_a_map_of_complex_numbers_is_of_their_size(tmp_path):
    found = tw.sweep(lambda s: {"z": s.load * (3.0 + 4.0j)}, GRID, tmp_path / "s")
    data = tw.plot.sweep_data(found)
    np.testing.assert_allclose(data.values, [2.5, 6.25, 13.75])
    assert data.title == "|z|"
