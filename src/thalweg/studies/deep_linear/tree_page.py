"""Study `deep-linear-tree`: its page. The numbers are `tree`'s."""

import itertools

import jax
import numpy as np

from thalweg.core.progress import Progress
from thalweg.data import hierarchical_trees
from thalweg.plot.style import COLOURS, GREY, INK, SMALL, new_panels
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.studies.checks import require_counts, require_positive
from thalweg.studies.deep_linear.tree import ACTIVATIONS, Differentiation, tree_differentiation
from thalweg.studies.result import StudyResult

Runs = dict[str, Differentiation]
_MOST_MODES = 16  # curves in a figure; a tree of depth 5 has 16


def study(
    *,
    features: int = 100,
    depth: int = 3,
    branching: int = 4,
    flip_probability: float = 0.05,
    hidden: tuple[int, ...] = (64, 128, 128),
    learning_rate: float = 2e-3,
    num_steps: int = 12_000,
    num_saves: int = 241,
    seed: int = 0,
) -> StudyResult:
    """Items of a tree told apart by networks, level by level, linear and ReLU.

    Online gradient descent, one item a step.

    References:
        Saxe, McClelland & Ganguli (2019), arXiv:1810.10531.
    """
    require_counts(features=features, depth=depth, branching=branching, num_steps=num_steps)
    require_counts(2, num_saves=num_saves)
    require_positive(learning_rate=learning_rate)
    key = jax.random.key(seed)
    data = hierarchical_trees(features, depth, branching, flip_probability, key=key)
    runs: Runs = {}
    with Progress("networks", len(ACTIVATIONS), unit="network") as progress:
        for name in ACTIVATIONS:
            runs[name] = tree_differentiation(
                name,
                data=data,
                hidden=hidden,
                learning_rate=learning_rate,
                num_steps=num_steps,
                num_saves=num_saves,
                key=key,
            )
            progress.update(len(runs))
    seen = next(iter(runs.values())).steps[-1]
    sizes = "–".join(map(str, (data.num_items, *hidden, features)))
    page = Page(
        "Deep linear networks: a tree is learned from its root",
        _lead(runs),
        [
            Section("Levels of the tree", [_levels(runs), _table(runs)]),
            Section("Singular modes", [_modes(runs)]),
            Section("What resembles what", [_similarities(runs), _maps(runs)]),
            Section(
                "Setting",
                [
                    Text(
                        f"{data.num_items} items with {features} features of ±1 that branch "
                        f"{branching} ways at each of {depth} levels and flip with probability "
                        f"{flip_probability:g} along each edge; layers {sizes}; online gradient "
                        f"descent, η = {learning_rate:g}, {seen:,} items seen."
                    )
                ],
            ),
        ],
    )
    values = {
        name: {
            "steps": run.steps,
            "level_progress": run.level_progress(),
            "half_steps": run.half_steps(),
            "errors": run.errors,
        }
        for name, run in runs.items()
    }
    return StudyResult(page, values)


def _lead(runs: Runs) -> str:
    said: dict[str, list[str]] = {}
    for name, run in runs.items():
        halves = run.half_steps()
        known = halves[np.isfinite(halves)]
        if len(known) < 2:
            how = "learned fewer than two levels"
        elif np.all(np.diff(known) > 0):
            how = "learned the upper levels first"
        else:
            how = "did not learn the levels in order"
        said.setdefault(how, []).append(f"the {name} network")
    parts = [f"{' and '.join(who)} {how}" for how, who in said.items()]
    return (
        f"Progressive differentiation: branches near the root of a tree of items vary most, so a "
        f"deep network learns to tell them apart first. Here {'; '.join(parts)}."
    )


def _levels(runs: Runs) -> Picture:
    panels = new_panels(len(runs), 1, 3.6, 2.9, sharey=True)[0]
    for axes, (name, run) in zip(panels, runs.items(), strict=True):
        for level, progress in enumerate(run.level_progress().T):
            axes.plot(
                run.steps, progress, color=COLOURS[level % len(COLOURS)], label=f"level {level + 1}"
            )
        axes.axhline(1.0, color=GREY, linewidth=0.7)
        axes.set_title(name, fontsize=SMALL + 1)
        axes.set_xlabel("items seen")
    panels[0].set_ylabel("share learned")
    panels[0].legend(fontsize=SMALL, frameon=False)
    return picture(
        panels[0],
        "levels",
        "Of what tells siblings apart at each level of the tree, the share that is learned.",
        "Learned share of each level of the tree",
    )


def _table(runs: Runs) -> Table:
    count = len(next(iter(runs.values())).data.branching)
    rows = [
        [name, *(f"{s:,.0f}" if np.isfinite(s) else "–" for s in run.half_steps())]
        for name, run in runs.items()
    ]
    header = ["network", *(f"level {level + 1}" for level in range(count))]
    return Table(header, rows, "Items seen until half of each level is learned; – where never.")


def _modes(runs: Runs) -> Picture:
    panels = new_panels(len(runs), 1, 3.6, 2.9, sharey=True)[0]
    for axes, (name, run) in zip(panels, runs.items(), strict=True):
        learned, goal = run.mode_strengths()
        for i in range(min(len(goal), _MOST_MODES)):
            colour = COLOURS[i % len(COLOURS)]
            axes.plot(run.steps, learned[:, i], color=colour, linewidth=1.1)
            axes.plot(run.steps[-1], goal[i], "<", color=colour, markersize=4, clip_on=False)
        axes.set_title(name, fontsize=SMALL + 1)
        axes.set_xlabel("items seen")
    panels[0].set_ylabel("mode strength")
    many = max(len(run.mode_strengths()[1]) for run in runs.values()) > _MOST_MODES
    which = f"the strongest {_MOST_MODES}" if many else "the"
    return picture(
        panels[0],
        "modes",
        f"Strength of {which} singular modes of the items' features in the network's outputs; "
        f"marks at the right: what there is to learn.",
        "Mode strengths over learning",
    )


def _similarities(runs: Runs) -> Picture:
    shown = _moments(next(iter(runs.values())))
    panels = new_panels(len(shown), len(runs), 1.9, 1.95, sharex=True, sharey=True)
    drawn = None
    for row, (name, run) in zip(panels, runs.items(), strict=True):
        order = np.lexsort(run.data.labels.T[::-1])
        for axes, index in zip(row, shown, strict=True):
            overlap = run.similarity()[index][np.ix_(order, order)]
            drawn = axes.imshow(overlap, cmap="PuOr_r", vmin=-1.0, vmax=1.0)
            axes.set_title(f"{run.steps[index]:,}", fontsize=SMALL + 1)
            axes.set_xticks([])
            axes.set_yticks([])
        row[0].set_ylabel(name)
    figure = panels[0, 0].get_figure(root=True)
    bar = figure.colorbar(drawn, ax=panels, shrink=0.8, pad=0.01, label="overlap")
    bar.ax.tick_params(labelsize=SMALL)
    return picture(
        panels[0, 0],
        "similarity",
        "Overlap of the outputs for every pair of items, in the order of the tree's leaves, after "
        "so many items seen: blocks split into blocks.",
        "Similarity of items over learning",
    )


def _moments(run: Differentiation) -> list[int]:
    """Four states: after each of the first levels was half learned and a little, and the end."""
    halves = run.half_steps()
    halves = halves[np.isfinite(halves)]
    between = [0.5 * (a + b) for a, b in itertools.pairwise(halves)]
    wanted = [0.5 * halves[0], *between, run.steps[-1]] if len(halves) else [0.0, run.steps[-1]]
    return sorted({int(np.argmin(np.abs(run.steps - w))) for w in wanted})


def _maps(runs: Runs) -> Picture:
    panels = new_panels(len(runs), 1, 3.4, 3.2)[0]
    for axes, (name, run) in zip(panels, runs.items(), strict=True):
        places, branch = run.item_map(), run.data.clusters(1)
        for item in range(run.data.num_items):
            colour = COLOURS[branch[item] % len(COLOURS)]
            axes.plot(*places[:, item].T, color=colour, linewidth=0.6, alpha=0.7)
            axes.plot(*places[-1, item], "o", color=colour, markersize=3)
        axes.plot(0.0, 0.0, "+", color=INK)
        axes.set_title(name, fontsize=SMALL + 1)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_aspect("equal", adjustable="datalim")
    return picture(
        panels[0],
        "item-map",
        "Items in the plane of most variance of what was learned in the end; lines: their way "
        "there from the middle, colours: the branch at the root. They leave together and part.",
        "Items in the plane over learning",
    )
