"""What rules and energies declare about themselves."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.core.declared import (
    declared_domain,
    declared_energy,
    declared_labels,
    declared_names,
)
from thalweg.core.trees import Layout


class Declares:
    domain = tw.Box([0.0], [1.0])
    state_names = "v"

    def energy(self, state):
        return state


class DeclaresWrongly:
    domain = ([0.0], [1.0])
    state_names = ("v", "w")
    energy = 3.0


def test_what_is_declared_is_found():
    owner = Declares()
    assert declared_domain(owner) is Declares.domain
    assert declared_energy(owner)(2.0) == 2.0  # type: ignore[misc]
    assert declared_labels(owner) == ("v",)
    assert declared_names(owner, Layout.of(np.zeros(1))) == ["v"]


def test_what_is_not_declared_is_none_or_a_default():
    assert declared_domain(object()) is None
    assert declared_energy(DeclaresWrongly()) is None
    assert declared_labels(object()) is None
    assert declared_names(object(), Layout.of(np.zeros(2))) == ["x[0]", "x[1]"]


def test_wrong_declarations_are_named():
    with pytest.raises(tw.InputError, match=r"DeclaresWrongly.domain must be a domain"):
        declared_domain(DeclaresWrongly())
    with pytest.raises(tw.InputError, match=r"state_names has 2 names .*3 coordinates"):
        declared_names(DeclaresWrongly(), Layout.of(np.zeros(3)))
