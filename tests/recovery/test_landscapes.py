"""A verdict with a landscape, where one is asked for."""

import dataclasses

import numpy as np
import pytest
from tests.results import keeps_the_protocol
from tests.zoo import Linear, polynomial_flow, square

import thalweg as tw


def ring(x):
    growth = 1.0 - x[0] ** 2 - x[1] ** 2
    return np.stack([x[0] * growth - x[1], x[1] * growth + x[0]])


def test_a_verdict_carries_a_landscape_to_a_file_and_back():
    rule, box = polynomial_flow(ring), square(2.0)
    plain = tw.recover_energy(rule, box, thorough=False)
    assert plain.landscape is None
    found = tw.find_landscape(rule, box, nodes=96)
    verdict = dataclasses.replace(
        plain, landscape=dataclasses.replace(found, about=tw.Verdict.about)
    )
    assert verdict.landscape is not None
    assert verdict.landscape.about == plain.about
    keeps_the_protocol(verdict)
    assert "attracting cycle" in str(verdict)
    assert verdict.to_dict()["landscape"]["shape"] == [96, 96]


@pytest.mark.long
def test_it_is_made_when_asked_for_whatever_the_verdict():
    refuted = tw.recover_energy(polynomial_flow(ring), square(2.0), thorough=False, landscape=True)
    assert refuted.kind == "refuted"
    assert refuted.landscape is not None
    assert [one.kind for one in refuted.landscape.sets] == ["source", "attracting cycle"]
    wells = polynomial_flow(lambda x: np.stack([x[0] - x[0] ** 3, -x[1]]))
    gradient = tw.recover_energy(wells, square(1.6), thorough=False, landscape=True)
    assert gradient.kind == "euclidean"
    assert gradient.landscape is not None
    sets = gradient.landscape.sets
    assert [one.kind for one in sets] == ["saddle", "sink", "sink"]
    energies = [float(gradient.energy(one.point)) for one in sets]
    assert energies[0] > max(energies[1:])  # in the order of the landscape


@pytest.mark.long
def test_a_continuum_that_goes_on_outside_is_known_where_equilibria_are_given():
    line = Linear(np.diag([-1.0, 0.0]))
    given = tw.find_equilibria(line, square(2.0, 2))
    known = {"equilibria": given, "cycles": (), "thorough": False, "landscape": True}
    for half in (2.0, 1.0):  # all of the points that are given lie inside, or some
        found = tw.recover_energy(line, square(half), **known).landscape
        assert found is not None
        assert [one.kind for one in found.sets] == ["continuum (1-d)"]


def test_more_than_three_coordinates_are_refused():
    with pytest.raises(tw.InputError, match="in up to 3 coordinates; here there are 4"):
        tw.recover_energy(Linear(-np.eye(4)), square(1.0, 4), thorough=False, landscape=True)
