"""IDX files, in which MNIST comes: arrays of bytes behind a header of sizes."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from thalweg.core.errors import InputError, StoreError

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file, which may be compressed by gzip.

    The file begins with two zero bytes, a code of the type, the number of dimensions, and the
    sizes as big-endian 32-bit integers; the entries follow, the last index fastest.

    Raises:
        StoreError: the file cannot be read, or its compression is broken.
        InputError: it is no IDX file, or its length does not fit its header.
    """
    content = read_plain(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise InputError(
            f"{path} is not an IDX file: it begins with the bytes {content[:4].hex(' ')!r}, "
            f"expected 00 00, a type (08 for bytes) and a number of dimensions."
        )
    dtype, ndim = np.dtype(_TYPES[content[2]]), content[3]
    start = 4 + 4 * ndim
    if ndim == 0 or len(content) < start:
        raise InputError(f"{path} ends within its header: {ndim} dimensions, {len(content)} bytes.")
    shape = struct.unpack(f">{ndim}I", content[4:start])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        state = "is truncated" if len(content) < expected else "is longer than its header says"
        raise InputError(
            f"{path} {state}: the shape {shape} takes {expected} bytes, got {len(content)}."
        )
    entries = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return entries.astype(dtype.newbyteorder("="))


def read_plain(path: str | Path) -> bytes:
    """The bytes of a file, decompressed if gzip compressed them.

    Raises:
        StoreError: the file cannot be read, or its compression is broken.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"{path} is truncated or damaged: {error}. Fetch it again.") from error
