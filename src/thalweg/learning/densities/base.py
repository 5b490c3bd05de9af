"""Ways to learn the energy of a law from draws of it (abstract), and what they are given."""

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import in_float64
from thalweg.energies import DenseCouplings, Pairwise, SparseCouplings


class DensityQuestion(NamedTuple):
    """A model and draws of the law that it should have.

    Attributes:
        params: the numbers of the energy that are learned, float64; None elsewhere.
        static: its other parts.
        states: the draws, `(n, d)` float64; of a machine those of its visible units, which come
            first.
        weights: the share of each draw, `(n,)`; machines of few states have many alike.
        num_draws: how many there are.
        temperature: T of the law e^{−E/T}/Z.
        key: the randomness.
    """

    params: Any
    static: Any
    states: np.ndarray
    weights: np.ndarray
    num_draws: int
    temperature: float
    key: jax.Array

    @property
    def energy(self) -> Any:
        """The energy with its first numbers."""
        return eqx.combine(self.params, self.static)


class Answer(NamedTuple):
    """The numbers that a method found.

    Attributes:
        params: the numbers of the energy, in place of those of the question.
        errors: the standard error of each, flat `(p,)`; NaN where it is not known.
        loss: its last value; NaN where there is none.
        gradient_norm: of the gradient left over, of the loss or of the mean over updates of chains.
        num_steps: iterations or updates.
        is_converged: whether they came to an end.
        log_partition: log Z where the method learns it, else NaN.
        history: the course of the gradient's size, or of the loss.
    """

    params: Any
    errors: np.ndarray
    loss: float
    gradient_norm: float
    num_steps: int
    is_converged: bool
    log_partition: float = float("nan")
    history: np.ndarray = np.zeros(0)


class DensityMethod(eqx.Module):
    """A way to learn an energy from independent draws of e^{−E/T}/Z (abstract).

    For developers: implement `answer`, and say in `sees` what the learned energy is where draws are
    many, bias and blind spots included. `of_machines` tells whether it is for machines of pairs,
    for real numbers, or (None) for both; `needs_law`, whether an energy without a normalizable law
    has no place there, as slopes do not need one. Nothing that is not finite may become a number.
    """

    of_machines: ClassVar[bool | None]
    needs_law: ClassVar[bool]

    @property
    @abstractmethod
    def words(self) -> str:
        """The method by its name in the literature."""

    @property
    @abstractmethod
    def sees(self) -> str:
        """A sentence on what it finds, and on what it does not see."""

    @abstractmethod
    def answer(self, question: DensityQuestion) -> Answer:
        """The numbers of the energy; called with double precision enabled."""


def learnable(energy: Any) -> tuple[Any, Any]:
    """The numbers of an energy that are learned, float64, and its other parts.

    Of a machine these are its couplings, and its fields where each unit has one; matrices of
    couplings become lists of edges, of which each is one number.

    Raises:
        InputError: there are none.
    """
    if isinstance(energy, Pairwise):
        if isinstance(energy.couplings, DenseCouplings):
            energy = eqx.tree_at(lambda e: e.couplings, energy, _edges_of(energy.couplings))
        if isinstance(energy.couplings, SparseCouplings) and not len(energy.couplings.heads):
            raise InputError(
                "learn_density: the machine has couplings without an edge: say which pairs may "
                "couple, by SparseCouplings(edges, zeros, size), or all by DenseCouplings(zeros)."
            )
        energy = in_float64(energy)
        spec = jax.tree.map(lambda _: False, energy)
        spec = eqx.tree_at(
            lambda e: e.couplings, spec, jax.tree.map(eqx.is_inexact_array, energy.couplings)
        )
        spec = eqx.tree_at(lambda e: e.fields, spec, np.ndim(energy.fields) > 0)
    else:
        energy = in_float64(energy)
        spec = eqx.is_inexact_array
    params, static = eqx.partition(energy, spec)
    if not jax.tree.leaves(params):
        raise InputError(
            f"learn_density: energy must be a pytree with floating numbers to learn (an "
            f"equinox.Module, such as tw.energies.Polynomial.full(2, 4)), got {energy!r}."
        )
    return params, static


def _edges_of(couplings: DenseCouplings) -> SparseCouplings:
    """All pairs of units, those without a coupling too: it may be learned."""
    matrix = couplings.dense()
    heads, tails = np.triu_indices(len(matrix), 1)
    return SparseCouplings(np.stack([heads, tails], axis=1), matrix[heads, tails], len(matrix))
