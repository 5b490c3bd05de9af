"""The store: what is there stays there, what is missing is computed, what is foreign is refused."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest
from tests.sweeps.systems import Spring, content, springs, stretch

import thalweg as tw
from thalweg.core.extras import not_installed
from thalweg.sweeps import OnHost, read_sweep
from thalweg.sweeps import store as store_module
from thalweg.sweeps import stores as stores_module


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A complete store of 7 parts."""
    path = tmp_path_factory.mktemp("whole") / "s.zarr"
    tw.sweep(stretch, springs(), path, chunk=5)
    return path


@pytest.fixture
def copy(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "s.zarr")


def test_only_what_is_missing_is_computed(copy, whole, monkeypatch):
    for part in (2, 5):
        (copy / "status" / "c" / str(part) / "0").unlink()
    written = []
    write = store_module.Store.write
    monkeypatch.setattr(
        store_module.Store, "write", lambda self, i, *a: written.append(i) or write(self, i, *a)
    )
    assert read_sweep(copy).parts_done == 5
    assert tw.sweep(stretch, springs(), copy).is_complete
    assert written == [2, 5]
    assert content(copy) == content(whole)


def test_what_a_killed_process_leaves_is_removed(copy, whole, tmp_path):
    (copy / "status" / "c" / "3" / "0").unlink()
    (copy / "status" / "c" / "3" / "0.1234.partial").write_bytes(b"half")
    (copy / "length" / "c" / "1" / "0.1234.partial").write_bytes(b"half")
    left = tmp_path / ".s.zarr.elsewhere-1-12345678.new"
    left.mkdir()
    os.utime(left, (0.0, 0.0))
    tw.sweep(stretch, springs(), copy)
    assert content(copy) == content(whole)
    assert [path.name for path in tmp_path.iterdir()] == ["s.zarr"]


def test_leftovers_of_parts_that_somebody_may_be_writing_stay(copy):
    for part in (0, 3):
        (copy / "status" / "c" / str(part) / "0").unlink()
        (copy / "length" / "c" / str(part) / "0.1234.partial").write_bytes(b"half")
    tw.sweep(stretch, springs(), copy, shard=(4, 7))
    assert [p.parent.name for p in copy.rglob("*.partial")] == ["0"]


KILLED = textwrap.dedent(
    """
    import os, pathlib, signal, sys
    from tests.sweeps.systems import springs, stretch_on_host
    import thalweg as tw

    count, replace = int(sys.argv[2]), pathlib.Path.replace

    def killed(self, target):
        global count
        count -= 1
        if not count:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(self, target)

    pathlib.Path.replace = killed
    tw.sweep(tw.sweeps.OnHost(stretch_on_host), springs(), sys.argv[1], chunk=5)
    """
)


@pytest.mark.long
def test_killed_at_any_moment_the_store_ends_as_an_uninterrupted_one(tmp_path):
    store, whole = tmp_path / "a" / "s.zarr", tmp_path / "b" / "s.zarr"
    from tests.sweeps.systems import stretch_on_host

    measure = OnHost(stretch_on_host)
    tw.sweep(measure, springs(), whole, chunk=5)
    # As its metadata are written; at the second part's data; at its status, which comes last.
    counts = []
    for moment in (4, 14, 2):
        command = [sys.executable, "-c", KILLED, str(store), str(moment)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == -signal.SIGKILL, done.stderr
        counts.append(read_sweep(store).parts_done if store.exists() else None)
    assert counts[0] is None
    assert counts[1] is not None
    assert counts[1] < counts[2] + 2 <= 8
    assert list(tmp_path.rglob("*.partial")) or list(tmp_path.rglob("*.new"))
    resumed = tw.sweep(measure, springs(), store)
    assert resumed.is_complete
    assert content(store) == content(whole)
    assert [path.name for path in store.parent.iterdir()] == ["s.zarr"]


@pytest.mark.parametrize(
    ("fn", "grid", "said"),
    [
        (lambda s: {"length": s.load}, springs(), "measure.name"),
        (stretch, springs(loads=6), "grid.shape"),
        (stretch, springs(low=2.0), "grid.values.stiffness differs"),
        (stretch, tw.sweeps.Grid(Spring(), {"load": [0.0, 1.0]}), "system"),
    ],
)
def test_another_sweep_is_refused(whole, fn, grid, said):
    before = content(whole)
    with pytest.raises(tw.StoreError, match=rf"(?s)another sweep:.*{said}"):
        tw.sweep(fn, grid, whole)
    assert content(whole) == before


def test_another_value_of_what_is_held_is_refused(tmp_path):
    def doubled(spring):
        return 2.0 * spring.load

    for load, fails in ((1.0, False), (1.0, False), (2.0, True)):
        grid = tw.sweeps.Grid(Spring(load=load), {"stiffness": [1.0, 2.0]})
        if fails:
            with pytest.raises(tw.StoreError, match=r"held\.load is 1\.0 there, 2\.0 here"):
                tw.sweep(doubled, grid, tmp_path / "s.zarr")
        else:
            tw.sweep(doubled, grid, tmp_path / "s.zarr")


def test_the_same_name_with_other_code_is_refused(tmp_path):
    def make(factor):
        def scaled(spring):
            return factor * spring.load

        return scaled

    tw.sweep(make(2.0), springs(2, 2), tmp_path / "s.zarr")
    tw.sweep(make(2.0), springs(2, 2), tmp_path / "s.zarr")
    with pytest.raises(tw.StoreError, match=r"measure\.function"):
        tw.sweep(make(3.0), springs(2, 2), tmp_path / "s.zarr")


def test_parts_of_another_size_are_refused(whole):
    with pytest.raises(tw.StoreError, match=r"parts of \(1, 5\)"):
        tw.sweep(stretch, springs(), whole, chunk=10)


def test_foreign_and_damaged_stores(copy, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no store")
    places = {"empty": "is not the store", "file": "is a file", "file/s.zarr": "not a folder"}
    for place, said in places.items():
        with pytest.raises(tw.StoreError, match=said):
            tw.sweep(stretch, springs(), tmp_path / place)
    part = copy / "multiples" / "c" / "4" / "0" / "0"
    for remove in (lambda: part.write_bytes(b""), part.unlink):
        remove()
        with pytest.raises(tw.StoreError, match="multiples/c/4/0/0 is missing"):
            tw.sweep(stretch, springs(), copy)
    shutil.rmtree(copy / "multiples")
    with pytest.raises(tw.StoreError, match="lacks the array 'multiples'"):
        tw.sweep(stretch, springs(), copy)
    metadata = json.loads((copy / "zarr.json").read_text())
    metadata["attributes"]["thalweg"]["configuration"]["seed"] = 7
    (copy / "zarr.json").write_text(json.dumps(metadata))
    with pytest.raises(tw.StoreError, match="configuration is not what was written"):
        read_sweep(copy)
    (copy / "zarr.json").write_text("{")
    with pytest.raises(tw.StoreError, match="not the store of a sweep"):
        read_sweep(copy)
    with pytest.raises(tw.StoreError, match="no sweep at"):
        read_sweep(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["length", "status"])
def test_a_truncated_chunk_is_noticed(copy, name):
    file = copy / name / "c" / "1" / "0"
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(tw.StoreError, match=f"damaged: {name} cannot be read"):
        read_sweep(copy)


def test_a_full_disk_leaves_a_valid_store(tmp_path, monkeypatch, whole):
    path, count = tmp_path / "s.zarr", 0
    write = store_module.Store.write

    def fails_later(self, index, arrays, statuses):
        nonlocal count
        count += 1
        if count == 4:
            monkeypatch.setattr("zarr.storage._local._atomic_write", _full)
        write(self, index, arrays, statuses)

    monkeypatch.setattr(store_module.Store, "write", fails_later)
    with pytest.raises(tw.StoreError, match=r"No space left.*stays valid: Make room"):
        tw.sweep(stretch, springs(), path, chunk=5)
    monkeypatch.undo()
    assert read_sweep(path).parts_done == 3
    assert tw.sweep(stretch, springs(), path).is_complete
    assert content(path) == content(whole)


def _full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_of_two_that_make_a_store_at_once_both_use_the_first(tmp_path, monkeypatch):
    path, fill = tmp_path / "s.zarr", stores_module._fill

    def late(*arguments):
        fill(*arguments)
        if not path.exists():
            fill(path, *arguments[1:])

    monkeypatch.setattr(stores_module, "_fill", late)
    assert tw.sweep(stretch, springs(), path, chunk=5).is_complete
    assert [p.name for p in tmp_path.iterdir()] == ["s.zarr"]


def test_a_part_of_nothing_but_nan_is_there(tmp_path):
    grid = tw.sweeps.Grid(Spring(), {"load": [1.0, 2.0]})
    found = tw.sweep(OnHost(lambda s: {"a": np.nan}), grid, tmp_path / "s.zarr")
    assert found.is_complete
    assert found.counts == {"done": 2}
    assert (tmp_path / "s.zarr" / "a" / "c" / "0").is_file()


def test_a_store_that_is_being_made_is_left_to_its_maker(tmp_path):
    from thalweg.sweeps.unfinished import _host, unfinished

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    mine = f"{_host()}-{dead.pid}-00000000.new"
    kept = [unfinished(tmp_path / "run"), unfinished(tmp_path / "run.zarr")]
    kept += [tmp_path / name for name in (".run.elsewhere-1-00000000.new", f".run.zarr.{mine}")]
    left = [tmp_path / f".run.{mine}", tmp_path / ".run.elsewhere-2-00000000.new"]
    for folder in kept + left:
        folder.mkdir()
    os.utime(left[1], (0.0, 0.0))
    tw.sweep(stretch, springs(2, 2), tmp_path / "run")
    assert {p.name for p in tmp_path.iterdir()} == {"run", *(p.name for p in kept)}
    odd = tmp_path / f".[ab]*.{mine}"
    odd.mkdir()
    tw.sweep(stretch, springs(2, 2), tmp_path / "[ab]*")
    assert not odd.exists()


def test_another_python_is_refused_with_the_cure(copy, monkeypatch):
    other = types.SimpleNamespace(version_info=(3, 10, 0))
    monkeypatch.setattr("thalweg.sweeps.fingerprints.sys", other)
    said = r"python is '3\.\d+' there, '3\.10' here.*go on with the Python that began it"
    with pytest.raises(tw.StoreError, match=said):
        tw.sweep(stretch, springs(), copy, chunk=5)


def test_without_zarr_the_extra_is_named_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)  # as where it is not installed
    grid: tw.sweeps.Grid = None  # type: ignore[assignment]  # not even looked at
    with pytest.raises(tw.InputError, match=re.escape(not_installed("A sweep", "zarr", "sweeps"))):
        tw.sweep(stretch, grid, tmp_path / "s.zarr")
