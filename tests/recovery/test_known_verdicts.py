"""Known answers of the whole verdict: refutations, Lyapunov energies, splits, maps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import Henon, Pendulum, cube, values
from tests.zoo import Linear, polynomial_flow

import thalweg as tw
from thalweg.models import registry

SQUARE = tw.Box([-2.0, -2.0], [2.0, 2.0])
QUARTER = np.array([[0.0, -1.0], [1.0, 0.0]])


def level(verdict, name):
    return next(found for found in verdict.levels if found.name == name)


def witness(verdict):
    assert verdict.witness is not None
    return verdict.witness.to_dict()


def reads_well(verdict):
    """80 columns, and the question of what would change the answer."""
    lines = str(verdict).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("What would change this" in line for line in lines)
    return True


def descends(verdict, rule, points):
    """Whether the energy recovered has dE/dt < 0 at points, by this test's own derivative."""
    slopes = values(jax.grad(verdict.energy), points)
    speeds = values(lambda x: rule.velocity(0.0, x), points)
    return np.all(np.sum(slopes * speeds, axis=1) < 0.0)


@pytest.mark.long
def test_mueller_brown_is_recovered_on_its_surface():
    rule = registry.find("mueller-brown").create()
    verdict = tw.recover_energy(rule)
    assert verdict.kind == "euclidean"
    points = np.random.default_rng(0).uniform([-1.5, -0.5], [1.2, 2.0], (200, 2))
    gaps = values(verdict.energy, points) - values(rule.energy, points)
    assert np.ptp(gaps) < 1e-8 * np.ptp(values(rule.energy, points))


def test_fitzhugh_nagumo_is_refuted_by_its_limit_cycle():
    verdict = tw.recover_energy(registry.find("fitzhugh-nagumo").create())
    assert verdict.kind == "refuted"
    assert verdict.energy is None
    assert level(verdict, "equilibria exclude a metric").outcome == "no"  # its eigenvalues are real
    found = witness(verdict)
    assert found["type"] == "cycle"
    np.testing.assert_allclose([found["lower"][0], found["upper"][0]], [-1.933, 1.911], atol=1e-3)
    assert reads_well(verdict)


@pytest.mark.long
@pytest.mark.parametrize("name", ["lotka-volterra", "rock-paper-scissors"])
def test_neutral_cycles_are_refuted_at_their_center(name):
    verdict = tw.recover_energy(registry.find(name).create(), thorough=False)
    assert verdict.kind == "refuted"
    turns = np.asarray(witness(verdict)["eigenvalues"])
    np.testing.assert_allclose(turns[:, 0], 0.0, atol=1e-9)
    assert np.all(np.abs(turns[:, 1]) > 0.1)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[-1.0, 2.0], [-2.0, -1.0]], "non-real eigenvalue"),
        ([[-1.0, 1.0], [0.0, -1.0]], "not diagonalizable"),
    ],
)
def test_linear_rules_without_a_metric_are_refuted(rows, reason):
    verdict = tw.recover_energy(Linear(jnp.asarray(rows)), cube(-1.0, 1.0, 2), cycles=())
    assert verdict.kind == "refuted"
    found = witness(verdict)
    assert found["reason"] == reason
    assert found["condition"] > 1e8
    assert level(verdict, "lyapunov").outcome == "yes"  # both are sinks
    assert reads_well(verdict)


@pytest.mark.long
def test_equilibria_outside_the_region_refute_nothing():
    """A population model's negative quadrant does not count."""
    spiral = Linear(jnp.asarray([[-1.0, 2.0], [-2.0, -1.0]]))
    verdict = tw.recover_energy(spiral, tw.Box([1.0, 1.0], [2.0, 2.0]), cycles=(), thorough=False)
    assert level(verdict, "equilibria exclude a metric").outcome == "no"


@pytest.mark.long
def test_the_pendulum_has_an_energy_and_below_critical_damping_no_metric():
    rng = np.random.default_rng(0)
    points = rng.uniform([-np.pi, -2.0], [np.pi, 2.0], (2000, 2))
    for friction, kind in ((0.5, "refuted"), (2.5, "lyapunov")):
        rule = Pendulum(friction)
        verdict = tw.recover_energy(rule, cycles=())
        assert verdict.kind == kind
        assert level(verdict, "lyapunov").outcome == "yes"
        assert "Checked, not proved" in level(verdict, "lyapunov").note
        assert descends(verdict, rule, points)
        assert "Yet an energy falls" in str(verdict) or kind == "lyapunov"


@pytest.mark.long
def test_a_degenerate_spiral_has_an_energy_and_lets_no_metric_through():
    rule = polynomial_flow(lambda x: -np.sum(x**2) * (x - 0.7 * QUARTER @ x))
    verdict = tw.recover_energy(rule, SQUARE, cycles=())
    assert verdict.kind == "lyapunov"
    assert level(verdict, "equilibria exclude a metric").outcome == "yes"
    assert "none reaches through it" in level(verdict, "equilibria exclude a metric").note
    points = np.random.default_rng(0).uniform(-2.0, 2.0, (500, 2))
    assert descends(verdict, rule, points)
    plain = polynomial_flow(lambda x: -np.sum(x**2) * x)
    assert tw.recover_energy(plain, SQUARE, cycles=()).kind == "euclidean"


@pytest.mark.long
def test_a_purely_imaginary_pair_excludes_no_lyapunov_energy():
    """At a Hopf point |x|² falls strictly, although the linear part is a center."""
    rule = polynomial_flow(lambda x: QUARTER @ x - np.sum(x**2) * x)
    center = tw.Equilibrium(
        np.zeros(2), "center", None, None, np.array([1j, -1j]), QUARTER, 0.0, 0.0
    )
    falling, rising = (tw.energies.Quadratic(sign * jnp.eye(2)) for sign in (1.0, -1.0))
    verdict = tw.recover_energy(
        rule, SQUARE, equilibria=[center], cycles=(), candidates=[rising, falling]
    )
    assert verdict.kind == "refuted"
    assert [f.outcome for f in verdict.levels if f.name == "candidate"] == ["no", "yes"]
    assert verdict.energy is falling


@pytest.mark.long
def test_two_wells_in_seven_dimensions_with_a_turn():
    """f = −(1 + S)∇U, S antisymmetric: U falls, and three equilibria do not hinder the search."""
    size = 7
    turn = 0.4 * (np.triu(np.ones((size, size)), 1) - np.tril(np.ones((size, size)), -1))
    mixing = jnp.asarray(np.eye(size) + turn)

    def wells(x):
        return x[0] ** 4 / 4 - x[0] ** 2 / 2 + jnp.sum(x[1:] ** 2) / 2

    def rest(place):
        state = place * np.eye(size)[0]
        curvature = np.diag([3.0 * place**2 - 1.0, *np.ones(size - 1)])
        jacobian = -(np.eye(size) + turn) @ curvature
        turns = np.linalg.eigvals(jacobian).astype(complex)
        return tw.Equilibrium(state, "saddle", None, False, turns, jacobian, 0.0, 0.0)

    rule = tw.as_flow(lambda x: -mixing @ jax.grad(wells)(x))
    box, rests = cube(-1.5, 1.5, size), [rest(place) for place in (-1.0, 0.0, 1.0)]
    verdict = tw.recover_energy(rule, box, equilibria=rests, cycles=())
    assert verdict.kind == "refuted"
    assert level(verdict, "lyapunov").outcome == "yes"
    assert "random units" in level(verdict, "lyapunov").note
    points = np.random.default_rng(3).uniform(-1.5, 1.5, (5000, size))
    assert descends(verdict, rule, points)


@pytest.mark.long
def test_a_vortex_is_refuted_though_its_jacobian_is_symmetric():
    rule = tw.as_flow(lambda x: QUARTER @ x / jnp.sum(x**2))
    verdict = tw.recover_energy(rule, SQUARE)
    assert verdict.kind == "refuted"
    assert witness(verdict)["type"] == "cycle"
    assert "path" in level(verdict, "euclidean").note
    assert any("simply connected" in warning for warning in verdict.warnings)
    # Cut open it is the gradient of an angle, up to sign.
    half = tw.recover_energy(rule, tw.Box([0.5, -1.0], [1.5, 1.0]), cycles=())
    assert half.kind == "euclidean"
    points = np.random.default_rng(0).uniform([0.5, -1.0], [1.5, 1.0], (50, 2))
    gaps = values(half.energy, points) + np.arctan2(points[:, 1], points[:, 0])
    assert np.ptp(gaps) < 1e-10


@pytest.mark.long
def test_henon_is_refuted_by_its_two_cycle_though_its_displacement_is_a_gradient():
    verdict = tw.recover_energy(Henon())
    assert verdict.kind == "refuted"
    found = witness(verdict)
    assert found["period"] == 2
    ends = [found["lower"][0], found["upper"][0]]
    np.testing.assert_allclose(ends, [-0.47580, 0.97580], atol=1e-5)
    assert level(verdict, "constant-metric").outcome == "yes"
    assert "full steps" in level(verdict, "constant-metric").note


@pytest.mark.long
def test_a_flip_is_a_gradient_and_yet_refuted_with_a_two_step_energy():
    ends = np.array([[1.0, 0.5], [-1.0, -0.5]])
    swap = tw.Cycle(
        period=2.0, point=ends[0], multipliers=np.ones(2), trivial=None, stable=False,
        kind="neutral", states=ends, times=np.arange(2.0), residual=0.0, accuracy=0.0,
    )  # fmt: skip
    verdict = tw.recover_energy(tw.as_map(lambda x: -x), SQUARE, cycles=[swap])
    assert verdict.kind == "refuted"
    assert witness(verdict)["period"] == 2
    assert level(verdict, "euclidean").outcome == "yes"
    assert level(verdict, "two-step").outcome == "yes"
    points = np.random.default_rng(0).uniform(-2.0, 2.0, (9, 2))
    assert np.ptp(values(verdict.energy, points)) < 1e-12  # every state is on a 2-cycle
    assert "energy that never rises" in str(verdict)
    assert reads_well(verdict)
