"""How sure one can be: the estimate and the bound, against distributions that are known."""

import jax
import numpy as np
import pytest
from scipy.stats import binomtest
from tests.analysis.systems import TanhNetwork, symmetric_weights
from tests.zoo import polynomial_flow, square

import thalweg as tw
from thalweg.analysis.equilibria.completeness import binomial_upper, unseen_mass, unseen_upper


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (0, 128), (3, 40), (17, 20), (5, 5)])
def test_binomial_upper_is_clopper_pearson(successes, trials):
    expected = binomtest(successes, trials, alternative="less").proportion_ci(0.95, "exact").high
    assert binomial_upper(successes, trials) == pytest.approx(expected, abs=1e-12)


def test_unseen_mass_counts_singletons():
    assert unseen_mass(np.array([0, 0, 1, 2, 2, -1, 3, 0])) == pytest.approx(2 / 8)


def test_the_bound_covers_the_truth_for_a_known_distribution():
    """Twenty classes of geometric weights: the mass unseen is known for every sample."""
    rng = np.random.default_rng(0)
    weights = 0.7 ** np.arange(20)
    weights /= weights.sum()
    covered, estimates, truths = 0, [], []
    for _ in range(400):
        hits = rng.choice(20, size=40, p=weights)
        truth = weights[~np.isin(np.arange(20), hits)].sum()
        covered += unseen_upper(hits) >= truth
        estimates.append(unseen_mass(hits))
        truths.append(truth)
    assert covered >= 0.95 * 400
    spread = np.std(np.array(estimates) - truths) / np.sqrt(400)
    assert abs(np.mean(estimates) - np.mean(truths)) < 4 * spread


@pytest.mark.long
def test_the_bound_covers_the_truth_of_a_network():
    """A hundred repetitions of 24 starts each on a network with dozens of equilibria."""

    from thalweg.analysis.equilibria.find import look_at, typical_scales
    from thalweg.analysis.equilibria.inventory import take_inventory
    from thalweg.dynamics import make_problem

    with jax.enable_x64(True):
        problem, _ = make_problem(TanhNetwork(symmetric_weights(gain=6.0)))
        scales = typical_scales(problem, look_at(problem, None, None))
        label = take_inventory(problem, scales, None, 4096).label
    assert len(np.unique(label)) > 40
    frequency = {k: np.mean(label == k) for k in np.unique(label)}
    covered = 0
    for repetition in label[: 100 * 24].reshape(100, 24):
        truth = sum(f for k, f in frequency.items() if k >= 0 and k not in set(repetition))
        covered += unseen_upper(repetition) >= truth
    assert covered >= 95


@pytest.mark.long
def test_a_basin_too_small_to_hit_is_found_by_chosen_starts():
    """From 1,024 starts one of the 29 equilibria is missed; starts that are chosen find it."""
    network = TanhNetwork(symmetric_weights(gain=3.0))
    found = tw.find_equilibria(network)
    assert found.search.distinct == 29
    assert found.search.directed >= 1
    assert tw.find_equilibria(network, starts=8192).search.distinct == 29


@pytest.mark.long
def test_the_search_says_whether_it_is_sure():
    found = tw.find_equilibria(polynomial_flow(lambda x: x - x**3, 1), square(2.0, 1))
    assert found.search.unseen_upper is not None
    assert found.search.unseen_upper < 0.01
    assert "probability below" in str(found.search)
    network = TanhNetwork(symmetric_weights(gain=6.0))
    unsure = tw.find_equilibria(network, starts=8)
    assert unsure.search.unseen_upper is not None
    assert unsure.search.unseen_upper > 0.01
    assert "budget" in str(unsure.search)
