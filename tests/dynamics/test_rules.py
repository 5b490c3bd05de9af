"""Flows and maps: displacement, growth and Jacobians, and plain functions as rules."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.dynamics import Drift


class Spiral(tw.Flow):
    rate: float = 0.5

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([-self.rate * x - y, x - self.rate * y])


class Halve(tw.Map):
    factor: float = 0.5

    def step(self, t, state):
        return jax.tree.map(lambda leaf: self.factor * leaf, state)


def test_displacement_is_zero_exactly_at_rest():
    state = {"a": np.array([2.0, -4.0]), "b": np.array(1.0)}
    displacement = Halve().displacement(0, state)
    np.testing.assert_array_equal(displacement["a"], [-1.0, 2.0])
    assert displacement["b"] == -0.5
    flow = Spiral()
    state = jnp.array([1.0, 2.0])
    np.testing.assert_array_equal(flow.displacement(0.0, state), flow.velocity(0.0, state))


def test_growth_decides_stability_of_flows_and_maps():
    modes = np.array([-0.5 + 2j, 0.5 - 1j])
    np.testing.assert_array_equal(Spiral().growth(modes), [-0.5, 0.5])
    np.testing.assert_allclose(Halve().growth(np.array([1j, -np.e, 0.0])), [0.0, 1.0, -np.inf])
    np.testing.assert_allclose(Halve().growth(jnp.array([1.0, -0.0])), [0.0, -np.inf])


def test_own_jacobian_is_that_of_the_velocity_or_the_step():
    flow, rule = Spiral(), Halve()
    x = jnp.array([0.3, 0.4])
    of_flow = jax.jit(jax.jacfwd(lambda x: flow.displacement(0.0, x)))(x)
    np.testing.assert_allclose(flow.own_jacobian(of_flow), [[-0.5, -1.0], [1.0, -0.5]])
    of_map = jax.jit(jax.jacfwd(lambda x: rule.displacement(0, x)))(x)
    np.testing.assert_allclose(of_map, -0.5 * np.eye(2))
    np.testing.assert_allclose(rule.own_jacobian(of_map), 0.5 * np.eye(2))


def test_rule_kinds():
    assert (Spiral().rule_kind, Halve().rule_kind) == ("flow", "map")
    abstract_classes: tuple[Any, ...] = (tw.Rule, tw.Flow, tw.Map)
    for abstract in abstract_classes:
        with pytest.raises(tw.InputError, match=rf"^{abstract.__name__} lacks .*A Flow needs"):
            abstract()


def three(t, state, args):
    return args["k"] * state + t


@pytest.mark.parametrize(
    ("fn", "args", "expected"),
    [
        (lambda state: -state, None, -2.0),
        (lambda t, state: t * state, None, 6.0),
        (three, {"k": 4.0}, 11.0),
        (lambda t, state, gain=5.0: gain * state, None, 10.0),
        (functools.partial(three, args={"k": 1.0}), None, 5.0),
        (lambda state, *, gain=2.0: gain * state, None, 4.0),
        (jnp.square, None, 4.0),
    ],
)
def test_functions_of_one_two_or_three_arguments(fn, args, expected):
    assert float(tw.as_flow(fn, args).velocity(3.0, jnp.asarray(2.0))) == expected
    assert float(tw.as_map(fn, args).step(3, jnp.asarray(2.0))) == expected


def test_wrapped_functions_declare_what_they_are_given():
    box = tw.Box([0.0], [1.0])
    flow = tw.as_flow(lambda x: -x, domain=box, state_names=("v",))
    assert flow.domain is box
    assert flow.state_names == ("v",)
    assert tw.as_map(lambda x: -x).domain is None


def test_arguments_of_a_wrapped_function_are_parameters():
    traces = []

    @eqx.filter_jit
    def run(flow, state):
        traces.append(1)
        return flow.velocity(0.0, state)

    for gain in (1.0, 2.0):
        flow = tw.as_flow(three, {"k": jnp.asarray(gain)})
        assert float(run(flow, jnp.asarray(2.0))) == 2.0 * gain
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        (3.0, "as_flow: fn must be callable, got 3.0"),
        (lambda: 0.0, r"fn must take \(state\).*requires 0 positional"),
        (lambda a, b, c, d: 0.0, "requires 4 positional"),
    ],
)
def test_what_cannot_be_wrapped_is_named(fn, message):
    with pytest.raises(tw.InputError, match=message):
        tw.as_flow(fn)


class Still(tw.Kernel):
    def draw(self, key, t, state):
        return state


class Noisy(tw.Diffusion):
    level: Any = 0.5

    def drift(self, t, state):
        return jax.tree.map(lambda x: -x, state)

    def noise(self, t, state):
        return self.level


def test_every_kind_has_its_words():
    rules = (Spiral(), Halve(), Noisy(), Still())
    assert [rule.words.kind for rule in rules] == ["flow", "map", "diffusion", "kernel"]
    assert [rule.words.law for rule in rules] == ["velocity", "step", "drift", "draw"]
    assert [rule.words.rate for rule in rules[:2]] == ["per time unit", "per step"]
    assert [rule.words.moment(3.0) for rule in rules[:2]] == ["t = 3", "step 3"]
    assert [rule.has_continuous_time for rule in rules] == [True, False, True, False]
    assert [np.dtype(r.time_dtype(np.float32)).name for r in rules[:2]] == ["float32", "int32"]


@pytest.mark.long
def test_an_energy_rises_as_its_differences_say():
    def energy(x):
        return jnp.sum(x**2) + x[0]

    x = jnp.array([0.5, -2.0])
    rise, size = Spiral().rise(energy, 0.0, x)
    velocity, step = Spiral().velocity(0.0, x), 1e-3
    change = (energy(x + step * velocity) - energy(x - step * velocity)) / (2 * step)
    np.testing.assert_allclose(rise, change, rtol=1e-3)
    np.testing.assert_allclose(
        size, jnp.linalg.norm(2 * x + jnp.array([1.0, 0.0])) * jnp.linalg.norm(velocity), rtol=1e-6
    )
    rise, size = Halve().rise(energy, 0, x)
    np.testing.assert_allclose(rise, energy(x / 2) - energy(x), rtol=1e-6)
    np.testing.assert_allclose(size, abs(energy(x / 2)) + abs(energy(x)), rtol=1e-6)


def test_a_quadratic_rises_as_its_matrix_says():
    hessian, jacobian = np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([[-1.0, 0.7], [0.2, -0.4]])
    x = np.array([0.4, -0.8])
    expected = 2 * x @ hessian @ jacobian @ x
    np.testing.assert_allclose(x @ Spiral().quadratic_rise(hessian, jacobian) @ x, expected)
    after = jacobian @ x
    expected = after @ hessian @ after - x @ hessian @ x
    np.testing.assert_allclose(x @ Halve().quadratic_rise(hessian, jacobian) @ x, expected)


def test_a_field_does_not_hide_a_method():
    with pytest.raises(tw.InputError, match="'growth', which would hide the method"):

        class Logistic(tw.Flow):
            growth: float = 0.5  # type: ignore[assignment]

            def velocity(self, t, state):
                return state


@pytest.mark.parametrize("rule", [Noisy(), Still()], ids=["diffusion", "kernel"])
def test_analysis_asks_rules_without_chance(rule):
    with pytest.raises(tw.InputError, match=f"is a {rule.rule_kind}, which moves at random"):
        tw.find_equilibria(rule, tw.Box([-1.0], [1.0]))


@pytest.mark.long
def test_the_drift_of_a_diffusion_is_a_flow():
    found = tw.find_equilibria(Drift(Noisy()), tw.Box([-1.0], [1.0]))
    assert [e.kind for e in found] == ["sink"]
    with pytest.raises(tw.InputError, match="Drift: diffusion must be a Diffusion"):
        Drift(Halve())  # type: ignore[arg-type]
