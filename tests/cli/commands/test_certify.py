"""`thalweg analyze --certify`: the proof in the table, the JSON and the report."""

import json

import pytest
from tests.results import text_of
from typer.testing import CliRunner

from thalweg.cli.main import app


@pytest.mark.long
def test_the_proof_is_in_the_table_the_json_and_the_report(tmp_path):
    words = ["analyze", "double-well", "--certify", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    said = "Proved: exactly these 3 equilibria in the domain, by ball arithmetic"
    assert said in " ".join(done.stdout.split())
    proof = json.loads((tmp_path / "result.json").read_text("utf-8"))["proof"]
    assert proof["is_complete"]
    ends = [(low, high) for (low,), (high,) in proof["boxes"]]
    assert [sum(low < at < high for low, high in ends) for at in (-1, 0, 1)] == [1, 1, 1]
    page = (tmp_path / "report.html").read_text("utf-8")
    assert said in page
    assert "thalweg analyze double-well --certify" in text_of(page)


def test_what_has_no_proof_is_bad_usage(tmp_path):
    done = CliRunner().invoke(app, ["analyze", "random-tanh", "--certify", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "certify asks for a box of up to 3 coordinates" in " ".join(done.stderr.split())
