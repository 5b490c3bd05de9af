"""Bifurcations that the plain indicators do not show: several at once, or beside fast modes."""

import jax.numpy as jnp
import pytest
from tests.analysis.continuation.families import Steep

import thalweg as tw


class Scaled(tw.Flow):
    """x' = kx(1 − x): at k = 0 every state is at rest."""

    k: float = 0.5
    domain = tw.Box([-0.5], [2.0])

    def velocity(self, t, state):
        return self.k * state * (1.0 - state)


class Fast(tw.Flow):
    """A Hopf point at r = 0, and a mode that decays fifty thousand times as fast as it turns."""

    r: float = 0.1
    domain = tw.Box([-2.0] * 3, [2.0] * 3)

    def velocity(self, t, state):
        x, y, z = state
        square = x**2 + y**2
        turn = jnp.stack([self.r * x - y - square * x, self.r * y + x - square * y])
        return jnp.append(turn, -5e4 * (z - x))


class Pair(tw.Map):
    """Two logistic maps side by side: both flip at r = 3."""

    r: float = 2.5
    domain = tw.Box([0.1, 0.1], [1.0, 1.0])

    def step(self, t, state):
        return self.r * state * (1.0 - state)


@pytest.mark.long
def test_a_value_at_which_everything_rests_is_no_pitchfork():
    found = tw.bifurcation_diagram(Scaled(), "k", (-1.0, 1.0), cycles=None)
    assert len(found.branches) == 2
    assert {b.kind for b in found.bifurcations} == {"degenerate"}
    assert "whole curves of states are at rest" in " ".join(found.warnings)


@pytest.mark.long
def test_a_hopf_point_beside_a_fast_mode_is_found():
    found = tw.bifurcation_diagram(Fast(), "r", (-1.0, 1.0), cycles=None)
    (hopf,) = found.bifurcations
    assert (hopf.kind, hopf.value) == ("hopf", pytest.approx(0.0, abs=1e-9))
    assert hopf.frequency == pytest.approx(1.0, rel=1e-9)


@pytest.mark.long
def test_two_flips_at_once_are_degenerate():
    found = tw.bifurcation_diagram(Pair(), "r", (2.2, 3.5), cycles=None)
    assert [(b.kind, b.value) for b in found.bifurcations] == [
        ("degenerate", pytest.approx(3.0, abs=1e-6))
    ]


@pytest.mark.long
def test_a_fold_that_no_newton_refines_is_one():
    """Followed once more in the shortest steps the curve would come nowhere."""
    found = tw.bifurcation_diagram(Steep(), "p", (-1.0, 1.0), cycles=None, checks=1)
    (fold,) = found.bifurcations
    assert (fold.kind, fold.value, fold.coefficient) == ("fold", pytest.approx(0.0), None)
    assert [branch.ends for branch in found.branches] == [("range", "range")]
    assert not found.warnings


@pytest.mark.long
def test_cycles_must_be_cycles():
    with pytest.raises(tw.InputError, match="find_cycles"):
        tw.bifurcation_diagram(Scaled(), "k", (0.1, 1.0), cycles=[3])  # type: ignore[list-item]
