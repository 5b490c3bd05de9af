"""Box and ProbabilitySimplex: what they hold, and what they refuse."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.trees import Layout


def test_plain_numbers_are_float64_arrays_and_lists_are_not_pytrees():
    box = tw.Box([-1, -2], [1, 2])
    assert isinstance(box.lower, np.ndarray)
    assert box.lower.dtype == np.float64
    assert box.layout == Layout.of(np.zeros(2))
    assert box.dimension == 2
    assert tw.Box((-1, np.int64(-2)), (1, 2)).dimension == 2
    assert tw.Box([[0, 0], [0, 0]], [[1, 1], [1, 1]]).layout.shapes == ((2, 2),)


def test_bounds_do_not_alias_what_was_given():
    lower = np.zeros(2)
    box = tw.Box(lower, [1.0, 1.0])
    lower[0] = 0.5
    np.testing.assert_array_equal(box.lower, [0.0, 0.0])


def test_jax_arrays_and_pytrees_are_bounds():
    box = tw.Box({"u": jnp.zeros(2), "v": [[0.0]]}, {"u": [1.0, 2.0], "v": [[3.0]]})
    assert box.dimension == 3
    assert box.layout.labels() == ["u[0]", "u[1]", "v[0,0]"]
    assert box.to_dict() == {"lower": [0.0, 0.0, 0.0], "upper": [1.0, 2.0, 3.0]}


def test_a_pair_of_numbers_fills_any_layout():
    box = tw.Box(-1.0, 2.0, periodic=True)
    assert box.is_scalar
    assert not tw.Box([-1.0], [2.0]).is_scalar
    filled = box.like(Layout.of({"a": np.zeros(2), "b": np.zeros((1, 1))}))
    np.testing.assert_array_equal(filled.upper["b"], [[2.0]])
    assert filled.to_dict() == {
        "lower": [-1.0] * 3,
        "upper": [2.0] * 3,
        "periodic": [True] * 3,
    }


def test_periodic_is_one_truth_value_or_one_a_coordinate():
    assert tw.Box([0.0, 0.0], [1.0, 1.0], [True, False]).to_dict()["periodic"] == [True, False]
    tree = tw.Box({"a": [0.0], "b": [0.0]}, {"a": [1.0], "b": [1.0]}, {"a": True, "b": False})
    assert tree.to_dict()["periodic"] == [True, False]
    single_leaf = tw.Box({"a": [0.0, 0.0]}, {"a": [1.0, 1.0]}, {"a": [False, True]})
    assert single_leaf.to_dict()["periodic"] == [False, True]


def test_a_coordinate_of_zero_width_is_held():
    chart = tw.Box([0.0, 5.0, -1.0], [1.0, 5.0, 1.0]).chart()
    assert chart.free == (0, 2)
    np.testing.assert_array_equal(chart.embed(np.array([0.25, 0.5])), [0.25, 5.0, 0.5])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: tw.Box([-1.0, 3.0], [1.0, -3.0]),
            r"lower must not exceed upper.*3.0 > -3.0.*x\[1\]",
        ),
        (lambda: tw.Box(1.0, 0.0), "lower must not exceed upper, got 1.0 > 0.0 for x.*Swap"),
        (lambda: tw.Box({"u": [2.0]}, {"u": [1.0]}), r"for u\[0\]"),
        (lambda: tw.Box([-1.0, -1.0], [1.0]), "same structure and shapes"),
        (lambda: tw.Box({"u": 0.0}, {"w": 1.0}), "same structure and shapes"),
        (lambda: tw.Box(0.0, np.inf), "upper must be finite"),
        (lambda: tw.Box([np.nan, 0.0], [1.0, 1.0]), "lower must be finite"),
        (lambda: tw.Box("left", 1.0), "lower must hold numbers, got 'left'"),
        (lambda: tw.Box([[0.0], [0.0, 1.0]], 1.0), "lower must hold numbers"),
        (lambda: tw.Box(None, None), "lower must hold at least one number"),
        (lambda: tw.Box([], []), "lower must hold at least one number"),
        (lambda: tw.Box([0.0], [1.0], periodic=[1.0]), "periodic must hold truth values"),
        (
            lambda: tw.Box([0.0, 0.0], [1.0, 1.0], [True] * 3),
            "periodic must be True, False or shaped",
        ),
        (
            lambda: tw.Box({"a": 0.0, "b": 0.0}, {"a": 1.0, "b": 1.0}, {"a": True}),
            "periodic must be",
        ),
        (lambda: tw.Box([1.0], [1.0]).chart(), "every coordinate has zero width"),
        (lambda: tw.ProbabilitySimplex(1), "at least 2, got 1"),
        (lambda: tw.ProbabilitySimplex(2.5), "whole number, at least 2, got 2.5"),  # type: ignore[arg-type]
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()


def test_simplex_describes_itself():
    simplex = tw.ProbabilitySimplex(3)
    assert simplex.chart().dimension == 2
    assert simplex.to_dict() == {"lower": [0.0] * 3, "upper": [1.0] * 3, "sum": 1.0}


@pytest.mark.parametrize(
    "domain",
    [tw.Box([0.0, -1.0], [6.0, 1.0], [True, False]), tw.ProbabilitySimplex(3)],
)
def test_a_domain_of_vectors_lists_its_bounds_and_comes_back(domain):
    again = type(domain).from_dict(json.loads(json.dumps(domain.to_dict())))
    assert again == domain
    header, rows = domain.table()
    assert header == ["coordinate", "from", "to"]
    assert rows[0] == ["x[0]", "0", "6" if isinstance(domain, tw.Box) else "1"]
    assert domain.title == str(domain)
    assert domain.remarks() == []
