"""A restricted machine and digits, in small: the likelihood rises, and digits are drawn."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.studies.boltzmann import digits


@pytest.mark.long
def test_the_likelihood_of_digits_rises():
    found = digits.study(hidden=8, updates=400, stages=2)
    test = found.values["test"]
    # It begins with pixels that know nothing of one another, and log Z is exact.
    assert test[0] == pytest.approx(found.values["independent"], abs=0.1)
    assert np.all(np.diff(test) > 0.0)
    assert test[-1] > test[0] + 2.0
    assert found.values["train"][-1] > found.values["train"][0] + 2.0
    drawn = found.values["drawn"]
    assert drawn.shape == (30, 64)
    # Chains are apart, and pixels follow what is in the data: the corners are never on.
    assert np.std(drawn, axis=0).max() > 0.1
    assert np.mean(drawn[:, 0]) < 0.1
    assert [section.title for section in found.page.sections] == ["Likelihood", "Digits"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": 0}, "hidden must be"),
        ({"chains": 1}, "chains must be"),
        ({"rate": 0.0}, "rate must be finite and above zero"),
        ({"rate": 2.0}, "rate must be below 1"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(tw.InputError, match=message):
        digits.study(**settings)
