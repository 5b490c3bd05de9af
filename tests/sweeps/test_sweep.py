"""Sweeps in this process: what the store holds, and which points are marked."""

import numpy as np
import pytest
import xarray
from tests.results import keeps_the_protocol
from tests.sweeps.systems import Loaded, Spring, drawn, springs, stretch, stretch_on_host

import thalweg as tw
from thalweg.sweeps import Compiled, OnHost, Status
from thalweg.sweeps.compiled import _all_finite


def test_a_grid_holds_what_the_function_gives_at_each_point(tmp_path):
    grid = springs()
    found = tw.sweep(stretch, grid, tmp_path / "s.zarr", chunk=8)
    stiffness, load = grid.values["stiffness"], grid.values["load"]
    expected = load[None] / stiffness[:, None]
    np.testing.assert_allclose(found.read("length"), expected, rtol=1e-15)
    np.testing.assert_allclose(found.read("multiples"), expected[..., None] * np.arange(3))
    assert found.counts == {"done": 35}
    assert (found.parts, found.chunk) == (7, (1, 5))
    keeps_the_protocol(found)


def test_xarray_opens_the_store_alone(tmp_path):
    grid, said = springs(), {"length": {"units": "m", "long_name": "stretched length"}}
    tw.sweep(Compiled(stretch, said), grid, tmp_path / "s.zarr")
    opened = xarray.open_zarr(tmp_path / "s.zarr", chunks=None)
    assert opened.length.dims == ("stiffness", "load")
    assert opened.length.attrs["units"] == "m"
    assert opened.length.attrs["long_name"] == "stretched length"
    assert opened.multiples.dims == ("stiffness", "load", "multiples_0")
    at = opened.sel(stiffness=4.0, load=2.0)
    assert float(at.length) == 0.5
    assert int(at.status) == Status.DONE
    assert "not-finite" in at.status.attrs["flag_meanings"]
    assert opened.attrs["thalweg"]["configuration"]["system"]["held"] == {}


def test_a_list_of_points(tmp_path):
    points = tw.sweeps.Points(Spring(), {"load": [1.0, 3.0, 5.0], "stiffness": [1.0, 2.0, 4.0]})
    found = tw.sweep(stretch, points, tmp_path / "s.zarr", chunk=2)
    assert found.read("length").tolist() == [1.0, 1.5, 1.25]
    assert set(found.open().length.coords) == {"load", "stiffness"}


def test_entries_of_arrays_and_fields_inside_fields(tmp_path):
    system = Loaded(Spring(), np.zeros((2, 2)))
    grid = tw.sweeps.Grid(system, {"spring.load": [1.0, 2.0], "weights[0,1]": [3.0, 5.0, 7.0]})
    found = tw.sweep(lambda s: s.spring.load * s.weights.sum(), grid, tmp_path / "s.zarr")
    assert found.read("value").tolist() == [[3.0, 5.0, 7.0], [6.0, 10.0, 14.0]]


def test_one_point(tmp_path):
    found = tw.sweep(stretch, springs(1, 1), tmp_path / "s.zarr")
    assert found.read("length").tolist() == [[0.0]]
    assert found.counts == {"done": 1}


def test_points_that_the_system_refuses_are_marked_and_the_others_go_on(tmp_path):
    # 0 stiffness gives no finite length, and a negative one is refused.
    grid = springs(9, 3, low=-4.0)
    found = tw.sweep(stretch, grid, tmp_path / "s.zarr", chunk=6)
    assert found.counts == {"outside": 12, "not-finite": 3, "done": 12}
    statuses = found.read("status")
    assert np.all(statuses[:4] == Status.OUTSIDE)
    assert np.all(statuses[4] == Status.NOT_FINITE)
    length = found.read("length")
    assert np.all(np.isnan(length[:4]))
    assert np.isinf(length[4, 1])  # what the function gave is kept
    np.testing.assert_allclose(length[5:, 2], 2.0 / grid.values["stiffness"][5:])
    assert any("must not be negative" in note for note in found.notes)
    assert "12 of 27 points have parameters that the system refuses" in str(found)


def test_a_measure_that_fails_for_some_points(tmp_path):
    found = tw.sweep(OnHost(stretch_on_host), springs(5, 3, low=0.0), tmp_path / "s.zarr")
    assert found.counts == {"failed": 3, "done": 12}
    assert np.all(np.isnan(found.read("length")[0]))
    assert found.read("length")[-1].tolist() == [0.0, 0.25, 0.5]
    assert any("ZeroDivisionError: no stiffness" in note for note in found.notes)


def test_a_measure_says_itself_how_a_point_ended(tmp_path):
    def ended(spring):
        return {"load": 1.0 * spring.stiffness, "status": 5}

    with pytest.raises(tw.InputError, match="'load'"):
        tw.sweep(ended, springs(2, 2), tmp_path / "a.zarr")
    grid = tw.sweeps.Grid(Spring(), {"stiffness": [1.0, 2.0]})
    assert tw.sweep(ended, grid, tmp_path / "c.zarr").counts == {"diverged": 2}


def test_what_is_not_finite_in_any_part_is_told():
    arrays = {
        "real": np.array([[1.0, np.inf], [1.0, 2.0], [1.0, 2.0]]),
        "complex": np.array([1.0, complex(0.0, np.nan), 1.0j]),
        "count": np.array([1, 2, 3]),
    }
    assert _all_finite(arrays, 3).tolist() == [False, False, True]


def test_random_points_do_not_depend_on_the_parts(tmp_path):
    draws = [
        tw.sweep(drawn, springs(), tmp_path / f"{chunk}.zarr", chunk=chunk).read("value")
        for chunk in (4, 100)
    ]
    assert np.array_equal(draws[0], draws[1])
    assert len(np.unique(draws[0])) == draws[0].size
    other = tw.sweep(drawn, springs(), tmp_path / "seed.zarr", seed=1).read("value")
    assert not np.any(other == draws[0])


def test_parts_share_one_program(tmp_path, count_compiles):
    def half(spring):
        return 0.5 * spring.load

    with count_compiles() as compiled:
        tw.sweep(half, springs(7, 5), tmp_path / "s.zarr", chunk=12)
    first = compiled.count
    with count_compiles() as compiled:
        tw.sweep(half, springs(7, 5, low=2.0), tmp_path / "t.zarr", chunk=12)
    assert compiled.count == 0
    assert first <= 4


def test_shards_compute_every_nth_part_and_make_the_store_together(tmp_path):
    store = tmp_path / "s.zarr"
    first = tw.sweep(stretch, springs(), store, chunk=5, shard=(1, 2))
    assert (first.parts_done, first.counts["missing"]) == (4, 15)
    assert not first.is_complete
    assert "15 of 35 points were not computed yet" in str(first)
    assert tw.sweep(stretch, springs(), store, shard=(2, 2)).is_complete


@pytest.mark.parametrize("shard", [(3, 2), (1, 0), (0, 2)])
def test_shards_that_are_none(tmp_path, shard):
    with pytest.raises(tw.InputError, match="shard"):
        tw.sweep(stretch, springs(), tmp_path / "s.zarr", shard=shard)


@pytest.mark.long
def test_what_is_no_measure(tmp_path):
    for fn, said in ((3, "function"), (Spring, "function")):
        with pytest.raises(tw.InputError, match=said):
            tw.sweep(fn, springs(), tmp_path / "s.zarr")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="Grid"):
        tw.sweep(stretch, {"load": [1.0]}, tmp_path / "s.zarr")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="OnHost"):
        tw.sweep(lambda s: {"a": float(s.load)}, springs(), tmp_path / "s.zarr")
    with pytest.raises(tw.InputError, match="fails at each"):
        tw.sweep(OnHost(lambda s: s.no_such), springs(), tmp_path / "s.zarr")
    with pytest.raises(tw.InputError, match="gives no arrays"):
        tw.sweep(lambda s: {}, springs(), tmp_path / "s.zarr")
    grid = tw.sweeps.Grid(Spring(), {"stiffness": [-1.0, -2.0]})
    with pytest.raises(tw.InputError, match="refuses every one"):
        tw.sweep(stretch, grid, tmp_path / "s.zarr")
    assert not list(tmp_path.iterdir())
