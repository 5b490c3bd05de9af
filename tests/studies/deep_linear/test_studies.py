"""The deep-linear studies in small, against their closed forms and the claims they reproduce."""

import jax
import numpy as np
import pytest

import thalweg as tw
from thalweg.data import hierarchical_trees
from thalweg.models import deep_linear as dl
from thalweg.studies.deep_linear import completion as completion
from thalweg.studies.deep_linear import generalization as generalization
from thalweg.studies.deep_linear import modes as modes
from thalweg.studies.deep_linear import prior as prior
from thalweg.studies.deep_linear import ratings as ratings_files
from thalweg.studies.deep_linear import tree as tree


def test_modes_rise_one_after_the_other_when_deep_and_together_when_shallow():
    curves = modes.mode_curves()
    np.testing.assert_allclose(curves.strengths, np.sqrt([7, 3, 1, 1]))
    deep, shallow = curves.half_times()
    assert deep[0] + 1 < deep[1] < min(deep[2:]) - 3
    np.testing.assert_allclose(shallow, np.log(2) / 0.4, rtol=0.03)
    assert curves.errors()["shallow"] < 0.03
    finer = modes.mode_curves(dt=0.01)
    assert finer.errors()["nearest"] < 0.15 * curves.errors()["nearest"]
    assert finer.errors()["nearest"] < 0.03


def test_a_start_that_is_not_small_is_told_to_be_far_from_balance():
    small, large = (modes.mode_curves(scale=scale, duration=6.0) for scale in (0.01, 0.3))
    assert large.excess > 10.0 * small.excess
    assert large.errors()["logistic"] > 0.3
    page = modes.study(duration=6.0).page
    assert "not in the time of this run" in page.lead
    assert "nan" not in page.lead


def test_levels_of_a_tree_are_learned_from_the_root():
    data = hierarchical_trees(60, 3, (2, 2, 2), 0.05, key=jax.random.key(1))
    for activation in ("linear", "relu"):
        run = tree.tree_differentiation(
            activation,
            data=data,
            hidden=(16, 16),
            learning_rate=2e-3,
            scale=0.3 if activation == "linear" else 0.6,
            num_steps=12_000,
            num_saves=121,
        )
        first, second, third = run.half_steps()
        assert first < second < third
        assert run.errors[-1] < 0.1 * run.errors[0]
        assert run.similarity().shape == (121, 8, 8)
        learned, goal = run.mode_strengths()
        np.testing.assert_allclose(learned[-1][:2], goal[:2], rtol=0.05)
        across = np.abs(run.item_map()[-1][:4].mean(axis=0) - run.item_map()[-1][4:].mean(axis=0))
        assert np.linalg.norm(across) > 1.0
    with pytest.raises(tw.InputError, match="activation must be one of"):
        tree.tree_differentiation("tanh", data=data)


@pytest.mark.long
def test_square_networks_are_lazy_at_both_ends_and_others_at_one():
    balances, change = [-50.0, -5.0, 0.0, 5.0, 50.0], {}
    for name, widths in prior.SHAPES.items():
        regimes = prior.prior_regimes(widths, balances, checked=(-5.0, 5.0))
        change[name] = regimes.change
        assert regimes.theory_error.max() < 1e-6
    assert change["square"][0] < 0.02
    assert change["square"][4] < 0.02
    assert change["square"][2] > 5.0
    np.testing.assert_allclose(change["square"], change["square"][::-1], rtol=1e-6)
    assert change["widening"][0] < 0.02
    assert change["widening"][4] > 0.5
    assert change["narrowing"][0] > 0.5
    assert change["narrowing"][4] < 0.02


def test_the_marchenko_pastur_integral_has_its_moments():
    for ratio in (0.3, 1.0, 2.5):
        total = generalization.marchenko_pastur(np.ones_like, ratio)
        mean = generalization.marchenko_pastur(lambda v: v, ratio)
        square = generalization.marchenko_pastur(lambda v: v**2, ratio)
        np.testing.assert_allclose([total, mean, square], [min(1, ratio), 1, 1 + 1 / ratio])


@pytest.mark.long
@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_errors_and_stopping_times_follow_random_matrix_theory(ratio):
    times = np.geomspace(0.05, 50.0, 60)
    curves = generalization.error_curves(ratio, num_inputs=60, trials=30, times=times)
    assert np.abs((curves.test - curves.test_theory) / curves.test_error).max() < 4.5
    np.testing.assert_allclose(curves.train, curves.train_theory, atol=0.1)
    at_theory = np.interp(curves.best_time_theory, times, curves.test)
    assert at_theory - curves.test.min() < 0.02
    assert curves.overtraining > 0.05
    with pytest.raises(tw.InputError, match="at least one sample"):
        generalization.error_curves(0.0)


def test_depth_finds_the_low_rank_matrix():
    observed = completion.random_low_rank(30, 2, 400)
    runs = {
        depth: completion.complete(observed, depth, max_steps=10_000, num_saves=40)
        for depth in (1, 2, 3)
    }
    assert all(run.converged for run in runs.values())
    assert runs[1].error[-1] > 0.4
    assert runs[3].error[-1] < runs[2].error[-1] < 0.1
    assert runs[3].effective_rank < runs[2].effective_rank < 3.0 < runs[1].effective_rank
    first, second = (runs[3].singular_values[:, i] for i in (0, 1))
    assert np.argmax(first > 0.5 * first[-1]) <= np.argmax(second > 0.5 * second[-1])


def test_the_nuclear_norm_baseline_completes_a_matrix_of_rank_one():
    observed = completion.random_low_rank(10, 1, 75)
    found = completion.nuclear_norm_completion(observed)
    assert observed.truth is not None
    gap = np.linalg.norm(found - observed.truth) / np.linalg.norm(observed.truth)
    assert gap < 0.02
    # It is optimal: the truth fits the same entries.
    assert np.linalg.norm(found, "nuc") <= np.linalg.norm(observed.truth, "nuc") * (1 + 1e-3)
    np.testing.assert_allclose(found[observed.rows, observed.columns], observed.values, atol=1e-4)


def test_completion_refuses_what_makes_no_sense():
    observed = completion.random_low_rank(10, 1, 40)
    with pytest.raises(tw.InputError, match="count must be from 1 to 100"):
        completion.random_low_rank(10, 1, 101)
    with pytest.raises(tw.InputError, match="depth and num_saves must be positive"):
        completion.complete(observed, 0)
    with pytest.raises(tw.ConvergenceError, match="take a smaller step_size than 80"):
        completion.complete(observed, 2, step_size=80.0, max_steps=2000, num_saves=10)


def generated_ratings(separator, header=""):
    rng = np.random.default_rng(0)
    taste, kind = rng.standard_normal((40, 2)), rng.standard_normal((30, 2))
    lines = [header] if header else []
    for user in range(40):
        for item in rng.choice(30, 18, replace=False):
            value = np.clip(3.0 + taste[user] @ kind[item] + 0.2 * rng.standard_normal(), 0.5, 5.0)
            lines.append(separator.join([f"u{user}", f"i{item}", f"{value:.2f}", "881250949"]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "separator", "header"),
    [
        ("u.data", "\t", ""),
        ("ratings.dat", "::", ""),
        ("ratings.csv", ",", "userId,movieId,rating,timestamp"),
    ],
)
def test_ratings_files_of_three_formats(tmp_path, name, separator, header):
    path = tmp_path / name
    path.write_text(generated_ratings(separator, header))
    ratings = ratings_files.read_ratings(path)
    assert len(ratings.values) == 40 * 18
    assert (len(ratings.user_names), len(ratings.item_names)) == (40, 30)
    assert ratings.user_names[ratings.users[0]] == "u0"


def test_a_recommender_beats_the_means(tmp_path):
    path = tmp_path / "u.data"
    path.write_text(generated_ratings("\t"))
    ratings = ratings_files.read_ratings(path)
    made = ratings_files.recommend(ratings, 3, goal=0.1, max_steps=20_000, num_saves=200)
    assert made.predictions.shape == (40, 30)
    assert made.test_error < 0.75 * made.baseline_error


def test_bad_ratings_files_are_named(tmp_path):
    with pytest.raises(tw.StoreError, match=r"nothing.csv cannot be read"):
        ratings_files.read_ratings(tmp_path / "nothing.csv")
    cases = {
        "": "holds no line",
        "a b c\n": "line 1: expected user, item, rating separated by",
        "u,i,3\nu,j,x\n": "line 2: expected user, item, rating, got 'u,j,x'",
        "u,i,3\nu,i,4\n": "2 ratings of 1 user–item pairs",
    }
    for text, message in cases.items():
        path = tmp_path / "ratings.csv"
        path.write_text(text)
        with pytest.raises(tw.InputError, match=message):
            ratings_files.read_ratings(path)


def test_the_effective_start_of_a_tree_is_that_of_its_modes():
    """The study's data through the library's own closed form: root modes first."""
    data = hierarchical_trees(60, 2, (2, 3))
    task = dl.Covariances(data.features.T / np.sqrt(data.num_items))
    start = dl.small_gaussian((6, 8, 60), 1e-3)
    u0 = dl.effective_strengths(task, start)
    s = dl.Modes.of(task).strengths
    halves = dl.learning_time(s, u0, 0.5 * s)
    assert np.argmin(halves) == 0
