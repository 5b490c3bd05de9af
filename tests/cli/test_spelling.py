"""Messages say what to type on the command line; paths with spaces, and commands as they were."""

import subprocess
import sys

import pytest
from tests.formats.xpp.xpp_files import MEMBRANE, write
from typer.testing import CliRunner

from thalweg.cli.main import app
from thalweg.cli.parse.loader import System
from thalweg.cli.parse.paths import split_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["lorenz", "--steps", "10"],
            "give --duration instead of --steps (or --dt, for steps of one length)",
        ),
        (["henon", "--duration", "3"], "give --steps instead of --duration."),
        (["lorenz", "--dt", "0.1", "--duration", "0.35"], "Give --duration 0.3, or --steps."),
        (["lorenz", "--dt", "0.1", "--rtol", "1e-3"], "or leave out --dt."),
        (
            ["lorenz", "--dt", "0.1", "--steps", "3", "--duration", "0.3"],
            "give either --duration or --steps (exactly one of the two)",
        ),
    ],
)
def test_a_message_names_options(arguments, words):
    result = CliRunner().invoke(app, ["simulate", *arguments, "--json"])
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        (["analyze", "my", "models/net.ode"], 'thalweg analyze "my models/net.ode"'),
        (
            ["show", "my", "models/net.py:Net", "--set", "a=1 2"],
            "thalweg show \"my models/net.py:Net\" --set 'a=1 2'",
        ),
        (["analyze", "my models/net.ode"], ""),
        (["analyze", "my", "other/net.ode"], ""),
    ],
)
def test_a_path_that_a_space_took_apart(tmp_path, monkeypatch, words, typed):
    (tmp_path / "my models").mkdir()
    (tmp_path / "my models" / "net.ode").touch()
    (tmp_path / "my models" / "net.py").touch()
    monkeypatch.chdir(tmp_path)
    assert split_path(words).endswith(typed)
    assert bool(split_path(words)) == bool(typed)


def test_the_command_says_so(tmp_path):
    (tmp_path / "a model.ode").touch()
    command = [sys.executable, "-m", "thalweg", "show", "a", "model.ode"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith('is written in quotes: thalweg show "a model.ode"\n')


def test_a_page_shows_the_command_as_it_was_typed(tmp_path, monkeypatch):
    folder = tmp_path / "my models"
    folder.mkdir()
    write(folder, MEMBRANE)
    name = next(folder.iterdir()).name
    monkeypatch.chdir(tmp_path)
    asked = ["simulate", f"my models/{name}", "--duration", "1", "--out", "out", "--quiet"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert f"thalweg simulate &#x27;my models/{name}&#x27;" in page


def test_a_page_does_not_show_where_a_file_lies_on_a_machine(tmp_path):
    assert System(f"{tmp_path}/net.py:Net", None, None).typed_name == "net.py:Net"
    assert System("nets/net.py:Net", None, None).typed_name == "nets/net.py:Net"
    assert System("four-wells", None, None).typed_name == "four-wells"
