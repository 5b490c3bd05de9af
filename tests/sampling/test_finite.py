"""Laws on finitely many states, and what the notes' ds/dt is."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.sampling import FiniteBoltzmann, all_spins

RING = np.roll(np.eye(15), 1, axis=1) + np.roll(np.eye(15), -1, axis=1)


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def test_a_ring_of_spins():
    """Z = (2 cosh βJ)^N + (2 sinh βJ)^N; ⟨s_i s_{i+r}⟩ from the same eigenvalues; in two chunks."""
    t, size = 0.8, 15
    law = FiniteBoltzmann(tw.energies.Hopfield(RING), t, all_spins(size))
    assert law.levels.shape == (2**15,)
    high, low = 2 * np.cosh(1 / t), 2 * np.sinh(1 / t)
    exact = np.log(high**size + low**size)
    assert law.log_partition == pytest.approx(exact, rel=1e-13)
    for r in (1, 4):
        correlation = law.masses @ (law.states[:, 0] * law.states[:, r])
        ends = high ** (size - r) * low**r + high**r * low ** (size - r)
        assert correlation == pytest.approx(ends / np.exp(exact), rel=1e-12)


@pytest.mark.long
def test_fisher_rao_of_spins():
    """log(p/π) decays at the rate T but for a constant: e^{−Tt} exactly."""
    law = FiniteBoltzmann(tw.energies.Hopfield(RING[:3, :3]), 0.7, all_spins(3))
    flow = tw.SteepestDescent(law.free_energy, tw.Simplex())
    start = np.random.default_rng(0).dirichlet(np.ones(8))
    run = tw.simulate(flow, start, duration=2.0, rtol=1e-10, atol=1e-13, save="end")
    before, after = (np.log(p / law.masses) for p in (start, np.asarray(run.final)))
    np.testing.assert_allclose(
        after - after.mean(), np.exp(-1.4) * (before - before.mean()), atol=1e-8
    )
    gap = law.free_energy(start) - law.free_energy(law.masses)
    assert 0.7 * law.divergence(start) == pytest.approx(float(gap), rel=1e-12)


def test_a_ladder_of_spins_counts_up():
    assert all_spins(2).tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]


class Density(eqx.Module):
    """p = e^{−E/T} of a bent bowl, without its constant."""

    temperature: float

    def __call__(self, x):
        return jnp.exp(-bent(x) / self.temperature)


def bent(x):
    return x[0] ** 2 / 2 + x[1] ** 2 + 0.4 * x[0] * x[1] ** 2


@pytest.mark.long
def test_climbing_the_density_is_descending_the_energy():
    """ds/dt = −η∂p and −η∂E: the same curves, opposite directions, other speeds.

    ∂p = −p ∂E/T: so −∂p points up the energy, and by p/T slower; ∂p goes down along the same curve.
    """
    t, x = 0.6, np.array([0.9, -0.7])
    down, up = tw.SteepestDescent(bent), tw.SteepestDescent(Density(t))
    fall, climb = (np.asarray(flow.velocity(0.0, x)) for flow in (down, up))
    density = float(Density(t)(x))
    np.testing.assert_allclose(climb, -density / t * fall, rtol=1e-13)
    # The curve: run up the density from where the energy is high to where it is low.
    reverse = tw.SteepestDescent(lambda x: -Density(t)(x))
    options = {"duration": 4.0, "rtol": 1e-10, "atol": 1e-12, "save": 400}
    one, other = tw.simulate(down, x, **options).states, tw.simulate(reverse, x, **options).states
    assert np.all(np.diff([bent(x) for x in other]) < 0)
    # As functions of the first coordinate, which falls along both, they are one curve.
    inside = other[:, 0] > one[-1, 0]
    along = np.interp(other[inside, 0], one[::-1, 0], one[::-1, 1])
    np.testing.assert_allclose(along, other[inside, 1], atol=1e-4)
    # And the speeds differ: at the same time they are elsewhere.
    assert np.abs(one - other).max() > 0.02


@pytest.mark.long
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: all_spins(21), r"from 1 to 20, got 21.*Annealed"),
        (lambda: FiniteBoltzmann(bent, 0.0, np.ones((2, 2))), "temperature must be positive"),
        (lambda: FiniteBoltzmann(3.0, 1.0, np.ones((2, 2))), "callable"),  # type: ignore[arg-type]
        (lambda: FiniteBoltzmann(bent, 1.0, np.zeros((2**20 + 1, 1))), "1 to 2²⁰.*Annealed"),
        (lambda: FiniteBoltzmann(lambda x: x, 1.0, np.ones((2, 2))), "return a scalar"),
        (lambda: FiniteBoltzmann(lambda x: 1 / x[0], 1.0, np.eye(2)), "not finite at state 1"),
    ],
)
def test_bad_input_is_refused(make, words):
    with pytest.raises(tw.InputError, match=words):
        make()
