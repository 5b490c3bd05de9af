"""JavaScript fields of the built-in systems against `velocity` and `step`."""

import equinox as eqx
import jax
import numpy as np
import pytest
from tests.browsers import needs_browser
from tests.explorer.pages import EVALUATE, Opened, number_rows

from thalweg.core.domains import Box
from thalweg.explorer.page import page_html
from thalweg.explorer.system import read_system
from thalweg.models import registry

pytestmark = needs_browser
LARGER = ("lorenz", "normalization", "random-tanh", "ring-attractor")
QUICK = ("fitzhugh-nagumo", "henon", "pendulum")
_POINTS = 1000


def planar(name):
    """A built-in system of the plane or the line, or a slice in the first two coordinates."""
    rule = registry.find(name).create()
    if name not in LARGER:
        return read_system(rule, name=name)
    lower, upper = (np.array(b, dtype=float) for b in rule.domain.chart().bounds)
    upper[2:] = lower[2:] = (lower + 0.4 * (upper - lower))[2:]
    return read_system(rule, Box(lower, upper), name=name)


def open_page(browser, folder, system):
    file = folder / f"{system.name}.html"
    file.write_text(page_html(system), encoding="utf-8")
    return Opened(browser, file.as_uri())


@eqx.filter_jit
def _of_jax(problem, points):
    return jax.vmap(lambda y: (problem.displacement(y), problem.jacobian(y)))(points)


def agrees(browser, folder, name, bound):
    """Whether field and Jacobian agree, to `bound` of |f| and of what its terms may be."""
    system = planar(name)
    assert system.reason == ""
    rng = np.random.default_rng(0)
    begun = np.array([slider.value for slider in system.sliders])
    points = system.problem.chart.draw(rng, _POINTS)
    sets = [begun, 1.07 * begun, begun * (1.0 + 0.2 * rng.random(begun.shape))]
    asked = [number_rows(sets), number_rows(points)]
    with open_page(browser, folder, system) as page:
        fields = page.evaluate(EVALUATE, ["displacement", *asked])
        slopes = page.evaluate(EVALUATE, ["jacobian", *asked])
        assert page.complaints == []
    with jax.enable_x64(True):
        for p, field, slope in zip(sets, fields, slopes, strict=True):
            f, jacobian = map(np.asarray, _of_jax(system.at(p), points))
            terms = np.einsum("nij,nj->ni", np.abs(jacobian), np.abs(points))
            ours, theirs = np.array(field, dtype=float), np.array(slope, dtype=float)
            np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(f), err_msg=name)
            is_there = np.isfinite(f) & np.isfinite(terms)
            off = np.abs(ours - f) - bound * np.maximum(np.abs(f), terms)
            assert np.all(off[is_there] <= 0.0), name
            there = np.all(is_there, axis=1)
            size = np.abs(jacobian[there]).max(initial=1e-300)
            assert np.abs(theirs[there] - jacobian[there].reshape(there.sum(), -1)).max() <= (
                1e-12 * size
            ), name


@pytest.mark.long
@pytest.mark.parametrize("name", QUICK)
def test_a_printed_field_is_the_rules_own(browser, tmp_path, name):
    agrees(browser, tmp_path, name, 1e-14)


@pytest.mark.long
@pytest.mark.parametrize("name", [e.name for e in registry.ENTRIES if e.name not in QUICK])
def test_every_built_in_system_is_printed_exactly(browser, tmp_path, name):
    agrees(browser, tmp_path, name, 1e-12)
