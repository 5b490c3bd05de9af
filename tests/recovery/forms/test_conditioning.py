"""A metric that must be ill conditioned is not excluded until rounding is reached."""

import itertools

import numpy as np
import pytest
from tests.zoo import Linear, square

import thalweg as tw
from thalweg import recovery
from thalweg.recovery.forms.conditioning import balancing, bound_metric, entry_rounding

EXCLUDED = 1e8
METRICS = [level for level in recovery.LEVELS if level.name == "constant-metric"]
EXCLUDING = [level for level in recovery.LEVELS if level.name == "equilibria exclude a metric"]


def bound(matrix):
    matrix = np.asarray(matrix, dtype=float)
    return bound_metric(matrix, entry_rounding(matrix))


def units(size, number):
    """Powers of two between 1e-10 and 1e10, so that scaling rounds nothing."""
    return 2.0 ** np.random.default_rng(number).integers(-33, 34, size)


def chain(size, gap):
    """x_i' = −(1 + i gap) x_i + x_{i+1}: real distinct eigenvalues."""
    return np.eye(size, k=1) - np.diag(1.0 + gap * np.arange(size))


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_distinct_eigenvalues_exclude_nothing_however_near(size):
    for gap, number in itertools.product(10.0 ** -np.arange(2.0, 14.0), range(3)):
        matrix, scale = chain(size, gap), units(size, number)
        order = np.random.default_rng(number).permutation(size)
        scaled = (matrix * scale[:, None] / scale)[np.ix_(order, order)]
        for tried in (matrix, scaled, -matrix):
            found = bound(tried)
            assert found.balanced < EXCLUDED, (gap, number)
            # κ = 4 / gap² in two coordinates, more in more; a bound is below it.
            assert gap > 1e-6 or found.needed >= EXCLUDED


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_shared_eigenvalues_without_eigenvectors_exclude_in_any_units(size):
    for number in range(3):
        scale = units(size, number)
        assert bound(chain(size, 0.0)).balanced > EXCLUDED
        assert bound(chain(size, 0.0) * scale[:, None] / scale).balanced > EXCLUDED
    apart = np.block([[chain(2, 1e-9), np.zeros((2, 1))], [np.zeros((1, 2)), -np.eye(1)]])
    assert bound(apart).balanced < EXCLUDED  # −1 twice, with two eigenvectors
    joined = apart.copy()
    joined[1, 2] = 1.0
    assert bound(joined).balanced > EXCLUDED


def beside(*blocks):
    """Blocks that do not act on each other."""
    size = sum(len(block) for block in blocks)
    matrix, start = np.zeros((size, size)), 0
    for block in blocks:
        end = start + len(block)
        matrix[start:end, start:end], start = block, end
    return matrix


@pytest.mark.long
def test_chains_beside_others_exclude_however_weak_their_links_or_fast_the_others():
    for number in range(200):
        rng = np.random.default_rng(number)
        size, own = int(rng.integers(2, 4)), float(rng.choice([-1.0, -0.7, 0.0, 0.5]))
        links = float(rng.choice([1.0, -3.0, 1e-3, 1e-6]))
        others = np.diag(rng.choice([-1e6, -2.0, 0.3, own], rng.integers(0, 3)))
        matrix = beside(own * np.eye(size) + links * np.eye(size, k=1), others)
        order = rng.permutation(len(matrix))
        for scale in (1.0, 1e6, 1e-6):
            tried = scale * matrix[np.ix_(order, order)]
            assert bound(tried).balanced > EXCLUDED, number
            assert bound(np.diag(np.diag(tried))).balanced < EXCLUDED, number


@pytest.mark.long
def test_a_long_chain_of_weak_links_between_different_rates_has_finite_bounds():
    for size in (60, 120):
        rates = -1.0 - np.arange(size) / size
        rates[-1] = -1.0
        found = bound(np.diag(rates) + 1e-6 * np.eye(size, k=1))
        assert np.isfinite(found.balanced)


def test_what_is_badly_known_elsewhere_leaves_a_chain_what_it_is():
    matrix = beside(chain(2, 0.0), np.zeros((1, 1)))
    known = entry_rounding(matrix)
    known[2, 2] = 1e-5
    found = bound_metric(matrix, known)
    assert found.balanced > EXCLUDED
    np.testing.assert_array_equal(found.block, [0, 1])
    known[0, 0] = 1e-5
    assert bound_metric(matrix, known).balanced < EXCLUDED


def test_a_link_that_rounding_may_have_made_excludes_nothing():
    """−.7 times the identity, in whole coordinates: products were rounded on the way."""
    assert bound([[-0.7, -2.7e-15], [0.0, -0.7]]).balanced < EXCLUDED


@pytest.mark.long
@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_rotated_metrics_of_any_condition_that_rounding_keeps_are_not_excluded(size):
    for condition, number in itertools.product(10.0 ** np.arange(3.0, 13.0), range(4)):
        rng = np.random.default_rng(number)
        left, right = (np.linalg.qr(rng.normal(size=(size, size)))[0] for _ in range(2))
        basis = left @ np.diag(np.geomspace(1.0, np.sqrt(condition), size)) @ right
        matrix = -basis @ np.diag(rng.uniform(0.5, 2.0, size)) @ np.linalg.inv(basis)
        scale = units(size, number)
        for tried in (matrix, matrix * scale[:, None] / scale):
            assert bound(tried).balanced < EXCLUDED, (condition, number)


def test_entries_that_return_little_are_balanced_away():
    for small in 10.0 ** -np.arange(3.0, 16.0):
        forth = np.array([[-1.0, 1.0], [small, -1.0]])
        assert bound(forth).needed < 10.0
        spiral = np.array([[-1.0, -1.0], [small, -1.0]])
        assert bound(spiral).balanced > EXCLUDED
    scale = balancing(np.array([[-1.0, 1e10], [0.0, -2.0]]))
    np.testing.assert_allclose(scale[1] / scale[0], 5e9)


@pytest.mark.long
@pytest.mark.parametrize("gap", [1e-5, 1e-7, 1e-9, 1e-12])
def test_the_verdict_says_which_condition_is_needed_and_stays_open(gap):
    verdict = tw.recover_energy(
        Linear(chain(2, gap)), square(1.0), cycles=(), levels=[*EXCLUDING, *METRICS]
    )
    assert verdict.kind == "undecided"
    for level in verdict.levels:
        assert level.outcome == "open", level
        assert "eeds a metric of condition number ≥" in level.note


def test_one_way_coordinates_in_other_units_have_their_metric():
    rule = Linear(np.array([[-1.0, 2.0**33], [0.0, -2.0]]))
    verdict = tw.recover_energy(rule, square(1.0), cycles=(), levels=METRICS)
    assert verdict.kind == "constant-metric"
