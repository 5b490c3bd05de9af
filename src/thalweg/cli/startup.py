"""Settings of the environment that must precede the import of JAX and Equinox."""

import gc
import os
from pathlib import Path

# Imports and traces make a million objects and hardly a cycle among them: by Python's own
# thresholds (700, 10, 10) looking for cycles is an eighth of the main job.
_GARBAGE_THRESHOLDS = (100_000, 20, 20)


def cache_folder() -> Path:
    """Folder of compiled programs: `$XDG_CACHE_HOME/thalweg/jax`, else in `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "thalweg" / "jax"


def collect_garbage_seldom() -> None:
    """Look for garbage after more new objects than Python would; a long job still does."""
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def prepare_environment() -> None:
    """Keep compiled programs between runs, and raise errors on the host; settings of the user win.

    Equinox's run-time checks are host callbacks, and JAX refuses to keep a program that holds one:
    `EQX_ON_ERROR=nan` leaves them out, and the results are checked on the host instead.
    """
    os.environ.setdefault("EQX_ON_ERROR", "nan")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        try:
            folder = cache_folder()
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):  # no home folder, or it cannot be written: work without
            return
        if os.access(folder, os.W_OK):
            os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
