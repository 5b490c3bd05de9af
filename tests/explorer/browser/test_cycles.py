"""Closed orbits that the page finds by itself, and the names above its diagram."""

import numpy as np
import pytest
from tests.browsers import needs_browser
from tests.explorer.pages import Opened

import thalweg as tw
from thalweg.models import registry

pytestmark = needs_browser
CYCLES = "thalwegPage.scene.cycles.map(({us, vs, ...rest}) => ({...rest, first: us, second: vs}))"


def page_of(browser, folder, name, search=False, **options):
    page = tw.explore(registry.find(name).create(), name=name, search=search, **options)
    return Opened(browser, page.save(folder / f"{name}.html").as_uri())


@pytest.mark.long
def test_an_attracting_cycle_is_that_of_the_library_and_goes_with_the_slider(
    browser, tmp_path, fitzhugh_nagumo
):
    (known,) = fitzhugh_nagumo.cycles
    with page_of(browser, tmp_path, "fitzhugh-nagumo") as page:
        page.wait_until("thalwegPage.scene.cycles.length === 1")
        (cycle,) = page.evaluate(CYCLES)
        assert cycle["isStable"]
        assert cycle["period"] == pytest.approx(known.period, rel=1e-6)
        states = np.asarray(known.states)
        ends = [(min(cycle[k]), max(cycle[k])) for k in ("first", "second")]
        np.testing.assert_allclose(np.ravel(ends)[::2], states.min(axis=0), atol=2e-3)
        np.testing.assert_allclose(np.ravel(ends)[1::2], states.max(axis=0), atol=2e-3)
        assert "attracting of period 36.518" in page.view.locator("#cycles").inner_text()
        page.slide(0, 0.5)
        page.wait_until("Math.abs(thalwegPage.scene.cycles[0]?.period - 39.4744) < 1e-3")
        page.slide(0, 0.3)  # below the Hopf bifurcation and the fold of cycles
        assert page.evaluate("thalwegPage.scene.cycles.length") == 0
        assert page.view.locator("#cycles li").count() == 0
        page.slide(0, 0.5)
        page.view.locator("#layer-cycles").click()
        page.wait()
        assert page.state().endswith("hide=cycles")
        assert page.evaluate("thalwegPage.scene.cycles.length") == 0


# Of van der Pol's oscillator at μ = 1 a published number; Lotka's and Volterra's are a family.
@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "periods"),
    [("van-der-pol", [6.6632868593]), ("lotka-volterra", []), ("pendulum", []), ("four-wells", [])],
)
def test_cycles_are_found_where_there_are_some(browser, tmp_path, name, periods):
    with page_of(browser, tmp_path, name) as page:
        found = page.evaluate(
            "module_cycles.findCycles(thalwegPage.model, thalwegPage.scene.equilibria,"
            " thalwegPage.scene.view, thalwegPage.state.usual, 1e5).cycles.map((c) => c.period)"
        )
        np.testing.assert_allclose(found, periods, rtol=1e-6)


@pytest.mark.long
def test_a_relaxation_oscillation_that_is_higher_than_the_view_is_found(browser, tmp_path):
    with page_of(browser, tmp_path, "van-der-pol") as page:
        page.evaluate("thalwegPage.move(0, 6, true)")  # beyond the slider
        page.wait()
        page.wait_until("thalwegPage.scene.cycles.length === 1")
        (cycle,) = page.evaluate(CYCLES)
        (known,) = tw.find_cycles(tw.models.VanDerPol(mu=6.0))
        assert cycle["period"] == pytest.approx(known.period, rel=1e-5)
        assert max(cycle["second"]) > page.evaluate("thalwegPage.scene.view[3]")


@pytest.mark.long
def test_a_repelling_cycle_lies_inside_the_attracting_one(browser, tmp_path):
    rule = tw.models.MorrisLecar()
    known = sorted((c.period, bool(c.stable)) for c in tw.find_cycles(rule))
    with page_of(browser, tmp_path, "morris-lecar") as page:
        page.wait_until("thalwegPage.scene.cycles.length === 2")
        cycles = page.evaluate(CYCLES)
        found = sorted((c["period"], c["isStable"]) for c in cycles)
        assert [stable for _, stable in found] == [stable for _, stable in known] == [True, False]
        np.testing.assert_allclose([p for p, _ in found], [p for p, _ in known], rtol=1e-5)


@pytest.mark.long
def test_names_above_a_diagram_neither_overlap_nor_leave_it(browser, tmp_path):
    with page_of(browser, tmp_path, "fitzhugh-nagumo", vary={"current": (0.3, 1.45)}) as page:
        names = page.evaluate("""() => {
          const pen = new module_pens.SvgPen(300, 260, "#fff");
          const diagram = thalwegPage.diagram.stored.current;
          const box = [68, 12 + module_diagram.ABOVE, 220, 182];
          const frame = module_diagram.diagramFrame(diagram, 0, box);
          module_diagram.drawDiagram(pen, frame, diagram, 0, "v", 0.8, module_theme.theme());
          document.body.insertAdjacentHTML("beforeend", pen.toText());
          const svg = document.body.lastElementChild;
          const edge = svg.getBoundingClientRect();
          const kinds = diagram.bifurcations.map((b) => b.kind);
          const texts = [...svg.querySelectorAll("text")];
          return texts.filter((t) => kinds.includes(t.textContent)).map((t) => {
            const b = t.getBoundingClientRect();
            return [b.left - edge.left, b.top - edge.top, b.right - edge.left, b.bottom - edge.top];
          });
        }""")
        assert len(names) == 4
        for k, (left, top, right, bottom) in enumerate(names):
            assert min(left, top) >= 0.0
            assert right <= 300.0
            for x0, y0, x1, y1 in names[:k]:
                assert not (left < x1 and x0 < right and top < y1 - 2.0 and y0 < bottom - 2.0)
