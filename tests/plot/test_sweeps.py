"""Maps of sweeps: the numbers, and what is drawn of them."""

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from tests.sweeps.systems import Spring, springs, stretch

import thalweg as tw
from thalweg.report.sweeps import sweep_page
from thalweg.sweeps import Compiled, OnHost, Points, Status, read_sweep


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Nine stiffnesses, four of them refused, and three loads."""
    return tw.sweep(stretch, springs(9, 3, low=-4.0), tmp_path_factory.mktemp("s") / "s.zarr")


def coded(spring):
    """A code that is 1 where the load exceeds the stiffness."""
    return {"yields": np.int8(spring.load > spring.stiffness)}


CODED = OnHost(coded, {"yields": {"flags": {"holds": 0, "yields": 1, "breaks": 2}}})


def test_the_numbers_are_those_of_the_store(found):
    data = tw.plot.sweep_data(found)
    assert (data.title, data.names, dict(data.held)) == ("length", ("stiffness", "load"), {})
    assert np.all(np.isnan(data.values[:4]))
    assert np.array_equal(data.values[5:], found.read("length")[5:])
    assert np.array_equal(data.statuses, found.read("status"))
    entry = tw.plot.sweep_data(found, "multiples", entry=2)
    assert entry.title == "multiples[2]"
    np.testing.assert_allclose(entry.values[5:], 2 * data.values[5:])


def test_parameters_are_held_at_the_nearest_of_their_values(found):
    data = tw.plot.sweep_data(found, at={"load": 1.9})
    assert (data.names, dict(data.held)) == (("stiffness",), {"load": 2.0})
    assert np.array_equal(data.values[5:], found.read("length")[5:, 2])


def test_of_three_parameters_the_third_is_held_in_the_middle(tmp_path):
    system = tw.models.FitzHughNagumo()
    grid = tw.sweeps.Grid(system, {"current": [0.0, 1.0], "a": [1.0, 2.0], "b": [3.0, 4.0, 5.0]})
    found = tw.sweep(lambda s: s.current + s.a * s.b, grid, tmp_path / "s.zarr")
    data = tw.plot.sweep_data(found)
    assert (data.names, dict(data.held)) == (("current", "a"), {"b": 4.0})
    assert data.values.tolist() == [[4.0, 8.0], [5.0, 9.0]]
    assert tw.plot.sweep(found).get_title(loc="left") == "at b = 4"


def test_a_map_explains_what_was_not_computed(found):
    axes: Any = tw.plot.sweep(found)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["outside", "not-finite"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("stiffness", "load")
    cells = axes.collections[0].get_array()
    assert cells.shape == (3, 9)
    assert cells.mask[:, :4].all()


def test_signed_values_part_at_zero(tmp_path):
    def excess(spring):
        return {"excess": float(spring.load - spring.stiffness)}

    found = tw.sweep(OnHost(excess), springs(3, 3), tmp_path / "s.zarr")
    axes: Any = tw.plot.sweep(found)
    drawn = axes.collections[0]
    assert drawn.norm.vmin == -drawn.norm.vmax < 0.0
    assert np.abs(drawn.get_array()).max() == drawn.norm.vmax
    assert sum(drawn.cmap(drawn.norm(0.0))[:3]) > 2.85


def test_codes_have_colours_by_name(tmp_path):
    found = tw.sweep(CODED, springs(4, 4), tmp_path / "s.zarr")
    axes: Any = tw.plot.sweep(found)
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["holds", "yields"]
    drawn = axes.collections[0]
    colours = [to_hex(drawn.cmap(drawn.norm(i))) for i in range(2)]
    assert colours == [to_hex(line.get_color()) for line in legend.get_lines()]


def test_a_line_has_its_gaps_marked(tmp_path):
    path = tmp_path / "s.zarr"
    grid = tw.sweeps.Grid(Spring(), {"stiffness": np.linspace(1.0, 4.0, 6)})
    tw.sweep(stretch, grid, path, chunk=2, shard=(1, 2))
    found = read_sweep(path)
    axes: Any = tw.plot.sweep(found)
    line, missing = axes.get_lines()
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, True, False, False]
    assert missing.get_label() == "missing"
    np.testing.assert_allclose(missing.get_xdata(), grid.values["stiffness"][2:4])


def test_a_list_is_drawn_along_the_parameter_that_varies_most(tmp_path):
    points = Points(Spring(), {"stiffness": [1.0, 1.0, 2.0], "load": [3.0, 1.0, 2.0]})
    found = tw.sweep(stretch, points, tmp_path / "s.zarr")
    data = tw.plot.sweep_data(found)
    assert data.names == ("load",)
    assert data.axes[0].tolist() == [1.0, 2.0, 3.0]
    assert data.values.tolist() == [1.0, 1.0, 3.0]
    with pytest.raises(tw.InputError, match="list of points"):
        tw.plot.sweep(found, at={"load": 1.0})


def test_one_point_and_nothing_at_all_are_drawn(tmp_path):
    found = tw.sweep(stretch, springs(1, 1), tmp_path / "s.zarr")
    assert tw.plot.sweep(found).get_xlabel() == "stiffness"
    failing = Compiled(lambda s: {"a": s.load * np.nan})
    failed = tw.sweep(failing, springs(2, 2), tmp_path / "t.zarr")
    axes: Any = tw.plot.sweep(failed)
    assert [t.get_text() for t in axes.get_legend().get_texts()] == [Status.NOT_FINITE.words]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"variable": "width"}, "length, multiples"),
        ({"variable": "multiples", "entry": 3}, r"entry \(3,\)"),
        ({"entry": (0, 1)}, "entry"),
        ({"at": {"width": 1.0}}, "'width' is none of stiffness, load"),
        ({"at": {"load": 1.0, "stiffness": 1.0}}, "every parameter"),
    ],
)
def test_what_cannot_be_drawn(found, asked, said):
    with pytest.raises(tw.InputError, match=said):
        tw.plot.sweep(found, **asked)


def counted(spring):
    """A whole number that changes with the load alone, one that never does, and a code."""
    high = spring.load > 1.5
    return {"turns": np.int32(1 + int(high)), "ends": np.int32(3), **coded(spring)}


def test_whole_numbers_are_counted_in_whole_numbers_and_one_value_is_said(tmp_path):
    measure = OnHost(counted, {"yields": {"flags": {"holds": 0, "yields": 1, "breaks": 2}}})
    found = tw.sweep(measure, springs(3, 3), tmp_path / "map.zarr")
    axes: Any = tw.plot.sweep(found, "turns")
    (bar,) = [a for a in axes.figure.axes if a.get_label() == "<colorbar>"]
    assert bar.get_yticks().tolist() == [1.0, 2.0]
    line: Any = tw.plot.sweep(found, "turns", at={"stiffness": 1.0})
    assert all(tick == round(tick) for tick in line.get_yticks())
    codes: Any = tw.plot.sweep(found, "yields", at={"stiffness": 1.0})
    names = [text.get_text() for text in codes.get_yticklabels()]
    assert set(names) <= {"holds", "yields"}  # and none of what never occurs
    page = sweep_page(found)
    assert {p.name for p in page.pictures()} == {"map-turns", "map-yields"}
    assert "ends is 3 at every point." in page.to_html()
