"""A plugin of pytest that says, test by test, how many programs JAX compiled and bounds them all.

A program is one call of the compiler: it was compiled, or it was fetched from the disk cache. Each
is traced, lowered and loaded again in every process, so both cost time and memory. Programs of
subprocesses are not seen.
"""

import contextlib
import ctypes
import gc
import os
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import jax
import jax.monitoring
import pytest

_ASKED = "/jax/core/compile/backend_compile_duration"
_FETCHED = "/jax/compilation_cache/cache_hits"
# How many programs a worker keeps, at two to four megabytes each, when a test module ends and when
# a test ends within one: it stays below 1.5 GB. Fewer would be fetched again and again.
_KEPT_OF_MODULES = 60
_KEPT_OF_TESTS = 120
# The unit of `ru_maxrss`: bytes on a Mac, kibibytes elsewhere.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class CompileCount:
    """How many programs JAX has compiled, or fetched from its disk cache, inside the `with`."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: str, duration_secs: float, **_: object) -> None:
        self.count += event == _ASKED


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


class Ledger:
    """The programs of one process since they were last taken down, and those merely fetched."""

    def __init__(self) -> None:
        self.programs = CompileCount()
        self.fetched = self.forgotten = 0
        self.before = {"programs": 0, "fetched": 0, "cpu": _cpu_seconds()}
        jax.monitoring.register_event_duration_secs_listener(self.programs)
        jax.monitoring.register_event_listener(self.note)

    def note(self, event: str, **_: object) -> None:
        self.fetched += event == _FETCHED

    def take(self) -> dict[str, float]:
        """Take down what has gathered, with CPU seconds and the largest memory so far."""
        now = {"programs": self.programs.count, "fetched": self.fetched, "cpu": _cpu_seconds()}
        taken = {name: round(now[name] - self.before[name], 3) for name in now}
        self.before = now
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
        return {**taken, "memory": memory}

    def let_go(self, kept: int) -> None:
        """Forget all compiled programs once there are more than those that may be kept."""
        if self.programs.count - self.forgotten > kept:
            jax.clear_caches()
            gc.collect()
            _return_memory()
            self.forgotten = self.programs.count


def _return_memory() -> None:
    """Give back to the system what the allocator of the GNU C library keeps, half of all."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "malloc_trim"):
            library.malloc_trim(0)


def _cpu_seconds() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Programs:
    """The hooks: each test's report carries its count, and the session adds them up."""

    def __init__(self, listed: int, bound: float) -> None:
        self.listed, self.bound = listed, bound
        self.ledger = Ledger()
        self.total: Counter[str] = Counter()
        self.tests: dict[str, dict[str, float]] = {}
        self.memory = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if call.when == "teardown":
            report.user_properties.append(("ledger", self.ledger.take()))
        return report

    def pytest_collection_finish(self):
        """Leave out of every search for garbage what the imports made: a million objects that stay.

        Such a search, which `let_go` makes too, takes a second with them.
        """
        gc.collect()
        gc.freeze()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item, nextitem):
        stays = nextitem is not None and nextitem.path == item.path
        self.ledger.let_go(_KEPT_OF_TESTS if stays else _KEPT_OF_MODULES)

    def pytest_runtest_logreport(self, report):
        if report.when != "teardown":
            return  # there is one a test, also where its setup failed
        taken = dict(report.user_properties)["ledger"]
        self.tests[report.nodeid] = taken
        for name in ("programs", "fetched", "cpu"):
            self.total[name] += taken[name]
        self.memory = max(self.memory, taken["memory"])

    @property
    def too_many(self) -> bool:
        return self.total["programs"] > self.bound

    def pytest_sessionfinish(self, session):
        if self.too_many and not hasattr(session.config, "workerinput"):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.listed:
            terminalreporter.section(f"{self.listed} tests with the most programs")
            by_count = sorted(self.tests.items(), key=lambda test: -test[1]["programs"])
            for name, taken in by_count[: self.listed]:
                line = f"{taken['programs']:5d} {taken['cpu']:8.2f} CPU s  {name}"
                terminalreporter.write_line(line)
        if not self.tests:
            return
        programs, fetched = self.total["programs"], self.total["fetched"]
        terminalreporter.write_line(
            f"{programs} programs, {fetched} of them fetched from the disk cache; "
            f"{self.total['cpu'] / 60:.1f} CPU minutes in tests; "
            f"the largest process took {self.memory / 1e9:.2f} GB."
        )
        if self.too_many:
            terminalreporter.write_line(
                f"More than {self.bound:.0f} programs (programs_bound in pyproject.toml): "
                "see CONTRIBUTING.md on tests, and --programs=25 for where they are.",
                red=True,
            )


def pytest_addoption(parser):
    parser.addoption(
        "--programs",
        type=int,
        default=0,
        metavar="N",
        help="list the N tests for which JAX compiled the most programs",
    )
    parser.addini(
        "programs_bound", "the most programs that all but the long tests may compile or fetch"
    )


def pytest_configure(config):
    # Who runs long tests waits for them; what everybody runs is bounded.
    is_quick = config.getoption("-m") == "not long"
    bound = float(config.getini("programs_bound")) if is_quick else float("inf")
    config.pluginmanager.register(Programs(config.getoption("--programs"), bound), "programs")
