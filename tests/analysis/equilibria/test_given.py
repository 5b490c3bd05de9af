"""States given as starts: what is refused, with which cure, and which domain is then searched."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.analysis.equilibria.assemble import _of_nothing
from thalweg.analysis.equilibria.given import box_around, given_points
from thalweg.analysis.equilibria.result import Search
from thalweg.analysis.equilibria.where import domain_with
from thalweg.core.about import About
from thalweg.dynamics.problem import make_problem

UNITS = 4
WEIGHTS = np.random.default_rng(0).normal(size=(UNITS, UNITS))
BOX = tw.Box([-1.0] * UNITS, [1.0] * UNITS)
STATES = np.random.default_rng(1).uniform(-1, 1, (30, UNITS))
HOLED = np.where(np.arange(30)[:, None] % 13 == 3, np.nan, STATES)


def network(domain=None):
    return tw.as_map(lambda h: jnp.tanh(WEIGHTS @ h), domain=domain)


@pytest.mark.parametrize("domain", [None, BOX])
@pytest.mark.parametrize(
    ("starts", "message"),
    [
        (
            STATES.reshape(5, 6, UNITS),
            "first axis, of shape (n, 4), got shape (5, 6, 4). "
            "Flatten them: starts.reshape(-1, 4).",
        ),
        (STATES.T, "got shape (4, 30). They are transposed: write starts.T."),
        (STATES[0], "got shape (4,). That is one state: write starts[None]."),
        (
            HOLED,
            "starts must be finite; state 3 of 30 holds nan, as do 2 more. Leave out such states: "
            "starts[np.isfinite(starts).all(axis=1)].",
        ),
        ([["a"]], "starts must be a number, or states stacked along a first axis"),
    ],
)
def test_what_is_no_stack_of_finite_states_is_refused_with_its_cure(domain, starts, message):
    with pytest.raises(tw.InputError, match=re.escape(message)):
        tw.find_equilibria(network(domain), starts=starts)


def test_a_stack_of_states_is_taken_whatever_their_shape():
    box = box_around(network(), STATES.tolist())
    width = np.ptp(STATES, axis=0)
    np.testing.assert_allclose(box.lower, STATES.min(axis=0) - width)
    np.testing.assert_allclose(box.upper, STATES.max(axis=0) + width)
    plain = tw.as_map(lambda x: 0.5 * x)
    number = tw.as_map(lambda x: 0.5 * x.reshape(()))
    assert box_around(number, np.arange(3.0)).layout.shapes == ((),)
    assert box_around(plain, np.ones((5, 2, 3))).layout.shapes == ((2, 3),)
    nested = {"a": np.zeros(3), "b": np.ones((3, 2))}
    assert box_around(plain, nested).dimension == 3
    with jax.enable_x64(True):
        problem, _ = make_problem(plain, tw.Box(np.zeros((2, 2)), np.ones((2, 2))))
        assert given_points(problem, np.ones((7, 2, 2))).shape == (7, 4)
        for wrong in (np.ones((7, 4)), 0.5, np.zeros((0, 2, 2))):
            with pytest.raises(tw.InputError, match=re.escape("of shape (n, 2, 2), got shape")):
                given_points(problem, wrong)


def test_starts_of_a_mapping_name_the_state_that_is_not_finite():
    nested = {"a": np.array([0.0, 1.0, np.inf]), "b": np.ones((3, 2))}
    with pytest.raises(tw.InputError, match=r"state 2 of 3 holds inf. Leave out such states\.$"):
        box_around(tw.as_map(lambda x: x), nested)


def test_nothing_found_round_the_starts_is_said_of_the_box_round_them():
    search = Search(2, 0, 0, 2, None, None, False)
    (said,) = _of_nothing(search, is_round_starts=True)
    assert "the box round the starts, three times as wide as they are spread" in said
    assert said.endswith("The search ended outside; give a wider one as domain.")
    (said,) = _of_nothing(search, is_round_starts=False)
    assert said.endswith("The search ended outside; widen the domain.")
    assert not _of_nothing(Search(2, 2, 1, 0, None, None, False), is_round_starts=True)


def test_the_domain_of_the_equilibria_holds_where_there_is_no_other():
    found = tw.Equilibria((), Search(2, 0, 0, 0, None, None, False), about=About(domain=BOX))
    assert domain_with(network(), None, found) is BOX
    other = tw.Box([-2.0] * UNITS, [2.0] * UNITS)
    assert domain_with(network(), other, found) is other
    assert domain_with(network(other), None, found) is None
    assert domain_with(network(), None, ()) is None


@pytest.mark.long
def test_what_was_found_from_starts_is_shown_and_asked_about_where_it_was_found():
    rule = tw.as_map(lambda h: jnp.tanh(jnp.array([[1.5, 0.0], [0.0, 0.5]]) @ h))
    found = tw.find_equilibria(rule, starts=STATES[:, :2])
    assert len(found) == 3
    assert found.about.domain is not None
    axes = tw.plot.phase_portrait(rule, equilibria=found)
    low, high = (corner[0] for corner in found.about.domain.chart().bounds)
    np.testing.assert_allclose(axes.get_xlim(), [low, high])
    verdict = tw.recover_energy(rule, equilibria=found[:2], thorough=False)
    assert verdict.about.domain is found.about.domain


def test_the_box_that_is_advised_has_as_many_coordinates_as_the_rule():
    for size, said in ((2, "Box([-3, -3], [3, 3])"), (5, "Box([-3.0] * 5, [3.0] * 5)")):
        rule = tw.as_map(lambda h, size=size: np.eye(size) @ h)
        with pytest.raises(tw.InputError, match=re.escape(f"for example {said}, or ")):
            tw.find_equilibria(rule)
