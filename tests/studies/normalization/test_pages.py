"""The pages of the normalization studies, in small: their numbers and their words agree."""

import numpy as np
import pytest

from thalweg.report import Picture, Table
from thalweg.studies.normalization import adaptation_page, energy_page, stability_page


def blocks(outcome, kind):
    return [b for section in outcome.page.sections for b in section.blocks if isinstance(b, kind)]


@pytest.mark.long
def test_stability_counts_every_point_and_every_disagreement():
    found = stability_page.study(points=12, steps=120, neurons=4)
    assert {p.name for p in blocks(found, Picture)} == {"simulated", "theory", "differences"}
    assert found.warnings == ()
    for shown in found.values["maps"]:
        assert shown["points"] == 144
        assert sum(shown["reasons"].values()) == shown["disagreements"]
        assert shown["reasons"]["unexplained"] == 0
    shares, differences = blocks(found, Table)
    assert len(shares.rows) == len(differences.rows) == 4
    for row in shares.rows:
        assert sum(float(cell.removesuffix(" %")) for cell in row[2:]) == pytest.approx(
            100, abs=0.3
        )
    assert len(found.values["betas"]) == 12
    assert np.all(found.values["betas"] != 0.0)


@pytest.mark.long
def test_adaptation_shows_every_adaptor_before_and_after():
    found = adaptation_page.study(neurons=36, steps=400)
    names = {p.name for p in blocks(found, Picture)}
    assert names == {"products", "tuning", "contrast", "masking", "readout", "weights"}
    biased, plaid = found.values["biased"], found.values["plaid"]
    assert biased["no leak"]["homeostasis_seen"] < 0.1 * biased["before"]["homeostasis_seen"]
    # A plaid drives together what the target wants apart: without a leak its responses fade.
    assert plaid["no leak"]["homeostasis_seen"] > 0.9
    assert plaid["leak"]["homeostasis_seen"] < plaid["no leak"]["homeostasis_seen"]
    (table,) = blocks(found, Table)
    assert [row[0] for row in table.rows] == list(found.values)
    assert f"{biased['no leak']['homeostasis_seen']:.2f}" in found.page.lead


@pytest.mark.long
def test_energy_falls_near_rest_below_the_critical_step_only():
    found = energy_page.study(neurons=4, steps=40, points=20, samples=40)
    assert {p.name for p in blocks(found, Picture)} == {
        "energy-along",
        "descent-share",
        "bifurcation",
    }
    weak, strong = found.values["leaks"]
    for leak in (weak, strong):
        below = np.array(leak["descent_share"]["fractions"]) < 1.0
        assert np.all(leak["descent_share"]["shares"][below, 0] == 1.0)
    assert np.all(strong["descent_share"]["shares"][:, -1] < 0.5)
    (table,) = blocks(found, Table)
    rises = [run["rises"] for leak in (weak, strong) for run in leak["runs"]]
    assert [int(row[2]) for row in table.rows] == rises
    assert sum(run["rises"] for run in weak["runs"]) == 0
