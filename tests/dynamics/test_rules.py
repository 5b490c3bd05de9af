"""Flows and maps: displacement, growth and Jacobians, and plain functions as rules."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw


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
    of_flow = jax.jacfwd(lambda x: flow.displacement(0.0, x))(x)
    np.testing.assert_allclose(flow.own_jacobian(of_flow), [[-0.5, -1.0], [1.0, -0.5]])
    of_map = jax.jacfwd(lambda x: rule.displacement(0, x))(x)
    np.testing.assert_allclose(of_map, -0.5 * np.eye(2))
    np.testing.assert_allclose(rule.own_jacobian(of_map), 0.5 * np.eye(2))


def test_rule_kinds():
    assert (Spiral().rule_kind, Halve().rule_kind) == ("flow", "map")
    abstract_classes: tuple[Any, ...] = (tw.Rule, tw.Flow, tw.Map)
    for abstract in abstract_classes:
        with pytest.raises(TypeError, match="abstract"):
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
