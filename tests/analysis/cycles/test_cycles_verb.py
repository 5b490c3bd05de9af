"""What holds for every search for cycles: bad input, printing, JSON, repeatability."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.analysis.cycles import cycle_systems as systems

import thalweg as tw

SQUARE = tw.Box([-3.0, -3.0], [3.0, 3.0])
RULE = systems.radial(4.0, -5.0, 1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"starts": 0}, "starts must be at least 1, got 0"),
        ({"starts": np.zeros(3)}, "stacked along a first axis"),
        ({"starts": np.array([[np.nan, 0.0]])}, "finite; state 0"),
        ({"max_period": 0}, "max_period must be a whole number of at least 1, got 0"),
        ({"max_period": 2.5}, "max_period must be a whole number"),
        ({"max_period": True}, "max_period must be a whole number"),
        ({"equilibria": [1.0]}, r"equilibria must be what find_equilibria returned, got \[1.0\]"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(tw.InputError, match=message):
        tw.find_cycles(RULE, SQUARE, **options)


def test_rules_that_cannot_be_analysed_are_refused():
    forced = tw.as_flow(lambda t, x: jnp.cos(t) - x, domain=tw.Box([-1.0], [1.0]))
    with pytest.raises(tw.InputError, match=r"depends on time.*Stroboscopic"):
        tw.find_cycles(forced)
    with pytest.raises(tw.InputError, match="declares no domain"):
        tw.find_cycles(RULE)
    with pytest.raises(tw.InputError, match="not finite at any"):
        tw.find_cycles(RULE, tw.Box([1e200] * 2, [2e200] * 2))


def test_the_table_fits_in_80_columns_and_the_json_is_the_contract():
    found = tw.find_cycles(RULE, SQUARE)
    assert max(len(line) for line in str(found).splitlines()) <= 80
    assert "2 cycles of PolynomialFlow (flow, state x[0], x[1])" in str(found)
    assert "attracting" in str(found)
    assert "6.283185307" in str(found)
    data = json.loads(json.dumps(found.to_dict()))["cycles"]
    assert {"period", "point", "multipliers", "stable"} <= set(data[0])
    assert all(0.0 <= entry["trivial"] < 1e-6 for entry in data)
    for entry, cycle in zip(data, found, strict=True):
        assert entry["point"] == cycle.point.tolist()
        assert entry["multipliers"] == [[v.real, v.imag] for v in cycle.multipliers]
    assert len(found[:1]) == 1


def test_the_same_key_gives_the_same_cycles_and_another_key_the_same_orbits():
    first, again = (tw.find_cycles(RULE, SQUARE) for _ in range(2))
    other = tw.find_cycles(RULE, SQUARE, key=jax.random.key(7))
    assert first.to_dict() == again.to_dict()
    np.testing.assert_allclose([c.period for c in other], [c.period for c in first], rtol=1e-10)


def test_only_cycles_that_pass_through_the_domain_count():
    found = tw.find_cycles(RULE, tw.Box([-1.2, -1.2], [1.2, 1.2]))
    assert [round(float(np.hypot(*c.point)), 6) for c in found] == [1.0]
    assert "1 more lies wholly outside the domain" in str(found)
    assert not found[0].leaves


def test_a_cycle_that_leaves_the_domain_is_said_to():
    """Of the circles of radius 1 and 2 only the outer one runs across this strip and beyond."""
    found = tw.find_cycles(RULE, tw.Box([1.5, -3.0], [3.0, 3.0]))
    (cycle,) = found
    assert np.hypot(*cycle.point) == pytest.approx(2.0, abs=1e-6)
    assert cycle.leaves
    assert cycle.to_dict()["leaves"]
    text = str(found)
    assert text.startswith(
        "1 cycle of PolynomialFlow (flow, state x[0], x[1]), which leaves the domain"
    )
    assert "repelling, leaves" in text
    assert "on the cycle that leaves, x[0] runs from -2 to 2." in text
    both = tw.find_cycles(RULE, tw.Box([-1.2, -3.0], [1.2, 3.0]))
    assert [c.leaves for c in both] == [True, False]  # of one period: the larger comes first
    assert both.title.endswith(", 1 of which leaves the domain")


def test_families_are_called_families():
    spring = systems.planar({(0, 1): 1.0}, {(1, 0): -1.0})
    found = tw.find_cycles(spring, SQUARE)
    assert found.title == "1 family of cycles of PolynomialFlow (flow, state x[0], x[1])"


def test_given_starts_are_used():
    """From inside the inner circle, only it is reached, in either direction of time."""
    found = tw.find_cycles(RULE, SQUARE, starts=np.array([[0.3, 0.0], [0.0, -0.5]]))
    assert [c.kind for c in found] == ["attracting"]
    assert found.trajectories == 4


def test_a_gradient_flow_need_not_be_searched():
    bowl = systems.planar({(1, 0): -1.0}, {(0, 1): -2.0})
    assert len(tw.find_cycles(bowl, SQUARE)) == 0
    skipped = tw.find_cycles(bowl, SQUARE, gradient=True)
    assert skipped.trajectories == 0
    assert "gradient flow" in str(skipped)


@pytest.mark.long
def test_states_may_be_pytrees():
    class Oscillator(tw.Flow):
        domain = tw.Box({"v": [-3.0], "x": -3.0}, {"v": [3.0], "x": 3.0})

        def velocity(self, t, state):
            x, v = state["x"], state["v"]
            return {"x": v[0], "v": (1.0 - x**2) * v - x}

    (cycle,) = tw.find_cycles(Oscillator(), starts=4)
    assert cycle.period == pytest.approx(6.6632868593, abs=1e-9)
    assert cycle.point["v"].shape == (1,)
    assert cycle.states["x"].shape == cycle.times.shape
