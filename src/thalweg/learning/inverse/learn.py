"""The verb that learns an energy from data."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from thalweg.analysis import find_equilibria
from thalweg.core.about import About
from thalweg.core.checks import check_made
from thalweg.core.domains import Box
from thalweg.core.errors import DivergenceError, InputError
from thalweg.core.randomness import check_key, host_generator
from thalweg.core.trees import in_float64
from thalweg.dynamics import SteepestDescent
from thalweg.learning.inverse.certificates import Certificates, Demands, certify
from thalweg.learning.inverse.data import Data
from thalweg.learning.inverse.identified import Identified
from thalweg.learning.inverse.result import LearnedEnergy, Learning
from thalweg.learning.inverse.training import Trained, Training, train

_MARGIN = 0.1  # how far beyond the data minima are sought, as a share of their extent
_FEW_COORDINATES = 3  # in more, random starts in a box are far from all data
_STARTS = 256  # a basin of 1.2 % of the starts' volume is met with 95 %


def learn_energy(
    energy: Callable[..., Any],
    data: Data,
    *,
    key: jax.Array,
    training: Training | None = None,
    demands: Demands | None = None,
    domain: Box | None = None,
) -> LearnedEnergy:
    r"""Learn the energy that a system goes down on, from observations of the system.

    The floating numbers of `energy` are fitted to the data in float32; what comes out is asked,
    in float64, whether it explains each datum (and not by being flat), where its minima are, and at
    which of them no datum comes to rest.

    Arguments:
        energy: what to train: a pytree that can be called, `state → scalar`. A
            `tw.energies.ConfinedNetwork` is bounded below whatever its weights.
        data: `Trajectories`, `Paths`, `Pairs`, `Points`, `Samples` or `Langevin`. What they
            determine of the energy differs: `found.identified` says it.
        key: the randomness of batches and of learned starts.
        training: how long and how fast.
        demands: what is asked of the result.
        domain: where minima are sought: a box round the data unless given.

    Raises:
        InputError: the energy has nothing to learn or does not fit the data, or an option is none.
        DivergenceError: the loss left the finite, or the energy learned falls without bound.

    Example:
        >>> import jax, numpy as np, thalweg as tw
        >>> runs = np.array([[[2.0 * 0.5**t], [-0.5**t]] for t in range(9)]).swapaxes(0, 1)
        >>> bowl = tw.energies.Quadratic(np.eye(1))
        >>> data = tw.learning.Trajectories(runs, step=0.1)
        >>> short = tw.learning.Training(updates=500, rate=0.1)
        >>> found = tw.learn_energy(bowl, data, key=jax.random.key(0), training=short)
        >>> print(np.round(found.energy.matrix, 2), found.certificates.title)
        [[5.]] 2 of 2 runs certified
    """
    check_made("learn_energy: energy", energy)
    if not isinstance(data, Data):
        raise InputError(
            f"learn_energy: data must be Trajectories, Paths, Pairs, Points, Samples or Langevin "
            f"of tw.learning, got {type(data).__name__}."
        )
    for name, value, kind in (("training", training, Training), ("demands", demands, Demands)):
        if value is not None and not isinstance(value, kind):
            raise InputError(
                f"learn_energy: {name} must be a tw.learning.{kind.__name__}(…), got {value!r}."
            )
    if key is None:
        raise InputError("learn_energy: key must be one key, such as jax.random.key(0), got None.")
    check_key(key, "learn_energy: key")
    if domain is not None:
        _check_domain(domain, data)
    how = Training() if training is None else training
    trained = train([energy], data, how, key)
    return judge(trained, data, demands=demands, domain=domain, key=key)


def _check_domain(domain: Any, data: Data) -> None:
    """Refuse a place to look for minima in which the data's states are none."""
    if not isinstance(domain, Box):
        raise InputError(f"learn_energy: domain must be a Box, got {domain!r}.")
    layout = domain.chart().layout
    if layout.shapes != ((data.size,),):
        raise InputError(
            f"learn_energy: domain holds states of shapes {list(layout.shapes)}, but those of the "
            f"data have the shape ({data.size},)."
        )


def judge(
    trained: Trained,
    data: Data,
    index: int = 0,
    *,
    demands: Demands | None = None,
    domain: Box | None = None,
    key: jax.Array | None = None,
) -> LearnedEnergy:
    """The evidence for one of the candidates that were trained."""
    found = in_float64(trained.candidates[index])
    energy, hidden = found.energy, found.hidden
    starts = np.asarray(hidden) if data.learns_starts else None
    certificates = certify(energy, data, starts, demands=demands)
    _check_bounded(certificates, data)
    flow = SteepestDescent(energy)
    domain = _around(data) if domain is None else domain
    given = _STARTS if data.size <= _FEW_COORDINATES else _some_states(data, certificates, key)
    equilibria = find_equilibria(flow, domain, starts=given, key=key)
    fitted = trained.fitted
    learning = Learning(
        np.array([record.metrics["mean"] for record in fitted.history]),
        float(trained.held_out[index]),
        trained.updates,
        sum(record.seconds for record in fitted.history),
        fitted.result,
    )
    with jax.enable_x64(True):
        rule = data.rule(energy)
    return LearnedEnergy(
        certificates=certificates,
        identified=Identified(data.kind, data.missing()),
        equilibria=equilibria,
        supported=_supported(equilibria.states, certificates),
        learning=learning,
        words=data.words,
        starts=starts,
        temperature=float(np.exp(hidden)) if data.kind == "langevin" else float("nan"),
        energy=energy,
        rule=rule,
        about=About(type(energy).__name__, "flow", equilibria.about.names, domain),
    )


def _supported(states: Any, certificates: Certificates) -> tuple[int, ...]:
    """The number of data that rest at each state: the nearest one, within the distance."""
    if not len(states):
        return ()
    with np.errstate(over="ignore"):  # what has run away is near nothing
        gaps = np.linalg.norm(certificates.rests[:, None] - np.asarray(states), axis=2)
    nearest = np.argmin(gaps, axis=1)
    is_near = (np.min(gaps, axis=1) <= certificates.distance) & certificates.is_settled
    return tuple(int(np.sum(is_near & (nearest == i))) for i in range(len(states)))


def _around(data: Data) -> Box:
    """The box of the data, somewhat larger."""
    low, high = np.min(data.states, axis=0), np.max(data.states, axis=0)
    margin = _MARGIN * np.max(high - low)
    return Box(low - margin, high + margin)


def _some_states(data: Data, certificates: Certificates, key: jax.Array | None) -> np.ndarray:
    """Starts of a search near the data: their rests, and states of theirs at random."""
    rests = certificates.rests[certificates.is_settled]
    count = max(_STARTS - len(rests), _STARTS // 2)
    rows = host_generator(key).integers(len(data.states), size=count)
    return np.concatenate([rests, data.states[rows]])


def _check_bounded(certificates: Certificates, data: Data) -> None:
    """Refuse an energy down which data run off to infinity."""
    lost = ~np.all(np.isfinite(certificates.rests), axis=1)
    if np.any(lost):
        raise DivergenceError(
            f"learn_energy: {np.sum(lost)} of {data.words} run off to infinity down the energy "
            f"that was learned (the first: {data.noun} {int(np.argmax(lost))}): it falls without "
            f"bound there. Add a bowl to it (tw.energies.ConfinedNetwork has one), or give data of "
            f"more places."
        )
