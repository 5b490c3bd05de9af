"""The domain in which a question is asked: found, filled, or refused with a reason."""

import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.trees import Layout
from thalweg.dynamics import resolve_domain

PLANE = np.array([[0.0, 1.0], [-1.0, 0.0]])


class Rotation(tw.Flow):
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

    def velocity(self, t, state):
        return jnp.asarray(PLANE, state.dtype) @ state


def undeclared(fn):
    return tw.as_flow(fn)


def test_the_declared_domain_serves_and_a_given_one_wins():
    assert resolve_domain(Rotation()) is Rotation.domain
    own = tw.Box([0.0, 0.0], [2.0, 2.0])
    assert resolve_domain(Rotation(), own) is own


def test_a_single_pair_fills_the_declared_shape():
    filled = resolve_domain(Rotation(), tw.Box(-5.0, 5.0))
    assert filled.to_dict() == {"lower": [-5.0, -5.0], "upper": [5.0, 5.0]}
    on_a_tree = tw.as_flow(lambda s: s, domain=tw.Box({"a": [0.0]}, {"a": [1.0]}))
    assert resolve_domain(on_a_tree, tw.Box(-5.0, 5.0)).to_dict()["upper"] == [5.0]


def test_a_single_pair_finds_the_only_shape_that_fits():
    matrix = np.eye(3)
    three = resolve_domain(undeclared(lambda x: matrix @ x), tw.Box(-1.0, 1.0))
    assert three.chart().layout == Layout.of(np.zeros(3))
    unpacks = undeclared(lambda x: jnp.stack([x[1], -x[0]]) if x.ndim and len(x) == 2 else None)
    assert resolve_domain(unpacks, tw.Box(-1.0, 1.0)).chart().dimension == 2
    number = resolve_domain(undeclared(lambda x: -x.reshape(())), tw.Box(-1.0, 1.0))
    assert number.chart().layout == Layout.of(0.0)


def test_a_map_is_tried_with_a_whole_step_count():
    """Its t indexes a table, which a float could not."""
    table = jnp.arange(3.0)
    rule = tw.as_map(lambda t, x: x * table[t])
    box = tw.Box([-1.0], [1.0])
    assert resolve_domain(rule, box) is box


@pytest.mark.parametrize(
    ("rule", "domain", "message"),
    [
        (undeclared(lambda x: -x), None, "FunctionFlow declares no domain: pass one"),
        (Rotation(), [(-1, 1)], r"domain must be a Box or another domain, got \[\(-1, 1\)\]"),
        (
            undeclared(lambda x: -x),
            tw.Box(-1.0, 1.0),
            "does not tell the dimension of FunctionFlow .several state shapes fit.*one pair a",
        ),
        (
            undeclared(lambda x: jnp.zeros((2, 2)) @ x["w"]),
            tw.Box(-1.0, 1.0),
            "no vector of up to 64 fits",
        ),
        (
            Rotation(),
            tw.Box([-1.0] * 3, [1.0] * 3),
            r"Rotation: velocity fails for a state of shape \(3,\) \(TypeError",
        ),
        (
            undeclared(lambda x: x[:1]),
            tw.Box([0.0] * 2, [1.0] * 2),
            r"velocity must return the shape of the state, \(2,\), got \(1,\)",
        ),
        (
            undeclared(lambda x: 0.0),
            tw.Box([0.0] * 2, [1.0] * 2),
            r"must return the shape of the state, \(2,\), got \(\)",
        ),
        (
            undeclared(lambda x: [x[0], x[1]]),
            tw.Box([0.0] * 2, [1.0] * 2),
            r"velocity returned a list of 2, but the state is one array.*jnp.stack\(\[…\]\)",
        ),
        (undeclared(lambda x: np.sin(x)), tw.Box([0.0], [1.0]), r"Use jnp\.sin, not np\.sin"),
        (
            undeclared(lambda x: x if x[0] > 0.0 else -x),
            tw.Box([0.0], [1.0]),
            "Use jnp.where instead of `if`",
        ),
        (
            undeclared(lambda x: x.astype(jnp.float32)),
            tw.Box([0.0], [1.0]),
            "velocity must keep the dtype of the state: a float64 state gave float32",
        ),
        (
            tw.as_map(lambda x: x * 1j),
            tw.Box([0.0], [1.0]),
            "step must keep the dtype of the state: a float64 state gave complex128",
        ),
        (Rotation(), tw.Box([0.0] * 2, [0.0] * 2), "every coordinate has zero width"),
    ],
)
def test_what_does_not_fit_is_said(rule, domain, message):
    with pytest.raises(tw.InputError, match=message):
        resolve_domain(rule, domain)


def test_a_declared_domain_that_is_none_is_refused():
    class Wrong(tw.Flow):
        domain = (-1.0, 1.0)

        def velocity(self, t, state):
            return state

    with pytest.raises(tw.InputError, match=r"Wrong.domain must be a domain such as Box"):
        resolve_domain(Wrong())
