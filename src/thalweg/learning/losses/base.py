"""Losses of energy-based learning (abstract): how energies of answers are pushed down and up."""

from abc import abstractmethod
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError


class AnswerLoss(eqx.Module):
    r"""A loss of the energies of all answers to a question, given the right one (abstract).

        L(E_1 … E_K, y),        E⁻ = min_{k ≠ y} E_k, of the most offending wrong answer

    A margin condition says what a loss that is least entails: E_y + m < E⁻. Law: the loss does not
    fall as E_y rises, nor as a wrong energy falls.

    Or E_y + m ≤ E⁻, where the loss is least at the margin already.

    For developers: implement `value`, whose label is in range, and `margin`, and set the three
    attributes.

    Attributes:
        condition: the margin condition in words.
        holds_at_margin: True if the condition holds where E_y + m = E⁻.
        failure: a sentence on how learning by it is known to fail.
    """

    condition: ClassVar[str]
    holds_at_margin: ClassVar[bool]
    failure: ClassVar[str]

    @property
    @abstractmethod
    def margin(self) -> float:
        """m; 0 where right answers only need to be lowest; NaN where no condition is entailed."""

    @abstractmethod
    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """The loss of energies `(K,)`, a scalar."""

    def __call__(self, energies: Any, label: Any) -> jax.Array:
        """The loss of one question, a scalar; NaN where the label is none of the answers.

        Arguments:
            energies: of the answers, `(K,)`.
            label: the number of the right one.
        """
        energies = jnp.asarray(energies)
        is_answer = (label >= 0) & (label < energies.shape[0])
        value = self.value(energies, jnp.where(is_answer, label, 0))
        return jnp.where(is_answer, value, jnp.nan)

    def mean(self, energies: Any, labels: Any) -> jax.Array:
        """The mean loss of questions, a scalar.

        Arguments:
            energies: `(n, K)`.
            labels: `(n,)`.
        """
        return jnp.mean(jax.vmap(self)(jnp.asarray(energies), jnp.asarray(labels)))


def offending(energies: jax.Array, label: Any) -> jax.Array:
    """E⁻, the lowest energy of a wrong answer; NaN energies are kept."""
    others = jnp.where(jnp.arange(energies.shape[0]) == label, jnp.inf, energies)
    return jnp.min(others)


def check_answers(name: str, energies: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """Energies `(n, K)` and labels `(n,)` on the host.

    Raises:
        InputError: the shapes do not fit, an energy is not finite, or a label is no answer.
    """
    levels, right = np.asarray(energies, np.float64), np.asarray(labels)
    if levels.ndim != 2 or levels.shape[1] < 2 or len(levels) == 0:
        raise InputError(
            f"{name}: energies must be an array (questions, answers) of two answers or more, got "
            f"the shape {levels.shape}."
        )
    if not np.all(np.isfinite(levels)):
        where = tuple(map(int, np.argwhere(~np.isfinite(levels))[0]))
        raise InputError(f"{name}: energies must be finite, got {levels[where]} at {list(where)}.")
    if right.shape != levels.shape[:1] or right.dtype.kind not in "iu":
        raise InputError(
            f"{name}: labels must be whole numbers, one a question, shape {levels.shape[:1]}, got "
            f"{right.dtype} of shape {right.shape}."
        )
    wrong = np.flatnonzero((right < 0) | (right >= levels.shape[1]))
    if len(wrong):
        raise InputError(
            f"{name}: labels must be answers, 0 to {levels.shape[1] - 1}, but label {wrong[0]} is "
            f"{right[wrong[0]]} ({len(wrong)} of {len(right)} are none)."
        )
    return levels, right
