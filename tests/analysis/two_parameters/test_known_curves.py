"""Curves of bifurcations over two parameters, against closed forms."""

import re

import numpy as np
import pytest
from tests.analysis.two_parameters import planes
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.analysis.two_parameters.result import BifurcationCurves, LineChecks


def curves(rule, spans, **options):
    found = tw.bifurcation_curves(rule, spans, **options)
    assert found.checks.agree == found.checks.lines
    return found


def the_point(found, kind):
    (point,) = found.of_kind(kind)
    return point


def known(values):
    assert values is not None
    return values


@pytest.fixture(scope="module")
def cubic():
    return curves(planes.Cubic(), {"h": (-1.0, 1.0), "r": (-1.0, 1.0)}, lines=2, checks=1)


def takens_curves(sign=1.0, reach=1.0):
    spans = {"first": (-reach, reach), "second": (-1.5 * reach, 1.5 * reach)}
    return curves(planes.BogdanovTakens(sign=sign), spans, lines=2, checks=1)


@pytest.fixture(scope="module")
def takens():
    return takens_curves()


@pytest.mark.long
def test_folds_of_a_cubic_lie_on_a_cusp(cubic):
    """x' = h + rx − x³: 27h² = 4r³, with the cusp at 0."""
    (curve,) = cubic.curves
    h, r = curve.values.T
    np.testing.assert_allclose(27.0 * h**2, 4.0 * r**3, atol=1e-12)
    assert (curve.kind, curve.ends, r.max()) == ("fold", ("range", "range"), 1.0)
    cusp = the_point(cubic, "cusp")
    assert (cusp.values.tolist(), float(cusp.state[0])) == ([0.0, 0.0], 0.0)
    # It is one of the points of the curve.
    (mark,) = curve.marks
    np.testing.assert_allclose(curve.values[mark], 0.0, atol=1e-12)


@pytest.mark.long
def test_hopf_points_end_where_folds_have_a_double_eigenvalue(takens):
    """x'' = β₁ + β₂x + x² + xx': fold β₂² = 4β₁; Hopf β₁ = 0, β₂ < 0, ω² = −β₂."""
    (fold,), (hopf,) = takens.curves_of("fold"), takens.curves_of("hopf")
    first, second = fold.values.T
    np.testing.assert_allclose(second**2, 4.0 * first, atol=1e-12)
    first, second = hopf.values.T
    np.testing.assert_allclose(first, 0.0, atol=1e-12)
    assert (second.min(), second.max()) == pytest.approx((-1.5, 0.0), abs=1e-12)
    np.testing.assert_allclose(known(hopf.frequencies) ** 2, -second, atol=1e-12)
    assert sorted(hopf.ends) == ["bogdanov-takens", "range"]
    assert [point.kind for point in takens.points] == ["bogdanov-takens"]
    point = the_point(takens, "bogdanov-takens")
    np.testing.assert_allclose(point.values, 0.0, atol=1e-12)
    # The cycle repels: l₁ has the sign of s.
    inner = np.setdiff1d(np.arange(len(hopf)), hopf.marks)
    assert np.all(known(hopf.coefficients)[inner] > 0.0)


@pytest.mark.long
def test_the_sign_of_the_cross_term_decides_whether_the_cycle_attracts():
    spans = {"first": (-1.0, 1.0), "second": (-1.5, 1.5)}
    rule = planes.BogdanovTakens(sign=-1.0)
    (hopf,) = curves(rule, spans, lines=2, checks=1).curves_of("hopf")
    inner = np.setdiff1d(np.arange(len(hopf)), hopf.marks)
    assert np.all(known(hopf.coefficients)[inner] < 0.0)
    assert [attracts for _, attracts in hopf.runs()] == [True]


@pytest.mark.long
def test_hopf_points_of_the_bautin_form_change_their_sign_at_zero():
    """r' = r(β₁ + β₂r² − r⁴): Hopf β₁ = 0, ω = 1, l₁ of the sign of β₂."""
    found = curves(planes.Bautin(), {"first": (-1.0, 1.0), "second": (-1.0, 1.0)}, lines=2)
    (hopf,) = found.curves
    np.testing.assert_allclose(hopf.values[:, 0], 0.0, atol=1e-12)
    np.testing.assert_allclose(known(hopf.frequencies), 1.0, rtol=1e-12)
    point = the_point(found, "generalised-hopf")
    np.testing.assert_allclose(point.values, 0.0, atol=1e-10)
    assert known(point.frequency) == pytest.approx(1.0, rel=1e-12)
    inner = np.setdiff1d(np.arange(len(hopf)), hopf.marks)
    signs = np.sign(known(hopf.coefficients)[inner]) * np.sign(hopf.values[inner, 1])
    assert np.all(signs == 1.0)
    assert {attracts for _, attracts in hopf.runs()} == {False, True}


@pytest.mark.long
def test_an_excitable_membrane_has_every_point():
    """v' = v − v³/3 − w + I, τw' = v + a − bw: on the Hopf curve v² = 1 − b/τ, on folds 1 − 1/b."""
    rule = tw.models.FitzHughNagumo()
    found = curves(rule, {"current": (-1.0, 2.5), "b": (0.2, 4.0)})
    a, tau = rule.a, rule.tau
    for kind, square in (("hopf", lambda b: 1.0 - b / tau), ("fold", lambda b: 1.0 - 1.0 / b)):
        assert found.curves_of(kind)
        for curve in found.curves_of(kind):
            current, b = curve.values.T
            v = curve.states[:, 0]
            np.testing.assert_allclose(v**2, square(b), atol=1e-11)
            np.testing.assert_allclose(current, -v + v**3 / 3.0 + (v + a) / b, atol=1e-11)
    cusp = the_point(found, "cusp")
    np.testing.assert_allclose(cusp.values, [a, 1.0], rtol=1e-11)
    doubles = found.of_kind("bogdanov-takens")
    np.testing.assert_allclose([point.values[1] for point in doubles], np.sqrt(tau), rtol=1e-11)
    assert len(doubles) == 2
    # All three are points of one curve of folds.
    (fold,) = found.curves_of("fold")
    expected = sorted(tuple(special.values) for special in (cusp, *doubles))
    marked = sorted(tuple(values) for values in fold.values[list(fold.marks)])
    np.testing.assert_allclose(marked, expected, rtol=1e-11)


@pytest.mark.long
def test_henon_folds_and_flips():
    """x⁺ = 1 − ax² + y, y⁺ = bx: fold a = −(1 − b)²/4, flip a = 3(1 − b)²/4."""
    domain = tw.Box([-8.0, -8.0], [8.0, 8.0])
    found = curves(tw.models.Henon(), {"a": (-1.2, 3.2), "b": (-0.9, 0.6)}, domain=domain)
    assert [curve.kind for curve in found.curves] == ["flip", "fold"]
    for curve, factor in zip(found.curves, (0.75, -0.25), strict=True):
        a, b = curve.values.T
        np.testing.assert_allclose(a, factor * (1.0 - b) ** 2, atol=1e-12)
        assert curve.ends == ("range", "range")


@pytest.mark.long
def test_a_lagged_map_turns_until_its_multipliers_are_minus_one():
    """x⁺ = rx(1 − (1 − m)x₋₁ − mx), T = 1 − m(r − 1) and D = (1 − m)(r − 1) at x = 1 − 1/r:

    Neimark–Sacker D = 1, flip 1 + T + D = 0; both where r = 5, m = 3/4.
    """
    found = curves(planes.Lagged(), {"r": (1.5, 6.0), "m": (0.0, 1.0)})
    (turning,), (flip,) = found.curves_of("neimark-sacker"), found.curves_of("flip")
    r, m = turning.values.T
    np.testing.assert_allclose((1.0 - m) * (r - 1.0), 1.0, rtol=1e-11)
    np.testing.assert_allclose(
        2.0 * np.cos(known(turning.frequencies)), 1.0 - m * (r - 1.0), atol=1e-11
    )
    r, m = flip.values.T
    np.testing.assert_allclose((2.0 * m - 1.0) * (r - 1.0), 2.0, rtol=1e-11)
    point = the_point(found, "resonance-1-2")
    np.testing.assert_allclose(point.values, [5.0, 0.75], rtol=1e-11)
    assert sorted(turning.ends) == ["range", "resonance-1-2"]


@pytest.mark.long
def test_a_fold_and_a_hopf_point_at_once_are_named():
    """Folds a = 0; Hopf points a = −b², ω = 1; both at 0."""
    found = curves(planes.FoldHopf(), {"a": (-1.0, 0.5), "b": (-0.9, 1.0)}, lines=2)
    for curve in found.curves_of("fold"):
        np.testing.assert_allclose(curve.values[:, 0], 0.0, atol=1e-12)
    for curve in found.curves_of("hopf"):
        a, b = curve.values.T
        np.testing.assert_allclose(a, -(b**2), atol=1e-12)
        np.testing.assert_allclose(known(curve.frequencies), 1.0, rtol=1e-12)
    point = the_point(found, "fold-hopf")
    np.testing.assert_allclose(point.values, 0.0, atol=1e-7)


@pytest.mark.long
def test_curves_keep_the_protocol(takens, cubic):
    for found in (takens, cubic):
        for part in (found, *found.curves, *found.points):
            keeps_the_protocol(part)
    assert "2 curves of bifurcations" in " ".join(str(takens).split())


@pytest.mark.long
def test_other_values_and_ranges_compile_nothing(count_compiles):
    # Both here: the programs of the fixture may have been let go (tests/programs.py).
    takens_curves()
    with count_compiles() as compiled:
        takens_curves(sign=0.8, reach=1.1)
    assert compiled.count == 0


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ({"h": (0.0, 1.0)}, "the ranges of two parameters"),
        ({"h": (0.0, 1.0), "r": (0.0, 1.0), "q": (0.0, 1.0)}, "the ranges of two parameters"),
        (("h", "r"), "the ranges of two parameters"),
        ({"h": (0.0, 1.0), "q": (0.0, 1.0)}, "no parameter 'q'. It has h, r"),
        ({"h": (0.0, 1.0), "r": (1.0, 1.0)}, "the less first"),
        ({"h": (0.0, 1.0), " h": (0.0, 1.0)}, "are one parameter"),
    ],
)
def test_bad_ranges_are_named(spans, said):
    with pytest.raises(tw.InputError, match=re.escape(said)):
        tw.bifurcation_curves(planes.Cubic(), spans)


@pytest.mark.long
def test_other_bad_input_is_named():
    plane = {"h": (0.0, 1.0), "r": (0.0, 1.0)}
    shaken = {"damping": (0.1, 1.0), "amplitude": (0.1, 1.0)}
    with pytest.raises(tw.InputError, match="lines must be"):
        tw.bifurcation_curves(planes.Cubic(), plane, lines=0)
    with pytest.raises(tw.InputError, match="conserved total"):
        tw.bifurcation_curves(planes.Cubic(), plane, conserved={"h": 1.0})
    with pytest.raises(tw.InputError, match="depends on time"):
        tw.bifurcation_curves(tw.models.Duffing(), shaken)
    driven = {"a": (-1.0, 1.0), "b": (-1.0, 1.0)}  # b, which drives it, is zero in the middle
    with pytest.raises(tw.InputError, match="depends on time"):
        tw.bifurcation_curves(planes.Driven(), driven)


@pytest.mark.long
def test_lines_on_which_nothing_was_met_agree_with_nothing():
    found = tw.bifurcation_curves(planes.Circle(), {"a": (-1.0, 1.0), "b": (-1.0, 1.0)}, lines=1)
    assert (found.curves, found.checks.lines, found.checks.bare) == ((), 0, 2)
    assert "On 2 other lines none was met" in " ".join(str(found).split())


@pytest.mark.parametrize(
    ("lines", "agree", "words"),
    [
        (1, 1, "On another line through the plane every bifurcation found lies on a curve."),
        (1, 0, "On another line through the plane not every bifurcation found lies on a curve."),
        (3, 2, "On 2 of 3 other lines through the plane every bifurcation found lies on a curve."),
    ],
)
def test_the_lines_looked_at_are_counted_in_words(lines, agree, words):
    spans = ((0.0, 1.0), (0.0, 1.0))
    found = BifurcationCurves(("a", "b"), spans, (), (), LineChecks(lines, agree))
    assert found.remarks()[0] == words
