"""`thalweg explore` from outside: a file, a server, and what is refused."""

import subprocess
import sys
import urllib.request

import pytest
from typer.testing import CliRunner

from thalweg.cli.main import app

_MODEL = """
import jax.numpy as jnp
import thalweg as tw

BOX = tw.Box([-1.0, -1.0], [1.0, 1.0])

class Plane(tw.Flow):
    rate: float = 1.0
    domain = BOX
    def velocity(self, t, state):
        return -self.rate * state

class Sorted(tw.Flow):
    domain = BOX
    def velocity(self, t, state):
        return -jnp.sort(state)
"""


def thalweg(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model_of_planes.py"
    file.write_text(_MODEL)
    return file


@pytest.mark.long
def test_a_file_of_ones_own_becomes_one_page(model, tmp_path):
    file = tmp_path / "page.html"
    result = thalweg("explore", f"{model}:Plane", "--set", "rate=2.5", "--export", file)
    assert result.exit_code == 0, result.stderr
    assert f"Wrote {file}." in result.stderr
    text = file.read_text(encoding="utf-8")
    assert '"value": 2.5' in text
    assert "from model_of_planes import Plane" in text
    assert str(tmp_path) not in text  # a page travels


@pytest.mark.long
def test_a_slice_is_named_on_the_command_line(tmp_path):
    file = tmp_path / "page.html"
    held = ("--hold", "z=27", "--domain", "-20,20;-30,30;0,50")
    result = thalweg("explore", "lorenz", *held, "--export", file)
    assert result.exit_code == 0, result.stderr
    assert '"name": "z", "value": 27.0' in file.read_text(encoding="utf-8")


@pytest.mark.long
def test_bad_input_is_refused_in_words(model, tmp_path):
    file = tmp_path / "page.html"
    for arguments, word in [
        (("lorenz",), "--hold NAME=VALUE"),
        (("lorenz", "--hold", "zz=1"), "no coordinate"),
        (("lorenz", "--hold", "z"), "expected NAME=VALUE"),
        (("rock-paper-scissors", "--hold", "rock=1"), "cannot be held"),
        ((tmp_path / "missing.py:Name",), "There is no file"),
        ((f"{model}:Sorted",), "'sort'"),
        (("van-der-pol", "--vary", "nu=0:1"), "no parameter 'nu'"),
        (("van-der-pol", "--vary", "mu=0:1", "--vary", "mu=1:2"), "given once"),
    ]:
        result = thalweg("explore", *arguments, "--export", file)
        assert result.exit_code == 2, (arguments, result.stderr)
        assert word in result.stderr
    assert not file.exists()


@pytest.mark.long
def test_it_serves_until_it_is_ended():
    code = "from thalweg.cli.main import run; run()"
    words = ["explore", "van-der-pol", "--no-browser", "--port", "0"]
    command = [sys.executable, "-c", code, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            address = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
            with urllib.request.urlopen(address) as answer:
                assert b"van-der-pol" in answer.read()
        finally:
            running.terminate()


@pytest.mark.parametrize("name", ["normalization", "deep-linear-modes", "hopfield-retrieval"])
def test_a_special_page_is_written_by_its_name(name, tmp_path):
    file = tmp_path / "page.html"
    result = thalweg("explore", name, "--export", file)
    assert result.exit_code == 0, result.stderr
    assert file.stat().st_size < 300_000
    assert "Made by thalweg" in file.read_text(encoding="utf-8")


def test_a_special_page_takes_settings_of_its_own(tmp_path):
    file = tmp_path / "page.html"
    result = thalweg("explore", "deep-linear-modes", "--set", "s1=4.5", "--export", file)
    assert result.exit_code == 0, result.stderr
    assert '"value": 4.5' in file.read_text(encoding="utf-8")
    for words, said in (
        (("--set", "s9=1"), "it has s1"),
        (("--domain", "0,1"), "takes --set, but not --domain"),
    ):
        result = thalweg("explore", "deep-linear-modes", *words, "--export", file)
        assert result.exit_code == 2
        assert said in result.stderr


def test_a_name_that_is_nearly_a_special_pages_is_answered_by_it():
    result = thalweg("explore", "hopfield-retrival")
    assert result.exit_code == 2
    assert "Did you mean the page hopfield-retrieval?" in result.stderr


@pytest.mark.long
def test_a_slice_of_a_special_pages_system_is_shown_as_of_any_other(tmp_path):
    file = tmp_path / "page.html"
    held = ("--hold", "u2=0.5", "--hold", "u3=0.5")
    result = thalweg("explore", "normalization", *held, "--export", file)
    assert result.exit_code == 0, result.stderr
    assert '"name": "u2", "value": 0.5' in file.read_text(encoding="utf-8")
