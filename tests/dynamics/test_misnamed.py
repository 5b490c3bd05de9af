"""Names that there are not, entries set in NumPy arrays, fields set afterwards: with the cure."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw

PLANE = tw.Box([-1.0, -1.0], [1.0, 1.0])


class OneEntry(tw.Flow):
    def velocity(self, t, state):
        change = np.zeros(2)
        change[0] = -state[0]
        return change


class AllEntries(tw.Flow):
    def velocity(self, t, state):
        change = np.zeros(2)
        change[:] = -state
        return change


class Undeclared(tw.Flow):
    def velocity(self, t, state):
        return -self.gain * state  # type: ignore[attr-defined]


class Misnamed(tw.Flow):
    gian: float = 1.0

    def velocity(self, t, state):
        return -self.gain * state  # type: ignore[attr-defined]


class MisnamedFunction(tw.Flow):
    def velocity(self, t, state):
        return jnp.tahn(state)  # type: ignore[attr-defined]


class Rivals(tw.Flow):
    drive: float = 1.0
    inhibition: float = 2.0
    domain = PLANE

    def velocity(self, t, state):
        return self.drive - self.inhibition * state[::-1] - state


class Given(tw.Flow):
    rate: float

    def __init__(self, speed=1.0, **others):
        self.rate = speed

    def velocity(self, t, state):
        return -self.rate * state


class Bowl(tw.Energy):
    stiffness: float = 2.0

    def __call__(self, state):
        return 0.5 * self.stiffness * jnp.sum(state**2)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            OneEntry(),
            r"Use jnp\.stack\(\[…\]\) of the entries instead of a NumPy array change and "
            r"change\[0\] = -state\[0\] \(line \d+\)",
        ),
        (AllEntries(), r"Use jnp\.stack\(\[…\]\) of the entries .*change\[:\] = -state \(line \d+"),
        (Undeclared(), r"Declare gain: float = … on the class Undeclared \(line \d+\)\.$"),
        (
            Misnamed(),
            r"Did you mean gian\? Else declare gain: float = … on the class Misnamed \(line \d+",
        ),
        (MisnamedFunction(), r"Did you mean tan or tanh\? \(line \d+\)\.$"),
        (
            tw.as_flow(lambda s: {"v": -s["v"], "w": s["v"] - s["w"]}),
            r"looks up 'v' and 'w' in the state \(line \d+\), which was asked about as one array "
            r"of shape \(2,\): give states as a dict, and a domain of such, "
            r'Box\(\{"v": -1\.0, "w": -1\.0\}, \{"v": 1\.0, "w": 1\.0\}\)\.$',
        ),
    ],
)
def test_what_a_law_has_not_is_said_with_the_cure(rule, words):
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(rule, PLANE)
    with pytest.raises(tw.InputError, match=words):
        tw.simulate(rule, jnp.ones(2), duration=1.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Rivals(driev=2.0), r"^Rivals has no argument 'driev'\. Did you mean drive\?"),  # type: ignore[call-arg]
        (lambda: Rivals(zz=2.0), r"'zz'\. It takes drive, inhibition\.$"),  # type: ignore[call-arg]
        (lambda: Bowl(stifness=2.0), r"^Bowl has no argument 'stifness'\. Did you mean stiffness"),  # type: ignore[call-arg]
        (lambda: tw.Box(low=0.0, upper=1.0), r"^Box has no argument 'low'\. Did you mean lower\?"),  # type: ignore[call-arg]
    ],
)
def test_an_argument_that_a_class_does_not_take(make, words):
    with pytest.raises(TypeError, match=words):
        make()


def test_arguments_of_a_constructor_are_its_own():
    assert Given(speed=3.0).rate == 3.0
    assert Given(speed=3.0, colour="red").rate == 3.0
    assert tw.Box(lower=0.0, upper=1.0).dimension == 1


@pytest.mark.parametrize(
    ("system", "name", "words"),
    [
        (Rivals(), "drive", r"^Rivals\.drive cannot .*dataclasses\.replace\(…, drive=3\.0\)\.$"),
        (Rivals(), "driev", r"no field 'driev' either\. Did you mean drive\?$"),
        (Bowl(), "stiffness", r"^Bowl\.stiffness .*dataclasses\.replace\(…, stiffness=3\.0\)\.$"),
    ],
)
def test_a_field_is_not_set_afterwards(system, name, words):
    with pytest.raises(dataclasses.FrozenInstanceError, match=words):
        setattr(system, name, 3.0)


def test_what_the_message_says_makes_another_system():
    assert dataclasses.replace(Rivals(), drive=3.0) == Rivals(drive=3.0)
    assert jax.tree.map(lambda x: 2 * x, Rivals()).drive == 2.0
