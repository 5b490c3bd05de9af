"""Portraits shade basins where two attractors or more share the figure, and nowhere else."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.plot import portrait_data
from thalweg.plot.layers import basins
from thalweg.plot.portraits import draw_portrait
from thalweg.report.captions import portrait_caption


@pytest.fixture(scope="module")
def wells(four_wells):
    rule, equilibria, _ = four_wells
    return portrait_data(rule, equilibria=equilibria, energy=rule.energy, starts=0)


@pytest.mark.long
def test_each_well_has_its_quadrant(wells):
    (x, y), labels = wells.basins
    assert labels.shape == (len(y), len(x)) == (80, 80)
    quadrant = 2 * (x[None, :] > 0.0) + (y[:, None] > 0.0)
    for number in range(4):
        assert len(np.unique(labels[quadrant == number])) == 1
    assert sorted(np.unique(labels)) == [0, 1, 2, 3]


@pytest.mark.long
def test_the_image_has_a_pale_colour_a_basin_and_the_legend_all_of_them(wells):
    axes = draw_portrait(wells)
    (image,) = axes.images
    pixels = np.asarray(image.get_array())
    assert len(np.unique(pixels.reshape(-1, 4), axis=0)) == 4
    assert pixels[..., 3].max() < 0.4
    # x runs to the right and y upwards, as on the axes.
    corners = pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]
    labels = wells.basins.labels
    for corner, label in zip(corners, labels[[0, 0, -1, -1], [0, -1, 0, -1]], strict=True):
        np.testing.assert_allclose(corner[:3], _rgb(int(label)), atol=1e-9)
    names = axes.get_legend_handles_labels()[1]
    assert names.count("basins of attraction") == 4
    legend = axes.get_legend()
    assert legend is not None
    assert [t.get_text() for t in legend.get_texts()].count("basins of attraction") == 1
    assert axes.get_xlim() == (-2.0, 2.0)


def test_where_most_starts_stay_undecided_nothing_is_shaded(four_wells, monkeypatch):
    rule, equilibria, _ = four_wells
    asked = []

    def undecided(scene, points):
        asked.append(len(points))
        return np.full(len(points), -3)

    monkeypatch.setattr(basins, "_labels", undecided)
    assert portrait_data(rule, equilibria=equilibria, starts=0).basins is None
    assert asked == [basins._TRIED]  # the others are not tried


def _rgb(label):
    from matplotlib.colors import to_rgb

    return to_rgb(basins._colour(label))


@pytest.mark.long
def test_over_basins_an_energy_is_lines(wells, four_wells):
    called = "the declared energy"
    said = portrait_caption(wells, called)
    assert "Each shade is a basin" in said
    assert f"pale lines are contours of {called}" in said
    plain = wells.replace(basins=None)
    assert f"filled contours of {called}" in portrait_caption(plain, called)
    filled = [draw_portrait(data).collections[0].filled for data in (plain, wells)]  # type: ignore[attr-defined]
    assert filled == [True, False]


def test_one_attractor_has_no_basin(fitzhugh_nagumo):
    rule, equilibria, cycles = fitzhugh_nagumo
    data = portrait_data(rule, equilibria=equilibria, cycles=cycles, starts=0)
    assert data.basins is None
    axes = draw_portrait(data)
    assert not axes.images
    assert "basins of attraction" not in axes.get_legend_handles_labels()[1]


def test_basins_can_be_left_out(four_wells):
    rule, equilibria, _ = four_wells
    assert portrait_data(rule, equilibria=equilibria, starts=0, basins=False).basins is None


@pytest.mark.long
def test_a_map_of_the_line_has_strips():
    """x⁺ = x + (x − x³)/2 comes to −1 and 1, from its own side of 0."""
    rule = tw.as_map(lambda x: x + 0.5 * (x - x**3), domain=tw.Box([-1.5], [1.5]))
    data = portrait_data(rule, starts=0)
    (x,), labels = data.basins
    assert np.all(labels[x < 0.0] == labels[0])
    assert np.all(labels[x > 0.0] == labels[-1])
    assert labels[0] != labels[-1]
    axes = draw_portrait(data)
    spans = [patch for patch in axes.patches if patch.get_alpha() == basins._ALPHA]
    assert len(spans) == 2


@pytest.mark.long
def test_three_shares_have_basins_inside_their_triangle():
    """Replication whose pure states all attract: the largest share takes all."""
    rule = tw.models.Replicator(payoff=np.eye(3))
    data = portrait_data(rule, starts=0)
    (x, y), labels = data.basins
    shares = data.view.lift(np.stack(np.meshgrid(x, y), axis=-1))
    shares = np.concatenate([shares, 1.0 - shares.sum(axis=-1, keepdims=True)], axis=-1)
    inside = np.all(shares > 0.02, axis=-1)
    first, second = np.sort(shares, axis=-1)[..., 2], np.sort(shares, axis=-1)[..., 1]
    clear = inside & (first - second > 0.02)
    largest = np.argmax(shares, axis=-1)
    for share in range(3):
        assert len(np.unique(labels[clear & (largest == share)])) == 1
    assert len(np.unique(labels[clear])) == 3
    assert np.all(labels[np.any(shares < -0.02, axis=-1)] == -3)
