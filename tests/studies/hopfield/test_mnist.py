"""The study `hopfield-mnist` in small: from files to the page, resumed, and refused."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
from typer.testing import CliRunner

import thalweg as tw
from thalweg.cli.main import app
from thalweg.core.codes import Result
from thalweg.data import ImageData
from thalweg.data.images import MNIST_FILES
from thalweg.models import hopfield
from thalweg.report import Table, to_text
from thalweg.studies.hopfield.analysis import settling
from thalweg.studies.hopfield.mnist import reproduce, study
from thalweg.studies.hopfield.page import page_of
from thalweg.studies.hopfield.training import CONFIGURATIONS, Configuration, Run, Scale
from thalweg.training import Failure, Fitted, read_header

RNG = np.random.default_rng(1)


def thalweg(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def images(count):
    """Images of 4 × 4 pixels whose brightest pixel tells the class."""
    labels = np.arange(count, dtype=np.uint8) % 10
    made = RNG.integers(0, 60, (count, 16)).astype(np.uint8)
    made[np.arange(count), labels] = 255
    return made.reshape(count, 4, 4), labels


DATA = ImageData(*images(200), *images(50), num_classes=10, brightest=255)
ROWS = tuple(c for c in CONFIGURATIONS if c.name in ("linear", "norm"))


def reproduced(folder, epochs, rows=ROWS):
    scale = Scale(epochs, batch_size=20, width=8, hidden=24, learning_rate=5e-2)
    return reproduce(DATA, scale, rows, 1, folder, seed=0, data_name="dots")


@pytest.mark.long
def test_a_run_that_was_stopped_goes_on_to_the_same_numbers(tmp_path):
    (tmp_path / "a").mkdir()
    through = reproduced(tmp_path / "a", 3)
    reproduced(tmp_path / "b", 1, ROWS[1:])
    resumed = reproduced(tmp_path / "b", 3, ROWS[1:])
    one, other = through.values["runs"][1], resumed.values["runs"][0]
    assert one["accuracies"] == other["accuracies"]
    losses = [[record["loss"] for record in run["history"]] for run in (one, other)]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 3
    assert losses[0][-1] < 0.9 * losses[0][0]
    assert set(one["accuracies"]) == {"train", "train_longer", "test", "test_longer"}
    assert one["accuracies"]["test"] > 0.5
    found = through.values["examined"]["norm"]
    assert found["descent"]["energy"][10] < 0.9 * found["descent"]["energy"][0]
    assert found["robustness"]["noise"][0.25] >= found["robustness"]["noise"][2.0]
    assert read_header(tmp_path / "a" / "norm-seed0.ckpt")["configuration"]["epsilon"] == 1e-3
    text = str(through)
    assert max(map(len, text.splitlines())) <= 80
    assert "5√(f·f)" in text
    assert "descent.svg" in through.page.files()
    with pytest.raises(tw.InputError, match="after 3 epochs, more than the epochs=2"):
        reproduced(tmp_path / "a", 2)


@pytest.mark.long
def test_a_run_that_diverges_is_a_row_and_a_warning():
    wild = Configuration("square", "f·f", "square", 1e8, 1e-2, (None, None))
    outcome = reproduced(None, 2, (ROWS[0], wild))
    assert "diverged in epoch 1, step 1" in outcome.warnings[0]
    assert outcome.values["runs"][1]["diverged"]["epoch"] == 1
    assert "diverged 1 of 1: epoch 1, step 1" in " ".join(str(outcome).split())


def run_of(name, seed, accuracy, failure=None):
    row = next(c for c in CONFIGURATIONS if c.name == name)
    result = Result.successful if failure is None else Result.diverged
    names = ("train", "train_longer", "test", "test_longer") if failure is None else ()
    return Run(row, seed, Fitted(None, (), result, failure, 0), dict.fromkeys(names, accuracy))


def test_divergence_stands_beside_the_mean_of_the_others_and_beside_what_is_published():
    runs = [
        run_of("norm", 0, 0.90),
        run_of("norm", 1, 0.0, Failure(2, 17, float("nan"))),
        run_of("norm", 2, 0.92),
        run_of("square-small-epsilon", 0, 0.0, Failure(2, 5, float("nan"))),
    ]
    table = page_of(runs, {}, Scale(), "MNIST", beside_published=True).sections[0].blocks[0]
    assert isinstance(table, Table)
    assert [row[2:] for row in table.rows] == [
        ["91.00 ± 1.00", "91.00 ± 1.00", "99.59 / 99.46", "diverged 1 of 3: epoch 2, step 17"],
        ["–", "–", "NaN in epoch 2", "diverged 1 of 1: epoch 2, step 5"],
    ]
    plain = page_of(runs, {}, Scale(), "digits", beside_published=False)
    assert "published" not in to_text(plain).lower()
    text = to_text(page_of(runs, {}, Scale(), "MNIST", beside_published=True))
    assert max(map(len, text.splitlines())) <= 80


def moving(reversed_share, floors):
    descent = {"times": [0.0, 1.0], "energy": np.array([2.0, 1.0]), "speed": [1.0, 0.5]}
    return {
        "robustness": {"noise": {}, "flips": {}, "shifts": {}},
        "descent": {**descent, "rising": 0.1, "reversed": reversed_share},
        "settling": {
            "longest": 100.0,
            "share": 0.0,
            "escaped": 0.0,
            "median_time": None,
            "accuracy": 0.9,
        },
        "floors": dict(zip((0.1, 0.05, 0.025), floors, strict=True)),
    }


def linear_flow(rate):
    """A classifier whose states obey x' = rate · x and are read as they are."""
    eye, both = jnp.eye(2), jnp.concatenate([jnp.eye(2), -jnp.eye(2)])
    network = hopfield.ReluNetwork((both, rate * both.T), (jnp.zeros(4), jnp.zeros(2)))
    layer = hopfield.EnergyODELayer(hopfield.NetworkFlow(network))
    return hopfield.EnergyClassifier(eye, layer, eye, jnp.zeros(2))


def test_what_leaves_the_finite_has_not_settled():
    inputs, labels = np.array([[2.0, 1.0], [1.0, 3.0]], np.float32), np.array([0, 1])
    found = settling(linear_flow(2.0), inputs, labels)
    assert (found.share, found.escaped, found.accuracy) == (0.0, 1.0, 0.0)
    assert found.median_time is None
    on_its_way = settling(linear_flow(0.5), inputs, labels)  # |x|² has overflown
    assert (on_its_way.share, on_its_way.escaped, on_its_way.accuracy) == (0.0, 0.0, 1.0)
    still = settling(linear_flow(0.0), inputs, labels)
    assert (still.share, still.escaped, still.accuracy) == (1.0, 0.0, 1.0)
    assert still.median_time == 0.0


@pytest.mark.long
@pytest.mark.parametrize(
    ("examined", "said"),
    [
        ({"norm": moving(0.6, (1.2, 0.7, 0.5)), "square": moving(0.0, (0.8, 0.8, 0.8))}, True),
        ({"norm": moving(0.6, (1.2, 1.2, 1.2))}, False),
        ({"norm": moving(0.0, (1.2, 0.7, 0.5))}, False),
        ({"square": moving(0.6, (1.2, 0.7, 0.5))}, False),
    ],
)
def test_chatter_is_spoken_of_where_the_numbers_show_it(examined, said):
    runs = [run_of(name, 0, 0.9) for name in examined]
    text = " ".join(to_text(page_of(runs, examined, Scale(), "MNIST", True)).split())
    assert ("they chatter around it: 60% of the late ones" in text) == said
    assert ("What is left of f·f does not depend on the step." in text) == said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give their folder with --data FOLDER"),
        (["--data", "nowhere"], "nowhere holds no train-images-idx3-ubyte"),
        (["--data", "x", "--digits"], "give either --data FOLDER or --digits"),
        (["--digits", "--set", "rows=cube"], "there is no 'cube'; there are linear"),
        (["--digits", "--set", "rows=norm,norm"], "rows must be a list of different values"),
        (["--digits", "--set", "repeats=-1"], "repeats must be a whole number of at least 0"),
        (["--digits", "--set", "epochs=-1"], "epochs must be a whole number of at least 0"),
        (["--digits", "--set", "folder=x"], "there is an option for it, --out"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(arguments, message, tmp_path):
    result = thalweg("study", "hopfield-mnist", *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "epoch 1" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_counts_are_refused_before_anything_is_trained():
    with pytest.raises(tw.InputError, match="seed must be a whole number of at least 0, got -1"):
        study(digits=True, seed=-1)
    with pytest.raises(tw.InputError, match="repeats must be a whole number of at least 1, got 0"):
        reproduce(DATA, Scale(), ROWS, 0, None, seed=0, data_name="dots")


@pytest.mark.long
def test_the_same_command_again_goes_on_from_the_checkpoints_in_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "files").mkdir()
    contents = (DATA.train_images, DATA.train_labels, DATA.test_images, DATA.test_labels)
    for name, array in zip(MNIST_FILES, contents, strict=True):
        sizes = b"".join(n.to_bytes(4) for n in array.shape)
        (tmp_path / "files" / name).write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + bytes(array))
    asked = ("study", "hopfield-mnist", "--data", "files", "--set", "rows=linear")
    asked += ("--set", "epochs=1")
    checkpoint = tmp_path / "thalweg-out" / "hopfield-mnist" / "checkpoints" / "linear-seed0.ckpt"

    unkept = thalweg(*asked, "--json")
    assert unkept.exit_code == 0, unkept.stderr
    assert not (tmp_path / "thalweg-out").exists()

    assert thalweg(*asked).exit_code == 0
    written = checkpoint.stat().st_mtime_ns
    first = json.loads((checkpoint.parents[1] / "result.json").read_text())
    assert thalweg(*asked).exit_code == 0
    again = json.loads((checkpoint.parents[1] / "result.json").read_text())
    assert again == first  # the seconds of the epoch too: nothing was trained
    assert checkpoint.stat().st_mtime_ns == written

    assert thalweg(*asked, "--out", "mine").exit_code == 0
    assert (tmp_path / "mine" / "checkpoints" / checkpoint.name).exists()
    assert thalweg(*asked, "--set", "checkpoints=other", "--out", "third").exit_code == 0
    assert (tmp_path / "other" / checkpoint.name).exists()
    assert not (tmp_path / "third" / "checkpoints").exists()


@pytest.mark.long
def test_the_digits_from_the_command_line(tmp_path):
    asked = ("--set", "rows=network", "--set", "epochs=3", "--out", tmp_path / "out")
    result = thalweg("study", "hopfield-mnist", "--digits", *asked)
    assert result.exit_code == 0, result.stderr
    assert "classifies scikit-learn's digits" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    found = json.loads((tmp_path / "out" / "result.json").read_text())
    (network,) = found["values"]["runs"]
    assert network["accuracies"]["test"] > 0.8  # a tenth would be chance
    assert network["accuracies"]["test_longer"] < network["accuracies"]["test"]
    assert set(found["values"]["examined"]["network"]) >= {"robustness", "descent", "settling"}
    assert found["warnings"] == []
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"descent.svg", "report.html", "result.json"}


@pytest.mark.long
def test_other_studies_read_no_images():
    result = thalweg("study", "deep-linear-modes", "--digits")
    assert result.exit_code == 2
    assert "has no choice of images" in result.stderr


@pytest.mark.long
def test_data_mnist_says_what_it_found_or_why_not(tmp_path):
    result = thalweg("data", "mnist", tmp_path, "--from", "ftp://somewhere")
    assert result.exit_code == 2
    assert "begins with http:// or https://" in result.stderr
    result = thalweg("data", "mnist", tmp_path, "--from", "http://127.0.0.1:1/", "--quiet")
    assert result.exit_code == 2
    assert "cannot be fetched" in result.stderr
