"""Descent: what falls, what is conserved, what rises and where."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import Linear, pendulum, square

import thalweg as tw
from thalweg.analysis import check_descent

LINE = tw.Box([-1.0], [1.0])


@pytest.fixture(scope="module")
def bowl():
    return tw.energies.Quadratic([[4.0]])


@pytest.mark.long
@pytest.mark.parametrize(("step", "holds"), [(0.1, True), (0.4999, True), (0.5001, False)])
def test_gradient_descent_on_a_quadratic_descends_up_to_two_over_its_curvature(bowl, step, holds):
    found = check_descent(tw.GradientStep(bowl, step), bowl, LINE)
    assert found.holds is holds
    assert bool(found) is holds
    if not holds:
        # E(x⁺) − E(x) = ½λx²((1 − ηλ)² − 1), largest at the border
        assert abs(found.where[0]) == pytest.approx(1.0)
        assert found.worst == pytest.approx(2.0 * ((1 - 4 * step) ** 2 - 1), rel=1e-9)


CYLINDER = tw.Box([-np.pi, -3.0], [np.pi, 3.0], periodic=[True, False])


def mechanical(x):
    return 0.5 * x[1] ** 2 - jnp.cos(x[0])


@pytest.mark.parametrize(
    ("damping", "holds", "strict"), [(0.3, True, False), (0.0, True, False), (-0.1, False, False)]
)
def test_the_pendulum(damping, holds, strict):
    found = check_descent(pendulum(damping), mechanical, CYLINDER)
    assert (found.holds, found.strict) == (holds, strict)
    if not holds:
        assert found.worst == pytest.approx(0.1 * 9.0, rel=1e-6)
        assert abs(found.where[1]) == pytest.approx(3.0)


@pytest.mark.long
def test_an_energy_whose_derivative_lies_does_not_fall_for_its_values_do_not():
    def kept(x):
        return 0.5 * x @ x - jax.lax.stop_gradient(0.5 * x @ x)

    found = check_descent(Linear(-np.eye(2)), kept, square(1.0))
    assert (found.holds, found.strict) == (True, False)


@pytest.mark.long
def test_steepest_descent_is_strict():
    energy = tw.energies.FourWells()
    found = check_descent(tw.SteepestDescent(energy), energy, square(2.0))
    assert found.holds
    assert found.strict
    assert found.worst <= 1e-12


@pytest.mark.long
def test_the_printed_continuum_flow_ascends():
    """Errata 2: for E = −xᵀWx the flow −∇E is +2Wx; −2Wx, as printed, goes up."""
    weights = np.array([[1.0, 0.5], [0.5, -2.0]])

    def energy(x):
        return -x @ weights @ x

    printed, mended = Linear(-2.0 * weights), Linear(2.0 * weights)
    assert not check_descent(printed, energy, square(1.0))
    assert check_descent(mended, energy, square(1.0))


@pytest.mark.long
def test_a_small_region_of_ascent_is_hunted_down():
    """dE/dt = −x²·(1 − 1.02·bump) rises only within a bump of a thousandth of the area."""

    def velocity(x):
        bump = jnp.exp(-jnp.sum((x - 0.5) ** 2) / (2 * 0.04**2))
        return -x * (1.0 - 1.02 * bump)

    found = check_descent(tw.as_flow(velocity), tw.energies.Quadratic(np.eye(2)), square(2.0))
    assert found.holds is False
    np.testing.assert_allclose(found.where, 0.5, atol=0.01)
    assert found.worst == pytest.approx(0.5 * 0.02, rel=0.02)


def test_along_a_trajectory():
    wells = tw.SteepestDescent(tw.energies.FourWells())
    run = tw.simulate(wells, np.array([0.3, 1.7]), duration=5.0)
    assert check_descent(wells, tw.energies.FourWells(), run).holds
    assert check_descent(wells, lambda x: -tw.energies.FourWells()(x), run).holds is False


@pytest.mark.long
def test_the_declared_energy_is_the_default_and_none_is_an_error():
    energy = tw.energies.FourWells()
    assert check_descent(tw.SteepestDescent(energy), None, square(2.0)).holds
    with pytest.raises(tw.InputError, match="declares none"):
        check_descent(pendulum(0.1), None, CYLINDER)
    with pytest.raises(tw.InputError, match="one number"):
        check_descent(pendulum(0.1), lambda x: x, CYLINDER)


@pytest.mark.long
def test_an_energy_that_is_not_finite_is_reported():
    found = check_descent(Linear(-np.eye(2)), lambda x: jnp.sum(jnp.log(x)), square(1.0))
    assert found.undefined is not None
    assert "not finite" in str(found)


@pytest.mark.long
def test_rounding_beyond_the_edge_of_the_simplex_is_no_violation():
    """Runs end at the corners, and a solver's error may put them 1e-9 outside."""
    assert tw.check_descent(tw.models.Replicator(), None).holds


class Driven(tw.Flow):
    """−x + a sin t."""

    a: Any

    def velocity(self, t, state):
        return -state + self.a * jnp.sin(t)


@pytest.mark.long
def test_what_depends_on_time_is_refused():
    def half_square(x):
        return jnp.sum(x**2) / 2.0

    with pytest.raises(tw.InputError, match=r"depends on time.*Stroboscopic"):
        check_descent(Driven(np.asarray(0.5)), half_square, square(1.0))
    assert check_descent(Driven(np.asarray(0.0)), half_square, square(1.0)).holds


def test_what_is_said_of_a_rule_that_is_not_finite():
    """E is finite at x < 0, and the rule is not."""
    found = check_descent(tw.as_flow(lambda x: -jnp.sqrt(x)), lambda x: jnp.sum(x**2), LINE)
    assert found.undefined[0] < 0.0
    assert "dE/dt is not finite at (" in str(found)
    assert "energy is not finite" not in str(found)


def test_a_rise_on_a_circle_is_told_as_an_angle_of_it():
    """A run that goes round is followed beyond the domain; the state is not."""
    circle = tw.Box([0.0], [2.0 * np.pi], periodic=True)
    found = check_descent(tw.as_flow(jnp.ones_like), lambda x: -x[0], circle)
    assert found.holds is False
    assert 0.0 <= found.where[0] <= 2.0 * np.pi


def test_an_energy_without_a_derivative_is_told_so():
    def turns(x):
        return jax.lax.while_loop(lambda c: c[1] < 3, lambda c: (c[0] + 1.0, c[1] + 1), (x[0], 0))[
            0
        ]

    with pytest.raises(tw.InputError, match=r"^energy fails for a state of 2 coordinates"):
        check_descent(tw.as_flow(lambda x: -x), turns, tw.Box([-1.0] * 2, [1.0] * 2))
