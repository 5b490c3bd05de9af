"""Line integrals: how many nodes they need."""

from typing import Any

import jax
import jax.numpy as jnp
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


@pytest.mark.long
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


class Bump(tw.Flow):
    """Descent of |x|²/2 + w(1 − |x − c|²/w²)⁶ / 20, the last within w of c."""

    centre: Any
    width: float

    def level(self, state):
        left = jax.nn.relu(1.0 - jnp.sum((state - self.centre) ** 2) / self.width**2)
        return jnp.sum(state**2) / 2.0 + self.width * left**6 / 20.0

    def velocity(self, t, state):
        return -jax.grad(self.level)(state)


@pytest.mark.parametrize("size", [2, pytest.param(3, marks=pytest.mark.long)])
@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2, 3))])
def test_what_lies_between_rays_is_in_the_energy(seed, size):
    """In two coordinates rays meet a bump; in three there are none, and no node is left out."""
    rng = np.random.default_rng(seed)
    rule = Bump(rng.uniform(-0.6, 0.6, size), 0.2)
    verdict = tw.recover_energy(rule, square(1.0, size), cycles=(), thorough=False)
    assert isinstance(verdict.energy, LineIntegral)
    assert len(verdict.energy.nodes) >= 64
    points = rule.centre + rng.uniform(-0.1, 0.1, (50, size))
    with jax.enable_x64(True):
        gaps = np.asarray(jax.vmap(verdict.energy)(points) - jax.vmap(rule.level)(points))
    assert np.ptp(gaps) < 1e-5
