"""The verb that learns the energy of a law from draws of it."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.about import About
from thalweg.core.checks import check_energy, check_made
from thalweg.core.declared import declared_domain
from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.shapes import Array, Num
from thalweg.core.tables import counted, format_state
from thalweg.core.trees import Layout, as_arrays
from thalweg.energies import Pairwise
from thalweg.learning.densities.base import DensityMethod, DensityQuestion, learnable
from thalweg.learning.densities.normalizable import check_normalizable, where_open
from thalweg.learning.densities.result import LearnedDensity
from thalweg.learning.inverse.data.base import checked
from thalweg.sampling.methods.base import check_temperature


def learn_density(
    energy: Callable[..., Any],
    states: Num[Array, "n *shape"],
    method: DensityMethod,
    *,
    temperature: float = 1.0,
    key: jax.Array | None = None,
) -> LearnedDensity:
    r"""Learn the energy of which states are independent draws of e^{−E/T}/Z.

    The floating numbers of `energy` are learned, in float64. Of a machine (`Pairwise`) these are
    the couplings, and the fields where each unit has its own; its draws may be of the first units
    alone, and the others are hidden then.

    Arguments:
        energy: what to learn: a pytree that can be called, `state → scalar`, such as a
            `tw.energies.Polynomial`.
        states: the draws, `(n, d)`; of a machine `(n, …)` with the shape of its states, or
            `(n, visible)`.
        method: `ScoreMatching()`, `SlicedScoreMatching()`, `DenoisingScoreMatching(noise)`,
            `NoiseContrastive()`, `ContrastiveDivergence(sampler)`, `PersistentDivergence(sampler)`,
            `SampledLikelihood(sampler)`; of machines `PseudoLikelihood()`, `ExactLikelihood()`, or
            those with the sampler `BlockGibbs(1.0)`.
        temperature: T > 0, in units of the energy.
        key: the randomness; None means `jax.random.key(0)`.

    Returns:
        A `LearnedDensity`: its `energy`, the numbers with their standard errors, and what the
        method does not see.

    Raises:
        InputError: the draws, the temperature or the method do not fit the energy; the energy is
            not finite at a draw, or no law belongs to it.
        ConvergenceError: the draws do not fix the numbers.
        DivergenceError: a loss left the finite, or a chain ran away: says where and when.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> from thalweg.learning import ScoreMatching, learn_density
        >>> draws = np.array([[-1.0], [1.0], [-3.0], [3.0]])  # of variance 5
        >>> found = learn_density(tw.energies.Quadratic([[1.0]]), draws, ScoreMatching())
        >>> round(float(found.energy.matrix[0, 0]), 12)
        0.2
    """
    check_made("learn_density: method", method)
    if not isinstance(method, DensityMethod):
        raise InputError(
            f"learn_density: method must be one of thalweg.learning, such as ScoreMatching(), got "
            f"{method!r}."
        )
    check_temperature("learn_density", temperature)
    check_energy("learn_density: energy", energy)
    is_machine = isinstance(energy, Pairwise)
    if method.of_machines is not None and method.of_machines != is_machine:
        raise InputError(_mismatch(method, energy))
    params, static = learnable(energy)
    rows, weights, count = _machine_rows(energy, states) if is_machine else _rows(states)
    key = jax.random.key(0) if key is None else key
    with jax.enable_x64(True):
        full = eqx.combine(params, static)
        if not is_machine:
            _check_energy(full, rows)
            _check_inside(full, rows)
            if method.needs_law:
                check_normalizable(full, rows, float(temperature), "as it begins")
        question = DensityQuestion(params, static, rows, weights, count, float(temperature), key)
        answer = as_arrays(method).answer(question)
        learned = jax.tree.map(np.asarray, jax.device_get(eqx.combine(answer.params, static)))
        no_law = "" if is_machine else where_open(learned, rows, float(temperature))
        if method.needs_law and no_law:
            check_normalizable(learned, rows, float(temperature), "as it ends")
    layout = Layout.of(params)
    return LearnedDensity(
        method=method.words,
        names=tuple(layout.labels()),
        values=np.asarray(layout.flatten(jax.device_get(answer.params)), np.float64),
        errors=answer.errors,
        temperature=float(temperature),
        count=count,
        loss=answer.loss,
        gradient_norm=answer.gradient_norm,
        num_steps=answer.num_steps,
        is_converged=answer.is_converged,
        log_partition=answer.log_partition,
        history=answer.history,
        sees=method.sees,
        no_law=no_law,
        energy=learned,
        about=About(type(energy).__name__),
    )


def _rows(states: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """Draws of real numbers, their shares, and their number."""
    rows = checked(states, "learn_density: states", "(n, d)")
    if len(rows) <= rows.shape[1]:
        raise InputError(
            f"learn_density: from {counted(len(rows), 'draw')} of "
            f"{counted(rows.shape[1], 'coordinate')} nobody knows how wide the law is in some "
            f"direction: give {rows.shape[1] + 1} at least."
        )
    spreads = np.linalg.svd(rows - np.mean(rows, axis=0), compute_uv=False)
    if spreads[-1] <= 1e-12 * spreads[0] or spreads[0] == 0.0:
        raise InputError(
            "learn_density: all states lie in a subspace, where a law has no density. Leave out "
            "the coordinates that do not vary."
        )
    return rows, np.full(len(rows), 1.0 / len(rows)), len(rows)


def _machine_rows(energy: Pairwise, states: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """The different states among the draws of a machine, their shares, and the number of draws."""
    values = np.asarray(states)
    if values.dtype.kind not in "biuf" or values.ndim < 2 or len(values) == 0:
        raise InputError(
            f"learn_density: states must be an array (n, units) of numbers, got {values.dtype} of "
            f"shape {values.shape}."
        )
    flat = values.reshape(len(values), -1).astype(np.float64)
    visible = flat.shape[1]
    if visible > energy.size:
        raise InputError(
            f"learn_density: states have {counted(visible, 'unit')}, more than the machine's "
            f"{energy.size}."
        )
    first = np.arange(visible)
    if np.any(np.broadcast_to(energy.units.continuous, energy.shape).reshape(-1)[:visible]):
        energy.units.at(first).check("learn_density: states", flat)
    else:
        energy.units.check("learn_density: states", flat)
    if visible < energy.size:
        heads, tails, _ = energy.couplings.edges()
        both = (heads >= visible) & (tails >= visible)
        if np.any(both):
            pair = int(heads[np.argmax(both)]), int(tails[np.argmax(both)])
            raise InputError(
                f"learn_density: the hidden units {pair[0]} and {pair[1]} are coupled; only "
                f"machines whose hidden units couple with visible ones alone can be learned "
                "(Pairwise.rbm)."
            )
    rows, counts = np.unique(flat, axis=0, return_counts=True)
    return rows, counts / len(flat), len(flat)


def _mismatch(method: DensityMethod, energy: Any) -> str:
    name = type(method).__name__
    if method.of_machines:
        return (
            f"learn_density: {name} is for machines of pairs (tw.energies.Pairwise), got "
            f"{type(energy).__name__}; for real numbers take ScoreMatching()."
        )
    return (
        f"learn_density: {name} is for states of real numbers, and a machine's are not: take "
        f"PseudoLikelihood(), ExactLikelihood(), or PersistentDivergence(BlockGibbs(1.0))."
    )


def _check_energy(energy: Any, rows: np.ndarray) -> None:
    """Refuse an energy that takes other states, or returns no scalar."""
    try:
        value = eqx.filter_eval_shape(energy, jax.ShapeDtypeStruct((rows.shape[1],), np.float64))
    except Exception as error:
        raise InputError(
            f"learn_density: energy does not take a state of "
            f"{counted(rows.shape[1], 'coordinate')}: {error}"
        ) from error
    if getattr(value, "shape", None) != ():
        raise InputError(f"learn_density: energy must return a scalar, got {value}.")


def _check_inside(energy: Any, rows: np.ndarray) -> None:
    """Refuse draws outside the energy's domain: of angles apart, where E or ∇E is not finite."""
    # Filled up to a power of two: a few more or fewer rows compile nothing new.
    missing = (1 << (len(rows) - 1).bit_length()) - len(rows)
    filled = np.concatenate([rows, np.repeat(rows[:1], missing, axis=0)])
    levels, gradients = (np.asarray(part)[: len(rows)] for part in _looks(energy, filled))
    is_fine = np.isfinite(levels) & np.all(np.isfinite(gradients), axis=1)
    if not np.all(is_fine):
        bad = int(np.argmin(is_fine))
        what = f"is {levels[bad]:g}" if not np.isfinite(levels[bad]) else "has no finite slope"
        raise InputError(
            f"learn_density: {np.sum(~is_fine)} of {len(rows)} draws lie outside the energy's "
            f"domain: it {what} at draw {bad}, {format_state(rows[bad])}. Leave them out, or learn "
            f"another energy."
        )
    domain = declared_domain(energy)
    if domain is not None and not isinstance(domain, Box):
        raise InputError(
            f"learn_density: the states of {type(energy).__name__} are {domain.words}, where a "
            f"density per volume of the coordinates is not what is meant. Learn an energy of free "
            "coordinates."
        )


@eqx.filter_jit
def _looks(energy: Any, rows: Any) -> Any:
    return jax.vmap(jax.value_and_grad(energy))(rows)
