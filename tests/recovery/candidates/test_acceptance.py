"""The check of an energy apart from its search: small places where it does not fall are found."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import Linear, polynomial_flow, square

import thalweg as tw
from thalweg.energies import Energy
from thalweg.recovery import make_question
from thalweg.recovery.candidates.acceptance import check_accepted
from thalweg.recovery.candidates.derivatives import derivatives_of
from thalweg.recovery.candidates.hunts import centres_of, least_fall

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


class Spoilt(Energy):
    """½|x|² and a bump, a·exp(−|x − c|²/2s²), and b·relu(x₁ − wall)."""

    bump: Any
    centre: Any
    width: Any
    slope: Any
    wall: Any

    def __call__(self, state: Any) -> jax.Array:
        gap = jnp.sum((state - self.centre) ** 2) / self.width**2
        slab = self.slope * jax.nn.relu(state[0] - self.wall)
        return 0.5 * jnp.sum(state**2) + self.bump * jnp.exp(-0.5 * gap) - slab


def checked(bump=0.0, width=0.1, slope=0.0, wall=0.999):
    """The check of that energy beside x' = −x."""
    energy = Spoilt(*map(np.asarray, (bump, [0.6, 0.3], width, slope, wall)))
    with jax.enable_x64(True):
        question = make_question(Linear(-np.eye(2)), square(1.0), cycles=())
        derivatives = derivatives_of(question.chart, energy)
        return check_accepted(question, energy, derivatives, centres_of(question), 1e-3)


@pytest.mark.long
def test_what_falls_everywhere_passes():
    found = checked()
    assert found.holds
    assert found.num_hunts >= 4096
    assert found.num_roots == 1
    assert found.worst == pytest.approx(1.0)


@pytest.mark.long
def test_a_small_bump_is_met():
    found = checked(bump=-0.04, width=0.02)
    assert not found.holds
    assert found.worst == -1.0  # a root of ∇E where the rule moves
    near = np.linalg.norm(found.where - np.array([0.6, 0.3]), axis=1)
    assert np.min(near) < 0.1


@pytest.mark.long
def test_a_slab_along_a_face_is_met():
    found = checked(slope=3.0)
    assert not found.holds
    assert np.all(found.where[:, 0] >= 0.999)


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_energy_is_handed_out_that_rises(seed):
    """Van der Pol's cycle leaves the box, the other one is slow and inside."""
    key = jax.random.key(seed)
    oscillator = polynomial_flow(lambda x: np.stack([x[1], 3.0 * (1.0 - x[0] ** 2) * x[1] - x[0]]))
    verdict = tw.recover_energy(oscillator, square(4.0), cycles=(), key=key)
    assert verdict.kind == "undecided"
    assert verdict.energy is None
    assert verdict.candidate is not None
    assert np.isfinite(float(eqx.filter_jit(verdict.candidate)(np.ones(2))))
    slow = polynomial_flow(lambda x: x * (1.0 - np.sum(x**2)) + 1e-4 * TURN @ x)
    verdict = tw.recover_energy(slow, square(2.0), cycles=(), key=key)
    assert verdict.energy is None
    assert verdict.candidate is None  # it is refuted by its equilibrium: nothing is open


def test_the_fall_asked_for_is_less_where_the_rule_allows_less():
    def least(damping):
        rule = Linear(np.array([[-damping, -1.0], [1.0, -damping]]))
        with jax.enable_x64(True):
            return least_fall(make_question(rule, square(1.0), cycles=()))

    assert least(1.0) == pytest.approx(1e-3 / np.sqrt(2.0))
    assert least(0.1) == pytest.approx(1e-4, rel=0.01)
    assert least(1e-5) == 1e-6
