"""Further slips of a first hour: each message says what to write instead."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

import thalweg
from thalweg.dynamics.misuse import written_wrongly

tw: Any = thalweg  # what is given is wrong by its type, too

PLANE = tw.Box([-1.0, -1.0], [1.0, 1.0])
POINT = np.ones(2)


class Stable(tw.Flow):
    rate: Any = 1.0
    domain = PLANE

    def velocity(self, t, state):
        return -self.rate * state


class Bare(tw.Flow):
    gain = 2.0
    rates = np.ones(2)
    start = np.ones(1)
    is_fast = True
    own: Any = 1.0

    def velocity(self, t, state):
        return -self.gain * state


class Misspelt(tw.Flow):
    def velocty(self, t, state):
        return -state


class Bowl(tw.Energy):
    def __call__(self, state):
        return jnp.sum(state**2)


class Halved(tw.Map):
    def step(self, t, state):
        return state / 2


class Noisy(tw.Diffusion):
    def drift(self, t, state):
        return -state

    def noise(self, t, state):
        return math.sqrt(state[0])


class NoTimeInNoise(tw.Diffusion):
    def drift(self, t, state):
        return -state

    def noise(self, state):
        return 1.0


class NoKey(tw.Kernel):
    def draw(self, t, state):
        return state


class Drawn(tw.Kernel):
    def draw(self, key, t, state):
        return np.sign(state)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: tw.check_descent(Stable(), Bowl), r"energy is the class Bowl: call it, Bowl\(\)"),
        (lambda: tw.SteepestDescent(Bowl(), tw.Euclidean), "geometry is the class Euclidean: call"),
        (lambda: tw.recover_energy(Stable(), geometries=(tw.Euclidean,)), "class Euclidean: call"),
        (lambda: tw.recover_energy(Stable(), candidates=(Bowl,)), "class Bowl: call"),
        (lambda: Bowl() + Bowl, "class Bowl: call"),
        (lambda: tw.basin_fractions(Stable, "rate", [1.0]), "rule is the class Stable: call"),
        (lambda: tw.explore(Stable), r"^rule is the class Stable, not a rule: call it, Stable\(\)"),
        (lambda: tw.explore(Bowl), r"^rule is the class Bowl: call it, Bowl\(\)"),
        (lambda: tw.analyze(Bowl), r"^rule is the class Bowl: call it, Bowl\(\)"),
        (lambda: tw.check_descent(Stable), "^rule is the class Stable, not a rule: call"),
        (lambda: tw.Stroboscopic(Stable, 1.0), "flow is the class Stable: call"),
        (lambda: tw.dynamics.Langevin(Bowl), "energy is the class Bowl: call"),
        (lambda: tw.dynamics.Langevin(Bowl(), 1.0, tw.Euclidean), "geometry is the class"),
        (
            lambda: tw.dynamics.MirrorStep(Bowl(), 0.1, tw.geometry.Entropy),
            "the class Entropy",
        ),
        (lambda: tw.sampling.Boltzmann(Bowl, 1.0, PLANE, 9), "energy is the class Bowl: call"),
        (lambda: tw.sample(Bowl, tw.sampling.SGLD(0.1), POINT, key=None), "energy is the class"),
        (lambda: tw.sample(Bowl(), tw.sampling.NUTS, POINT, key=None), "method is the class NUTS"),
        (lambda: tw.Relax(Halved), "rule is the class Halved: call"),
        (
            lambda: tw.simulate(Stable(), POINT, duration=1.0, method=tw.simulation.Adaptive),
            "method is the class Adaptive: call",
        ),
        (
            lambda: tw.simulate(Stable(), POINT, duration=1.0, until=tw.simulation.Settled),
            "until is the class Settled: call",
        ),
    ],
)
def test_a_class_is_told_from_what_it_makes(ask, words):
    with pytest.raises(tw.InputError, match=words):
        ask()


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda: tw.recover_energy(Stable(), geometries=tw.Euclidean()),
            r"geometries must be a list or tuple, got Euclidean\(\): write \[it\]",
        ),
        (lambda: tw.recover_energy(Stable(), candidates=Bowl()), "candidates must be a list"),
        (lambda: tw.recover_energy(Stable(), geometries=(3.0,)), "must hold geometries, got 3"),
        (lambda: tw.find_equilibria(Stable(), starts="64"), "a whole number, or states.* '64'"),
        (lambda: tw.find_equilibria(Stable(), starts=64.0), "a whole number, or states.* 64.0"),
        (lambda: tw.simulate(Stable(), POINT, duration="10"), "duration must be a number.*'10'"),
        (lambda: tw.simulate(Halved(), POINT, steps="10"), "positive whole number, got '10'"),
        (lambda: tw.simulate(Halved(), POINT, steps=1.5), "positive whole number, got 1.5"),
        (lambda: tw.Box([(-3, 3), (-5, 5)]), r"Box\(\[-3\.0, -5\.0\], \[3\.0, 5\.0\]\)"),
        (lambda: tw.Box((-3, 3)), r"two corners.* Box\(-3\.0, 3\.0\)"),
        (lambda: tw.Box("-3", "3"), "lower must hold numbers, got '-3'"),
    ],
)
def test_what_is_given_in_the_wrong_form_is_said(ask, words):
    with pytest.raises(tw.InputError, match=words):
        ask()


def branching(state):
    return state if state[0] > 0 and state[1] > 0 else -state


def in_place(state):
    speed = jnp.zeros(2)
    speed[0] += state[1]  # type: ignore[index]
    return speed


def both_in_place(state):
    speed = jnp.zeros(2)
    speed[0], speed[1] = -state[0], -state[1]  # type: ignore[index]
    return speed


def over_lines_in_place(state):
    speed = jnp.zeros(2)
    speed[0] = (  # type: ignore[index]
        -state[0] + 1
    )
    return speed


def of_a_dict_in_place(state):
    parts = {"v": jnp.zeros(2)}
    parts["v"][0] = -state[0]  # type: ignore[index]
    return parts["v"]


def at_two_in_place(state):
    speed = jnp.zeros((1, 2))
    speed[0, 1] = -state[0]  # a "#" in a remark  # type: ignore[index]
    return speed[0]


def numpy_both_in_place(state):
    speed = np.zeros(2)
    speed[0], speed[1] = -state[0], -state[1]
    return speed


def looping(state):
    while state[0] > 1:
        state = state / 2
    return state


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (lambda x: jnp.stack([max(x[0], 0.0), x[1]]), r"Use jnp\.maximum instead of max \(line"),
        (lambda x: jnp.stack([min(x[0], 0.0), x[1]]), r"Use jnp\.minimum instead of min \(line"),
        (branching, r"Use jnp.where instead of `if`, & instead of `and` \(line \d+\)\."),
        (in_place, r"speed = speed\.at\[0\]\.add\(state\[1\]\) instead of .* \(line \d+\)\.$"),
        (both_in_place, r"or make the whole at once, jnp\.stack\(\[…\]\) \(line \d+\)\.$"),
        (over_lines_in_place, r"Use x = x\.at\[i\]\.set\(…\) instead of x\[i\] = …"),
        (of_a_dict_in_place, r"Use x = x\.at\[i\]\.set\(…\) instead of x\[i\] = …"),
        (
            at_two_in_place,
            r"speed = speed\.at\[0, 1\]\.set\(-state\[0\]\) instead of speed\[0, 1\]",
        ),
        (numpy_both_in_place, r"jnp\.stack\(\[…\]\) of the entries instead of a NumPy array speed"),
        (looping, "Use jax.lax.while_loop instead of `while`"),
        (
            lambda x: x * float(x[0]),
            r"Leave out float\(\): a traced number has no value",
        ),
        (lambda x: scipy.special.erf(x), "Use jax.scipy, not scipy"),
        (lambda x: x * np.linalg.norm(x), r"Use jnp\.linalg, not np\.linalg"),
        (lambda x: {"v": x[0], "w": x[1]}, r"a dict with 'v', 'w', but.* jnp\.stack"),
        (lambda x: "text", "velocity must return numbers, got 'text'"),
    ],
)
def test_a_law_is_written_in_jax(law, words):
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(tw.as_flow(law), PLANE)
    with pytest.raises(tw.InputError, match=words):
        tw.simulate(tw.as_flow(law), POINT, duration=1.0)


@pytest.mark.parametrize(
    ("energy", "words"),
    [
        (lambda x: np.linalg.norm(x), r"Use jnp\.linalg, not np\.linalg"),
        (lambda x: float(x[0]), r"Leave out float\(\)"),
    ],
)
def test_an_energy_is_written_in_jax(energy, words):
    with pytest.raises(tw.InputError, match=words):
        tw.check_descent(Stable(), energy)
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(tw.SteepestDescent(energy), PLANE)


def test_an_energy_is_one_number():
    with pytest.raises(tw.InputError, match="one number for a state: sum over the state"):
        tw.find_equilibria(tw.SteepestDescent(lambda x: x**2), PLANE)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Noisy(), r"Noisy\.noise fails .*Use jnp\.sqrt, not math\.sqrt"),
        (NoTimeInNoise(), r"noise\(self, t, state\); this one is noise\(self, state\)"),
        (NoKey(), r"draw\(self, key, t, state\); this one is draw\(self, t, state\)"),
        (Drawn(), r"Use jnp\.sign, not np\.sign"),
    ],
)
def test_rules_with_chance_are_written_in_jax(rule, words):
    ways: Any = {"dt": 0.1} if isinstance(rule, tw.Diffusion) else {}
    with pytest.raises(tw.InputError, match=words):
        tw.simulate(rule, POINT, steps=2, key=jax.random.key(0), **ways)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ("1", "parameter rate is '1', not a number"),
        (None, "parameter rate is None, not a number"),
        ([1.0, 2.0], r"parameter rate is \[1\.0, 2\.0\], not a number\. Make it an array"),
        (Stable, "parameter rate is the class Stable"),
    ],
)
def test_a_parameter_is_a_number(rate, words):
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(Stable(rate))


class Looped(tw.Flow):
    """A scan whose carry changes its structure, in a rule with a text for a field."""

    name: str = eqx.field(static=True, default="a")

    def velocity(self, t, state):
        return jax.lax.scan(lambda c, _: ((c, c), None), state, None, 2)[0]


def test_a_text_is_not_blamed_for_the_structure_of_something_else():
    with pytest.raises(tw.InputError) as caught:
        tw.find_equilibria(Looped(), PLANE)
    assert "not a number" not in str(caught.value)


def test_a_function_of_two_arguments_is_one_of_the_time():
    weights = np.ones((2, 2))
    cell = tw.as_map(lambda h, x: jnp.tanh(weights @ h + x))
    with pytest.raises(tw.InputError, match=r"\(h, x\) was taken as one of \(t, state\).*lambda h"):
        tw.find_equilibria(cell, PLANE)


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        (tw, "recover_enery", "Did you mean recover_energy"),
        (tw, "find_equilibrium", "Did you mean find_equilibria"),
        (tw.models, "Lorentz", "Did you mean Lorenz"),
        (tw, "zzz", "has no attribute 'zzz'.$"),
    ],
)
def test_a_name_that_is_nearly_one_is_offered(module, name, words):
    with pytest.raises(AttributeError, match=words):
        getattr(module, name)


class WithGain(tw.Flow):
    def velocity(self, tau, state, gain=2.0, *, sign=-1.0):
        return sign * gain * state


class WithoutGain(tw.Flow):
    def velocity(self, t, state, gain):
        return -gain * state


def test_only_arguments_that_must_be_given_are_too_many():
    assert written_wrongly(WithGain()) == ""
    assert written_wrongly(WithoutGain()).endswith("velocity(self, t, state, gain).")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Bare(gain=3.0), r"^Bare\.gain has no annotation.*write gain: float = 2\.0\.$"),
        (lambda: Bare(rates=POINT), r"^Bare\.rates has no annotation.*rates: jax\.Array\.$"),
        (lambda: tw.sweeps.Grid(Bare(), {"gain": [1.0]}), r"write gain: float = 2\.0\.$"),
        (Misspelt, r"^Misspelt lacks velocity\. A Flow needs velocity\(self, t, state\)"),
    ],
)
def test_a_class_without_annotation_or_law_is_told_what_it_lacks(make, words):
    with pytest.raises(tw.InputError, match=words):
        make()


@pytest.mark.parametrize("name", ["start", "is_fast", "nothing", "domain"])
def test_what_a_class_declares_of_itself_is_not_told_to_be_annotated(name):
    with pytest.raises(TypeError, match=name):
        Bare(**{name: 1.0})


def test_annotated_fields_are_given_as_before():
    assert Bare(own=3.0).own == Bare(3.0).own == 3.0
