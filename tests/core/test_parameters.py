"""What is a parameter of a system, and what only belongs to how it is written."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.parameters import find_parameter, holds_parameter, parameters


class Layer(eqx.Module):
    """A function that holds an array, a number, and how it is made."""

    weights: Any
    gain: float = 2.0
    size: int = 2
    is_odd: bool = True
    name: str = "tanh"

    def __call__(self, state):
        return self.gain * jnp.tanh(self.weights @ state)


class Bounded(tw.Flow):
    """A rule that keeps its region and its names in fields."""

    rate: float = 1.0
    count: int = 3
    domain: tw.Box = tw.Box([-1.0], [1.0])
    state_names: tuple[str, ...] = ("x",)

    def velocity(self, t, state):
        return -self.rate * state


def box():
    return tw.Box([-1.0, -1.0], [1.0, 1.0])


def test_region_names_and_adapters_are_no_parameters():
    assert parameters(tw.as_flow(lambda x: -x, domain=box(), state_names=("x", "y"))) == {}
    assert parameters(tw.as_map(lambda t, x: -x)) == {}
    assert parameters(Bounded()) == {"rate": 1.0, "count": 3}


def test_of_a_function_from_elsewhere_numbers_that_vary_are_parameters():
    rule = tw.as_flow(Layer(np.eye(2)), domain=box())
    assert list(parameters(rule)) == ["fn.fn.weights", "fn.fn.gain"]
    louder = find_parameter(rule, "gain").put(rule, 3.0)
    np.testing.assert_allclose(louder.velocity(0.0, jnp.ones(2)), 3.0 * np.tanh(np.ones(2)))
    given = tw.as_flow(lambda t, x, args: -args["rate"] * x, {"rate": 0.5, "count": 3})
    assert parameters(given) == {"args.rate": 0.5, "args.count": 3}


def test_a_tuple_of_numbers_is_a_row():
    rule = tw.as_flow(lambda t, x, rates: -rates[1] * x, (1.0, 2.0), domain=box())
    assert parameters(rule) == {"args": [1.0, 2.0]}
    second = find_parameter(rule, "args.1")
    assert second.value(rule) == 2.0
    assert second.put(rule, 3.0).args == (1.0, 3.0)
    assert find_parameter(rule, "args[-1]").put(rule, 3.0).args == (1.0, 3.0)


@pytest.mark.parametrize("name", ["domain.lower[0]", "lower[0]", "fn.takes_time", "fn.fn.size"])
def test_what_is_none_cannot_be_named(name):
    rule = tw.as_flow(Layer(np.eye(2)), domain=box())
    with pytest.raises(tw.InputError, match="has no parameter"):
        find_parameter(rule, name)


def test_a_path_leads_to_a_parameter_or_not():
    rule = tw.as_flow(Layer(np.eye(2)), domain=box())
    assert holds_parameter(rule, ("fn", "fn", "weights"))
    assert not holds_parameter(rule, ("domain", "lower"))
    assert not holds_parameter(rule, ("fn", "nothing"))
    assert holds_parameter({"rates": (1.0, 2.0)}, ("rates", "1"))
