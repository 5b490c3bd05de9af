"""`list`, `doctor`, `simulate` and `recover` from outside."""

import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import thalweg as tw
from thalweg.cli.main import app
from thalweg.models import registry
from thalweg.studies.registry import ENTRIES as STUDIES


def thalweg(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def as_json(*arguments):
    result = thalweg(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_list_has_every_system_and_study_on_a_line_of_at_most_80_columns():
    result = thalweg("list")
    lines = result.stdout.splitlines()
    names = [entry.name for entry in registry.ENTRIES]
    studies = [study.name for study in STUDIES]
    assert [line.split()[0] for line in lines] == names + studies
    assert max(map(len, lines)) <= 80
    found = as_json("list")
    assert [s["name"] for s in found["systems"]] == names
    assert [s["name"] for s in found["studies"]] == studies


def test_version():
    assert thalweg("--version").stdout == f"{tw.__version__}\n"


def test_doctor_says_what_there_is():
    found = as_json("doctor")
    assert found["versions"]["thalweg"] == tw.__version__
    assert found["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["versions"]["numpy"] == np.__version__
    assert found["precision"]["float64"] is True
    assert found["devices"][0]["platform"] in ("cpu", "gpu", "tpu")
    text = thalweg("doctor").stdout
    for word in ("devices", "precision", "cache", "equinox"):
        assert word in text


def test_doctor_warns_of_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "file"))
    found = as_json("doctor")
    assert found["cache"]["writable"] is False
    assert any("XDG_CACHE_HOME" in warning for warning in found["warnings"])


SIMULATED = {
    "schema", "version", "system", "parameters", "rule", "dimension", "seed", "names", "start",
    "times", "states", "final", "last_time", "last_state", "result", "message", "settled",
    "statistics", "dtypes", "structure", "warnings",
}  # fmt: skip


def test_simulate_a_map_is_its_iteration():
    found = as_json("simulate", "logistic", "--set", "r=3.7", "--start", "0.2", "--steps", 5)
    assert set(found) == SIMULATED
    expected = [0.2]
    for _ in range(5):
        expected.append(3.7 * expected[-1] * (1 - expected[-1]))
    np.testing.assert_allclose(np.ravel(found["states"]), expected, rtol=0, atol=1e-15)
    assert found["times"] == [0, 1, 2, 3, 4, 5]
    assert (found["start"], found["result"]) == ([0.2], "successful")


def test_simulate_a_flow_until_it_has_settled():
    found = as_json("simulate", "curie-weiss", "--start", "0.1", "--until-settled")
    assert set(found) == SIMULATED
    assert (found["result"], found["settled"]) == ("settled", True)
    assert found["final"] == [pytest.approx(0.9575040241, abs=1e-4)]
    assert 0.0 < found["last_time"] < 100.0


def test_a_start_is_drawn_from_the_domain_by_the_seed():
    starts = [
        as_json("simulate", "henon", "--steps", 1, "--seed", seed)["start"] for seed in (0, 0, 1)
    ]
    assert starts[0] == starts[1] != starts[2]
    assert abs(starts[0][0]) <= 2.0
    assert abs(starts[0][1]) <= 1.0


def test_a_run_that_diverges_is_status_1_and_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    result = thalweg("simulate", "logistic", "--start", "2.0", "--out", out)
    assert result.exit_code == 1
    assert "left the finite" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["henon", "--start", "1"], ["2 coordinates (x, y)", "got 1"]),
        (["henon", "--start", "a,b"], ["'a,b'", "one number a coordinate"]),
        (["henon", "--start", "nan,0"], ["finite"]),
        (["henon", "--duration", "3"], ["steps"]),
        (["lorenz", "--duration", "-3"], ["duration", "-3"]),
        (["lorenz", "--steps", "3"], ["duration"]),
    ],
)
def test_bad_runs_are_refused(arguments, words):
    result = thalweg("simulate", *arguments, "--json")
    assert result.exit_code == 2
    for word in words:
        assert word in result.stderr


def test_recover_says_of_what_a_system_is_the_descent():
    found = as_json("recover", "curie-weiss")
    assert set(found) == {
        "schema", "version", "system", "parameters", "rule", "dimension", "domain", "seed",
        "verdict", "warnings",
    }  # fmt: skip
    assert found["verdict"]["kind"] == "euclidean"
    assert found["verdict"]["witness"] is None
    assert found["verdict"]["levels"]


def test_a_reader_that_leaves_early_is_no_error():
    code = "from thalweg.cli.main import run; run()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), said) == (0, b"")
