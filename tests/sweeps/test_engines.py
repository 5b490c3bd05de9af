"""Workers in processes of their own, and what becomes of a sweep when they die."""

import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import dask.config
import distributed
import numpy as np
import pytest
from tests.sweeps.systems import Spring, always_deadly, content, deadly, springs, stretch

import thalweg as tw
from thalweg.sweeps import LocalWorkers, OnHost, Scheduler, Status, read_sweep
from thalweg.sweeps.shipping import Packed


@pytest.mark.long
def test_a_worker_that_is_killed_costs_nothing_but_its_part(tmp_path, monkeypatch):
    marker = tmp_path / "killed"
    monkeypatch.setenv("THALWEG_TEST_MARKER", str(marker))
    measure = OnHost(deadly)
    found = tw.sweep(measure, springs(), tmp_path / "a.zarr", chunk=5, engine=LocalWorkers(2))
    assert marker.exists()
    assert found.counts == {"done": 35}
    tw.sweep(measure, springs(), tmp_path / "b.zarr", chunk=5)
    assert content(tmp_path / "a.zarr") == content(tmp_path / "b.zarr")


def test_a_scheduler_that_is_not_there(tmp_path):
    engine = Scheduler("tcp://127.0.0.1:1", timeout=0.5)
    with pytest.raises(tw.InputError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        tw.sweep(stretch, springs(), tmp_path / "s.zarr", engine=engine)
    assert tw.sweep(stretch, springs(), tmp_path / "s.zarr").is_complete


def somebodys_cluster() -> Any:
    """A scheduler and a worker in threads of this process."""
    return distributed.LocalCluster(
        n_workers=1, processes=False, dashboard_address="127.0.0.1:0", protocol="tcp"
    )


def test_a_cluster_that_somebody_runs(tmp_path):
    grid = springs(9, 3, low=-4.0)
    with somebodys_cluster() as cluster:
        engine = Scheduler(cluster.scheduler_address)
        found = tw.sweep(stretch, grid, tmp_path / "a.zarr", chunk=6, engine=engine)
        with distributed.Client(cluster) as client:
            again = tw.sweep(stretch, springs(), tmp_path / "b.zarr", engine=Scheduler(client))
            assert client.status == "running"
    alone = tw.sweep(stretch, grid, tmp_path / "c.zarr", chunk=6)
    assert content(tmp_path / "a.zarr") == content(tmp_path / "c.zarr")
    assert (found.counts, found.notes) == (alone.counts, alone.notes)
    assert again.is_complete


def test_a_failure_of_the_store_ends_the_run(tmp_path, monkeypatch):
    def refuses(*_):
        raise tw.StoreError("the disk is full")

    monkeypatch.setattr("thalweg.sweeps.store.Store.write", refuses)
    with somebodys_cluster() as cluster:
        engine = Scheduler(cluster.scheduler_address)
        with pytest.raises(tw.StoreError, match="the disk is full"):
            tw.sweep(stretch, springs(), tmp_path / "s.zarr", engine=engine)


@pytest.mark.parametrize("count", [0, -1, 1.5])
def test_counts_of_workers_that_make_no_sense(count):
    with pytest.raises(tw.InputError, match="LocalWorkers: count"):
        LocalWorkers(count)


def cores(spring: Spring):
    """How many cores the process has, and whether it is told to return memory at once."""
    mine = os.sched_getaffinity(0)
    trims = "MALLOC_TRIM_THRESHOLD_" in os.environ
    return {"cores": len(mine), "which": min(mine), "trims": int(trims)}


@pytest.mark.long
def test_each_worker_has_one_core_and_keeps_its_memory(tmp_path):
    found = tw.sweep(OnHost(cores), springs(), tmp_path / "s.zarr", chunk=1, engine=LocalWorkers(2))
    assert np.all(found.read("cores") == 1)
    assert not np.any(found.read("trims"))
    assert len(np.unique(found.read("which"))) == min(2, len(os.sched_getaffinity(0)))


@pytest.mark.long
def test_workers_compute_what_this_process_does(tmp_path):
    for name, engine in (("a", LocalWorkers(2)), ("b", None)):
        tw.sweep(stretch, springs(), tmp_path / f"{name}.zarr", chunk=5, engine=engine)
    assert content(tmp_path / "a.zarr") == content(tmp_path / "b.zarr")


@pytest.mark.long
def test_a_part_that_kills_every_worker_stays_missing_and_the_others_are_done(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("THALWEG_TEST_MARKER", str(os.getpid()))
    measure, path = OnHost(always_deadly), tmp_path / "s.zarr"
    # All parts wait in the workers, so that Dask blames each for the deaths that one causes.
    with dask.config.set({"distributed.scheduler.worker-saturation": math.inf}):
        found = tw.sweep(measure, springs(1, 5), path, chunk=1, engine=LocalWorkers(2))
    assert found.counts == {"missing": 1, "done": 4}
    assert "Every worker died that tried part 2" in str(found)
    assert found.read("status").tolist() == [[1, 1, Status.MISSING, 1, 1]]
    assert tw.sweep(measure, springs(1, 5), path).is_complete


RUN = textwrap.dedent(
    """
    import sys, time
    from tests.sweeps.systems import springs, stretch_on_host
    import thalweg as tw

    def slowly(spring):
        time.sleep(0.02)
        return stretch_on_host(spring)

    if __name__ == "__main__":
        engine = tw.sweeps.LocalWorkers(2)
        tw.sweep(tw.sweeps.OnHost(slowly), springs(20, 5), sys.argv[1], chunk=5, engine=engine)
    """
)


@pytest.mark.long
def test_a_run_with_workers_that_is_killed_as_a_whole(tmp_path):
    script, path = tmp_path / "run.py", tmp_path / "s.zarr"
    script.write_text(RUN)
    root = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH", "")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, inherited])}
    command = [sys.executable, str(script), str(path)]
    run = subprocess.Popen(command, env=environment)
    parts = path / "status" / "c"
    deadline = time.monotonic() + 120.0
    while sum(1 for _ in parts.glob("*/0")) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    time.sleep(1.0)  # its workers end when they notice
    assert 3 <= read_sweep(path).parts_done < 20
    subprocess.run(command, env=environment, check=True, timeout=300)
    assert read_sweep(path).is_complete
    subprocess.run([*command[:2], str(tmp_path / "t.zarr")], env=environment, check=True)
    assert content(path) == content(tmp_path / "t.zarr")


def test_the_job_goes_over_once_and_not_once_a_part(tmp_path, monkeypatch):
    sent = []
    submit = distributed.Client.submit

    def counted(self, fn, *given, **options):
        sent.append(any(isinstance(one, Packed) for one in given))
        return submit(self, fn, *given, **options)

    monkeypatch.setattr(distributed.Client, "submit", counted)
    with somebodys_cluster() as cluster:
        engine = Scheduler(cluster.scheduler_address)
        found = tw.sweep(stretch, springs(), tmp_path / "s.zarr", chunk=5, engine=engine)
    assert found.is_complete
    assert (len(sent), sum(sent)) == (8, 1)
