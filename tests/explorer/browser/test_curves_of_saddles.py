"""Stable and unstable curves of a saddle, against those that it was made of."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.browsers import needs_browser
from tests.explorer.pages import Opened

import thalweg as tw

pytestmark = needs_browser
_BEND = 0.3


def straightened(x, y):
    """The coordinates p = x − 0.3w² and w = y − x², in which the curves are the axes."""
    w = y - x**2
    return x - _BEND * w**2, w


class Bent(tw.Map):
    """A saddle at the origin whose curves are parabolas: p⁺ = λp, w⁺ = μw − φw².

    The unstable curve is w = 0 and the stable one p = 0.
    """

    grows: float = 2.0
    shrinks: float = 0.5
    folds: float = 0.0
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])
    state_names = ("x", "y")

    def step(self, t, state):
        p, w = straightened(*state)
        p, w = self.grows * p, self.shrinks * w - self.folds * w**2
        x = p + _BEND * w**2
        return jnp.stack([x, w + x**2])


class BentFlow(tw.Flow):
    """The flow of p' = λp, w' = −μw in the same coordinates."""

    grows: float = 1.0
    shrinks: float = 0.5
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        p, w = straightened(*state)
        dp, dw = self.grows * p, -self.shrinks * w
        dx = dp + 2.0 * _BEND * w * dw
        return jnp.stack([dx, dw + 2.0 * state[0] * dx])


def curves(page):
    """`(coordinates (p, w) of its points, is stable, ends)` of every curve."""
    found = page.evaluate(
        "thalwegPage.scene.separatrices.map((c) => [Array.from(c.us), Array.from(c.vs),"
        " c.isStable, c.ends])"
    )
    made = []
    for us, vs, is_stable, ends in found:
        made.append((*straightened(np.array(us), np.array(vs)), is_stable, ends))
    return made


@pytest.fixture(scope="module")
def bent(tmp_path_factory):
    page = tw.explore(Bent(), search=False)
    return page.save(tmp_path_factory.mktemp("page") / "bent.html").as_uri()


@pytest.mark.parametrize("signs", [(1.0, 1.0), (-1.0, -1.0)])
def test_both_curves_of_a_saddle_are_followed_out_of_the_view(browser, bent, signs):
    with Opened(browser, bent) as page:
        for index, value in enumerate((2.0 * signs[0], 0.5 * signs[1])):
            page.evaluate(f"thalwegPage.move({index}, {value}, true)")
        page.wait()
        found = curves(page)
        assert sorted(is_stable for _, _, is_stable, _ in found) == [False, False, True, True]
        assert {ends for *_, ends in found} == {"left"}
        for p, w, is_stable, _ in found:
            across, along = (p, w) if is_stable else (w, p)
            assert np.abs(across).max() < 1e-3
            assert np.abs(along).max() > 0.7
            assert np.all(np.diff(np.abs(along)) > 0.0)
        assert page.view.locator("#notes li").count() == 0
        assert page.complaints == []


@pytest.mark.long
def test_curves_of_a_flow_leave_the_saddle_forwards_and_backwards_in_time(browser, tmp_path):
    page = tw.explore(BentFlow(), search=False).save(tmp_path / "bent.html")
    with Opened(browser, page.as_uri()) as page:
        found = curves(page)
        assert sorted(is_stable for _, _, is_stable, _ in found) == [False, False, True, True]
        assert {ends for *_, ends in found} == {"left"}
        for p, w, is_stable, _ in found:
            across, along = (p, w) if is_stable else (w, p)
            assert np.abs(across).max() < 1e-5
            assert np.all(np.diff(np.abs(along)) > 0.0)
        reached = {(stable, np.sign((w if stable else p)[-1])) for p, w, stable, _ in found}
        assert reached == {(stable, side) for stable in (True, False) for side in (-1.0, 1.0)}
        assert page.complaints == []


@pytest.mark.long
def test_a_stable_curve_ends_where_the_map_cannot_be_undone_and_it_is_said(browser, bent):
    with Opened(browser, bent) as page:
        page.slide(2, 1.0)
        ended = [(p, w) for p, w, is_stable, ends in curves(page) if is_stable and ends == "fold"]
        assert len(ended) == 1
        p, w = ended[0]
        # w/2 − w² has its largest value at 1/4: what lies above is the image of nothing.
        np.testing.assert_allclose(w[-1], 0.25, atol=2e-3)
        assert np.abs(p).max() < 1e-3
        notes = page.view.locator("#notes")
        assert "only as far as the map can be undone" in notes.inner_text()
        page.slide(2, 0.0)
        page.slide(1, 0.0)
        assert [len(p) for p, _, is_stable, _ in curves(page) if is_stable] == [1, 1]
        assert "only as far as the map can be undone" in notes.inner_text()
        assert page.complaints == []
