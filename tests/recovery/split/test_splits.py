"""Known splits: on circles, on tori, in boxes, on the simplex; both parts as functions."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import Replicator, values
from tests.zoo import Linear, Sines, square

import thalweg as tw
from thalweg import recovery

SPLIT = [level for level in recovery.LEVELS if level.name == "split"]
TURN = 2.0 * np.pi


class Torus(tw.Flow):
    """x' = −∇V + drift + turn·(−∂₂C, ∂₁C), C = sin x₁ cos 2x₂, V = Σ aᵢ cos xᵢ + cos(x₁ − 2x₂)."""

    waves: jax.Array
    drift: jax.Array
    turn: jax.Array

    def energy(self, x):
        return self.waves @ jnp.cos(x) + jnp.cos(x[0] - 2.0 * x[1])

    def rest(self, x):
        curl = [2.0 * jnp.sin(x[0]) * jnp.sin(2.0 * x[1]), jnp.cos(x[0]) * jnp.cos(2.0 * x[1])]
        return self.drift + self.turn * jnp.stack(curl)

    def velocity(self, t, state):
        return -jax.grad(self.energy)(state) + self.rest(state)


def split(rule, domain):
    found = tw.recover_energy(rule, domain, levels=SPLIT).split
    assert found is not None
    assert found is not None
    return found


def gap(energy, known, points):
    """By how much an energy differs from a known one, but for a constant."""
    return np.ptp(values(energy, points) - values(known, points))


def inner_points(size, count=50):
    return np.random.default_rng(0).dirichlet(np.ones(size), count)


@pytest.mark.long
def test_on_a_circle_the_drift_is_left_over():
    circle = tw.Box([0.0], [TURN], periodic=[True])
    found = split(Sines(np.array([0.3]), np.zeros((1, 1)), np.array([[0.8]])), circle)
    points = np.linspace(0.0, TURN, 30)[:, None]
    assert gap(found.energy, lambda x: 0.8 * jnp.cos(x[0]), points) < 1e-12
    np.testing.assert_allclose(values(found.remainder, points), 0.3, atol=1e-12)
    assert found.share == pytest.approx(0.3**2 / (0.3**2 + 0.8**2 / 2.0))


@pytest.mark.long
def test_on_a_torus_drift_and_curl_are_left_over():
    torus = tw.Box([0.0, 0.0], [TURN, TURN], periodic=[True, True])
    rule = Torus(jnp.array([1.0, 0.4]), jnp.array([0.3, -0.7]), jnp.array(0.5))
    found = split(rule, torus)
    points = np.random.default_rng(0).uniform(0.0, TURN, (50, 2))
    assert gap(found.energy, rule.energy, points) < 1e-10
    np.testing.assert_allclose(
        values(found.remainder, points), values(rule.rest, points), atol=1e-10
    )


@pytest.mark.long
def test_in_a_box_the_parts_add_up_and_the_remainder_stays_at_the_walls():
    rule = Linear(jnp.array([[-1.0, 2.0], [-2.0, -1.0]]))
    found = split(rule, square(1.0))
    points = np.random.default_rng(0).uniform(-1.0, 1.0, (50, 2))
    descent = values(jax.grad(found.energy), points)
    np.testing.assert_allclose(
        values(found.remainder, points) - descent, points @ np.asarray(rule.matrix).T, atol=1e-12
    )
    # Corners are singular: this E has second derivatives like log r there.
    divergence = values(lambda x: jnp.trace(jax.jacfwd(found.remainder)(x)), points / 2.0)
    assert np.max(np.abs(divergence)) < 1e-4
    walls = points.copy()
    walls[:, 0] = 1.0
    assert np.mean(values(found.remainder, walls)[:, 0] ** 2) < 1e-4
    assert isinstance(found.metric, tw.Euclidean)


@pytest.mark.parametrize("narrow", [1e-1, 1e-3, 1e-5])
def test_what_varies_along_a_wide_coordinate_is_not_lost_beside_a_narrow_one(narrow):
    """f = −(x, δ²y), as fast along both sides of a box of widths 2δ and 2/δ: E = ½(x² + δ²y²)."""
    rule = Linear(-np.diag([1.0, narrow**2]))
    found = split(rule, tw.Box([-narrow, -1.0 / narrow], [narrow, 1.0 / narrow]))
    points = np.random.default_rng(0).uniform(-1.0, 1.0, (50, 2)) * [narrow, 1.0 / narrow]
    known = lambda x: 0.5 * (x[0] ** 2 + narrow**2 * x[1] ** 2)  # noqa: E731
    assert found.share < 1e-20
    assert gap(found.energy, known, points) < 1e-10


@pytest.mark.parametrize("size", [3, pytest.param(4, marks=pytest.mark.long)])
def test_replicators_split_into_a_symmetric_and_a_skew_payoff(size):
    rng = np.random.default_rng(1)
    some, centre = rng.normal(size=(2, size, size))
    flat = np.eye(size) - 1.0 / size
    symmetric, skew = some + some.T, flat @ (centre - centre.T) @ flat
    columns = np.outer(np.ones(size), rng.normal(size=size))
    simplex, points = tw.ProbabilitySimplex(size), inner_points(size)

    found = split(Replicator(symmetric + skew + columns), simplex)
    assert gap(found.energy, lambda x: -0.5 * x @ symmetric @ x, points) < 1e-8
    fitness = points @ skew.T
    np.testing.assert_allclose(values(found.remainder, points), points * fitness, atol=1e-8)

    assert split(Replicator(symmetric), simplex).share < 1e-15
    turning = split(Replicator(skew), simplex)
    assert turning.share == pytest.approx(1.0, abs=1e-12)
    assert gap(turning.energy, lambda x: 0.0 * x[0], points) < 1e-9


def test_between_two_strategies_every_replicator_is_a_gradient():
    payoff = np.array([[0.25, 2.0], [-1.0, 0.5]])
    found = split(Replicator(jnp.asarray(payoff)), tw.ProbabilitySimplex(2))
    points = inner_points(2)
    # A = S + 1c: c = (a, 0) with a₁₂ − a₂₁ = −a.
    symmetric = payoff - np.array([[-3.0, 0.0], [-3.0, 0.0]])
    assert gap(found.energy, lambda x: -0.5 * x @ symmetric @ x, points) < 1e-10
    assert found.percent == "0 % (to rounding)"


def test_a_split_has_no_units():
    matrix = np.array([[-1.0, 2.0], [-2.0, -1.0]])
    tiny, plain = (split(Linear(size * matrix), square(1.0)) for size in (1e-200, 1.0))
    assert tiny.share == pytest.approx(plain.share)
    assert plain.share > 0.1


def test_on_the_simplex_the_parts_add_up_in_the_metric_of_the_simplex():
    rule = Replicator(jnp.asarray([[0.0, -2.0, 1.0], [1.0, 0.0, -2.0], [-2.0, 1.0, 0.0]]))
    found = split(rule, tw.ProbabilitySimplex(3))
    descent = tw.SteepestDescent(found.energy, geometry=found.metric)
    points = inner_points(3)
    np.testing.assert_allclose(
        values(lambda x: descent.velocity(0.0, x) + found.remainder(x), points),
        values(lambda x: rule.velocity(0.0, x), points),
        atol=1e-12,
    )


@pytest.mark.long
def test_the_parts_have_the_structure_of_the_state():
    def swing(state):
        return {"a": state["b"], "b": -state["a"] - state["b"]}

    box = tw.Box({"a": [-1.0], "b": [-1.0]}, {"a": [1.0], "b": [1.0]})
    found = split(tw.as_flow(swing), box)
    rest = found.remainder({"a": jnp.array([0.0]), "b": jnp.array([0.0])})
    assert set(rest) == {"a", "b"}
    assert rest["a"].shape == (1,)
    np.testing.assert_allclose(rest["a"], 0.0, atol=1e-6)


@pytest.mark.long
def test_a_split_is_a_result():
    found = split(Linear(jnp.array([[-1.0, 2.0], [-2.0, -1.0]])), square(1.0))
    kept = json.loads(json.dumps(found.to_dict()))
    read = recovery.Split.from_dict(kept)
    assert read == found
    with pytest.raises(tw.InputError, match="does not keep the energy"):
        read.energy(jnp.zeros(2))
    lines = str(found).splitlines()
    assert lines[0].startswith("Split of Linear (flow): ")
    assert max(map(len, lines)) <= 80


@pytest.mark.long
def test_a_verdict_without_an_energy_is_read_back_with_its_split():
    center = Linear(jnp.array([[0.0, 1.0], [-1.0, 0.0]]))
    verdict = tw.recover_energy(center, square(1.0), levels=[*recovery.LEVELS[:2], *SPLIT])
    assert verdict.kind == "refuted"
    read = recovery.Verdict.from_dict(json.loads(json.dumps(verdict.to_dict())))
    assert read == verdict
    assert read.split is not None
    assert read.split.share == pytest.approx(0.8435, abs=1e-4)


@pytest.mark.parametrize(
    ("domain", "metric"),
    [(tw.ProbabilitySimplex(3), "diag(1/x)"), (tw.Box([0.1] * 3, [1.0] * 3), "Euclidean")],
)
def test_what_is_said_of_the_remainder_holds_in_every_region(domain, metric):
    """On the simplex its own divergence need not vanish, and mutants cross the faces."""
    pay = jnp.array([[0.0, -1.0, 2.0], [2.0, 0.0, -1.0], [-1.0, 2.0, 0.0]])

    def mutants(x):
        return x * (pay @ x - x @ pay @ x) + 0.3 * (1.0 / 3.0 - x)

    found = tw.recover_energy(tw.as_flow(mutants), domain, levels=SPLIT).split
    assert found is not None
    assert found.note.startswith("f = −M⁻¹∇E + remainder by orthogonal projection on gradients")
    assert metric in found.note
    assert "divergence" not in found.note
