"""Names that two things would have are refused before anything is computed."""

import equinox as eqx
import jax.numpy as jnp
import pytest
from tests.sweeps.systems import Spring, springs, stretch

import thalweg as tw
from thalweg.sweeps import Compiled, OnHost


class Ended(eqx.Module):
    """A parameter that is called as the store's own array."""

    status: float = 1.0


class Held(eqx.Module):
    """A spring one field down."""

    spring: Spring


@pytest.mark.parametrize("kind", [OnHost, Compiled])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": {"b": 1.0}, "a.b": 2.0}, "two of the arrays would be called 'a.b'"),
        ({"load": 1.0}, "gives 'load'"),
        ({"a": jnp.zeros(2), "a_0": 1.0}, "gives 'a_0'"),
        ({"a": 1.0, "status": jnp.ones(2, int)}, r"'status' of shape \(2,\)"),
    ],
)
def test_names_that_clash(tmp_path, kind, given, said):
    with pytest.raises(tw.InputError, match=said):
        tw.sweep(kind(lambda s: given), springs(2, 2), tmp_path / "s")
    assert not list(tmp_path.iterdir())


def test_axes_of_one_name_are_equally_long(tmp_path):
    said = {"a": {"dims": ("part",)}, "b": {"dims": ("part",)}}
    measure = OnHost(lambda s: {"a": jnp.zeros(2), "b": jnp.zeros(3)}, said)
    with pytest.raises(tw.InputError, match="3 entries along 'part', which has 2"):
        tw.sweep(measure, springs(2, 2), tmp_path / "s")


def test_a_parameter_called_as_an_array_of_the_store(tmp_path):
    asked = []
    grid = tw.sweeps.Grid(Ended(), {"status": [1.0, 2.0]})
    with pytest.raises(tw.InputError, match="called 'status', as an array of the store"):
        tw.sweep(OnHost(lambda s: asked.append(s) or 1.0), grid, tmp_path / "s")
    assert not asked
    assert not list(tmp_path.iterdir())


def test_a_failure_while_a_store_is_made_leaves_nothing(tmp_path, monkeypatch):
    def fails(path, *_):
        path.mkdir()
        raise ValueError("any")

    monkeypatch.setattr("thalweg.sweeps.store._fill", fails)
    with pytest.raises(ValueError, match="any"):
        tw.sweep(stretch, springs(2, 2), tmp_path / "s")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"shard": 3}, "shard must be two whole numbers"),
        ({"shard": (1, 2, 3)}, "shard must be two whole numbers"),
        ({"shard": ("1", "2")}, "shard"),
        ({"engine": 4}, "engine must be one of"),
        ({"engine": tw.sweeps.LocalWorkers}, "engine must be one of"),
        ({"store": 3}, "store must be the path"),
    ],
)
def test_arguments_of_other_types(tmp_path, given, said):
    with pytest.raises(tw.InputError, match=said):
        tw.sweep(stretch, springs(2, 2), **({"store": tmp_path / "s"} | given))
