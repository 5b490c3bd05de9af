"""Regions with poles, kinks and no width, and the split on a square: known answers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import values
from tests.zoo import Linear

import thalweg as tw

SQUARE = tw.Box([-2.0, -2.0], [2.0, 2.0])
QUICK = {"equilibria": (), "cycles": (), "thorough": False}


def ask(fn, box=SQUARE):
    return tw.recover_energy(tw.as_flow(fn), box, **QUICK)


def test_a_pole_is_named_and_the_question_answered_on_one_side():
    """1 / (x − 0.3) parts the square: on its left side the energy is x²/2 − log(0.3 − x) + y²/2."""
    verdict = ask(lambda x: jnp.stack([-x[0] + 1.0 / (x[0] - 0.3), -x[1]]))
    assert verdict.kind == "euclidean"
    assert any("unbounded near (0.3," in warning for warning in verdict.warnings)
    (part,) = [warning for warning in verdict.warnings if "across no pole" in warning]
    assert abs(float(part.split(" %")[0].split()[-1]) - 57.5) < 8.0
    points = np.random.default_rng(0).uniform([-2.0, -2.0], [0.2, 2.0], (50, 2))

    def known(x):
        return 0.5 * jnp.sum(x**2) - jnp.log(0.3 - x[0])

    gaps = values(verdict.energy, points) - values(known, points)
    assert np.ptp(gaps) < 1e-9


@pytest.mark.long
def test_what_is_left_of_a_region_must_be_simply_connected():
    """1 / r² is unbounded at a point, round which an energy need not return."""
    verdict = ask(lambda x: -x + x / jnp.sum(x**2))
    assert verdict.kind == "undecided"
    assert verdict.levels[0].outcome == "open"
    assert any("simply connected" in warning for warning in verdict.warnings)


@pytest.mark.long
@pytest.mark.parametrize(
    ("fn", "words"),
    [
        (lambda x: -x - jnp.abs(x - 0.2), "no continuous Jacobian at"),
        (lambda x: -x - 0.5 * jax.nn.relu(x[::-1] - 0.2), "no continuous Jacobian at"),
        (lambda x: -x - jnp.sign(x - 0.2), "jumps at"),
    ],
)
def test_a_rule_that_is_not_smooth_is_said_to_be_and_where(fn, words):
    verdict = ask(fn)
    (found,) = [warning for warning in verdict.warnings if words in warning]
    where = [float(v) for v in found.split("(")[1].split(")")[0].split(",")]
    assert min(abs(v - 0.2) for v in where) < 1e-6
    assert "assumes C¹" in found


@pytest.mark.long
def test_a_smooth_rule_in_rough_words_is_not_blamed():
    """x |x| and relu² are C¹, sin(x) / x and |x|² are analytic."""
    assert ask(lambda x: -x * jnp.abs(x) - jax.nn.relu(x) ** 2).warnings == ()
    verdict = ask(lambda x: -jnp.sin(x - 0.123) / (x - 0.123) - jnp.abs(x) ** 2)
    assert verdict.kind == "euclidean"


@pytest.mark.long
@pytest.mark.parametrize("width", [0.1, 2e-3, 3e-5])
def test_a_smooth_rule_that_changes_in_a_small_place_is_not_blamed(width):
    """The cube of a ReLU is C², and its bump is gone at the distances of the widest looks."""
    verdict = ask(lambda x: -x - jax.nn.relu(1.0 - ((x - 1.0) / width) ** 2) ** 3)
    assert verdict.warnings == ()


def test_a_coordinate_without_width_is_left_out_aloud():
    verdict = ask(lambda x: jnp.stack([-x[1], x[0]]), tw.Box([0.0, -1.0], [0.0, 1.0]))
    assert any("holds x[0] fixed" in warning for warning in verdict.warnings)
    with pytest.raises(tw.InputError, match="must not exceed"):
        tw.Box([1.0], [0.0])


@pytest.mark.long
def test_the_split_of_a_rotation_on_a_square():
    """The rest's share of ∫|f|² is that of a stream function ψ with Δψ = −2, ψ = 0 at the walls.

    With f = (−y, x) on [−1, 1]² the rest is the curl of ψ, and ∫|∇ψ|² = 2∫ψ, the torsion constant
    of the square: 0.1405770 · 2⁴ of ∫|f|² = 8/3, so 0.8434617.
    """
    turn = Linear(jnp.asarray([[0.0, -1.0], [1.0, 0.0]]))
    box = tw.Box([-1.0, -1.0], [1.0, 1.0])
    verdict = tw.recover_energy(turn, box, cycles=())
    assert verdict.kind == "refuted"
    odd = np.arange(1, 200, 2)
    torsion = 16.0 * (1.0 / 3.0 - 64.0 / np.pi**5 * np.sum(np.tanh(np.pi * odd / 2.0) / odd**5))
    assert verdict.split is not None
    assert verdict.split.share == pytest.approx(torsion / (8.0 / 3.0), abs=2e-6)
    (level,) = [found for found in verdict.levels if found.name == "split"]
    assert "84.35 %" in level.note
    assert "orthogonal to every gradient" in level.note
    assert "need not fall" in level.note
