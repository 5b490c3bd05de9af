"""The portrait of a report that moves with its sliders."""

import dataclasses

import numpy as np
import pytest
from tests.browsers import needs_browser, running_browser

import thalweg as tw
from thalweg.report import analysis_page
from thalweg.report.moving import moving_portrait
from thalweg.report.plain import to_text


@pytest.fixture(scope="module")
def found():
    return tw.analyze(tw.energies.FourWells(), name="four-wells")


@pytest.mark.long
def test_it_is_a_frame_without_rights_and_a_line_of_the_text(found):
    page = analysis_page(found)
    text = page.to_html()
    assert text.count("<iframe") == 1
    assert 'sandbox="allow-scripts allow-downloads"' in text
    assert "Explorer of four-wells: on the page." in to_text(page)


@pytest.mark.long
@needs_browser
def test_it_knows_the_equilibria_that_the_analysis_found(found, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(analysis_page(found).to_html(), encoding="utf-8")
    with running_browser() as running:
        view = running.new_page()
        complaints = []
        view.on("console", lambda message: complaints.append(message.text))
        view.goto(file.as_uri())
        view.locator("iframe").scroll_into_view_if_needed()
        frame = view.frames[1]
        view.frame_locator("iframe").locator("#equilibria strong").first.wait_for()
        states = frame.evaluate(
            "thalwegPage.scene.equilibria.filter((e) => e.isConfirmed).map(({u, v}) => [u, v])"
        )
    expected = sorted(e.state.tolist() for e in found.equilibria)
    np.testing.assert_allclose(sorted(states), expected, atol=1e-9)
    assert complaints == []


@pytest.mark.long
def test_there_is_none_where_no_page_can_show_the_system(found):
    class Spatial(tw.Flow):
        domain = tw.Box([-1.0] * 3, [1.0] * 3)

        def velocity(self, t, state):
            return -state

    rule = Spatial()
    about = dataclasses.replace(found.about, domain=rule.domain)
    assert moving_portrait(dataclasses.replace(found, rule=rule, about=about)) == []
