"""Energies that are proposed pass the check of those that a search found."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.candidates.test_acceptance import TURN, Spoilt
from tests.zoo import Linear, polynomial_flow, square

import thalweg as tw
from thalweg.recovery import make_question
from thalweg.recovery.candidates.given import accept

GIVEN = [level for level in tw.recovery.LEVELS if level.name == "candidate"]
SINK = Linear(-np.eye(2) - 0.5 * TURN)


def ask(rule, *energies):
    verdict = tw.recover_energy(rule, square(1.0), candidates=energies, cycles=(), levels=GIVEN)
    return verdict, [(level.outcome, level.note) for level in verdict.levels]


def spoilt(bump=0.0, width=0.02):
    return Spoilt(*map(np.asarray, (bump, [0.6, 0.3], width, 0.0, 0.999)))


@pytest.mark.long
def test_a_given_energy_is_said_to_be_checked_in_the_words_of_others():
    verdict, ((outcome, note),) = ask(SINK, spoilt())
    assert verdict.kind == "lyapunov"
    assert outcome == "yes"
    assert "the one root of ∇E is a state of rest, and 4,864 hunts" in note
    assert note.endswith("Checked, not proved.")
    assert verdict.residual is not None
    assert verdict.residual > 0.5  # the cosine of a turn by atan ½ is .89


def inflected(x):
    """∂₁E = x₁ (x₁ − ½)²: along −x it falls but at (½, 0), where it stands still."""
    return x[0] ** 4 / 4.0 - x[0] ** 3 / 3.0 + x[0] ** 2 / 8.0 + x[1] ** 2 / 2.0


@pytest.mark.long
def test_a_given_energy_that_stands_still_where_the_rule_moves_is_none():
    still = tw.energies.Quadratic(jnp.eye(2))
    verdict, found = ask(Linear(-np.eye(2)), inflected, spoilt(bump=-0.0235), still)
    assert [outcome for outcome, _ in found] == ["open", "no", "yes"]
    assert "a weak Lyapunov energy" in found[0][1]
    assert "rises" in found[1][1]
    assert verdict.energy is still
    with jax.enable_x64(True):
        question = make_question(Linear(-np.eye(2)), square(1.0), cycles=())
        alone = accept(question, inflected, "E")
    assert alone.outcome == "no"
    assert "E does not fall at (0.5, " in alone.note
    assert "its gradient vanishes, and the rule moves" in alone.note


@pytest.mark.long
def test_a_given_energy_may_fall_as_little_as_it_likes():
    """|x|² falls by |x|⁴ round a Hopf point: at a cosine of 4e-8 where that is looked at."""
    verdict, ((outcome, _),) = ask(
        polynomial_flow(lambda x: TURN @ x - np.sum(x**2) * x), lambda x: jnp.sum(x**2)
    )
    assert outcome == "yes"
    assert verdict.residual is not None
    assert 1e-8 < verdict.residual < 1e-6
