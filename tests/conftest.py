"""What every test shares: a warm cache, repeatable hypotheses, a counter of compiled programs."""

import contextlib
import os
import pathlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

# The suite spends its time compiling, so compiled programs outlive the process. JAX reads these
# when it is imported: set them first. What the caller has set stays.
_CACHE = pathlib.Path(__file__).resolve().parents[1] / ".jax-cache"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("MPLBACKEND", "agg")

import jax.monitoring  # noqa: E402
import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("thalweg", derandomize=True, deadline=None, max_examples=25)
settings.load_profile("thalweg")

_COMPILED = "/jax/core/compile/backend_compile_duration"


class CompileCount:
    """How many programs JAX has compiled, or fetched from its disk cache, inside the `with`."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: str, duration_secs: float, **_: object) -> None:
        self.count += event == _COMPILED


@contextlib.contextmanager
def _count_compiles() -> Iterator[CompileCount]:
    counter = CompileCount()
    jax.monitoring.register_event_duration_secs_listener(counter)
    try:
        yield counter
    finally:
        jax.monitoring.unregister_event_duration_listener(counter)


@pytest.fixture
def count_compiles() -> Callable[[], AbstractContextManager[CompileCount]]:
    """`with count_compiles() as compiled: …`, then `compiled.count`.

    Every program counts: an eager `jnp` operation of a new shape is one too.
    """
    return _count_compiles
