"""Branches and bifurcations of published systems, to the digits that are known."""

import re

import jax
import numpy as np
import pytest
from tests.analysis.continuation import families

import thalweg as tw
from thalweg.analysis.continuation.coefficients import flip_coefficient
from thalweg.analysis.continuation.family import Family
from thalweg.core.parameters import find_parameter
from thalweg.dynamics.problem import make_problem


def diagram(rule, parameter, span, domain=None, **options):
    """Without cycles, which another module is about."""
    return tw.bifurcation_diagram(rule, parameter, span, domain, cycles=None, **options)


def points(found, *kinds):
    return [(b.kind, b.value) for b in found.bifurcations if not kinds or b.kind in kinds]


def assert_points(found, expected, rtol=3e-12):
    assert [kind for kind, _ in points(found)] == [kind for kind, _ in expected]
    values = [value for _, value in points(found)]
    np.testing.assert_allclose(values, [value for _, value in expected], rtol=rtol, atol=1e-12)
    assert found.checks.agree == found.checks.values > 0


@pytest.fixture(scope="module")
def reaction():
    return diagram(families.Reaction(), "p1", (0.0, 0.2))


@pytest.mark.long
def test_fitzhugh_nagumo_has_two_hopf_points_that_repel():
    found = diagram(tw.models.FitzHughNagumo(), "current", (0.0, 1.8))
    assert_points(found, [("hopf", 0.331281337455), ("hopf", 1.41871866255)])
    for hopf in found.bifurcations:
        assert hopf.frequency == pytest.approx(0.275506805724, rel=1e-11)
        assert hopf.coefficient == pytest.approx(0.971971082, rel=1e-8)
        assert "repels" in str(hopf)
    assert [stable for _, stable in found.branches[0].runs()] == [True, False, True]


@pytest.mark.long
def test_lorenz_has_a_pitchfork_and_two_hopf_points():
    found = diagram(tw.models.Lorenz(), "rho", (0.2, 30.0))
    assert_points(found, [("pitchfork", 1.0), ("hopf", 470 / 19), ("hopf", 470 / 19)])
    hopf = found.of_kind("hopf")[0]
    assert hopf.frequency == pytest.approx(9.62453006372, rel=1e-11)
    assert hopf.coefficient == pytest.approx(2.65518973e-4, rel=1e-7)
    assert len(found.branches) == 2


@pytest.mark.long
def test_the_reaction_folds_twice_and_its_neutral_saddle_is_no_hopf_point(reaction):
    expected = [
        ("fold", 0.0889318461858),
        ("fold", 0.105738978272),
        ("hopf", 0.130900044820),
    ]
    assert_points(reaction, expected, rtol=1e-11)
    assert reaction.of_kind("hopf")[0].frequency == pytest.approx(4.00777466286, rel=1e-11)
    # AUTO passes trace = 0 at .105710501206 with real eigenvalues of opposite sign.
    values = np.concatenate([branch.values for branch in reaction.branches])
    assert np.sum(np.abs(values - 0.105710501206) < 1e-9) == 0


@pytest.mark.long
def test_gray_scott_has_a_closed_branch():
    found = diagram(families.GrayScott(), "feed", (0.001, 0.2))
    ends = (0.6 - 1 / np.sqrt(5)) / 8, (0.6 + 1 / np.sqrt(5)) / 8
    assert_points(found, [("fold", ends[0]), ("hopf", 0.0254762724747), ("fold", ends[1])])
    assert sorted(branch.is_closed for branch in found.branches) == [False, True]
    (isola,) = (branch for branch in found.branches if branch.is_closed)
    np.testing.assert_allclose(isola.states[0], isola.states[-1], atol=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("h", [1e-2, 1e-4, 1e-6, 1e-7, 1e-10])
def test_a_fold_on_a_branch_apart_is_found_however_near_the_branches_come(h):
    found = diagram(families.Cusp(h=h), "r", (-1.0, 1.0), tw.Box([-3.0], [3.0]))
    assert_points(found, [("fold", (27 * h**2 / 4) ** (1 / 3))], rtol=1e-10)
    assert len(found.branches) == 2
    assert not found.warnings


@pytest.mark.long
def test_without_the_perturbation_it_is_a_pitchfork():
    found = diagram(families.Cusp(h=0.0), "r", (-1.0, 1.0))
    assert_points(found, [("pitchfork", 0.0)])


@pytest.mark.long
def test_folds_of_the_cusp_where_both_ends_are_cut():
    fold = float(np.sqrt(4 / 27))
    found = diagram(families.Cusp(r=1.0), "h", (-1.0, 1.0))
    assert_points(found, [("fold", -fold), ("fold", fold)])
    np.testing.assert_allclose(
        [float(b.coefficient or 0.0) for b in found.bifurcations],
        [-np.sqrt(3), np.sqrt(3)],
        rtol=1e-9,
    )
    cut = diagram(families.Cusp(r=1.0), "h", (-1.0, fold))
    assert points(cut)[-1][0] == "fold"
    assert points(cut)[-1][1] == pytest.approx(fold, abs=1e-12)


@pytest.mark.long
def test_two_units_have_a_kernel_of_two_and_nine_equilibria_beyond():
    found = diagram(families.Units(), "beta", (0.5, 2.0))
    assert points(found) == [("degenerate", pytest.approx(1.0, abs=1e-9))]
    last = [branch.states[branch.values > 2.0 - 1e-9] for branch in found.branches]
    last = np.unique(np.round(np.concatenate(last), 8), axis=0)
    assert len(last) == 9
    assert np.max(last) == pytest.approx(0.957504024077, abs=1e-8)


@pytest.mark.long
def test_an_epidemic_begins_where_the_rates_are_equal():
    found = diagram(families.Epidemic(gamma=0.7), "beta", (0.1, 3.0))
    assert_points(found, [("transcritical", 0.7)])
    # The endemic branch leaves the domain right there.
    assert ("domain", "range") in [branch.ends for branch in found.branches]


@pytest.mark.long
def test_henon_folds_and_flips():
    domain = tw.Box([-4.0, -2.0], [4.0, 2.0])
    found = diagram(tw.models.Henon(), "a", (-0.3, 0.8), domain)
    assert_points(found, [("fold", -0.1225), ("flip", 0.3675)])


@pytest.mark.long
def test_the_logistic_map_flips_at_three():
    found = diagram(tw.models.Logistic(), "r", (0.5, 3.4))
    assert_points(found, [("transcritical", 1.0), ("flip", 3.0)])
    assert found.of_kind("flip")[0].coefficient == pytest.approx(9.0, rel=1e-9)


@pytest.mark.long
def test_the_delayed_logistic_map_turns_by_a_sixth():
    found = diagram(families.Delayed(), "r", (0.5, 2.2))
    assert_points(found, [("transcritical", 1.0), ("neimark-sacker", 2.0)])
    assert found.of_kind("neimark-sacker")[0].frequency == pytest.approx(np.pi / 3, rel=1e-11)


@pytest.mark.long
def test_a_branch_closes_all_round_an_angle():
    found = diagram(families.Slope(), "p", (-1.5, 1.5))
    assert_points(found, [("fold", -1.0), ("fold", 1.0)])
    assert [branch.is_closed for branch in found.branches] == [True]


@pytest.mark.long
def test_an_entry_of_an_array_varies_and_states_may_be_trees():
    weights = np.array([[2.0, 0.5], [0.3, 1.5]])
    for name in ("weights[0,1]", "weights.0.1"):
        found = diagram(families.Coupled(weights), name, (-2.0, 2.0), checks=2)
        # At rest at zero the Jacobian [[1, w], [.3, .5]] is singular where .3w = .5.
        assert found.of_kind("pitchfork")[0].value == pytest.approx(5 / 3, rel=1e-11)
        assert found.parameter == name
    assert set(found.bifurcations[0].state) == {"a", "b"}


@pytest.mark.long
def test_branches_over_a_conserved_total():
    """With y = T − x: (T − x)(k + x²) = x(1 + x²) has a double root at both folds."""
    k = 0.05
    found = diagram(families.Switch(k=k), "x + y", (0.5, 9.0), conserved={"x + y": 1.0})
    assert [kind for kind, _ in points(found)] == ["fold", "fold"]
    for fold in found.bifurcations:
        cubic = [-2.0, fold.value, -(k + 1.0), fold.value * k]
        root = np.roots(np.polyder(cubic))
        assert np.min(np.abs(np.polyval(cubic, root))) < 1e-12
        assert float(np.sum(fold.state)) == pytest.approx(fold.value, rel=1e-13)


@pytest.mark.long
def test_where_a_rule_is_not_defined_a_branch_ends_and_says_so():
    found = diagram(families.Root(), "p", (-1.0, 2.0))
    assert not found.bifurcations
    assert found.branches[0].ends == ("undefined", "range")
    assert found.branches[0].values[0] == pytest.approx(0.0, abs=1e-9)
    text = " ".join(str(found).split())
    assert "A branch ends at p" in text
    assert "no search was possible" in text


@pytest.mark.long
def test_what_branches_off_between_the_slices_is_followed():
    """One slice, below the pitchfork: the other branch is found by switching alone."""
    found = diagram(families.Cusp(h=0.0), "r", (-1.0, 0.2), slices=1, checks=1)
    assert_points(found, [("pitchfork", 0.0)])
    assert len(found.branches) == 2
    reach = max(np.max(np.abs(branch.states)) for branch in found.branches)
    assert reach == pytest.approx(np.sqrt(0.2), rel=1e-9)


@pytest.mark.long
def test_every_point_of_a_branch_is_an_equilibrium(reaction):
    for branch in reaction.branches:
        for value, state in zip(branch.values[::9], branch.states[::9], strict=True):
            u, v = state
            rate = value * (1.0 - u) * np.exp(v)
            np.testing.assert_allclose([rate - u, 14.0 * rate - 3.0 * v], 0.0, atol=1e-12)


@pytest.mark.long
def test_a_diagram_read_back_is_equal_and_prints(reaction):
    assert tw.BifurcationDiagram.from_dict(reaction.to_dict()) == reaction
    assert all(len(line) <= 80 for line in str(reaction).splitlines())
    assert "1 branch, 3 bifurcations" in " ".join(str(reaction).split())
    for part in (*reaction.branches, *reaction.bifurcations):
        assert type(part).from_dict(part.to_dict()) == part
        assert str(part)


@pytest.mark.parametrize(
    ("parameter", "span", "said"),
    [
        ("q", (0.0, 1.0), "no parameter 'q'. It has p1, p2, p3"),
        ("p11", (0.0, 1.0), "Did you mean p1?"),
        ("p1[0]", (0.0, 1.0), "one number there"),
        ("", (0.0, 1.0), "must be the name of a number"),
        ("p1", (1.0, 1.0), "the less first"),
        ("p1", (0.0, np.inf), "two finite numbers"),
        ("p1", 3.0, "must be two numbers"),
    ],
)
def test_bad_parameters_and_ranges_are_named(parameter, span, said):
    with pytest.raises(tw.InputError, match=re.escape(said)):
        diagram(families.Reaction(), parameter, span)


@pytest.mark.long
def test_other_bad_input_is_named():
    with pytest.raises(tw.InputError, match="array of shape"):
        diagram(families.Coupled(np.eye(2)), "weights", (0.0, 1.0))
    with pytest.raises(tw.InputError, match="whole number"):
        diagram(tw.models.RingAttractor(), "size", (4.0, 8.0))
    with pytest.raises(tw.InputError, match="depends on time"):
        diagram(tw.models.Duffing(), "damping", (0.1, 1.0))
    with pytest.raises(tw.InputError, match="slices must be"):
        diagram(families.Cusp(), "r", (0.0, 1.0), slices=0)


def test_the_coefficient_of_a_flip_has_squares_and_cubes():
    """Of −(1 + μ)x + ax² + bx³ at μ = 0 it is a² + b."""
    square, cube = 0.7, -0.2
    rule = families.Doubling(*np.array([0.0, square, cube]))
    with jax.enable_x64(True):
        problem, _ = make_problem(rule, tw.Box([-1.0], [1.0]))
        one = np.ones(1)
        family = Family(problem, find_parameter(rule, "mu"), one, one, -1.0, 2.0)
        found = flip_coefficient(family, np.zeros(1), 0.0, np.array([[-1.0]]))
    assert found == pytest.approx(square**2 + cube, rel=1e-12)
