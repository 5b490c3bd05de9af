"""Fixtures of the session: what several files ask of one system, found once a worker."""

from typing import NamedTuple

import pytest

import thalweg as tw


class Found(NamedTuple):
    """A built-in rule and what analysis finds of it."""

    rule: tw.Flow | tw.Map
    equilibria: tw.Equilibria
    cycles: tw.Cycles


@pytest.fixture(scope="session")
def fitzhugh_nagumo() -> Found:
    """An unstable focus inside a stable closed orbit."""
    rule = tw.models.FitzHughNagumo()
    equilibria = tw.find_equilibria(rule)
    return Found(rule, equilibria, tw.find_cycles(rule, equilibria=equilibria))


@pytest.fixture(scope="session")
def four_wells() -> Found:
    """Steepest descent with nine equilibria, hence without closed orbits."""
    rule = tw.SteepestDescent(tw.energies.FourWells())
    return Found(rule, tw.find_equilibria(rule), tw.Cycles(members=()))
