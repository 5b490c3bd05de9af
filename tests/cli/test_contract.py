"""The JSON of `analyze --json` is the contract, key by key."""

import json
import math

import pytest
from tests.results import text_of
from typer.testing import CliRunner

import thalweg as tw
from thalweg.cli.main import app
from thalweg.report import analysis_page

NUMBER = (int, float)
OPTIONAL = type(None)
EQUILIBRIUM = {
    "state": [NUMBER], "kind": str, "form": (str, OPTIONAL), "stable": (bool, OPTIONAL),
    "eigenvalues": [[NUMBER]], "residual": float, "energy": (float, OPTIONAL), "continuum": int,
    # What reading it back needs besides.
    "accuracy": float, "jacobian": [[NUMBER]], "together": [int],
}  # fmt: skip
CYCLE = {
    "period": NUMBER, "point": [NUMBER], "multipliers": [[NUMBER]], "stable": bool,
    "residual": float, "accuracy": float, "trivial": (float, OPTIONAL),
    "kind": str, "continuum": int, "leaves": bool, "along": (int, OPTIONAL),
    "times": [NUMBER], "states": [[NUMBER]],
}  # fmt: skip
SEARCH = {
    "starts": int, "converged": int, "distinct": int, "outside": int, "unseen_mass": NUMBER,
    "unseen_upper": NUMBER, "continuum": bool,
    "continua": int, "entries": int, "points": int, "left": int, "stalled": int, "unfinished": int,
    "trajectory_unseen_upper": NUMBER, "trajectories": int, "settled": int, "moving": int,
    "directed": int, "undefined": int, "target": NUMBER,
}  # fmt: skip
CONTRACT = {
    "schema": int, "version": str, "system": str, "parameters": dict, "rule": str,
    "dimension": int, "domain": {"lower": [NUMBER], "upper": [NUMBER]}, "seed": int,
    "equilibria": [EQUILIBRIUM], "cycles": [CYCLE], "search": SEARCH,
    "descent": {"energy": (str, OPTIONAL), "holds": (bool, OPTIONAL), "worst": (float, OPTIONAL)},
    "verdict": {
        "kind": str, "metric": (str, OPTIONAL), "residual": (float, OPTIONAL),
        "witness": (dict, OPTIONAL), "levels": [dict], "certified": bool, "fall": (str, OPTIONAL),
        "share": float,
        "witnesses": [dict], "asides": [str], "warnings": [str], "not_kept": [str],
        "split": (dict, OPTIONAL), "landscape": (dict, OPTIONAL),
    },
    "warnings": [str],
    # What reading it back needs besides.
    "names": [str], "summary": str, "families": [dict], "slow": [dict],
    "proof": (dict, OPTIONAL), "recurrent": [dict],
    "trajectories": int, "notes": {"before": [str], "equilibria": [str], "cycles": [str]},
}  # fmt: skip


def check(value, shape, path="result", exact=True):
    if isinstance(shape, dict):
        assert isinstance(value, dict), path
        missing, extra = set(shape) - set(value), set(value) - set(shape)
        assert not missing, f"{path} lacks {missing}"
        assert not (exact and extra), f"{path} has {extra}"
        for key, inner in shape.items():
            check(value[key], inner, f"{path}.{key}", exact=key != "domain")
    elif isinstance(shape, list):
        assert isinstance(value, list), path
        for index, item in enumerate(value):
            check(item, shape[0], f"{path}[{index}]")
    else:
        assert isinstance(value, shape), f"{path} is {value!r}"
        is_flag = shape is bool or (isinstance(shape, tuple) and bool in shape)
        assert isinstance(value, bool) <= is_flag, f"{path} is {value!r}"


@pytest.fixture(scope="module")
def fitzhugh_nagumo(tmp_path_factory):
    """One run with everything: JSON on standard output, and files."""
    folder = tmp_path_factory.mktemp("out")
    command = ["analyze", "fitzhugh-nagumo", "--set", "current=0.8", "--json", "--out", str(folder)]
    result = CliRunner().invoke(app, [*command, "--seed", "3"])
    assert result.exit_code == 0, result.stderr
    return result, folder


@pytest.mark.long
def test_the_result_has_the_keys_and_types_of_the_contract(fitzhugh_nagumo):
    result = json.loads(fitzhugh_nagumo[0].stdout)
    check(result, CONTRACT)
    assert list(result) == list(CONTRACT)  # in the order of the contract, for people
    assert (result["schema"], result["version"]) == (1, tw.__version__)
    assert (result["system"], result["rule"], result["dimension"]) == ("fitzhugh-nagumo", "flow", 2)
    assert result["parameters"] == {"current": 0.8, "a": 0.7, "b": 0.8, "tau": 12.5}
    assert result["domain"] == {"lower": [-3.0, -3.0], "upper": [3.0, 3.0]}
    assert result["seed"] == 3


@pytest.mark.long
def test_the_result_holds_the_known_answer(fitzhugh_nagumo):
    result = json.loads(fitzhugh_nagumo[0].stdout)
    (only,) = result["equilibria"]
    assert only["state"] == pytest.approx([-0.2729009589973, 0.5338738012534], abs=1e-9)
    assert only["eigenvalues"] == [
        [pytest.approx(0.8367058352, abs=1e-9), 0.0],
        [pytest.approx(0.0248192314, abs=1e-9), 0.0],
    ]
    assert (only["kind"], only["form"], only["stable"]) == ("source", "node", False)
    assert 0.0 <= result["search"]["unseen_mass"] <= result["search"]["unseen_upper"] <= 1.0
    assert result["search"]["distinct"] == 1


def test_the_file_is_what_was_printed(fitzhugh_nagumo):
    result, folder = fitzhugh_nagumo
    assert (folder / "result.json").read_text() == result.stdout
    names = {path.name for path in folder.iterdir()}
    figures = {"phase-portrait", "spectrum", "split", "trajectory", "verdict"}
    assert names == {"result.json", "report.html", *(f"{figure}.svg" for figure in figures)}
    report = text_of((folder / "report.html").read_text("utf-8"))
    assert "thalweg analyze fitzhugh-nagumo --set current=0.8 --seed 3" in report
    assert str(folder) not in report


def test_the_file_reads_back_as_what_was_found(fitzhugh_nagumo):
    data = json.loads((fitzhugh_nagumo[1] / "result.json").read_text())
    found = tw.Analysis.from_dict(data)
    assert found.to_dict() == data
    assert found == tw.Analysis.from_dict(found.to_dict())
    assert (found.about.system, found.seed) == ("fitzhugh-nagumo", 3)
    assert found.about.domain == tw.models.FitzHughNagumo.domain
    assert str(found.verdict).startswith("Energy of fitzhugh-nagumo (flow): refuted")
    with pytest.raises(tw.InputError, match="does not keep the rule"):
        analysis_page(found)


def test_every_number_is_finite_or_null(fitzhugh_nagumo):
    def visit(value):
        if isinstance(value, dict | list):
            for item in value.values() if isinstance(value, dict) else value:
                visit(item)
        assert not isinstance(value, float) or math.isfinite(value)

    visit(json.loads(fitzhugh_nagumo[0].stdout))


@pytest.mark.long
def test_people_get_a_table_and_the_default_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["analyze", "fitzhugh-nagumo"])
    assert result.exit_code == 0
    assert "source" in result.stdout
    assert "node" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    folder = tmp_path / "thalweg-out" / "fitzhugh-nagumo"
    assert "schema" in json.loads((folder / "result.json").read_text())
    assert str(folder.relative_to(tmp_path)) in result.stderr
    assert "report.html" in result.stderr
    assert (folder / "report.html").exists()
    quiet = CliRunner().invoke(app, ["analyze", "fitzhugh-nagumo", "--quiet"])
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.long
def test_nothing_is_written_when_drawing_fails(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ValueError("no ink")

    monkeypatch.setattr("thalweg.report.analysis_page", broken)
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["analyze", "logistic", "--out", str(out)])
    assert result.exit_code == 1
    assert "no ink" in result.stderr
    assert not out.exists()
