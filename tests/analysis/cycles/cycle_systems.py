"""Systems with known cycles. A few classes make them all, because every class compiles anew."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from tests.zoo import PolynomialFlow

import thalweg as tw


def planar(p: dict[tuple[int, int], float], q: dict[tuple[int, int], float]) -> PolynomialFlow:
    """The field (p, q) from coefficients by powers, each at most 5."""
    table = np.zeros((2, 6, 6))
    for row, side in zip(table, (p, q), strict=True):
        for powers, coefficient in side.items():
            row[powers] = coefficient
    return PolynomialFlow(table)


def van_der_pol(mu: float) -> PolynomialFlow:
    """x' = v, v' = μ(1 − x²)v − x."""
    return planar({(0, 1): 1.0}, {(0, 1): mu, (2, 1): -mu, (1, 0): -1.0})


def fitzhugh_nagumo(current: float, tau: float = 12.5) -> PolynomialFlow:
    """v' = v − v³/3 − w + I, w' = (v + .7 − .8 w)/τ."""
    return planar(
        {(1, 0): 1.0, (3, 0): -1.0 / 3.0, (0, 1): -1.0, (0, 0): current},
        {(1, 0): 1.0 / tau, (0, 0): 0.7 / tau, (0, 1): -0.8 / tau},
    )


def radial(c0: float, c1: float, c2: float, omega: float = 1.0) -> PolynomialFlow:
    """r' = r(c₀ + c₁r² + c₂r⁴), θ' = ω.

    A circle of radius r with r' = 0 is a cycle of period 2π/ω with multiplier
    exp((2c₁r² + 4c₂r⁴) 2π/ω).
    """
    p = {
        (1, 0): c0, (3, 0): c1, (1, 2): c1, (5, 0): c2, (3, 2): 2 * c2, (1, 4): c2, (0, 1): -omega,
    }  # fmt: skip
    q = {(j, i): c for (i, j), c in p.items() if (i, j) != (0, 1)} | {(1, 0): omega}
    return planar(p, q)


class Lorenz(tw.Flow):
    rho: float = 28.0
    domain = tw.Box([-20.0, -30.0, 0.0], [20.0, 30.0, 50.0])

    def velocity(self, t, state):
        x, y, z = state
        return jnp.stack([10.0 * (y - x), x * (self.rho - z) - y, x * y - 8.0 / 3.0 * z])


class Turned(tw.Flow):
    """A circle that attracts like r' = r(1 − r²), beside decays, in turned coordinates."""

    turn: Any
    decays: Any
    domain = tw.Box([-1.5] * 5, [1.5] * 5)

    def velocity(self, t, state):
        x, y, *rest = self.turn.T @ state
        pull = 1.0 - x**2 - y**2
        straight = [x * pull - 2.0 * y, y * pull + 2.0 * x]
        return self.turn @ jnp.stack([*straight, *(-self.decays * jnp.stack(rest))])


class RockPaperScissors(tw.Flow):
    """The replicator flow of a game: x₁x₂x₃ is conserved where what is won equals what is lost.

    Where more is lost, trajectories go to the loop on the boundary, ever more slowly.
    """

    lost: Any
    domain = tw.ProbabilitySimplex(3)

    def velocity(self, t, state):
        fitness = jnp.roll(state, 1) - self.lost * jnp.roll(state, -1)
        return state * (fitness - state @ fitness)


class Net(tw.Map):
    """h⁺ = h M, or tanh(h M)."""

    matrix: Any
    bends: Any

    def step(self, t, state):
        drive = state @ self.matrix
        return jnp.where(self.bends, jnp.tanh(drive), drive)


def linear_map(angle: float) -> Net:
    """A rotation of the first two coordinates; the third halves."""
    c, s = np.cos(angle), np.sin(angle)
    return Net(np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 0.5]]), np.array(False))


class HodgkinHuxley(tw.Flow):
    """The squid's axon (Hodgkin and Huxley 1952, with the signs of today)."""

    current: Any
    domain = tw.Box([-90.0, 0.0, 0.0, 0.0], [60.0, 1.0, 1.0, 1.0])

    def velocity(self, t, state):
        v, m, h, n = state
        opens_m, opens_n = (
            scale * (v + at) / (1.0 - jnp.exp(-(v + at) / 10.0))
            for scale, at in ((0.1, 40.0), (0.01, 55.0))
        )
        shuts = 1.0 / (1.0 + jnp.exp(-(v + 35.0) / 10.0))
        ions = 120.0 * m**3 * h * (v - 50.0) + 36.0 * n**4 * (v + 77.0) + 0.3 * (v + 54.387)
        return jnp.stack(
            [
                self.current - ions,
                opens_m * (1.0 - m) - 4.0 * jnp.exp(-(v + 65.0) / 18.0) * m,
                0.07 * jnp.exp(-(v + 65.0) / 20.0) * (1.0 - h) - h * shuts,
                opens_n * (1.0 - n) - 0.125 * jnp.exp(-(v + 65.0) / 80.0) * n,
            ]
        )


class Grazing(tw.Flow):
    """Prey that grow to 15 and predators that tire of them: the prey fall to 3e-16."""

    births: Any
    domain = tw.Box([0.0, 0.0], [16.0, 10.0])

    def velocity(self, t, state):
        prey, predators = state
        eaten = prey * predators / (prey + 1.0)
        return jnp.stack(
            [
                self.births * prey * (1.0 - prey / 15.0) - 2.5 * eaten,
                1.25 * eaten - 0.4 * predators,
            ]
        )


def relaxation(mu: float) -> PolynomialFlow:
    """x' = μ(x − x³/3 − y), y' = x/μ."""
    return planar({(1, 0): mu, (3, 0): -mu / 3.0, (0, 1): -mu}, {(1, 0): 1.0 / mu})


class Oregonator(tw.Flow):
    """The Belousov–Zhabotinsky reaction (Field and Noyes 1974)."""

    rate: Any
    domain = tw.Box([0.0, 0.0, 0.0], [1.5e5, 2e3, 3e4])

    def velocity(self, t, state):
        x, y, z = state
        return jnp.stack(
            [
                77.27 * (y + x * (1.0 - 8.375e-6 * x - y)),
                (z - (1.0 + x) * y) / 77.27,
                self.rate * (x - z),
            ]
        )


class StandardMap(tw.Map):
    """A kicked rotor on the torus (Chirikov): areas are kept."""

    kick: Any
    domain = tw.Box([0.0, 0.0], [1.0, 1.0], periodic=True)

    def step(self, t, state):
        x, y = state
        after = y - self.kick / (2.0 * jnp.pi) * jnp.sin(2.0 * jnp.pi * x)
        return jnp.stack([x + after, after])
