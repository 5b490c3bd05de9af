"""Both parts of a rule side by side."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import Replicator
from tests.results import through_json
from tests.zoo import Linear, Sines, square

import thalweg as tw
from thalweg import recovery
from thalweg.plot.fields import field_on_grid
from thalweg.plot.views import make_view

SPLIT = [level for level in recovery.LEVELS if level.name == "split"]
SYSTEMS = {
    "box": (Linear(jnp.array([[-1.0, 2.0], [-2.0, -1.0]])), square(1.0)),
    "circle": (
        Sines(np.array([0.3]), np.zeros((1, 1)), np.array([[0.8]])),
        tw.Box([0.0], [2.0 * np.pi], periodic=[True]),
    ),
    "simplex": (
        Replicator(jnp.array([[0.0, -1.0, 2.0], [2.0, 0.0, -1.0], [-1.0, 2.0, 0.0]])),
        tw.ProbabilitySimplex(3),
    ),
}


def found(name):
    rule, domain = SYSTEMS[name]
    split = tw.recover_energy(rule, domain, levels=SPLIT).split
    assert split is not None
    return split


@pytest.mark.long
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_two_fields_add_up_to_the_rule(name):
    split = found(name)
    view = make_view(split.remainder.problem)
    gradient, rest = tw.plot.split_data(split, view)
    whole = field_on_grid(view, len(rest.axes[0]))
    np.testing.assert_allclose(gradient.values + rest.values, whole.values, atol=1e-12)


@pytest.mark.long
def test_both_parts_are_drawn_on_one_figure():
    split = found("box")
    left, right = tw.plot.split(split)
    assert left.figure is right.figure
    assert left.get_title(loc="left").startswith("−∇E: 32.52 %")
    assert right.get_title(loc="left").startswith("remainder: 67.48 %")
    given = left.figure.subplots(1, 2)
    assert tw.plot.split(split, axes=given)[0] is given[0]
    kept = through_json(split)
    with pytest.raises(tw.InputError, match="does not keep the remainder"):
        tw.plot.split(kept)
    curves = tw.plot.split(found("circle"))[1].get_lines()
    assert [line.get_label() for line in curves] == ["the rule", "−∇E", "remainder"]
