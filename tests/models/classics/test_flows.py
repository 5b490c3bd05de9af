"""The flows of `models` against closed forms and against NumPy and SciPy."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

import thalweg as tw
from thalweg.models import registry


@eqx.filter_jit
def _value_and_jacobian(rule, state):
    return rule.displacement(0.0, state), jax.jacfwd(lambda x: rule.displacement(0.0, x))(state)


def look(rule, state):
    """The displacement and the eigenvalues of its Jacobian at a state, in float64."""
    with jax.enable_x64(True):
        value, jacobian = _value_and_jacobian(rule, np.asarray(state, dtype=float))
    values = np.linalg.eigvals(np.atleast_2d(np.asarray(jacobian)))
    return np.asarray(value), values[np.lexsort([values.imag, values.real])]


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


def test_fitzhugh_nagumo_at_its_published_equilibrium():
    value, eigenvalues = look(tw.models.FitzHughNagumo(), [-0.2729009589973, 0.5338738012534])
    close(value, 0.0)
    close(eigenvalues, [0.0248192314, 0.8367058352], 1e-10)


def test_lorenz_at_its_published_equilibria():
    lorenz = tw.models.Lorenz(rho=22.0)
    for sign in (-1.0, 1.0):
        r = sign * np.sqrt(8.0 / 3.0 * 21.0)
        value, eigenvalues = look(lorenz, [r, r, 21.0])
        close(r, sign * 7.4833147735479, 1e-13)
        close(value, 0.0)
        pair = -0.0864236561 + 9.1100765025j
        close(eigenvalues, [-13.4938193545, pair.conjugate(), pair], 1e-9)
    value, eigenvalues = look(lorenz, np.zeros(3))
    root = np.sqrt(11.0**2 + 40.0 * 21.0)
    close(eigenvalues, sorted([-8.0 / 3.0, (-11 - root) / 2, (-11 + root) / 2]))


def _morris_lecar(p, v, n):
    m = 0.5 * (1 + np.tanh((v - p.v1) / p.v2))
    ionic = p.g_ca * m * (v - p.e_ca) + p.g_k * n * (v - p.e_k) + p.g_l * (v - p.e_l)
    n_inf = 0.5 * (1 + np.tanh((v - p.v3) / p.v4))
    return np.array(
        [
            (p.current - ionic) / p.capacitance,
            p.phi * np.cosh((v - p.v3) / 2 / p.v4) * (n_inf - n),
        ]
    )


def _morris_lecar_rest_current(p, v):
    """The current that holds a Morris–Lecar membrane at the voltage v, and n there."""
    n = 0.5 * (1 + np.tanh((v - p.v3) / p.v4))
    m = 0.5 * (1 + np.tanh((v - p.v1) / p.v2))
    current = p.g_ca * m * (v - p.e_ca) + p.g_k * n * (v - p.e_k) + p.g_l * (v - p.e_l)
    return current, n


@pytest.mark.parametrize("name", ["morris-lecar", "morris-lecar-class-1"])
def test_morris_lecar_is_its_published_equation(name):
    model = registry.find(name).create()
    for v, n in [(-40.0, 0.05), (0.0, 0.4), (25.0, 0.9)]:
        value, _ = look(model, [v, n])
        close(value, _morris_lecar(model, v, n), 1e-11)


def test_morris_lecar_class_2_fires_at_the_published_hopf_bifurcation():
    """Rinzel & Ermentrout (1998): the rest state loses stability at I = 93.86."""
    model = registry.find("morris-lecar").create()

    def growth(v):
        current, n = _morris_lecar_rest_current(model, v)
        _, eigenvalues = look(eqx.tree_at(lambda m: m.current, model, float(current)), [v, n])
        assert abs(eigenvalues[0].imag) > 1e-3
        return eigenvalues[0].real

    hopf = brentq(growth, -30.0, -24.0, xtol=1e-9)
    assert _morris_lecar_rest_current(model, hopf)[0] == pytest.approx(93.86, abs=0.01)


def test_morris_lecar_class_1_fires_at_the_published_saddle_node():
    """Rinzel & Ermentrout (1998): rest and saddle merge at I = 39.96 (given as 40)."""
    model = registry.find("morris-lecar-class-1").create()
    v = np.linspace(-50.0, -10.0, 200_001)
    current = _morris_lecar_rest_current(model, v)[0]
    rises = np.diff(current) > 0
    fold = np.argmax(~rises)
    assert current[fold] == pytest.approx(39.96, abs=0.01)


def test_van_der_pol_at_the_origin():
    value, eigenvalues = look(tw.models.VanDerPol(mu=3.0), [0.0, 0.0])
    close(value, 0.0)
    close(eigenvalues, [(3 - np.sqrt(5)) / 2, (3 + np.sqrt(5)) / 2])


def test_pendulum_hangs_stands_and_loses_energy():
    pendulum = tw.models.Pendulum(gravity=9.0, length=1.0, damping=0.5)
    _, hanging = look(pendulum, [0.0, 0.0])
    close(hanging, [-0.25 - 1j * np.sqrt(9 - 0.0625), -0.25 + 1j * np.sqrt(9 - 0.0625)])
    value, standing = look(pendulum, [np.pi, 0.0])
    close(value, 0.0, 1e-14)
    close(standing, [-0.25 - np.sqrt(9.0625), -0.25 + np.sqrt(9.0625)])
    _falls(pendulum, [0.7, -1.3], -0.5 * 1.3**2)


def _falls(rule, state, rate):
    """dE/dt of the declared energy at a state is `rate`."""
    with jax.enable_x64(True):
        state = np.asarray(state, dtype=float)
        gradient = np.asarray(jax.jit(jax.grad(rule.energy))(state))
        close(np.vdot(gradient, look(rule, state)[0]), rate)


def test_four_wells_has_nine_equilibria_and_descends_its_energy():
    wells = registry.find("four-wells").create()
    for x in (-np.sqrt(1.1), 0.0, np.sqrt(1.1)):
        for y in (-1.0, 0.0, 1.0):
            value, eigenvalues = look(wells, [x, y])
            close(value, 0.0, 1e-15)
            close(eigenvalues, sorted([-3 * x**2 + 1.1, -3 * y**2 + 1.0]))
    value, _ = look(wells, [0.3, -1.7])
    _falls(wells, [0.3, -1.7], -np.sum(value**2))


def test_deep_linear_mode_has_a_saddle_and_a_line():
    mode = tw.models.DeepLinearMode(strength=3.0)
    _, eigenvalues = look(mode, [0.0, 0.0])
    close(eigenvalues, [-3.0, 3.0])
    a, b = 1.5, 2.0
    value, eigenvalues = look(mode, [a, b])
    close(value, 0.0)
    close(eigenvalues, [-(a**2 + b**2), 0.0])
    value, _ = look(mode, [0.4, -1.1])
    close(0.4 * value[0] - -1.1 * value[1], 0.0)  # a² − b² is conserved
    _falls(mode, [0.4, -1.1], -np.sum(value**2))


def test_curie_weiss_magnetizes_below_the_critical_temperature():
    magnet = tw.models.CurieWeiss(temperature=0.5)
    m: Any = brentq(lambda m: np.tanh(m / 0.5) - m, 0.5, 1.0, xtol=1e-15)
    close(m, 0.9575040241, 1e-10)
    value, eigenvalues = look(magnet, m)
    close(value, 0.0)
    close(eigenvalues, [-1 + (1 - m**2) / 0.5])
    close(look(magnet, 0.0)[1], [1.0])
    biased = tw.models.CurieWeiss(coupling=2.0, field=0.3, temperature=0.7)
    value, _ = look(biased, 0.4)
    _falls(biased, 0.4, -2.0 * float(value) ** 2)
    with jax.enable_x64(True):
        drive = (2.0 * 0.4 + 0.3) / 0.7
        close(biased.energy(jnp.asarray(0.4)), 0.16 - 0.7 * np.log(2 * np.cosh(drive)))


@pytest.mark.parametrize("size", [3, 8])
def test_ring_attractor_rests_at_the_origin_and_on_a_ring(size):
    gain = 3.0
    ring = tw.models.RingAttractor(size=size, gain=gain)
    value, eigenvalues = look(ring, np.zeros(size))
    close(eigenvalues, [-1.0] * (size - 2) + [gain - 1.0] * 2)
    angles = 2 * np.pi * np.arange(size) / size
    for phase in (0.0, 0.4, 2.9):
        value, eigenvalues = look(ring, np.sqrt(gain - 1.0) * np.cos(angles - phase))
        close(value, 0.0, 1e-14)
        close(eigenvalues, [-2 * (gain - 1) / gain] + [-1.0] * (size - 2) + [0.0], 1e-12)
    state = np.linspace(-1.0, 0.7, size)
    _falls(ring, state, -np.sum(look(ring, state)[0] ** 2))


def test_the_ring_network_has_the_weights_of_its_definition():
    from thalweg.models.classics.tanh_networks import ring_weights

    close(ring_weights(2), [[1, -1], [-1, 1]], 0)
    close(ring_weights(3), [[1, 0, -1], [0, -1, 1], [-1, 1, 0]], 0)
    state = [0.9575040241, -0.9575040241]
    flow, _ = look(tw.models.RingTanhFlow(), state)
    step, _ = look(tw.models.RingTanhMap(), state)
    close(flow, 0.0, 1e-9)
    close(step, 0.0, 1e-9)


def test_random_network_is_its_equation_and_the_draw_decides_it():
    network = tw.models.RandomTanhNetwork(size=5, gain=1.5, draw=3)
    state = np.linspace(-1.0, 2.0, 5)
    value, _ = look(network, state)
    close(value, -state + 1.5 * network.coupling @ np.tanh(state))
    _, eigenvalues = look(network, np.zeros(5))
    expected = -1 + 1.5 * np.linalg.eigvals(network.coupling)
    close(eigenvalues, expected[np.lexsort([expected.imag, expected.real])])
    again = tw.models.RandomTanhNetwork(size=5, draw=3)
    other = tw.models.RandomTanhNetwork(size=5, draw=4)
    assert np.array_equal(network.coupling, again.coupling)
    assert not np.array_equal(network.coupling, other.coupling)
    big = tw.models.RandomTanhNetwork(size=300).coupling
    assert 300 * np.var(big) == pytest.approx(1.0, abs=5 * np.sqrt(2) / 300)  # 5 standard errors
    assert network.domain.chart().inside(1.5 * network.coupling @ np.ones(5))


def test_replicator_rests_where_fitness_is_equal_and_descends():
    game = tw.models.Replicator()
    inner = (1 / np.array([1.0, 2.0, 3.0])) / np.sum(1 / np.array([1.0, 2.0, 3.0]))
    edge = np.array([2.0, 1.0, 0.0]) / 3.0
    for state in (*np.eye(3), inner, edge):
        close(look(game, state)[0], 0.0)
    state = np.array([0.2, 0.5, 0.3])
    value, _ = look(game, state)
    close(value.sum(), 0.0)
    _falls(game, state, -np.sum(value**2 / state))


@pytest.mark.long
def test_rock_paper_scissors_circles_its_center():
    for win, loss in [(1.0, 1.0), (2.0, 0.5)]:
        game = tw.models.RockPaperScissors(win=win, loss=loss)
        state = np.array([0.2, 0.5, 0.3])
        matrix = np.array([[0, -loss, win], [win, 0, -loss], [-loss, win, 0]])
        fitness = matrix @ state
        close(look(game, state)[0], state * (fitness - state @ fitness))
        pair = (loss - win) / 6 + 1j * (win + loss) / (2 * np.sqrt(3))
        inner = look(game, np.full(3, 1 / 3))[1]
        for expected in (pair, pair.conjugate()):
            assert np.min(np.abs(inner - expected)) < 1e-12
        mixed = np.sum(state * np.roll(state, 1))
        _falls(game, state, -np.prod(state) * (win - loss) * (1 - 3 * mixed))


@pytest.mark.long
def test_competition_excludes_and_descends():
    game = tw.models.Competition()
    for state, expected in [
        ([0.0, 0.0], [1.0, 1.0]),
        ([1.0, 0.0], [-1.0, -0.5]),
        ([0.4, 0.4], [-1.0, 0.2]),
    ]:
        value, eigenvalues = look(game, state)
        close(value, 0.0)
        close(eigenvalues, expected)
    state = np.array([0.3, 1.2])
    value, _ = look(game, state)
    _falls(game, state, -np.sum(value**2 / state))


@pytest.mark.long
def test_predator_prey_circles_its_center():
    model = tw.models.PredatorPrey()
    value, eigenvalues = look(model, [0.75 / 0.25, 1.0 / 0.5])
    close(value, 0.0)
    close(eigenvalues, [-1j * np.sqrt(0.75), 1j * np.sqrt(0.75)])
    close(look(model, [0.0, 0.0])[1], [-0.75, 1.0])
    x, y = 1.3, 2.4
    dx, dy = look(model, [x, y])[0]
    close((0.25 - 0.75 / x) * dx + (0.5 - 1.0 / y) * dy, 0.0)


@pytest.mark.long
def test_competition_is_checked_for_descent_though_its_domain_depends_on_its_parameters():
    check = tw.check_descent(tw.models.Competition())
    assert check.holds
    assert check.strict
