"""Known landscapes: the order of what recurs, constant there, falling elsewhere."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from tests.results import keeps_the_protocol, through_json
from tests.zoo import Linear, Sines, pendulum, polynomial_flow, square

import thalweg as tw
from thalweg.analysis.landscapes.lattice import Lattice


def radial(growth):
    """x' = x g(|x|²) + a turn: circles where g vanishes are closed orbits."""

    def velocity(x):
        g = growth(x[0] ** 2 + x[1] ** 2)
        return np.stack([x[0] * g - x[1], x[1] * g + x[0]])

    return velocity


RINGS = {
    # A sink, a repelling circle of radius 1, an attracting one of radius 2: a subcritical Hopf
    # bifurcation past its fold.
    "bistable": radial(lambda s: -0.25 * (1.0 - s) * (4.0 - s)),
    # A source, an attracting circle, a repelling one; from there on everything leaves.
    "leaving": radial(lambda s: 0.25 * (1.0 - s) * (4.0 - s)),
    "one": radial(lambda s: 1.0 - s),
}
WELLS = polynomial_flow(lambda x: x - x**3)  # of (x² − 1)²/4 + (y² − 1)²/4


def landscape(velocity, size, nodes=96):
    rule = velocity if isinstance(velocity, tw.Flow) else polynomial_flow(velocity)
    return tw.find_landscape(rule, square(size), nodes=nodes)


def told(found):
    """The kinds with their heights, and the pairs of which the first is above the second."""
    kinds = [(one.kind, one.height) for one in found.sets]
    return kinds, {(i, j) for i, one in enumerate(found.sets) for j in one.above}


def on_circle(found, radius, count=200):
    angle = np.linspace(0.0, 2.0 * np.pi, count)
    return heights(found, radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def heights(found, points):
    value = found.value
    lattice = Lattice(value.lower, value.spacing, found.shape, value.turns)
    return lattice.interpolated(value.values.ravel(), points)


@pytest.fixture(scope="module")
def bistable():
    return landscape(RINGS["bistable"], 2.5)


def test_circles_and_the_middle_have_their_order(bistable):
    kinds, above = told(bistable)
    assert kinds == [("repelling cycle", 1.0), ("sink", 0.0), ("attracting cycle", 0.0)]
    assert above == {(0, 1), (0, 2)}
    numbers = [*bistable.sets[0].cycles, *bistable.sets[2].cycles]
    radii = [np.linalg.norm(bistable.cycles[number].point) for number in numbers]
    np.testing.assert_allclose(radii, [1.0, 2.0], atol=1e-6)
    assert (bistable.sets[1].equilibria, bistable.sets[1].cycles) == ((0,), ())


def test_it_is_constant_on_circles_and_falls_between_them(bistable):
    for radius, height in ((2.0, 0.0), (1.0, 1.0)):
        np.testing.assert_allclose(on_circle(bistable, radius), height, atol=5e-3)
    radii = np.array([0.15, 0.4, 0.6, 0.8, 0.95])
    inside = np.array([on_circle(bistable, r) for r in radii])
    assert np.all(np.diff(inside, axis=0) > 0.02)
    outside = np.array([on_circle(bistable, r) for r in (1.05, 1.2, 1.4, 1.6, 1.8)])
    assert np.all(np.diff(outside, axis=0) < -1e-3)


def test_the_check_finds_next_to_no_rise(bistable):
    check = bistable.check
    assert (check.runs, check.left) == (1024, 0.0)
    assert check.steps > 10_000
    assert check.usual < 0.01
    assert check.worst < 0.1
    assert check.spread < 0.01


@pytest.mark.long
def test_what_leaves_is_a_set_of_its_own():
    found = landscape(RINGS["leaving"], 2.5)
    kinds, above = told(found)
    assert kinds == [
        ("source", 1.0), ("repelling cycle", 1.0), ("attracting cycle", 0.0), ("outside", 0.0),
    ]  # fmt: skip
    assert above == {(0, 2), (1, 2), (1, 3)}
    assert 0.4 < found.check.left < 0.6  # 1 − 4π/25 = 0.497
    assert "set of its own" in str(found)
    assert len(found.sets[3].point) == 0


@pytest.mark.long
def test_a_gradient_system_has_the_order_of_its_critical_points():
    found = landscape(WELLS, 1.7)
    kinds, above = told(found)
    assert [kind for kind, _ in kinds] == ["source"] + 4 * ["saddle"] + 4 * ["sink"]
    by_kind = {kind: {h for k, h in kinds if k == kind} for kind, _ in kinds}
    (top,), (middle,), (bottom,) = (by_kind[k] for k in ("source", "saddle", "sink"))
    assert top > middle > bottom == 0.0
    assert {pair for pair in above if pair[0] == 0} == {(0, i) for i in range(1, 5)}
    places = np.array([one.point for one in found.sets])
    gaps = {(i, j): np.linalg.norm(places[i] - places[j]) for i, j in above}
    np.testing.assert_allclose(list(gaps.values()), 1.0, atol=1e-9)  # neighbours, and all of them
    assert len(gaps) == 4 + 8
    assert found.check.worst < 0.02


@pytest.mark.long
def test_a_damped_spring_without_cycles_has_saddles_over_sinks():
    duffing = polynomial_flow(lambda x: np.stack([x[1], x[0] - x[0] ** 3 - 0.3 * x[1]]))
    kinds, above = told(landscape(duffing, 2.0))
    assert [kind for kind, _ in kinds if kind != "outside"] == ["saddle", "sink", "sink"]
    assert dict(kinds)["saddle"] > dict(kinds)["sink"] == 0.0
    assert {j for i, j in above if kinds[i][0] == "saddle"} == {
        j for j, (kind, _) in enumerate(kinds) if kind == "sink"
    }


@pytest.mark.long
def test_where_everything_recurs_it_is_constant():
    found = landscape(lambda x: np.stack([x[1], -x[0]]), 1.0, nodes=64)
    assert found.sets[0].kind == "center + family of closed orbits"
    np.testing.assert_allclose(on_circle(found, 0.5), found.sets[0].height, atol=1e-12)
    np.testing.assert_allclose(heights(found, np.zeros((1, 2))), found.sets[0].height, atol=1e-12)
    assert "one at this resolution" in str(found)


def test_what_the_searches_did_not_find_is_seen_on_the_grid():
    flow = polynomial_flow(RINGS["one"])
    found = tw.find_landscape(flow, square(2.0), nodes=96, equilibria=(), cycles=())
    (ring,) = [one for one in found.sets if np.linalg.norm(one.point) > 0.5]
    assert ring.kind == "recurrent"
    np.testing.assert_allclose(np.linalg.norm(ring.point), 1.0, atol=0.05)
    assert "only the grid" in str(found)


@pytest.mark.long
def test_on_the_line_and_on_a_circle():
    line = tw.find_landscape(polynomial_flow(lambda x: x - x**3, 1), square(1.8, 1), nodes=128)
    assert told(line) == ([("source", 1.0), ("sink", 0.0), ("sink", 0.0)], {(0, 1), (0, 2)})
    circle = tw.Box([0.0], [2.0 * np.pi], periodic=True)
    drift = Sines(np.array([1.0]), np.zeros((1, 1)), np.zeros((1, 1)))
    round_it = tw.find_landscape(drift, circle, nodes=64, equilibria=(), cycles=())
    assert told(round_it) == ([("recurrent", 0.0)], set())
    assert np.ptp(heights(round_it, np.linspace(0.0, 6.0, 20)[:, None])) == 0.0


@pytest.mark.long
def test_whole_runs_part_what_steps_join():
    found = tw.find_landscape(tw.models.MorrisLecar())  # two slow cycles round a slow sink
    (sink,) = [one for one in found.sets if one.kind == "sink"]
    assert sink.height == 0.0
    over = next(one for one in found.sets if found.sets.index(sink) in one.above)
    assert "repelling cycle" in over.kind
    assert over.height > 0.0


@pytest.mark.long
def test_along_an_unstable_cycle_it_varies_as_little_as_the_grid_does():
    """x' = .2, y' = sin 2y + .2 sin x: two circles repel, and runs from their points leave them."""
    torus = tw.Box([0.0, 0.0], [2.0 * np.pi] * 2, periodic=[True, True])
    drift = lambda x: jnp.stack([0.2 + 0.0 * x[0], jnp.sin(2 * x[1]) + 0.2 * jnp.sin(x[0])])  # noqa: E731
    found = tw.find_landscape(tw.as_flow(drift), torus, nodes=96)
    assert [one.kind for one in found.sets] == ["repelling cycle"] * 2 + ["attracting cycle"] * 2
    assert found.falls
    assert found.check.spread < 0.01


@pytest.mark.parametrize("nodes", [64, 96])
def test_a_saddle_among_closed_orbits_that_are_not_given(nodes):
    """x'' = x − x³: on such grids runs from the centers pass the saddle."""
    rule = polynomial_flow(lambda x: np.stack([x[1], x[0] - x[0] ** 3]))
    found = tw.find_landscape(rule, square(1.8), nodes=nodes, cycles=())
    assert {one.kind for one in found.sets} == {"2 centers", "saddle", "outside"}
    assert np.all(np.isfinite(np.asarray(found.value.values)))


@pytest.mark.long
def test_a_pendulum_with_torque_runs_round_the_cylinder():
    cylinder = tw.Box([-np.pi, -2.0], [np.pi, 4.0], periodic=[True, False])
    found = tw.find_landscape(pendulum(0.2, 0.5), cylinder, nodes=192)
    kinds, above = told(found)
    lower = {j for i, j in above if kinds[i][0] == "saddle"}
    assert {kinds[j][0] for j in lower} == {"sink", "attracting cycle"}
    assert dict(kinds)["saddle"] > dict(kinds)["sink"] == dict(kinds)["attracting cycle"] == 0.0
    seam = np.linspace(-1.0, 3.0, 50)
    left = np.stack([np.full(50, -np.pi), seam], axis=1)
    np.testing.assert_allclose(
        heights(found, left), heights(found, left + np.array([2.0 * np.pi, 0.0]))
    )
    assert found.check.usual < 0.1
    assert found.check.spread < 0.01


@pytest.mark.long
def test_in_space_a_cycle_lies_below_what_leads_to_it():
    def rule(x):
        turn = radial(lambda s: 1.0 - s)(x[:2])
        return np.stack([turn[0], turn[1], -x[2]])

    found = tw.find_landscape(polynomial_flow(rule, 3), square(1.5, 3), nodes=40)
    assert told(found) == ([("saddle", 1.0), ("attracting cycle", 0.0)], {(0, 1)})
    angle = np.linspace(0.0, 2.0 * np.pi, 100)
    ring = np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], axis=1)
    np.testing.assert_allclose(heights(found, ring), 0.0, atol=1e-2)
    assert np.all(heights(found, ring + np.array([0.0, 0.0, 0.7])) > 0.1)
    assert found.check.usual < 0.02


@pytest.mark.long
def test_in_space_two_cycles_are_parted_by_a_third_that_only_the_grid_shows():
    def rule(x):
        turn = radial(lambda s: 1.0 - s)(x[:2])
        return np.stack([turn[0], turn[1], x[2] - x[2] ** 3])

    found = tw.find_landscape(polynomial_flow(rule, 3), square(1.5, 3), nodes=40)
    by_kind = {}
    for one in found.sets:
        by_kind.setdefault(one.kind, []).append(one.height)
    assert by_kind["attracting cycle"] == [0.0, 0.0]
    assert len(by_kind["saddle"]) == 2
    assert all(height > 0.0 for height in by_kind["saddle"])
    assert by_kind["source"][0] > by_kind["saddle"][0]
    (parting,) = by_kind.get("saddle cycle", []) + by_kind.get("recurrent", [])
    assert by_kind["source"][0] > parting > 0.0


def test_a_landscape_is_a_result(bistable):
    keeps_the_protocol(bistable)
    read = through_json(bistable)
    with pytest.raises(tw.InputError, match="does not keep the landscape"):
        read.value(jnp.zeros(2))


def test_the_value_is_a_function_of_the_state(bistable):
    points = np.random.default_rng(0).uniform(-2.5, 2.5, (20, 2))
    once = [float(bistable.value(point)) for point in points[:3]]
    np.testing.assert_allclose(once, heights(bistable, points[:3]), atol=1e-5)


class Driven(tw.Flow):
    """x' = A x + cos t."""

    matrix: Any

    def velocity(self, t, state):
        return self.matrix @ state + jnp.cos(t)


@pytest.mark.parametrize(
    ("rule", "domain", "nodes", "message"),
    [
        (Linear(-np.eye(4)), square(1.0, 4), None, "in up to 3 coordinates; here there are 4"),
        (Driven(-np.eye(2)), square(1.0), None, "depends on time"),
        (Linear(np.zeros((3, 3))), tw.ProbabilitySimplex(3), None, "in a box"),
        (Linear(-np.eye(2)), square(1.0), 3, "nodes must be an integer of at least 8"),
        (Linear(-np.eye(2)), square(1.0), 4000, "nodes must be at most 638"),
    ],
)
def test_what_has_no_landscape_is_refused(rule, domain, nodes, message):
    with pytest.raises(tw.InputError, match=message):
        tw.find_landscape(rule, domain, nodes=nodes)
