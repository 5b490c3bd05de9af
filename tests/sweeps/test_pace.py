"""The pace of a sweep, from the times of its files."""

import os

import pytest
from tests.sweeps.systems import springs, stretch

import thalweg as tw
from thalweg.sweeps.pace import pace_of


def begun(path, when=0.0):
    """Let the last run have started then."""
    os.utime(path / "zarr.json", (0.0, when))


def test_the_time_left_is_at_the_pace_of_the_last_parts(tmp_path):
    path = tmp_path / "s.zarr"
    tw.sweep(stretch, springs(20, 5), path, chunk=5, shard=(1, 5))
    begun(path)
    for count, part in enumerate((0, 5, 10, 15)):
        file = path / "status" / "c" / str(part) / "0"
        os.utime(file, (0.0, 1000.0 + 2.0 * count))
    pace = pace_of(path, clock=lambda: 1016.0)
    assert (pace.parts, pace.done, pace.since) == (20, 4, 10.0)
    assert pace.rate == pytest.approx(5 / 2.0)
    assert pace.left == pytest.approx(16 * 2.0)
    assert "4 of 20 parts are done, the last one 10 s ago; at 2.5 points a second 32 s" in str(pace)


def test_the_pace_is_that_of_the_last_parts_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("thalweg.sweeps.pace._RECENT", 3)
    path = tmp_path / "s.zarr"
    tw.sweep(stretch, springs(20, 5), path, chunk=5, shard=(1, 5))
    begun(path)
    for part, when in zip((0, 5, 10, 15), (1000.0, 1500.0, 1501.0, 1502.0), strict=True):
        os.utime(path / "status" / "c" / str(part) / "0", (0.0, when))
    assert pace_of(path).rate == pytest.approx(5.0)


def test_the_time_between_two_runs_is_no_pace(tmp_path):
    path = tmp_path / "s.zarr"
    tw.sweep(stretch, springs(20, 5), path, chunk=5, shard=(1, 5))
    begun(path, 90000.0)
    times = {0: 1000.0, 5: 1002.0, 10: 90004.0, 15: 90005.0}
    for part, when in times.items():
        os.utime(path / "status" / "c" / str(part) / "0", (0.0, when))
    pace = pace_of(path)
    assert (pace.rate, pace.left) == (pytest.approx(5.0), pytest.approx(16.0))
    begun(path, 90004.5)
    assert pace_of(path).rate is None


def test_a_run_marks_when_it_starts(tmp_path):
    path = tmp_path / "s.zarr"
    tw.sweep(stretch, springs(20, 5), path, chunk=5, shard=(1, 5))
    begun(path)
    tw.sweep(stretch, springs(20, 5), path, shard=(2, 5))
    assert (path / "zarr.json").stat().st_mtime > 1e9


def test_a_sweep_that_has_hardly_begun_has_no_pace(tmp_path):
    tw.sweep(stretch, springs(20, 5), tmp_path / "s.zarr", chunk=5, shard=(20, 20))
    assert pace_of(tmp_path / "s.zarr").left is None
    with pytest.raises(tw.StoreError, match="no sweep"):
        pace_of(tmp_path / "t.zarr")
