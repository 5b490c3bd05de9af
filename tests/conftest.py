"""What every test shares: a warm cache, repeatable hypotheses, a count of compiled programs."""

import gc
import os
import pathlib

# The suite spends its time compiling, so compiled programs outlive the process. JAX reads these
# when it is imported: set them first. What the caller has set stays.
_CACHE = pathlib.Path(__file__).resolve().parents[1] / ".jax-cache"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("MPLBACKEND", "agg")
# Traces make many objects and few cycles: looking for these as often as Python does costs a tenth.
gc.set_threshold(100_000, 20, 20)

from hypothesis import settings  # noqa: E402

pytest_plugins = ["tests.programs"]

# `.ci/run` tests each property with the full budget.
settings.register_profile("thalweg", derandomize=True, deadline=None, max_examples=10)
settings.register_profile("full", settings.get_profile("thalweg"), max_examples=100)
settings.load_profile("thalweg")
