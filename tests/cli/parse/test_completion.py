"""Offers of the tab key, which runs nobody's code."""

import os
import subprocess
import sys

import pytest
from tests.formats.xpp.xpp_files import MEMBRANE, write

from thalweg.cli.parse import completion
from thalweg.core.parameters import parameters
from thalweg.models import registry

OWN = """
raise RuntimeError("a tab must not run this")

class Own(tw.Flow):
    volts: float = 1.0
    vague: int = 2
    domain = None

class Other(tw.Flow):
    def __init__(self, size, *, gain=1.0):
        ...
"""


def test_names_and_files_are_completed(tmp_path, monkeypatch):
    assert completion.complete_system("morris") == ["morris-lecar", "morris-lecar-class-1"]
    monkeypatch.chdir(tmp_path)
    write(tmp_path, MEMBRANE, "mine.ode")
    write(tmp_path, "", "mine.txt")
    assert completion.complete_system("mi") == ["mine.ode"]
    assert completion.complete_system(f"{tmp_path}/m") == [f"{tmp_path}/mine.ode"]
    assert completion.complete_system("/nowhere/m") == []
    assert completion.complete_system("./m") == ["./mine.ode"]
    assert completion.complete_system(f"{tmp_path}/") == [f"{tmp_path}/mine.ode"]
    # A name that no system of files can have.
    assert completion.complete_system(f"{'a' * 300}/m") == []


def test_classes_and_parameters_of_files_are_completed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "broken.py").write_text("class")
    write(tmp_path, MEMBRANE, "mine.ode")
    assert completion.complete_system("own.py:O") == ["own.py:Own", "own.py:Other"]
    assert completion.parameters_of("own.py:Own") == ["volts", "vague"]
    assert completion.parameters_of("own.py:Other") == ["size", "gain"]
    assert completion.parameters_of("own.py") == ["volts", "vague", "size", "gain"]
    assert completion.parameters_of("broken.py:Own") == []
    assert completion.parameters_of("absent.py:Own") == completion.parameters_of("absent.ode") == []
    assert completion.parameters_of("mine.ode")[:2] == ["iapp", "phi"]


@pytest.mark.parametrize("entry", registry.ENTRIES, ids=lambda entry: entry.name)
def test_parameters_of_built_in_systems_are_those_that_can_be_set(entry):
    made = entry.load_class()
    assert set(completion.parameters_of(entry.name)) <= {
        *parameters(entry.create()),
        *made.__init__.__code__.co_varnames,
    }
    assert completion.parameters_of(entry.name)


def test_choices_are_those_of_the_commands():
    from thalweg.cli.parse.methods import read_method
    from thalweg.report.measures import MEASURES

    assert set(completion.MEASURES) == set(MEASURES)
    for name in completion.METHODS:
        assert read_method(name, None if name in ("adaptive", "stiff") else 0.1) is not None
    assert completion.complete_method("eu") == ["euler", "euler-maruyama"]
    assert completion.complete_measure("ba") == ["basins"]
    assert completion.complete_format("") == ["gif", "mp4"]


def test_settings_of_studies_are_completed():
    assert "deep-linear-modes" in completion.complete_study("deep")
    names = completion.settings_of("deep-linear-modes")
    assert "learning_rate" in names
    assert "seed" not in names
    assert completion.settings_of("none") == []


# The shell's own variables: what is typed, and which word the cursor is in.
_TYPED = {
    "thalweg analyze fitzhugh-nagumo --set cu": "current=",
    "thalweg analyze --seed 3 lorenz --set rho=1 --vary be": "beta=",
    "thalweg simulate lorenz --method sti": "stiff",
    "thalweg study deep-linear-modes --set learn": "learning_rate=",
}
_RUN = """
import os, sys
from thalweg.cli.main import run
sys.argv[0] = "thalweg"
try:
    run()
except SystemExit:
    pass
sys.exit("jax" in sys.modules)
"""


@pytest.mark.long
@pytest.mark.parametrize("typed", _TYPED)
def test_a_shell_completes_without_importing_jax(typed):
    shell = {
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
        "_THALWEG_COMPLETE": "complete_bash",
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUN], capture_output=True, text=True, env={**os.environ, **shell}
    )
    assert (done.returncode, done.stdout.split()) == (0, [_TYPED[typed]]), done.stderr
