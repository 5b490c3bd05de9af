"""Losses of answers: values, margin conditions, and what becomes of energies by them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.learning import (
    EnergyLoss,
    HingeLoss,
    LogLoss,
    LVQ2Loss,
    MCELoss,
    NLLLoss,
    PerceptronLoss,
    SquareExponentialLoss,
    SquareSquareLoss,
    check_collapse,
)

# Right answer 1 of three, at 2; the most offending other one is at 1.5.
ENERGIES, LABEL = np.array([3.0, 2.0, 1.5]), 1
E = np.exp
LOSSES = [
    (EnergyLoss(), 2.0),
    (PerceptronLoss(), 0.5),
    (HingeLoss(1.25), 1.75),
    (LogLoss(), np.log(1.0 + E(0.5))),
    (LVQ2Loss(0.25), 0.25),
    (MCELoss(), 1.0 / (1.0 + E(-0.5))),
    (SquareSquareLoss(2.0), 4.0 + 0.25),
    (SquareExponentialLoss(3.0), 4.0 + 3.0 * E(-1.5)),
    (NLLLoss(0.5), 2.0 + 0.5 * np.log(E(-6.0) + E(-4.0) + E(-3.0))),
]
NAMES = [type(loss).__name__ for loss, _ in LOSSES]
each = pytest.mark.parametrize("loss", [loss for loss, _ in LOSSES], ids=NAMES)

GRID = np.linspace(0.0, 4.0, 81)
RIGHT, WRONG = (part.ravel() for part in np.meshgrid(GRID, GRID, indexing="ij"))


@eqx.filter_jit
def values(loss, energies, labels):
    return jax.vmap(loss)(energies, labels)


@pytest.mark.parametrize(("loss", "expected"), LOSSES, ids=NAMES)
def test_values(loss, expected):
    with jax.enable_x64(True):
        found = float(values(loss, ENERGIES[None], np.array([LABEL]))[0])
    assert found == pytest.approx(expected, rel=1e-12)


@each
def test_margin_conditions_of_two_answers_that_are_not_negative(loss):
    """Condition 3 of the source: the least loss lies where the margin holds, and only there."""
    with jax.enable_x64(True):
        found = np.asarray(
            values(loss, np.stack([RIGHT, WRONG], axis=1), np.zeros(len(RIGHT), int))
        )
    margin = 0.0 if np.isnan(loss.margin) else loss.margin
    holds = RIGHT + margin < WRONG - 1e-9
    # On the boundary the margin is reached, and hinge and square–square are least there too.
    breaks = RIGHT + margin > WRONG + 1e-9
    is_strict = found[holds].min() < found[breaks].min() - 1e-12
    ties = found[RIGHT == WRONG]
    if loss.condition.startswith("none"):
        # A flat energy, which has E_y = E⁻, is as good as any.
        assert ties.min() == pytest.approx(found.min(), abs=1e-12)
    else:
        assert is_strict
        assert ties.min() > found.min() + 1e-3


@pytest.mark.long
@each
@given(
    energies=st.lists(st.floats(0.0, 5.0), min_size=3, max_size=3),
    label=st.integers(0, 2),
    more=st.floats(0.0, 2.0),
)
def test_a_higher_right_energy_or_a_lower_wrong_one_never_costs_less(loss, energies, label, more):
    first = np.array(energies)
    higher, lower = first.copy(), first.copy()
    higher[label] += more
    lower[(label + 1) % 3] -= min(more, first[(label + 1) % 3])
    with jax.enable_x64(True):
        rows = np.stack([first, higher, lower])
        value, with_higher, with_lower = np.asarray(values(loss, rows, np.full(3, label)))
    assert with_higher >= value - 1e-9
    assert with_lower >= value - 1e-9


class Distances(eqx.Module):
    """E_k(x) = (w x − c_k)²: energies that can become flat, by w = 0 and equal c."""

    weight: jax.Array
    codes: jax.Array

    def __call__(self, x):
        return (self.weight * x[:, None] - self.codes[None]) ** 2


RNG = np.random.default_rng(0)
LABELS = RNG.integers(2, size=200)
QUESTIONS = (2.0 * LABELS - 1.0 + 0.7 * RNG.standard_normal(200)).astype(np.float32)


@eqx.filter_jit
def trained(model, loss, rate, steps):
    def objective(model):
        return loss.mean(model(QUESTIONS), LABELS)

    def step(_, model):
        slope = jax.grad(objective)(model)
        return jax.tree.map(lambda a, g: a - rate * g, model, slope)

    return jax.lax.fori_loop(0, steps, step, model)


@pytest.mark.parametrize(
    "loss", [EnergyLoss(), HingeLoss(1.0), NLLLoss()], ids=["energy", "hinge", "nll"]
)
def test_only_the_energy_loss_makes_a_distance_flat(loss):
    start = Distances(jnp.asarray(0.6), jnp.asarray([-0.3, 0.4]))
    end = trained(start, loss, jnp.asarray(0.05), jnp.int32(4000))
    before, after = np.asarray(start(QUESTIONS)), np.asarray(end(QUESTIONS))
    check = check_collapse(loss, after, LABELS, before)
    assert check.is_collapsed == isinstance(loss, EnergyLoss)
    if check.is_collapsed:
        assert "Nothing holds wrong answers up" in check.remarks()[-1]
    else:
        assert check.right > 0.9
    keeps_the_protocol(check)


def test_energies_that_are_pushed_down_together_are_seen():
    before = RNG.normal(size=(50, 3))
    check = check_collapse(EnergyLoss(), before - 1e3, LABELS[:50], before)
    assert check.runs_down
    assert not check.is_flat
    assert check.drift == pytest.approx(-1e3)
    # Energies that differ over questions alone say nothing of answers.
    same = np.repeat(RNG.normal(size=(50, 1)), 3, axis=1)
    assert check_collapse(PerceptronLoss(), same, LABELS[:50]).is_flat


def test_the_figures_of_a_check_by_hand():
    energies = np.array([[0.0, 0.5, 3.0], [2.0, 2.0, 2.0], [5.0, 0.0, 1.0], [9.0, 4.0, 0.0]])
    found = check_collapse(HingeLoss(1.0), energies, np.array([0, 1, 1, 2]))
    # The gaps E⁻ − E_y are .5, 0 (a tie is not right), 1 (where the hinge is zero) and 4.
    assert (found.gap, found.right, found.kept) == (0.75, 0.75, 0.5)
    assert np.isnan(found.drift)


def test_levels_of_questions_may_differ():
    # Questions at 0, 1000 and 2000, their answers apart by twice the margin.
    energies = np.array([[0.0, 2.0], [1000.0, 1002.0], [2002.0, 2000.0]])
    labels = np.array([0, 0, 1])
    assert not check_collapse(HingeLoss(), energies, labels).is_collapsed
    # The hinge leaves a common level free too; the energy loss pushes it down.
    assert not check_collapse(HingeLoss(), energies - 1e6, labels, energies).is_collapsed
    assert check_collapse(EnergyLoss(), energies - 1e6, labels, energies).runs_down
    # But levels hide no shrinking.
    assert check_collapse(EnergyLoss(), energies[:, :1] + 1e-3 * energies, labels, energies).is_flat


@each
def test_a_flat_energy_is_laid_to_the_loss_where_the_loss_allows_it(loss):
    check = check_collapse(loss, np.zeros((4, 3)), np.arange(4) % 3, RNG.normal(size=(4, 3)))
    assert check.is_flat
    assert check.is_known == loss.condition.startswith("none")
    said = check.remarks()[-1]
    assert (loss.failure in said) == check.is_known
    assert said.startswith("COLLAPSED, as" if check.is_known else "COLLAPSED, to which")


def test_the_margin_is_kept_where_the_loss_is_least():
    # E_y = 0 and E⁻ = m: hinge and square–square are zero. Ties cost the perceptron nothing.
    at_margin, labels = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 1])
    for loss in (HingeLoss(), SquareSquareLoss()):
        assert check_collapse(loss, at_margin, labels).kept == 1.0
    for loss, kept in ((PerceptronLoss(), 1.0), (LVQ2Loss(), 1.0), (LogLoss(), 0.0)):
        assert check_collapse(loss, np.eye(2) * 0.0, labels).kept == kept


def test_labels_that_are_no_answers():
    with pytest.raises(tw.InputError, match="label 1 is 2"):
        check_collapse(EnergyLoss(), np.eye(2), np.array([0, 2]))
    with pytest.raises(tw.InputError, match="must be whole numbers"):
        check_collapse(EnergyLoss(), np.eye(2), np.array([0.0, 1.0]))
    with pytest.raises(tw.InputError, match=r"must be finite, got nan at \[0, 1\]"):
        check_collapse(EnergyLoss(), np.array([[0.0, np.nan], [1.0, 2.0]]), np.array([0, 1]))
    # Inside compiled code nothing can be raised: NaN.
    assert np.isnan(np.asarray(values(NLLLoss(), np.eye(3), np.array([0, 3, -1]))))[1:].all()


@pytest.mark.parametrize("kind", [HingeLoss, LVQ2Loss, SquareSquareLoss, NLLLoss])
def test_numbers_must_be_positive(kind):
    with pytest.raises(tw.InputError, match="must be positive"):
        kind(0.0)
