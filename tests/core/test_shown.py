"""What rules and energies show of themselves."""

import jax.numpy as jnp

import thalweg as tw


def test_a_rule_shows_all_its_parameters():
    assert repr(tw.models.FitzHughNagumo(current=0.3)) == (
        "FitzHughNagumo(current=0.3, a=0.7, b=0.8, tau=12.5)"
    )
    wells = tw.SteepestDescent(tw.energies.FourWells())
    assert repr(wells) == "SteepestDescent(energy=FourWells(a=2.2, b=2.0), geometry=Euclidean())"
    assert repr(tw.energies.ModernHopfield(jnp.ones((3, 4)), temperature=0.25)) == (
        "ModernHopfield(patterns=f32[3,4], temperature=0.25)"
    )


def test_the_terms_of_a_sum_show_theirs():
    wells = tw.energies.FourWells()
    assert repr(wells + wells) == ("Sum(terms=(FourWells(a=2.2, b=2.0), FourWells(a=2.2, b=2.0)))")


def test_a_long_one_has_a_line_a_parameter():
    lines = repr(tw.models.MorrisLecar()).splitlines()
    assert lines[0] == "MorrisLecar("
    assert lines[1] == "  current=90.0,"
    assert lines[-2:] == ["  phi=0.04", ")"]


def test_a_function_shows_how_it_was_wrapped():
    def decay(t, x, rate):
        return -rate * x

    rule = tw.as_flow(decay, 0.5, domain=tw.Box([0.0], [1.0]))
    assert repr(rule) == "as_flow(decay, 0.5, domain=The box [0, 1])"
    assert repr(tw.as_map(lambda x: x)) == "as_map(<lambda>)"


def test_a_notebook_shows_a_table_of_parameters():
    shown = tw.models.FitzHughNagumo()._repr_html_()
    assert "FitzHughNagumo (flow, state v, w)" in shown
    assert "<td>tau</td><td>12.5</td>" in shown
    assert "(energy" in tw.energies.FourWells()._repr_html_()
