"""Study `boltzmann-digits`: a restricted machine learns digits, and draws some."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.data import load_digits
from thalweg.energies import Pairwise
from thalweg.learning import PersistentDivergence, Updates, learn_density
from thalweg.plot.style import (
    BLUE,
    GREY,
    SMALL,
    VERMILLION,
    new_axes,
    new_panels,
    with_minus,
)
from thalweg.report import Page, Picture, Section, Table, Text, picture
from thalweg.sampling import Annealed, BlockGibbs, Exact, free_energy, log_partition
from thalweg.simulation import simulate
from thalweg.studies.checks import require_counts, require_positive
from thalweg.studies.result import StudyResult

_ENUMERATED = 16  # hidden units of which all states are summed
_WEIGHTS = 0.01  # the size of the first couplings
_SHOWN, _ROWS = 30, 3  # digits of a picture
_SWEEPS = 3000  # from a random state to a digit that is shown
_LEAST_SHARE = 0.01  # of pixels that are never on, so that their first field is finite


@dataclass(frozen=True)
class Look:
    """The machine at a moment of learning.

    Attributes:
        updates: how many there were.
        train: log p of a digit that was learned from, the mean, in nats.
        test: the same of others.
        error: the standard error of log Z, which both share.
    """

    updates: int
    train: float
    test: float
    error: float


def study(
    *,
    hidden: int = 64,
    updates: int = 3000,
    stages: int = 5,
    chains: int = 100,
    rate: float = 1e-2,
    temperatures: int = 1000,
    seed: int = 0,
) -> StudyResult:
    """Train a restricted Boltzmann machine on digits by persistent contrastive divergence.

    Arguments:
        hidden: how many hidden units; up to 16, log Z is exact, else annealed.
        updates: of a stage.
        stages: how many, each at a lower rate; log p is taken after each.
        chains: persistent chains, and digits an update.
        rate: the learning rate of the first stage.
        temperatures: steps of the annealing.
        seed: the randomness.

    Raises:
        InputError: a setting makes no sense, or scikit-learn is not installed.

    References:
        Smolensky (1986); Hinton (2002); Tieleman (2008); Salakhutdinov & Murray (2008).
    """
    require_counts(hidden=hidden, updates=updates, stages=stages, temperatures=temperatures)
    require_counts(2, chains=chains)
    require_counts(0, seed=seed)
    require_positive(rate=rate)
    if rate >= 1.0:
        raise InputError(f"rate must be below 1, got {rate}.")
    train, test, side = bits()
    key = jax.random.key(seed)
    machine = first_machine(train, hidden, np.random.default_rng(seed))
    looks = [look_at(machine, 0, train, test, temperatures, key)]
    for stage in range(stages):
        how = Updates(updates, rate / (1 + stage), chains)
        method = PersistentDivergence(BlockGibbs(1.0), chains, 1, how)
        own = jax.random.fold_in(key, stage)
        machine = learn_density(machine, train, method, key=own).energy
        looks.append(look_at(machine, (stage + 1) * updates, train, test, temperatures, own))
    drawn = _drawn(machine, train.shape[1], jax.random.fold_in(key, stages))
    return _outcome(looks, drawn, machine, train, test, side)


def bits() -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Digits in black and white, to learn from and others, and their rows and columns."""
    images = load_digits()
    both = (
        part.reshape(len(part), -1) >= images.brightest / 2
        for part in (images.train_images, images.test_images)
    )
    train, test = (part.astype(np.float64) for part in both)
    return train, test, images.train_images.shape[1:]


def first_machine(train: np.ndarray, hidden: int, rng: np.random.Generator) -> Pairwise:
    """A machine that knows how often each pixel is on, and nothing more."""
    shares = np.clip(train.mean(axis=0), _LEAST_SHARE, 1.0 - _LEAST_SHARE)
    weights = _WEIGHTS * rng.standard_normal((train.shape[1], hidden))
    return Pairwise.rbm(weights, np.log(shares / (1.0 - shares)), np.zeros(hidden))


def look_at(
    machine: Pairwise, updates: int, train: Any, test: Any, temperatures: int, key: jax.Array
) -> Look:
    """log p of a digit."""
    hidden = machine.size - train.shape[1]
    exact = hidden <= _ENUMERATED
    method = Exact() if exact else Annealed(temperatures, 500)
    log_z = log_partition(machine, 1.0, method, key=key)
    with jax.enable_x64(True):
        levels = [-float(np.mean(_free(machine, rows)) + log_z.value) for rows in (train, test)]
    return Look(updates, levels[0], levels[1], 0.0 if exact else log_z.error)


@eqx.filter_jit
def _free(machine: Pairwise, rows: Any) -> jax.Array:
    """The free energy of digits."""
    hidden = machine.size - rows.shape[1]
    states = jnp.concatenate([rows, jnp.zeros((len(rows), hidden))], axis=1)
    is_hidden = np.arange(machine.size) >= rows.shape[1]
    return jax.vmap(lambda state: free_energy(machine, state, 1.0, is_hidden))(states)


def _drawn(machine: Pairwise, visible: int, key: jax.Array) -> np.ndarray:
    """Digits from random states: the chances of their pixels after the last sweep."""
    kernel = BlockGibbs(1.0).kernel(machine)
    starts = np.asarray(machine.random(key, _SHOWN), np.float32)
    ends = [
        simulate(kernel, start, steps=_SWEEPS, save="end", key=jax.random.fold_in(key, i)).final
        for i, start in enumerate(starts)
    ]
    fields = np.array([np.asarray(machine.local_fields(end))[:visible] for end in ends])
    return 1.0 / (1.0 + np.exp(-fields))


def _independent(train: np.ndarray, rows: np.ndarray) -> float:
    """log p of a digit by pixels that know nothing of one another."""
    shares = np.clip(train.mean(axis=0), _LEAST_SHARE, 1.0 - _LEAST_SHARE)
    logs = rows * np.log(shares) + (1.0 - rows) * np.log1p(-shares)
    return float(np.mean(np.sum(logs, axis=1)))


def _outcome(
    looks: Sequence[Look],
    drawn: np.ndarray,
    machine: Pairwise,
    train: np.ndarray,
    test: np.ndarray,
    side: tuple[int, int],
) -> StudyResult:
    alone = _independent(train, test)
    hidden = machine.size - train.shape[1]
    by = "by enumeration" if hidden <= _ENUMERATED else "by annealed importance sampling"
    rows = [
        [
            f"{look.updates:,}",
            *(with_minus(f"{x:.2f}") for x in (look.train, look.test, look.error)),
        ]
        for look in looks
    ]
    told = (
        f"log p of a digit in nats, log Z {by}. Pixels that know nothing of one another have "
        f"{with_minus(f'{alone:.2f}')} on the test."
    )
    page = Page(
        "A restricted machine learns digits",
        with_minus(
            f"{hidden} hidden units raise log p of a digit from {looks[0].test:.1f} to "
            f"{looks[-1].test:.1f} nats, of digits that were not learned from."
        ),
        [
            Section(
                "Likelihood",
                [
                    Table(["updates", "learned from", "others", "error of log Z"], rows, told),
                    _course(looks, alone),
                ],
            ),
            Section("Digits", [Text(_ABOUT_DIGITS), _digits(train, drawn, side)]),
        ],
    )
    values = {
        "updates": [look.updates for look in looks],
        "train": [look.train for look in looks],
        "test": [look.test for look in looks],
        "error": [look.error for look in looks],
        "independent": alone,
        "drawn": drawn,
    }
    return StudyResult(page, values)


_ABOUT_DIGITS = (
    f"Each drawn digit is the end of a chain of its own, {_SWEEPS} sweeps from a state in which "
    f"every value is as likely; shown are the chances of its pixels."
)


def _course(looks: Sequence[Look], alone: float) -> Picture:
    axes = new_axes(4.8, 3.2)
    updates = [look.updates for look in looks]
    axes.plot(updates, [look.train for look in looks], "o-", color=BLUE, label="learned from")
    axes.errorbar(
        updates, [look.test for look in looks], [2.0 * look.error for look in looks],
        fmt="s-", color=VERMILLION, label="others",
    )  # fmt: skip
    axes.axhline(alone, color=GREY, linestyle=":", label="independent pixels")
    axes.set_xlabel("updates", fontsize=SMALL)
    axes.set_ylabel("log p of a digit (nats)", fontsize=SMALL)
    axes.legend(fontsize=SMALL)
    return picture(
        axes, "likelihood", "log p of a digit over updates; bars are two standard errors.",
        "log p of a digit over updates",
    )  # fmt: skip


def _digits(train: np.ndarray, drawn: np.ndarray, side: tuple[int, int]) -> Picture:
    panels = new_panels(1, 2, 4.2, 1.6)[:, 0]
    for axes, images, title in (
        (panels[0], train[:_SHOWN], "learned from"),
        (panels[1], drawn, "drawn"),
    ):
        axes.imshow(
            _tiled(images, side), cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest"
        )
        axes.set_title(title, fontsize=SMALL)
        axes.set_xticks([])
        axes.set_yticks([])
    return picture(
        panels[0], "digits", "Digits that were learned from, and digits that the machine drew.",
        "Digits of the data and of the machine",
    )  # fmt: skip


def _tiled(images: np.ndarray, side: tuple[int, int]) -> np.ndarray:
    """Images side by side, with a line of white between them."""
    cells = np.pad(images.reshape(_ROWS, -1, *side), ((0, 0), (0, 0), (0, 1), (0, 1)))
    return np.concatenate([np.concatenate(list(row), axis=1) for row in cells], axis=0)
