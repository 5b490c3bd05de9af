"""Methods: their laws on what is known, their steps as formulas, what they become as T → 0."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.sampling import (
    BAOAB,
    HMC,
    MALA,
    NUTS,
    OBABO,
    SGLD,
    Boltzmann,
    NoisyGradient,
    ParallelTempering,
    Starts,
)

KEY = jax.random.key(0)
TILTED = tw.energies.DoubleWell(tilt=0.15)
WELLS = np.array([[-1.0], [1.0], [-0.9], [1.1]], np.float32)


def moments(temperature):
    """⟨x⟩, ⟨x²⟩ and ⟨E⟩ of the tilted well, by a grid."""
    law = Boltzmann(TILTED, temperature, tw.Box([-4.0], [4.0]), 4000)
    x = law.points[..., 0]
    return [float(np.sum(law.masses * f)) for f in (x, x**2, law.levels)]


@pytest.mark.long
@pytest.mark.parametrize(
    "method",
    [MALA(0.1, 0.7), HMC(0.7, 4), NUTS(0.7), ParallelTempering(MALA(0.08), [0.7, 1.5, 3.0])],
    ids=lambda m: type(m).__name__,
)
def test_exact_methods_have_the_law(method):
    """An asymmetric law, whose means, squares and energies are known: four standard errors."""
    run = tw.sample(TILTED, method, Starts(WELLS), count=3000, thin=2, key=KEY)
    exact = moments(0.7)
    assert run.ess.min() > 200
    x = run.states[..., 0].astype(float)
    mean, square, level = exact
    assert run.mean[0] == pytest.approx(mean, abs=4 * run.sd[0] / np.sqrt(run.ess[0]))
    # Of squares the ESS is not below that of positions, which have to cross.
    error = np.std(x**2) / np.sqrt(run.ess[0])
    assert np.mean(x**2) == pytest.approx(square, abs=4 * error)
    assert run.mean[1] == pytest.approx(level, abs=4 * run.sd[1] / np.sqrt(run.ess[1]))


def drawn(kernel, states, keys):
    """The next state from each, and what the kernel tells, in NumPy."""
    return jax.tree.map(np.asarray, _drawn(kernel, states, keys))


@eqx.filter_jit
def _drawn(kernel, states, keys):
    def one(state, key):
        carry, told = kernel.step(key, 0, kernel.init(state))
        return kernel.state(carry), told

    return jax.vmap(one)(states, keys)


def test_a_step_of_mala_is_accepted_by_the_formula():
    """On N(0, 1): α = min(1, e^{−(h/4)(x'² − x²)}), and x' = x − hx + √(2h) ξ."""
    h = 0.8
    with jax.enable_x64(True):
        kernel = MALA(h).kernel(tw.energies.Quadratic([[1.0]]))
        x = np.random.default_rng(0).normal(size=(4000, 1))
        after, told = drawn(kernel, x, jax.random.split(KEY, 4000))
    moved = np.asarray(after != x)
    chance = np.exp(np.minimum(0.0, -h / 4 * (after**2 - x**2)))[moved]
    np.testing.assert_allclose(np.asarray(told.acceptance)[moved[:, 0]], chance, rtol=1e-12)
    np.testing.assert_allclose(told.energy, np.asarray(after[:, 0]) ** 2 / 2, atol=1e-13)
    # From its law: the mean acceptance is that of the ledger, and the law stays.
    error = np.std(told.acceptance) / np.sqrt(4000)
    assert np.mean(told.acceptance) == pytest.approx(0.84226, abs=4 * error)
    assert np.mean(after**2) == pytest.approx(1.0, abs=4 * np.sqrt(2 / 4000))


@pytest.mark.long
def test_temperatures_scale_steps_of_mala():
    """A step on E at T is one on E/T at 1, of the length ηT."""
    with jax.enable_x64(True):
        x = np.random.default_rng(0).normal(size=(50, 1))
        keys = jax.random.split(KEY, 50)
        one, _ = drawn(MALA(0.2, 0.5).kernel(TILTED), x, keys)
        other, _ = drawn(MALA(0.1, 1.0).kernel(2.0 * TILTED), x, keys)
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_cold_sgld_is_the_gradient_step():
    with jax.enable_x64(True):
        x = np.array([0.3])
        cold = SGLD(0.05, 0.0).kernel(TILTED)
        run = tw.simulate(cold, x, steps=30, key=KEY)
        same = tw.simulate(tw.GradientStep(TILTED, 0.05), x, steps=30)
        np.testing.assert_allclose(run.states, same.states, rtol=1e-15)


@pytest.mark.long
@pytest.mark.parametrize("step_size", [0.05, 0.35])
def test_cold_mala_is_the_gradient_step_with_a_test(step_size):
    """It is made where E falls by η/4 |∇E + ∇E'|² at least, else x stays."""
    with jax.enable_x64(True):
        x = np.linspace(-1.6, 1.7, 41)[:, None]
        after, _ = drawn(MALA(step_size, 1e-26).kernel(TILTED), x, jax.random.split(KEY, 41))
        rule = tw.GradientStep(TILTED, step_size)
        values = eqx.filter_jit(lambda x: jax.vmap(jax.value_and_grad(TILTED))(x))
        ahead = eqx.filter_jit(lambda x: jax.vmap(lambda x: rule.step(0, x))(x))(x)
        level, slope = map(np.asarray, values(x))
        level_ahead, slope_ahead = map(np.asarray, values(ahead))
        ahead = np.asarray(ahead)
    is_made = level - level_ahead >= step_size / 4 * np.sum((slope + slope_ahead) ** 2, axis=1)
    np.testing.assert_allclose(after, np.where(is_made[:, None], ahead, x), atol=1e-12)
    assert np.any(is_made)
    assert not np.all(is_made)


@pytest.mark.long
def test_the_step_of_sgld_is_the_one_of_the_ledger():
    """The map of the kernel on a bowl is 1 − ηλ; its shakes are √(2ηT) ξ − ηs ζ."""
    eta, t, s, curvature = 0.4, 0.5, 3.0, 2.0
    bowl = tw.energies.Quadratic([[curvature]])
    with jax.enable_x64(True):
        kernel = SGLD(eta, t, NoisyGradient(s)).kernel(bowl)
        keys = jax.random.split(KEY, 4000)
        zero, _ = drawn(kernel, np.zeros((4000, 1)), keys)
        one, _ = drawn(kernel, np.ones((4000, 1)), keys)
        # The same keys: the same ξ and ζ.
        calm, _ = drawn(SGLD(eta, t, NoisyGradient(0.0)).kernel(bowl), np.zeros((4000, 1)), keys)
    np.testing.assert_allclose(one - zero, 1 - eta * curvature, atol=1e-12)
    xi, zeta = calm / np.sqrt(2 * eta * t), (calm - zero) / (eta * s)
    for drawn_number in (xi, zeta):
        assert np.mean(drawn_number**2) == pytest.approx(1.0, abs=5 * np.sqrt(2 / 4000))
    assert np.mean(xi * zeta) == pytest.approx(0.0, abs=5 / np.sqrt(4000))
    matrix, added = 1 - eta * curvature, 2 * eta * t + (eta * s) ** 2
    ledger = tw.sampling.bias_ledger([SGLD(eta, t, NoisyGradient(s))], curvature)
    assert ledger.variance[0] == pytest.approx(added / (1 - matrix**2), rel=1e-14)


def test_shrinking_steps():
    kernel = SGLD(lambda t: 0.1 / (1.0 + t), 0.0).kernel(tw.energies.Quadratic([[1.0]]))
    run = tw.simulate(kernel, np.ones(1), steps=2, key=KEY)
    np.testing.assert_allclose(run.states[:, 0], [1.0, 0.9, 0.9 * 0.95], rtol=1e-6)


@pytest.mark.long
def test_replicas_exchange_by_the_formula():
    """Over many keys the pairs exchange as often as e^{(1/Tᵢ − 1/Tⱼ)(Eᵢ − Eⱼ)} says."""
    ladder = ParallelTempering(MALA(0.1), [0.5, 1.0, 2.0, 4.0])
    kernel = ladder.kernel(TILTED)
    levels = np.array([0.2, 0.9, 0.1, 3.0], np.float32)
    keys = jax.random.split(KEY, 4000)
    for t, pairs in ((0, [(0, 1), (2, 3)]), (1, [(1, 2)])):
        orders, chances = jax.vmap(lambda key, t=t: kernel.exchange(key, t, levels))(keys)
        beta = 1 / ladder.temperatures
        expected = []
        for i, j in pairs:
            chance = min(1.0, np.exp((beta[i] - beta[j]) * (levels[i] - levels[j])))
            is_swapped = np.asarray(orders[:, i]) == j
            np.testing.assert_array_equal(is_swapped, np.asarray(orders[:, j]) == i)
            error = np.sqrt(chance * (1 - chance) / 4000)
            assert np.mean(is_swapped) == pytest.approx(chance, abs=4 * error + 1e-12)
            expected.append(chance)
        np.testing.assert_allclose(chances, np.mean(expected), rtol=1e-5)
        assert np.all(np.sort(orders, axis=1) == np.arange(4))


@pytest.mark.long
def test_tempering_crosses_what_mala_does_not():
    high = tw.energies.DoubleWell(barrier=4.0)
    starts = Starts(np.array([[-1.0], [1.0]], np.float32))
    options = {"count": 1500, "chains": 2, "key": KEY}
    alone = tw.sample(high, MALA(0.02, 0.3), starts, **options)
    ladder = ParallelTempering(MALA(0.02), [0.3, 0.6, 1.2, 2.4])
    tempered = tw.sample(high, ladder, starts, **options)
    assert alone.rhat[0] > 1.5
    assert tempered.rhat[0] < 1.1
    assert tempered.temperature == 0.3


@pytest.mark.long
def test_the_warm_up_finds_scales_and_steps():
    wide = tw.energies.Quadratic(np.diag([1.0, 100.0]))
    run = tw.sample(wide, NUTS(), np.zeros(2, np.float32), count=500, warmup=600, key=KEY)
    assert run.found["inverse_mass"].shape == (4, 2)
    np.testing.assert_allclose(run.found["inverse_mass"].mean(axis=0), [1.0, 0.01], rtol=0.4)
    assert 0.6 < run.acceptance < 1.0
    assert run.num_divergences == 0
    assert run.divergences.shape == (4,)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MALA(0.1, 0.0), "MALA: temperature must be positive, got 0.0.*GradientStep"),
        (lambda: NUTS(-1.0), "NUTS: temperature must be positive, got -1.0"),
        (lambda: HMC(np.inf), "HMC: temperature must be positive, got inf"),
        (lambda: BAOAB(0.1, 0.0), "BAOAB: temperature must be positive"),
        (lambda: OBABO(0.1, 1.0, 0.0), "OBABO: friction must be positive, got 0.0"),
        (lambda: MALA(0.0), "MALA: step_size must be positive, got 0.0"),
        (lambda: NUTS(target=1.0), r"NUTS: target must lie in \(0, 1\), got 1.0"),
        (lambda: NUTS(most_doublings=0), "NUTS: most_doublings must be a whole number"),
        (lambda: HMC(length=0), "HMC: length must be a whole number, at least 1, got 0"),
        (lambda: ParallelTempering(MALA(0.1), [1.0]), "two at least"),
        (lambda: ParallelTempering(MALA(0.1), [2.0, 1.0]), "must be positive and rise"),
        (lambda: ParallelTempering(NUTS(), [1.0, 2.0]), "one that tunes nothing"),
        (lambda: ParallelTempering(MALA(0.1), ["a", "b"]), "must be positive and rise"),
        (lambda: MALA(0.1, np.array([1.0, 2.0])), "MALA: temperature must be positive, got array"),
        (lambda: NUTS([1.0]), r"NUTS: temperature must be positive, got \[1.0\]"),
        (lambda: BAOAB(0.1, np.nan), "BAOAB: temperature must be positive, got nan"),
    ],
)
def test_bad_numbers_are_refused(make, words):
    with pytest.raises(tw.InputError, match=words):
        make()


def test_states_that_steps_would_leave_are_refused():
    class Shares(tw.Energy):
        domain = tw.ProbabilitySimplex(3)

        def __call__(self, state):
            return jnp.sum(state**2)

    for method in (SGLD(0.1), MALA(0.1), NUTS(), BAOAB(0.1)):
        with pytest.raises(tw.InputError, match="steps in all directions leave"):
            tw.sample(Shares(), method, np.full(3, 1 / 3), key=KEY)


def hill(x):
    return -jnp.sum(x**2)


@pytest.mark.long
@pytest.mark.parametrize("method", [SGLD(0.01), BAOAB(0.1)], ids=lambda m: type(m).__name__)
def test_an_energy_that_is_unbounded_below(method):
    with pytest.raises(
        tw.DivergenceError, match=r"chain \d ran away: .* at step \d+.*unbounded below"
    ):
        tw.sample(hill, method, np.zeros(1, np.float32), key=KEY)


@pytest.mark.long
@pytest.mark.parametrize(("method", "limit"), [(SGLD(0.25), 0.2), (BAOAB(0.7), 0.632)])
def test_steps_that_are_too_long_say_so(method, limit):
    bowl = tw.energies.Quadratic(np.diag([1.0, 10.0]))
    with pytest.raises(tw.DivergenceError, match=f"curvature 10.* step_size below {limit}"):
        tw.sample(bowl, method, np.zeros(2, np.float32), count=3000, key=KEY)


@pytest.mark.long
def test_an_energy_that_falls_all_the_way():
    with pytest.raises(tw.DivergenceError, match=r"chain \d ran away: .*unbounded below"):
        tw.sample(lambda x: -jnp.sum(x), MALA(0.5), np.zeros(1, np.float32), key=KEY)


@pytest.mark.long
def test_what_cannot_be_normalized_shows():
    run = tw.sample(lambda x: 0.0 * jnp.sum(x), MALA(0.5), np.zeros(1, np.float32), key=KEY)
    assert "There is no law" in run.warnings[0]
    assert any("do not agree" in said for said in run.warnings)


@pytest.mark.long
@pytest.mark.parametrize(
    ("method", "eta"), [(BAOAB(1.0), 0.25 * (1.0 + np.exp(-1.0))), (OBABO(1.0), 0.5)]
)
def test_chains_with_inertia_begin_with_momenta_of_the_law(method, eta):
    # A step from x = 0 on a bowl of curvature 1 with p of N(0, T) is √(2ηT) ξ; at rest it is less.
    bowl = tw.energies.Quadratic([[1.0]])
    starts = Starts(np.zeros((4000, 1), np.float32))
    run = tw.sample(bowl, method, starts, chains=4000, count=4, warmup=0, key=KEY)
    spread = 4.0 * np.sqrt(2.0 / 4000)
    assert np.mean(run.states[:, 0, 0] ** 2) == pytest.approx(2.0 * eta, rel=spread)
    keys = jax.random.split(KEY, 4000)
    drawn = np.asarray(_next(method.kernel(bowl), jnp.zeros(1), keys))
    assert np.mean(drawn**2) == pytest.approx(2.0 * eta, rel=spread)


@eqx.filter_jit
def _next(kernel, state, keys):
    return jax.vmap(lambda key: kernel.draw(key, 0, state))(keys)
