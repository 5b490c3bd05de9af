"""`thalweg sweep`, as it is typed."""

import json
import shutil

import numpy as np
import pytest
import xarray
from tests.results import text_of
from typer.testing import CliRunner

from thalweg.cli.main import app
from thalweg.sweeps.jobs import Done

MODEL = '''
import jax.numpy as jnp
import thalweg as tw


class Decay(tw.Flow):
    """x' = −rx, r ≥ 0."""

    rate: float = 1.0
    gain: float = 2.0
    domain = tw.Box([-1.0], [1.0])

    def __check_init__(self):
        if self.rate < 0:
            raise ValueError("rate must not be negative")

    def velocity(self, t, state):
        return -self.rate * state


def speed(system):
    return {"speed": jnp.abs(system.velocity(0.0, jnp.full(1, system.gain))[0])}


host = tw.sweeps.OnHost(lambda system: {"double": 2 * system.rate})
number = 3
'''
GRID = ["--grid", "rate=-1:2:4", "--grid", "gain=1,3"]


def run(*words):
    return CliRunner().invoke(app, ["sweep", *map(str, words)])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "decaying.py"
    path.write_text(MODEL)
    return path


@pytest.fixture(scope="module")
def done(model, tmp_path_factory):
    """The folder of a sweep, and what was printed."""
    folder = tmp_path_factory.mktemp("run")
    words = [f"{model}:Decay", *GRID, "--measure", f"{model}:speed", "--out", folder]
    return folder, run(*words, "--chunk", 2), words


def test_it_writes_a_store_a_table_maps_and_a_page(done, model):
    folder, result, _ = done
    assert result.exit_code == 0, result.output
    assert "speed of decaying.py:Decay over rate from -1 to 2 × gain" in " ".join(
        result.stdout.split()
    )
    assert "2 of 8 points have parameters that the system refuses" in result.stdout
    opened = xarray.open_zarr(folder / "sweep.zarr", chunks=None)
    np.testing.assert_allclose(opened.speed[1:], np.outer([0, 1, 2], [1, 3]))
    assert {path.name for path in folder.iterdir()} == {
        "sweep.zarr", "result.json", "report.html", "map-speed.svg",
    }  # fmt: skip
    page = (folder / "report.html").read_text()
    assert "--grid rate=-1:2:4 --grid gain=1,3" in text_of(page)
    assert str(model.parent) not in page.replace(f"{model}:speed", "")


def test_the_json_has_the_documented_keys(done):
    folder, _, words = done
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert list(said) == [
        "schema", "version", "system", "parameters", "rule", "dimension", "seed", "store",
        "measure", "axes", "shape", "chunk", "counts", "parts", "parts_done", "variables", "notes",
        "warnings",
    ]  # fmt: skip
    assert said == json.loads((folder / "result.json").read_text())
    assert said["counts"] == {"done": 6, "outside": 2}
    assert said["axes"][0] == {"name": "rate", "low": -1.0, "high": 2.0, "count": 4}
    assert (said["shape"], said["chunk"], said["parts_done"]) == ([4, 2], [1, 2], 4)


def test_what_is_missing_is_computed_and_status_says_how_far_it_is(done, tmp_path):
    folder = shutil.copytree(done[0], tmp_path / "run")
    shutil.rmtree(folder / "sweep.zarr" / "status" / "c" / "2")
    system, *others = [str(word) for word in done[2][:-1]]
    status = run(system, "--out", folder, "--status")
    assert "3 of 4 parts are done" in status.stdout
    told = json.loads(run(system, "--out", folder, "--status", "--json").stdout)
    assert told["pace"]["done"] == 3
    assert run(system, *others, folder).exit_code == 0
    assert "4 of 4 parts are done." not in run(system, "--out", folder, "--status", "-q").stdout
    assert "4 of 4 parts" in run(system, "--out", folder, "--status").stdout


def test_shards(model, tmp_path):
    words = [f"{model}:Decay", *GRID, "--measure", f"{model}:host", "--chunk", 2, "--out", tmp_path]
    first = run(*words, "--shard", "1/2")
    assert first.exit_code == 0
    assert "2 of 4 parts done" in first.stdout
    second = run(*words, "--shard", "2/2")
    assert "parts done" not in second.stdout
    assert "double" in second.stdout


@pytest.mark.long
def test_a_named_measure_of_a_built_in_system(tmp_path):
    words = ["fitzhugh-nagumo", "--set", "tau=12", "--grid", "current=0:0.8:2"]
    others = ["--measure", "settled", "--start", "0.5,0", "--duration", 300, "--out", tmp_path]
    result = run(*words, *others)
    assert result.exit_code == 0, result.output
    opened = xarray.open_zarr(tmp_path / "sweep.zarr", chunks=None)
    assert opened.state.attrs["labels"] == ["v", "w"]
    assert opened.is_at_rest.values.tolist() == [1, 0]
    held = opened.attrs["thalweg"]["configuration"]["system"]["held"]
    assert held["tau"] == 12.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["van-der-pol"], "a parameter at least"),
        (["van-der-pol", "--grid", "mu=1:2"], "NAME=FROM:TO:COUNT"),
        (["van-der-pol", "--grid", "nu=1:2:3"], "no parameter 'nu'"),
        (["van-der-pol", "--grid", "mu=1:2:3", "--measure", "basin"], "measure must be one of"),
        (["van-der-pol", "--grid", "mu=1:2:3", "--measure", "no.py:fn"], "There is no file no.py"),
        (["van-der-pol", "--grid", "mu=1:2:3", "--start", "0,0"], "--start: the measure equilib"),
        (["van-der-pol", "--grid", "mu=1:2:3", "--shard", "3/2"], "--shard '3/2'"),
        (["van-der-pol", "--grid", "mu=1:2:3", "--workers", "2", "--scheduler", "x"], "one of"),
        (["van-der-pol", "--grid", "mu=1:2:3", "--json"], "give --out"),
        (
            ["van-der-pol", "--grid", "mu=1:2:3", "--measure", "settled", "--steps", "3"],
            "--steps: a flow takes the other",
        ),
    ],
)
def test_bad_words(words, said, tmp_path):
    where = [] if "--json" in words else ["--out", tmp_path / "run"]
    result = run(*words, *where)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.stderr.split())
    assert not (tmp_path / "run").exists()


def test_words_that_a_file_has_no_use_for(model, tmp_path):
    words = [f"{model}:Decay", *GRID, "--out", tmp_path / "run"]
    for name, also, said in (
        ("speed", ["--domain", "0,1"], "--domain: a function in a file"),
        ("number", [], "is int; expected a function"),
    ):
        result = run(*words, "--measure", f"{model}:{name}", *also)
        assert result.exit_code == 2
        assert said in " ".join(result.stderr.split())


def test_another_sweep_in_the_folder(done):
    _, _, words = done
    result = run(*words, "--set", "gain=7")
    assert result.exit_code == 0  # gain varies: what it is set to makes no difference
    other = run(words[0], "--grid", "rate=0:1:3", *words[5:])
    assert other.exit_code == 2
    assert "holds another sweep" in other.stderr
    assert run(words[0], "--status", "--out", words[-1].parent / "nowhere").exit_code == 2


@pytest.mark.long
def test_parts_that_stay_missing_are_a_failure(model, tmp_path, monkeypatch):
    def loses(self, job, parts):
        for part in parts:
            yield Done(part, {}, ("Every worker died.",), is_lost=True) if part else job.run(part)

    monkeypatch.setattr("thalweg.sweeps.engines.InProcess.run", loses)
    words = [f"{model}:Decay", *GRID, "--measure", f"{model}:speed", "--out", tmp_path]
    result = run(*words, "--chunk", 2)
    assert result.exit_code == 1
    assert "6 of 8 points were not computed yet" in result.stdout
    assert "Every worker died. (3 parts)" in result.stdout
    assert "Error" not in result.stderr
    assert (tmp_path / "report.html").is_file()
