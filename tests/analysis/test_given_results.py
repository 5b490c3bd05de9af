"""Results that are given where states, or the results of another rule, are wanted."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg
from thalweg.core.given import given_members, told

tw: Any = thalweg  # what is given is wrong by its type, too


def decay(x):
    return -x


@pytest.fixture(scope="module")
def found():
    """The sink of x' = −x in two dimensions."""
    return tw.find_equilibria(polynomial_flow(decay), square(1.0))


@pytest.mark.parametrize(
    "ask",
    [
        lambda rule, state: tw.linearize(rule, state),
        lambda rule, state: tw.simulate(rule, state, duration=1.0),
        lambda rule, state: tw.find_equilibria(rule, square(1.0), starts=state),
        lambda rule, state: tw.find_cycles(rule, square(1.0), starts=state),
        lambda rule, state: tw.lyapunov_exponents(rule, state, domain=square(1.0)),
    ],
)
def test_an_equilibrium_is_no_state_but_has_one(ask, found):
    rule = polynomial_flow(decay)
    one = r"must hold numbers, got Equilibrium of .*: sink, node\. Give its \.state\."
    with pytest.raises(tw.InputError, match=one):
        ask(rule, found[0])
    with pytest.raises(tw.InputError, match=r"got 1 equilibrium of .*\. Give its \.states\."):
        ask(rule, found)


def test_text_is_no_state():
    with pytest.raises(tw.InputError, match="linearize: state must hold numbers, got 'rest'"):
        tw.linearize(polynomial_flow(decay), "rest")


@pytest.mark.parametrize(
    "ask",
    [
        lambda rule, found: tw.find_cycles(rule, equilibria=found),
        lambda rule, found: tw.recover_energy(rule, equilibria=found),
        lambda rule, found: tw.find_basins(rule, equilibria=found),
        lambda rule, found: tw.plot.phase_portrait(rule, equilibria=found),
    ],
)
def test_equilibria_of_another_rule_are_refused(ask, found):
    other, named = tw.models.VanDerPol(), tw.find_equilibria(tw.models.FitzHughNagumo())
    words = r"equilibria are of FitzHughNagumo \(flow, state v, w\), not of VanDerPol, a flow: give"
    with pytest.raises(tw.InputError, match=words):
        ask(other, named)
    a_map = tw.as_map(lambda x: x / 2, domain=square(1.0))
    with pytest.raises(tw.InputError, match=r"are of .*flow.*, not of FunctionMap, a map"):
        ask(a_map, found)
    three = tw.as_flow(lambda x: -x, domain=tw.Box([-1.0] * 3, [1.0] * 3))
    with pytest.raises(tw.InputError, match=r"equilibria are of .*, not of FunctionFlow"):
        ask(three, found)


class Decay(tw.Flow):
    """x' = −x, whose coordinates have names."""

    domain = square(1.0)
    state_names = ("u", "w")

    def velocity(self, t, state):
        return -state


@pytest.mark.parametrize(
    "given",
    [
        iter,
        tuple,
        lambda found: (one for one in found),
        lambda found: {one.kind: one for one in found}.values(),
    ],
)
def test_equilibria_are_taken_in_any_form_and_from_before_names_were_given(given, found):
    assert tw.recover_energy(Decay(), equilibria=given(found)).kind == "euclidean"
    data = tw.plot.portrait_data(Decay(), equilibria=given(found), starts=0)
    assert len(data.equilibria) == 1
    basins = tw.find_basins(Decay(), equilibria=given(found), starts=16)
    assert basins.fractions[0] == 1.0


def test_a_state_beside_a_level_set_is_not_in_the_domain():
    exchange = tw.as_flow(lambda x: jnp.stack([x[1] - x[0], x[0] - x[1]]), domain=square(1.0))
    every = tw.find_equilibria(exchange)
    some = tw.find_equilibria(exchange, conserved={"x[0] + x[1]": 1.0})
    tw.plot.portrait_data(exchange, some.about.domain, equilibria=some, starts=0)
    with pytest.raises(tw.InputError, match=r"the state \(.*\) is not in the domain of the quest"):
        tw.plot.portrait_data(exchange, some.about.domain, equilibria=every, starts=0)


class Held(tw.Flow):
    """x' = held − x − x³ in each of two coordinates."""

    held: float = 0.0
    domain = square(1.0)

    def velocity(self, t, state):
        return self.held - state - state**3


@pytest.mark.parametrize(
    "ask",
    [
        lambda rule, found: tw.recover_energy(rule, equilibria=found),
        lambda rule, found: tw.find_basins(rule, equilibria=found, starts=64),
        lambda rule, found: tw.plot.phase_portrait(rule, equilibria=found),
        lambda rule, found: tw.find_landscape(rule, equilibria=found, cycles=(), nodes=32),
    ],
)
def test_equilibria_at_other_parameters_are_refused(ask):
    found = tw.find_equilibria(Held())
    ask(Held(), found)
    words = r"the state \(.*\) is none of this Held, which moves by 0\.141 there"
    with pytest.raises(tw.InputError, match=words):
        ask(Held(held=0.1), found)


def test_degenerate_equilibria_are_taken_as_they_were_found():
    """Equilibria that are known only to 1e-5 rest all the same."""
    flow = tw.as_flow(lambda x: -(x**3), domain=square(1.0))
    tw.plot.phase_portrait(flow, equilibria=tw.find_equilibria(flow), starts=0)
    a_map = tw.as_map(lambda x: x - x**5, domain=square(1.0))
    tw.recover_energy(a_map, equilibria=tw.find_equilibria(a_map), thorough=False)


def test_one_equilibrium_is_given_in_a_list(found):
    rule = polynomial_flow(decay)
    with pytest.raises(tw.InputError, match=r"write \[equilibrium\] for one"):
        tw.recover_energy(rule, square(1.0), equilibria=found[0])
    with pytest.raises(tw.InputError, match=r"write \[equilibrium\] for one"):
        tw.plot.spectrum(found[0])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((3, 2)), "an array of shape (3, 2)"),
        (jnp.zeros(4), "an array of shape (4,)"),
        (np.float64(2.0), "np.float64(2.0)"),
        (tw.Box, "the class Box"),
        ("a" * 90, "'" + "a" * 59 + " …"),
        (None, "None"),
    ],
)
def test_what_was_given_is_told_in_one_line(value, words):
    assert told(value) == words


def test_results_of_an_iterator_are_all_there():
    found = given_members("numbers", (x for x in (1, 2)), int, "count")
    assert tuple(found) == (1, 2)
    assert given_members("numbers", found, int, "count") is found
    for text in ("", "ab"):
        with pytest.raises(tw.InputError, match="numbers must be what count returned, got '"):
            given_members("numbers", text, str, "count")
