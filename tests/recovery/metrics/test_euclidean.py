"""The Euclidean level, and the energy that it recovers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import values
from tests.zoo import Linear, Sines, polynomial_map, square

import thalweg as tw

SQUARE = tw.Box([-2.0, -2.0], [2.0, 2.0])


def wells(x):
    return x[0] ** 2 * (x[0] ** 2 - 2.2) / 4 + x[1] ** 2 * (x[1] ** 2 - 2) / 4


def descent_of(energy):
    return tw.as_flow(lambda x: jax.tree.map(jnp.negative, jax.grad(energy)(x)))


def spread(energy, known, points):
    """How far two energies are from differing by a constant."""
    return np.ptp(values(lambda x: energy(x) - known(x), points))


WELLS = descent_of(wells)


def residual(verdict):
    """The normalised residual of the Euclidean level."""
    found = verdict.levels[0].residual
    assert found is not None
    return found


@pytest.mark.long
def test_four_wells_are_recovered_up_to_a_constant():
    verdict = tw.recover_energy(WELLS, SQUARE)
    points = np.random.default_rng(1).uniform(-2.0, 2.0, (50, 2))
    assert verdict.kind == "euclidean"
    assert residual(verdict) < 1e-12
    assert spread(verdict.energy, wells, points) < 1e-12


@pytest.mark.long
def test_the_energy_follows_the_dtype_of_the_state_and_has_a_gradient():
    energy = tw.recover_energy(WELLS, SQUARE).energy
    x = jnp.asarray([0.3, -1.1])
    value, slope = jax.jit(jax.value_and_grad(energy))(x)
    assert value.dtype == jnp.float32
    np.testing.assert_allclose(slope, jax.grad(wells)(x), rtol=2e-5)


@pytest.mark.long
def test_a_pytree_state_is_recovered():
    def energy(state):
        return jnp.sum(jnp.cosh(state["a"])) + jnp.sum(state["a"]) * state["b"] ** 2

    box = tw.Box({"a": [-1.0, -1.0], "b": 0.0}, {"a": [1.0, 1.0], "b": 1.0})
    verdict = tw.recover_energy(descent_of(energy), box)
    assert verdict.kind == "euclidean"
    points = [{"a": np.asarray(a), "b": b} for a, b in [([0.1, 0.9], 0.3), ([-1.0, 0.2], 0.9)]]
    with jax.enable_x64(True):
        gap = jax.jit(lambda x: verdict.energy(x) - energy(x))
        gaps = [float(gap(x)) for x in points]
    assert abs(gaps[0] - gaps[1]) < 1e-12


@pytest.mark.long
def test_an_angle_must_bring_the_energy_back():
    box = tw.Box([-np.pi, -1.0], [np.pi, 1.0], periodic=[True, False])

    def tilted(slope):
        linear, sines = np.diag([0.0, -1.0]), np.diag([-1.0, 0.0])
        return Sines(np.array([slope, 0.0]), linear, sines)

    assert tw.recover_energy(tilted(0.0), box).kind == "euclidean"
    verdict = tw.recover_energy(tilted(1e-3), box)
    assert verdict.kind == "diagonal-metric"  # from a source to a sink, in no flat metric
    assert verdict.levels[0].outcome == "no"


@pytest.mark.long
def test_symmetric_jacobians_are_not_enough_where_the_region_has_a_hole():
    vortex = tw.as_flow(lambda x: jnp.stack([-x[1], x[0]]) / jnp.sum(x**2))
    verdict = tw.recover_energy(vortex, SQUARE, equilibria=(), thorough=False)
    assert verdict.kind != "euclidean"
    assert residual(verdict) > 1e-2


@pytest.mark.long
def test_symmetric_jacobians_are_not_enough_where_the_rule_jumps():
    jump = tw.as_flow(lambda x: jnp.stack([0.0 * x[0], jnp.sign(x[0] - 0.1)]))
    verdict = tw.recover_energy(jump, SQUARE, equilibria=(), thorough=False)
    assert verdict.kind != "euclidean"


@pytest.mark.long
def test_a_thousand_dimensions():
    weights = np.random.default_rng(0).normal(size=(1000, 1000)) / 40.0

    def energy(x):
        return jnp.sum(jnp.logaddexp(weights @ x, -(weights @ x))) + 0.05 * jnp.sum(x**2)

    box = tw.Box(-np.ones(1000), np.ones(1000))
    verdict = tw.recover_energy(descent_of(energy), box)
    assert verdict.kind == "euclidean"
    points = np.random.default_rng(1).uniform(-1.0, 1.0, (3, 1000))
    assert spread(verdict.energy, energy, points) < 1e-8
    twisted = weights + 1e-6 * np.random.default_rng(2).normal(size=(1000, 1000))
    rule = tw.as_flow(lambda x: -weights.T @ jnp.tanh(twisted @ x) - 0.1 * x)
    assert tw.recover_energy(rule, box).kind == "undecided"  # without searches that cannot end


@pytest.mark.parametrize("size", [10_000, pytest.param(30_000, marks=pytest.mark.long)])
def test_memory_grows_with_the_dimension_not_with_its_square(size):
    """A chain: one dense Jacobian of 10,000 units would take 0.8 GB, of 30,000 units 7 GB."""

    def energy(x):
        return jnp.sum(jnp.cosh(x)) + 0.3 * jnp.sum((x[1:] - x[:-1]) ** 2)

    box = tw.Box(-np.ones(size), np.ones(size))
    verdict = tw.recover_energy(descent_of(energy), box)
    assert verdict.kind == "euclidean"


@pytest.mark.long
@pytest.mark.parametrize("size", [1e-7, 1e-5, 1e-3, 1e-1])
def test_the_residual_scales_with_what_is_not_a_gradient(size):
    def rule(x, args):
        rest = args * jnp.stack([-x[1] * jnp.cos(x[0]), jnp.sin(x[0] * x[1])])
        return -jax.grad(wells)(x) + rest

    flow = tw.as_flow(lambda t, x, args: rule(x, args), jnp.asarray(size))
    verdict = tw.recover_energy(flow, SQUARE, equilibria=(), thorough=False)
    assert verdict.kind == "undecided"  # no metric; that an energy falls is another question
    assert verdict.levels[0].outcome == "no"
    assert 0.01 * size < residual(verdict) < 100.0 * size


@pytest.mark.long
def test_what_is_small_beside_the_rest_is_seen():
    stiff = tw.as_flow(lambda x: jnp.stack([-1e10 * x[0], -x[1] + x[2], -x[1] - x[2]]))
    box = tw.Box(-np.ones(3), np.ones(3))
    verdict = tw.recover_energy(stiff, box, equilibria=(), thorough=False)
    assert verdict.kind == "undecided"
    assert verdict.levels[0].outcome == "no"


@pytest.mark.long
def test_bad_input_is_refused_with_the_cure():
    with pytest.raises(tw.InputError, match="depends on time"):
        tw.recover_energy(tw.as_flow(lambda t, x: jnp.sin(t) - x), tw.Box([0.0], [1.0]))
    with pytest.raises(tw.InputError, match="not finite"):
        tw.recover_energy(tw.as_flow(lambda x: jnp.log(x)), tw.Box([-2.0], [-1.0]))
    with pytest.raises(tw.InputError, match="declares no domain"):
        tw.recover_energy(tw.as_flow(lambda x: -x))


@pytest.mark.long
@pytest.mark.parametrize("size", [1e-200, 1e-160])
def test_a_slow_gradient_is_one_whatever_its_units(size):
    hill = Linear(size * np.array([[-1.0, 2.0], [2.0, -6.0]]))
    assert tw.recover_energy(hill, square(1.0), thorough=False).kind == "euclidean"
    turned = Linear(size * np.array([[-1.0, 2.0], [1.9, -6.0]]))
    assert tw.recover_energy(turned, square(1.0), thorough=False).kind != "euclidean"


@pytest.mark.long
@pytest.mark.parametrize(("step", "falls"), [
    (lambda x: -(x**3), False),
    (lambda x: -0.5 * x - 0.5 * x**3, False),
    (lambda x: -x + x * (x * x - 0.25) ** 2, False),
    (lambda x: -0.5 * x - 0.499 * x**3, True),
    (lambda x: -0.9999 * x, True),
    (lambda x: x - x**2 / 4.0 - 0.25 * x, True),
], ids=["at both walls", "slower", "at a place", "just less", "slow", "none"])  # fmt: skip
def test_round_a_2_cycle_of_full_steps_no_energy_falls(step, falls):
    """E with −∇E = g(x) − x never rises along these, and stands still on ±1, or on ±½."""
    found = tw.recover_energy(polynomial_map(step, 1), square(1.0, 1), cycles=(), thorough=False)
    assert (found.kind == "euclidean") is falls
    assert ("in some full steps" in found.levels[0].note) is not falls
