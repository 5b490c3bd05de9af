"""`thalweg basins`: its table, its JSON, its files, and what it refuses."""

import json

import numpy as np
import pytest
from tests.results import text_of
from typer.testing import CliRunner

from thalweg.cli.main import app


def thalweg(*arguments):
    return CliRunner().invoke(app, ["basins", *map(str, arguments)])


@pytest.mark.long
def test_a_grid_writes_a_figure_and_a_report(tmp_path):
    done = thalweg("double-well", "--grid", 100, "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert "2 attractors of double-well" in done.stdout
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"result.json", "report.html", "basins.svg"}
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "thalweg basins double-well --grid 100" in text_of(page)
    assert "a grid of 100" in page


@pytest.mark.long
def test_the_json_is_the_contract():
    done = thalweg("double-well", "--starts", 500, "--json", "--seed", 3)
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"schema", "version", "system", "parameters", "rule", "domain", "seed"} <= set(found)
    assert (found["dimension"], found["starts"], found["warnings"]) == (1, 500, [])
    for attractor in found["attractors"]:
        assert {"kind", "point", "period", "fraction", "interval"} <= set(attractor)
        low, high = attractor["interval"]
        assert low < 0.5 < high
    shares = [a["fraction"] for a in found["attractors"]]
    assert sum(shares) + found["diverged"] + found["left"] + found["undecided"] == 1.0
    counted = np.bincount(found["labels"]) / 500
    assert np.allclose(counted, shares)


@pytest.mark.long
def test_shares_over_a_parameter_are_drawn_and_written(tmp_path):
    """Two halves where the wells are even; one well alone where |tilt| > 8/(3√3) = 1.54."""
    words = ("double-well", "--vary", "tilt=0,1.6", "--starts", 200, "--out", tmp_path)
    done = thalweg(*words)
    assert done.exit_code == 0, done.stderr
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"result.json", "report.html", "basin-fractions.svg"}
    found = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert (found["dimension"], found["parameter"], found["starts"]) == (1, "tilt", 200)
    assert np.sort(found["fractions"][0]) == pytest.approx([0.5, 0.5], abs=0.12)
    assert sorted(found["fractions"][1]) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("double-well", "--grid", "many"), "--grid 'many'"),
        (("double-well", "--grid", "0"), "--grid '0'"),
        (("double-well", "--grid", "3,3"), "grid must be a whole number"),
        (("double-well", "--starts", "0"), "starts must be at least 1"),
        (("double-well", "--starts", "5", "--grid", "5"), "give one of them"),
        (("double-well", "--duration=-1"), "duration must be positive"),
        (("duffing-flow",), "thalweg basins duffing"),
        (("double-well", "--vary", "tilt=0:1"), "--vary 'tilt=0:1': expected NAME=FROM:TO:COUNT"),
        (("double-well", "--vary", "b=0:1:3"), "has no parameter"),
        (("double-well", "--vary", "tilt=0:1:3", "--grid", "5"), "leave --grid out"),
    ],
)
def test_what_makes_no_sense_is_bad_usage(words, said):
    done = thalweg(*words, "--json")
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""
