"""Bad input through the command line: one clear message, the right status, nothing half-written."""

import json
import sys
import textwrap

import pytest
from typer.testing import CliRunner

from thalweg.cli.main import app

MODEL = """
    import jax.numpy as jnp
    import thalweg as tw

    print("the model speaks")

    class Free(tw.Flow):
        def velocity(self, t, state):
            return jnp.stack([state[1], -state[0]])

    class WrongShape(tw.Flow):
        domain = tw.Box([-1.0, -1.0], [1.0, 1.0])
        def velocity(self, t, state):
            return state[:1]

    class WrongDtype(tw.Flow):
        domain = tw.Box([-1.0], [1.0])
        def velocity(self, t, state):
            return jnp.zeros(1, int)

    class Fails(tw.Flow):
        domain = tw.Box([-1.0], [1.0])
        def velocity(self, t, state):
            raise RuntimeError("no such table")

    class Driven(tw.Flow):
        domain = tw.Box([-1.0], [1.0])
        def velocity(self, t, state):
            return jnp.cos(t) - state

    class Root(tw.Flow):
        \"\"\"Undefined below zero; rests at level², if the level is positive.\"\"\"
        level: float = 1.0
        domain = tw.Box([-1.0], [3.0])
        def velocity(self, t, state):
            return self.level - jnp.sqrt(state)

    class Bare(tw.Flow):
        gain = 2.0
        domain = tw.Box([-1.0], [1.0])
        def velocity(self, t, state):
            return -self.gain * state

    class BadDomain(tw.Flow):
        domain = [-1.0, 1.0]
        def velocity(self, t, state):
            return -state
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder of its own, with `model.py` in it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(textwrap.dedent(MODEL))
    yield tmp_path
    sys.modules.pop("model", None)


def thalweg(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fitzhugh_nagumo"], ["fitzhugh_nagumo", "Did you mean fitzhugh-nagumo"]),
        (["absent.py:System"], ["no file absent.py"]),
        (["model.py:Fre"], ["no 'Fre'", "Did you mean Free?"]),
        (["lorenz", "--set", "rh=2"], ["no parameter 'rh'", "Did you mean rho?", "sigma"]),
        (["lorenz", "--set", "rho=much"], ["rho=much", "JSON"]),
        (["lorenz", "--set", "rho"], ["'rho'", "NAME=VALUE"]),
        (["lorenz", "--set", "rho=NaN"], ["rho", "not finite", "nan"]),
        (["lorenz", "--set", "rho=Infinity"], ["rho", "not finite", "inf"]),
        (["lorenz", "--domain", "3,-3"], ["--domain", "3.0 > -3.0. Swap"]),
        (["fitzhugh-nagumo", "--domain", "0,1;3,-3"], ["--domain", "3.0 > -3.0 for w", "Swap"]),
        (["lorenz", "--domain", "0,1;nan,1;0,1"], ["--domain", "finite", "for y"]),
        (["fitzhugh-nagumo", "--vary", "current=1.8:0"], ["--vary", "write current=0:1.8"]),
        (["fitzhugh-nagumo", "--vary", "current=1:1"], ["--vary", "a wider range"]),
        (["fitzhugh-nagumo", "--vary", "current=0:inf"], ["--vary", "finite"]),
        (["fitzhugh-nagumo", "--vary", "curent=0:1"], ["--vary: ", "Did you mean current?"]),
        (["ring-attractor", "--vary", "size=0:1"], ["--vary: ", "whole number"]),
        (["lorenz", "--domain", "-1,1;-1,1"], ["3 coordinates (x, y, z)", "got 2 pairs"]),
        (["lorenz", "--domain", "wide"], ["'wide'", "lower,upper"]),
        (["model.py:Free"], ["declares no domain"]),
        (["model.py:Free", "--domain", "0,1;0,1;0,1"], ["Free"]),
        (["model.py:BadDomain"], ["BadDomain.domain", "Box(lower, upper)"]),
        (["model.py:Bare", "--set", "gain=3"], ["--set gain", "write gain: float = 2.0"]),
        (["model.py:Bare", "--vary", "gain=0:3"], ["--vary", "write gain: float = 2.0"]),
        (["model.py:WrongShape"], ["(2,)", "(1,)"]),
        (["model.py:WrongDtype"], ["dtype", "int"]),
        (["model.py:Fails"], ["RuntimeError", "no such table"]),
        (["model.py:Driven"], ["Driven depends on time", "Stroboscopic"]),
        (["ring-attractor", "--set", "size=2"], ["at least 3", "2"]),
        (["replicator", "--domain", "0,1"], ["ProbabilitySimplex"]),
    ],
)
def test_bad_input_is_one_message_and_status_2(place, arguments, words):
    result = thalweg("analyze", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    errors = [line for line in result.stderr.splitlines() if line != "the model speaks"]
    assert len(errors) == 1
    assert errors[0].startswith("Error: ")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in errors[0]
    assert sorted(path.name for path in place.iterdir() if path.name != "__pycache__") == [
        "model.py"
    ]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["basins", "fitzhugh-nagumo", "--vary", "curent=0:1:3"], "--vary: "),
        (["sweep", "fitzhugh-nagumo", "--grid", "curent=0:1:3"], "--grid: "),
        (["explore", "fitzhugh-nagumo", "--vary", "curent=0:1"], "--vary: "),
    ],
)
def test_a_name_that_is_no_parameter_is_told_with_its_option(place, arguments, word):
    result = thalweg(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {word}FitzHughNagumo has no parameter 'curent'. Did")


@pytest.mark.parametrize("arguments", [["analyze"], ["analyse", "lorenz"], ["list", "--no-such"]])
def test_bad_usage_is_status_2(arguments):
    assert thalweg(*arguments).exit_code == 2


def test_a_file_that_does_not_import_says_where_and_only_debug_shows_the_traceback(place):
    (place / "broken.py").write_text("import nowhere_at_all\n")
    result = thalweg("analyze", "broken.py:System")
    assert result.exit_code == 2
    assert "broken.py does not import: ModuleNotFoundError in line 1" in result.stderr
    assert "Traceback" not in result.stderr
    result = thalweg("analyze", "broken.py:System", "--debug")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr


@pytest.mark.parametrize("target", ["taken", "taken/below"])
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_computed(place, target):
    (place / "taken").write_text("a file")
    result = thalweg("analyze", "lorenz", "--out", target)
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    assert target in result.stderr
    assert (place / "taken").read_text() == "a file"


def test_a_run_that_fails_leaves_no_folder_behind(place):
    result = thalweg("analyze", "model.py:Driven", "--out", "new/deeper")
    assert result.exit_code == 2
    assert not (place / "new").exists()


@pytest.mark.long
def test_nan_somewhere_is_warned_of_with_the_point_and_the_rest_goes_on(place):
    result = thalweg("analyze", "model.py:Root", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)  # what the model printed is not in it
    assert [e["state"] for e in found["equilibria"]] == [[pytest.approx(1.0, abs=1e-9)]]
    assert any("not finite at" in w and "[-0." in w for w in found["warnings"])
    assert "the model speaks" in result.stderr
    assert not (place / "thalweg-out").exists()


@pytest.mark.long
def test_no_equilibrium_is_said_plainly(place):
    result = thalweg(
        "analyze", "model.py:Root", "--set", "level=-1", "--domain", "0.5,3", "--out", "results"
    )
    assert result.exit_code == 0
    assert "0 equilibria" in result.stdout or "No equilibri" in result.stdout
    assert json.loads((place / "results" / "result.json").read_text())["equilibria"] == []
    written = {path.name for path in (place / "results").iterdir()}
    assert {"result.json", "report.html", "phase-portrait.svg"} <= written
    assert "spectrum.svg" not in written  # there is nothing whose eigenvalues to show
    assert "No equilibri" in (place / "results" / "report.html").read_text("utf-8")
