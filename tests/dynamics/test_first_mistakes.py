"""What a first system gets wrong, and that the message says how to put it right."""

import math
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import Linear

import thalweg as tw

PLANE = tw.Box([-1.0, -1.0], [1.0, 1.0])


class Stable(tw.Flow):
    domain = PLANE

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([-x, -y])


class OfMath(tw.Flow):
    def velocity(self, t, state):
        return jnp.stack([math.exp(state[0]), state[1]])


class OfNumPy(tw.Flow):
    def velocity(self, t, state):
        return np.exp(state)


class Branching(tw.Flow):
    def velocity(self, t, state):
        return -state if state[0] > 0 else state


class Swapped(tw.Flow):
    def velocity(self, x, t):  # type: ignore[override]
        return -x


class WithoutTime(tw.Flow):
    def velocity(self, x):  # type: ignore[override]
        return -x


class Listed(tw.Flow):
    def velocity(self, t, state):
        return [state[1], -state[0]]


class Silent(tw.Flow):
    def velocity(self, t, state):
        state = -state


class SwappedMap(tw.Map):
    def step(self, x, time):  # type: ignore[override]
        return x / 2


@pytest.mark.parametrize(
    "verb",
    [
        tw.find_equilibria,
        tw.find_cycles,
        tw.recover_energy,
        tw.analyze,
        tw.plot.phase_portrait,
        lambda rule: tw.bifurcation_diagram(rule, "rate", (0.0, 1.0)),
        lambda rule: tw.linearize(rule, jnp.zeros(2)),
        lambda rule: tw.simulate(rule, jnp.zeros(2), duration=1.0),
        lambda rule: tw.check_descent(rule, jnp.sum, PLANE),
    ],
)
def test_a_class_is_to_be_called(verb):
    with pytest.raises(tw.InputError, match=r"the class Stable, not a rule: call it, Stable\(\)"):
        verb(Stable)


def test_the_class_of_an_energy_is_to_be_called():
    words = r"energy is the class FourWells: call it, FourWells\(\)"
    with pytest.raises(tw.InputError, match=words):
        tw.SteepestDescent(tw.energies.FourWells)
    with pytest.raises(tw.InputError, match=words):
        tw.dynamics.Momentum(tw.energies.FourWells, 0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (OfMath(), r"Use jnp\.exp, not math\.exp \(line \d+\)"),
        (OfNumPy(), r"Use jnp\.exp, not np\.exp \(line \d+\)"),
        (Branching(), r"Use jnp\.where instead of `if`"),
        (Swapped(), r"velocity\(self, t, state\); this one is velocity\(self, x, t\)"),
        (WithoutTime(), r"velocity\(self, t, state\); this one is velocity\(self, x\)"),
        (SwappedMap(), r"step\(self, t, state\); this one is step\(self, x, time\)"),
        (
            Listed(),
            r"returned a list of 2, but the state is one array of shape \(2,\)\. Join the "
            r"coordinates: jnp\.stack",
        ),
        (Silent(), "velocity returned None: it needs a return"),
    ],
)
def test_a_law_that_is_written_wrongly_is_said_to_be(rule, words):
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(rule, PLANE)
    ways: Any = {"steps": 2} if isinstance(rule, tw.Map) else {"duration": 1.0}
    with pytest.raises(tw.InputError, match=words):
        tw.simulate(rule, jnp.ones(2), **ways)


def test_a_state_of_another_number_of_coordinates():
    words = r"It unpacks 2 coordinates, but a state of shape \(3,\) was asked about"
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(Stable(), tw.Box([-1.0] * 3, [1.0] * 3))


@pytest.mark.long
def test_the_time_comes_first_in_functions_too():
    with pytest.raises(tw.InputError, match=r"the time comes first: \(t, state\)"):
        tw.as_flow(lambda x, t: -x)
    assert tw.as_flow(lambda t, x: -x * t).velocity(2.0, 3.0) == -6.0


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        (([-3, 3], [-3, 3]), r"zero width\. .*corner.*Box\(\[-3\.0, -3\.0\], \[3\.0, 3\.0\]\)"),
        (([-3, 3], [-5, 5]), r"exceed.* corner.*Box\(\[-3\.0, -5\.0\], \[3\.0, 5\.0\]\)"),
        (([3, 3], [-3, 3]), r"got 3\.0 > -3\.0 for x\[0\]\. Swap the two bounds"),
    ],
)
def test_a_box_is_given_by_corners(corners, words):
    with pytest.raises(tw.InputError, match=words):
        tw.Box(*corners)


def test_a_slice_is_still_a_box():
    assert tw.Box([-3.0, 3.0], [-1.0, 3.0]).dimension == 2


def test_what_is_no_trajectory_is_not_drawn():
    with pytest.raises(tw.InputError, match=r"what simulate returned, got ndarray\. Arrays are"):
        tw.plot.trajectory(np.zeros((10, 2)))  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="what simulate returned"):
        tw.plot.energy_along(np.zeros((10, 2)), jnp.sum)  # type: ignore[arg-type]


class Rooted(tw.Flow):
    """A rule that half of its domain has no value of."""

    domain = PLANE

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([0.3 - jnp.sqrt(x) + y, -y - x])


class RootedMap(tw.Map):
    domain = tw.Box([-1.0], [1.0])

    def step(self, t, state):
        return jnp.sqrt(state) - 0.2


@pytest.mark.long
@pytest.mark.parametrize("rule", [Rooted(), RootedMap()])
def test_where_a_rule_has_no_value_nothing_but_the_result_says_so(rule):
    """No warning of NumPy, no crash: the figure leaves the place empty."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        equilibria = tw.find_equilibria(rule)
        axes = tw.plot.phase_portrait(rule, equilibria=equilibria)
    assert len(axes.lines)


@pytest.mark.long
def test_an_energy_of_a_root_has_a_verdict():
    """No state beside a wall of the box is seen: its energy is asked about all the same."""
    fall = tw.SteepestDescent(lambda x: jnp.sum(jnp.sqrt(x) * x) - x[0])
    assert tw.recover_energy(fall, PLANE).kind == "euclidean"


class Poles(tw.Flow):
    """x' = 1/(x − ½) − x and y' = −y: a pole cuts a quarter off the box."""

    domain = PLANE

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([1.0 / (x - 0.5) - x, -y])


@pytest.mark.long
def test_a_verdict_on_a_part_of_a_box_says_so():
    found = tw.recover_energy(Poles())
    assert found.share == pytest.approx(0.75, abs=0.09)  # three standard errors of 256 points
    region = next(said for said in found.sentences() if said.startswith("Region"))
    assert region == f"Region: about {100 * found.share:.0f} % of the box [-1, 1] × [-1, 1]."
    assert tw.Verdict.from_dict(found.to_dict()) == found


def test_times_that_are_traced_are_refused():
    flow = Linear(-np.eye(2))

    def end(last):
        return tw.learning.run_gradient(flow, jnp.sum, jnp.ones(2), (0.0, last)).loss

    with pytest.raises(tw.InputError, match="times must be numbers, not traced"):
        jax.jit(end)(1.0)


@pytest.mark.long
def test_an_energy_with_arrays_is_jitted_as_it_is():
    energy = tw.energies.ModernHopfield(jnp.eye(2), temperature=0.5)
    state = np.array([0.3, -0.2], np.float32)
    np.testing.assert_allclose(jax.jit(energy)(state), energy(state), rtol=1e-6)
    wells = tw.energies.FourWells()
    assert hash(wells) == hash(tw.energies.FourWells())
