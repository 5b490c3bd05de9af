"""The study `hopfield-capacity` in small."""

import numpy as np
import pytest
from tests.results import read_back

import thalweg as tw
from thalweg.studies.hopfield.capacity import study


def test_overlaps_stand_beside_the_theory():
    outcome = study(sizes=(200,), loads=(0.05, 0.2), networks=2, patterns=8)
    curve = outcome.values["curves"][0]
    np.testing.assert_allclose(curve["mean"][0], curve["theory"][0], atol=2e-3)
    assert curve["theory"][1] == 0.0
    text = str(outcome)
    assert "0.137905566494" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "Not extrapolated" in text
    assert outcome.values["extrapolations"] == []
    again = read_back(outcome)
    assert again == outcome
    assert again.values["curves"][0]["theory"] == list(curve["theory"])
    assert "not its page" in str(again)
    with pytest.raises(tw.InputError, match="sizes and loads must not be empty"):
        study(sizes=())


@pytest.mark.long
def test_breakdowns_are_extrapolated_beside_the_theory():
    outcome = study(sizes=(50, 100, 200), loads=(0.1, 0.2, 0.4), networks=3, patterns=8)
    first, second = outcome.values["extrapolations"]
    assert (first["power"], second["power"]) == (pytest.approx(2 / 3), 0.5)
    assert all(line["standard_error"] > 0.0 for line in (first, second))
    assert first["limit"] == pytest.approx(outcome.values["limit"], abs=0.1)
    found = outcome.values["breakdowns"]
    assert [f["size"] for f in found] == [50, 100, 200]
    text = str(outcome)
    assert "theory: α_c = 0.1379055664949" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
