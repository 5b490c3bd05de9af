"""Proofs that an energy falls: they succeed where it is known to, and never where it rises."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import LotkaVolterra, TanhNetwork, tanh_energy
from tests.zoo import Linear, pendulum, polynomial_flow, square

import thalweg as tw
from thalweg.dynamics import make_problem
from thalweg.recovery.certificates.descent import prove_descent


def prove(rule, domain, energy, rests=(), **options):
    with jax.enable_x64(True):
        problem, _ = make_problem(rule, domain)
    return prove_descent(problem, energy, rests, **options)


def wells(x):
    """Four wells, a hill and four saddles between them, on [−1.5, 1.5]²."""
    return jnp.sum(x**4) / 4.0 - jnp.sum(x**2) / 2.0


_NINE = [[i, j] for i in (-1.0, 0.0, 1.0) for j in (-1.0, 0.0, 1.0)]
WELLS = polynomial_flow(lambda x: x - x**3)
SINK = Linear(-np.eye(2))


def bowl(x):
    """|x|²."""
    return jnp.sum(x**2)


class TestKnownToFall:
    def test_a_gradient_with_nine_rests(self):
        proof = prove(WELLS, square(1.5), wells, _NINE)
        assert proof.is_proved, proof.note
        assert len(proof.cubes) == 9
        assert proof.core < 1e-11
        assert proof.num_boxes < 5000

    def test_a_gradient_with_one_rest_that_is_not_at_a_float(self):
        # x³ + x = 1 at .6823278…: neither f nor ∇E vanishes at any number of the machine.
        root = np.roots([1.0, 0.0, 1.0, -1.0]).real[-1]
        flow = polynomial_flow(lambda x: 1.0 - x - x**3)
        proof = prove(flow, square(2.0), lambda x: jnp.sum(x**4 / 4 + x**2 / 2 - x), [[root, root]])
        assert proof.is_proved, proof.note
        assert 0.0 < proof.core < 1e-11

    def test_a_rotation_that_is_no_steepest_descent(self):
        flow = Linear(np.array([[-1.0, 5.0], [-5.0, -1.0]]))
        assert prove(flow, square(1.0), bowl, [[0.0, 0.0]]).is_proved

    def test_stiff_rests_have_cubes_that_are_not_tiny(self):
        # At ±(√2, −√2) the curvatures of x⁴/4 − x²/2 + xy + y²/2 are 5.24 and .76, and the larger
        # one changes fast: along the axes it hides the smaller one but within 1/1024 of the width.
        flow = polynomial_flow(lambda x: np.stack([x[0] - x[0] ** 3 - x[1], -x[0] - x[1]]))
        energy = lambda x: x[0] ** 4 / 4 - x[0] ** 2 / 2 + x[0] * x[1] + x[1] ** 2 / 2  # noqa: E731
        root = 2.0**0.5
        proof = prove(flow, square(1.5), energy, [[root, -root], [-root, root], [0.0, 0.0]])
        assert proof.is_proved, proof.note
        assert min(np.min(cube.upper - cube.lower) for cube in proof.cubes) > 3.0 / 100
        assert proof.num_boxes < 900

    @pytest.mark.parametrize("periodic", [False, True])
    def test_a_damped_pendulum(self, periodic):
        def energy(x):
            kinetic = x[1] ** 2 / 2.0 - jnp.cos(x[0])
            return kinetic + 0.2 * x[1] * jnp.sin(x[0])

        box = tw.Box([-np.pi, -1.5], [np.pi, 1.5], periodic=[periodic, False])
        rests = [[0.0, 0.0], [-np.pi, 0.0]] + ([] if periodic else [[np.pi, 0.0]])
        proof = prove(pendulum(0.5), box, energy, rests)
        # That the energy is one function on the circle is seen at points, and no proof.
        assert proof.is_proved is not periodic, proof.note
        assert ("return round angles is checked, not proved" in proof.note) is periodic

    @pytest.mark.long
    def test_a_small_network(self):
        weights = jnp.array([[0.0, 1.2], [1.2, 0.0]])
        flow = TanhNetwork(weights)
        found = tw.find_equilibria(flow, square(2.0))
        proof = prove(flow, square(2.0), tanh_energy(weights), found.states)
        assert proof.is_proved, proof.note

    def test_competition_in_its_own_metric(self):
        # M = diag(1/x): E = ½ xᵀAx − r·x, on a box that keeps away from the walls.
        matrix = np.array([[1.0, 0.5], [0.5, 1.0]])
        box = tw.Box([0.1, 0.1], [2.0, 2.0])
        rest = np.linalg.solve(matrix, np.ones(2))
        energy = lambda x: 0.5 * x @ matrix @ x - jnp.sum(x)  # noqa: E731
        proof = prove(LotkaVolterra(jnp.ones(2), jnp.asarray(matrix)), box, energy, [rest])
        assert proof.is_proved, proof.note

    def test_three_coordinates(self):
        flow = polynomial_flow(lambda x: -x - x**3 + 0.5 * np.stack([x[1], -x[0], x[0]]), 3)
        proof = prove(flow, square(1.0, 3), bowl, [[0.0, 0.0, 0.0]])
        assert proof.is_proved, proof.note

    def test_a_map(self):
        halving = tw.as_map(lambda x: 0.5 * x + 0.2 * jnp.sin(x[::-1]))
        proof = prove(halving, square(1.0), bowl, [[0.0, 0.0]])
        assert proof.is_proved, proof.note

    def test_a_kink_in_the_energy(self):
        proof = prove(SINK, square(1.0), lambda x: bowl(x) + jnp.maximum(x[0] - 0.5, 0), [[0, 0]])
        assert proof.is_proved, proof.note

    def test_rests_that_nobody_named(self):
        proof = prove(WELLS, square(1.5), wells)
        assert proof.is_proved, proof.note
        assert len(proof.cubes) == 9


class TestNotProved:
    @pytest.mark.parametrize("rise", [
        lambda x: 0.02 * jnp.exp(-jnp.sum((x - jnp.array([0.9, 0.3])) ** 2) / 0.005**2),
        lambda x: -5.0 * jnp.maximum(x[0] - 0.999, 0.0),
        lambda x: 0.01 * jnp.tanh((0.8 - jnp.sqrt(jnp.sum(x**2) + 0.01)) / 0.002),
    ], ids=["spot", "slab", "shell"])  # fmt: skip
    def test_a_small_rise_is_found(self, rise):
        def energy(x):
            return bowl(x) + rise(x)

        proof = prove(SINK, square(1.0), energy, [[0.0, 0.0]])
        assert proof.outcome == "rises", proof.note
        with jax.enable_x64(True):
            there = jnp.asarray(proof.where)
            assert -jnp.dot(jax.grad(energy)(there), there) > 0.0

    def test_a_jump_of_the_energy(self):
        for step in (0.1, -0.1):
            jump = lambda x, s=step: bowl(x) + jnp.where(x[0] > 0.37, s, 0.0)  # noqa: E731
            assert prove(SINK, square(1.0), jump, [[0.0, 0.0]]).outcome == "open"

    def test_a_critical_point_that_is_no_rest(self):
        flow = polynomial_flow(lambda x: np.stack([1.0 + 0 * x[0], -x[1]]))
        energy = lambda x: -x[0] - x[0] ** 3 / 3 + x[0] ** 2 + x[1] ** 2  # noqa: E731
        # ∂E/∂x₀ = −(1 − x₀)² vanishes at 1, where the flow moves on.
        assert prove(flow, square(2.0), energy, []).outcome == "open"

    def test_an_energy_that_only_never_rises(self):
        energy = lambda x: x[1] ** 2 / 2.0 - jnp.cos(x[0])  # noqa: E731
        proof = prove(pendulum(0.5), square(2.0), energy, [[0.0, 0.0]])
        assert proof.outcome == "open"
        assert "rest" in proof.note

    def test_an_energy_that_does_not_return_round_an_angle(self):
        box = tw.Box([-np.pi, -1.5], [np.pi, 1.5], periodic=[True, False])
        flow = polynomial_flow(lambda x: np.stack([1.0 + 0 * x[0], -x[1]]))
        proof = prove(flow, box, lambda x: x[1] ** 2 - x[0])
        assert proof.outcome == "open"
        assert "angle" in proof.note

    def test_an_energy_that_is_flat_far_away(self):
        # e^{−x²} and its slopes underflow beyond 26.
        proof = prove(SINK, square(30.0), lambda x: -jnp.exp(-jnp.sum(x**2)), [[0.0, 0.0]])
        assert proof.outcome == "open"

    @pytest.mark.long
    def test_a_budget_that_is_too_small(self):
        proof = prove(WELLS, square(1.5), wells, _NINE, effort=1e4)
        assert proof.outcome == "open"
        assert "not enough" in proof.note

    @pytest.mark.long
    def test_what_has_no_bounds_and_what_is_too_large(self):
        own = lambda x: jnp.linalg.eigvalsh(jnp.outer(x, x))[-1]  # noqa: E731
        proof = prove(SINK, square(1.0), own, [[0.0, 0.0]])
        assert proof.outcome == "open"
        assert "'eigh' has no bounds here" in proof.note
        large = Linear(-np.eye(5))
        assert prove(large, square(1.0, 5), bowl, [np.zeros(5)]).outcome == "open"


@pytest.mark.long
def test_nothing_is_proved_where_ascent_finds_a_rise():
    """Random energies of a random linear flow: a proof and a rise exclude each other."""
    rng = np.random.default_rng(3)

    @jax.jit
    @jax.vmap
    def climbed(start, matrix, form, cubic):
        def rate(x):
            gradient = 2.0 * form @ x + 3.0 * cubic * x**2
            return gradient @ (matrix @ x) / (jnp.sum(x**2) + 1e-12)

        def step(_, x):
            return jnp.clip(x + 0.02 * jax.grad(rate)(x), -1.0, 1.0)

        return rate(jax.lax.fori_loop(0, 60, step, start))

    counts = {"proved": 0, "rises": 0, "open": 0}
    for _ in range(30):
        matrix = rng.normal(size=(2, 2)) - 1.5 * np.eye(2)
        form = np.eye(2) + 0.3 * np.diag(rng.normal(size=2))
        cubic = 0.25 * rng.normal(size=2)
        energy = lambda x, a=form, b=cubic: x @ a @ x + jnp.sum(b * x**3)  # noqa: E731
        proof = prove(Linear(matrix), square(1.0), energy, [[0.0, 0.0]])
        counts[proof.outcome] += 1
        starts = rng.uniform(-1.0, 1.0, (512, 2))
        same = [np.broadcast_to(a, (512, *a.shape)) for a in (matrix, form, cubic)]
        with jax.enable_x64(True):
            highest = float(jnp.max(climbed(starts, *same)))
        if proof.is_proved:
            assert highest < 0.0, (matrix, form, cubic)
        if proof.outcome == "rises":
            assert proof.where is not None
            gradient = 2.0 * form @ proof.where + 3.0 * cubic * proof.where**2
            assert gradient @ matrix @ proof.where > 0.0
        # What is decided clearly is decided: nothing but a rate near 0 stays open.
        assert proof.outcome != "open" or abs(highest) < 1e-2 or highest > 0.0
    assert counts["proved"] >= 5
    assert counts["rises"] + counts["open"] >= 5
