"""The pages of the deep-linear studies, in small: their numbers and their words agree."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.report import Picture, Table
from thalweg.studies.deep_linear import (
    completion_page,
    generalization_page,
    prior_page,
    tree_page,
)


def blocks(outcome, kind):
    return [b for section in outcome.page.sections for b in section.blocks if isinstance(b, kind)]


def names(outcome):
    return {p.name for p in blocks(outcome, Picture)}


@pytest.mark.long
def test_regimes_and_their_theory():
    found = prior_page.study(points=3)
    assert names(found) == {"kernel-change", "gram"}
    assert all(np.max(v["theory_error"]) < 1e-6 for v in found.values.values())
    (table,) = blocks(found, Table)
    square = found.values["square"]["kernel_change"]
    assert table.rows[0][1:] == [f"{value:.3g}" for value in square]


@pytest.mark.long
def test_stopping_times_by_ratio():
    found = generalization_page.study(ratios=(1.0, 3.0), num_inputs=20, trials=4)
    (table,) = blocks(found, Table)
    assert [row[0] for row in table.rows] == ["1", "3"]
    one, three = found.values["curves"]
    assert one["test"].max() - one["test"].min() > three["test"].max() - three["test"].min()
    assert table.rows[0][2] == f"{one['best_time_theory']:.3g}"
    assert names(found) == {"errors"}


@pytest.mark.long
def test_a_tree_in_small():
    found = tree_page.study(features=60, branching=2, hidden=(16, 16), num_saves=121)
    assert names(found) == {"levels", "modes", "similarity", "item-map"}
    for run in found.values.values():
        assert np.all(np.diff(run["half_steps"]) > 0)
    assert "the relu network learned the upper levels first" in found.page.lead
    shallow = tree_page.study(
        features=20, depth=1, branching=2, hidden=(4,), num_steps=40, num_saves=3
    )
    assert "fewer than two levels" in shallow.page.lead
    with pytest.raises(tw.DivergenceError, match="take a smaller learning_rate than 5"):
        tree_page.study(features=20, branching=2, hidden=(8,), learning_rate=5.0, num_steps=400)


@pytest.mark.long
def test_completion_and_a_recommender(tmp_path):
    rng = np.random.default_rng(0)
    taste, kind = rng.standard_normal(25), rng.standard_normal(20)
    lines = [
        f"{user}\t{item}\t{3 + taste[user] * kind[item]:.2f}\t0"
        for user in range(25)
        for item in rng.choice(20, 14, replace=False)
    ]
    path = tmp_path / "u.data"
    path.write_text("\n".join(lines))
    small = {"size": 12, "rank": 1, "counts": (70,), "depths": (2, 3), "max_steps": 4000}
    found = completion_page.study(**small, data=path)
    assert names(found) == {"reconstruction", "singular-values"}
    made = found.values["recommenders"]
    assert made[0]["rmse"] < 0.7 * made[0]["rmse_of_means"]
    tables = blocks(found, Table)
    assert [row[0] for row in tables[-1].rows] == ["depth 2", "depth 3", "means of users and items"]
    assert [row[1] for row in tables[0].rows] == ["depth 2", "depth 3", "nuclear norm"]
    assert found.warnings == ()
    errors = [run["error"] for run in found.values["70"]["depths"]]
    assert min(errors) < 0.05
    with pytest.raises(tw.StoreError, match="cannot be read"):
        completion_page.study(**small, data=tmp_path / "nothing")
