"""What analysis refuses, and the message it gives."""

from typing import Any, cast

import jax.numpy as jnp
import numpy as np
import pytest
from tests.analysis.systems import Henon
from tests.zoo import polynomial_flow, square

import thalweg as tw


class Autonomous(tw.Flow):
    """x' = r − x²."""

    r: float = 1.0
    domain = tw.Box([-2.0], [2.0])

    def velocity(self, t, state):
        return self.r - state**2


@pytest.mark.long
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tw.find_equilibria(cast(Any, abs)), "rule must be a Flow or a Map"),
        (lambda: tw.find_equilibria(tw.as_flow(lambda x: x)), "declares no domain"),
        (lambda: tw.find_equilibria(Autonomous(r=float("nan"))), "r = nan"),
        (lambda: tw.find_equilibria(Autonomous(), starts=1), "starts must be at least 2"),
        (lambda: tw.find_equilibria(Autonomous(), starts=np.zeros((0, 1))), "starts must be"),
        (
            lambda: tw.find_equilibria(Autonomous(), starts=np.array([[np.inf]])),
            "state 0 of 1 holds inf",
        ),
        (lambda: tw.find_equilibria(Henon(), tw.Box([-1.0], [1.0])), "step fails"),
        (
            lambda: tw.find_equilibria(tw.as_flow(lambda x: x[:1]), square(1.0)),
            r"\(2,\), got \(1,\)",
        ),
        (
            lambda: tw.find_equilibria(tw.as_flow(lambda t, x: jnp.sin(t) - x), square(1.0)),
            "Stroboscopic",
        ),
        (
            lambda: tw.find_equilibria(tw.as_flow(lambda x: x * jnp.nan), square(1.0)),
            "not finite at any",
        ),
        (
            lambda: tw.find_equilibria(tw.as_flow(lambda x: jnp.sign(x).astype(int)), square(1.0)),
            "keep the dtype",
        ),
        (
            lambda: tw.find_equilibria(tw.as_flow(lambda x: x, domain=tw.ProbabilitySimplex(3))),
            "does not keep the sum",
        ),
    ],
)
def test_one_clear_message(call, message):
    with pytest.raises(tw.InputError, match=message):
        call()


@pytest.mark.long
def test_a_rule_undefined_in_part_of_the_domain_is_searched_in_the_rest():
    found = tw.find_equilibria(tw.as_flow(lambda x: jnp.sqrt(x) - 0.5), square(1.0))
    (only,) = found
    np.testing.assert_allclose(only.state, 0.25, atol=1e-13)
    assert found.search.undefined > 0
    assert any("not finite at" in note for note in found.warnings)


@pytest.mark.long
def test_a_singular_line_does_no_harm():
    found = tw.find_equilibria(tw.as_flow(lambda x: jnp.stack([1 / x[0] - 2, -x[1]])), square(1.0))
    (only,) = found
    np.testing.assert_allclose(only.state, [0.5, 0.0], atol=1e-13)


def test_a_domain_far_from_every_equilibrium_says_so():
    found = tw.find_equilibria(
        polynomial_flow(lambda x: 1.0 - x), tw.Box([100.0, 100.0], [101.0, 101.0])
    )
    assert len(found) == 0
    assert any("widen the domain" in note for note in found.warnings)
    assert str(found).startswith("No equilibria")


def test_no_equilibrium_at_all_says_so():
    found = tw.find_equilibria(polynomial_flow(lambda x: 1.0 + x**2, 1), square(1.0, 1))
    assert len(found) == 0
    assert found.states == []
    assert found.to_dict()["equilibria"] == []
