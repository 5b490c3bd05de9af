"""The study `hopfield-capacity` in small."""

import numpy as np
import pytest

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
    with pytest.raises(tw.InputError, match="sizes and loads must not be empty"):
        study(sizes=())
