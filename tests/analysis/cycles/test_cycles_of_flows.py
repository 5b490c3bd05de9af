"""Closed orbits of flows against closed forms, published numbers and SciPy."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.analysis.cycles import cycle_systems as systems
from tests.zoo import Sines, pendulum

import thalweg as tw
from thalweg.analysis.cycles.orbits import Orbit, runs_through
from thalweg.analysis.cycles.recurrence import Frame, Path
from thalweg.analysis.cycles.shooting import Return
from thalweg.dynamics import make_problem

SQUARE = tw.Box([-3.0, -3.0], [3.0, 3.0])


def others(cycle):
    """The multipliers but for the trivial one."""
    return np.delete(cycle.multipliers, cycle.trivial)


@pytest.mark.parametrize(
    ("multiplier", "forwards", "backwards"),
    [(0.5, True, False), (2.0, False, True), (-3.0, False, True), (1.0, True, True)],
)
def test_an_orbit_attracts_one_way_in_time_or_the_other(multiplier, forwards, backwards):
    nowhere = Path(*[np.zeros((1, 2))] * len(Path._fields))
    back = Return(np.array([[multiplier]]), np.array([[1.0], [0.0]]), 1.0)
    orbit = Orbit(1.0, nowhere, back, 0.0, 0.0, 0, ())
    assert (orbit.attracts(1.0), orbit.attracts(-1.0)) == (forwards, backwards)


@pytest.mark.parametrize(
    ("rest", "is_met"),
    [([0.25, 0.0], True), ([0.15, 0.2], True), ([0.24, 0.0], False), ([0.0, 0.0], False)],
)
def test_no_orbit_leads_through_a_state_of_rest(rest, is_met):
    """Ten pieces of a circle of radius .25, in units of a square of width 2."""
    t = np.linspace(0.0, 2.0 * np.pi, 11)
    circle = 0.25 * np.stack([np.cos(t), np.sin(t)], axis=1)
    path = Path.of(t, circle, circle[:, ::-1] * [-1.0, 1.0])
    frame = Frame.of(make_problem(pendulum(0.3), tw.Box([-1.0, -1.0], [1.0, 1.0]))[0].chart)
    assert runs_through(path, np.array([rest]), frame) == is_met


@pytest.mark.long
def test_a_solver_that_steps_over_a_stop_closes_no_orbit():
    """An angle that goes round at speed 1 rests twice in an arc of half a hundredth of the way."""

    def stopped(x):
        return 1.0 - 2.0 * jnp.maximum(1.0 - ((x - 1.0) / 0.03) ** 2, 0.0) ** 3

    rule, circle = tw.as_flow(stopped), tw.Box([0.0], [2.0 * np.pi], periodic=True)
    rests = tw.find_equilibria(rule, circle)
    assert len(rests) == 2
    assert len(tw.find_cycles(rule, circle, equilibria=rests)) == 0


@pytest.mark.long
@pytest.mark.parametrize(("mu", "period"), [(1.0, 6.6632868593), (10.0, 19.07836957)])
def test_the_period_of_van_der_pol_is_the_published_one(mu, period):
    (cycle,) = tw.find_cycles(systems.van_der_pol(mu), tw.Box([-3.0, -20.0], [3.0, 20.0]))
    assert cycle.period == pytest.approx(period, abs=6e-9 if mu > 1.0 else 1e-10)
    assert cycle.stable
    assert cycle.kind == "attracting"
    assert cycle.continuum == 0
    assert cycle.residual < 1e-8
    assert cycle.multipliers[cycle.trivial] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.long
def test_the_multiplier_is_what_the_divergence_says():
    """Liouville: exp ∮ div f dt, here ∮ (1 − x²) dt, integrated by SciPy along the cycle found."""
    (cycle,) = tw.find_cycles(systems.van_der_pol(1.0), SQUARE)

    def with_divergence(t, z):
        x, v, _ = z
        return [v, (1 - x**2) * v - x, 1 - x**2]

    run = solve_ivp(
        with_divergence, (0.0, cycle.period), [*cycle.point, 0.0], "DOP853", rtol=1e-12, atol=1e-13
    )
    np.testing.assert_allclose(run.y[:2, -1], cycle.point, atol=1e-9)
    assert others(cycle)[0].real == pytest.approx(np.exp(run.y[2, -1]), rel=1e-7)


@pytest.mark.long
def test_states_follow_the_orbit_in_time():
    (cycle,) = tw.find_cycles(systems.van_der_pol(1.0), SQUARE)
    assert cycle.states.shape == (len(cycle.times), 2)
    assert cycle.times[0] == 0.0
    assert cycle.times[-1] == cycle.period
    assert np.all(np.diff(cycle.times) > 0.0)
    np.testing.assert_allclose(cycle.states[-1], cycle.states[0], atol=1e-9)
    np.testing.assert_array_equal(cycle.states[0], cycle.point)
    field = lambda t, z: [z[1], (1 - z[0] ** 2) * z[1] - z[0]]  # noqa: E731
    some = slice(0, None, 97)
    run = solve_ivp(
        field, (0.0, cycle.period), cycle.point, "DOP853", cycle.times[some], rtol=1e-12, atol=1e-13
    )
    np.testing.assert_allclose(run.y.T, cycle.states[some], atol=1e-8)


def test_fitzhugh_nagumo_fires_in_one_cycle():
    (cycle,) = tw.find_cycles(systems.fitzhugh_nagumo(0.8), SQUARE)
    assert cycle.stable
    assert cycle.states[:, 0].min() == pytest.approx(-1.933, abs=5e-4)
    assert cycle.states[:, 0].max() == pytest.approx(1.911, abs=5e-4)


@pytest.mark.long
def test_a_small_unstable_cycle_is_found_between_rest_and_firing():
    """Before the subcritical Hopf point: a stable focus, and inside the big cycle a small one."""
    rule = systems.fitzhugh_nagumo(0.33)
    rest = tw.find_equilibria(rule, SQUARE)
    small, big = sorted(
        tw.find_cycles(rule, SQUARE, equilibria=rest), key=lambda c: np.ptp(c.states[:, 0])
    )
    assert rest[0].stable
    assert not small.stable
    assert big.stable
    assert small.kind == "repelling"


def test_stable_and_unstable_cycles_of_a_radial_flow():
    """r' = r(1 − r²)(4 − r²): multipliers e^{−12π}, and e^{48π} ≈ 3·10⁶⁵."""
    inner, outer = sorted(
        tw.find_cycles(systems.radial(4.0, -5.0, 1.0), SQUARE), key=lambda c: abs(c.point[0])
    )
    for cycle, radius, exponent in ((inner, 1.0, -12.0), (outer, 2.0, 48.0)):
        np.testing.assert_allclose(np.linalg.norm(cycle.states, axis=1), radius, rtol=1e-9)
        assert cycle.period == pytest.approx(2.0 * np.pi, rel=1e-11)
        assert others(cycle)[0].real == pytest.approx(np.exp(exponent * np.pi), rel=1e-7)
    assert (inner.kind, outer.kind) == ("attracting", "repelling")
    assert inner.stable
    assert not outer.stable


@pytest.mark.parametrize(("c1", "omega"), [(-1.0, 0.7), (1.0, 3.0), (-0.01, 1.0)])
def test_multipliers_near_one_and_both_directions_of_time(c1, omega):
    """r' = −c₁ r(1 − r²): multiplier exp(4πc₁/ω), stable iff c₁ < 0; e^{−0.04π} ≈ .88 is slow."""
    (cycle,) = tw.find_cycles(systems.radial(-c1, c1, 0.0, omega), SQUARE)
    assert cycle.period == pytest.approx(2.0 * np.pi / omega, rel=1e-10)
    assert others(cycle)[0].real == pytest.approx(np.exp(4.0 * np.pi * c1 / omega), rel=1e-7)
    assert cycle.stable == (c1 < 0.0)


@pytest.mark.parametrize(("size", "omega"), [(-1.0, 1.0), (1.0, 1.0), (1.0, 0.3), (10.0, 1.0)])
def test_a_semi_stable_cycle_is_isolated_and_neutral(size, omega):
    """r' = c r(1 − r²)²: multiplier 1, and yet no family.

    Where it closes to 1e-13 its place is known to 1e-7, and its multiplier hardly better.
    """
    (cycle,) = tw.find_cycles(systems.radial(size, -2.0 * size, size, omega), SQUARE)
    assert cycle.kind == "neutral"
    assert not cycle.stable
    assert cycle.continuum == 0
    assert others(cycle)[0].real == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(np.linalg.norm(cycle.states, axis=1), 1.0, atol=1e-4)


def test_the_orbits_around_a_center_are_one_family():
    (cycle,) = tw.find_cycles(systems.radial(0.0, 0.0, 0.0, omega=2.0), SQUARE)
    assert cycle.continuum == 1
    assert not cycle.stable
    assert cycle.period == pytest.approx(np.pi, rel=1e-9)
    assert others(cycle)[0].real == pytest.approx(1.0, abs=1e-8)


def test_predator_and_prey_are_one_family():
    rule = systems.planar({(1, 0): 1.0, (1, 1): -1.0}, {(1, 1): 1.0, (0, 1): -1.0})
    (cycle,) = tw.find_cycles(rule, tw.Box([0.1, 0.1], [3.0, 3.0]))
    x, y = cycle.states.T
    assert cycle.continuum == 1
    assert np.ptp(x - np.log(x) + y - np.log(y)) < 1e-8


@pytest.mark.long
def test_families_around_different_equilibria_are_told_apart():
    """x'' = x − x³: orbits in the left well, in the right well, and around both."""
    rule = systems.planar({(0, 1): 1.0}, {(1, 0): 1.0, (3, 0): -1.0})
    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])
    found = tw.find_cycles(rule, domain, equilibria=tw.find_equilibria(rule, domain))
    assert [c.continuum for c in found] == [1, 1, 1]
    sides = sorted((c.states[:, 0].min() < 0.0, c.states[:, 0].max() > 0.0) for c in found)
    assert sides == [(False, True), (True, False), (True, True)]
    assert len(tw.find_cycles(rule, domain)) == 1


@pytest.mark.long
def test_conserved_orbits_on_the_simplex():
    (cycle,) = tw.find_cycles(systems.RockPaperScissors(1.0))
    assert cycle.continuum == 1
    np.testing.assert_allclose(cycle.states.sum(axis=1), 1.0, atol=1e-12)
    product = cycle.states.prod(axis=1)
    np.testing.assert_allclose(product, product[0], rtol=1e-8)


def test_a_driven_pendulum_goes_round():
    """div f = −γ, so the multiplier is exp(−γT); on average the torque balances the drag."""
    domain = tw.Box([-np.pi, -6.0], [np.pi, 6.0], periodic=[True, False])
    (cycle,) = tw.find_cycles(pendulum(0.5, torque=1.5), domain)
    assert cycle.stable
    assert others(cycle)[0].real == pytest.approx(np.exp(-0.5 * cycle.period), rel=1e-9)
    turn = np.sum(cycle.states[:-1, 1] * np.diff(cycle.times))
    assert turn == pytest.approx(2.0 * np.pi, rel=1e-2)
    assert np.all(np.abs(cycle.states[:, 0]) <= np.pi)


def drift(first, second):
    zero = np.zeros((2, 2))
    return Sines(np.array([first, second]), zero, zero)


TORUS = tw.Box([0.0, 0.0], [1.0, 1.0], periodic=True)


@pytest.mark.long
def test_a_rational_drift_closes_and_an_irrational_one_is_undecided():
    (cycle,) = tw.find_cycles(drift(2.0, 3.0), TORUS)
    assert cycle.period == pytest.approx(1.0, rel=1e-10)
    assert cycle.continuum == 1
    found = tw.find_cycles(drift(1.0, np.sqrt(2.0)), TORUS)
    assert len(found) == 0
    assert sum(r.trajectories for r in found.recurrent) == found.trajectories
    for recurrent in found.recurrent:
        assert not recurrent.is_chaotic
        assert recurrent.exponent == pytest.approx(0.0, abs=1e-8)
    assert "quasi-periodic" in str(found)


@pytest.mark.long
@pytest.mark.parametrize(
    ("speed", "swing", "closes"),
    [(1.0, 0.0, True), (2.0, 1.0, True), (1.0, 1.0, False), (0.5, 1.0, False)],
)
def test_a_circle_is_one_orbit_unless_something_rests_on_it(speed, swing, closes):
    """x' = ω + a sin x goes round in 2π/√(ω² − a²) if |a| < |ω|; else it comes to rest."""
    rule = Sines(np.array([speed]), np.zeros((1, 1)), np.array([[swing]]))
    found = tw.find_cycles(rule, tw.Box([-np.pi], [np.pi], periodic=True))
    assert len(found) == int(closes)
    assert found.recurrent == ()
    for cycle in found:
        expected = 2.0 * np.pi / np.sqrt(speed**2 - swing**2)
        assert cycle.period == pytest.approx(expected, rel=1e-10)
        assert cycle.multipliers == pytest.approx([1.0], abs=1e-10)


@pytest.mark.long
def test_lorenz_is_undecided_with_its_exponent():
    """0.9056 ± .0003 (Sprott, Chaos and Time-Series Analysis, 2003)."""
    found = tw.find_cycles(systems.Lorenz())
    (recurrent,) = found.recurrent
    assert recurrent.is_chaotic
    assert not recurrent.backwards
    assert recurrent.trajectories == 32
    assert recurrent.error < 0.02
    assert abs(recurrent.exponent - 0.9056) < 4.0 * recurrent.error
    assert not any(cycle.stable for cycle in found)
    assert "Undecided" in str(found)
    assert "chaotic" in str(found)


def test_the_volume_contracts_along_a_cycle_of_lorenz():
    """ρ = 350: one symmetric stable cycle; all multipliers multiply to exp(−(10 + 1 + 8/3)T)."""
    domain = tw.Box([-60.0, -110.0, 270.0], [60.0, 110.0, 440.0])
    (cycle,) = tw.find_cycles(systems.Lorenz(rho=350.0), domain)
    assert cycle.stable
    product = np.prod(cycle.multipliers).real
    assert product == pytest.approx(np.exp(-(41.0 / 3.0) * cycle.period), rel=1e-6)
    half = np.interp(
        (cycle.times + cycle.period / 2) % cycle.period, cycle.times, cycle.states[:, 0]
    )
    np.testing.assert_allclose(half, -cycle.states[:, 0], atol=0.05)


@pytest.mark.long
def test_multipliers_in_five_turned_coordinates():
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    decays = np.array([0.1, 0.5, 1.0])
    (cycle,) = tw.find_cycles(systems.Turned(turn, decays), starts=6)
    assert cycle.period == pytest.approx(np.pi, rel=1e-10)
    expected = np.exp(-np.pi * np.array([0.1, 0.5, 1.0, 2.0]))
    np.testing.assert_allclose(others(cycle), expected, rtol=1e-7)
    assert cycle.stable
    assert cycle.trivial == 0


def test_units_do_not_matter():
    """The same flow with states a thousand times as large and time ten times as fast."""
    plain = tw.find_cycles(systems.radial(4.0, -5.0, 1.0), SQUARE)
    scaled = systems.radial(40.0, -50.0 / 1e6, 10.0 / 1e12, omega=10.0)
    large = tw.find_cycles(scaled, tw.Box([-3000.0] * 2, [3000.0] * 2))
    for a, b in zip(plain, large, strict=True):
        assert b.period == pytest.approx(a.period / 10.0, rel=1e-10)
        np.testing.assert_allclose(b.point, 1e3 * a.point, atol=1.0)
        assert b.kind == a.kind


def test_another_value_compiles_nothing(count_compiles):
    tw.find_cycles(systems.van_der_pol(1.0), SQUARE)
    with count_compiles() as compiled:
        tw.find_cycles(systems.van_der_pol(1.3), tw.Box([-4.0, -4.0], [4.0, 4.0]))
    assert compiled.count == 0
