"""Networks of equilibrium propagation: block minima, rests, and gradients through rest."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import thalweg as tw
from thalweg.core.trees import as_arrays
from thalweg.dynamics import BlockDescent
from thalweg.energies import ClippedLinear, DenseCouplings, EquilibriumNetwork, Smooth
from thalweg.learning import EquilibriumPropagation, Implicit

RNG = np.random.default_rng(8)
WELL: Any = tw.energies.DoubleWell()
TANH: Any = np.tanh
ACTIVATIONS = {
    "hard sigmoid": ClippedLinear(),
    "hard tanh": ClippedLinear(-1.0, 1.0),
    "tanh": Smooth(),
    "sigmoid": Smooth(jax.nn.sigmoid, 0.25),
}
every_activation = pytest.mark.parametrize("rho", ACTIVATIONS.values(), ids=ACTIVATIONS.keys())


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def symmetric(size, scale):
    upper = np.triu(RNG.normal(size=(size, size)) * scale, 1)
    return upper + upper.T


def networks(rho, scale=1.0):
    general = EquilibriumNetwork(
        DenseCouplings(symmetric(5, scale)), RNG.normal(size=5) * scale, rho
    )
    weights = [RNG.normal(size=(3, 4)) * scale, RNG.normal(size=(4, 2)) * scale]
    layered = EquilibriumNetwork.layered(weights, [0.1, RNG.normal(size=4) * scale, -0.2], rho)
    return general, layered


def rho_in_numpy(rho, u):
    if isinstance(rho, ClippedLinear):
        return np.clip(u, rho.lower, rho.upper)
    return np.tanh(u) if rho.function is jnp.tanh else 1.0 / (1.0 + np.exp(-u))


@eqx.filter_jit
def evaluated(function, *args):
    return function(*args)


@every_activation
def test_energy_by_hand(rho):
    for energy in networks(rho):
        u = RNG.normal(size=energy.shape)
        values, matrix = rho_in_numpy(rho, u), energy.couplings.dense()
        expected = u @ u / 2 - values @ matrix @ values / 2 - energy.bias @ values
        assert float(evaluated(energy, u)) == pytest.approx(expected, rel=1e-12)


@every_activation
def test_lowest_point_of_a_unit(rho):
    """Against SciPy from a fine grid, for fields of both signs, weak and strong, and pulls."""
    fields = np.r_[RNG.normal(size=40) * 3.0, 0.0, 25.0, -25.0]
    stiffness = RNG.uniform(0.3, 3.0, fields.shape)
    pulls = RNG.normal(size=fields.shape) * np.where(np.arange(len(fields)) % 2, 2.0, 0.0)
    found = np.asarray(evaluated(rho.best, fields, stiffness, pulls))
    for f, a, c, u in zip(fields, stiffness, pulls, found, strict=True):

        def level(u, f=f, a=a, c=c):
            return a * u * u / 2 - c * u - f * rho_in_numpy(rho, u)

        reach = (abs(f) + abs(c) + 1.0) / a
        grid = np.linspace(-reach, reach, 4001)
        near = grid[np.argmin(level(grid))]
        width = grid[1] - grid[0]
        bounds = (near - 2 * width, near + 2 * width)
        lowest: Any = optimize.minimize_scalar(
            level, bounds=bounds, method="bounded", options={"xatol": 1e-12}
        )
        assert level(u) <= lowest.fun + 1e-14 * (1.0 + abs(lowest.fun))
        if isinstance(rho, Smooth):
            assert u == pytest.approx(lowest.x, abs=1e-7 * (1.0 + reach))


@every_activation
def test_a_block_goes_to_its_lowest_point(rho):
    """No state that differs in this block alone is lower: random ones, and SciPy's minimum."""
    for energy in networks(rho):
        outputs = np.arange(energy.shape[0]) >= energy.shape[0] - 2
        rule = BlockDescent(energy, None, outputs, 0.7, 0.5)
        u = RNG.normal(size=energy.shape)
        for k in range(rule.num_blocks):
            new = np.asarray(evaluated(_update, rule, k, u))
            block = rule.colours == k
            np.testing.assert_array_equal(new[~block], u[~block])
            before, after = (float(evaluated(_total, rule, x)) for x in (u, new))
            assert after <= before + 1e-13
            others = np.tile(new, (400, 1))
            others[:, block] = RNG.normal(size=(400, block.sum())) * 2.0
            others[200:, block] = new[block] + RNG.normal(size=(200, block.sum())) * 1e-3
            assert np.min(np.asarray(evaluated(_totals, rule, others))) >= after - 1e-13
            u = new


def _update(rule, k, u):
    return rule.update(k, u)


def _total(rule, u):
    return rule.total_energy(u)


def _totals(rule, states):
    return jax.vmap(rule.total_energy)(states)


def _slope(rule, u):
    return jax.grad(rule.total_energy)(u)


@eqx.filter_jit
def rest(rule, u, steps=400):
    def step(u, _):
        new = rule.step(0, u)
        return new, rule.total_energy(new)

    return jax.lax.scan(step, u, None, steps)


@pytest.mark.long
@every_activation
@pytest.mark.parametrize("nudge", [0.0, 0.8])
def test_rests(rho, nudge):
    """The energy never rises; at rest ∇E = 0, at a kink the slopes on both sides point to it."""
    for energy in networks(rho, 0.7):
        size = energy.shape[0]
        held, outputs = np.arange(size) < 2, np.arange(size) >= size - 2
        rule = BlockDescent(energy, held, outputs, 0.7, nudge)
        start = np.r_[0.3, -0.4, RNG.normal(size=size - 2)]
        end, levels = map(np.asarray, rest(as_arrays(rule), start))
        np.testing.assert_array_equal(end[:2], start[:2])
        assert np.all(np.diff(levels) <= 1e-13)
        slopes = [np.asarray(evaluated(_slope, rule, end + h)) for h in (-1e-9, 1e-9)]
        free = ~held
        assert np.all(slopes[0][free] <= 1e-7)
        assert np.all(slopes[1][free] >= -1e-7)
        if isinstance(rho, Smooth):
            assert np.abs(np.asarray(evaluated(_slope, rule, end))[free]).max() < 1e-10


@pytest.mark.long
def test_gradients_through_rest_agree():
    """Implicit, by EP on gradient steps, and by the contrast of nudged rests of block descent."""
    energy = networks(Smooth(), 0.4)[1]
    outputs = np.arange(9) >= 7
    target, nudge = np.where(outputs, 0.6, 0.0), 1e-3
    start = np.zeros(9)

    def loss(end):
        return 0.5 * jnp.sum(jnp.where(outputs, end.state - target, 0.0) ** 2)

    found = []
    for gradient in (Implicit(rtol=1e-12), EquilibriumPropagation(nudge, 2)):
        layer = tw.Relax(tw.GradientStep(energy, 0.5), gradient, tol=1e-14, max_steps=2000)
        found.append(layer.value_and_grad(loss, start).layer.rule.energy)
    ends = [
        np.asarray(rest(as_arrays(BlockDescent(energy, None, outputs, target, beta)), start)[0])
        for beta in (nudge, -nudge)
    ]
    plus, minus = (evaluated(_in_parameters, as_arrays(energy), end) for end in ends)
    parts = [[*one.couplings.weights, one.bias] for one in (*found, plus, minus)]
    for exact, propagated, up, down in zip(*parts, strict=True):
        scale = np.abs(np.asarray(exact)).max()
        assert scale > 1e-4
        contrast = (np.asarray(up) - np.asarray(down)) / (2 * nudge)
        np.testing.assert_allclose(propagated, exact, rtol=0, atol=1e-5 * scale)
        np.testing.assert_allclose(contrast, exact, rtol=0, atol=1e-5 * scale)


def _in_parameters(energy, u):
    return eqx.filter_grad(lambda energy: energy(u))(energy)


@pytest.mark.long
def test_gradients_through_block_descent():
    """`Relax` on block descent, implicitly, is `Relax` on gradient steps: rests are the same."""
    energy = networks(Smooth(), 0.4)[1]
    start, found = np.zeros(9), []
    for rule in (tw.GradientStep(energy, 0.5), BlockDescent(energy)):
        layer = tw.Relax(rule, Implicit(rtol=1e-12), tol=1e-14, max_steps=2000)
        found.append(layer.value_and_grad(lambda end: jnp.sum(end.state**3), start).layer)
    one, two = (part.rule.energy.couplings.weights[0] for part in found)
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-9 * np.abs(one).max())


@pytest.mark.long
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda e: BlockDescent(e, nudge=-1.0), "nudge must be above −1"),
        (lambda e: BlockDescent(e, held=np.ones(9)), "held must be booleans"),
        (lambda e: BlockDescent(e, target=np.ones(3)), r"target has the shape \(3,\)"),
        (lambda e: BlockDescent(WELL), "must be thalweg.energies.Equil"),
        (lambda e: EquilibriumNetwork([[0.0, 1.0], [2.0, 0.0]]), "must be symmetric"),
        (lambda e: EquilibriumNetwork(np.zeros((2, 2)), np.ones(3)), r"bias has the shape \(3,\)"),
        (lambda e: EquilibriumNetwork(np.zeros((2, 2)), 0.0, TANH), "activation must be one of"),
        (lambda e: EquilibriumNetwork.layered([np.ones((2, 3))], [0.0]), "one a layer, 2, got 1"),
        (lambda e: e(np.ones(3)), r"shape \(9,\), got \(3,\)"),
        (lambda e: ClippedLinear(1.0, 0.0), "lower must be below upper"),
        (lambda e: Smooth(jnp.tanh, 0.0), "steepest must be positive"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(tw.InputError, match=message):
        make(networks(Smooth())[1])
