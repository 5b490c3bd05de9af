"""Line integrals: how many nodes they need."""

import jax
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg as tw
from thalweg.recovery.forms.one_forms import LineIntegral, fewest_nodes, gauss_legendre


def works(*functions):
    nodes = gauss_legendre(64)[0]
    return np.stack([function(nodes) for function in functions])


@pytest.mark.parametrize(
    ("functions", "count"),
    [
        ([lambda s: 1.0 + 0.0 * s], 4),
        ([lambda s: s**3, lambda s: 0.0 * s], 4),
        ([lambda s: s**4], 8),
        ([lambda s: s**2, lambda s: s**7 - s], 8),
        ([lambda s: s**15], 16),
        ([lambda s: np.tanh(4.0 * s - 1.0)], 64),
        ([lambda s: np.exp(s)], 16),
        # A kink, and a narrow feature on one ray of two.
        ([lambda s: np.maximum(s - 0.3, 0.0)], 64),
        ([lambda s: s, lambda s: s + 1e-6 * np.exp(-((s - 0.4) ** 2) / 1e-3)], 64),
        # A ray on which a rule is not defined says nothing; none at all asks for all nodes.
        ([lambda s: s, lambda s: np.nan * s], 4),
        ([lambda s: np.nan * s], 64),
    ],
)
def test_as_few_nodes_as_integrate_to_rounding(functions, count):
    found = fewest_nodes(works(*functions))
    assert found == count
    nodes, weights = gauss_legendre(found)
    all_weights = gauss_legendre(64)[1]
    for function, values in zip(functions, works(*functions), strict=True):
        if np.all(np.isfinite(values)):
            assert weights @ function(nodes) == pytest.approx(all_weights @ values, abs=1e-15)


def test_the_energy_of_a_cubic_rule_takes_four_nodes_and_is_exact():
    rule = polynomial_flow(lambda x: np.stack([x[0] - x[0] ** 3, -2.0 * x[1]]))
    energy = tw.recover_energy(rule, square(1.5), cycles=(), thorough=False).energy
    assert isinstance(energy, LineIntegral)
    assert len(energy.nodes) == 4
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (20, 2))
    with jax.enable_x64(True):
        levels = np.asarray(jax.vmap(energy)(points))
    x, y = points.T
    wanted = x**4 / 4.0 - x**2 / 2.0 + y**2
    np.testing.assert_allclose(levels - levels[0], wanted - wanted[0], rtol=0.0, atol=1e-14)
