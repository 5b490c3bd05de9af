"""Equilibria with known answers: isolated, degenerate, many, of flows and maps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from scipy.optimize import fsolve
from tests.analysis.systems import Henon, Polynomial, TanhNetwork, symmetric_weights
from tests.zoo import LinearMap, pendulum, polynomial_flow, square

import thalweg as tw


def states(equilibria):
    return np.array([e.state for e in equilibria])


def test_henon_fixed_points_and_multipliers():
    low, high = tw.find_equilibria(Henon())
    np.testing.assert_allclose(low.state, [-1.1313544770895, -0.3394063431269], atol=1e-13)
    np.testing.assert_allclose(high.state, [0.6313544770895, 0.1894063431269], atol=1e-13)
    np.testing.assert_allclose(low.eigenvalues, [3.2598220979, -0.0920295620], atol=1e-10)
    np.testing.assert_allclose(high.eigenvalues, [0.1559463223, -1.9237388582], atol=1e-10)
    assert low.kind == high.kind == "saddle"
    assert low.stable is False


def test_rotation_is_a_center():
    turn = polynomial_flow(lambda x: np.stack([-x[1], x[0]]))
    (origin,) = tw.find_equilibria(turn, square(2.0))
    assert (origin.kind, origin.form, origin.stable) == ("center", None, None)
    np.testing.assert_allclose(origin.eigenvalues, [1j, -1j], atol=1e-14)


def test_rotation_map_is_a_center_and_a_reflection_is_not():
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    (origin,) = tw.find_equilibria(LinearMap(turn), square(2.0))
    assert origin.kind == "center"
    (origin,) = tw.find_equilibria(LinearMap(-np.eye(2)), square(2.0))
    assert origin.kind == "non-hyperbolic"


@pytest.mark.long
@pytest.mark.parametrize(
    ("fn", "dimension"),
    [
        (lambda x: -(x**3), 1),
        (lambda x: -np.sum(x**2) * x, 2),
        (lambda x: -(x**3 - 3 * x**2 + 3 * x - 1), 1),
        (lambda x: np.stack([x[1] - x[0], -(x[1] ** 3)]), 2),
    ],
    ids=["cube", "radial cube", "expanded cube", "half degenerate"],
)
def test_a_degenerate_root_is_one_equilibrium_and_no_continuum(fn, dimension):
    found = tw.find_equilibria(polynomial_flow(fn, dimension), square(3.0, dimension))
    (only,) = found
    assert (only.kind, only.continuum, only.stable) == ("non-hyperbolic", 0, None)
    assert not found.search.continuum
    expected = 1.0 if fn(np.ones(dimension))[0] == 0 and dimension == 1 else 0.0
    np.testing.assert_allclose(only.state, expected, atol=max(only.accuracy, 1e-9) * 4)
    assert only.accuracy < 1e-4


def test_near_roots_are_told_apart_and_a_near_miss_is_no_root():
    found = tw.find_equilibria(polynomial_flow(lambda x: x**2 - 1e-14, 1), square(1.0, 1))
    np.testing.assert_allclose(states(found)[:, 0], [-1e-7, 1e-7], rtol=1e-6)
    assert [e.kind for e in found] == ["sink", "source"]
    miss = polynomial_flow(lambda x: x**2 + 1e-12, 1)
    assert len(tw.find_equilibria(miss, square(1.0, 1))) == 0


@pytest.mark.long
def test_four_wells_in_order_with_energies():
    found = tw.find_equilibria(tw.SteepestDescent(tw.energies.FourWells()), square(2.0))
    expected = [(x, y) for x in (-np.sqrt(1.1), 0, np.sqrt(1.1)) for y in (-1, 0, 1)]
    np.testing.assert_allclose(states(found), expected, atol=1e-14)
    kinds = [e.kind for e in found]
    assert kinds == ["sink", "saddle", "sink", "saddle", "source", "saddle", *kinds[:3]]
    wells = [(x**2 * (x**2 - 2.2) + y**2 * (y**2 - 2)) / 4 for x, y in expected]
    energies = np.array([e.energy for e in found], dtype=float)
    np.testing.assert_allclose(energies, wells, atol=1e-15)


def test_angles_are_compared_modulo_their_period():
    for shift in (0.0, 0.7):
        box = tw.Box([shift - np.pi, -3.0], [shift + np.pi, 3.0], periodic=[True, False])
        found = tw.find_equilibria(pendulum(0.5), box)
        assert sorted(e.kind for e in found) == ["saddle", "sink"]


@pytest.mark.long
def test_a_map_of_an_angle_rests_where_it_turns_by_a_period():
    circle = tw.as_map(
        lambda x: x + 2 * np.pi + 0.5 * jnp.sin(x), domain=tw.Box([-3.0], [-3.0 + 2 * np.pi], True)
    )
    found = tw.find_equilibria(circle)
    np.testing.assert_allclose(np.sort(states(found)[:, 0] % (2 * np.pi)), [0, np.pi], atol=1e-12)


@pytest.mark.long
def test_on_the_simplex_eigenvalues_are_those_along_it():
    payoff = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])

    def replicator(x):
        return x * (payoff @ x - x @ payoff @ x)

    found = tw.find_equilibria(tw.as_flow(replicator, domain=tw.ProbabilitySimplex(3)))
    assert [e.kind for e in found] == ["saddle", "saddle", "center", "saddle"]
    np.testing.assert_allclose(found[2].state, 1 / 3, atol=1e-15)
    np.testing.assert_allclose(
        found[2].eigenvalues, [1j / np.sqrt(3), -1j / np.sqrt(3)], atol=1e-14
    )


def test_equilibria_on_the_border_count_as_inside_and_those_beyond_apart():
    found = tw.find_equilibria(
        polynomial_flow(lambda x: x * (1 - x) * (2 - x), 1), tw.Box([0.0], [1.0])
    )
    np.testing.assert_allclose(states(found)[:, 0], [0.0, 1.0], atol=1e-14)
    assert found.search.outside + found.search.converged == found.search.starts


@pytest.mark.long
def test_a_slice_is_solved_in_the_rest():
    def lorenz(x):
        return np.stack([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]])

    box = tw.Box([-30.0, -30.0, 5.0], [30.0, 30.0, 5.0])
    found = tw.find_equilibria(polynomial_flow(lorenz, 3), box)
    (only,) = found
    np.testing.assert_allclose(only.state, [0.0, 0.0, 5.0], atol=1e-12)
    assert only.eigenvalues.shape == (2,)
    assert any("held fixed: x[2] = 5" in note for note in found.warnings)


@pytest.mark.long
def test_pytree_states():
    def coupled(state):
        return {"a": state["b"] - state["a"] ** 3, "b": state["a"] - state["b"]}

    zero = {"a": np.zeros(()), "b": np.zeros((1,))}
    box = tw.Box(jax.tree.map(lambda z: z - 2.0, zero), jax.tree.map(lambda z: z + 2.0, zero))

    def velocity(state):
        new = coupled({"a": state["a"], "b": state["b"][0]})
        return {"a": new["a"], "b": new["b"][None]}

    found = tw.find_equilibria(tw.as_flow(velocity, domain=box))
    assert found.states["a"].shape == (3,)
    np.testing.assert_allclose(found.states["a"], [-1, 0, 1], atol=1e-12)
    np.testing.assert_allclose(found.states["b"][:, 0], [-1, 0, 1], atol=1e-12)
    assert found.about.names == ("a", "b[0]")


def real_roots(p, q):
    """All real common roots of two planar cubics, by their resultant at 40 digits (SymPy)."""
    x, y = sympy.symbols("x y")
    monomials = [x**i * y**j for i in range(4) for j in range(4 - i)]
    first, second = (
        sympy.Add(*(sympy.Rational(c) * m for c, m in zip(row, monomials, strict=True)))
        for row in (p, q)
    )
    found = []
    for a in sympy.Poly(sympy.resultant(first, second, y), x).nroots(n=40, maxsteps=500):
        if abs(sympy.im(a)) > 1e-15:
            continue
        for b in sympy.Poly(first.subs(x, sympy.re(a)), y).nroots(n=40, maxsteps=500):
            point = {x: sympy.re(a), y: sympy.re(b)}
            if abs(sympy.im(b)) < 1e-12 and abs(second.subs(point)) < 1e-10:
                found.append((float(sympy.re(a)), float(sympy.re(b))))
    return found


@pytest.mark.long
@pytest.mark.parametrize("count", [6, 50])
def test_random_cubics_have_the_roots_that_algebra_says(count):
    rng = np.random.default_rng(1)
    total = 0
    for _ in range(count):
        p, q = (rng.integers(-9, 10, 10) / 8.0 for _ in range(2))
        expected = sorted(r for r in real_roots(p, q) if max(abs(r[0]), abs(r[1])) <= 3.0)
        found = tw.find_equilibria(Polynomial(p, q))
        assert len(found) == len(expected)
        if expected:
            np.testing.assert_allclose(states(found), expected, atol=1e-9)
        total += len(expected)
    assert total > 1.6 * count


@pytest.mark.long
def test_a_network_with_many_equilibria_is_stable_under_more_starts():
    network = TanhNetwork(symmetric_weights(gain=6.0))
    few, many = tw.find_equilibria(network), tw.find_equilibria(network, starts=8192)
    assert few.search.distinct == many.search.distinct > 40
    np.testing.assert_allclose(states(few), states(many), atol=1e-10)


@pytest.mark.long
def test_against_scipy_from_the_same_network():
    weights = np.random.default_rng(2).normal(size=(8, 8)) * 2.0 / np.sqrt(8)
    found = states(tw.find_equilibria(TanhNetwork(weights)))
    rng = np.random.default_rng(0)
    for start in rng.uniform(-1.2, 1.2, (200, 8)):
        root, _, status, _ = fsolve(lambda h: np.tanh(weights @ h) - h, start, full_output=True)
        if status == 1 and np.max(np.abs(root)) <= 1.2:
            assert np.min(np.max(np.abs(found - root), axis=1)) < 1e-6


def test_given_states_report_slow_points():
    ghost = polynomial_flow(lambda x: np.stack([x[0] ** 2 + 1e-3, -x[1]]))
    starts = np.array([[0.3, 0.2], [-0.4, 0.1], [0.1, -0.5]])
    found = tw.find_equilibria(ghost, square(1.0), starts=starts)
    assert len(found) == 0
    (slow,) = found.slow
    np.testing.assert_allclose(slow.state, [0.0, 0.0], atol=1e-6)
    assert slow.speed == pytest.approx(1e-3)
    assert slow.usual == pytest.approx(np.hypot(0.3**2 + 1e-3, 0.2))  # at the first start
    assert slow.title.startswith("Slow point, speed 0.001 (starts: 0.22 in the median): ")
    assert found.search.unseen_mass is None


def test_the_middles_between_what_given_states_lead_to_are_tried():
    rule = tw.as_map(lambda x: jnp.tanh(jnp.array([[2.0, 0.0], [0.0, 0.5]]) @ x))
    found = tw.find_equilibria(rule, starts=np.array([[0.9, 0.01], [-0.8, 0.02], [-0.95, 0.0]]))
    assert [e.kind for e in found] == ["sink", "saddle", "sink"]
    np.testing.assert_allclose(found[1].state, 0.0, atol=1e-14)
    assert (found.search.starts, found.search.converged, found.search.directed) == (3, 3, 1)
    assert "1 found only from the middles between others." in str(found.search)


def test_slow_points_that_are_nearly_one_are_listed_once():
    """The speed has a flat minimum, on whose slope the searches from either side end."""
    ghost = polynomial_flow(lambda x: np.stack([x[0] ** 4 + 1e-2, -x[1]]))
    starts = np.stack([np.linspace(-0.9, 0.9, 12), np.linspace(-0.5, 0.5, 12)], axis=1)
    found = tw.find_equilibria(ghost, square(1.0), starts=starts)
    (slow,) = found.slow
    assert slow.speed == pytest.approx(1e-2)
    hill = polynomial_flow(lambda x: np.stack([(x[0] ** 2 - 1e-6) ** 2 + 1e-16, -x[1]]))
    starts = np.array([[0.002, 0.0], [-0.002, 0.0]])
    apart = tw.find_equilibria(hill, square(1.0), starts=starts).slow
    np.testing.assert_allclose(sorted(p.state[0] for p in apart), [-1e-3, 1e-3], rtol=1e-2)


def test_given_states_need_no_domain():
    found = tw.find_equilibria(
        polynomial_flow(lambda x: x - x**3), starts=np.array([[0.8, 0.9], [0.7, 1.2], [0.1, 0.01]])
    )
    np.testing.assert_allclose(states(found), [[0, 0], [1, 1]], atol=1e-12)


@pytest.mark.long
def test_the_same_key_gives_the_same_result_and_another_key_the_same_equilibria():
    network = TanhNetwork(symmetric_weights(seed=0))
    first, again = (tw.find_equilibria(network, key=jax.random.key(5)) for _ in range(2))
    other = tw.find_equilibria(network, key=jax.random.key(6))
    np.testing.assert_array_equal(states(first), states(again))
    np.testing.assert_allclose(states(first), states(other), atol=1e-12)


def test_a_new_parameter_value_compiles_nothing(count_compiles):
    tw.find_equilibria(Henon())
    with count_compiles() as compiled:
        tw.find_equilibria(Henon(a=1.2, b=0.25))
        tw.find_equilibria(Henon(a=1), tw.Box([-2.0, -2.0], [2.5, 3.0]))
    assert compiled.count == 0


@pytest.mark.long
def test_a_whole_search_is_at_most_six_programs(count_compiles):
    def fresh(x):
        return jnp.stack([x[0] - x[0] ** 3, -jnp.sinh(x[1])])

    with count_compiles() as compiled:
        tw.find_equilibria(tw.as_flow(fresh), square(2.0))
    assert 0 < compiled.count <= 6


def test_global_precision_is_left_alone():
    found = tw.find_equilibria(Henon())
    assert found[0].state.dtype == np.float64
    assert jnp.zeros(1).dtype == jnp.float32


@pytest.mark.long
def test_states_at_rest_already_are_found():
    """Recorded end states: nothing about the sizes of the rule can be learnt from them."""
    weights = symmetric_weights(seed=0)
    rest = np.random.default_rng(4).uniform(-1.0, 1.0, (3, 8))
    for _ in range(5000):
        rest += 0.2 * (np.tanh(rest @ weights.T) - rest)
    network = TanhNetwork(weights)
    assert np.max(np.abs(np.tanh(rest @ weights.T) - rest)) < 1e-14
    for recorded in (rest, rest + 1e-3):
        for domain in (None, tw.Box([-1.0] * 8, [1.0] * 8)):
            found = tw.find_equilibria(network, domain, starts=recorded)
            sinks = [e for e in found if e.kind == "sink"]
            assert len(sinks) == len(np.unique(np.round(rest, 6), axis=0))
            assert len(found) - len(sinks) == found.search.directed
            assert found.search.converged == 3
            assert not found.slow


@pytest.mark.long
def test_the_class_does_not_depend_on_the_size_of_the_box():
    def oregonator(state):
        x, y, z = state
        growth = 77.27 * (y + x - x * y - 8.375e-6 * x**2)
        return np.stack([growth, (z - y - x * y) / 77.27, 0.161 * (x - z)])

    rule = polynomial_flow(oregonator, 3)
    (inner,) = tw.find_equilibria(rule, tw.Box([400, 0.5, 400], [600, 1.5, 600]))
    origin, same = tw.find_equilibria(rule, tw.Box([0, 0, 0], [1.5e5, 2e3, 3e4]))
    for equilibrium in (inner, same):
        assert equilibrium.kind == "saddle"
        np.testing.assert_allclose(equilibrium.state, [488.178, 0.998, 488.178], rtol=5e-5)
        np.testing.assert_allclose(equilibrium.eigenvalues, [18.747, 1.3345e-3, -25.714], rtol=1e-4)
    assert origin.kind == "saddle"
