"""The studies by name, readable without importing JAX.

To add one, write its module in this room and enrol it here by one row.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from thalweg.core.errors import InputError
from thalweg.core.nearby import did_you_mean


@dataclass(frozen=True)
class Entry:
    """A study.

    Attributes:
        name: what the command line calls it.
        target: where its function lives, `"module:function"`. It takes settings by keyword, `seed`
            among them, and returns a `StudyResult`. Where it reads files it also takes `data`,
            their folder; where it keeps files of its own, `folder`, that of its output (None:
            no files).
        summary: one line, at most 44 characters (a line of `list` holds 80).
        quick: the settings in which `--quick` differs: the same study, small, in under a minute.
    """

    name: str
    target: str
    summary: str
    quick: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Callable[..., Any]:
        """Its function; imports JAX."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(f"thalweg.studies.{module}"), name)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "boltzmann-digits",
        "boltzmann.digits:study",
        "A restricted machine learns and draws digits",
        quick={"hidden": 12, "updates": 800, "stages": 2},
    ),
    Entry(
        "deep-linear-completion",
        "deep_linear.completion_page:study",
        "Depth alone completes matrices of low rank",
        quick={"size": 30, "rank": 2, "counts": (300, 500), "max_steps": 60_000},
    ),
    Entry(
        "deep-linear-generalization",
        "deep_linear.generalization_page:study",
        "When to stop learning from a noisy teacher",
        quick={"num_inputs": 40, "trials": 20},
    ),
    Entry(
        "deep-linear-modes",
        "deep_linear.modes:study",
        "Deep networks learn mode after mode",
    ),
    Entry(
        "deep-linear-prior",
        "deep_linear.prior_page:study",
        "Rich and lazy learning, by which layer leads",
        quick={"points": 11},
    ),
    Entry(
        "deep-linear-tree",
        "deep_linear.tree_page:study",
        "A tree of items is learned from its root",
        quick={"branching": 2, "features": 60, "hidden": (16, 16)},
    ),
    Entry(
        "equilibrium-propagation",
        "equilibrium_propagation.page:study",
        "Digits from the difference of two rests",
        quick={"digits": True},
    ),
    Entry(
        "hopfield-capacity",
        "hopfield.capacity:study",
        "How many patterns Hebb's rule holds",
        quick={
            "sizes": (80, 160, 320),
            "loads": (0.10, 0.14, 0.18, 0.22, 0.26, 0.32),
            "networks": 4,
            "patterns": 10,
        },
    ),
    Entry(
        "hopfield-mnist",
        "hopfield.mnist:study",
        "A layer that follows an energy reads digits",
        quick={"digits": True, "epochs": 3},
    ),
    Entry(
        "inverse-energy",
        "inverse_energy.page:study",
        "Energies learned back from what they made",
        quick={"truths": ("double-well", "grid-world"), "effort": 0.25, "ablations": False},
    ),
    Entry(
        "normalization-adaptation",
        "normalization.adaptation_page:study",
        "Tuning before and after adaptation",
        quick={"neurons": 36, "steps": 400},
    ),
    Entry(
        "normalization-energy",
        "normalization.energy_page:study",
        "Does adaptation go down its energy?",
        quick={"neurons": 8, "steps": 100, "points": 120, "samples": 200},
    ),
    Entry(
        "normalization-stability",
        "normalization.stability_page:study",
        "Where adapting weights settle, over α and β",
        quick={"points": 60, "steps": 300},
    ),
)


def find(name: str) -> Entry:
    """The study of that name.

    Raises:
        InputError: there is none; the message offers the nearest names.
    """
    by_name = {entry.name: entry for entry in ENTRIES}
    if name in by_name:
        return by_name[name]
    offer = did_you_mean(name, by_name, otherwise="`thalweg list` shows all of them.")
    raise InputError(f"There is no study {name!r}. {offer}")
