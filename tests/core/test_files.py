"""Files are written whole or not at all, and where none can be it is said before."""

import os
import resource

import pytest

from thalweg.core.errors import InputError, StoreError
from thalweg.core.files import check_writable, write_atomically


def test_a_disk_that_is_full_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "result"
    write_atomically(path, "first")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, limits[1]))
    try:
        with pytest.raises(StoreError, match="cannot be written: File too large"):
            write_atomically(path, b"0" * 10**6 + b"0")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "first"
    assert os.listdir(tmp_path) == ["result"]


def test_no_device_is_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for write in (lambda: write_atomically(pipe, "text"), lambda: check_writable(pipe)):
        with pytest.raises(StoreError, match="it is no regular file"):
            write()
    assert pipe.is_fifo()


def test_a_place_for_a_file_is_looked_at_before(tmp_path):
    check_writable(tmp_path / "new")
    assert os.listdir(tmp_path) == []
    with pytest.raises(StoreError, match="missing/new cannot be written: No such file"):
        check_writable(tmp_path / "missing" / "new")
    with pytest.raises(StoreError, match="it is no regular file"):
        check_writable(tmp_path)
    with pytest.raises(InputError, match="named by a path, got 3"):
        check_writable(3)  # type: ignore[arg-type]


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    for write in (write_atomically, lambda path, _: check_writable(path)):
        with pytest.raises(StoreError, match="file/new cannot be written: Not a directory"):
            write(tmp_path / "file" / "new", "text")
