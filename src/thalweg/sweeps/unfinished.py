"""Folders in which stores are being made, beside their places: whose they are, which are left."""

import os
import platform
import re
import shutil
import sys
import time
import uuid
from pathlib import Path

_OLD = 86400.0  # seconds: making a store takes some; a process elsewhere cannot be asked


def unfinished(path: Path) -> Path:
    """A new name beside a store for its making, which says who makes it."""
    unique = uuid.uuid4().hex[:8]
    return path.with_name(f".{path.name}.{_host()}-{os.getpid()}-{unique}.new")


def remove_unfinished(path: Path) -> None:
    """Remove what makers of a store left that were killed; those of others stay."""
    form = re.compile(rf"\.{re.escape(path.name)}\.([0-9A-Za-z_]*)-(\d+)-[0-9a-f]{{8}}\.new")
    for folder in path.parent.iterdir():
        matched = form.fullmatch(folder.name)
        if matched and (_is_dead(matched[1], int(matched[2])) or _is_old(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _host() -> str:
    return re.sub(r"[^0-9A-Za-z]", "_", platform.node())


def _is_dead(host: str, process: int) -> bool:
    """True of a process of this machine that has ended."""
    if host != _host() or sys.platform == "win32":  # where asking would end it
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > _OLD
    except FileNotFoundError:  # somebody else removed it
        return False
