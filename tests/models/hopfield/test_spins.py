"""Networks of spins against enumeration, a sweep row by row, and theorem 1."""

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.core.ensembles import lane_keys
from thalweg.dynamics import GlauberSpins, RandomOrderSpins, SequentialSpins, SynchronousSpins
from thalweg.dynamics.spin_sweeps import sweep
from thalweg.energies import HebbianCouplings, Hopfield
from thalweg.models.hopfield import (
    check_spin_descent,
    hebb,
    pseudo_inverse,
    retrieve,
    retrieve_all,
    storkey,
)

RNG = np.random.default_rng(0)
SIZE = 24
PATTERNS = RNG.choice([-1.0, 1.0], (5, SIZE)).astype(np.float32)
START = RNG.choice([-1.0, 1.0], SIZE).astype(np.float32)
BIAS = (0.1 * RNG.standard_normal(SIZE)).astype(np.float32)


def row_by_row(matrix, bias, x, order, free=None):
    x = x.copy()
    for i in order:
        h = matrix[i] @ x + bias[i]
        if abs(h) > 1e-9 and (free is None or free[i]):
            x[i] = np.sign(h)
    return x


def test_hebbian_couplings_are_their_matrix():
    couplings = HebbianCouplings(PATTERNS)
    matrix = couplings.dense()
    np.testing.assert_allclose(matrix[0, 1], PATTERNS[:, 0] @ PATTERNS[:, 1] / SIZE)
    np.testing.assert_array_equal(np.diag(matrix), 0.0)
    np.testing.assert_allclose(couplings.fields(START), matrix @ START, rtol=1e-5, atol=1e-6)
    x, w = START.astype(float), matrix
    expected = -0.5 * x @ w @ x - BIAS @ x
    assert float(Hopfield(couplings, BIAS)(START)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.long
@pytest.mark.parametrize("is_dense", [True, False])
def test_a_sweep_is_a_sweep_row_by_row(is_dense):
    couplings = HebbianCouplings(PATTERNS)
    network = Hopfield(couplings.dense() if is_dense else couplings, BIAS)
    free = np.arange(SIZE) % 3 != 0
    sweeping = jax.jit(lambda x, order, free: sweep(network, x, order, free))
    for trial in range(5):
        order = np.random.default_rng(trial).permutation(SIZE)
        new, turned = sweeping(START, order, free)
        expected = row_by_row(couplings.dense(), BIAS, START, order, free)
        np.testing.assert_array_equal(new, expected)
        assert int(turned) == np.sum(expected != START)
        np.testing.assert_array_equal(new[~free], START[~free])
    sequential = after_a_sweep(network, START)[1]
    expected = row_by_row(couplings.dense(), BIAS, START, range(SIZE))
    np.testing.assert_array_equal(sequential, expected)


@pytest.mark.parametrize("is_dense", [True, False])
def test_a_sweep_over_several_blocks_with_many_flips(is_dense):
    stored = RNG.choice([-1.0, 1.0], (90, 300)).astype(np.float32)
    couplings = HebbianCouplings(stored)
    network = Hopfield(couplings.dense() if is_dense else couplings)
    start = RNG.choice([-1.0, 1.0], 300).astype(np.float32)
    order = RNG.permutation(300)
    expected = row_by_row(couplings.dense(), np.zeros(300), start, order)
    new, turned = jax.jit(lambda x, order: sweep(network, x, order))(start, order)
    np.testing.assert_array_equal(new, expected)
    assert int(turned) > 60


def test_retrieval_ends_where_no_spin_is_against_its_field():
    network = hebb(PATTERNS)
    for update in ("random", "sequential"):
        found = retrieve(network, START, update=update)
        assert found.outcome == "fixed point"
        assert np.all(found.state * (network.weights.dense() @ found.state) >= -1e-6)
        assert np.all(np.diff(found.energies) <= 1e-5)
        assert "fixed point after" in str(found)
        keeps_the_protocol(found)


@pytest.mark.long
@pytest.mark.parametrize("update", ["random", "sequential", "synchronous"])
@pytest.mark.parametrize("is_dense", [True, False])
def test_retrieval_of_a_batch_is_that_of_each_start(is_dense, update):
    couplings = HebbianCouplings(PATTERNS)
    network = Hopfield(couplings.dense() if is_dense else couplings, BIAS)
    rng = np.random.default_rng(5)
    starts = rng.choice([-1.0, 1.0], (5, SIZE)).astype(np.float32)
    clamped = rng.random((5, SIZE)) < 0.2
    found = retrieve_all(network, starts, update=update, clamped=clamped, key=jax.random.key(3))
    keys = lane_keys(jax.random.key(3), 5)
    for i, one in enumerate(found):
        alone = retrieve(network, starts[i], update=update, clamped=clamped[i], key=keys[i])
        assert (one.outcome, one.sweeps, one.flips) == (alone.outcome, alone.sweeps, alone.flips)
        np.testing.assert_array_equal(one.state, alone.state)
        np.testing.assert_allclose(one.energies, alone.energies, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(one.two_step_energies, alone.two_step_energies, rtol=1e-5)
        assert one.energy == pytest.approx(alone.energy, rel=1e-5)
        np.testing.assert_array_equal(one.state[clamped[i]], starts[i, clamped[i]])
    np.testing.assert_array_equal(found.states, [one.state for one in found])


def test_starts_of_a_batch_end_each_in_its_own_way():
    pair = Hopfield([[0.0, 1.0], [1.0, 0.0]], [0.25, 0.0])
    found = retrieve_all(pair, [[1, -1], [1, 1], [-1, 1]], update="synchronous")
    assert found.outcomes == ("2-cycle", "fixed point", "2-cycle")
    assert found.energies.tolist() == [1.0, -1.25, 1.0]
    assert found[0].energies.tolist() == [0.75, 1.25, 0.75]
    assert [one.sweeps for one in found] == [2, 1, 2]
    np.testing.assert_array_equal(found[2].cycle, [[1, -1], [-1, 1]])
    assert str(found) == "3 retrievals: 2 × 2-cycle, 1 × fixed point; 1.67 sweeps in the mean"
    keeps_the_protocol(found)
    keeps_the_protocol(found[2])
    with pytest.raises(tw.ConvergenceError, match=r"2 of 3 starts, the first of them starts\[0\]"):
        retrieve_all(pair, [[1, -1], [1, 1], [-1, 1]], update="synchronous", max_sweeps=1)


def test_stored_patterns_are_retrieved_and_clamped_spins_complete_them():
    for rule in (hebb, storkey, pseudo_inverse):
        network = rule(PATTERNS[:2])
        spoilt = PATTERNS[0] * np.where(np.arange(SIZE) < 3, -1, 1)
        np.testing.assert_array_equal(retrieve(network, spoilt).state, PATTERNS[0])
    known = np.arange(SIZE) < SIZE // 2
    half = np.where(known, PATTERNS[1], START)
    found = retrieve(hebb(PATTERNS[:2]), half, clamped=known)
    np.testing.assert_array_equal(found.state, PATTERNS[1])
    assert np.all(found.state[known] == half[known])


def test_the_pseudo_inverse_holds_what_hebb_does_not():
    many = RNG.choice([-1.0, 1.0], (12, SIZE))
    network = pseudo_inverse(many)
    fields = many @ network.weights.dense()
    assert np.all(many * fields > 0)
    assert not np.all(many * (many @ hebb(many).weights.dense()) > 0)
    storing = storkey(many).weights.dense()
    np.testing.assert_allclose(storing, storing.T)
    wrong = [np.sum(many * (many @ w) <= 0) for w in (storing, hebb(many).weights.dense())]
    assert wrong[0] < wrong[1]


def test_two_spins_that_follow_each_other_are_a_cycle():
    network = Hopfield([[0.0, 1.0], [1.0, 0.0]])
    found = retrieve(network, [1.0, -1.0], update="synchronous")
    assert found.outcome == "2-cycle"
    np.testing.assert_array_equal(found.cycle, [[-1, 1], [1, -1]])
    np.testing.assert_array_equal(found.two_step_energies, [-2.0, -2.0])
    settled = retrieve(network, [1.0, -1.0])
    assert settled.outcome == "fixed point"
    assert settled.energy == -1.0


@pytest.mark.long
def test_theorem_1_holds_asynchronously_and_two_steps_fall_synchronously():
    matrix = RNG.standard_normal((12, 12))
    matrix = np.triu(matrix, 1) + np.triu(matrix, 1).T
    found = check_spin_descent(Hopfield(matrix, 0.3 * RNG.standard_normal(12)), starts=16)
    assert found.holds
    assert found.worst_rise <= 1e-15
    assert found.fixed_points + found.cycles == 16
    anti = check_spin_descent(Hopfield(-np.abs(matrix)), starts=16)
    assert anti.holds
    assert anti.cycles > 0
    assert anti.worst_synchronous_rise > 0.01
    assert "2-cycle" in str(anti)
    keeps_the_protocol(anti)
    assert replace(anti, worst_rise=0.1).title == "Hopfield: theorem 1 is refuted"


@pytest.mark.long
def test_glauber_dynamics_leaves_the_boltzmann_distribution_invariant():
    matrix = np.array([[0, 0.8, -0.5], [0.8, 0, 0.3], [-0.5, 0.3, 0]])
    network = Hopfield(matrix, np.array([0.4, -0.2, 0.1]))
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))
    energies = np.array([-0.5 * x @ matrix @ x - x @ [0.4, -0.2, 0.1] for x in states])
    exact = np.exp(-energies / 0.7) / np.exp(-energies / 0.7).sum()
    rule = GlauberSpins(network, 0.7)
    chains, sweeps = 500, 60

    @jax.jit
    def run(key):
        def one(key):
            def step(x, k):
                new = rule.draw(k, 0, x)
                return new, new

            return jax.lax.scan(step, jnp.ones(3, jnp.float32), jax.random.split(key, sweeps))[1]

        return jax.vmap(one)(jax.random.split(key, chains))

    drawn = np.asarray(run(jax.random.key(1)))[:, 10:]
    index = ((drawn + 1) / 2 @ [4, 2, 1]).astype(int)
    shares = np.stack([(index == k).mean(axis=1) for k in range(8)])
    error = shares.std(axis=1, ddof=1) / np.sqrt(chains)
    assert np.all(np.abs(shares.mean(axis=1) - exact) < 4.5 * error)


@pytest.mark.long
def test_kernels_repeat_and_ties_stay():
    network = hebb(PATTERNS)
    key = jax.random.key(0)
    kernel = RandomOrderSpins(network)
    np.testing.assert_array_equal(kernel.draw(key, 0, START), kernel.draw(key, 0, START))
    free = Hopfield(np.zeros((3, 3)))
    x = np.array([1.0, -1.0, 1.0], np.float32)
    for new in after_a_sweep(free, x):
        np.testing.assert_array_equal(new, x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Hopfield([[0, 1], [2, 0]]),
            r"W\[0, 1\] = 1 and W\[1, 0\] = 2. Pass the symmetric",
        ),
        (lambda: Hopfield([[1, 0], [0, 0]]), r"zero diagonal, but W\[0, 0\] = 1"),
        (lambda: Hopfield([[0, 1, 2]]), "Hopfield: weights must be square"),
        (lambda: Hopfield([[0, 1], [1, 0]], [1, 2, 3]), "bias has the shape"),
        (lambda: hebb([[1, 0, -1]]), r"entry at \(0, 1\) is 0.* 2 \* b - 1"),
        (lambda: hebb([1, -1]), "patterns must have 2 dimensions"),
        (lambda: pseudo_inverse(np.array([[1, 1], [1, -1]])), "span all 2 dimensions"),
        (lambda: jax.vmap(lambda x: retrieve(hebb(PATTERNS), x).state)(PATTERNS), "retrieve_all"),
        (lambda: retrieve_all(hebb(PATTERNS), START), "starts must have 2 dimensions"),
        (lambda: retrieve_all(hebb(PATTERNS), PATTERNS[:0]), r"starts must have the shape \(B, 24"),
        (
            lambda: retrieve_all(hebb(PATTERNS), PATTERNS, clamped=[True]),
            r"shape \(24,\) or \(\d+, 24\), got",
        ),
        (lambda: retrieve(hebb(PATTERNS), START[:5]), r"start must have the shape \(24,\)"),
        (lambda: retrieve(hebb(PATTERNS), START, update="all"), "update must be 'random'"),  # type: ignore[arg-type]
        (lambda: retrieve(hebb(PATTERNS), 2 * START), "start must hold −1 and 1 only"),
        (lambda: retrieve(hebb(PATTERNS), START, clamped=[True]), "clamped must have the shape"),
        (lambda: GlauberSpins(hebb(PATTERNS), 0.0), "temperature must be positive, got 0.0"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()


@pytest.mark.long
def test_sweeps_that_run_out_are_reported():
    spoilt = PATTERNS[0] * RNG.choice([-1, 1], SIZE, p=[0.3, 0.7]).astype(np.float32)
    for count in (True, 0, 2.5):
        with pytest.raises(tw.InputError, match=f"max_sweeps must be .* got {count}"):
            retrieve(hebb(PATTERNS), spoilt, max_sweeps=count)  # type: ignore[arg-type]
    nine: Any = np.int64(9)
    assert retrieve(hebb(PATTERNS), spoilt, max_sweeps=nine).outcome != "unsettled"
    with pytest.raises(tw.ConvergenceError, match="max_sweeps=1, and"):
        retrieve(hebb(PATTERNS), spoilt, max_sweeps=1)
    assert retrieve(hebb(PATTERNS), spoilt, max_sweeps=1, throw=False).outcome == "unsettled"


def test_what_is_bounded_below_is_said():
    assert not Hopfield([[0.0, 1.0], [1.0, 0.0]]).is_bounded_below()
    assert Hopfield(np.zeros((2, 2))).is_bounded_below()
    assert not Hopfield(np.zeros((2, 2)), [1.0, 0.0]).is_bounded_below()


def tied_patterns(rule, count, size):
    """Pattern sets of which some spin has a field of exactly zero, by rational arithmetic."""
    rng, found = np.random.default_rng(0), []
    while len(found) < 12:
        patterns = rng.choice([-1.0, 1.0], (count, size))
        if np.linalg.matrix_rank(patterns) < count:
            continue
        weights = exact_weights(rule, patterns)
        # Objects multiply as the fractions that they are.
        x = patterns.astype(int).astype(object)
        if (x * (x @ np.array(weights, dtype=object))).min() == 0:
            found.append(patterns)
    return found


def exact_weights(rule, patterns):
    """The couplings of `pseudo_inverse` or `storkey` as fractions."""
    x = sp.Matrix(patterns.astype(int))
    size = x.shape[1]
    if rule is pseudo_inverse:
        weights = x.T * (x * x.T).inv() * x
        weights = weights - sp.diag(*[weights[i, i] for i in range(size)])
    else:
        weights = sp.zeros(size, size)
        for row in range(x.shape[0]):
            p = sp.Matrix(x.row(row)).T
            # h_ij of Storkey's rule leaves out the term k = j; that with k = i is zero.
            h = (weights * p) * sp.ones(1, size) - weights * sp.diag(*p)
            change = p * p.T - sp.diag(*p) * h.T - h * sp.diag(*p)
            weights = weights + change / sp.Integer(size)
            weights = weights - sp.diag(*[weights[i, i] for i in range(size)])
    return [[Fraction(int(v.p), int(v.q)) for v in weights.row(i)] for i in range(size)]


@eqx.filter_jit
def after_a_sweep(network, x):
    """The states after a sweep of each rule."""
    drawn = RandomOrderSpins(network).draw(jax.random.key(0), 0, x)
    return SynchronousSpins(network).step(0, x), SequentialSpins(network).step(0, x), drawn


@pytest.mark.long
@pytest.mark.parametrize("rule", [pseudo_inverse, storkey])
@pytest.mark.parametrize("is_wide", [False, True], ids=["float32", "float64"])
def test_a_pattern_with_a_field_of_zero_stays(rule, is_wide):
    """In every rule of spins, though rounding makes such fields a little positive or negative."""
    for patterns in tied_patterns(rule, 3, 7):
        with jax.enable_x64(is_wide):
            network = rule(patterns)
            for pattern in patterns.astype(np.float64 if is_wide else np.float32):
                for update in ("random", "sequential", "synchronous"):
                    assert retrieve(network, pattern, update=update).flips == 0
                for new in after_a_sweep(network, pattern):
                    np.testing.assert_array_equal(new, pattern)


def test_the_smallest_fields_are_no_ties():
    """Couplings of very different sizes: a weak pair among strong ones follows its own field."""
    matrix = np.zeros((4, 4))
    matrix[0, 1] = matrix[1, 0] = 1e6
    matrix[2, 3] = matrix[3, 2] = 1e-6
    end = retrieve(Hopfield(matrix), [1.0, 1.0, 1.0, -1.0], update="sequential").state
    assert end[2] == end[3]
    weak = hebb(PATTERNS, bias=0.0).weights.dense() * 1e-3
    start = np.where(np.arange(SIZE) == 3, -PATTERNS[0], PATTERNS[0])
    expected = row_by_row(weak, np.zeros(SIZE), start, range(SIZE))
    np.testing.assert_array_equal(after_a_sweep(Hopfield(weak), start)[1], expected)


@pytest.mark.long
def test_the_kernel_of_a_sweep_tells_flips_and_energy():
    network, key = hebb(PATTERNS, BIAS), jax.random.key(2)
    kernel = RandomOrderSpins(network)
    carry, info = kernel.step(key, 0, kernel.init(jnp.asarray(START)))
    order = jax.random.permutation(key, SIZE)
    expected = row_by_row(network.weights.dense(), BIAS, START, np.asarray(order))
    np.testing.assert_array_equal(kernel.state(carry), expected)
    assert int(info.flips) == np.sum(expected != START)
    np.testing.assert_allclose(info.energy, network(jnp.asarray(expected)), rtol=1e-5)
    run = tw.simulate(kernel, START, steps=10, key=key)
    assert np.all(np.diff([float(network(x)) for x in run.states]) <= 1e-5)
    np.testing.assert_array_equal(kernel.draw(key, 0, run.final), run.final)


@pytest.mark.long
def test_one_sweep_and_one_flip_are_told_in_the_singular():
    rng = np.random.default_rng(0)
    pattern = rng.choice([-1.0, 1.0], (1, 30))
    spoilt = pattern[0] * np.where(np.arange(30) == 3, -1.0, 1.0)
    found = retrieve(hebb(pattern), spoilt)
    assert found.title.startswith(f"fixed point after {found.sweeps} sweeps and 1 flip, energy")
