"""What every test shares: a warm cache, repeatable hypotheses, a count of compiled programs."""

import gc
import importlib.metadata
import os
import pathlib

# The suite spends its time compiling, so compiled programs outlive the process. JAX reads these
# when it is imported: set them first. What the caller has set stays.
_CACHE = pathlib.Path(__file__).resolve().parents[1] / ".jax-cache"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("MPLBACKEND", "agg")
# JAX 0.10 makes a module of LLVM for every fused loop, which is half the time of compiling; the
# emitter before it makes few of them, and one at a time is enough where every core has a worker.
# Later generations do not know the flag, and end at one they do not know. `.ci/run` tests all again
# as users compile it, with `XLA_FLAGS=`.
if importlib.metadata.version("jaxlib").startswith("0.10."):
    _QUICK = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
    os.environ.setdefault("XLA_FLAGS", _QUICK)
# Traces make many objects and few cycles: looking for these as often as Python does costs a tenth.
gc.set_threshold(100_000, 20, 20)

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402
from tests import shapes  # noqa: E402

shapes.install()

pytest_plugins = ["tests.programs", "tests.found"]

# `.ci/run` tests each property with the full budget.
settings.register_profile("thalweg", derandomize=True, deadline=None, max_examples=10)
settings.register_profile("full", settings.get_profile("thalweg"), max_examples=100)
settings.load_profile("thalweg")

# Which axes of two arrays belong together is never left to NumPy's rules: a wrong shape is an
# error, and not a wrong number. Documents are as users write them.
_FREE = ("architecture",)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Run a test and what it is given with `jax_numpy_rank_promotion="raise"`.

    Fixtures, too: a program that was compiled under another setting is compiled again.
    """
    import jax

    room = item.path.relative_to(_CACHE.parent / "tests").parts[0]
    with jax.numpy_rank_promotion("allow" if room in _FREE else "raise"):
        return (yield)
