"""Pages in a browser: they fit, show figures, follow dark and light, print, and stay offline."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from tests.browsers import needs_browser, running_browser

from thalweg.report import Code, Facts, Page, Points, Section, Table, Text, picture

pytestmark = needs_browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with everything on it that may be too wide."""
    axes = Figure(figsize=(5, 4)).add_subplot()
    axes.plot([0, 1], [1, 0])
    wide = [f"column {i}" for i in range(14)]
    page = Page(
        "a-system-with-a-very-long-name-" * 4,
        "What was found, in a sentence.",
        [
            Section("Figures", [picture(axes, "wave", "A line that falls.", "a line")]),
            Section("Facts", [Facts([("name", "0123456789" * 20)]), Points(["one", "two"])]),
            Section("Tables", [Table(wide, [[f"{i}.123456" for i in range(14)]] * 3), Text("-")]),
            Section("Made", [Code("thalweg analyze " + "--set parameter=1.5 " * 12)]),
        ],
    )
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_bytes(page.files()["report.html"])
    return file.as_uri()


@pytest.fixture(scope="module")
def browser():
    with running_browser() as running:
        yield running


def opened(browser, address, width, scheme):
    """The page in a window of its own, with what it asked for and complained of."""
    view = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked, complaints = [], []
    view.on("request", lambda request: asked.append(request.url))
    view.on("console", lambda message: complaints.append(message.text))
    view.goto(address)
    return view, asked, complaints


@pytest.mark.parametrize("width", [1200, 390, 320])
def test_nothing_is_wider_than_the_window(browser, address, width):
    view, asked, complaints = opened(browser, address, width, "light")
    wide, inner = view.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= inner
    assert view.evaluate("document.querySelector('img').naturalWidth") > 100
    drawn = view.locator("img").bounding_box()
    assert drawn is not None
    framed = view.locator("figure .wide").bounding_box()
    assert framed is not None
    assert 0.85 * min(width, 736) < framed["width"] <= width
    # Letters of 9 points have 9 pixels at least, and 16 at most, as those of the page: where the
    # window is too narrow for that, the figure scrolls in its frame.
    assert 9.0 <= 9.0 * drawn["width"] / (5.0 * 72.0) <= 16.3
    assert view.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 15
    assert complaints == []
    assert all(url == address or url.startswith("data:") for url in asked)
    view.close()


def lightness(view, element, which):
    """The mean of red, green and blue of a colour of an element, 0 to 255."""
    text = view.evaluate(f"getComputedStyle(document.querySelector('{element}')).{which}")
    return sum(float(part) for part in text[4:-1].split(",")) / 3.0


@pytest.mark.long
def test_it_follows_the_readers_choice_of_dark_or_light(browser, address):
    for scheme, paper_is_light in (("light", True), ("dark", False)):
        view, _, _ = opened(browser, address, 1000, scheme)
        paper = lightness(view, "body", "backgroundColor")
        assert (paper > 200.0) == paper_is_light
        assert (paper < 60.0) != paper_is_light
        for element in ("p", "h1", "td", "figcaption", "dt"):
            assert abs(lightness(view, element, "color") - paper) > 100.0
        view.close()


@pytest.mark.long
def test_it_prints_on_white(browser, address):
    view, _, _ = opened(browser, address, 1000, "dark")
    assert view.pdf(format="A4").startswith(b"%PDF")
    view.emulate_media(media="print")
    assert lightness(view, "body", "backgroundColor") == 255.0
    assert lightness(view, "body", "color") < 30.0
    view.close()


@pytest.mark.long
def test_figures_are_dark_in_the_dark(browser, address):
    for scheme, is_light in (("light", True), ("dark", False)):
        view, _, _ = opened(browser, address, 1000, scheme)
        shot = view.locator("figure img").screenshot()
        shades = np.asarray(Image.open(io.BytesIO(shot)).convert("L"), float)
        corner, whole = shades[:6, :6].mean(), shades
        assert (corner > 200.0) == is_light
        # Letters and the frame stand out against the paper.
        assert np.abs(whole - corner).max() > 150.0
        view.close()
