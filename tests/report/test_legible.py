"""Every kind of page at two widths, light and dark: legible, within the window, with words."""

import pytest
from tests.browsers import faults_of, needs_browser, running_browser

import thalweg as tw
from thalweg.explorer import special_page
from thalweg.explorer.special.table import SUBJECTS
from thalweg.report import analysis_page

pytestmark = [needs_browser, pytest.mark.long]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The addresses of a report, an explorer and the special pages, by name."""
    folder = tmp_path_factory.mktemp("pages")
    found = {name: special_page(name).save(folder / f"{name}.html") for name in SUBJECTS}
    rule = tw.SteepestDescent(tw.energies.FourWells())
    found["explorer"] = tw.explore(rule, search=False).save(folder / "explorer.html")
    report = folder / "report.html"
    report.write_bytes(analysis_page(tw.analyze(rule)).files()["report.html"])
    return {name: path.as_uri() for name, path in {**found, "report": report}.items()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_is_legible(pages, width, scheme):
    with running_browser() as browser:
        for name, address in pages.items():
            view = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            view.goto(address)
            assert (name, faults_of(view)) == (name, [])
            view.close()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p style='color:#999'>pale</p>", "to 1: pale"),
        ("<p style='font-size:9px'>small</p>", "9 px: small"),
        ("<p style='position:absolute;left:380px'>outside</p>", "beyond: outside"),
        ("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "without words"),
    ],
)
def test_a_fault_is_seen(body, fault):
    with running_browser() as browser:
        view = browser.new_page(viewport={"width": 390, "height": 900})
        view.set_content(f"<html><body>{body}</body></html>")
        assert any(fault in found for found in faults_of(view))
