"""The counter that other rooms' recompilation tests rely on, and the bound on the whole run."""

import tomllib
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from tests.programs import Programs

ROOT = Path(__file__).resolve().parents[2]


def test_a_program_counts_once_whatever_its_values(count_compiles):
    fn = jax.jit(lambda x: jax.numpy.sin(x) * 1.25)
    with count_compiles() as compiled:
        fn(np.ones(3))
        assert compiled.count == 1
        fn(np.zeros(3))
        assert compiled.count == 1
        fn(np.ones(4))
        assert compiled.count == 2
    fn(np.ones(5))
    assert compiled.count == 2


def report(name, programs):
    taken = {"programs": programs, "fetched": 0, "cpu": 1.0, "memory": 1e9}
    return SimpleNamespace(when="teardown", nodeid=name, user_properties=[("ledger", taken)])


@pytest.mark.parametrize("is_worker", [True, False])
def test_a_run_with_more_programs_than_its_bound_fails(is_worker):
    run = Programs(listed=0, bound=10)
    worker = {"workerinput": {}} if is_worker else {}
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK, config=SimpleNamespace(**worker))
    run.pytest_runtest_logreport(report("first", 10))
    run.pytest_sessionfinish(session)
    assert session.exitstatus == pytest.ExitCode.OK
    run.pytest_runtest_logreport(report("second", 1))
    run.pytest_sessionfinish(session)
    # The workers' counts are added up where the run ends.
    failed = pytest.ExitCode.OK if is_worker else pytest.ExitCode.TESTS_FAILED
    assert session.exitstatus == failed


def test_the_bound_is_one():
    """Of the README's command: `.ci/run` asks for another where it runs the long tests, too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert 1000 < int(project["tool"]["pytest"]["ini_options"]["programs_bound"]) < 10_000
