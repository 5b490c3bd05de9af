"""Fetching MNIST: four files over HTTP, resumed where a try broke off, checked by their content."""

import contextlib
import hashlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from thalweg.core.errors import InputError, StoreError
from thalweg.core.progress import Progress
from thalweg.data.idx import read_plain
from thalweg.data.images import MNIST_FILES

MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"

# SHA-256 of the decompressed bytes: servers compress the same files differently.
MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_CHUNK = 2**18  # bytes a read: a progress line moves, and a read costs nothing beside them
_TIMEOUT = 30.0  # seconds without a byte: mirrors behind slow proxies take ten


def fetch_mnist(
    folder: str | Path,
    url: str = MNIST_URL,
    *,
    checksums: dict[str, str] | None = None,
) -> list[Path]:
    """Fetch what is missing of MNIST's four files into a folder, as `.gz`.

    Files that are there are checked, not fetched. A transfer that broke off (its part stays in the
    folder as `NAME.gz.part`) goes on where it stopped.

    Arguments:
        folder: where to; made if it is not there.
        url: the address of the folder that holds the four files.
        checksums: SHA-256 of the decompressed bytes of each file; those of MNIST unless given.

    Returns:
        The paths of the four files.

    Raises:
        InputError: the address is not one of http or https.
        StoreError: the server cannot be reached or lacks a file, the folder cannot be written, or
            what came is not what was expected.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"--from {url}: expected an address that begins with http:// or https://.")
    folder, checksums = Path(folder), checksums or MNIST_SHA256
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror or error}.") from error
    paths = []
    for name in MNIST_FILES:
        there = [p for p in (folder / name, folder / f"{name}.gz") if p.is_file()]
        path = there[0] if there else folder / f"{name}.gz"
        if not there:
            _transfer(f"{url.rstrip('/')}/{name}.gz", path, checksums[name])
        elif _digest(path) != checksums[name]:
            raise StoreError(f"{path} is not the file of MNIST: delete it, and it will be fetched.")
        paths.append(path)
    return paths


def _digest(path: Path) -> str:
    return hashlib.sha256(read_plain(path)).hexdigest()


def _transfer(address: str, path: Path, checksum: str) -> None:
    """One file, through a part beside it that survives a broken transfer."""
    part = path.with_name(f"{path.name}.part")
    done = part.stat().st_size if part.exists() else 0
    try:
        _download(address, part, done)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not done:  # 416: there is nothing after what we have
            raise StoreError(f"{address}: the server answers {error.code} {error.reason}.") from (
                error
            )
    except (OSError, http.client.HTTPException) as error:  # timeouts and the disk too
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise StoreError(
            f"{address} cannot be fetched: {reason}. The same command goes on where it stopped."
        ) from error
    try:
        is_right = _digest(part) == checksum
    except StoreError:
        is_right = False
    if not is_right:
        with contextlib.suppress(OSError):
            part.unlink()
        raise StoreError(
            f"{address}: what came is not the file of MNIST (its checksum differs); it was deleted."
        )
    os.replace(part, path)


def _download(address: str, part: Path, done: int) -> None:
    request = urllib.request.Request(address, headers={"Range": f"bytes={done}-"} if done else {})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
        done = done if answer.status == 206 else 0  # 200: the server sends all of it again
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length else None
        with (
            open(part, "ab" if done else "wb") as file,
            Progress(part.name.removesuffix(".part"), total, unit="byte", done=done) as progress,
        ):
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress.update(done)
    if total is not None and done < total:
        raise OSError(f"the connection ended after {done} of {total} bytes")
