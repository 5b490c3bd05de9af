"""Portraits are made of the layers of one table."""

import pkgutil
import types

import numpy as np
import pytest

import thalweg as tw
from thalweg.plot import layers, portrait_data
from thalweg.plot.layers.table import LAYERS
from thalweg.plot.portraits import draw_portrait


@pytest.fixture(scope="module")
def magnet():
    """The portrait of m' = tanh(2m) − m."""
    rule = tw.models.CurieWeiss()
    return portrait_data(rule, equilibria=tw.find_equilibria(rule))


def test_every_module_is_a_layer_of_the_table():
    modules = {module.name for module in pkgutil.iter_modules(layers.__path__)} - {"table"}
    rows = {getattr(layer, "__name__", "").rpartition(".")[2] for layer in LAYERS.values()}
    assert modules == rows


def test_a_row_is_all_that_a_new_layer_needs(monkeypatch):
    def compute(scene):
        return scene.view.points(np.array([[0.5, -0.5], [1.5, 0.0]]))

    def draw(axes, data):
        axes.plot(*data.seeds.T, "+", label="seeds")
        return axes

    monkeypatch.setitem(LAYERS, "seeds", types.SimpleNamespace(compute=compute, draw=draw))
    data = portrait_data(tw.models.VanDerPol(), equilibria=(), starts=0)
    np.testing.assert_allclose(data.seeds, [[0.5, -0.5], [1.5, 0.0]])
    assert draw_portrait(data).get_legend_handles_labels()[1][-1] == "seeds"


@pytest.mark.long
def test_layers_draw_on_the_axes_that_they_are_given_and_return_them(magnet):
    axes = tw.plot.phase_portrait(tw.models.CurieWeiss(), equilibria=())
    for layer in LAYERS.values():
        assert layer.draw(axes, magnet) is axes


@pytest.mark.long
def test_numbers_of_a_layer_may_be_replaced_and_others_do_not_exist(magnet):
    assert magnet.replace(equilibria=[]).equilibria == []
    assert len(magnet.equilibria) == 3
    with pytest.raises(AttributeError, match="no layer 'colours'"):
        magnet.colours  # noqa: B018


@pytest.mark.long
def test_arrows_of_the_line_point_where_the_state_goes_and_keep_off_the_marks(magnet):
    tails, tips = magnet.velocity.T
    middles = (tails + tips) / 2
    np.testing.assert_array_equal(np.sign(tips - tails), np.sign(np.tanh(middles / 0.5) - middles))
    for place, _ in magnet.equilibria:
        assert np.abs(middles - place).min() > 0.06 * 3.0
    assert len(middles) == 8


def test_arrows_of_a_map_point_to_the_next_state_no_further_than_their_distance():
    data = portrait_data(tw.models.Henon(), equilibria=(), starts=0)
    (x, y), (u, v) = data.arrows.places.T, data.arrows.steps.T
    step = np.stack([1.0 - 1.4 * x**2 + y - x, 0.3 * x - y])
    length = np.hypot(step[0] / 4.0, step[1] / 2.0)
    np.testing.assert_allclose([u, v], step * np.minimum(1.0, 0.8 / 21 / length), atol=1e-12)
    assert length.min() < 0.8 / 21 < length.max()
    assert data.streams == []
