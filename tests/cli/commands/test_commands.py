"""`list`, `doctor`, `simulate` and `recover` from outside."""

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.results import text_of
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
    lines = [line for line in result.stdout.splitlines() if line and not line.isupper()]
    names = [entry.name for entry in registry.ENTRIES]
    studies = [study.name for study in STUDIES]
    assert sorted(line.split()[0] for line in lines) == sorted(names + studies)
    assert max(map(len, lines)) <= 80
    assert "\n\nOSCILLATORS\nduffing                     map  2  Forced" in result.stdout
    found = as_json("list")
    assert [s["name"] for s in found["systems"]] == names
    assert [s["name"] for s in found["studies"]] == studies
    lorenz = next(s for s in found["systems"] if s["name"] == "lorenz")
    assert (lorenz["dimension"], lorenz["group"], lorenz["rule"]) == (3, "Chaos", "flow")


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


def test_a_stiff_flow_is_followed_by_implicit_steps():
    """Half a slow branch of van der Pol's cycle at μ = 1,000, against SciPy's Radau."""
    where = ("van-der-pol", "--set", "mu=1000", "--start", "2,0", "--duration", 500, "--save", 2)
    found = as_json("simulate", *where, "--method", "stiff")
    assert found["statistics"]["steps"] < 400

    def velocity(t, z):
        return [z[1], 1000.0 * (1.0 - z[0] ** 2) * z[1] - z[0]]

    run = solve_ivp(velocity, (0.0, 500.0), [2.0, 0.0], method="Radau", rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found["final"], run.y[:, -1], rtol=1e-5)


SHAKEN = """
import jax
import thalweg as tw


class Shaken(tw.Diffusion):
    domain = tw.Box([-1.0], [1.0])

    def drift(self, t, state):
        return -state

    def noise(self, t, state):
        return 0.1


class Walk(tw.Kernel):
    domain = tw.Box([-1.0], [1.0])

    def draw(self, key, t, state):
        return state + jax.random.normal(key, state.shape, state.dtype)
"""


@pytest.mark.long
@pytest.mark.parametrize("options", [["Shaken", "--dt", 0.1], ["Walk"]])
def test_what_draws_random_numbers_draws_them_from_the_seed(tmp_path, options):
    (tmp_path / "model.py").write_text(SHAKEN)
    system, *more = options
    command = ["simulate", f"{tmp_path / 'model.py'}:{system}", "--start", 0, "--steps", 5, *more]
    runs = [as_json(*command, "--seed", seed)["states"] for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


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
        (["lorenz", "--method", "implicit"], ["'implicit'", "stiff"]),
        (["lorenz", "--method", "rk4"], ["--dt"]),
        (["lorenz", "--method", "stiff", "--dt", "0.1"], ["leave out --dt"]),
        (["lorenz", "--method", "milstein", "--dt", "0.1"], ["Stiff()", "RungeKutta4"]),
    ],
)
def test_bad_runs_are_refused(arguments, words):
    result = thalweg("simulate", *arguments, "--json")
    assert result.exit_code == 2
    for word in words:
        assert word in result.stderr


def test_a_landscape_is_no_closed_form():
    result = thalweg("recover", "van-der-pol", "--symbolic", "--landscape", "--json")
    assert result.exit_code == 2
    assert "ask for it without --symbolic" in " ".join(result.stderr.split())


@pytest.mark.long
def test_recover_makes_a_landscape_where_asked(tmp_path):
    found = as_json("recover", "van-der-pol", "--landscape", "--out", tmp_path)
    sets = found["verdict"]["landscape"]["sets"]
    assert [one["kind"] for one in sets] == ["source", "attracting cycle", "outside"]
    assert [one["height"] for one in sets] == [1.0, 0.0, 0.0]
    assert (tmp_path / "landscape.svg").exists()
    assert "Landscape of van-der-pol" in (tmp_path / "report.html").read_text("utf-8")


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


def test_an_animation_of_no_kind_is_refused_before_anything_is_computed(tmp_path):
    result = thalweg("analyze", "henon", "--animate", "avi", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "--animate 'avi': expected gif or mp4" in result.stderr
    result = thalweg("analyze", "henon", "--animate", "gif", "--json")
    assert result.exit_code == 2
    assert "with --json say where, with --out DIR" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "name"),
    [("simulate", "run.gif"), ("analyze", "phase-portrait.gif"), ("recover", "phase-portrait.gif")],
)
def test_what_runs_is_written_as_an_animation(tmp_path, command, name):
    result = thalweg(command, "henon", "--animate", "gif", "--out", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert str(tmp_path / name) in result.stderr
    assert (tmp_path / name).read_bytes().startswith(b"GIF89a")
    assert "--animate gif" in text_of((tmp_path / "report.html").read_text("utf-8"))


@pytest.mark.long
def test_where_nothing_runs_that_is_said(tmp_path):
    result = thalweg("recover", "logistic", "--animate", "gif", "--out", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert "`thalweg simulate logistic --animate gif`" in " ".join(result.stderr.split())
    assert not list(tmp_path.glob("*.gif"))


@pytest.mark.long
def test_an_energy_in_closed_form_comes_with_a_portrait_that_runs(tmp_path):
    result = thalweg("recover", "four-wells", "--symbolic", "--animate", "gif", "--out", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "phase-portrait.gif").read_bytes().startswith(b"GIF89a")
