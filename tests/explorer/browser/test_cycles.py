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


VAN_DER_POL = "(x, y) => [y, %s * (1 - x * x) * y - x]"
REVERSED = "(x, y) => [-y, x - %s * (1 - x * x) * y]"
# r' = r f(r), and a turn in 2π.
ROUND = "(x, y) => {{ const r = Math.hypot(x, y), f = {}; return [f * x - y, f * y + x]; }}"
# A Hamiltonian, so that every orbit is closed and none of them alone.
FLAT_CENTER = "(x, y) => [50 * y, -0.02 * x - x ** 3]"

FIND = """([law, points, view]) => {
  const out = new Float64Array(2);
  const at = (u, v) => { [out[0], out[1]] = law(u, v); return out; };
  const model = {
    dimension: 2, isFlow: true, system: { time: false, period: [null, null] },
    at, inside: (u, v) => [u, v], contains: () => true,
  };
  return module_cycles.findCycles(model, points, view, 20, 1e5).cycles
    .map(({ us, period, isStable }) => [Math.max(...us), period, isStable]);
}"""


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    with page_of(browser, tmp_path_factory.mktemp("cycles"), "van-der-pol") as page:
        yield page


def cycles_of(page, law, view, kind="source", form="focus"):
    """Closed orbits that the page finds about the origin, `(reach, period, attracts)`, by reach."""
    points = f'[{{ kind: "{kind}", form: "{form}", u: 0, v: 0 }}]'
    return sorted(page.evaluate(f"({FIND})([{law}, {points}, {list(view)}])"))


def square(half):
    return [-half, half, -half, half]


@pytest.mark.parametrize("radius", [0.1, 0.2, 0.3, 0.5])
def test_a_small_cycle_is_listed_once(opened, radius):
    law = ROUND.format(f"{radius} ** 2 - r * r")
    ((reach, period, is_stable),) = cycles_of(opened, law, square(3.0))
    assert is_stable
    assert reach == pytest.approx(radius, rel=1e-3)
    assert period == pytest.approx(2 * np.pi, rel=1e-9)


@pytest.mark.parametrize("half", [8, 16, 40])
def test_a_cycle_of_a_wide_view_is_listed_once_with_its_period(opened, half):
    ((_, period, _),) = cycles_of(opened, VAN_DER_POL % 1, square(half))
    assert period == pytest.approx(6.6632868593, rel=1e-6)


def test_nested_cycles_stay_apart(opened):
    law = ROUND.format("(0.5 - r) * (r - 1) * (r - 1.5)")
    found = cycles_of(opened, law, square(2.0))
    np.testing.assert_allclose([reach for reach, _, _ in found], [0.5, 1.0, 1.5], rtol=1e-3)
    assert [is_stable for _, _, is_stable in found] == [True, False, True]
    # A start of this view lies between the two.
    close = cycles_of(opened, ROUND.format("(1 - r) * (1.02 - r)"), square(1.673))
    np.testing.assert_allclose([reach for reach, _, _ in close], [1.0, 1.02], rtol=1e-3)
    assert [is_stable for _, _, is_stable in close] == [True, False]


def test_cycles_about_sink_nodes_and_centers_are_found(opened):
    ((_, period, is_stable),) = cycles_of(opened, REVERSED % 3, [-3, 3, -6, 6], "sink", "node")
    assert not is_stable
    assert period == pytest.approx(8.85909550, rel=1e-6)
    law = ROUND.format("r * r * (1 - r * r)")
    ((reach, _, is_stable),) = cycles_of(opened, law, square(2.0), "center", "")
    assert is_stable
    assert reach == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("half", [1.0, 2.0, 5.0])
def test_the_orbits_about_a_center_are_no_cycles(opened, half):
    view = [-half, half, -1.2 * half, 1.3 * half]
    assert cycles_of(opened, FLAT_CENTER, view, "center", "") == []


@pytest.mark.long
def test_a_search_that_takes_too_long_is_left_and_the_page_says_so(browser, tmp_path):
    said = "The search for closed orbits took too long and was left"
    with page_of(browser, tmp_path, "van-der-pol") as page:
        page.wait_until("!thalwegPage.scene.isCoarse")
        assert said not in page.view.locator("#notes").inner_text()
        page.evaluate(
            "globalThis.clock = 0; performance.now = () => (clock += 100); thalwegPage.recompute()"
        )
        page.wait_until("thalwegPage.scene.mayLackCycles")
        assert said in page.view.locator("#notes").inner_text()


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
