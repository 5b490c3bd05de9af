"""`thalweg study` from outside, and the registry of studies."""

import inspect
import json

import pytest
from typer.testing import CliRunner

from thalweg.cli.main import app
from thalweg.studies import registry


def thalweg(*arguments):
    return CliRunner().invoke(app, arguments)


def test_a_study_writes_its_page_its_figures_and_its_numbers(tmp_path):
    out = tmp_path / "out"
    asked = ("study", "deep-linear-modes", "--set", "duration=12", "--seed", "1", "--out", str(out))
    result = thalweg(*asked)
    assert result.exit_code == 0, result.stderr
    assert sorted(p.name for p in out.iterdir()) == ["modes.svg", "report.html", "result.json"]
    found = json.loads((out / "result.json").read_text())
    assert list(found) == ["schema", "version", "study", "settings", "seed", "values", "warnings"]
    assert found["settings"] == {"duration": 12.0}
    assert found["seed"] == 1
    assert found["values"]["times"][-1] == pytest.approx(12.0)
    assert "half at t, deep" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    page = (out / "report.html").read_text()
    assert "<figure" in page
    assert "Against the closed forms" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such"], "There is no study 'no-such'"),
        (["deep-linear-mode"], "Did you mean deep-linear-modes"),
        (["deep-linear-modes", "--set", "durations=3"], "Did you mean duration?"),
        (["deep-linear-modes", "--set", "duration=long"], "not a JSON value"),
        (["deep-linear-modes", "--data", "somewhere"], "reads no files"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(arguments, message, tmp_path):
    result = thalweg("study", *arguments, "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("entry", registry.ENTRIES, ids=lambda entry: entry.name)
def test_every_study_can_be_asked_for_and_quickly(entry):
    taken = inspect.signature(entry.load()).parameters
    assert "seed" in taken
    assert set(entry.quick) <= set(taken)
    assert all(p.default is not p.empty for name, p in taken.items() if name != "data")
    assert all(p.kind is p.KEYWORD_ONLY for p in taken.values())
