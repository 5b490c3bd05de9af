"""Data and energies that nothing can be learned from: said what and where."""

import jax
import numpy as np
import pytest
from tests.learning.inverse.inverse_systems import QUICK, bowl, shrinking

import thalweg as tw
from thalweg.learning import Langevin, Pairs, Points, Samples, Training, Trajectories, learn_energy

RUNS = shrinking(0.5)
BROKEN = np.where(np.arange(8)[None, :, None] == 5, np.nan, RUNS)
KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Trajectories(BROKEN), r"path 0 must be finite, got nan at \[5, 0\]"),
        (lambda: Trajectories([RUNS[0], np.ones((4, 2))]), "path 0 has 1, path 1 has 2"),
        (lambda: Trajectories(RUNS[0]), "an array \\(paths, times, coordinates\\)"),
        (lambda: Trajectories([]), "must hold a path at least"),
        (lambda: Trajectories(RUNS[:, :1]), "2 or more are needed, got 1"),
        (lambda: Trajectories([RUNS[0], np.ones((5, 1))]), "path 1 never moves"),
        (lambda: Trajectories(RUNS, step=0.0), "step must be finite and above zero"),
        (lambda: Trajectories(RUNS, step=0.1, times=np.arange(8.0)), "not both"),
        (lambda: Trajectories(RUNS, times=np.zeros(8)), "times must rise"),
        (lambda: Trajectories(RUNS, noise=-1.0), "noise must be finite and ≥ 0"),
        (lambda: Trajectories([["a"], ["b"]]), "must be an array"),
        (lambda: Pairs(np.ones((3, 2)), np.eye(3)), "must have one shape"),
        (lambda: Pairs(np.eye(3), np.eye(3)), "pair 0 never moves"),
        (lambda: Points(np.ones((4, 2))), "all end points are the same"),
        (lambda: Points(np.ones((1, 2))), "2 or more are needed, got 1"),
        (lambda: Points(np.eye(2), num_steps=0), "num_steps must be a positive integer"),
        (lambda: Points(np.eye(2), width=-1.0), "width must be finite and ≥ 0"),
        (lambda: Samples(np.eye(3)), "give 4 at least"),
        (lambda: Samples(np.ones((9, 1)) * np.arange(9.0)[:, None] @ [[1.0, 2.0]]), "a subspace"),
        (lambda: Langevin(RUNS, 0.0), "duration must be finite and positive"),
        (lambda: Training(updates=0), "updates must be a positive integer, got 0"),
        (lambda: Training(held_out=1.0), r"held_out must be in \[0, 1\)"),
        (lambda: Training(rate=np.nan), "rate must be finite and above zero"),
        (lambda: Training(held_out="a"), r"held_out must be in \[0, 1\), got 'a'"),  # type: ignore
        (lambda: Training(records=3), "records must be a path, got 3"),  # type: ignore
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()


def test_energies_that_cannot_learn_are_refused():
    data = Trajectories(RUNS)
    with pytest.raises(tw.InputError, match="floating numbers to learn"):
        learn_energy(lambda x: x[0] ** 2, data, key=KEY)
    with pytest.raises(tw.InputError, match="does not take a state of 1 coordinate:"):
        learn_energy(tw.energies.Quadratic(np.eye(2)), data, key=KEY)
    with pytest.raises(tw.InputError, match="must be Trajectories"):
        learn_energy(bowl(), RUNS, key=KEY)  # type: ignore[arg-type]


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"training": 3}, r"training must be a tw.learning.Training\(…\), got 3"),
        ({"demands": "all"}, r"demands must be a tw.learning.Demands\(…\), got 'all'"),
        ({"key": 3}, "learn_energy: key must be one key, such as jax.random.key"),
        ({"key": None}, "learn_energy: key must be one key"),
        ({"key": jax.random.split(KEY, 3)}, r"got an array of shape \(3,\)"),
        (
            {"domain": tw.Box([-1.0, -1.0], [1.0, 1.0])},
            r"of the data have the shape \(1,",
        ),
        ({"domain": 3}, "domain must be a Box, got 3"),
    ],
)
def test_options_are_looked_at_before_anything_is_learned(options, message, count_compiles):
    data = Trajectories(RUNS)
    with count_compiles() as compiled, pytest.raises(tw.InputError, match=message):
        learn_energy(bowl(), data, **{"key": KEY, **options})
    assert compiled.count == 0


@pytest.mark.long
def test_an_energy_that_falls_without_bound_is_refused():
    # States that move away from zero ever faster: the bowl turns upside down.
    data = Trajectories(shrinking(1.3), step=0.1)
    with pytest.raises(tw.DivergenceError, match="falls without bound there"):
        learn_energy(bowl(), data, key=KEY, training=QUICK)


@pytest.mark.long
def test_paths_that_were_not_followed_to_rest_are_said():
    data = Trajectories(shrinking(0.9, 5), step=0.1)
    found = learn_energy(bowl(), data, key=KEY, training=QUICK)
    assert "still move at their end" in found.identified.missing[0]


@pytest.mark.long
def test_training_goes_on_from_a_checkpoint_and_refuses_another(tmp_path):
    path = tmp_path / "energy"
    short = Training(updates=200, checkpoint=path, records=tmp_path / "records.jsonl")
    data = Trajectories(RUNS, step=0.1)
    found = learn_energy(bowl(), data, key=KEY, training=short)
    again = learn_energy(bowl(), data, key=KEY, training=short)
    assert float(again.energy.stiffness) == float(found.energy.stiffness)
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 2
    with pytest.raises(tw.InputError, match="checkpoint of another configuration"):
        learn_energy(bowl(2.0), data, key=KEY, training=short)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(tw.StoreError, match="is damaged"):
        learn_energy(bowl(), data, key=KEY, training=short)
