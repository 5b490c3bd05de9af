"""What is imported when, and where compiled programs are kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thalweg.cli.startup import prepare_environment

_RUN = """
import sys
from thalweg.cli.main import run
sys.argv = ["thalweg", *{arguments!r}]
try:
    run()
except SystemExit as done:
    status = done.code
heavy = {{"jax", "numpy", "equinox", "diffrax", "matplotlib", "scipy"}} & set(sys.modules)
sys.exit(f"status {{status}}, imported {{heavy}}" if status or heavy else 0)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["analyze", "--help"]])
def test_help_and_list_import_nothing_heavy(arguments):
    code = _RUN.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "fitzhugh-nagumo" in done.stdout or "Usage" in done.stdout


def test_the_package_runs_as_a_module():
    command = [sys.executable, "-m", "thalweg", "list"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "fitzhugh-nagumo" in done.stdout


def _prepared(monkeypatch, **environment):
    monkeypatch.setattr(os, "environ", dict(environment))
    prepare_environment()
    return os.environ


def test_programs_are_kept_in_the_cache_of_the_user(monkeypatch, tmp_path):
    environment = _prepared(monkeypatch, XDG_CACHE_HOME=str(tmp_path))
    assert environment["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "thalweg" / "jax")
    assert Path(environment["JAX_COMPILATION_CACHE_DIR"]).is_dir()
    assert environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] == "0"
    assert environment["EQX_ON_ERROR"] == "nan"


def test_what_the_user_has_set_stays(monkeypatch, tmp_path):
    environment = _prepared(monkeypatch, JAX_COMPILATION_CACHE_DIR="/elsewhere", HOME=str(tmp_path))
    assert environment["JAX_COMPILATION_CACHE_DIR"] == "/elsewhere"
    assert not any(tmp_path.iterdir())


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    environment = _prepared(monkeypatch, XDG_CACHE_HOME=str(tmp_path / "file"))
    assert "JAX_COMPILATION_CACHE_DIR" not in environment


_COUNTED = """
import gc
import sys
import jax
from thalweg.cli.main import run
compiled = []
def note(event, seconds, **_):
    compiled.append(event)
def collections():
    return sum(generation["collections"] for generation in gc.get_stats())
before = collections()
jax.monitoring.register_event_duration_secs_listener(note)
sys.argv = ["thalweg", "analyze", "fitzhugh-nagumo", "--json"]
try:
    run()
except SystemExit as done:
    assert not done.code
unused = {"optax", "thalweg.plot", "thalweg.sweeps"} & set(sys.modules)
print(collections() - before, len(unused), file=sys.stderr)
print(sum(event.endswith("backend_compile_duration") for event in compiled), file=sys.stderr)
"""


@pytest.mark.long
def test_the_main_job_compiles_few_programs():
    """Eager operations on the host are small programs that nobody sees, each paid for."""
    done = subprocess.run([sys.executable, "-c", _COUNTED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *_, collections, unused, programs = done.stderr.split()
    assert 1 <= int(programs) <= 8
    assert int(collections) < 30  # hundreds by Python's own thresholds
    assert unused == "0"  # no energy was trained, nothing drawn
