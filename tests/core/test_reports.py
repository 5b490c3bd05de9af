"""Results compare by their numbers, and JSON keeps how a state is nested."""

import json

import numpy as np
import pytest

import thalweg as tw
from thalweg.core import html
from thalweg.core.about import About
from thalweg.core.plain import array, from_pairs, layout_of, pairs, structure
from thalweg.core.reports import NotKept, same
from thalweg.core.trees import Layout


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-15]), False),
        (np.array([1.0]), np.array([1.0, 1.0]), False),
        (np.nan, np.nan, True),
        (1.0, None, False),
        (None, None, True),
        ((1, "a"), (1, "b"), False),
        ({"a": np.zeros(2)}, {"a": np.zeros(2)}, True),
        ({"a": np.zeros(2)}, {"b": np.zeros(2)}, False),
        (tw.Box(0.0, 1.0), tw.Box(0.0, 1.0), True),
        (tw.Box(0.0, 1.0), tw.Box(0.0, 1.0, True), False),
        (tw.Box([0.0, 0.0], [1.0, 1.0]), tw.ProbabilitySimplex(2), False),
    ],
)
def test_equal_means_the_same_numbers(one, other, equal):
    assert same(one, other) is equal


def test_complex_numbers_are_pairs():
    values = np.array([1.0 - 2.0j, 3.0])
    assert pairs(values) == [[1.0, -2.0], [3.0, 0.0]]
    np.testing.assert_array_equal(from_pairs(pairs(values)), values)
    assert from_pairs([]).shape == (0,)
    assert np.isnan(from_pairs([[None, 0.0]])[0])
    np.testing.assert_array_equal(array([[1, None]]), [[1.0, np.nan]])


class Weights(tw.Flow):
    """A state of a class of its own: JSON keeps its numbers, not the class."""

    first: object

    def velocity(self, t, state):
        return state


@pytest.mark.parametrize(
    ("state", "nested"),
    [
        (np.zeros(3), None),
        (0.0, []),
        (np.zeros((2, 2)), [2, 2]),
        ({"b": np.zeros(2), "a": (0.0, [np.zeros((1, 2))])},
         {"dict": {"a": {"tuple": [[], {"list": [[1, 2]]}]}, "b": [2]}}),
        ([np.zeros(1)], {"list": [[1]]}),
    ],
)  # fmt: skip
def test_a_state_comes_back_as_it_was_nested(state, nested):
    layout = Layout.of(state)
    assert structure(layout) == nested
    assert layout_of(json.loads(json.dumps(nested)), layout.size) == layout


def test_a_state_of_a_users_class_comes_back_as_a_vector():
    layout = Layout.of(Weights(np.zeros((2, 2))))
    assert structure(layout) is None
    assert layout_of(None, layout.size) == Layout.of(np.zeros(4))


@pytest.mark.parametrize(
    "domain",
    [
        tw.Box([0.0, -1.0], [6.0, 1.0], [True, False]),
        tw.Box({"u": np.zeros(2), "v": 0.0}, {"u": np.ones(2), "v": 1.0}),
        tw.ProbabilitySimplex(4),
        None,
    ],
)
def test_what_a_result_is_about_comes_back(domain):
    about = About(
        "name", "map", ("a", "b", "c", "d")[: domain.layout.size if domain else 2], domain
    )
    again = About.from_dict(json.loads(json.dumps(about.to_dict())))
    assert same(again, about)
    assert again.called("other") == About("other", "map", about.names, again.domain)


def test_what_json_cannot_hold_says_so():
    missing = NotKept("energy")
    with pytest.raises(tw.InputError, match="does not keep the energy"):
        missing(np.zeros(2))
    with pytest.raises(AttributeError, match="does not keep the energy"):
        missing.flat  # noqa: B018
    assert "energy" in repr(missing)


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        (tw.Box([-3.0, 0.0], [3.0, 1.0]), "The box [-3, 3] × [0, 1]"),
        (tw.Box([0.0] * 3, [1.0] * 3), "The box [0, 1]³"),
        (tw.Box([0.0, 2.0], [1.0, 2.0]), "The box [0, 1] × 2"),
        (tw.Box([0.0] * 5, [1, 2, 3, 4, 5]), "The box [0, 1] × [0, 2] × [0, 3] × [0, 4] × …"),
        (tw.Box([0.0, 0.0], [1.0, 2.0], [True, False]),
         "The box [0, 1) × [0, 2], one angle among them"),
        (tw.ProbabilitySimplex(3), "The simplex of 3 coordinates"),
    ],
)  # fmt: skip
def test_domains_print_in_words(domain, words):
    assert str(domain) == repr(domain) == words
    assert words in domain._repr_html_()


def test_numbers_are_not_broken_at_the_end_of_a_line():
    for number in (
        "1e-05", "3.1 %", "0.9146 ± 0.009", "2 ± 1e-3", "0.1 ± 10i", "1 ± 0.5 %", "1.5e-3i",
        "1,000 ± 20", "-1,234.5 %", "t = 18.1", "12.5 ms", "N = 3 %", "3.5 ± 0.1 s", "τ = -2e-3",
    ):  # fmt: skip
        kept = f'<span style="white-space:nowrap">{number}</span>'
        assert html.text(f"a {number}; 2 of them") == f"a {kept}; 2 of them"
        assert html.text(f"1, 2, {number}") == f"1, 2, {kept}"
        assert html.whole(f"a {number} b") == f"a {number.replace(' ', html.NO_BREAK)} b"
    assert html.text("1" * 20_000) == "1" * 20_000  # every place as a first digit would take long
