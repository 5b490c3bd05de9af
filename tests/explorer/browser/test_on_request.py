"""Basins, diagrams, confirmed equilibria, sampled fields, files to keep, frames of notebooks."""

import json
import subprocess
import sys
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from tests.browsers import needs_browser
from tests.explorer.pages import Opened, saved

import thalweg as tw
from thalweg.explorer import PageServer
from thalweg.explorer.questions import diagram_data
from thalweg.explorer.system import read_system
from thalweg.models import registry

pytestmark = needs_browser


class Tilted(tw.Flow):
    """Two wells; y decays. The basins part where x = 0."""

    depth: float = 1.0
    domain = tw.Box([-2.0, -1.0], [2.0, 1.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([self.depth * x - x**3, -y])


class Sorted(tw.Flow):
    """A rule that no page computes: x' = −(the smaller), y' = 1 − (the larger), by sorting."""

    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])

    def velocity(self, t, state):
        return jnp.array([0.0, 1.0]) - jnp.sort(state)


def pitchfork():
    """The diagram of the wells over their depth, as Python computes it, by hand."""
    depths = np.linspace(0.0, 1.5, 40)
    sides = [np.stack([side * np.sqrt(depths), 0.0 * depths], axis=1) for side in (-1.0, 1.0)]
    middle = [([-1.0, 0.0], True), ([0.0, 1.5], False)]
    branches = [(depths.tolist(), states.tolist(), True) for states in sides]
    branches += [(ends, [[0.0, 0.0]] * 2, stable) for ends, stable in middle]
    return {
        "parameter": "depth",
        "range": [-1.0, 1.5],
        "bifurcations": [{"kind": "pitchfork", "value": 0.0, "state": [0.0, 0.0]}],
        "branches": [
            {
                "of": "equilibria",
                "values": values,
                "states": states,
                "stable": [stable] * len(values),
                "extremes": None,
            }
            for values, states, stable in branches
        ],
    }


@pytest.fixture(scope="module")
def wells(tmp_path_factory):
    """The address of a page that carries all it can."""
    page = replace(tw.explore(Tilted()), diagrams={"depth": pitchfork()})
    return page.save(tmp_path_factory.mktemp("page") / "wells.html").as_uri()


@pytest.mark.long
def test_basins_are_shaded_in_a_thread_and_their_shares_are_told(browser, wells):
    with Opened(browser, wells) as page:
        page.view.locator("#basins").click()
        page.wait_until("thalwegPage.basins.shown && thalwegPage.basins.shown.isDone", 60.0)
        shown = "thalwegPage.basins.shown"
        fractions = page.evaluate(f"{shown}.attractors.map((a) => [a.u, a.fraction])")
        np.testing.assert_allclose(sorted(fractions), [[-1.0, 0.5], [1.0, 0.5]], atol=1e-9)
        labels = page.evaluate(f"[...{shown}.labels].slice(0, 128)")
        assert [len(set(labels[:64])), len(set(labels[64:]))] == [1, 1]
        assert page.evaluate(f"{shown}.starts") == 128**2
        page.slide(0, 0.9)
        assert page.evaluate(f"{shown} === null")
        assert "ask again" in page.view.locator("#notes").inner_text()
        assert page.complaints == []


@pytest.mark.long
def test_stored_equilibria_are_full_and_those_of_other_values_hollow(browser, wells):
    confirmed = "thalwegPage.scene.equilibria.map((e) => Boolean(e.isConfirmed))"
    with Opened(browser, wells) as page:
        assert page.evaluate(confirmed) == [True] * 3
        page.slide(0, 0.5)
        assert page.evaluate(confirmed) == [False] * 3
        assert page.view.locator("#equilibria em").count() == 3
    with Opened(browser, wells + "#p.depth=0.5") as page:
        assert page.evaluate(confirmed) == [False] * 3


@pytest.mark.long
def test_a_stored_diagram_shows_the_slider_and_a_click_on_it_moves_it(browser, wells):
    with Opened(browser, wells) as page:
        words = page.view.locator("#diagram-words")
        assert "pitchfork at 0" in words.inner_text().replace("−0", "0")
        where = "[thalwegPage.diagram.frame.x(-0.5), thalwegPage.diagram.frame.top + 50]"
        x, y = page.evaluate(where)
        page.view.locator("#diagram").click(position={"x": x, "y": y})
        page.wait()
        assert page.evaluate("thalwegPage.state.values[0]") == pytest.approx(-0.5, abs=0.02)
        assert page.equilibria()[1] == ["sink"]


@pytest.mark.long
def test_a_served_page_lets_python_confirm_and_follow(browser):
    page = tw.explore(Tilted(), search=False)
    with PageServer(page, port=0) as server, Opened(browser, server.address, offline=False) as seen:
        seen.wait_until("thalwegPage.scene.equilibria.every((e) => e.isConfirmed)", 60.0)
        assert seen.equilibria()[1] == ["sink", "saddle", "sink"]
        seen.view.locator("#diagram-button").click()
        seen.wait_until("thalwegPage.diagram.frame !== null", 90.0)
        assert "pitchfork" in seen.view.locator("#diagram-words").inner_text()
        assert seen.complaints == []


@pytest.mark.long
def test_a_diagram_is_stored_as_the_page_draws_it():
    system = read_system(Tilted())
    found, by_hand = diagram_data(system, "depth", (-1.0, 1.5)), pitchfork()
    assert found["range"] == by_hand["range"]
    (point,) = found["bifurcations"]
    assert point["kind"] == "pitchfork"
    np.testing.assert_allclose([point["value"], *point["state"]], 0.0, atol=1e-9)
    for branch in found["branches"]:
        values, states = np.array(branch["values"]), np.array(branch["states"])
        assert len(values) <= 300
        x = states[:, 0]
        np.testing.assert_allclose(values * x - x**3, 0.0, atol=1e-5)
        slope = values - 3.0 * x**2
        is_told = np.abs(slope) > 1e-3
        np.testing.assert_array_equal(np.array(branch["stable"])[is_told], slope[is_told] < 0.0)


@pytest.mark.long
def test_python_samples_a_field_without_formulas(browser):
    page = tw.explore(Sorted(), search=False)
    with PageServer(page, port=0) as server, Opened(browser, server.address, offline=False) as seen:
        seen.wait_until("thalwegPage.scene.equilibria.length > 0", 30.0)
        states, kinds = seen.equilibria()
        np.testing.assert_allclose(states, [[0.0, 1.0], [1.0, 0.0]], atol=1e-3)
        assert kinds == ["sink", "saddle"]
        assert "slower" in seen.view.locator("#notes").inner_text()
        assert seen.complaints == []


@pytest.mark.long
def test_a_frame_of_a_notebook_computes_without_any_rights(browser, tmp_path):
    frame = tw.explore(Tilted(), search=False)._repr_html_()
    assert 'sandbox="allow-scripts allow-downloads"' in frame
    file = tmp_path / "notebook.html"
    file.write_text(f"<!doctype html><title>Notebook</title>{frame}", encoding="utf-8")
    view = browser.new_page()
    complaints = []
    view.on("console", lambda message: complaints.append(message.text))
    view.goto(file.as_uri())
    inner = view.frame_locator("iframe")
    inner.locator("#equilibria strong").first.wait_for()
    box = view.locator('iframe[loading="lazy"]').bounding_box()
    assert box is not None
    assert box["height"] == 760
    inner.locator("#basins").click()
    inner.get_by_text("16384 starts").wait_for(timeout=60_000)
    assert inner.locator("#basin-list li").count() == 3
    assert complaints == []
    view.close()


@pytest.mark.long
def test_a_drawing_and_a_run_can_be_kept(browser, wells):
    with Opened(browser, wells) as page:
        page.click(0.5, 0.5)
        drawing = saved(page, "#save-svg")
        assert drawing.startswith("<svg")
        assert drawing.count("<path") > 5
        rows = saved(page, "#save-csv").splitlines()
        assert rows[0] == "time,x,y"
        first, last = (np.array(row.split(","), dtype=float) for row in (rows[1], rows[-1]))
        start = page.evaluate("[thalwegPage.state.runs[0].u, thalwegPage.state.runs[0].v]")
        np.testing.assert_allclose(first, [0.0, *start])
        np.testing.assert_allclose(last[1:], [1.0, 0.0], atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("name", ["fitzhugh-nagumo", "henon", "double-well"])
def test_the_script_draws_the_same_figure_with_the_library(browser, tmp_path, name):
    page = tw.explore(registry.find(name).create(), name=name, search=False)
    address = page.save(tmp_path / "page.html").as_uri()
    with Opened(browser, address) as seen:
        seen.slide(0, 0.9)
        seen.click(*((0.3, 0.4) if name != "double-well" else (0.3, 0.0)))
        if name == "fitzhugh-nagumo":
            seen.click(1.0, 0.5, shift=True)
        script = saved(seen, "#save-script")
        states, kinds = seen.equilibria()
        run = seen.evaluate("(({us, vs}) => [us.at(-1), vs.at(-1)])(thalwegPage.scene.runs[0])")
    told = (
        "\nimport json\nends = [np.ravel(np.asarray(r.final)).tolist() for r in runs]"
        "\nprint(json.dumps([[np.ravel(e.state).tolist() for e in equilibria],"
        " [e.kind for e in equilibria], ends]))\n"
    )
    (tmp_path / "portrait.py").write_text(script + told)
    done = subprocess.run(
        [sys.executable, "portrait.py"], cwd=tmp_path, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    theirs, their_kinds, ends = json.loads(done.stdout.splitlines()[-1])
    size = len(theirs[0])
    np.testing.assert_allclose(states[:, :size], theirs, atol=1e-8)
    assert kinds == their_kinds
    if name != "henon":  # whose orbits part exponentially
        np.testing.assert_allclose(run[:size], ends[0], atol=1e-3)
    assert (tmp_path / "portrait.svg").stat().st_size > 5_000


@pytest.mark.long
def test_an_energy_that_is_given_comes_along_on_a_grid(browser, tmp_path):
    system = tw.models.VanDerPol()
    page = tw.explore(system, energy=lambda x: jnp.sum(jnp.cosh(x)), search=False)
    with Opened(browser, page.save(tmp_path / "page.html").as_uri()) as seen:
        points = np.random.default_rng(0).uniform(-2.5, 2.5, (50, 2))
        heights = "(points) => points.map(([u, v]) => thalwegPage.model.energy(u, v))"
        found = seen.evaluate(heights, points.tolist())
        np.testing.assert_allclose(found, np.cosh(points).sum(axis=1), rtol=1e-3)
        seen.click(0.1, 0.1)  # away from the source in the middle it rises
        assert seen.evaluate("thalwegPage.scene.runs[0].rises.some(Boolean)")
        assert "rises along a run" in seen.view.locator("#notes").inner_text()
        seen.slide(0, 0.5)
        assert seen.evaluate("thalwegPage.scene.showsEnergy") is False
        assert "values to begin with" in seen.view.locator("#notes").inner_text()


@pytest.mark.long
def test_along_a_descent_nothing_rises_and_around_a_center_neither(browser, tmp_path):
    rules = {
        "descent": (Tilted(), lambda x: x[0] ** 4 / 4 - x[0] ** 2 / 2 + x[1] ** 2 / 2),
        "declared": (tw.SteepestDescent(tw.energies.FourWells()), None),
        "center": (registry.find("rock-paper-scissors").create(), None),
    }
    for name, (rule, energy) in rules.items():
        page = tw.explore(rule, energy=energy, search=False)
        with Opened(browser, page.save(tmp_path / f"{name}.html").as_uri()) as seen:
            for place in ((0.2, 0.3), (0.45, 0.1)):
                seen.click(*place)
            assert seen.evaluate("thalwegPage.scene.runs.every((r) => r.energies.length > 9)")
            assert not seen.evaluate("thalwegPage.scene.runs.some((r) => r.rises.some(Boolean))")
