"""Figures say whose mark it is: eigenvalues by number, energies in the colours of their tracks."""

import matplotlib.colors as colours
import numpy as np
from matplotlib.text import Annotation

import thalweg as tw
from thalweg.report import analysis_page
from thalweg.report.systems import _look


def test_eigenvalues_are_numbered_by_their_equilibria():
    equilibria = tw.find_equilibria(tw.models.Competition())
    axes = tw.plot.spectrum(equilibria)
    legend = axes.get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    named = [text for text in told if text[0].isdigit()]
    assert named[0] == "1: source (0, 0)"
    assert len(named) == len(equilibria) == 4
    for text in axes.texts:
        assert isinstance(text, Annotation)
        place = complex(*text.xy)
        for number in map(int, text.get_text().split(", ")):
            values = np.asarray(equilibria[number - 1].eigenvalues)
            assert np.abs(values - place).min() < 1e-2 * (1.0 + abs(place))


def test_energies_have_the_colours_of_their_tracks():
    found = tw.analyze(tw.energies.FourWells())
    data = tw.plot.portrait_data(found.rule, found.about.domain, equilibria=found.equilibria)
    portrait = tw.plot.phase_portrait(found.rule, found.about.domain, equilibria=found.equilibria)
    drawn = [x for x in portrait.lines if x.get_label() == "trajectory, from its start"]
    looks = [_look(data.view.problem, i, track) for i, track in enumerate(data.tracks)]
    own = [colours.to_hex(line.get_color()) for line in drawn]
    assert own == [colours.to_hex(look["color"]) for look in looks]
    assert len(set(own)) == len(own) == 5
    for line, look in zip(drawn, looks, strict=True):
        x, y = (float(np.asarray(values)[0]) for values in line.get_data())
        assert look["label"] == f"from ({x:.5g}, {y:.5g})"
    captions = {p.name: p.caption for p in analysis_page(found).pictures()}
    assert "in their colours" in captions["energy-along"]
