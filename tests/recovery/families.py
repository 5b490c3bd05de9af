"""Families of systems of known answer: of each a class, whose coefficients are drawn.

`FAMILIES` holds for each how one is drawn, where it is asked about, and which kinds of verdict are
right.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from tests.recovery.recovery_systems import (
    CoupledAngles,
    Hurried,
    Kinked,
    LotkaVolterra,
    Replicator,
    Rings,
    Spotted,
    TanhNetwork,
)
from tests.zoo import Linear, LinearMap, Sines, pendulum, polynomial_flow, square

import thalweg as tw

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
CIRCLE = tw.Box([0.0], [2.0 * np.pi], periodic=[True])
TORUS = tw.Box([0.0, 0.0], [2.0 * np.pi] * 2, periodic=[True, True])
CYLINDER = tw.Box([-np.pi, -2.0], [np.pi, 2.0], periodic=[True, False])
UNIT = tw.Box([0.1, 0.1], [1.5, 1.5])

Family = tuple[Callable[[np.random.Generator], Any], tw.Box | tw.ProbabilitySimplex, set[str]]


def positive(rng, size=2):
    """A symmetric positive definite matrix of moderate condition."""
    basis = np.linalg.qr(rng.normal(size=(size, size)))[0]
    return (basis * rng.uniform(0.5, 2.0, size)) @ basis.T


def symmetric(rng, size=2):
    matrix = rng.normal(size=(size, size))
    return (matrix + matrix.T) / 2.0


def well(rng):
    """∇V of V = ½ xᵀHx + ¼ Σ a_i x_i⁴, as a function of x."""
    form, stiff = symmetric(rng), rng.uniform(0.5, 1.5, 2)
    return lambda x: form @ x + stiff * x**3


def spiral(rng):
    return Linear(-rng.uniform(0.2, 1.0) * np.eye(2) + rng.uniform(0.5, 2.0) * TURN)


def in_metric(rng):
    inverse, slope = positive(rng), well(rng)
    return polynomial_flow(lambda x: -(inverse @ slope(x)))


def at_a_speed(rng):
    slope, bend = well(rng), rng.uniform(0.5, 2.0, 2)
    return polynomial_flow(lambda x: -(1 + bend @ x**2) * slope(x), 2)


def limit_cycle(rng):
    rate, size = rng.uniform(0.5, 2.0), rng.uniform(0.8, 1.5)
    return polynomial_flow(lambda x: x * (size - np.sum(x**2)) + rate * TURN @ x)


def turned_wells(rng):
    """−(1 + a·turn)∇V: V falls."""
    amount, height = rng.uniform(0.3, 0.8), rng.uniform(0.5, 1.5)
    mixing = np.eye(2) + amount * TURN
    return polynomial_flow(lambda x: -(mixing @ np.stack([x[0] ** 3 - height * x[0], x[1]])))


def on_circle(low, high):
    def draw(rng):
        sign = rng.choice([-1.0, 1.0])
        drift = np.array([sign * rng.uniform(low, high)])
        return Sines(drift, np.zeros((1, 1)), np.array([[1.0]]))

    return draw


def on_torus(rng):
    drift = rng.uniform(1.2, 2.0, 2)
    return Sines(drift, np.zeros((2, 2)), rng.uniform(-0.5, 0.5, (2, 2)))


def volterra(rng):
    off = rng.uniform(0.1, 0.4)
    return LotkaVolterra(
        jnp.asarray(rng.uniform(0.5, 1.5, 2)), jnp.asarray([[1.0, off], [off, 1.2]])
    )


def rock_paper_scissors(rng):
    win, lose = rng.uniform(0.5, 1.5), rng.uniform(1.6, 2.5)
    return Replicator(jnp.asarray([[0.0, -lose, win], [win, 0.0, -lose], [-lose, win, 0.0]]))


def pair(low, high, mean):
    """Two oscillators, locked where |half the difference of the drifts| < 1; their mean drifts."""

    def draw(rng):
        half, round_ = rng.choice([-1.0, 1.0]) * rng.uniform(low, high), rng.uniform(0.1, 0.3)
        drift = np.array([half, -half]) + (round_ if mean else 0.0)
        return CoupledAngles(drift, np.array([-1.0]), np.array([[1.0, -1.0]]))

    return draw


def chain(low, high):
    """x' = −x + y, y' = −(1 + gap) y."""

    def draw(rng):
        gap = 10.0 ** rng.uniform(low, high)
        return Linear(np.array([[-1.0, 1.0], [0.0, -1.0 - gap]]))

    return draw


def hurried(turn):
    def draw(rng):
        form, stiff = positive(rng), rng.uniform(0.5, 1.5, 2)
        mixing = np.eye(2) + turn * TURN
        return Hurried(rng.uniform(-0.5, 0.5, 2), mixing, form, stiff)

    return draw


def kinked(rng):
    """−∇(½ xᵀHx + ½ b relu(x₁ − w)²), H positive definite."""
    bends = np.diag([-rng.uniform(0.5, 3.0), 0.0])
    walls = np.array([rng.uniform(-0.5, 0.9), 5.0])
    return Kinked(-positive(rng), bends, np.zeros((2, 2)), walls)


def defective(rng):
    return Linear(rng.uniform(0.5, 2.0) * np.array([[-1.0, 1.0], [0.0, -1.0]]))


def in_blocks(rng, links):
    """Eigenvalues that are quarters, the first three of four shared; `links` join them or none.

    In other whole coordinates, units of 2⁻²⁰ to 2²⁰ and any order: nothing is rounded.
    """
    own = rng.choice([-1.0, -0.5, -2.0, 0.75, 0.0])
    matrix = np.diag([own, own, own, rng.choice([-1.0, -3.0, 0.25])])
    for row in rng.permutation(2)[:links]:
        matrix[row, row + 1] = rng.choice([1.0, -0.5, 4.0, 2.0**-10])
    order = rng.permutation(4)
    matrix = matrix[np.ix_(order, order)]
    for _ in range(rng.integers(0, 4)):
        (i, j), times = rng.choice(4, 2, replace=False), rng.choice([-2.0, -1.0, 1.0, 2.0])
        matrix[:, j] += times * matrix[:, i]
        matrix[i] -= times * matrix[j]
    return matrix * 2.0 ** rng.integers(-20, 21)


def jordan_blocks(rng):
    return Linear(in_blocks(rng, rng.integers(1, 3)))


def jordan_steps(rng):
    matrix = in_blocks(rng, rng.integers(1, 3))
    return LinearMap(np.eye(4) + matrix / np.max(np.abs(matrix)).astype(np.float32))


def jordan_rests(rng):
    """x' = a (x − x³) + by + …, y' = −2ay − …, z' = −z − …: at x = ±1 both fall at 2a."""
    (rate, push), stiff = rng.choice([0.5, 1.0, 3.0], 2), rng.uniform(0.0, 1.0, 3)
    order = rng.permutation(3)

    def velocity(x):
        a, b, c = (x[k] for k in np.argsort(order))
        rows = [
            rate * (a - a**3) + push * b + stiff[0] * b**2,
            -2.0 * rate * b - stiff[1] * b**3,
            -c - stiff[2] * b**2 * c,
        ]
        return np.stack([rows[k] for k in order])

    return polynomial_flow(velocity, 3)


def beside_a_flat_rest(rng):
    """A chain of two with one rate, and z' = −z³: where z rests is known to 1e-5 only."""
    (rate, push), stiff = rng.choice([0.5, 1.0, 3.0], 2), rng.uniform(0.0, 1.0, 2)
    order = rng.permutation(3)

    def velocity(x):
        a, b, c = (x[k] for k in np.argsort(order))
        rows = [-rate * a + push * b, -rate * b - stiff[0] * b**3, -(stiff[1] + 0.5) * c**3]
        return np.stack([rows[k] for k in order])

    return polynomial_flow(velocity, 3)


def flat_in_a_metric(rng):
    """−P∇(Σ aᵢ xᵢ⁴/4 + x₁²/2): two of three eigenvalues at 0 vanish, each with an eigenvector."""
    inverse, stiff = positive(rng, 3), rng.uniform(0.5, 1.5, 3)
    return polynomial_flow(lambda x: -(inverse @ (stiff * x**3 + np.array([1, 0, 0]) * x)), 3)


def of_rank_two(rng):
    """A skew payoff u1ᵀ − 1uᵀ: its replicator climbs u·x."""
    worth = rng.normal(size=3)
    return Replicator(jnp.asarray(worth[:, None] - worth[None, :]))


def torn(rng):
    """A push along the wall where x₁ passes it: no gradient, however late it comes."""
    jumps = np.array([[0.0, 0.0], [rng.uniform(0.1, 0.5), 0.0]])
    return Kinked(-positive(rng), np.zeros((2, 2)), jumps, np.array([rng.uniform(0.9, 0.998), 5.0]))


def spotted(rng):
    """A place of radius .1 to .3, anywhere, where the rule turns."""
    place, size = rng.uniform(-0.9, 0.9, 2), rng.uniform(0.1, 0.3)
    return Spotted(rng.uniform(1.0, 3.0), place, size, TURN)


def told_by_a_spot(rng):
    """−x + s P x in a spot round 0, else −x: P⁻¹ is the metric, and at most points any one is."""
    return Spotted(rng.uniform(0.2, 0.8), np.zeros(2), rng.uniform(0.01, 0.04), positive(rng))


def rings(growth, far, low, high):
    def draw(rng):
        return Rings(growth, far * rng.uniform(1.0, 1.1), 10.0 ** rng.uniform(low, high))

    return draw


def scaled(matrix):
    """A matrix in units that differ by up to 1e4."""

    def draw(rng):
        ratio = 10.0 ** rng.uniform(-4.0, 4.0)
        return Linear(matrix(rng) * np.array([[1.0, ratio], [1.0 / ratio, 1.0]]))

    return draw


def of_rank_one(rng):
    """x⁺ = a u (v·x), whose eigenvalues are 0 and a number in (.2, .8)."""
    u, v = rng.normal(size=(2, 2))
    return LinearMap(np.outer(u, v) * rng.uniform(0.2, 0.8) / (u @ v))


def turning_steps(rng):
    angle = rng.uniform(0.3, 2.8)
    return LinearMap(rng.uniform(0.3, 0.95) * (np.cos(angle) * np.eye(2) + np.sin(angle) * TURN))


def without_divergence(rng):
    drift, off = rng.uniform(0.6, 1.5, 2), rng.uniform(-0.5, 0.5, 2)
    return Sines(drift, np.zeros((2, 2)), np.array([[0.0, off[0]], [off[1], 0.0]]))


FAMILIES: dict[str, Family] = {
    "linear, symmetric": (lambda rng: Linear(symmetric(rng)), square(1.0), {"euclidean"}),
    "linear, in a metric": (
        lambda rng: Linear(-np.linalg.solve(positive(rng) + np.diag([0.0, 1.0]), symmetric(rng))),
        square(1.0),
        {"constant-metric"},
    ),
    "linear, in a metric, 3": (
        lambda rng: Linear(-np.linalg.solve(np.diag([1.0, 2.0, 5.0]), symmetric(rng, 3))),
        square(1.0, 3),
        {"constant-metric"},
    ),
    "spirals": (spiral, square(1.0), {"refuted"}),
    "saddles beside spirals": (
        lambda rng: Linear(
            np.block([[rng.uniform(-1.0, -0.2) * np.eye(2) + TURN, np.zeros((2, 1))], [0, 0, 1.0]])
        ),
        square(1.0, 3),
        {"refuted"},
    ),
    "wells": (
        lambda rng: (lambda slope: polynomial_flow(lambda x: -slope(x)))(well(rng)),
        square(1.5),
        {"euclidean"},
    ),
    "wells in a metric": (in_metric, square(1.5), {"constant-metric"}),
    "wells at a speed": (at_a_speed, square(1.0), {"diagonal-metric"}),
    "limit cycles": (limit_cycle, square(2.0), {"refuted"}),
    "turned wells": (turned_wells, square(1.5), {"refuted", "lyapunov"}),
    "pendulums": (lambda rng: pendulum(rng.uniform(0.3, 1.2)), CYLINDER, {"refuted"}),
    "overdamped pendulums": (lambda rng: pendulum(rng.uniform(2.5, 3.5)), CYLINDER, {"lyapunov"}),
    "locked angles": (on_circle(0.2, 0.9), CIRCLE, {"diagonal-metric"}),
    "driven angles": (on_circle(1.1, 2.0), CIRCLE, {"refuted"}),
    "driven tori": (on_torus, TORUS, {"refuted"}),
    "competition": (volterra, UNIT, {"diagonal-metric"}),
    # Where W is positive definite, M = W⁻¹ is a constant metric.
    "symmetric networks": (
        lambda rng: TanhNetwork(jnp.asarray(symmetric(rng) + 0.3)),
        square(1.0),
        {"diagonal-metric", "constant-metric"},
    ),
    "replicators": (
        lambda rng: Replicator(jnp.asarray(symmetric(rng, 3))),
        tw.ProbabilitySimplex(3),
        {"given-metric"},
    ),
    "rock, paper, scissors": (rock_paper_scissors, tw.ProbabilitySimplex(3), {"refuted"}),
    "locked pairs": (pair(0.1, 0.9, False), TORUS, {"diagonal-metric"}),
    "pairs that go round": (pair(0.1, 0.9, True), TORUS, {"refuted"}),
    "pairs that slip": (pair(1.1, 2.0, False), TORUS, {"refuted"}),
    "sheared": (chain(-2.0, 0.0), square(1.0), {"constant-metric"}),
    "all but defective": (chain(-13.0, -5.0), square(1.0), {"lyapunov"}),
    "defective": (defective, square(1.0), {"refuted"}),
    "Jordan blocks": (jordan_blocks, square(1.0, 4), {"refuted"}),
    "Jordan blocks of maps": (jordan_steps, square(1.0, 4), {"refuted"}),
    "Jordan blocks at some rests": (jordan_rests, square(1.5, 3), {"refuted"}),
    "Jordan blocks beside a flat rest": (beside_a_flat_rest, square(1.0, 3), {"refuted"}),
    "shared eigenvalues": (
        lambda rng: Linear(in_blocks(rng, 0)), square(1.0, 4), {"constant-metric", "euclidean"},
    ),
    "flat wells in a metric": (flat_in_a_metric, square(1.0, 3), {"constant-metric"}),
    "hurried wells": (hurried(0.0), square(1.0), {"diagonal-metric"}),
    "hurried and turned": (hurried(2.0), square(1.0), {"refuted"}),
    # Their line integrals bend: no metric is confirmed.
    "kinked wells": (kinked, square(1.0), {"euclidean", "lyapunov"}),
    "torn at a wall": (torn, square(1.0), {"undecided", "lyapunov"}),
    "payoffs of rank two": (of_rank_two, tw.ProbabilitySimplex(3), {"given-metric"}),
    "spots that turn": (spotted, square(1.0), {"undecided", "lyapunov", "refuted"}),
    "spots that tell a metric": (told_by_a_spot, square(1.0), {"constant-metric"}),
    "cycles that turn slowly": (rings(1.0, 9.0, -4.0, -1.0), square(1.8), {"refuted"}),
    "a cycle in a cycle": (rings(1.0, 2.0, -1.0, 0.5), square(2.5), {"refuted"}),
    "unstable cycles": (rings(-1.0, 9.0, -1.0, 0.5), square(1.6), {"refuted"}),
    "scaled gradients": (
        scaled(lambda rng: symmetric(rng) - 3.0 * np.eye(2)), square(1.0), {"constant-metric"},
    ),
    "scaled spirals": (
        scaled(lambda rng: rng.uniform(0.5, 2.0) * TURN - np.eye(2)), square(1.0), {"refuted"},
    ),
    "maps of rank one": (
        of_rank_one, square(1.0), {"constant-metric", "lyapunov", "undecided", "euclidean"},
    ),
    "maps that turn": (turning_steps, square(1.0), {"refuted"}),
    "tori without divergence": (without_divergence, TORUS, {"refuted"}),
    "small steps": (
        lambda rng: LinearMap(np.eye(2) - 0.2 * positive(rng)), square(1.0), {"euclidean"},
    ),
}  # fmt: skip
