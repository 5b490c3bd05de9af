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
    assert list(found) == [
        "schema",
        "version",
        "study",
        "settings",
        "seed",
        "data",
        "values",
        "warnings",
    ]
    assert found["settings"]["duration"] == 12.0
    assert found["settings"]["hidden"] == 16  # a default that was not touched
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
        (["deep-linear-modes", "--set", "seed=5"], "--seed"),
        (["deep-linear-modes", "--set", "hidden=0"], "hidden must be a whole number"),
        (["deep-linear-completion", "--set", "data=x"], "--data"),
        (["deep-linear-completion", "--data", "no-such-file"], "cannot be read"),
        (["deep-linear-completion", "--set", "counts=[]"], "counts must be a list"),
        (["deep-linear-generalization", "--set", "trials=1"], "trials must be"),
        (["deep-linear-prior", "--set", "points=2"], "points must be"),
        (["deep-linear-tree", "--set", "depth=0"], "depth must be"),
        (["normalization-stability", "--set", "points=0"], "points must be"),
        (["normalization-stability", "--set", "baselines=[]"], "baselines must be a list"),
        (["normalization-adaptation", "--set", "leak=-1"], "leak must be"),
        (["normalization-energy", "--set", "betas=[0.1]"], "betas must be between"),
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
