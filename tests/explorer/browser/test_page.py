"""The exported page by hand: it computes alone, moves with its sliders, keeps its state."""

import pathlib
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.browsers import needs_browser
from tests.explorer.pages import Opened, saved

import thalweg as tw
from thalweg.explorer import Explorer
from thalweg.explorer.page import page_html
from thalweg.explorer.system import read_system
from thalweg.models import registry

pytestmark = needs_browser
# FitzHugh–Nagumo at current 0.8.
REST = (-0.27290095900, 0.53387380125)
_SIZE = 300_000


def written(folder, name, **options):
    """The address of the page of a built-in system."""
    rule = registry.find(name).create()
    page = tw.explore(rule, name=name, search=False, **options)
    return page.save(folder / f"{name}.html").as_uri()


@pytest.fixture(scope="module")
def fitzhugh_nagumo(tmp_path_factory):
    return written(tmp_path_factory.mktemp("page"), "fitzhugh-nagumo")


@pytest.mark.long
def test_a_page_asks_nobody_and_complains_of_nothing(browser, fitzhugh_nagumo):
    with Opened(browser, fitzhugh_nagumo) as page:
        assert page.complaints == []
        assert all(url == fitzhugh_nagumo or url.startswith("data:") for url in page.asked)
        assert page.evaluate("document.documentElement.outerHTML.length") < _SIZE
        policy = page.view.locator("meta[http-equiv]").get_attribute("content")
        assert policy is not None
        assert "unsafe" not in policy
        assert "Square: non-hyperbolic." in page.view.content()
        # The policy holds: text does not become code, later and from the page itself.
        page.evaluate("setTimeout(() => setTimeout('globalThis.made = 1'))")
        page.view.wait_for_timeout(100)
        assert page.evaluate("globalThis.made === undefined")


@pytest.mark.long
def test_a_slider_moves_an_equilibrium_to_where_the_search_finds_it(browser, fitzhugh_nagumo):
    with Opened(browser, fitzhugh_nagumo) as page:
        states, kinds = page.equilibria()
        np.testing.assert_allclose(states, [REST], atol=1e-10)
        assert kinds == ["source"]
        page.slide(0, 0.3)
        (found,) = tw.find_equilibria(tw.models.FitzHughNagumo(current=0.3))
        states, kinds = page.equilibria()
        np.testing.assert_allclose(states, [found.state], atol=1e-8)
        assert kinds == [found.kind]
        assert page.view.locator("#equilibria li").count() == 1


@pytest.mark.long
def test_a_click_launches_the_run_that_simulate_makes(browser, fitzhugh_nagumo):
    with Opened(browser, fitzhugh_nagumo) as page:
        page.click(-1.5, 0.25)
        page.click(1.0, -1.0, shift=True)
        runs = page.evaluate("thalwegPage.state.runs")
        assert [run["sign"] for run in runs] == [1, -1]
        page.evaluate("thalwegPage.state.duration = 10; thalwegPage.changed(true)")
        page.wait()
        run = page.evaluate(
            "(({times, us, vs}) => [times.at(-1), us.at(-1), vs.at(-1)])(thalwegPage.scene.runs[0])"
        )
        start = np.array([runs[0]["u"], runs[0]["v"]])
        end = tw.simulate(tw.models.FitzHughNagumo(), start, duration=10.0, rtol=1e-9).final
        np.testing.assert_allclose(run, [10.0, *np.asarray(end)], atol=1e-4)


def test_the_address_restores_the_page_and_changes_can_be_undone(browser, fitzhugh_nagumo):
    with Opened(browser, fitzhugh_nagumo) as page:
        page.slide(1, 0.55)
        page.click(0.5, 1.0)
        page.view.locator("#zoom-in").click()
        page.view.locator("#layer-arrows").click()
        page.wait()
        page.wait_until("location.hash.slice(1) === thalwegPage.state.toText()")
        address, state = page.view.url, page.state()
        assert "p.a=0.55" in state
        with Opened(browser, address) as other:
            assert other.state() == state
            np.testing.assert_array_equal(other.equilibria()[0], page.equilibria()[0])
        for _ in range(4):
            page.view.keyboard.press("Control+z")
            page.wait()
        assert page.state() == ""
        page.view.keyboard.press("Control+y")
        page.wait()
        assert page.state() == "p.a=0.55"


def test_what_an_address_has_too_much_is_ignored_and_said(browser, fitzhugh_nagumo):
    wrong = "#p.curent=1&view=3,1,0,1&p.tau=9&runs=1,2,x&p.a=much&%E0=1"
    with Opened(browser, fitzhugh_nagumo + wrong) as page:
        assert page.state() == "p.tau=9"
        notes = page.view.locator("#notes").inner_text()
        for said in ("p.curent=1", "view=3,1,0,1", "runs=1,2,x", "p.a=much"):
            assert said in notes
        assert page.complaints == []


CLOCKED = """
import thalweg as tw

class Clocked(tw.Map):
    '''The state is halved, and the number of the step is added.'''

    domain = tw.Box([-9.0], [9.0])
    state_names = ("x",)

    def step(self, t, state):
        return 0.5 * state + 0.1 * t
"""


def test_an_orbit_begins_at_the_time_that_is_set(browser, tmp_path, monkeypatch):
    (tmp_path / "clocked.py").write_text(CLOCKED)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    from clocked import Clocked  # type: ignore[import-not-found]

    page = tw.explore(Clocked(), search=False, name="clocked.py:Clocked")
    address = page.save(tmp_path / "page.html").as_uri()
    with Opened(browser, f"{address}#t=7&T=2&runs=1,0,f") as seen:
        orbit = seen.evaluate("thalwegPage.scene.runs[0].us")
        np.testing.assert_allclose(orbit, [1.0, 1.2, 1.4])  # 1/2 + 7/10, then 3/5 + 8/10
        rows = saved(seen, "#save-csv").splitlines()
        assert [row.split(",")[0] for row in rows[1:]] == ["7", "8", "9"]
        script = saved(seen, "#save-script")
    names = {}
    with jax.enable_x64(True):
        exec(script.replace("jax.config.update(", "print("), names)
    np.testing.assert_allclose(np.ravel(names["runs"][0].states), orbit)


class Hostile(tw.Flow):
    """A system whose names are code."""

    constructor: float = 1.0
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])
    state_names = ("</script><script>boom()</script>", "in")

    def velocity(self, t, state):
        return -self.constructor * state


@pytest.mark.long
def test_names_that_are_code_stay_text(browser, tmp_path):
    name = "<img src=x onerror=boom()> ${boom()} ' \" \u2028"
    file = tmp_path / "page.html"
    file.write_text(page_html(read_system(Hostile(), name=name)), encoding="utf-8")
    with Opened(browser, file.as_uri()) as page:
        assert page.complaints == []
        assert page.view.locator("h1").inner_text().startswith("<img src=x onerror=boom()>")
        assert page.view.locator("img").count() == 0
        assert page.view.locator("script").count() == 2
        assert page.equilibria()[1] == ["sink"]
        assert "</script>" in page.view.locator("#equilibria").inner_text()


@pytest.mark.long
def test_angles_go_round_wherever_the_view_begins(browser, tmp_path):
    address = written(tmp_path, "pendulum")
    with Opened(browser, address + "#view=0,6.283185307179586,-8,8") as page:
        states, kinds = page.equilibria()
        np.testing.assert_allclose(states, [[0.0, 0.0], [np.pi, 0.0]], atol=1e-9)
        assert kinds == ["sink", "saddle"]


@pytest.mark.long
def test_rounding_takes_no_run_through_the_walls_of_a_simplex(browser, tmp_path):
    with Opened(
        browser, written(tmp_path, "replicator") + "#runs=0.26,0.6,f;0.1,0.1,f;0.6,0.3,b"
    ) as page:
        ends = page.evaluate(
            "thalwegPage.scene.runs.map((r) => [r.ends, r.us.at(-1), r.vs.at(-1)])"
        )
        assert [how for how, *_ in ends] == ["rest"] * 3
        corners = [[0.0, 1.0], [0.0, 0.0], [6.0 / 11.0, 3.0 / 11.0]]  # and, backwards, the middle
        np.testing.assert_allclose([end for _, *end in ends], corners, atol=1e-7)
        # Where all is at rest, what is left of the energy's change is rounding.
        assert page.view.locator("#notes li").count() == 0
        picture = page.evaluate(
            "(({ model, state, scene }) => { const sinks = scene.equilibria.filter("
            "(e) => e.kind === 'sink'); const work = new module_basins.Basins("
            "model, state.view, sinks, state.duration); let count = 0;"
            " work.advance(() => { count += 1; return count > 256; }); return work.picture(); })"
            "(thalwegPage)"
        )
        assert picture["escapes"] == 0.0
        assert picture["starts"] > 100
        shares = [attractor["fraction"] for attractor in picture["attractors"]]
        assert len([share for share in shares if share > 0.05]) == 3


class Rooted(tw.Flow):
    """A rule that is not finite in half of the plane."""

    size: float = 1.0
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

    def velocity(self, t, state):
        return jnp.stack([jnp.sqrt(state[0]) - 0.5 * self.size, -state[1]])


@pytest.mark.long
def test_where_the_field_is_not_finite_the_view_is_blank_and_it_is_said(browser, tmp_path):
    page = tw.explore(Rooted(), search=False)
    with Opened(browser, page.save(tmp_path / "page.html").as_uri()) as seen:
        notes = seen.view.locator("#notes")
        assert re.search(r"not finite in (49|50) % of the view", notes.inner_text())
        assert seen.equilibria()[1] == ["saddle"]
        np.testing.assert_allclose(seen.equilibria()[0], [[0.25, 0.0]], atol=1e-12)
        seen.click(-0.5, 0.5)
        assert "ends where the field is not finite" in notes.inner_text()
        assert seen.complaints == []


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_it_fits_the_window_and_follows_dark_and_light(browser, fitzhugh_nagumo, width, scheme):
    with Opened(browser, fitzhugh_nagumo, width=width, scheme=scheme) as page:
        page.click(1.0, 1.0)
        wide, inner = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= inner
        drawn = page.view.locator("#portrait").bounding_box()
        assert drawn is not None
        assert min(300, 0.8 * width) <= drawn["width"] <= width
        context = "document.getElementById('portrait').getContext('2d')"
        corner = page.evaluate(f"[...{context}.getImageData(1, 1, 1, 1).data]")
        paper = sum(corner[:3]) / 3.0
        assert paper > 200.0 if scheme == "light" else paper < 60.0


@pytest.mark.long
def test_a_frame_follows_the_palette_of_the_documentation(browser, fitzhugh_nagumo, tmp_path):
    """The site's script tells it; the system's choice is the other one throughout."""
    script = pathlib.Path(__file__).parents[3] / "docs" / "site.js"
    site = tmp_path / "site.html"
    site.write_text(
        '<body data-md-color-scheme="default"><iframe sandbox="allow-scripts" '
        f'src="{fitzhugh_nagumo}"></iframe><script>{script.read_text()}</script></body>'
    )
    view = browser.new_page(color_scheme="dark")
    view.goto(site.as_uri())
    (frame,) = view.main_frame.child_frames
    for palette, scheme in (("default", "light"), ("slate", "dark"), ("default", "light")):
        view.evaluate(f"document.body.dataset.mdColorScheme = '{palette}'")
        for _ in range(200):
            if frame.evaluate("document.documentElement.dataset.scheme") == scheme:
                break
            view.wait_for_timeout(20)
        view.wait_for_timeout(100)
        context = "document.getElementById('portrait').getContext('2d')"
        drawn = frame.evaluate(f"[...{context}.getImageData(1, 1, 1, 1).data]")[:3]
        around = frame.evaluate("getComputedStyle(document.body).backgroundColor")
        paper = {"light": (255, 255, 255), "dark": (21, 24, 27)}[scheme]
        assert tuple(drawn) == paper
        assert around == f"rgb{paper}"
    view.close()


@pytest.mark.long
def test_keys_do_what_the_mouse_does(browser, fitzhugh_nagumo):
    with Opened(browser, fitzhugh_nagumo) as page:
        page.view.locator("#portrait").focus()
        for key in ("ArrowRight", "ArrowUp", "Enter", "+"):
            page.view.keyboard.press(key)
        page.wait()
        assert len(page.evaluate("thalwegPage.state.runs")) == 1
        assert page.evaluate("thalwegPage.state.view[1]") < 3.0
        page.view.keyboard.press("0")
        page.view.keyboard.press("Delete")
        page.wait()
        assert page.state() == ""


@pytest.mark.long
def test_an_explorer_needs_formulas_to_be_a_file():
    class Sorted(tw.Flow):
        domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

        def velocity(self, t, state):
            return -jnp.sort(state)

    page = tw.explore(Sorted(), search=False)
    assert isinstance(page, Explorer)
    with pytest.raises(tw.InputError, match="sort"):
        page.to_html()
    assert "because it uses the JAX operation &#x27;sort&#x27;" in page._repr_html_()
