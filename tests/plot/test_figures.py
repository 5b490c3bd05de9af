"""Figures: their numbers, what is on them, and what they leave alone."""

import dataclasses
import subprocess
import sys

import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.plot.plot_systems import run_through

import thalweg as tw
from thalweg.analysis import Equilibrium
from thalweg.core.about import About
from thalweg.plot.landscapes import wall_heights
from thalweg.plot.levels import colour_levels, valley_levels
from thalweg.plot.papers import Paper
from thalweg.plot.style import MARKERS
from thalweg.plot.trajectories import draw_trajectory
from thalweg.report.captions import verdict_caption


@pytest.fixture(scope="module")
def wells(four_wells):
    return four_wells.rule, four_wells.equilibria


def labels(axes):
    return axes.get_legend_handles_labels()[1]


def curve(axes, label):
    """The numbers `(2, n)` of the first line of that label."""
    line = next(line for line in axes.lines if line.get_label() == label)
    return np.asarray(line.get_data(), dtype=float)


def test_a_portrait_names_everything_it_shows(fitzhugh_nagumo):
    rule, equilibria, cycles = fitzhugh_nagumo
    before = dict(mpl.rcParams)
    own = Figure().add_subplot()
    axes = tw.plot.phase_portrait(rule, equilibria=equilibria, cycles=cycles, ax=own)
    assert axes is own
    assert {"v′ = 0", "w′ = 0", "closed orbit, attracting", "source"} <= set(labels(axes))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("v", "w")
    assert (axes.get_xlim(), axes.get_ylim()) == ((-3.0, 3.0), (-3.0, 3.0))
    assert dict(mpl.rcParams) == before
    v, _ = curve(axes, "closed orbit, attracting")
    assert [v.min(), v.max()] == pytest.approx([-1.933, 1.911], abs=1e-3)


def test_a_legend_covers_no_data(wells):
    rule, equilibria = wells
    axes = tw.plot.phase_portrait(rule, equilibria=equilibria, energy=rule.energy)
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    below = axes.get_legend()
    assert below is not None
    legend, inside = below.get_window_extent(), axes.get_window_extent()
    assert legend.y1 < inside.y0
    assert axes.xaxis.label.get_window_extent().y0 >= legend.y1
    assert legend.y0 >= 0.0
    assert legend.x0 >= 0.0
    assert legend.x1 <= figure.bbox.x1


def test_kinds_differ_by_more_than_colour():
    looks = {
        (m["marker"], m["fillstyle"], m["markerfacecolor"] == "white") for m in MARKERS.values()
    }
    assert len(looks) == len(MARKERS)


def test_a_map_of_the_line_is_a_cobweb_whose_corners_are_iterates():
    rule = tw.models.Logistic(r=3.2)
    low, high = sorted(np.roots([3.2**2, -3.2 * 4.2, 4.2]))
    cycles = [
        tw.Cycle(
            period=2.0, point=high, multipliers=np.array([0.16 + 0.0j]), trivial=None, stable=True,
            kind="attracting", states=np.array([high, low]), times=np.arange(2), residual=0.0,
            accuracy=0.0,
        )
    ]  # fmt: skip
    data = tw.plot.cobweb_data(rule, start=0.2, steps=6, cycles=cycles)
    x = [0.2]
    for _ in range(6):
        x.append(3.2 * x[-1] * (1.0 - x[-1]))
    expected = [(a, b) for k in range(6) for a, b in ((x[k], x[k]), (x[k], x[k + 1]))]
    np.testing.assert_allclose(data.web, expected, atol=1e-14)
    np.testing.assert_allclose(data.step, 3.2 * data.x * (1.0 - data.x), atol=1e-14)
    assert sorted(place for place, _ in data.equilibria) == pytest.approx([0.0, 1.0 - 1.0 / 3.2])
    assert list(data.cycles[0].curve[:, 0]) == [high, low]
    assert np.interp(low, data.x, data.step) == pytest.approx(high, abs=1e-4)
    axes = tw.plot.phase_portrait(rule, equilibria=(), cycles=cycles)
    assert axes.get_ylabel() == "x⁺"
    assert "2-cycle, attracting" in labels(axes)


@pytest.mark.long
def test_a_flow_of_the_line_shows_its_velocity():
    axes = tw.plot.phase_portrait(tw.models.CurieWeiss())
    m, velocity = curve(axes, "m′")
    np.testing.assert_allclose(velocity, np.tanh(m / 0.5) - m, atol=1e-14)
    assert {"sink", "source"} <= set(labels(axes))


def test_a_slice_says_what_is_held_and_a_projection_what_it_hides():
    rule = tw.models.Lorenz()
    seen = tw.plot.phase_portrait(rule, equilibria=(), starts=1)
    assert seen.get_title(loc="left").startswith("seen along ")
    cut = tw.plot.phase_portrait(
        rule, equilibria=(), plane=("x", "z"), through=jnp.array([0.0, 1.5, 0.0])
    )
    assert cut.get_title(loc="left") == "held: y = 1.5"
    assert {"x′ = 0", "z′ = 0"} <= set(labels(cut))


def test_the_landscape_is_the_energy(wells):
    rule, equilibria = wells
    view, (x, y), values = tw.plot.landscape_data(rule.energy)
    a, b = rule.energy.a, rule.energy.b
    x, y = np.meshgrid(x, y)
    expected = (x**2 * (x**2 - a) + y**2 * (y**2 - b)) / 4.0
    np.testing.assert_allclose(values, expected, atol=1e-13)
    assert view.names == ("x", "y")
    axes = tw.plot.energy_landscape(rule.energy, equilibria=equilibria)
    assert {"sink", "source", "saddle"} <= set(labels(axes))
    surface = tw.plot.energy_landscape(rule.energy, equilibria=equilibria, surface=True)
    assert surface.name == "3d"


def resting(state, kind="sink"):
    """An equilibrium made by hand."""
    size = len(state)
    return tw.Equilibrium(
        np.asarray(state), kind, "node", kind == "sink", -np.ones(size) + 0.0j, -np.eye(size), 0.0,
        0.0,
    )  # fmt: skip


def test_a_landscape_of_many_coordinates_shows_a_plane_of_equilibria():
    energy = tw.energies.DoubleWell()  # in three coordinates
    box = tw.Box([-2.0] * 3, [2.0] * 3)
    one = [resting([1.0, -1.0, 1.0]), resting([0.0, 0.0, 0.5], "saddle")]
    view, (x, y), values = tw.plot.landscape_data(energy, box, equilibria=one)
    assert view.held == "held: x[2] = 1"  # through the lower of the two
    assert values[np.argmin(np.abs(y - 1.0)), np.argmin(np.abs(x + 1.0))] < 1e-2
    three = [resting(s) for s in ([1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [-1.0, 1.0, 1.0])]
    view, _, _ = tw.plot.landscape_data(energy, box, equilibria=three)
    assert view.names == ("first principal axis", "second principal axis")
    assert all(view.shows(e.state) for e in three)
    assert not view.shows(np.array([1.0, 1.0, -1.0]))
    for p in np.random.default_rng(0).normal(size=(5, 2)):
        assert view.place(view.lift(p)) == pytest.approx(p)


def test_levels_spend_themselves_on_the_valley():
    steep = np.concatenate([np.linspace(-1.0, 0.0, 900), np.geomspace(1.0, 1e6, 100)])
    near, levels = valley_levels(steep), colour_levels(steep)
    assert near[0] <= -1.0
    assert near[-1] < 5.0
    assert 6 <= len(near) <= 20
    np.testing.assert_array_equal(levels[: len(near)], near)
    # The walls have bands of their own, up to the top: none is a flat plateau.
    assert 1e6 <= levels[-1] < 1.5e6
    assert len(near) + 4 <= len(levels) <= len(near) + 8
    assert np.all(np.diff(levels) > 0.0)
    assert len(colour_levels(np.full(10, 3.0))) == 2


def test_walls_of_a_surface_rise_and_have_no_flat_top():
    values, levels = np.geomspace(0.1, 1e6, 400), np.linspace(0.0, 5.0, 11)
    drawn = wall_heights(values, levels)
    np.testing.assert_array_equal(drawn[values <= 5.0], values[values <= 5.0])
    assert np.all(np.diff(drawn) > 0.0)
    assert drawn[-1] < 5.0 + 0.5 * 15.0
    axes = tw.plot.energy_landscape(tw.energies.FourWells(), surface=True)
    assert any("walls rise" in text.get_text() for text in axes.texts)


def test_energy_along_a_descent_never_rises(wells):
    rule, _ = wells
    run = tw.simulate(rule, jnp.array([0.05, 1.8]), duration=12.0, save=60)
    times, energies = tw.plot.energy_along_data(run, rule.energy)
    assert times.shape == energies.shape == (60,)
    assert np.all(np.diff(energies) <= 1e-6)
    assert energies[-1] == pytest.approx(-(2.2**2 + 2.0**2) / 16.0, abs=1e-6)
    assert tw.plot.energy_along(run, rule.energy).get_ylabel() == "E"


def test_trajectories_few_coordinates_as_lines_many_as_an_image():
    run = tw.simulate(tw.models.VanDerPol(), jnp.array([1.0, 0.0]), duration=10.0, save=30)
    _, values, names = tw.plot.trajectory_data(run)
    assert (values.shape, names) == ((30, 2), ["x", "y"])
    np.testing.assert_allclose(values, run.states)
    assert labels(tw.plot.trajectory(run)) == ["x", "y"]
    many = tw.simulate(tw.as_map(lambda x: 0.5 * x), jnp.ones(12), steps=5)
    axes = tw.plot.trajectory(many)
    assert axes.get_xlabel() == "step"
    image = axes.collections[0].get_array()
    assert image is not None
    assert image.shape == (12, 6)


def test_a_spectrum_is_the_eigenvalues_by_kind(wells):
    _, equilibria = wells
    values = tw.plot.spectrum_data(equilibria)
    assert sorted(np.real(values["source"])) == pytest.approx([1.0, 1.1])
    assert len(values["sink"]) == 8
    assert len(values["saddle"]) == 8
    axes = tw.plot.spectrum(equilibria)
    assert {"decays", "sink", "source", "saddle"} <= set(labels(axes))
    left, right = axes.get_xlim()
    assert left < -2.2
    assert right > 1.1


@pytest.mark.parametrize("values", [(2.0, 0.0), (0.5 + 3.0j, 0.5 - 3.0j), (0.1,), (88.0, -0.1)])
def test_every_multiplier_of_a_map_is_on_the_figure(values):
    multipliers = np.array(values, dtype=complex)
    fixed = Equilibrium(
        np.zeros(len(values)), "saddle", None, False, multipliers, np.diag(multipliers), 0.0, 0.0,
        about=About(rule_kind="map"),
    )  # fmt: skip
    axes = tw.plot.spectrum([fixed])
    axes.figure.canvas.draw()
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for line in axes.get_lines():
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        if line.get_label() == "saddle":
            assert np.all((left < x) & (x < right) & (low < y) & (y < high))
    assert left < -1.0
    assert right > 1.0
    assert axes.get_aspect() == 1.0


@pytest.mark.long
def test_a_verdict_drawn_on_a_portrait_is_the_one_drawn_alone(wells, fitzhugh_nagumo):
    """The portrait spares work; what is on the figure stays."""
    for rule, equilibria, *cycles in (wells, fitzhugh_nagumo):
        known = {"equilibria": equilibria, "cycles": cycles[0] if cycles else ()}
        found = tw.recover_energy(rule, equilibria=equilibria, cycles=known["cycles"])
        ready = tw.plot.portrait_data(rule, energy=lambda x: 7.0 * x[0], **known)
        alone, quick = (
            tw.plot.verdict(found, rule, portrait=portrait, **known) for portrait in (None, ready)
        )
        assert labels(quick) == labels(alone)
        assert quick.get_title(loc="left") == alone.get_title(loc="left")
        for ours, theirs in zip(quick.lines, alone.lines, strict=True):
            np.testing.assert_array_equal(ours.get_xydata(), theirs.get_xydata())
        for ours, theirs in zip(quick.collections, alone.collections, strict=True):
            np.testing.assert_array_equal(ours.get_array(), theirs.get_array())


@pytest.mark.long
def test_verdicts_show_the_energy_or_the_witness(wells, fitzhugh_nagumo):
    rule, equilibria = wells
    yes = tw.recover_energy(rule, equilibria=equilibria, thorough=False)
    axes = tw.plot.verdict(yes, rule, equilibria=equilibria)
    assert axes.get_title(loc="left") == "steepest descent of E"
    assert len(axes.figure.axes) == 2  # with a colour bar
    rule, equilibria, cycles = fitzhugh_nagumo
    no = tw.recover_energy(rule, equilibria=equilibria, cycles=cycles, thorough=False)
    for known in (cycles, ()):
        axes = tw.plot.verdict(no, rule, equilibria=equilibria, cycles=known)
        assert axes.get_title(loc="left") == "steepest descent of no energy"
        v, w = curve(axes, "witness: closed orbit")
        assert [v.min(), v.max()] == pytest.approx([-1.933, 1.911], abs=2e-3)
        assert (v[0], w[0]) == pytest.approx((v[-1], w[-1]), abs=1e-3)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: tw.plot.cobweb(tw.models.CurieWeiss()), "is a flow"),
        (lambda: tw.plot.cobweb(tw.models.Henon(), equilibria=()), "2 coordinates"),
        (lambda: tw.plot.spectrum([]), "no equilibria"),
        (lambda: tw.plot.phase_portrait(tw.as_flow(lambda x: -x)), "declares no domain"),
        (lambda: tw.plot.energy_landscape(tw.energies.DoubleWell(), tw.Box([1.0], [1.0])), "width"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, words):
    with pytest.raises(tw.InputError, match=words):
        draw()


@pytest.mark.long
def test_the_room_is_entered_without_matplotlib_and_draws_without_pyplot():
    code = (
        "import sys, thalweg as tw\n"
        "tw.plot.phase_portrait\n"
        "assert 'matplotlib' not in sys.modules\n"
        "tw.plot.phase_portrait(tw.models.CurieWeiss(), equilibria=())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_coordinates_of_different_scales_have_panels_of_their_own():
    times = np.linspace(0.0, 1.0, 20)
    wide = np.stack([np.sin(times), 100.0 * times, np.cos(times)], axis=1)
    lowest = draw_trajectory(times, wide, ["a", "b", "c"])
    figure = lowest.get_figure(root=True)
    assert figure is not None
    assert [panel.get_ylabel() for panel in figure.axes] == ["a", "b", "c"]
    assert lowest is figure.axes[-1]
    assert lowest.get_xlabel() == "t"
    alike = draw_trajectory(times, wide / np.array([1.0, 100.0, 1.0]), ["a", "b", "c"])
    assert labels(alike) == ["a", "b", "c"]
    own = Figure().add_subplot()
    assert draw_trajectory(times, wide, ["a", "b", "c"], paper=Paper(own)) is own


def test_what_swings_often_has_a_panel_of_its_own_and_thin_lines():
    times = np.linspace(0.0, 1.0, 2_000)
    values = np.stack([np.sin(300.0 * times), np.cos(300.0 * times)], axis=1)
    lowest = draw_trajectory(times, values, ["a", "b"])
    figure = lowest.get_figure(root=True)
    assert figure is not None
    assert [panel.get_ylabel() for panel in figure.axes] == ["a", "b"]
    assert [line.get_linestyle() for panel in figure.axes for line in panel.lines] == ["-", "-"]
    # A part of it, in which they turn a few times, is on common axes.
    part = draw_trajectory(times[:100], values[:100], ["a", "b"])
    assert labels(part) == ["a", "b"]


def test_a_path_that_fills_the_plane_is_thin():
    angles = np.linspace(0.0, 300.0, 3_000)
    states = np.stack([np.sin(angles), np.cos(1.01 * angles)], axis=1)
    thin, full = (
        tw.plot.path(run_through(some)).lines[0].get_linewidth() for some in (states, states[:100])
    )
    assert thin < full


@pytest.mark.long
def test_a_far_multiplier_leaves_the_unit_circle_to_be_seen():
    far = dataclasses.replace(
        resting([0.0, 0.0], "saddle"),
        eigenvalues=np.array([60.0j, 0.5]),
        about=About(rule_kind="map"),
    )
    axes = tw.plot.spectrum([far])
    assert " ".join(axes.get_title(loc="left").split()).endswith("the furthest is at 60")
    assert axes.get_ylim()[1] < 7.0
    drawn = curve(axes, "saddle").T.tolist()
    assert drawn == [[0.0, 5.0], [0.5, 0.0]]


@pytest.mark.long
def test_a_witness_on_the_line_is_marked():
    rule = tw.models.Logistic(r=3.2)
    found = tw.recover_energy(rule, thorough=False, cycles=tw.find_cycles(rule))
    axes = tw.plot.verdict(found, rule)
    x, y = curve(axes, "witness: 2-cycle")
    np.testing.assert_allclose(y, 3.2 * x * (1.0 - x), atol=1e-9)
    # Not the orbit of the portrait again: the cobweb goes round the cycle, and closes.
    corners = curve(axes, "an orbit").T
    assert len(corners) == 2 * len(x) + 1
    np.testing.assert_allclose(corners[0], corners[-1], atol=1e-9)
    assert "2-cycle, attracting" not in labels(axes)


@pytest.mark.long
def test_a_split_without_gradient_is_no_landscape():
    """The energy of such a split is rounding, which would look like hills."""
    turn = tw.as_flow(lambda x: jnp.stack([-x[1], x[0]]), domain=tw.Box([-1.0] * 2, [1.0] * 2))
    split = [level for level in tw.recovery.LEVELS if level.name == "split"]
    found = tw.recover_energy(turn, levels=split)
    assert found.split is not None
    nothing = dataclasses.replace(found.split, share=1.0 - 1e-9)
    bare = dataclasses.replace(found, split=nothing)
    assert len(tw.plot.verdict(bare, turn).figure.axes) == 1
    assert len(tw.plot.verdict(found, turn).figure.axes) == 2  # with a bar of colours
    data = tw.plot.portrait_data(turn, equilibria=(), starts=0)
    assert "gradient part" in verdict_caption(found, data)
    assert "without an energy" in verdict_caption(bare, data)
