"""Names that two things would have are refused before anything is computed."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from tests.sweeps.systems import Loaded, Spring, springs, stretch

import thalweg as tw
from thalweg.core.parameters import parameters
from thalweg.report.sweeps import sweep_page
from thalweg.sweeps import Compiled, OnHost


class Ended(eqx.Module):
    """A parameter that is called as the store's own array."""

    status: float = 1.0


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

    monkeypatch.setattr("thalweg.sweeps.stores._fill", fails)
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


def test_the_end_of_a_path_names_a_parameter(tmp_path):
    def length(system):
        return system.spring.load / system.spring.stiffness

    grid = tw.sweeps.Grid(Loaded(Spring(), None), {"stiffness": [1.0, 2.0]})
    found = tw.sweep(length, grid, tmp_path / "s")
    assert found.read("value").tolist() == [1.0, 0.5]
    held = found.open().attrs["thalweg"]["configuration"]["system"]["held"]
    assert held == {"spring.load": 1.0, "weights": None}
    # The value that varies is none of the system's.
    other = tw.sweeps.Grid(Loaded(Spring(3.0), None), {"stiffness": [1.0, 2.0]})
    assert tw.sweep(length, other, tmp_path / "s").is_complete
    page = str(sweep_page(found, held=parameters(grid.system)).files())
    assert "spring.load" in page
    assert "spring.stiffness" not in page


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stiffness", "spring.stiffness"),
        ("weights[-1]", "weights[1]"),
        ("weights.1", "weights[1]"),
    ],
)
def test_two_names_of_one_number(one, other):
    system = Loaded(Spring(), np.zeros(2))
    with pytest.raises(tw.InputError, match="has another name here too"):
        tw.sweeps.Grid(system, {one: [1.0], other: [1.0]})


@pytest.mark.long
def test_the_value_of_an_entry_that_varies_is_none_of_the_system(tmp_path):
    for value in (0.0, 5.0):
        system = Loaded(Spring(), np.array([value, 1.0]))
        grid = tw.sweeps.Grid(system, {"weights[0]": [1.0, 2.0]})
        assert tw.sweep(lambda s: s.weights.sum(), grid, tmp_path / "s").is_complete
    system = Loaded(Spring(), np.array([0.0, 2.0]))
    grid = tw.sweeps.Grid(system, {"weights[0]": [1.0, 2.0]})
    with pytest.raises(tw.StoreError, match="another sweep"):
        tw.sweep(lambda s: s.weights.sum(), grid, tmp_path / "s")
