"""Writing files so that nobody ever sees half of one."""

import contextlib
import os
import uuid
from pathlib import Path

from thalweg.core.errors import InputError, StoreError


def write_atomically(path: str | Path, content: str | bytes) -> Path:
    """Write a file through a temporary one beside it, which is then renamed.

    Raises:
        StoreError: the file cannot be written; nothing is left behind.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        # A rename would put a file in the place of a device.
        raise StoreError(f"{path} cannot be written: it is no regular file.")
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    data = content.encode() if isinstance(content, str) else content
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):  # its folder is none
            temporary.unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path


def check_writable(path: str | Path) -> None:
    """Refuse a place where no file can be written, before long work that ends in one.

    Raises:
        InputError: `path` is no path.
        StoreError: its folder is missing or cannot be written, or it is no regular file.
    """
    if not isinstance(path, str | Path):
        raise InputError(f"A file must be named by a path, got {path!r}.")
    path = Path(path)
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} cannot be written: it is no regular file.")
    probe = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.probe")
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
