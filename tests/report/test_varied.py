"""`analyze` over a parameter: the diagram in the result, its JSON and its page."""

from html import unescape

import pytest

import thalweg as tw
from thalweg.cli.parse.variation import read_variation, read_variations
from thalweg.report import analysis_page


@pytest.fixture(scope="module")
def wells():
    return tw.analyze(tw.energies.DoubleWell(), vary={"tilt": (-2.0, 2.0)})


@pytest.mark.long
def test_the_diagram_is_a_part_of_the_analysis(wells):
    """E = b(x²/w² − 1)² + cx folds where −4bx(x²/w² − 1)/w² = c has a double root."""
    energy = tw.energies.DoubleWell()
    fold = 8.0 * energy.barrier / (3.0 * 3.0**0.5 * energy.width)
    found = wells.to_dict()["diagram"]
    assert found["parameter"] == "tilt"
    values = [b["value"] for b in found["bifurcations"]]
    assert values == pytest.approx([-fold, fold], rel=1e-12)
    assert set(found["branches"][0]) >= {"of", "values", "states", "stable", "periods", "extremes"}
    assert set(found["checks"]) == {"values", "agree", "unseen_upper"}
    assert tw.Analysis.from_dict(wells.to_dict()) == wells
    assert "tilt from -2 to 2" in str(wells)


@pytest.mark.long
def test_the_page_shows_the_branches(wells):
    page = analysis_page(wells)
    assert "Over tilt" in [section.title for section in page.sections]
    assert "bifurcation-diagram" in [picture.name for picture in page.pictures()]
    text = unescape(page.to_html())
    assert '"name": "energy.tilt", "value": 0.0, "lower": -2.0, "upper": 2.0' in text


@pytest.mark.long
def test_two_parameters_give_curves():
    """E = b(x²/w² − 1)² + cx folds where |c| = 8b/(3√3 w); the cusp is at b = 0."""
    energy = tw.energies.DoubleWell()
    found = tw.analyze(energy, vary={"tilt": (-2.0, 2.0), "barrier": (0.2, 1.0)})
    assert found.diagram is None
    assert set(found.to_dict()) >= {"curves"}
    assert found.curves is not None
    assert found.curves.parameters == ("tilt", "barrier")
    assert [curve.kind for curve in found.curves.curves] == ["fold", "fold"]
    for curve in found.curves.curves:
        tilt, barrier = curve.values.T
        fold = 8.0 * barrier / (3.0 * 3.0**0.5 * energy.width)
        assert abs(tilt) == pytest.approx(fold, rel=1e-9)
    assert tw.Analysis.from_dict(found.to_dict()) == found
    page = analysis_page(found)
    assert "Over tilt and barrier" in [section.title for section in page.sections]
    assert "bifurcation-curves" in [picture.name for picture in page.pictures()]


def test_more_than_two_parameters_are_refused():
    span = (0.0, 1.0)
    with pytest.raises(tw.InputError, match="one parameter or two"):
        tw.analyze(tw.energies.DoubleWell(), vary={"tilt": span, "barrier": span, "width": span})


@pytest.mark.long
def test_words_of_a_variation():
    assert read_variation("x + y=-1:2e1") == {"x + y": (-1.0, 20.0)}
    assert read_variations(None) == {}
    assert read_variations(["a=0:1", "b=2:3"]) == {"a": (0.0, 1.0), "b": (2.0, 3.0)}
    with pytest.raises(tw.InputError, match="a varies twice"):
        read_variations(["a=0:1", "a=2:3"])
    for text in ("current", "current=1", "=0:1", "current=a:b"):
        with pytest.raises(tw.InputError, match="NAME=FROM:TO"):
            read_variation(text)
