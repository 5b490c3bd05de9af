"""What an analysis found prints, goes through JSON, and comes back equal to what was written."""

import dataclasses
import json

import jax
import numpy as np
import pytest
from tests.zoo import polynomial_flow

import thalweg as tw
from thalweg.analysis import Equilibria, Recurrent, SlowPoint
from thalweg.core.tables import terminal_width

SQUARE = tw.Box([-3.0, -3.0], [3.0, 3.0])


def through_json(result):
    return type(result).from_dict(json.loads(json.dumps(result.to_dict())))


@pytest.fixture(scope="module")
def found(fitzhugh_nagumo):
    """An equilibrium with an orbit round it, and everything that a search may say besides."""
    return fitzhugh_nagumo.equilibria, fitzhugh_nagumo.cycles


def test_equilibria_come_back(found):
    equilibria = dataclasses.replace(found[0], slow=(SlowPoint(np.ones(2), 0.1),))
    again = through_json(equilibria)
    assert again == equilibria
    assert again[0].about.domain == SQUARE
    assert again[0].about.names == ("v", "w")
    assert dataclasses.replace(equilibria, warnings=("other",)) != again
    off = dataclasses.replace(equilibria[0], state=equilibria[0].state + 1e-12)
    assert dataclasses.replace(equilibria, members=(off,)) != again


def test_one_equilibrium_prints_and_comes_back(found):
    one = found[0][0]
    lines = str(one).splitlines()
    assert lines[0] == "Equilibrium of FitzHughNagumo (flow): source, node"
    assert lines[1].split() == ["v", "w"]
    assert "0.8367, 0.02482" in lines[4]
    assert "accurate to" in lines[5]
    assert "source, node" in one._repr_html_()
    assert repr(one) == str(one)
    assert through_json(one) == one


@pytest.mark.long
def test_a_continuum_comes_back_with_the_points_to_draw_it_by():
    equilibria = tw.find_equilibria(tw.models.DeepLinearMode())
    assert equilibria.continua
    again = through_json(equilibria)
    assert again == equilibria
    assert again.continua[0].links.dtype.kind == "i"
    assert again.title == equilibria.title


def test_cycles_come_back_and_one_prints(found):
    cycles = dataclasses.replace(
        found[1],
        recurrent=(Recurrent(3, 0.1, 0.01, True, False, -np.ones(2), np.ones(2)),),
    )
    again = through_json(cycles)
    assert again == cycles
    assert again[0].states.shape == (len(again[0].times), 2)
    lines = str(cycles[0]).splitlines()
    assert lines[0] == "Closed orbit of FitzHughNagumo (flow): attracting, period 36.51803247"
    assert "from 1." in lines[-1]
    assert "Undecided: 3 trajectories recur" in str(cycles)
    assert str(cycles.recurrent[0]).splitlines()[2].split() == ["v", "w"]


def test_an_empty_result_comes_back():
    drift = polynomial_flow(lambda x: 1.0 + 0 * x, 1)
    equilibria = tw.find_equilibria(drift, tw.Box([0.0], [1.0]))
    assert len(equilibria) == 0
    assert through_json(equilibria) == equilibria
    assert isinstance(through_json(equilibria), Equilibria)


@pytest.mark.long
def test_a_check_of_descent_prints_and_comes_back():
    rule = tw.SteepestDescent(tw.energies.FourWells())
    check = tw.check_descent(rule)
    again = through_json(check)
    assert again == check
    assert bool(again)
    title, *said = str(check).splitlines()
    assert title == "Descent of SteepestDescent (flow): the energy falls wherever the rule moves"
    assert "checked, not proved" in " ".join(said)
    assert check.energy == "FourWells"
    assert dataclasses.replace(check, worst=np.nan) == dataclasses.replace(check, worst=np.nan)


def test_a_linearization_prints_comes_back_and_composes():
    rule, state = tw.models.FitzHughNagumo(), np.zeros(2)
    found = tw.linearize(rule, state)
    assert through_json(found) == found
    lines = str(found).splitlines()
    assert lines[0] == "Linearization of FitzHughNagumo (flow, state v, w)"
    assert [line.split() for line in lines[3:5]] == [["v", "1", "-1"], ["w", "0.08", "-0.064"]]
    assert "0.9186" in lines[5]
    batch = jax.vmap(lambda x: tw.linearize(rule, x))(np.zeros((3, 2)))
    assert "batch" in str(batch)


def test_everything_keeps_to_80_columns(found):
    assert terminal_width() == 80
    for result in (*found, found[0][0], found[1][0]):
        assert max(map(len, str(result).splitlines())) <= 80
