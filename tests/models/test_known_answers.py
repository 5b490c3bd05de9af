"""The table of known answers, through `find_equilibria` and `recover_energy`."""

from typing import Any

import jax
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg as tw
from thalweg.models import registry


def close(a, b, tolerance=1e-9):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def found(fitzhugh_nagumo, four_wells):
    """The equilibria of a built-in, searched once."""
    made: dict[tuple[Any, ...], tw.Equilibria] = {
        ("fitzhugh-nagumo",): fitzhugh_nagumo.equilibria,
        ("four-wells",): four_wells.equilibria,
    }

    def find(name, **parameters):
        key = (name, *parameters.items())
        if key not in made:
            made[key] = tw.find_equilibria(registry.find(name).create(**parameters))
        return made[key]

    return find


@pytest.mark.long
def test_henon(found):
    low, high = found("henon")
    close(low.state, [-1.1313544770895, -0.3394063431269])
    close(low.eigenvalues, [3.2598220979, -0.0920295620])
    close(high.state, [0.6313544770895, 0.1894063431269])
    close(high.eigenvalues, [0.1559463223, -1.9237388582])
    assert [e.kind for e in (low, high)] == ["saddle", "saddle"]
    assert [e.stable for e in (low, high)] == [False, False]


@pytest.mark.long
def test_lorenz(found):
    left, origin, right = found("lorenz", rho=22.0)
    for equilibrium, sign in [(left, -1), (right, 1)]:
        close(equilibrium.state, [sign * 7.4833147735479, sign * 7.4833147735479, 21.0])
        pair = -0.0864236561 + 9.1100765025j
        close(equilibrium.eigenvalues, [pair, pair.conjugate(), -13.4938193545])
        assert (equilibrium.kind, equilibrium.stable) == ("sink", True)
    close(origin.state, 0.0)
    assert (origin.kind, origin.stable) == ("saddle", False)


def test_fitzhugh_nagumo(found):
    (only,) = found("fitzhugh-nagumo")
    close(only.state, [-0.2729009589973, 0.5338738012534])
    close(only.eigenvalues, [0.8367058352, 0.0248192314])
    assert (only.kind, only.form, only.stable) == ("source", "node", False)


@pytest.mark.long
def test_mueller_brown(found):
    equilibria = found("mueller-brown")
    heights = {
        kind: sorted(e.energy for e in equilibria if e.kind == kind) for kind in ("sink", "saddle")
    }
    close(heights["sink"], [-146.6995172100, -108.1667241169, -80.7678181297])
    close(heights["saddle"], [-72.2489401123, -40.6648435087])
    assert len(equilibria) == 5


@pytest.mark.parametrize(
    "name", ["ring-tanh-flow", pytest.param("ring-tanh-map", marks=pytest.mark.long)]
)
def test_the_network_of_two_units(found, name):
    low, origin, high = found(name)
    close(low.state, [-0.9575040241, 0.9575040241])
    close(origin.state, [0.0, 0.0])
    close(high.state, [0.9575040241, -0.9575040241])
    assert [e.stable for e in (low, origin, high)] == [True, False, True]


@pytest.mark.long
def test_four_wells_and_their_energy(found):
    equilibria = found("four-wells")
    assert len(equilibria) == 9
    expected = [[x, y] for x in (-np.sqrt(1.1), 0, np.sqrt(1.1)) for y in (-1, 0, 1)]
    close([e.state for e in equilibria], expected)

    rule = registry.find("four-wells").create()
    verdict = tw.recover_energy(rule, equilibria=equilibria)
    assert verdict.kind == "euclidean"
    states = np.random.default_rng(0).uniform(-2.0, 2.0, (200, 2))
    with jax.enable_x64(True):
        recovered = np.asarray(jax.jit(jax.vmap(verdict.energy))(states))
    x, y = states.T
    close(np.ptp(recovered - (x**2 * (x**2 - 2.2) + y**2 * (y**2 - 2)) / 4), 0.0, 1e-8)


@pytest.mark.long
def test_rotation_is_refuted_by_its_center():
    rotation = polynomial_flow(lambda x: np.stack([-x[1], x[0]]))
    verdict = tw.recover_energy(rotation, square(1.0))
    assert verdict.kind == "refuted"
    witness = verdict.to_dict()["witness"]
    close(witness["state"], [0.0, 0.0])
    close(np.sort(np.asarray(witness["eigenvalues"])[:, 1]), [-1.0, 1.0])


@pytest.mark.long
@pytest.mark.parametrize(
    ("fn", "dimension"), [(lambda x: -(x**3), 1), (lambda x: -np.sum(x**2) * x, 2)]
)
def test_degenerate_points_are_one_equilibrium_each(fn, dimension):
    rule = polynomial_flow(fn, dimension)
    (only,) = tw.find_equilibria(rule, square(1.0, dimension))
    assert (only.kind, only.stable, only.continuum) == ("non-hyperbolic", None, 0)
    close(only.state, 0.0, 1e-3)
