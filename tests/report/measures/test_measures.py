"""The named measures, against what is known of the systems."""

import numpy as np
import pytest
from tests.zoo import Linear, LinearMap, polynomial_flow, square

import thalweg as tw
from thalweg.report.measures import MEASURES, named_measure
from thalweg.report.measures.base import KINDS
from thalweg.report.measures.verdicts import CODES
from thalweg.sweeps import Grid, Points

LINE = square(2.0, 1)
PITCHFORK = polynomial_flow(lambda x: x - x**3, 1)  # r = coefficients[0,1]
RATES = np.array([-1.0, 0.25, 1.0])


def measured(name, system, design, store, **others):
    return tw.sweep(named_measure(name, system, **others), design, store / "s.zarr")


@pytest.mark.long
def test_equilibria_of_a_pitchfork(tmp_path):
    grid = Grid(PITCHFORK, {"coefficients[0,1]": RATES})
    found = measured("equilibria", PITCHFORK, grid, tmp_path, domain=LINE)
    assert found.read("number_of_equilibria").tolist() == [1, 3, 3]
    assert found.read("number_stable").tolist() == [1, 2, 2]
    states, growths = found.read("state")[:, :, 0], found.read("growth")
    np.testing.assert_allclose(states[1, :3], [-0.5, 0.0, 0.5], atol=1e-12)
    np.testing.assert_allclose(growths[1, :3], [-0.5, 0.25, -0.5], atol=1e-12)
    assert np.all(np.isnan(states[0, 1:]))
    sink, source = KINDS["sink"], KINDS["source"]
    assert found.read("kind")[2].tolist() == [sink, source, sink, *[-1] * 5]
    assert np.all(found.read("unseen_upper") < 0.01)


@pytest.mark.long
def test_where_runs_settle(tmp_path):
    grid = Grid(PITCHFORK, {"coefficients[0,1]": RATES, "coefficients[0,3]": [-1.0, 1.0]})
    found = measured(
        "settled", PITCHFORK, grid, tmp_path, domain=LINE, start=np.array([0.6]), duration=200.0
    )
    assert found.read("is_at_rest").tolist() == [[1, 1], [1, 0], [1, 0]]
    state = found.read("state")[..., 0]
    np.testing.assert_allclose(state[:, 0], [0.0, 0.5, 1.0], atol=1e-4)
    # x' = rx + x³ runs away where r > −x².
    assert found.counts == {"done": 4, "diverged": 2}


def test_where_steps_of_a_map_settle(tmp_path):
    system = LinearMap(np.array([[0.5]]))
    grid = Grid(system, {"matrix[0,0]": [0.5, -1.0]})
    found = measured(
        "settled", system, grid, tmp_path, domain=LINE, start=np.array([1.0]), steps=50
    )
    assert found.read("is_at_rest").tolist() == [1, 0]
    assert found.read("time")[1] == 50


def test_cycles_of_a_hopf_bifurcation(tmp_path):
    flow = polynomial_flow(lambda x: np.stack([-x[1], x[0]]) - x * np.sum(x**2))
    rates = [-0.25, 0.25]
    points = Points(flow, {"coefficients[0,1,0]": rates, "coefficients[1,0,1]": rates})
    found = measured("cycles", flow, points, tmp_path, domain=square(1.0))
    assert found.read("number_of_cycles").tolist() == [0, 1]
    assert found.read("number_stable").tolist() == [0, 1]
    np.testing.assert_allclose(found.read("period")[1, 0], 2 * np.pi, rtol=1e-8)
    np.testing.assert_allclose(found.read("highest")[1, 0], [0.5, 0.5], rtol=0.02)
    np.testing.assert_allclose(found.read("lowest")[1, 0], [-0.5, -0.5], rtol=0.02)
    assert np.all(np.isnan(found.read("period")[0]))


@pytest.mark.long
def test_verdicts(tmp_path):
    system = Linear(-np.eye(2))
    points = Points(system, {"matrix[0,1]": [0.5, 3.0], "matrix[1,0]": [0.5, -3.0]})
    found = measured("verdict", system, points, tmp_path, domain=square(1.0))
    assert found.read("verdict").tolist() == [CODES["euclidean"], CODES["refuted"]]


@pytest.mark.long
def test_basins_of_a_bistable_system(tmp_path):
    # x' = h + x − x³ on [−2, 2]: the unstable state of rest divides the starts.
    flow = polynomial_flow(lambda x: x - x**3, 1)
    grid = Grid(flow, {"coefficients[0,0]": [0.0, 0.2, 1.0]})
    found = measured("basins", flow, grid, tmp_path, domain=LINE, starts=400)
    assert found.read("number_of_attractors").tolist() == [2, 2, 1]
    low, high = found.read("fraction_low"), found.read("fraction_high")
    for place, h in enumerate((0.0, 0.2)):
        middle = np.sort(np.roots([-1.0, 0.0, 1.0, h]).real)[1]
        exact = (2.0 - middle) / 4.0  # the larger share: it flows up
        assert low[place, 0] <= exact <= high[place, 0]
    assert found.read("fraction")[2, 0] == 1.0
    assert np.all(found.read("kind")[:, 0] == 0)


@pytest.mark.long
def test_exponents_of_a_linear_map(tmp_path):
    system = LinearMap(np.diag([0.5, 0.25]))
    grid = Grid(system, {"matrix[0,0]": [0.5, -0.9]})
    found = measured(
        "exponents", system, grid, tmp_path, domain=square(1.0), start=np.ones(2), steps=256
    )
    expected = np.log([[0.5, 0.25], [0.9, 0.25]])
    np.testing.assert_allclose(found.read("exponent"), expected, rtol=1e-8)
    assert found.read("is_chaotic").tolist() == [0, 0]


@pytest.mark.long
def test_an_energy_stands_for_its_descent(tmp_path):
    energy = tw.energies.Quadratic(np.diag([1.0, 2.0]))
    grid = Grid(energy, {"matrix[0,0]": [1.0, 3.0]})
    found = measured("settled", energy, grid, tmp_path, domain=square(1.0), duration=100.0)
    np.testing.assert_allclose(found.read("state"), 0.0, atol=1e-4)


@pytest.mark.long
def test_names_that_are_none():
    with pytest.raises(tw.InputError, match=", ".join(MEASURES)):
        named_measure("basin", PITCHFORK)
    with pytest.raises(tw.InputError, match="domain"):
        named_measure("equilibria", PITCHFORK)
    with pytest.raises(tw.InputError, match="steps: the measure basins has no use"):
        named_measure("basins", PITCHFORK, LINE, steps=3)
    noisy = tw.dynamics.Langevin(tw.energies.Quadratic(np.eye(2)), temperature=1.0)
    with pytest.raises(tw.InputError, match="moves at random"):
        named_measure("settled", noisy, square(1.0))
