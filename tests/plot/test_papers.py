"""Papers: figures as wide as asked, legends where asked, names that no coordinate has."""

import dataclasses
import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.zoo import Linear, square

import thalweg as tw
from thalweg import recovery
from thalweg.plot import portrait_data
from thalweg.plot.levels import bar_ticks, colour_bar, colour_levels
from thalweg.plot.papers import Paper, make_paper
from thalweg.plot.portraits import draw_portrait
from thalweg.plot.trajectories import draw_trajectory


@pytest.fixture(scope="module")
def membrane(fitzhugh_nagumo):
    rule, equilibria, cycles = fitzhugh_nagumo
    return portrait_data(rule, equilibria=equilibria, cycles=cycles)


@pytest.fixture(scope="module")
def wells(four_wells):
    return portrait_data(four_wells.rule, equilibria=four_wells.equilibria, basins=False)


def figure_of(axes):
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def boxes(axes):
    """The figure, the frame of the axes and the legend, where they are drawn."""
    figure, legend = figure_of(axes), axes.get_legend()
    figure.draw_without_rendering()
    return figure.bbox, axes.get_window_extent(), legend.get_window_extent()


def size_of_letters(axes):
    return float(axes.get_legend().get_texts()[0].get_fontsize())


@pytest.mark.parametrize("width", [85.0, 120.0, 175.0])
def test_a_legend_fits_a_figure_of_any_width_and_is_lower_than_the_plot(membrane, wells, width):
    for data in (membrane, wells):
        axes = draw_portrait(data, Paper(width=width))
        figure, frame, legend = boxes(axes)
        assert figure_of(axes).get_figwidth() == pytest.approx(width / 25.4)
        assert figure.x0 <= legend.x0
        assert legend.x1 <= figure.x1
        assert figure.y0 <= legend.y0
        assert legend.y1 < frame.y0
        assert legend.height < 0.45 * frame.height
        assert frame.width > 0.75 * figure.width  # it takes no room from the plot


def test_a_column_has_smaller_letters_in_fewer_rows_than_entries(membrane):
    column, page = (draw_portrait(membrane, Paper(width=width)) for width in (85.0, 175.0))
    sizes = [size_of_letters(axes) for axes in (column, page)]
    assert sizes[0] < sizes[1]
    *_, legend = boxes(column)
    assert legend.height < 3.0 * 1.6 * sizes[0] * figure_of(column).dpi / 72.0


def test_a_legend_stands_where_it_is_asked_for(membrane):
    assert draw_portrait(membrane, Paper(legend=False)).get_legend() is None
    figure, frame, legend = boxes(draw_portrait(membrane, Paper(legend="right")))
    assert legend.x0 > frame.x1
    assert legend.x1 <= figure.x1
    assert frame.width > 0.5 * figure.width  # a figure of the usual width has grown
    _, frame, legend = boxes(draw_portrait(membrane, Paper(legend="inside")))
    assert frame.x0 <= legend.x0
    assert legend.x1 <= frame.x1
    assert frame.y0 <= legend.y0
    assert legend.y1 <= frame.y1


@pytest.mark.parametrize("width", [85.0, 175.0])
def test_a_legend_at_the_right_takes_no_more_than_a_third(membrane, width):
    figure, frame, legend = boxes(draw_portrait(membrane, Paper(width=width, legend="right")))
    assert (legend.x0 > frame.x1) == (width > 100.0)
    assert (legend.y1 < frame.y0) == (width < 100.0)
    assert frame.width > 0.5 * figure.width
    assert frame.height > 0.5 * figure.height
    given = Figure(figsize=(width / 25.4, 3.5), layout="constrained").add_subplot()
    draw_portrait(membrane, make_paper(given, legend="right"))
    figure, frame, legend = boxes(given)
    assert frame.width > 0.5 * figure.width


def test_a_legend_on_axes_given_keeps_the_figure_and_fits_it(membrane):
    figure = Figure(figsize=(3.35, 3.0), layout="constrained")
    axes = draw_portrait(membrane, make_paper(figure.add_subplot()))
    page, frame, legend = boxes(axes)
    assert tuple(figure.get_size_inches()) == (3.35, 3.0)
    assert page.x0 <= legend.x0
    assert legend.x1 <= page.x1
    assert frame.height > legend.height


def test_a_surface_needs_the_width_of_a_column_and_has_its_legend_below():
    energy = tw.energies.FourWells()
    found = tw.find_equilibria(tw.SteepestDescent(energy))
    axes = tw.plot.energy_landscape(
        energy, equilibria=found, surface=True, width=85, legend="right"
    )
    figure: Any = axes.figure
    figure.canvas.draw()
    legend: Any = axes.get_legend()
    box = legend.get_window_extent()
    assert 0.0 <= box.x0 < box.x1 <= figure.bbox.width
    assert box.y1 < 0.2 * figure.bbox.height
    with pytest.raises(tw.InputError, match=r"width must be 85 or more for a surface.*, got 60"):
        tw.plot.energy_landscape(energy, surface=True, width=60)


def test_papers_that_there_are_not_are_refused():
    with pytest.raises(tw.InputError, match=r"in millimetres, from 60 to 1200 .*, got 3\.35"):
        make_paper(width=3.35)
    words: Any = "column"
    with pytest.raises(tw.InputError, match=r"width must be .*, got 'column'"):
        make_paper(width=words)
    with pytest.raises(tw.InputError, match=r"figsize=\(inches, inches\)"):
        make_paper(Figure().add_subplot(), width=85)
    with pytest.raises(tw.InputError, match=r"legend must be 'below', 'right', 'inside' or False"):
        make_paper(legend="left")
    assert make_paper(legend=np.False_).legend is False


def test_panels_are_as_wide_together_as_the_figure_is_to_be():
    times = np.linspace(0.0, 1.0, 9)
    lowest = draw_trajectory(
        times, np.stack([times, 1e3 * times], axis=1), ["a", "b"], paper=Paper(width=85.0)
    )
    figure = figure_of(lowest)
    assert figure.get_figwidth() == pytest.approx(85.0 / 25.4)
    assert len(figure.axes) == 2


def test_a_bar_says_from_where_its_bands_are_wider():
    even = np.linspace(0.0, 1.3, 14)
    assert bar_ticks(even, 8)[0] is None
    x, y = np.meshgrid(np.linspace(-2, 2, 41), np.linspace(-2, 2, 41))
    levels = colour_levels(x**4 + y**4 - x**2 - y**2)
    widens, ticks = bar_ticks(levels, 8)
    gaps = np.diff(levels)
    assert widens in levels
    np.testing.assert_allclose(gaps[levels[:-1] < widens], gaps[0])
    assert np.all(gaps[levels[:-1] >= widens] > 1.5 * gaps[0])
    assert widens in ticks
    assert len(ticks) <= 9
    assert levels[-1] >= np.max(x**4 + y**4 - x**2 - y**2)  # nothing is above the last colour
    axes = tw.plot.energy_landscape(tw.energies.FourWells())
    (bar,) = [panel for panel in axes.figure.axes if panel is not axes]
    assert bar.get_ylabel().startswith("E (wider bands above ")


def test_a_letter_beside_a_bar_stands_upright():
    figure = Figure()
    axes = figure.add_subplot()
    drawn = axes.pcolormesh(np.arange(4.0).reshape(2, 2))
    for name, turn in [("V", 0.0), ("height", 90.0)]:
        colour_bar(axes, drawn, name)
        assert figure.axes[-1].yaxis.label.get_rotation() == turn


def test_numbers_along_a_narrow_figure_do_not_touch():
    axes = Paper(width=85.0).axes()
    axes.set(xlim=(-1.0, 1.0))
    figure = figure_of(axes)
    figure.draw_without_rendering()
    boxes = [tick.get_window_extent() for tick in axes.get_xticklabels()]
    gaps = [b.x0 - a.x1 for a, b in itertools.pairwise(boxes)]
    assert min(gaps) > 3.0


def test_a_split_on_a_narrow_figure_has_one_part_below_the_other():
    rule, box = Linear(jnp.array([[-1.0, 2.0], [-2.0, -1.0]])), square(1.0)
    levels = [level for level in recovery.LEVELS if level.name == "split"]
    found = tw.recover_energy(rule, box, levels=levels).split
    assert found is not None
    for width, is_below in [(85.0, True), (117.0, True), (175.0, False)]:
        one, other = (a.get_position(original=True) for a in tw.plot.split(found, width=width))
        assert (other.y1 < one.y0) == is_below
        assert (other.x0 > one.x1) != is_below


class Excitation(tw.Flow):
    """A population called E that decays, and another."""

    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])
    state_names = ("E", "V")

    def velocity(self, t, state):
        return -state * jnp.array([1.0, 2.0])

    def energy(self, state):
        return 0.5 * state[0] ** 2 + state[1] ** 2


def test_an_energy_is_not_called_as_a_coordinate_is():
    rule = Excitation()
    found = tw.recover_energy(rule, levels=tw.recovery.LEVELS[:1])
    axes = tw.plot.verdict(found, rule)
    names = [panel.get_ylabel() for panel in axes.figure.axes]
    assert names[0] == "V"
    assert names[1].startswith("energy")
    assert axes.get_title(loc="left") == "steepest descent of energy"
    words = "E is the energy, not the coordinate E."
    assert words not in " ".join(str(found).split())  # no formula
    told = dataclasses.replace(found, asides=("∇E = −M f.",))
    assert words in " ".join(str(told).split())
    run = tw.simulate(rule, jnp.array([0.5, 0.5]), duration=1.0, save=5)
    assert tw.plot.energy_along(run, rule.energy).get_ylabel() == "energy"


def test_a_witness_lies_under_the_mark_of_its_state():
    rule, box = Linear(jnp.array([[0.1, 1.0], [-1.0, 0.1]])), square(1.0)
    levels = [level for level in recovery.LEVELS if level.name == "equilibria exclude a metric"]
    equilibria = tw.find_equilibria(rule, box)
    found = tw.recover_energy(rule, box, equilibria=equilibria, levels=levels)
    axes = tw.plot.verdict(found, rule, box, equilibria=equilibria)
    (star,) = [x for x in axes.lines if x.get_marker() == "*" and len(np.asarray(x.get_xdata()))]
    (source,) = [x for x in axes.lines if x.get_label() == "source"]
    places = [np.asarray(line.get_xdata(), float) for line in (star, source)]
    np.testing.assert_allclose(places[0], places[1])
    assert star.get_zorder() < source.get_zorder()
    assert star.get_markersize() > 2.0 * source.get_markersize()
