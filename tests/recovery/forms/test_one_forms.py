"""Line integrals: how many nodes they need."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg as tw
from thalweg.models.registry import find
from thalweg.recovery.forms.one_forms import LineIntegral, fewest_nodes, gauss_legendre, graded


def works(*functions):
    nodes = gauss_legendre(64)[0]
    return np.stack([function(nodes) for function in functions])


@pytest.mark.parametrize(
    ("functions", "count"),
    [
        ([lambda s: 1.0 + 0.0 * s], 4),
        ([lambda s: s**3, lambda s: 0.0 * s], 4),
        ([lambda s: s**4], 4),
        ([lambda s: s**2, lambda s: s**7 - s], 8),
        ([lambda s: s**15], 16),
        ([lambda s: np.tanh(4.0 * s - 1.0)], 32),
        ([lambda s: np.exp(s)], 8),
        ([lambda s: np.cos(20.0 * s)], 24),
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
def test_half_the_nodes_give_the_gradient_to_rounding():
    """Müller & Brown's surface needs 24 orders for 1e-6 of the work along a ray."""
    rule = find("mueller-brown").create()
    energy = tw.recover_energy(rule, cycles=(), thorough=False).energy
    assert isinstance(energy, LineIntegral)
    assert len(energy.nodes) == 32
    lower, upper = (np.asarray(bound) for bound in rule.domain.chart().bounds)
    points = lower + np.random.default_rng(0).random((500, 2)) * (upper - lower)
    with jax.enable_x64(True):
        slopes = np.asarray(jax.vmap(jax.grad(energy))(points))
        wanted = -np.asarray(jax.vmap(lambda x: rule.velocity(0.0, x))(jnp.asarray(points)))
    sizes = np.max(np.abs(wanted), axis=1, keepdims=True)
    np.testing.assert_allclose(slopes / sizes, wanted / sizes, rtol=0.0, atol=1e-12)


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


@pytest.mark.parametrize("gap", [1e-2, 1e-5, 1e-8, 1e-11])
def test_a_graded_rule_integrates_up_to_a_singularity(gap):
    nodes, weights = graded(64)
    assert weights @ (1.0 / (nodes + gap)) == pytest.approx(np.log1p(1.0 / gap), rel=1e-10)
    squared = weights @ (nodes / (nodes + gap) ** 2)
    assert squared == pytest.approx(np.log1p(1.0 / gap) - 1.0 / (1.0 + gap), rel=1e-10)
    assert weights @ np.exp(nodes) == pytest.approx(np.e - 1.0, rel=1e-12)


class Mutator(tw.Flow):
    """Replicator of a symmetric payoff, with mutants that come at equal rates."""

    payoff: Any
    rate: Any

    def velocity(self, t, state):
        fitness = self.payoff @ state
        mutants = self.rate * (1.0 / len(state) - state)
        return state * (fitness - state @ fitness) + mutants


@pytest.mark.parametrize("rate", [0.3, pytest.param(1e-6, marks=pytest.mark.long), 0.0])
def test_the_energy_on_a_simplex_is_right_up_to_its_faces(rate):
    payoff = np.array([[1.0, 0.3, -0.2], [0.3, 0.5, 0.4], [-0.2, 0.4, 0.8]])
    rule = Mutator(payoff, np.array(rate))
    verdict = tw.recover_energy(rule, tw.ProbabilitySimplex(3), cycles=(), thorough=False)
    assert verdict.kind == "given-metric"
    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(verdict.energy))
        for gap in 10.0 ** -np.arange(1.0, 13.0):
            for turn in range(3):
                for shares in (
                    [gap, 0.6 * (1.0 - gap), 0.4 * (1.0 - gap)],
                    [gap, gap, 1 - 2 * gap],
                ):
                    x = np.roll(shares, turn)
                    exact = -payoff @ x - rate / 3.0 / x
                    missed = np.asarray(slope(jnp.asarray(x))) - exact
                    # Of a tangent covector only differences count.
                    scale = np.ptp(exact) + 1e-3
                    assert np.ptp(missed) < 1e-8 * scale, (gap, turn)


class Layer(tw.Flow):
    """Descent of |x|²/2 less w log cosh((x₀ − .999) / w)."""

    width: Any

    def velocity(self, t, state):
        return (-state).at[0].add(jnp.tanh((state[0] - 0.999) / self.width))


@pytest.mark.parametrize("size", [2, pytest.param(5, marks=pytest.mark.long)])
def test_a_layer_near_a_wall_is_in_the_energy(size):
    """Few random points lie beyond it, and all of them may be integrated as if it were not."""
    rule = Layer(np.array(1e-4))
    domain = tw.Box(jnp.zeros(size), jnp.ones(size))
    verdict = tw.recover_energy(rule, domain, cycles=(), thorough=False)
    assert verdict.kind == "euclidean"
    points = np.random.default_rng(0).uniform(size=(40, size))
    points[:, 0] = np.linspace(0.998, 1.0, 40)
    with jax.enable_x64(True):
        slopes = np.asarray(jax.vmap(jax.grad(verdict.energy))(points))
        exact = -np.asarray(jax.vmap(lambda x: rule.velocity(0.0, x))(points))
    np.testing.assert_allclose(slopes, exact, atol=1e-6)


class Beside(tw.Flow):
    """Descent of x − log x + x y / 10 + y²/2, which has a pole in the box."""

    rate: Any

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([1.0 / x - 1.0 - self.rate * y, -y - self.rate * x])


def test_the_energy_beside_a_pole_is_right_up_to_it():
    rule = Beside(np.array(0.1))
    domain = tw.Box(jnp.array([-1.0, -1.0]), jnp.array([3.0, 1.0]))
    verdict = tw.recover_energy(rule, domain, cycles=())
    assert verdict.kind == "euclidean"
    assert not verdict.certified
    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(verdict.energy))
        for gap in 10.0 ** -np.arange(1.0, 11.0):
            state = jnp.array([gap, 0.3])
            np.testing.assert_allclose(slope(state), -rule.velocity(0.0, state), rtol=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("place", [0.499, 0.591, 0.777])
def test_a_layer_inside_is_not_stepped_over_by_nodes_that_crowd_at_the_end(place):
    """64 even nodes refuse it; 64 graded ones have few there, and would agree with each other."""
    rule = tw.as_flow(lambda x: -x - 50.0 * jnp.exp(-(((x - place) / 1e-4) ** 2)))
    levels = [level for level in tw.recovery.LEVELS if level.name == "euclidean"]
    verdict = tw.recover_energy(rule, tw.Box([0.0], [1.0]), levels=levels, thorough=False)
    if verdict.energy is not None:
        drop = float(verdict.energy(jnp.ones(1)) - verdict.energy(jnp.zeros(1)))
        assert drop == pytest.approx(0.5 + 50.0 * 1e-4 * np.sqrt(np.pi), rel=1e-6)
    assert verdict.energy is None or len(np.asarray(verdict.energy.nodes)) == 1024
