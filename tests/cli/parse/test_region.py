"""`--domain`: pairs, single pairs, angles."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.cli.parse.region import read_domain
from thalweg.cli.parse.totals import read_conserved


class Free(tw.Flow):
    """A flow of the plane that declares no domain."""

    def velocity(self, t, state):
        x, y = state
        return tw.models.VanDerPol().velocity(t, state) + 0.0 * x * y


class AnyShape(tw.Flow):
    def velocity(self, t, state):
        return -state


class Blocks(tw.Flow):
    domain = tw.Box({"a": [0.0, 0.0], "b": 0.0}, {"a": [1.0, 1.0], "b": 1.0})

    def velocity(self, t, state):
        return {"a": -state["a"], "b": -state["b"]}


def read(text, rule):
    domain, warnings = read_domain(text, rule)
    return domain.to_dict(), warnings


def refused(text, rule):
    with pytest.raises(tw.InputError) as caught:
        read_domain(text, rule)
    return str(caught.value)


def test_no_text_means_the_declared_domain():
    assert read(None, tw.models.Lorenz()) == (tw.models.Lorenz.domain.to_dict(), [])
    said = refused(None, Free())
    assert "declares no domain" in said
    assert '--domain "-3,3;-3,3"' in said


def test_one_pair_a_coordinate():
    box, warnings = read("-1,2; 3,4.5;", tw.models.FitzHughNagumo())
    assert box == {"lower": [-1.0, 3.0], "upper": [2.0, 4.5]}
    assert not warnings
    assert read("-1,2;0,1", Free())[0] == {"lower": [-1.0, 0.0], "upper": [2.0, 1.0]}
    assert read("0,1;2,3;4,5", Blocks())[0] == {"lower": [0.0, 2.0, 4.0], "upper": [1.0, 3.0, 5.0]}


def test_one_pair_for_all_where_the_dimension_is_known():
    assert read("-1,2", tw.models.Lorenz())[0] == {"lower": [-1.0] * 3, "upper": [2.0] * 3}
    assert read("-1,2", Free())[0] == {"lower": [-1.0] * 2, "upper": [2.0] * 2}
    assert read("-1,2", Blocks())[0] == {"lower": [-1.0] * 3, "upper": [2.0] * 3}
    assert "several state shapes fit" in refused("-1,2", AnyShape())


def test_a_slice_keeps_a_coordinate_fixed():
    assert read("-1,2;0,0", Free())[0]["upper"] == [2.0, 0.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1;2", ["'1'", "lower,upper"]),
        ("a,b", ["'a,b'", "lower,upper"]),
        ("", ["lower,upper"]),
        ("1,2,3;4,5", ["'1,2,3'"]),
        ("2,1;0,1", ["2.0 > 1.0", "Swap"]),
        ("1,1;2,2", ["zero width"]),
        ("0,inf;0,1", ["finite"]),
        ("0,1;0,1;0,1", ["2 coordinates (v, w)", "got 3 pairs"]),
    ],
)
def test_what_does_not_fit_is_named(text, words):
    message = refused(text, tw.models.FitzHughNagumo())
    for word in words:
        assert word in message


def test_a_wrong_number_of_pairs_for_a_rule_that_declares_nothing():
    assert "Free" in refused("0,1;0,1;0,1", Free())


def test_an_angle_stays_one_as_long_as_the_width_is_its_period():
    pendulum = tw.models.Pendulum()
    box, warnings = read("0,6.283185307179586;-3,3", pendulum)
    assert box["periodic"] == [True, False]
    assert not warnings
    box, _ = read("0,6.2831853;-3,3", pendulum)
    np.testing.assert_allclose(box["upper"][0], 2 * np.pi, rtol=1e-15)
    box, warnings = read("-1,1;-3,3", pendulum)
    assert "periodic" not in box
    assert "theta is not treated as an angle" in warnings[0]


def test_a_simplex_is_not_a_box():
    assert "ProbabilitySimplex" in refused("0,1", tw.models.RockPaperScissors())


def test_totals_and_their_values():
    assert read_conserved(["A + B=1", "C=2e-3"]) == {"A + B": 1.0, "C": 2e-3}
    assert read_conserved(None) == {}


@pytest.mark.parametrize("texts", [["A + B"], ["=1"], ["A=x"], ["A=1", "A=2"]])
def test_what_gives_no_total_a_value_is_named(texts):
    with pytest.raises(tw.InputError, match="--conserved"):
        read_conserved(texts)


def test_a_function_as_a_flow_without_a_domain_is_told_to_name_one():
    assert '--domain "-3,3;-3,3"' in refused(None, tw.as_flow(lambda x: -x))
