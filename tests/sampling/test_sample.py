"""`sample`: what it returns, on laws that are known, and what it refuses."""

import json
import re
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.extras import how_to_add
from thalweg.sampling import SGLD, Starts
from thalweg.sampling.samples import import_arviz

KEY = jax.random.key(0)
BOWL = tw.energies.Quadratic([[2.0]])
ZERO = np.zeros(1, np.float32)


def draw():
    return tw.sample(BOWL, SGLD(0.1, 0.3), ZERO, thin=3, key=KEY)


@pytest.fixture(scope="module")
def run():
    return draw()


@pytest.mark.long
def test_the_variance_is_that_of_the_steps(run):
    """T/(λ(1 − ηλ/2)), to four standard errors."""
    exact = 0.3 / (2.0 * (1.0 - 0.1))
    error = exact * np.sqrt(2.0 / run.ess[0])
    assert run.sd[0] ** 2 == pytest.approx(exact, abs=4.0 * error)
    assert run.mean[0] == pytest.approx(0.0, abs=4.0 * np.sqrt(exact / run.ess[0]))
    np.testing.assert_allclose(run.energies, run.states[..., 0] ** 2, rtol=1e-5)
    assert run.mean[1] == pytest.approx(np.mean(run.energies), rel=1e-5)


def test_what_a_result_is(run):
    assert len(run) == 4000
    assert run.states.shape == (4, 1000, 1)
    assert run.states.dtype == np.float32
    assert run.pooled.shape == (4000, 1)
    assert run.warnings == []
    text = str(run)
    assert "by SGLD: 4 chains of 1,000" in text
    assert "Nothing wrong was seen." in text
    assert max(map(len, text.splitlines())) <= 80
    back = tw.Samples.from_dict(json.loads(json.dumps(run.to_dict())))
    assert back == run
    with pytest.raises(tw.InputError, match="does not keep draws"):
        back.to_xarray()


def test_the_same_key_gives_the_same_draws_and_nothing_compiles_again(run, count_compiles):
    again = draw()  # the programs of the fixture may have been let go (tests/programs.py)
    with count_compiles() as compiled:
        tw.sample(BOWL, SGLD(0.2, 0.4), ZERO, thin=3, count=900, warmup=1500, key=KEY)
    assert compiled.count == 0
    np.testing.assert_array_equal(again.states, run.states)
    assert np.std(run.states[:, 0, 0]) > 0


def test_arviz_and_xarray(run):
    arviz = import_arviz()
    found = run.to_arviz()
    draws = np.asarray(found["posterior"]["state"])
    np.testing.assert_array_equal(draws, run.states)
    assert float(arviz.ess(draws[..., 0])) == pytest.approx(run.ess[0], rel=1e-6)
    weights = np.asarray(found["sample_stats"]["lp"])
    np.testing.assert_allclose(weights, -run.energies / 0.3, rtol=1e-6)
    labelled = run.to_xarray()
    assert labelled["state"].dims == ("chain", "draw", "coordinate")
    assert float(labelled["energy"].mean()) == pytest.approx(run.mean[1], rel=1e-5)


@pytest.mark.long
def test_trees_and_large_states():
    bowl = tw.energies.Quadratic(np.eye(3))
    tree = {"a": np.zeros(2), "b": np.zeros(())}
    run = tw.sample(bowl, SGLD(0.1), tree, count=20, chains=2, warmup=0, key=KEY)
    assert run.states["a"].shape == (2, 20, 2)
    assert run.names == ("a[0]", "a[1]", "b", "energy")
    assert set(run.to_xarray().data_vars) == {"a", "b", "energy"}

    def many(x):
        return jnp.sum(x**2) / 2

    run = tw.sample(many, SGLD(0.1), np.zeros(1200), count=20, chains=2, warmup=0, key=KEY)
    assert run.names == ("magnetization", "energy")
    np.testing.assert_allclose(run.mean[0], run.states.mean(), atol=1e-6)


@pytest.mark.long
def test_chains_in_two_wells_do_not_agree():
    wells = tw.energies.DoubleWell()
    starts = Starts(np.array([[-1.0], [1.0]]))
    run = tw.sample(wells, SGLD(0.02, 0.05), starts, count=200, chains=2, warmup=10, key=KEY)
    assert run.rhat[0] > 1.5
    assert any("do not agree" in said for said in run.warnings)
    assert any("Few independent draws" in said for said in run.warnings)


@pytest.mark.long
def test_starts_in_a_domain():
    box = tw.Box([1.0], [2.0])
    run = tw.sample(BOWL, SGLD(1e-9, 1e-9), box, count=8, chains=3, warmup=0, key=KEY)
    first = run.states[:, 0, 0]
    assert np.all((first > 1.0) & (first < 2.0))
    assert len(set(first.tolist())) == 3


def on_a_half_line(x):
    return jnp.sum(x - jnp.log(x))


@pytest.mark.long
def test_dispersed_starts_stay_where_the_energy_is_finite():
    start = np.full(3, 0.01, np.float32)
    run = tw.sample(on_a_half_line, SGLD(1e-9, 1e-9), start, count=8, warmup=0, key=KEY)
    assert np.all(run.states > 0)
    assert len(np.unique(run.states[:, 0, 0])) == 4


def hill(x):
    return -jnp.sum(x**2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"energy": 3.0}, "energy must be a callable"),
        ({"method": "NUTS"}, "method must be a method"),
        ({"count": 0}, "count must be a whole number, at least 1, got 0"),
        ({"thin": 1.5}, "thin must be a whole number"),
        ({"warmup": -1}, "warmup must be a whole number, at least 0"),
        ({"chains": 0}, "chains must be a whole number"),
        ({"key": None}, "key must be one key"),
        ({"key": jnp.zeros(3)}, r"key must be one key.* got an array of shape \(3,\)"),
        ({"start": np.array([np.nan])}, "start must be finite"),
        ({"start": np.array([1])}, "states must be real numbers, got int32"),
        ({"start": {}}, "no numbers"),
        ({"start": Starts(np.zeros((3, 1)))}, r"\[3\] states for 4 chains"),
        ({"energy": lambda x: x**2}, r"a scalar, got the shape \(1,\)"),
        ({"energy": on_a_half_line, "start": -np.ones(1)}, r"the energy is nan at start, \(-1\)"),
    ],
)
def test_bad_input_is_refused(change, words):
    given = {"energy": BOWL, "method": SGLD(0.1), "start": ZERO, "key": KEY} | change
    with pytest.raises(tw.InputError, match=words):
        tw.sample(**given)


def test_two_chains_of_one_key_are_refused():
    keys = jax.random.split(KEY, 2)[np.array([0, 0])]
    with pytest.raises(tw.InputError, match="two chains have one key"):
        tw.sample(BOWL, SGLD(0.1), ZERO, chains=2, key=keys)


@pytest.mark.long
def test_a_chain_that_runs_away_says_where_and_when():
    with pytest.raises(tw.DivergenceError, match=r"chain \d ran away: .*, at step \d+"):
        tw.sample(hill, SGLD(0.1), ZERO, key=KEY)


@pytest.mark.parametrize("temperature", [-1.0, np.nan, "a"])
def test_temperatures_are_numbers_above_zero(temperature):
    with pytest.raises(tw.InputError, match="SGLD: temperature must be at least 0, got"):
        SGLD(0.1, temperature)
    with pytest.raises(tw.InputError, match="SGLD: step_size must be positive, got -1"):
        SGLD(-1.0)


@pytest.mark.long
@pytest.mark.parametrize("package", ["BlackJAX", "ArviZ"])
def test_what_is_not_installed_says_how_to_get_it(package, run, monkeypatch):
    monkeypatch.setitem(sys.modules, package.lower(), None)
    ask = {"BlackJAX": lambda: SGLD(0.1).kernel(BOWL), "ArviZ": run.to_arviz}[package]
    cure = re.escape(how_to_add("sampling"))
    with pytest.raises(tw.InputError, match=f"{package}, which is not installed: {cure}"):
        ask()
