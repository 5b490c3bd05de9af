"""The nine losses of LeCun et al. (2006), *A tutorial on energy-based learning*, section 2.2.

E⁻ is the lowest energy of a wrong answer.
"""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from thalweg.core.checks import check_positive
from thalweg.learning.losses.base import AnswerLoss, offending


class EnergyLoss(AnswerLoss):
    """The energy of the right answer: L = E_y.

    It pushes down, and nothing pushes up.
    """

    condition: ClassVar[str] = "none"
    holds_at_margin: ClassVar[bool] = False
    failure: ClassVar[str] = (
        "Nothing holds wrong answers up: where the energy can become flat, it does."
    )

    @property
    def margin(self) -> float:
        """NaN: none."""
        return float("nan")

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """E_y."""
        return energies[label]


class PerceptronLoss(AnswerLoss):
    """The perceptron's: L = E_y − min_k E_k."""

    condition: ClassVar[str] = "none but ties: E_y ≤ E⁻"
    holds_at_margin: ClassVar[bool] = True
    failure: ClassVar[str] = (
        "It is zero where all energies are equal, so a flat energy is one of its answers."
    )

    @property
    def margin(self) -> float:
        """0."""
        return 0.0

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """E_y − min_k E_k."""
        return energies[label] - jnp.min(energies)


class HingeLoss(AnswerLoss):
    """The hinge: L = max(0, m + E_y − E⁻).

    Arguments:
        gap: m > 0, in units of the energy.
    """

    gap: Any = 1.0
    condition: ClassVar[str] = "E_y + m ≤ E⁻"
    holds_at_margin: ClassVar[bool] = True
    failure: ClassVar[str] = (
        "None known: it stops where the margin is reached. Energies as such stay free."
    )

    def __check_init__(self):
        """Refuse what is not positive."""
        check_positive("HingeLoss: gap", self.gap)

    @property
    def margin(self) -> float:
        """m."""
        return float(self.gap)

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """max(0, m + E_y − E⁻)."""
        gap = jnp.asarray(self.gap, energies.dtype)
        return jax.nn.relu(gap + energies[label] - offending(energies, label))


class LogLoss(AnswerLoss):
    """The logistic one: L = log(1 + e^{E_y − E⁻})."""

    condition: ClassVar[str] = "E_y < E⁻, by as much as can be had"
    holds_at_margin: ClassVar[bool] = False
    failure: ClassVar[str] = (
        "Its slope never ends: energies that are free to grow, grow, on data that can be separated."
    )

    @property
    def margin(self) -> float:
        """0."""
        return 0.0

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """log(1 + e^{E_y − E⁻})."""
        return jax.nn.softplus(energies[label] - offending(energies, label))


class LVQ2Loss(AnswerLoss):
    """Learning vector quantization's: L = min(M, max(0, E_y − E⁻)).

    Arguments:
        most: M > 0, the most that one question can cost.
    """

    most: Any = 1.0
    condition: ClassVar[str] = "none but ties: E_y ≤ E⁻"
    holds_at_margin: ClassVar[bool] = True
    failure: ClassVar[str] = (
        "It is zero where all energies are equal, and questions that cost M move nothing."
    )

    def __check_init__(self):
        """Refuse what is not positive."""
        check_positive("LVQ2Loss: most", self.most)

    @property
    def margin(self) -> float:
        """0."""
        return 0.0

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """min(M, max(0, E_y − E⁻))."""
        gap = energies[label] - offending(energies, label)
        return jnp.clip(gap, 0.0, jnp.asarray(self.most, energies.dtype))


class MCELoss(AnswerLoss):
    """Minimum classification error: L = 1/(1 + e^{−(E_y − E⁻)})."""

    condition: ClassVar[str] = "E_y < E⁻, by as much as can be had"
    holds_at_margin: ClassVar[bool] = False
    failure: ClassVar[str] = (
        "Questions that are far wrong have no slope: it counts mistakes, and gives up on some."
    )

    @property
    def margin(self) -> float:
        """0."""
        return 0.0

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """1/(1 + e^{E⁻ − E_y})."""
        return jax.nn.sigmoid(energies[label] - offending(energies, label))


class SquareSquareLoss(AnswerLoss):
    """Squares: L = E_y² + max(0, m − E⁻)², of energies that are not negative.

    Arguments:
        gap: m > 0, in units of the energy.
    """

    gap: Any = 1.0
    condition: ClassVar[str] = "E_y + m ≤ E⁻, where energies are not negative"
    holds_at_margin: ClassVar[bool] = True
    failure: ClassVar[str] = (
        "Energies below zero are pushed up to it: it is for energies that cannot be negative."
    )

    def __check_init__(self):
        """Refuse what is not positive."""
        check_positive("SquareSquareLoss: gap", self.gap)

    @property
    def margin(self) -> float:
        """m."""
        return float(self.gap)

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """E_y² + max(0, m − E⁻)²."""
        gap = jnp.asarray(self.gap, energies.dtype)
        return energies[label] ** 2 + jax.nn.relu(gap - offending(energies, label)) ** 2


class SquareExponentialLoss(AnswerLoss):
    """A square and an exponential: L = E_y² + κ e^{−E⁻}, of energies that are not negative.

    Arguments:
        weight: κ > 0.
    """

    weight: Any = 1.0
    condition: ClassVar[str] = "E_y < E⁻, by as much as can be had, where energies are not negative"
    holds_at_margin: ClassVar[bool] = False
    failure: ClassVar[str] = "Wrong energies are pushed up for ever, ever more slowly."

    def __check_init__(self):
        """Refuse what is not positive."""
        check_positive("SquareExponentialLoss: weight", self.weight)

    @property
    def margin(self) -> float:
        """0."""
        return 0.0

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """E_y² + κ e^{−E⁻}."""
        weight = jnp.asarray(self.weight, energies.dtype)
        return energies[label] ** 2 + weight * jnp.exp(-offending(energies, label))


class NLLLoss(AnswerLoss):
    """The negative log-likelihood: L = E_y + T log Σ_k e^{−E_k/T}.

    The right answer is pushed down, all are pushed up, each by its probability.

    Arguments:
        temperature: T > 0, in units of the energy.
    """

    temperature: Any = 1.0
    condition: ClassVar[str] = "E_y < E⁻, by as much as can be had"
    holds_at_margin: ClassVar[bool] = False
    failure: ClassVar[str] = (
        "Its slope never ends: energies that are free to grow, grow, on data that can be separated."
    )

    def __check_init__(self):
        """Refuse what is not positive."""
        check_positive("NLLLoss: temperature", self.temperature)

    @property
    def margin(self) -> float:
        """0."""
        return 0.0

    def value(self, energies: jax.Array, label: Any) -> jax.Array:
        """E_y + T log Σ_k e^{−E_k/T}."""
        t = jnp.asarray(self.temperature, energies.dtype)
        return energies[label] + t * jax.nn.logsumexp(-energies / t)
