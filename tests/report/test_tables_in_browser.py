"""Tables on a telephone: sentences below what they belong to, captions that need no scrolling."""

import pytest
from tests.browsers import needs_browser, running_browser

from thalweg.report import Page, Section, Table

pytestmark = needs_browser
SENTENCE = "The constant matrices that make M J(x) symmetric are all indefinite, as the rest says."


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Boxes of the cells of two tables and of a caption, by the width of the window."""
    levels = Table(["level", "outcome", "what was found"], [["constant-metric", "no", SENTENCE]])
    numbers = Table([f"column {i}" for i in range(14)], [["0.123456"] * 14], "A caption. " * 12)
    page = Page("system", "An answer.", [Section("Tables", [levels, numbers])])
    file = tmp_path_factory.mktemp("tables") / "report.html"
    file.write_bytes(page.files()["report.html"])
    found = {}
    with running_browser() as browser:
        for width in (390, 1440):
            view = browser.new_page(viewport={"width": width, "height": 800})
            view.goto(file.as_uri())
            found[width] = view.evaluate(
                """() => {
                  const box = (e) => { const r = document.createRange(); r.selectNodeContents(e);
                    return r.getBoundingClientRect().toJSON(); };
                  return {first: [...document.querySelectorAll(".prose td")].map(box),
                    caption: box(document.querySelector("caption")),
                    wide: document.documentElement.scrollWidth};
                }"""
            )
    return found


@pytest.mark.long
@pytest.mark.parametrize("width", [390, 1440])
def test_a_caption_is_read_without_scrolling(places, width):
    caption = places[width]["caption"]
    assert caption["left"] >= 0.0
    assert caption["right"] <= min(width, (width + 46 * 16) / 2)
    assert places[width]["wide"] <= width


def test_a_sentence_has_the_width_of_a_telephone_and_stands_beside_on_a_desk(places):
    level, outcome, found = places[390]["first"]
    assert found["top"] >= max(level["bottom"], outcome["bottom"]) - 1.0
    assert found["width"] > 250.0
    level, outcome, found = places[1440]["first"]
    assert found["left"] > outcome["right"] > level["right"]
    assert found["top"] == pytest.approx(level["top"], abs=1.0)
