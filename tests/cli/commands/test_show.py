"""`show`, models of XPP as SYSTEM, and what help looks like."""

import itertools
import json
import textwrap

import click.testing
import numpy as np
import pytest
from tests.formats.xpp.xpp_files import MEMBRANE, write
from typer.testing import CliRunner

from thalweg.cli.main import app, command_line


def thalweg(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def as_json(*arguments):
    result = thalweg(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_show_tells_equations_parameters_domain_source_and_class():
    text = thalweg("show", "normalization").stdout
    assert "u̇ = α (R S / n − c̃) + β (u − c̃)" in text
    assert "beta           -0.05  β; negative is a leak toward the target, positive" in text
    assert "domain     the box [-0.999, 8]⁴" in text
    assert "class      thalweg.models.HeldGrating" in text
    assert "source     Z. M. Westrick" in text
    assert max(map(len, text.splitlines())) <= 80


def test_show_as_json():
    found = as_json("show", "double-well", "--set", "tilt=0.2")
    assert found["class"] == "thalweg.energies.DoubleWell"
    assert found["rule"] == "flow (descent of this energy)"
    assert found["parameters"][2] == {
        "name": "tilt",
        "value": 0.2,
        "meaning": "the slope c, which makes one well deeper.",
    }
    assert "E(x) = Σ_i" in found["equations"]
    assert found["dimension"] == 1


def test_show_of_a_users_own_class(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(
        textwrap.dedent(
            """
            import thalweg as tw

            class Decay(tw.Flow):
                rate: float = 0.5

                def velocity(self, t, state):
                    return -self.rate * state
            """
        )
    )
    found = as_json("show", f"{path}:Decay")
    assert (found["system"], found["class"], found["dimension"]) == ("own.py:Decay", "Decay", None)
    assert found["parameters"] == [{"name": "rate", "value": 0.5, "meaning": ""}]


def test_a_model_of_xpp_is_a_system(tmp_path):
    path = write(tmp_path, MEMBRANE)
    text = thalweg("show", path).stdout
    assert "model.ode: The flow of model.ode, a model of XPP." in text
    assert "V' = iapp-.5*(v+.5)-2*w*(v+.7)-ica +0*t" in text
    assert "Boundary conditions (bdry, line 19) are not used." in text
    out = tmp_path / "out"
    run = as_json("simulate", path, "--set", "iapp=0.2", "--duration", "5", "--out", out)
    assert run["parameters"]["iapp"] == 0.2
    assert run["start"] == [0.05, 0.333 / 2]
    assert (out / "result.json").exists()
    refused = thalweg("simulate", path, "--set", "iap=0.2")
    assert refused.exit_code == 2
    assert "model.ode has no parameter 'iap'. Did you mean iapp?" in refused.stderr


def test_a_model_of_xpp_is_written_as_python_which_is_a_system_too(tmp_path):
    path, target = write(tmp_path, MEMBRANE), tmp_path / "membrane.py"
    assert thalweg("show", path, "--export", target).exit_code == 0
    first = as_json("simulate", path, "--duration", "5", "--save", "2")
    second = as_json("simulate", f"{target}:Model", "--duration", "5", "--save", "2")
    assert second["start"] == first["start"]
    np.testing.assert_allclose(second["final"], first["final"], rtol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pendulum", "--export", "x.py"), "pendulum is Python already"),
        (("MODEL", "--export", "x.txt"), "the name of a Python file ends in .py"),
        (("none.ode",), "There is no file none.ode"),
        (("BROKEN",), "broken.ode, line 1: delay (a delay) is not covered: delay(x,1)"),
    ],
)
def test_bad_use_of_show_is_said(tmp_path, arguments, words):
    files = {
        "MODEL": write(tmp_path, MEMBRANE),
        "BROKEN": write(tmp_path, "x'=delay(x,1)", "broken.ode"),
    }
    result = thalweg("show", *(files.get(word, word) for word in arguments))
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


@pytest.mark.parametrize("command", ["simulate", "recover", "analyze", "study", "show"])
def test_paragraphs_of_help_are_filled(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = thalweg(command, "--help").stdout.partition("╭")[0]
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= 80
    for line, following in itertools.pairwise(lines):
        if line and following and not line.startswith(" Usage"):
            # The next word would not have fitted: no line is broken before it is full.
            assert len(line) + 1 + len(following.split()[0]) > 78, line


@pytest.mark.parametrize(
    "command", [["analyze"], ["simulate"], ["sweep"], ["explore"], [], ["data"], ["data", "mnist"]]
)
def test_switches_take_no_value_in_help(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = click.testing.CliRunner().invoke(command_line(), [*command, "--help"]).output
    assert "--help" in text
    assert "<bool>" not in text
