"""Totals that a rule conserves, and equilibria that are isolated once they are given."""

import json
from typing import Any

import numpy as np
import pytest
from tests.zoo import Linear, LinearMap, polynomial_flow, square

import thalweg as tw
from thalweg.analysis.equilibria.totals import generators, read_total, written

POSITIVE = tw.Box([0.0] * 3, [3.0] * 3)


def binding(on, off):
    """A + B ⇌ AB."""
    return polynomial_flow(
        lambda x: (off * x[2] - on * x[0] * x[1]) * np.array([1.0, 1.0, -1.0]), 3
    )


def robertson(state):
    x, y, z = state
    slow, fast, back = 0.04 * x, 3e7 * y**2, 1e4 * y * z
    return np.stack([back - slow, slow - back - fast, fast])


def found_names(rule, domain):
    return [q.name for q in tw.conserved_quantities(rule, domain)]


@pytest.mark.long
def test_moieties_are_found_and_proven():
    found = tw.conserved_quantities(binding(1.0, 0.5), POSITIVE)
    assert [q.name for q in found] == ["x[0] + x[2]", "x[1] + x[2]"]
    assert [(q.lower, q.upper, q.confirmed) for q in found] == [(0.0, 6.0, "formulas")] * 2
    assert found[0](np.array([1.0, 5.0, 2.5])) == 3.5
    assert "2 conserved linear totals" in str(found)
    assert "formulas" in found._repr_html_()


@pytest.mark.long
@pytest.mark.parametrize("top", [1.0, 1e-4])
def test_stiff_chemistry_conserves_one_total(top):
    assert found_names(polynomial_flow(robertson, 3), tw.Box([0.0] * 3, [1.0, top, 1.0])) == [
        "x[0] + x[1] + x[2]"
    ]


def test_a_total_that_drifts_at_a_constant_rate_is_not_conserved():
    """Σ cᵢJᵢⱼ = 0 holds, Σ cᵢfᵢ = 1e-3 all over."""
    drifting = polynomial_flow(lambda x: np.stack([x[1] ** 2 + 1e-3, -(x[1] ** 2)]))
    assert found_names(drifting, square(1.0)) == []


def test_a_total_that_changes_only_slowly_is_not_conserved():
    leaking = polynomial_flow(lambda x: np.stack([x[1] - x[0], x[0] - x[1] - 1e-9 * x[0] ** 3]))
    assert found_names(leaking, square(1.0)) == []


def test_coefficients_that_are_no_whole_numbers_are_confirmed_at_points():
    """The left null vector of a random matrix of rank 3."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(4, 3)) @ rng.normal(size=(3, 4))
    (total,) = tw.conserved_quantities(Linear(matrix), square(1.0, 4))
    left = np.linalg.svd(matrix.T)[2][-1]
    np.testing.assert_allclose(total.coefficients, left / left[0], rtol=1e-9)
    assert total.confirmed == "points"


def test_a_map_conserves_what_its_steps_do_not_change():
    matrix = np.array([[0.5, 0.2, 0.1], [0.3, 0.7, 0.1], [0.2, 0.1, 0.8]])
    assert found_names(LinearMap(matrix), square(1.0, 3)) == ["x[0] + x[1] + x[2]"]


@pytest.mark.long
def test_a_total_probability_makes_the_stationary_law_the_one_fixed_point():
    matrix = np.array([[0.5, 0.2, 0.1], [0.3, 0.7, 0.1], [0.2, 0.1, 0.8]])
    found = tw.find_equilibria(
        LinearMap(matrix), tw.Box([0.0] * 3, [1.0] * 3), conserved={"x[0] + x[1] + x[2]": 1.0}
    )
    values, vectors = np.linalg.eig(matrix)
    law = np.real(vectors[:, np.argmax(np.real(values))])
    (only,) = found
    np.testing.assert_allclose(only.state, law / law.sum(), atol=1e-12)
    rest = np.sort(np.abs(values))[:-1]
    np.testing.assert_allclose(np.sort(np.abs(only.eigenvalues)), rest, rtol=1e-9)


@pytest.mark.long
def test_a_binding_equilibrium_is_the_root_of_a_quadratic():
    totals = {"x[0] + x[2]": 2.0, "x[1]+x[2]": 1.0}
    found = tw.find_equilibria(binding(1.0, 0.5), POSITIVE, conserved=totals)
    bound = (3.5 - np.sqrt(3.5**2 - 8.0)) / 2.0
    (only,) = found
    np.testing.assert_allclose(only.state, [2.0 - bound, 1.0 - bound, bound], atol=1e-12)
    np.testing.assert_allclose(only.eigenvalues, [-(3.5 - 2.0 * bound)], rtol=1e-9)
    assert (only.kind, found.search.continua) == ("sink", 0)
    assert any("x[0] + x[2] = 2" in warning for warning in found.warnings)
    again = tw.Equilibria.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found


@pytest.mark.long
def test_where_equilibria_come_in_families_the_totals_are_named():
    found = tw.find_equilibria(binding(1.0, 0.5), POSITIVE)
    assert (found.search.continua, found[0].continuum) == (1, 2)
    assert any("conserves x[0] + x[2] and x[1] + x[2]" in warning for warning in found.warnings)
    assert found.search.settled > 0.8 * found.search.trajectories


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        ({"x[0]": 1.0}, "does not conserve x\\[0\\]"),
        ({"x[0] + x[2]": 7.0}, "between 0 and 6"),
        ({"x[0] + x[9]": 1.0}, "no total of"),
        ({"x[0] + x[2]": np.nan}, "finite number"),
        ({"x[0] + x[2]": 1.0, "2 x[0] + 2 x[2]": 2.0}, "not independent"),
    ],
)
def test_totals_that_cannot_be_held(totals, words):
    with pytest.raises(tw.InputError, match=words):
        tw.find_equilibria(binding(1.0, 0.5), POSITIVE, conserved=totals)


def test_a_total_of_angles_has_no_value():
    turning = tw.Box([0.0, 0.0], [1.0, 1.0], True)
    with pytest.raises(tw.InputError, match="holds angles"):
        tw.find_equilibria(Linear(np.zeros((2, 2))), turning, conserved={"x[0] + x[1]": 1.0})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A + B", [1.0, 1.0, 0.0]),
        ("A+2*AB-B", [1.0, -1.0, 2.0]),
        ("2.5 A - 1e-3 AB", [2.5, 0.0, -1e-3]),
        ("-A + A + B", [0.0, 1.0, 0.0]),
    ],
)
def test_totals_are_read_as_they_are_written(text, expected):
    names = ("A", "B", "AB")
    read = read_total(text, names)
    np.testing.assert_array_equal(read, expected)
    np.testing.assert_array_equal(read_total(written(read, names), names), expected)


@pytest.mark.parametrize("text", ["", "A B", "A + ", "A + C", "AA", "1", "A - A", 3])
def test_what_is_no_total_is_refused(text):
    with pytest.raises(tw.InputError, match="no total of"):
        read_total(text, ("A", "B", "AB"))


def test_short_totals_without_signs_generate_the_others():
    """E + C and S + C + P, from any basis of their span."""
    wanted = np.array([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 1.0]])
    mixed = np.array([[0.3, -2.0], [1.1, 0.4]]) @ wanted
    np.testing.assert_allclose(generators(mixed, np.ones(4)), wanted)


@pytest.mark.parametrize("totals", [["A + AB"], np.ones(2)])
def test_totals_without_values_are_refused(totals: Any):
    with pytest.raises(tw.InputError, match=r"a mapping from totals to values .*, got "):
        tw.find_equilibria(binding(1.0, 0.5), POSITIVE, conserved=totals)
