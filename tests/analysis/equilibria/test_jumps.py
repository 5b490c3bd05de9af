"""Fields that jump: what only looks like an equilibrium is none, and the jump is reported."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg as tw
from thalweg.analysis.equilibria.jumps import find_jumps
from thalweg.dynamics.problem import make_problem


class Switched(tw.Flow):
    """x' = A x + b + c sgn(n·x − d)."""

    linear: Any
    drift: Any
    jump: Any
    normal: Any
    offset: Any

    def velocity(self, t, state):
        side = jnp.sign(self.normal @ state - self.offset)
        return self.linear @ state + self.drift + self.jump * side


def switched(linear, jump, normal, offset=0.0, drift=(0.0, 0.0)):
    parts = (linear, drift, jump, normal, offset)
    return Switched(*(np.asarray(part, dtype=float) for part in parts))


@pytest.mark.long
def test_dry_friction_holds_states_and_has_no_equilibria_of_its_own():
    """x'' = −x − 0.3 sgn v: all |x| ≤ 0.3 are held at v = 0; (±0.3, 0) are no centers."""
    found = tw.find_equilibria(switched([[0, 1], [-1, 0]], [0, -0.3], [0, 1]), square(2.0))
    assert len(found) == 0
    assert found.search.converged == 0
    jumps, held = found.warnings[:2]
    assert "the rule jumps" in jumps
    assert "Filippov" in held


def test_held_states_lie_where_theory_says():
    with jax.enable_x64(True):
        problem, _ = make_problem(switched([[0, 1], [-1, 0]], [0, -0.3], [0, 1]), square(2.0))
        jumps = find_jumps(problem)
    np.testing.assert_allclose(jumps.points[:, 1], 0.0, atol=1e-12)
    np.testing.assert_array_equal(jumps.is_through_zero, np.abs(jumps.points[:, 0]) < 0.3)
    assert 5 < np.sum(jumps.is_through_zero) < len(jumps.points)


@pytest.mark.long
def test_an_equilibrium_away_from_a_jump_stays():
    rule = switched([[-1, 0], [0, -1]], [0.5, 0], [1, 0], offset=1.0)
    found = tw.find_equilibria(rule, square(2.0))
    np.testing.assert_allclose([e.state for e in found], [[-0.5, 0.0]], atol=1e-12)
    assert found[0].kind == "sink"
    assert any("jumps, for example at (1," in note for note in found.warnings)
    assert not any("Filippov" in note for note in found.warnings)


@pytest.mark.parametrize(
    "rule",
    [
        polynomial_flow(lambda x: x - x**3),
        polynomial_flow(lambda x: 1e6 * np.stack([x[1] - x[0] ** 5, -x[1]])),
    ],
)
def test_smooth_fields_do_not_jump(rule):
    with jax.enable_x64(True):
        jumps = find_jumps(make_problem(rule, square(2.0))[0])
    assert len(jumps.points) == jumps.num_poles == 0


@pytest.mark.long
def test_a_pole_is_no_jump_through_zero_and_asks_for_no_index():
    pole = tw.as_flow(lambda x: 1.0 / (x - 0.123), domain=tw.Box([-2.0], [2.0]))
    found = tw.find_equilibria(pole)
    assert found.warnings == ("no equilibrium was found in the domain.",)
