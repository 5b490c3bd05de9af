"""The page of an analysis says what was found."""

import dataclasses
import pathlib
import re

import numpy as np
import pytest
from tests.results import text_of

import thalweg as tw
from thalweg.analysis import Cycle, Cycles
from thalweg.core.about import About
from thalweg.dynamics.words import WORDS
from thalweg.plot.curves import Run
from thalweg.report import analysis_page
from thalweg.report.captions import (
    counted,
    cycles_in_words,
    joined,
    rest_in_words,
    spectrum_caption,
)
from thalweg.report.systems import _until_settled


def page_of(system, name, **options):
    found = tw.analyze(system, name=name, warnings=["mind the gap"], **options)
    return analysis_page(
        dataclasses.replace(found, summary="A summary."),
        command=f"thalweg analyze {name}",
        versions={"thalweg": "9"},
    )


@pytest.fixture(scope="module")
def wells():
    return page_of(tw.energies.FourWells(), "four-wells")


@pytest.mark.long
def test_the_page_leads_with_the_answer(wells):
    assert wells.title == "four-wells"
    assert wells.lead.startswith("A summary. 9 equilibria: 4 sinks, 4 saddles and 1 source;")
    assert wells.lead.endswith("It is steepest descent of an energy, in the Euclidean metric.")


@pytest.mark.long
def test_the_page_holds_everything_that_was_asked_and_found(wells):
    text = wells.to_html()
    for word in (
        "mind the gap", "<dt>a</dt><dd>2.2</dd>", "[-2, 2] × [-2, 2]", "<td>saddle</td>",
        "95 % confidence", "thalweg analyze four-wells", "thalweg 9", "euclidean", "Jᵀ",
    ):  # fmt: skip
        assert word in text or word in text_of(text)
    names = [picture.name for picture in wells.pictures()]
    assert names == ["phase-portrait", "spectrum", "trajectory", "energy-along", "verdict"]
    captions = {picture.name: picture.caption for picture in wells.pictures()}
    assert "x does not change" in captions["phase-portrait"]
    assert "contours of the declared energy" in captions["phase-portrait"]
    assert "run downhill" in captions["verdict"]
    assert captions["energy-along"].endswith(": it never rises.")


@pytest.mark.long
def test_nothing_of_this_machine_is_on_the_page(wells):
    text = re.sub(r"base64,[^\"]+", "", wells.to_html())
    assert str(tw.__file__) not in text
    here = (pathlib.Path.home(), pathlib.Path(__file__).parents[2])
    drawings = [picture.svg.decode() for picture in wells.pictures()]
    assert not any(f"{place}/" in shown for place in here for shown in (text, *drawings))


@pytest.mark.long
def test_a_map_of_the_line_has_its_cobweb_and_its_cycle():
    page = page_of(tw.models.Logistic(r=3.2), "logistic")
    captions = {picture.name: picture.caption for picture in page.pictures()}
    assert "over to the diagonal" in captions["phase-portrait"]
    assert "inside the unit circle" in captions["spectrum"]
    assert "1 cycle (attracting, period 2)" in page.lead
    assert "energy-along" not in captions


@pytest.mark.long
def test_a_rule_without_equilibria_has_a_page():
    drift = tw.as_flow(lambda x: np.ones(2) + 0.0 * x, domain=tw.Box([0.0, 0.0], [1.0, 1.0]))
    page = page_of(drift, "drift")
    assert page.lead.startswith("A summary. No equilibria; no closed orbits.")
    assert "spectrum" not in [picture.name for picture in page.pictures()]


@pytest.mark.long
def test_words():
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert [counted(n, "equilibrium") for n in (0, 1, 2)] == [
        "no equilibria", "1 equilibrium", "2 equilibria",
    ]  # fmt: skip
    assert rest_in_words(tw.find_equilibria(tw.models.DeepLinearMode())) == (
        "1 equilibrium and 1 continuum of equilibria: 1 saddle and a continuum of dimension 1"
    )
    assert rest_in_words(tw.find_equilibria(tw.models.FitzHughNagumo())) == "1 equilibrium (source)"


def cycle(period, kind):
    one = np.ones(1)
    return Cycle(period, one, one, None, kind == "attracting", kind, one[None], one, 0.0, 0.0)


def test_words_of_several_cycles_count_those_that_attract():
    kinds = ("attracting", "attracting", "saddle")
    found = Cycles(tuple(cycle(2.0, kind) for kind in kinds), about=About("Odd", "map"))
    assert cycles_in_words(found) == "3 cycles, 2 of them attracting"
    alone = Cycles(found[2:], about=found.about)
    assert cycles_in_words(alone) == "1 cycle (saddle, period 2)"


@pytest.mark.long
def test_a_run_is_shown_until_it_has_settled():
    times = np.linspace(0.0, 100.0, 1001)
    run = _until_settled(Run(times, np.exp(-times)[:, None]))
    assert run.times[0] == 0.0
    assert run.times[-1] == pytest.approx(1.25 * -np.log(5e-3), abs=0.2)
    turning = Run(times, np.cos(times)[:, None])
    assert len(_until_settled(turning).times) == 1001


def test_a_spectrum_of_one_state_has_no_numbers_and_its_caption_says_nothing_of_them():
    one, two = (spectrum_caption(WORDS["map"], count) for count in (1, 2))
    assert one.startswith("Multipliers of the linearization at the state of rest.")
    assert "Numbers" not in one
    assert two.endswith("Numbers are those of the states, in the order of the table.")
