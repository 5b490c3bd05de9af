"""A trajectory prints, goes through JSON, and opens as labelled arrays."""

import builtins
import dataclasses
import json
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.extras import not_installed


class Decay(tw.Flow):
    """x' = −k x of each part of a nested state."""

    k: Any
    state_names = ("a", "b")

    def velocity(self, t, state):
        return jax.tree.map(lambda x: -self.k * x, state)


class Nested(tw.Flow):
    """The same without names."""

    k: Any

    def velocity(self, t, state):
        return jax.tree.map(lambda x: -self.k * x, state)


RULE = Decay(jnp.asarray(1.0))
START = np.array([1.0, 2.0], np.float32)


def through_json(run):
    return tw.Trajectory.from_dict(json.loads(json.dumps(run.to_dict())))


def test_a_run_prints_its_end_and_its_cost():
    run = tw.simulate(RULE, START, duration=1.0, dt=0.25)
    lines = str(run).splitlines()
    assert lines[0] == "Trajectory of Decay (flow): 5 points to t = 1"
    assert lines[1].split() == ["a", "b"]
    assert lines[3].split()[:2] == ["last", "state"]
    assert lines[3].split()[2].startswith("0.3678")
    assert lines[4] == "The run reached its end."
    assert lines[5].startswith("4 steps, ")
    assert "Trajectory of Decay" in run._repr_html_()


def test_a_run_comes_back():
    run = tw.simulate(RULE, START, duration=1.0, save=3)
    again = through_json(run)
    assert again == run
    assert again.states.dtype == again.times.dtype == np.float32
    assert again.result == run.result
    other = dataclasses.replace(run, times=run.times + 1.0)
    assert other != run
    with pytest.raises(tw.InputError, match="dense"):
        again.evaluate(0.5)


def test_a_run_of_a_map_and_of_a_nested_state_come_back():
    steps = tw.simulate(tw.models.Logistic(r=3.2), np.array([0.2]), steps=3)
    assert through_json(steps) == steps
    assert through_json(steps).times.dtype.kind == "i"
    start = {"u": np.ones((2, 1)), "v": (np.float64(1.0), np.zeros(3))}
    run = tw.simulate(Nested(jnp.asarray(1.0)), start, duration=1.0, save=3)
    again = through_json(run)
    assert again == run
    assert jax.tree.structure(again.states) == jax.tree.structure(run.states)


@pytest.mark.long
def test_a_batch_prints_without_its_numbers():
    runs = jax.vmap(lambda x: tw.simulate(RULE, x, duration=1.0, save=3))(np.ones((2, 2)))
    assert str(runs).splitlines()[0] == "Trajectory of Decay (flow), batched or traced"
    with pytest.raises(tw.InputError, match="batch"):
        runs.to_xarray()


def test_a_run_opens_as_labelled_arrays():
    run = tw.simulate(RULE, START, duration=1.0, save=3)
    data = run.to_xarray()
    assert data.state.dims == ("time", "coordinate")
    np.testing.assert_array_equal(data.state.sel(coordinate="b"), run.states[:, 1])
    np.testing.assert_array_equal(data.time, run.times)
    assert (data.attrs["system"], data.attrs["result"]) == ("Decay", "successful")
    start = {"u": np.ones((2, 1)), "v": np.float64(1.0)}
    nested = tw.simulate(Nested(jnp.asarray(1.0)), start, duration=1.0, save=3).to_xarray()
    assert nested.u.dims == ("time", "u_0", "u_1")
    assert nested.v.dims == ("time",)


def test_without_xarray_the_extra_is_named(monkeypatch):
    found = builtins.__import__

    def missing(name, *rest):
        if name == "xarray":
            raise ModuleNotFoundError(name)
        return found(name, *rest)

    run = tw.simulate(RULE, START, duration=1.0, save=3)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(
        tw.InputError, match=re.escape(not_installed("to_xarray", "xarray", "sweeps"))
    ):
        run.to_xarray()
