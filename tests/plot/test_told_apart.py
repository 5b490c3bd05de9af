"""Figures say whose mark it is: eigenvalues by number, energies in the colours of their tracks."""

import matplotlib.colors as colours
import numpy as np
import pytest
from matplotlib.text import Annotation

import thalweg as tw
from thalweg.plot.legends import _by_name
from thalweg.plot.style import with_minus
from thalweg.report import analysis_page
from thalweg.report.systems import _look


@pytest.mark.long
def test_eigenvalues_are_numbered_by_their_equilibria():
    equilibria = tw.find_equilibria(tw.models.Competition())
    axes = tw.plot.spectrum(equilibria)
    legend = axes.get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    named = [text for text in told if text[0].isdigit()]
    assert named[0] == "1: source (0, 0)"
    assert len(named) == len(equilibria) == 4
    _numbered(axes, equilibria)


def _numbered(axes, equilibria):
    """Each eigenvalue is near a text with the number of its equilibrium, and each text near one."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    places, owners = [], []
    for text in axes.texts:
        assert isinstance(text, Annotation)
        x, y = text.xy
        places.append(x / (right - left) + 1j * y / (high - low))
        owners.append(_numbers(text.get_text()))
    for number, equilibrium in enumerate(equilibria, start=1):
        values = np.asarray(equilibrium.eigenvalues)
        values = np.real(values) / (right - left) + 1j * np.imag(values) / (high - low)
        own = np.array([p for p, numbers in zip(places, owners, strict=True) if number in numbers])
        gaps = np.abs(values[:, None] - own)
        assert np.all(gaps.min(axis=0) < 0.036)
        assert np.all(gaps.min(axis=1) < 0.036)


def _numbers(text):
    ends = [part.split("–") for part in text.split(", ")]
    return {n for end in ends for n in range(int(end[0]), int(end[-1]) + 1)}


def test_many_equilibria_are_numbered_and_the_legend_names_kinds(four_wells):
    axes = tw.plot.spectrum(four_wells.equilibria)
    assert {"sink", "source", "saddle"} <= set(axes.get_legend_handles_labels()[1])
    assert len(axes.texts) == 3
    _numbered(axes, four_wells.equilibria)


@pytest.mark.long
def test_energies_have_the_colours_of_their_tracks():
    found = tw.analyze(tw.energies.FourWells())
    data = tw.plot.portrait_data(found.rule, found.about.domain, equilibria=found.equilibria)
    portrait = tw.plot.phase_portrait(found.rule, found.about.domain, equilibria=found.equilibria)
    drawn = [x for x in portrait.lines if x.get_label() == "trajectories (dots: starts)"]
    looks = [_look(data.view.problem, i, track) for i, track in enumerate(data.tracks)]
    own = [colours.to_hex(line.get_color()) for line in drawn]
    assert own == [colours.to_hex(look["color"]) for look in looks]
    assert len(set(own)) == len(own) == 5
    for line, look in zip(drawn, looks, strict=True):
        x, y = (float(np.asarray(values)[0]) for values in line.get_data())
        assert look["label"] == f"from ({x:.5g}, {y:.5g})"
    told = _by_name(portrait)["trajectories (dots: starts)"]
    assert [colours.to_hex(line.get_color()) for line in told] == own
    captions = {p.name: p.caption for p in analysis_page(found).pictures()}
    assert "in their colours" in captions["energy-along"]


def test_legends_have_the_minus_of_the_axes():
    assert (
        with_minus("1: saddle (-8.4, -.5, 2e-3), x-1, e_-2")
        == "1: saddle (−8.4, −.5, 2e-3), x-1, e_-2"
    )
