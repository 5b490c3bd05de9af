"""Study `deep-linear-completion`: its page. The numbers are `completion`'s and `ratings`'."""

import importlib.util
from pathlib import Path

import jax
import numpy as np

from thalweg.core.errors import ConvergenceError
from thalweg.core.extras import not_installed
from thalweg.core.progress import Progress
from thalweg.plot.style import COLOURS, GREY, SMALL, new_panels
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_list, require_positive
from thalweg.studies.deep_linear.completion import (
    Completion,
    complete,
    nuclear_norm_completion,
    random_low_rank,
)
from thalweg.studies.deep_linear.ratings import Recommender, read_ratings, recommend
from thalweg.studies.result import StudyResult

Runs = dict[int, list[Completion]]
_BASELINE = "The nuclear-norm baseline, which was left out,"


def study(
    *,
    size: int = 100,
    rank: int = 5,
    counts: tuple[int, ...] = (2000, 5000),
    depths: tuple[int, ...] = (2, 3, 4),
    scale: float = 1e-3,
    max_steps: int = 200_000,
    data: Path | None = None,
    seed: int = 0,
) -> StudyResult:
    """Matrix completion by products of matrices, by depth; and a recommender from a ratings file.

    `data` is a MovieLens file (`u.data`, `ratings.dat` or `ratings.csv`); without one the
    recommender is left out.

    Raises:
        InputError, StoreError: the ratings file cannot be read or is none.

    References:
        Arora, Cohen, Hu & Luo (2019), arXiv:1905.13655.
    """
    require_counts(size=size, rank=rank)
    require_counts(100, max_steps=max_steps)
    require_list(counts=counts, depths=depths)
    require_positive(scale=scale)
    key = jax.random.key(seed)
    ratings = None if data is None else read_ratings(data)
    runs: Runs = {}
    baselines: dict[int, float] = {}
    warnings: list[str] = []
    with Progress("completions", len(counts) * len(depths), unit="run") as progress:
        for count in counts:
            observed = random_low_rank(size, rank, count, key)
            runs[count] = []
            for depth in depths:
                found = complete(observed, depth, scale=scale, max_steps=max_steps, key=key)
                runs[count].append(found)
                progress.update(sum(map(len, runs.values())))
            assert observed.truth is not None
            if importlib.util.find_spec("cvxpy") is None:
                warnings = [not_installed(_BASELINE, "CVXPY", "studies")]
                continue
            try:
                guess = nuclear_norm_completion(observed)
            except ConvergenceError as error:
                warnings.append(f"No nuclear-norm baseline from {count:,} entries: {error}")
                continue
            gap = np.linalg.norm(guess - observed.truth)
            baselines[count] = float(gap / np.linalg.norm(observed.truth))
    warnings += [
        f"Depth {run.depth} did not fit the {count:,} entries within {run.steps[-1]:,} steps."
        for count, found in runs.items()
        for run in found
        if not run.converged
    ]
    sections = [
        Section("Reconstruction", [_table(runs, baselines), _errors(runs, baselines)]),
        Section("Singular values", [_singular_values(runs, rank), _setting(size, rank, scale)]),
    ]
    values: dict[str, object] = {
        str(count): {
            "nuclear_norm_error": baselines.get(count),
            "depths": [
                {
                    "depth": r.depth,
                    "error": r.error[-1],
                    "effective_rank": r.effective_rank,
                    "steps": int(r.steps[-1]),
                    "converged": r.converged,
                    "error_over_steps": r.error,
                    "saved_steps": r.steps,
                }
                for r in found
            ],
        }
        for count, found in runs.items()
    }
    if ratings is not None:
        made = [
            recommend(ratings, depth, key=key, max_steps=max_steps, goal=0.3) for depth in depths
        ]
        shape = f"{len(ratings.user_names)} users, {len(ratings.item_names)} items"
        sections.append(Section("A recommender", [_recommenders(made, shape, len(ratings.values))]))
        values["recommenders"] = [
            {"depth": m.completion.depth, "rmse": m.test_error, "rmse_of_means": m.baseline_error}
            for m in made
        ]
    page = Page("Deep linear networks: matrix completion", _lead(runs, rank), sections)
    return StudyResult(page, values, tuple(warnings))


def _lead(runs: Runs, rank: int) -> str:
    count, found = next(iter(runs.items()))
    shallow, best = found[0], min(found, key=lambda run: run.error[-1])
    said = (
        f"from {count:,} entries depth {shallow.depth} leaves an error of {shallow.error[-1]:.2g}"
    )
    if best is not shallow:
        said += f", depth {best.depth} one of {best.error[-1]:.2g}"
    return (
        f"A product of matrices is fitted to some entries of a matrix of rank {rank} by gradient "
        f"descent from a small start; nothing asks for low rank, and it is judged on the others: "
        f"{said}."
    )


def _table(runs: Runs, baselines: dict[int, float]) -> Table:
    rows = []
    for count, found in runs.items():
        rows += [
            [
                f"{count:,}",
                f"depth {r.depth}",
                f"{r.error[-1]:.3g}",
                f"{r.effective_rank:.2f}",
                f"{r.steps[-1]:,}" + ("" if r.converged else " (budget spent)"),
            ]
            for r in found
        ]
        if count in baselines:
            rows.append([f"{count:,}", "nuclear norm", f"{baselines[count]:.3g}", "", ""])
    return Table(
        ["entries", "method", "error", "effective rank", "steps"],
        rows,
        "Relative error |W − truth| / |truth| over all entries, and the exponential of the entropy "
        "of the singular values.",
    )


def _errors(runs: Runs, baselines: dict[int, float]) -> Picture:
    panels = new_panels(len(runs), 1, 3.6, 2.9, sharey=True)[0]
    for axes, (count, found) in zip(panels, runs.items(), strict=True):
        for run, colour in zip(found, COLOURS, strict=False):
            axes.loglog(
                np.maximum(run.steps, 1), run.error, color=colour, label=f"depth {run.depth}"
            )
        if count in baselines:
            axes.axhline(baselines[count], color=GREY, linestyle="--", label="nuclear norm")
        axes.set_title(f"{count:,} entries", fontsize=SMALL + 1)
        axes.set_xlabel("step")
    panels[0].set_ylabel("relative error")
    panels[-1].legend(fontsize=SMALL, frameon=False)
    return picture(
        panels[0],
        "reconstruction",
        "Error over all entries of the matrix while the observed ones are fitted.",
        "Reconstruction error over training by depth",
    )


def _singular_values(runs: Runs, rank: int) -> Picture:
    count, found = next(iter(runs.items()))
    panels = new_panels(len(found), 1, 2.6, 2.6, sharey=True)[0]
    for axes, run in zip(panels, found, strict=True):
        for i, values in enumerate(run.singular_values.T):
            axes.plot(
                np.maximum(run.steps, 1), values, color=COLOURS[i % 7] if i < rank else GREY,
                linewidth=1.2 if i < rank else 0.8,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_title(f"depth {run.depth}, {count:,} entries", fontsize=SMALL + 1)
        axes.set_xlabel("step")
    panels[0].set_ylabel("singular value")
    return picture(
        panels[0],
        "singular-values",
        f"The largest singular values of the product over training; beyond the {rank} of the truth "
        f"in grey.",
        "Singular values over training by depth",
    )


def _setting(size: int, rank: int, scale: float) -> Text:
    return Text(
        f"{size} × {size} matrices of rank {rank} with Gaussian factors; all factors square; the "
        f"start's product has singular values of size {scale:g}."
    )


def _recommenders(made: list[Recommender], shape: str, count: int) -> Table:
    rows = [
        [f"depth {m.completion.depth}", f"{m.test_error:.4f}", f"{m.completion.effective_rank:.2f}"]
        for m in made
    ]
    rows.append(["means of users and items", f"{made[0].baseline_error:.4f}", ""])
    return Table(
        ["method", "test error", "effective rank"],
        rows,
        f"{count:,} ratings, {shape}: root mean squared error on the tenth that was held out.",
    )
