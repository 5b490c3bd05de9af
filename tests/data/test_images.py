"""IDX files and MNIST: what is read, fetched, resumed and refused."""

import gzip
import hashlib
import http.server
import importlib
import re
import struct
import sys
import threading

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.extras import not_installed
from thalweg.data import fetch_mnist, load_digits, load_mnist, read_idx
from thalweg.data.images import MNIST_FILES

RNG = np.random.default_rng(0)
ARRAYS = {
    MNIST_FILES[0]: RNG.integers(0, 256, (7, 4, 4)).astype(np.uint8),
    MNIST_FILES[1]: RNG.integers(0, 10, 7).astype(np.uint8),
    MNIST_FILES[2]: RNG.integers(0, 256, (3, 4, 4)).astype(np.uint8),
    MNIST_FILES[3]: RNG.integers(0, 10, 3).astype(np.uint8),
}


def as_idx(array):
    code = {"u1": 0x08, "i2": 0x0B, "f4": 0x0D, "f8": 0x0E}[array.dtype.str[1:]]
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_folder(folder, changed=None, compressed=True):
    folder.mkdir(exist_ok=True)
    for name, array in (ARRAYS | (changed or {})).items():
        content = as_idx(array)
        path = folder / (f"{name}.gz" if compressed else name)
        path.write_bytes(gzip.compress(content) if compressed else content)
    return folder


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
def test_idx_files_are_read_as_they_were_written(tmp_path, dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    (tmp_path / "a").write_bytes(as_idx(array))
    (tmp_path / "b.gz").write_bytes(gzip.compress(as_idx(array)))
    for name in ("a", "b.gz"):
        found = read_idx(tmp_path / name)
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (as_idx(ARRAYS[MNIST_FILES[0]])[:-1], r"is truncated: .* \(7, 4, 4\) takes 128 .* got 127"),
        (as_idx(ARRAYS[MNIST_FILES[0]]) + b"x", "is longer than its header says"),
        (b"\x00\x01\x08\x01" + bytes(8), "is not an IDX file: it begins with the bytes"),
        (b"\x00\x00\x07\x01" + bytes(8), "is not an IDX file"),
        (b"\x00\x00\x08\x03" + bytes(8), "ends within its header"),
        (b"", "is not an IDX file"),
    ],
)
def test_bad_idx_files_are_named(tmp_path, content, message):
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(tw.InputError, match=message):
        read_idx(tmp_path / "bad")


def test_broken_compression_is_named(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(as_idx(ARRAYS[MNIST_FILES[0]]))[:-9])
    with pytest.raises(tw.StoreError, match=r"cut.gz is truncated or damaged"):
        read_idx(tmp_path / "cut.gz")
    with pytest.raises(tw.StoreError, match="nothing cannot be read"):
        read_idx(tmp_path / "nothing")


@pytest.mark.parametrize("compressed", [True, False])
def test_a_folder_of_four_files_is_mnist(tmp_path, compressed):
    data = load_mnist(write_folder(tmp_path / "m", compressed=compressed))
    np.testing.assert_array_equal(data.train_images, ARRAYS[MNIST_FILES[0]])
    np.testing.assert_array_equal(data.test_labels, ARRAYS[MNIST_FILES[3]])
    assert (data.num_pixels, data.num_classes, data.brightest) == (16, 10, 255)


def test_pixels_are_standardized_as_in_training(tmp_path):
    images = ARRAYS[MNIST_FILES[0]].copy()
    images[:, 0, 0] = 9
    data = load_mnist(write_folder(tmp_path / "m", {MNIST_FILES[0]: images}))
    rows = data.standardized(data.train_images)
    np.testing.assert_allclose(rows.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(rows.std(axis=0), [0.0] + [1.0] * 15, atol=1e-5)
    train = images.reshape(7, -1)
    expected = (data.test_images.reshape(3, -1) - train.mean(0))[:, 1:] / train.std(0)[1:]
    np.testing.assert_allclose(data.standardized(data.test_images)[:, 1:], expected, rtol=1e-4)
    assert rows.dtype == np.float32


def test_files_that_do_not_fit_one_another_are_refused(tmp_path):
    cases = {
        "7 images and": {MNIST_FILES[1]: ARRAYS[MNIST_FILES[1]][:5]},
        "labels must be from 0 to 9, got 12": {MNIST_FILES[3]: np.full(3, 12, np.uint8)},
        "expected bytes in 3 dimensions, got uint8 in 1": {MNIST_FILES[0]: ARRAYS[MNIST_FILES[1]]},
        r"training images are \(4, 4\), test images \(5, 4\)": {
            MNIST_FILES[2]: np.zeros((3, 5, 4), np.uint8)
        },
    }
    for message, changed in cases.items():
        with pytest.raises(tw.InputError, match=message):
            load_mnist(write_folder(tmp_path / "m", changed))
    with pytest.raises(
        tw.StoreError, match=r"holds no train-images-idx3-ubyte .*thalweg data mnist"
    ):
        load_mnist(tmp_path)


class Server(http.server.BaseHTTPRequestHandler):
    """Serves the four files; the first answer to `breaks` ends in the middle."""

    files: dict[str, bytes]
    breaks: set[str]
    requests: list[tuple[str, str | None]]

    def do_GET(self):
        name = self.path.rpartition("/")[2]
        asked = self.headers.get("Range")
        self.requests.append((name, asked))
        content = self.files.get(name)
        if content is None:
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        rest = content[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        is_broken = name in self.breaks
        self.breaks.discard(name)
        self.wfile.write(rest[: len(rest) // 2] if is_broken else rest)

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    handler = type("Handler", (Server,), {"files": {}, "breaks": set(), "requests": []})
    handler.files = {f"{n}.gz": gzip.compress(as_idx(a)) for n, a in ARRAYS.items()}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield handler, f"http://127.0.0.1:{running.server_port}/mnist/"
        running.shutdown()
        thread.join()


CHECKSUMS = {n: hashlib.sha256(as_idx(a)).hexdigest() for n, a in ARRAYS.items()}


def test_fetching_resumes_and_fetches_nothing_twice(tmp_path, server):
    handler, url = server
    broken = f"{MNIST_FILES[0]}.gz"
    handler.breaks.add(broken)
    with pytest.raises(tw.StoreError, match=r"the connection ended.*goes on where it stopped"):
        fetch_mnist(tmp_path / "m", url, checksums=CHECKSUMS)
    paths = fetch_mnist(tmp_path / "m", url, checksums=CHECKSUMS)
    assert handler.requests[1] == (broken, f"bytes={len(handler.files[broken]) // 2}-")
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == sorted(p.name for p in paths)
    np.testing.assert_array_equal(load_mnist(tmp_path / "m").train_images, ARRAYS[MNIST_FILES[0]])
    count = len(handler.requests)
    fetch_mnist(tmp_path / "m", url, checksums=CHECKSUMS)
    assert len(handler.requests) == count


def test_what_is_not_mnist_is_not_kept(tmp_path, server):
    handler, url = server
    with pytest.raises(tw.StoreError, match="its checksum differs"):
        fetch_mnist(tmp_path / "m", url)
    assert list((tmp_path / "m").iterdir()) == []
    (tmp_path / "m" / MNIST_FILES[0]).write_bytes(as_idx(ARRAYS[MNIST_FILES[2]]))
    with pytest.raises(tw.StoreError, match="is not the file of MNIST: delete it"):
        fetch_mnist(tmp_path / "m", url, checksums=CHECKSUMS)
    handler.files.clear()
    with pytest.raises(tw.StoreError, match="the server answers 404"):
        fetch_mnist(tmp_path / "n", url, checksums=CHECKSUMS)
    with pytest.raises(tw.InputError, match="begins with http"):
        fetch_mnist(tmp_path / "n", "file:///etc")
    with pytest.raises(tw.StoreError, match="cannot be fetched"):
        fetch_mnist(tmp_path / "n", "http://127.0.0.1:1/")


def test_digits_are_split_by_every_fifth(monkeypatch):
    data, bunch = load_digits(), importlib.import_module("sklearn.datasets").load_digits()
    assert repr(data).endswith("to test, 8×8, 10 classes)")
    np.testing.assert_array_equal(data.test_labels, bunch.target[4::5])
    np.testing.assert_array_equal(data.test_images, bunch.images[4::5])
    np.testing.assert_array_equal(data.train_images[[0, 3, 4]], bunch.images[[0, 3, 5]])
    assert len(data.train_labels) + len(data.test_labels) == len(bunch.target) == 1797
    assert data.train_images.max() == data.brightest == 16
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(
        tw.InputError, match=re.escape(not_installed("load_digits", "scikit-learn", "data"))
    ):
        load_digits()
