"""Closed orbits followed over a parameter: periods, multipliers, and where they meet or change."""

import re

import numpy as np
import pytest
from tests.analysis.continuation.families import Bubble, Generalised, Takens, Tube

import thalweg as tw


@pytest.fixture(scope="module")
def generalised():
    return tw.bifurcation_diagram(Generalised(), "mu", (-0.5, 0.5), slices=2, checks=1)


def only_cycles(found):
    (branch,) = (branch for branch in found.branches if branch.of == "cycles")
    return branch


@pytest.mark.long
def test_cycles_fold_where_the_closed_form_says(generalised):
    """μ + r² − r⁴ = 0 has a double root r² = 1/2 at μ = −1/4."""
    (fold,) = generalised.of_kind("cycle-fold")
    assert fold.value == pytest.approx(-0.25, abs=1e-10)
    assert float(np.sum(fold.state**2)) == pytest.approx(0.5, rel=1e-5)
    assert generalised.of_kind("hopf")[0].coefficient == pytest.approx(2.0, rel=1e-9)


@pytest.mark.long
def test_every_cycle_of_the_branch_is_the_one_of_the_closed_form(generalised):
    branch = only_cycles(generalised)
    assert branch.ends == ("hopf", "range")
    assert branch.values[-1] == pytest.approx(0.5, abs=1e-12)
    np.testing.assert_allclose(branch.periods, 2 * np.pi, rtol=1e-9)
    radius = branch.extremes[:, 0, 1]
    np.testing.assert_allclose(branch.values, radius**4 - radius**2, atol=1e-5)
    # The multiplier across is e^{2π·r·d(growth)/dr} = e^{4π(r² − 2r⁴)}.
    square = np.sum(branch.states**2, axis=1)
    expected = np.exp(4 * np.pi * (square - 2 * square**2))
    np.testing.assert_allclose(branch.multipliers[:, 0].real, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(branch.multipliers[:, 1], 1.0, atol=1e-6)
    assert [stable for _, stable in branch.runs()] == [False, True]


@pytest.mark.long
def test_a_diagram_with_cycles_reads_back_and_prints(generalised):
    assert tw.BifurcationDiagram.from_dict(generalised.to_dict()) == generalised
    assert "1 branch and 1 of cycles" in " ".join(str(generalised).split())
    entry = generalised.to_dict()["branches"][-1]
    assert entry["of"] == "cycles"
    assert np.shape(entry["extremes"]) == (len(entry["values"]), 2, 2)
    assert np.shape(entry["multipliers"]) == (len(entry["values"]), 2, 2)


@pytest.mark.long
def test_cycles_are_drawn_by_their_extremes(generalised):
    _, lines = tw.plot.branch_lines(generalised, "x")
    cycles = [y for _, y, _, of in lines if of == "cycles"]
    assert np.max(np.concatenate(cycles)) == pytest.approx(-np.min(np.concatenate(cycles)))
    labels = tw.plot.bifurcation_diagram(generalised).get_legend_handles_labels()[1]
    assert {"stable cycles (extremes)", "unstable cycles", "fold of cycles"} <= set(labels)


@pytest.mark.long
def test_none_follows_no_cycles():
    found = tw.bifurcation_diagram(
        Generalised(), "mu", (-0.5, 0.5), slices=2, checks=0, cycles=None
    )
    assert {branch.of for branch in found.branches} == {"equilibria"}


@pytest.mark.long
def test_van_der_pols_cycle_is_followed_from_where_it_is_known():
    rule = tw.models.VanDerPol(mu=1.0)
    known = tw.find_cycles(rule)
    found = tw.bifurcation_diagram(rule, "mu", (0.2, 1.0), cycles=known)
    branch = only_cycles(found)
    assert branch.periods is not None
    assert branch.multipliers is not None
    at_one = int(np.argmax(branch.values))
    assert branch.values[at_one] == pytest.approx(1.0, abs=1e-12)
    assert branch.periods[at_one] == pytest.approx(6.66328685932, rel=1e-10)
    assert branch.multipliers[at_one, 0].real == pytest.approx(8.59695e-4, rel=1e-5)
    assert np.all(branch.stable)


@pytest.mark.long
@pytest.mark.parametrize(
    ("turn", "apart", "kind", "angle"),
    [(0.5, 1.0, "cycle-flip", None), (0.3, 0.0, "torus", 0.6 * np.pi)],
)
def test_a_circle_flips_or_becomes_a_torus_where_mu_is_zero(turn, apart, kind, angle):
    rule = Tube(turn=turn, apart=apart)
    found = tw.bifurcation_diagram(rule, "mu", (-0.5, 0.2), cycles=tw.find_cycles(rule))
    (point,) = found.bifurcations
    assert (point.kind, point.value) == (kind, pytest.approx(0.0, abs=1e-9))
    assert point.frequency == (None if angle is None else pytest.approx(angle, rel=1e-9))
    assert [stable for _, stable in only_cycles(found).runs()] == [True, False]


@pytest.mark.long
def test_the_cycles_of_lorenz_end_in_homoclinic_orbits():
    """Born at ρ = 470/19 they go back to ρ = 13.926557 (Sparrow 1982 has 13.926)."""
    found = tw.bifurcation_diagram(tw.models.Lorenz(), "rho", (10.0, 30.0), checks=1)
    cycles = [branch for branch in found.branches if branch.of == "cycles"]
    assert [branch.ends for branch in cycles] == [("hopf", "homoclinic")] * 2
    for branch in cycles:
        assert branch.values[-1] == pytest.approx(13.926557, abs=2e-6)
        assert not np.any(branch.stable)
    assert re.search("period grows\\s+without bound", str(found))


@pytest.mark.long
def test_multipliers_that_rounding_turns_round_are_no_flips():
    """Lorenz's symmetric cycle ends in a homoclinic orbit; on the way its multiplier grows."""
    lorenz = tw.models.Lorenz(rho=20.0)
    known = [c for c in tw.find_cycles(lorenz) if c.period > 1.0]
    found = tw.bifurcation_diagram(lorenz, "rho", (13.5, 21.0), cycles=known, checks=0)
    assert sum(branch.of == "cycles" for branch in found.branches) == len(known) > 0
    assert found.bifurcations == ()


@pytest.mark.long
def test_one_branch_of_cycles_joins_both_hopf_points_of_fitzhugh_and_nagumo():
    found = tw.bifurcation_diagram(
        tw.models.FitzHughNagumo(), "current", (0.0, 1.8), slices=2, checks=1
    )
    branch = only_cycles(found)
    assert branch.ends == ("hopf", "hopf")
    folds = [b.value for b in found.of_kind("cycle-fold")]
    # (v, w, I) → (−v, −w + 2a/b …) maps the system to itself: the folds lie alike about the middle.
    middle = 0.5 * (0.331281337455 + 1.41871866255)
    assert len(folds) == 2
    assert sum(folds) / 2 == pytest.approx(middle, abs=1e-8)
    inner = np.argmin(np.abs(branch.values - 0.8) + 10.0 * ~branch.stable)
    assert branch.stable[inner]


@pytest.mark.long
def test_the_logistic_map_doubles_its_period():
    """The 2-cycle flips at 1 + √6; the next two values are known to many digits."""
    found = tw.bifurcation_diagram(tw.models.Logistic(), "r", (2.5, 3.6), slices=2, checks=1)
    values = [b.value for b in found.of_kind("cycle-flip")]
    expected = [1 + np.sqrt(6), 3.544090359551922, 3.564407266095432]
    np.testing.assert_allclose(values, expected, rtol=1e-9)
    cycles = [branch for branch in found.branches if branch.of == "cycles"]
    assert [int(branch.periods[0]) for branch in cycles if branch.periods is not None] == [2, 4, 8]
    pair = cycles[0]
    assert pair.extremes is not None
    # x± = (r + 1 ± √((r − 3)(r + 1))) / 2r.
    r = np.maximum(pair.values, 3.0)
    root = np.sqrt((r - 3) * (r + 1))
    both = np.stack([r + 1 - root, r + 1 + root], axis=1) / (2 * r)[:, None]
    np.testing.assert_allclose(pair.extremes[:, 0, :], both, atol=1e-9)


@pytest.mark.long
def test_a_known_3_cycle_is_followed_to_where_it_is_born():
    rule = tw.models.Logistic(r=3.84)
    known = [cycle for cycle in tw.find_cycles(rule) if cycle.period == 3]
    found = tw.bifurcation_diagram(rule, "r", (3.7, 4.0), slices=2, checks=1, cycles=known)
    assert [b.kind for b in found.bifurcations] == ["cycle-fold", "cycle-flip", "cycle-flip"]
    assert found.bifurcations[0].value == pytest.approx(1 + np.sqrt(8), rel=1e-11)
    # Both 3-cycles lie on the one curve; the 6-cycle is born at a flip of one of them.
    born, doubled = (branch for branch in found.branches if branch.of == "cycles")
    assert (born.ends, doubled.ends) == (("range", "range"), ("flip", "range"))
    assert [branch.to_dict()["periods"][0] for branch in (born, doubled)] == [3, 6]
    assert doubled.values[0] == found.bifurcations[1].value == pytest.approx(3.8414990075435)


@pytest.mark.long
def test_henon_flips_twice():
    domain = tw.Box([-4.0, -2.0], [4.0, 2.0])
    found = tw.bifurcation_diagram(tw.models.Henon(), "a", (-0.3, 1.0), domain, checks=1)
    kinds = [(b.kind, b.value) for b in found.bifurcations]
    values = [("fold", -0.1225), ("flip", 0.3675), ("cycle-flip", 0.9125)]
    assert kinds == [(kind, pytest.approx(value, rel=1e-11)) for kind, value in values]


@pytest.mark.long
def test_cycles_that_vanish_where_they_were_born_are_followed_once():
    """The fixed point flips where 1.3 − μ² = 3/4, the 2-cycle where it is 5/4."""
    found = tw.bifurcation_diagram(Bubble(), "mu", (-1.0, 1.0), slices=4, checks=1)
    outer, inner = np.sqrt(0.55), np.sqrt(0.05)
    assert [(b.kind, b.value) for b in found.bifurcations] == [
        ("flip", pytest.approx(-outer)), ("cycle-flip", pytest.approx(-inner)),
        ("cycle-flip", pytest.approx(inner)), ("flip", pytest.approx(outer)),
    ]  # fmt: skip
    pair, four = (branch for branch in found.branches if branch.of == "cycles")
    assert pair.ends == four.ends == ("flip", "flip")
    for branch, end in ((pair, outer), (four, inner)):
        assert sorted(branch.values[[0, -1]]) == pytest.approx([-end, end])
        assert np.all(np.diff(branch.values) > 0.0) or np.all(np.diff(branch.values) < 0.0)
    # x± = (1 ± √(4r − 3))/2.
    assert pair.extremes is not None
    low, high = pair.extremes[:, 0].T
    np.testing.assert_allclose(low + high, 1.0, atol=1e-9)
    np.testing.assert_allclose((high - low) ** 2, 4 * (1.3 - pair.values**2) - 3, atol=1e-9)


@pytest.mark.long
def test_a_known_cycle_is_followed_to_the_flip_it_comes_from_and_no_further():
    rule = Bubble(top=1.0)
    found = tw.bifurcation_diagram(
        rule, "mu", (-0.4, 0.8), slices=4, checks=1, cycles=tw.find_cycles(rule)
    )
    branch = only_cycles(found)
    assert sorted(branch.ends) == ["flip", "range"]
    assert [float(np.min(branch.values)), float(np.max(branch.values))] == pytest.approx(
        [-0.4, 0.5]
    )
    assert len(np.unique(branch.values)) == len(branch)


@pytest.mark.long
def test_no_folds_of_cycles_are_seen_in_the_rounding_at_a_homoclinic_orbit():
    """To leading order it is at β = −6/25·.3² = −.0216."""
    found = tw.bifurcation_diagram(Takens(), "beta", (-0.1, 0.05), slices=4, checks=1)
    assert [(b.kind, b.value) for b in found.bifurcations] == [
        ("hopf", pytest.approx(0.0, abs=1e-9)), ("fold", pytest.approx(0.0225)),
    ]  # fmt: skip
    branch = only_cycles(found)
    assert branch.ends == ("hopf", "homoclinic")
    assert branch.values[-1] == pytest.approx(-0.02084277, abs=1e-8)
    assert len(branch) < 50


@pytest.mark.long
def test_no_cycle_is_listed_beyond_the_range():
    """μ ≤ 0 ends at the Hopf point, of which the cycles have μ > 0."""
    shrunk = tw.bifurcation_diagram(Generalised(), "mu", (-1.0, -0.3), slices=2, checks=0)
    assert [b.of for b in shrunk.branches] == ["equilibria"]
    begins = tw.bifurcation_diagram(Generalised(), "mu", (0.0, 0.5), slices=2, checks=0)
    assert [b.kind for b in begins.bifurcations] == ["hopf"]
    assert [b.of for b in begins.branches] == ["equilibria"]
