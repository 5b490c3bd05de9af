"""The rule for changing inputs: all of W, factored on what is shown, averaged."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.models.normalization.model.held import like, rate_at, refuse_rectifier
from thalweg.models.normalization.model.network import NormalizationNetwork, evaluate
from thalweg.models.normalization.model.rules import Reweighting
from thalweg.models.normalization.model.stimuli import Ensemble, Presentation


class FullReweighting(Reweighting):
    """All of W, shape `(n, n)`; made by `full_rule`.

    Attributes:
        drives: the drive of every stimulus, shape `(m, n)`.
        target: C, shape `(n, n)`.
    """

    presentation: Presentation
    drives: Any
    target: Any
    initial: Any
    alpha: Any
    beta: Any
    sigma: Any
    rectify: bool = eqx.field(static=True)

    def start(self) -> np.ndarray:
        """W₀."""
        return self.initial

    def look(self, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """The drive and σ² + W r / n."""
        drive = like(self.drives, state)[self.presentation.index(t)]
        return drive, like(self.sigma, state) ** 2 + state @ drive / drive.shape[-1]

    def update(self, t: Any, state: Any, drive: Any, output: Any) -> jax.Array:
        """(1 + β) W + α R Rᵀ − (α + β) C, rectified if asked for."""
        product = output[:, None] * output[None, :]
        new = _moved(self, t, state, product)
        return jnp.maximum(new, 0.0) if self.rectify else new


class FactoredReweighting(Reweighting):
    """W on the span of what is shown: V = W Q of shape `(n, d)`; made by `factored_rule`.

    The columns of Q are an orthonormal basis of the drives of the presentation, so W r = V Qᵀ r for
    every input, and V⁺ = (1 + β) V + α R (Rᵀ Q) − (α + β) C Q is closed: n·d numbers for n².

    Attributes:
        drives: shape `(m, n)`.
        basis: Q, shape `(n, d)`.
        target: C Q, shape `(n, d)`.
    """

    presentation: Presentation
    drives: Any
    basis: Any
    target: Any
    initial: Any
    alpha: Any
    beta: Any
    sigma: Any

    def start(self) -> np.ndarray:
        """W₀ Q."""
        return self.initial

    def look(self, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """The drive and σ² + V Qᵀ r / n."""
        drive = like(self.drives, state)[self.presentation.index(t)]
        pool = state @ (drive @ like(self.basis, state)) / drive.shape[-1]
        return drive, like(self.sigma, state) ** 2 + pool

    def update(self, t: Any, state: Any, drive: Any, output: Any) -> jax.Array:
        """(1 + β) V + α R (Rᵀ Q) − (α + β) C Q."""
        product = output[:, None] * (output @ like(self.basis, state))[None, :]
        return _moved(self, t, state, product)


class AveragedReweighting(Reweighting):
    """All of W under a whole ensemble at once, ΔW = α (Σ_j w_j R_j R_jᵀ − C) + β (W − C).

    The slow-learning limit of independent draws; made by `averaged_rule`. It has no energy in
    general: its Jacobian can have complex eigenvalues.
    """

    drives: Any
    weights: Any
    target: Any
    initial: Any
    alpha: Any
    beta: Any
    sigma: Any
    rectify: bool = eqx.field(static=True)

    def start(self) -> np.ndarray:
        """W₀."""
        return self.initial

    def look(self, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """The drives and their denominators, both of shape `(m, n)`."""
        drives = like(self.drives, state)
        pools = drives @ state.T / drives.shape[-1]
        return drives, like(self.sigma, state) ** 2 + pools

    def update(self, t: Any, state: Any, drive: Any, output: Any) -> jax.Array:
        """(1 + β) W + α Σ_j w_j R_j R_jᵀ − (α + β) C, rectified if asked for."""
        product = output.T @ (like(self.weights, state)[:, None] * output)
        new = _moved(self, t, state, product)
        return jnp.maximum(new, 0.0) if self.rectify else new


def _moved(
    rule: FullReweighting | FactoredReweighting | AveragedReweighting,
    t: Any,
    state: Any,
    product: Any,
) -> jax.Array:
    """The weights after a step, W + α (product − C) + β (W − C), before any rectifier."""
    alpha, beta = rate_at(rule.alpha, t, state), like(rule.beta, state)
    target = like(rule.target, state)
    return state + alpha * (product - target) + beta * (state - target)


def full_rule(network: NormalizationNetwork, presentation: Presentation) -> FullReweighting:
    """The rule on all of W.

    Raises:
        InputError: see `evaluate`.
    """
    made = evaluate(network, presentation.ensemble)
    return FullReweighting(
        presentation=presentation,
        drives=made.drives,
        target=made.target,
        initial=network.initial_weights(),
        alpha=network.alpha,
        beta=network.beta,
        sigma=network.sigma,
        rectify=network.rectify,
    )


def factored_rule(network: NormalizationNetwork, presentation: Presentation) -> FactoredReweighting:
    """The rule on W Q, where Q spans the drives; cheaper than W when their rank d is below n/2.

    Raises:
        InputError: the network rectifies W, which is not linear; or see `evaluate`.
    """
    refuse_rectifier(network)
    made = evaluate(network, presentation.ensemble)
    _, strengths, rows = np.linalg.svd(made.drives, full_matrices=False)
    rank = int(np.sum(strengths > 1e-14 * strengths[0] * max(made.drives.shape)))
    basis = rows[:rank].T
    return FactoredReweighting(
        presentation=presentation,
        drives=made.drives,
        basis=basis,
        target=made.factor.T @ (made.factor @ basis),
        initial=network.initial_weights() @ basis,
        alpha=network.alpha,
        beta=network.beta,
        sigma=network.sigma,
    )


def averaged_rule(network: NormalizationNetwork, ensemble: Ensemble) -> AveragedReweighting:
    """The averaged rule of an ensemble, all of W.

    Raises:
        InputError: see `evaluate`.
    """
    made = evaluate(network, ensemble)
    return AveragedReweighting(
        drives=made.drives,
        weights=ensemble.weights,
        target=made.target,
        initial=network.initial_weights(),
        alpha=network.alpha,
        beta=network.beta,
        sigma=network.sigma,
        rectify=network.rectify,
    )
