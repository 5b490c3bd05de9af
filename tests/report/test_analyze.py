"""The main job as a verb: its parts agree, it prints, and JSON gives the same analysis back."""

import dataclasses
import json

import jax.numpy as jnp
import pytest

import thalweg as tw
from thalweg.core.jsontext import clean
from thalweg.report import analysis_page
from thalweg.report.analyze import STAGES


@pytest.fixture(scope="module")
def oscillator():
    return tw.analyze(tw.models.FitzHughNagumo(current=0.8))


@pytest.fixture(scope="module")
def wells():
    stages = []
    found = tw.analyze(
        tw.energies.FourWells(), name="wells", seed=3, warnings=["mind"], stage=stages.append
    )
    return found, stages


def read_back(found):
    return tw.Analysis.from_dict(json.loads(json.dumps(clean(found.to_dict()))))


@pytest.mark.long
def test_what_is_read_back_is_what_was_written(oscillator, wells):
    line = tw.analyze(tw.models.DeepLinearMode())  # a continuum
    for found in (oscillator, wells[0], line):
        again = read_back(found)
        assert again == found
        assert again.to_dict() == json.loads(json.dumps(found.to_dict()))
        assert str(again) == str(found)
        assert dataclasses.replace(again, seed=99) != found


@pytest.mark.long
def test_an_energy_that_json_cannot_hold_says_so(wells):
    again = read_back(wells[0])
    assert again.verdict.kind == "euclidean"
    assert wells[0].verdict.data()["not_kept"] == ["energy", "metric"]
    with pytest.raises(tw.InputError, match="does not keep the energy"):
        again.verdict.energy(jnp.zeros(2))
    with pytest.raises(tw.InputError, match="does not keep the rule"):
        analysis_page(again)


def test_an_energy_stands_for_its_descent(wells):
    found, stages = wells
    assert stages == list(STAGES)
    assert found.parameters == {"a": 2.2, "b": 2.0}
    assert (len(found.equilibria), len(found.cycles)) == (9, 0)
    assert found.descent is not None
    assert found.descent.strict
    assert found.warnings == ("mind",)
    assert str(found).endswith("Note: mind")


def test_the_parts_are_about_the_same(oscillator):
    parts = (oscillator.equilibria, oscillator.cycles, oscillator.verdict, oscillator.cycles[0])
    assert all(part.about is oscillator.about for part in parts)
    other = oscillator.called("another")
    assert other.verdict.title == "Energy of another (flow): refuted"
    assert other.equilibria[0].about.system == "another"
    assert oscillator.descent is None


def test_it_shows_in_a_notebook_and_in_80_columns(oscillator):
    shown = oscillator._repr_html_()
    for word in ("Analysis of FitzHughNagumo", "1 equilibrium", "36.51803247", "refuted"):
        assert word in shown
    assert max(map(len, str(oscillator).splitlines())) <= 80
    assert oscillator.table()[1][-1] == ["steepest descent", "refuted"]


@pytest.mark.parametrize("system", [lambda x: -x, tw.models.FitzHughNagumo, 3.0])
def test_what_is_no_system_is_refused(system):
    with pytest.raises(tw.InputError, match=r"Wrap a function|call it, "):
        tw.analyze(system, tw.Box([-1.0], [1.0]))
