"""The fit loop against a closed form, its checkpoints, and what it says when it diverges."""

import json
import resource
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tests.results import keeps_the_protocol, read_back

import thalweg as tw
from thalweg.training import EarlyStopping, fit, load_checkpoint, read_header, save_checkpoint
from thalweg.training.records import begin_records
from thalweg.training.result import EpochRecord

SIZE = 24
SAMPLES = np.random.default_rng(0).standard_normal((SIZE, 3)).astype(np.float32)
TARGETS = (SAMPLES @ np.array([1.0, -2.0, 0.5]) + 0.3).astype(np.float32)
START = {"slope": jnp.zeros(3, jnp.float32), "shift": jnp.zeros((), jnp.float32), "power": 2}
SGD, TOO_FAST, ADAM = optax.sgd(0.1), optax.sgd(1e12), optax.adam(1e-2)


def squared_error(model, batch, key):
    x, y = batch
    gap = x @ model["slope"] + model["shift"] - y
    return jnp.mean(gap ** model["power"]), {"largest": jnp.max(jnp.abs(gap))}


def run(epochs, optimizer=SGD, batch_size=8, **options):
    data = (SAMPLES, TARGETS)
    return fit(
        squared_error,
        START,
        data,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        **options,
    )


def test_full_batches_are_gradient_descent_in_closed_form():
    design = np.concatenate([SAMPLES, np.ones((SIZE, 1))], axis=1).astype(np.float64)
    best = np.linalg.lstsq(design, TARGETS, rcond=None)[0]
    shrink = np.eye(4) - 0.1 * 2.0 / SIZE * design.T @ design
    expected = best - np.linalg.matrix_power(shrink, 5) @ best
    done = run(5, batch_size=100)
    found = np.append(done.model["slope"], done.model["shift"])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert done.result == tw.Result.successful
    assert done.model["power"] == 2
    first = done.history[0]
    assert first.loss == pytest.approx(np.mean(TARGETS**2), rel=1e-6)
    assert first.metrics["largest"] == pytest.approx(np.abs(TARGETS).max(), rel=1e-6)
    assert [record.epoch for record in done.history] == [1, 2, 3, 4, 5]


def test_every_epoch_is_a_new_order_and_all_samples_come():
    rows = np.arange(SIZE, dtype=np.float32)

    def keep(model, batch, key):
        # The gradient of Σ m·(one-hot of the row) adds one to every row that came.
        return jnp.sum(model[batch.astype(int)]), {"first": batch[0]}

    done = fit(keep, jnp.zeros(SIZE), rows, optimizer=optax.sgd(-1.0), epochs=4, batch_size=6)
    np.testing.assert_array_equal(done.model, 4.0)
    assert len({record.metrics["first"] for record in done.history}) > 1


def test_a_resumed_fit_repeats_the_numbers(tmp_path):
    options: dict[str, Any] = {
        "optimizer": ADAM,
        "key": jax.random.key(3),
        "configuration": {"seed": 3},
    }
    evaluate: dict[str, Any] = {"evaluate": lambda model: {"shift": float(model["shift"])}}
    through = run(4, checkpoint=tmp_path / "a", **options, **evaluate)
    run(2, checkpoint=tmp_path / "b", **options, **evaluate)
    resumed = run(4, checkpoint=tmp_path / "b", **options, **evaluate)
    assert resumed.resumed_from == 2
    assert [r.loss for r in resumed.history] == [r.loss for r in through.history]
    assert [r.evaluation for r in resumed.history] == [r.evaluation for r in through.history]
    np.testing.assert_array_equal(resumed.model["slope"], through.model["slope"])
    again = run(4, checkpoint=tmp_path / "b", **options, **evaluate)
    np.testing.assert_array_equal(again.model["slope"], through.model["slope"])
    with pytest.raises(tw.InputError, match="after 4 epochs, more than the epochs=3"):
        run(3, checkpoint=tmp_path / "b", **options)


def test_divergence_is_named_by_epoch_and_step_and_the_last_good_epoch_is_kept(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(tw.DivergenceError, match=r"epoch 1, step 3 of 3 \(loss inf"):
        run(3, optimizer=TOO_FAST)

    def poisoned(model, batch, key):
        loss, metrics = squared_error(model, batch, key)
        return jnp.where(model["slope"][0] > 0.72, jnp.nan, loss), metrics

    def attempt():
        options: dict[str, Any] = {"optimizer": SGD, "epochs": 9, "batch_size": 8, "throw": False}
        return fit(poisoned, START, (SAMPLES, TARGETS), checkpoint=path, **options)

    done = attempt()
    assert done.result == tw.Result.diverged
    assert done.failure is not None
    assert np.isnan(done.failure.loss)
    assert len(done.history) == done.failure.epoch - 1 >= 1
    kept = run(len(done.history))
    np.testing.assert_array_equal(done.model["slope"], kept.model["slope"])
    assert read_header(path)["failure"]["step"] == done.failure.step
    again = attempt()
    assert again.resumed_from == len(done.history)
    assert again.failure is not None
    assert again.failure.step == done.failure.step
    keeps_the_protocol(again)
    with pytest.raises(tw.InputError, match="does not keep the model"):
        read_back(again).model()


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "run"
    run(1, checkpoint=path, configuration={"epsilon": 0.1})
    with pytest.raises(tw.InputError, match=r"epsilon is 0.1 there and 0.2 here"):
        run(1, checkpoint=path, configuration={"epsilon": 0.2})
    same: dict[str, Any] = {"checkpoint": path, "configuration": {"epsilon": 0.1}, "epochs": 2}
    options: dict[str, Any] = {"optimizer": SGD, "batch_size": 8, **same}
    with pytest.raises(tw.InputError, match=r"data is '\w{16}' there and '\w{16}' here"):
        fit(squared_error, START, (SAMPLES, TARGETS + 1e-6), **options)
    shifted = {**START, "slope": START["slope"] + 1e-3}
    with pytest.raises(tw.InputError, match=r"start is '\w{16}' there and '\w{16}' here"):
        fit(squared_error, shifted, (SAMPLES, TARGETS), **options)
    with pytest.raises(tw.InputError, match=r"holds params.* expected \['slope'\]: float32\[4\]"):
        load_checkpoint(path, {"slope": jnp.zeros(4)})
    (tmp_path / "text").write_text("not a checkpoint\n")
    with pytest.raises(tw.StoreError, match="text is not a checkpoint"):
        read_header(tmp_path / "text")
    with pytest.raises(tw.StoreError, match="cannot be read"):
        read_header(tmp_path / "nothing")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(tw.StoreError, match="is damaged"):
        run(1, checkpoint=path, configuration={"epsilon": 0.1})


def test_checkpoints_hold_arrays_behind_json(tmp_path):
    path = save_checkpoint(tmp_path / "c", START, {"note": "a"})
    found, about = load_checkpoint(path, START)
    assert about == {"note": "a"}
    np.testing.assert_array_equal(found["slope"], START["slope"])
    header = json.loads(path.read_bytes().split(b"\n", 1)[0])
    assert header["leaves"][1:] == ["['shift']: float32[]", "['slope']: float32[3]"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be a positive integer, got 0"),
        ({"epochs": 1, "batch_size": 2.5}, "batch_size must be a positive integer, got 2.5"),
    ],
)
def test_bad_counts_are_refused(options, message):
    with pytest.raises(tw.InputError, match=message):
        run(**options)


def test_data_must_share_their_first_axis():
    with pytest.raises(tw.InputError, match="common, non-empty first axis"):
        fit(
            squared_error,
            START,
            (SAMPLES, TARGETS[:5]),
            optimizer=SGD,
            epochs=1,
            batch_size=8,
        )


def failed(loss, model=None, data=(SAMPLES, TARGETS), **options):
    settings = {"optimizer": SGD, "epochs": 2, "batch_size": 8, **options}
    with pytest.raises(tw.DivergenceError) as caught:
        fit(loss, START if model is None else model, data, **settings)
    return str(caught.value)


def test_it_is_said_where_the_first_number_that_is_not_finite_arose():
    broken = SAMPLES.copy()
    broken[5, 1] = np.nan
    assert "first in sample 5" in failed(squared_error, data=(broken, TARGETS))

    def logarithm(model, batch, key):
        return jnp.log(jnp.sum(model["slope"] ** 2))

    said = failed(logarithm)  # −inf at the start
    assert "forward left the finite in epoch 1, step 1 of 3 (loss -inf)" in said
    assert "logarithm" in said

    def norm(model, batch, key):
        return jnp.linalg.norm(model["slope"])

    said = failed(norm)
    assert "backward left the finite" in said
    assert "learning rate" not in said
    said = failed(squared_error, optimizer=optax.chain(optax.scale(1e20), optax.sgd(1e20)))
    assert "update left the finite" in said
    assert "smaller learning rate" in said


def test_metrics_without_names_are_refused():
    def unnamed(model, batch, key):
        return squared_error(model, batch, key)[0], 2.0

    with pytest.raises(tw.InputError, match="a dictionary of metrics by name, got float"):
        fit(unnamed, START, (SAMPLES, TARGETS), optimizer=SGD, epochs=1, batch_size=8)


def test_metrics_may_be_missing_numbers_or_arrays(tmp_path):
    def bare(model, batch, key):
        return squared_error(model, batch, key)[0]

    def with_number(model, batch, key):
        return bare(model, batch, key), {"one": 1.0}

    def evaluate(model):
        return {"shift": model["shift"], "slope": np.asarray(model["slope"]), "a": np.float32(2.0)}

    path = tmp_path / "run"
    done = fit(bare, START, (SAMPLES, TARGETS), optimizer=SGD, epochs=2, batch_size=8,
               evaluate=evaluate, checkpoint=path)  # fmt: skip
    assert done.history[0].metrics == {}
    np.testing.assert_array_equal(done.history[-1].evaluation["slope"], done.model["slope"])
    again = fit(bare, START, (SAMPLES, TARGETS), optimizer=SGD, epochs=2, batch_size=8,
                evaluate=evaluate, checkpoint=path)  # fmt: skip
    assert again.history == done.history
    numbered = fit(with_number, START, (SAMPLES, TARGETS), optimizer=SGD, epochs=1, batch_size=8)
    assert numbered.history[0].metrics == {"one": 1.0}


def test_another_learning_rate_does_not_resume(tmp_path):
    path = tmp_path / "run"
    run(1, optimizer=optax.sgd(0.1), checkpoint=path)
    assert run(2, optimizer=optax.sgd(0.1), checkpoint=path).resumed_from == 1
    with pytest.raises(tw.InputError, match="optimizer is"):
        run(3, optimizer=optax.sgd(0.05), checkpoint=path)
    kept = optax.inject_hyperparams(optax.sgd)
    run(1, optimizer=kept(0.1), checkpoint=tmp_path / "kept")
    with pytest.raises(tw.InputError, match="optimizer is"):
        run(2, optimizer=kept(0.05), checkpoint=tmp_path / "kept")


@pytest.mark.long
def test_optimizers_that_need_the_loss_are_given_it():
    design = np.concatenate([SAMPLES, np.ones((SIZE, 1))], axis=1).astype(np.float64)
    best = np.linalg.lstsq(design, TARGETS, rcond=None)[0]
    done = run(12, optimizer=optax.lbfgs(), batch_size=SIZE)
    np.testing.assert_allclose(np.append(done.model["slope"], done.model["shift"]), best, atol=1e-4)
    plateau = optax.chain(optax.sgd(0.1), optax.contrib.reduce_on_plateau(patience=1))
    assert run(2, optimizer=plateau).history[1].loss < run(2, optimizer=plateau).history[0].loss


@pytest.mark.long
def test_a_fit_ends_when_nothing_improves_and_says_so(tmp_path):
    def flat(model, batch, key):
        return jnp.sum(model) * 0.0 + 1.0

    options: dict[str, Any] = {"optimizer": SGD, "batch_size": 6, "stop": EarlyStopping(patience=3)}
    path = tmp_path / "fit"
    done = fit(flat, jnp.zeros(2), np.zeros(SIZE), epochs=50, checkpoint=path, **options)
    assert len(done.history) == 4
    assert done.result == tw.Result.settled
    again = fit(flat, jnp.zeros(2), np.zeros(SIZE), epochs=50, checkpoint=path, **options)
    assert (len(again.history), again.resumed_from) == (4, 4)
    enough = EarlyStopping(patience=3, enough=2.0)
    first = fit(flat, jnp.zeros(2), np.zeros(SIZE), epochs=50, **{**options, "stop": enough})
    assert len(first.history) == 1
    assert run(3, stop=EarlyStopping(patience=3)).result == tw.Result.successful
    with pytest.raises(tw.InputError, match="'accuracy'; there are loss, largest"):
        run(3, stop=EarlyStopping(patience=3, quantity="accuracy"))
    with pytest.raises(tw.InputError, match="patience must be a positive integer, got 0"):
        EarlyStopping(patience=0)


def test_records_are_lines_of_json_that_a_resumed_fit_goes_on_with(tmp_path):
    path, checkpoint = tmp_path / "records.jsonl", tmp_path / "fit"
    run(2, checkpoint=checkpoint, records=path)
    done = run(3, checkpoint=checkpoint, records=path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert [line["loss"] for line in lines] == [record.loss for record in done.history]
    assert lines[0]["samples"] == SIZE
    last = done.history[-1]
    assert last.throughput == pytest.approx(last.samples / last.seconds)
    with pytest.raises(tw.StoreError, match="cannot be written"):
        run(1, records=tmp_path / "missing" / "records.jsonl")


def test_a_number_of_a_record_that_is_not_finite_is_null_and_said(tmp_path):
    begin_records(tmp_path / "lines", [EpochRecord(1, 0.5, metrics={"gap": float("inf")})])
    line = json.loads((tmp_path / "lines").read_text(), parse_constant=pytest.fail)
    assert line["metrics"] == {"gap": None}
    assert line["throughput"] is None
    assert line["warnings"] == ["Not finite, written as null: metrics.gap (inf), throughput (nan)."]


def test_a_full_disk_leaves_the_last_checkpoint_and_its_records(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    model = {"slope": jnp.zeros(300_000, jnp.float32)}
    options: dict[str, Any] = {"checkpoint": tmp_path / "fit", "records": tmp_path / "lines"}

    def pull(model, batch, key):
        return jnp.mean((model["slope"] - batch[0]) ** 2)

    def go(epochs, **more):
        return fit(
            pull, model, SAMPLES[:, :1], optimizer=SGD, epochs=epochs, batch_size=SIZE, **options,
            **more,
        )  # fmt: skip

    def fill(_):
        if (tmp_path / "fit").exists():
            resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, limits[1]))
        return {}

    try:
        with pytest.raises(tw.StoreError, match="fit cannot be written: File too large"):
            go(3, evaluate=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    done = go(3)
    assert done.resumed_from == 1
    epochs = [json.loads(line)["epoch"] for line in (tmp_path / "lines").read_text().splitlines()]
    assert epochs == [1, 2, 3]


@pytest.mark.long
def test_nothing_is_computed_where_nothing_can_be_kept(tmp_path):
    for name in ("checkpoint", "records"):
        with pytest.raises(tw.StoreError, match="no/where cannot be written: No such file"):
            run(1, **{name: tmp_path / "no" / "where"})
    with pytest.raises(tw.InputError, match="fit: key must be one key"):
        run(1, key=3)
    with pytest.raises(tw.InputError, match="optimizer must be one of Optax"):
        run(1, optimizer=3)  # type: ignore[arg-type]
