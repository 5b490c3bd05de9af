"""Writing files so that nobody ever sees half of one."""

import os
import uuid
from pathlib import Path

from thalweg.core.errors import StoreError


def write_atomically(path: str | Path, content: str | bytes) -> Path:
    """Write a file through a temporary one beside it, which is then renamed.

    Raises:
        StoreError: the file cannot be written; nothing is left behind.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    data = content.encode() if isinstance(content, str) else content
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path
