"""The figure of a comparison: heights above the lowest energy, by steps."""

import numpy as np

import thalweg as tw
from thalweg.dynamics import ProximalStep
from thalweg.energies import Quadratic


def test_heights_are_geometric_on_a_bowl():
    energy = Quadratic(2.0 * np.eye(1))
    rules = {
        "gradient": tw.GradientStep(energy, 0.25),
        "proximal": ProximalStep(energy, 0.5),
        "too long": tw.GradientStep(energy, 1.5),
    }
    found = tw.compare_operators(energy, rules, np.array([[1.0], [-1.0], [1.0]]), steps=400)
    lines = tw.plot.heights(found)
    steps = np.arange(10.0)
    for name in ("gradient", "proximal"):
        np.testing.assert_allclose(lines[name][:10], 0.25**steps, rtol=1e-12)
        assert np.isnan(lines[name][100:]).all()  # the rest is rounding
    np.testing.assert_allclose(lines["too long"][:10], 4.0**steps, rtol=1e-12)
    axes = tw.plot.operators(found)
    legend = axes.get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["gradient (rate 0.5)", "proximal (rate 0.5)", "too long (rate 2)"]
    assert axes.get_yscale() == "log"
