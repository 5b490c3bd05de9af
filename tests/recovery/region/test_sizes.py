"""Sizes at which double precision ends: an answer, or one message; never a crash."""

import numpy as np
import pytest
from tests.zoo import Linear, LinearMap, square

import thalweg as tw
from thalweg.recovery.candidates.common_direction import widest_margin

SPIRAL = np.array([[-1.0, 1.0], [-1.0, -1.0]])


@pytest.mark.long
def test_scaling_a_rule_changes_no_verdict():
    for size in (1e-200, 1e-150, 1e150):
        assert tw.recover_energy(Linear(size * SPIRAL), square(1.0)).kind == "refuted"
    assert tw.recover_energy(LinearMap(1e135 * SPIRAL), square(1.0)).kind == "refuted"


def test_a_rule_too_fast_is_refused_with_the_cure():
    with pytest.raises(tw.InputError, match="Multiply the rule of a flow by a positive constant"):
        tw.recover_energy(Linear(1e200 * SPIRAL), square(1.0))


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_symmetry_and_splits_are_of_any_size(size):
    levels = [level for level in tw.recovery.LEVELS if level.any_size]
    well = size * np.array([[-2.0, 1.0], [1.0, -3.0]])
    assert tw.recover_energy(Linear(well), square(1.0), levels=levels).kind == "euclidean"


def test_a_domain_too_wide_is_refused():
    with pytest.raises(tw.InputError, match="Choose other units"):
        tw.recover_energy(Linear(SPIRAL), square(1e200))


def test_no_rows_have_no_common_direction():
    assert widest_margin(np.zeros((0, 3))) == (None, 0.0)
