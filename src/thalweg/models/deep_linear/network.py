"""Deep linear networks as rules: gradient flow, gradient descent and online learning.

The state is a tuple of weight matrices `(W¹, …, Wᴺ)`, the first next to the input.
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer, is_integer
from thalweg.dynamics import Flow, Map
from thalweg.models.deep_linear.covariances import Covariances, check_samples
from thalweg.models.deep_linear.layers import (
    Weights,
    chain,
    check_weights,
    check_widths,
    descent_direction,
    end_to_end,
    layer_shapes,
    positive,
    squared_error,
)
from thalweg.models.deep_linear.stability import largest_stable_step


class DeepLinearNetwork(Flow):
    r"""A linear network of any depth, learning by gradient flow on its squared error.

        τ dWˡ/dt = (Wᴺ⋯Wˡ⁺¹)ᵀ (Σyx − Wᴺ⋯W¹ Σxx) (Wˡ⁻¹⋯W¹)ᵀ

    Arguments:
        covariances: what it learns from; `Covariances.from_data` takes samples.
        widths: the layer sizes (N_1, …, N_out), inputs first; at least two.
        tau: the time constant τ > 0; τ = 1/η corresponds to gradient descent with step η.

    The state is a tuple of `len(widths) − 1` matrices; the l-th is `(widths[l], widths[l − 1])`.

    Raises:
        InputError: the widths do not fit the covariances, or τ is not positive.

    Example:
        >>> import numpy as np
        >>> from thalweg.models import deep_linear as dl
        >>> network = dl.DeepLinearNetwork(dl.Covariances(np.diag([3.0, 1.0])), (2, 4, 2))
        >>> weights = dl.small_gaussian(network.widths, scale=0.01)
        >>> [w.shape for w in network.velocity(0.0, weights)]
        [(4, 2), (2, 4)]

    References:
        Saxe, McClelland & Ganguli (2013), arXiv:1312.6120, eqs. 2 and 3.
    """

    covariances: Covariances
    widths: tuple[int, ...] = eqx.field(static=True)
    tau: float

    def __init__(self, covariances: Covariances, widths: Sequence[int], tau: float = 1.0):
        self.covariances = covariances
        self.widths = check_widths(widths, covariances)
        self.tau = positive("tau", tau)

    @property
    def depth(self) -> int:
        """The number of weight matrices."""
        return len(self.widths) - 1

    @property
    def domain(self) -> Box | None:
        """Weights up to twice the layer strength of the largest mode of a balanced solution.

        None while the task is being traced: its values are not known then.
        """
        if has_tracer(self.covariances):
            return None
        top = float(np.linalg.norm(self.covariances.best_map(), 2)) or 1.0
        reach = 2.0 * top ** (1.0 / self.depth)
        shapes = layer_shapes(self.widths)
        return Box(
            tuple(np.full(s, -reach) for s in shapes), tuple(np.full(s, reach) for s in shapes)
        )

    @property
    def state_names(self) -> tuple[str, ...]:
        """`W1[0,0]`, …: layer, row, column."""
        return tuple(
            f"W{level}[{row},{column}]"
            for level, shape in enumerate(layer_shapes(self.widths), 1)
            for row, column in np.ndindex(*shape)
        )

    def velocity(self, t: Any, state: Weights) -> Weights:
        """The descent direction over τ."""
        check_weights(state, self.widths)
        direction = descent_direction(self.covariances, state)
        return tuple(d / self.tau for d in direction)

    def energy(self, state: Weights) -> jax.Array:
        """The squared error E of the weights."""
        check_weights(state, self.widths)
        return squared_error(self.covariances, state)

    def descent(self, learning_rate: float) -> "GradientDescent":
        """The same network, learning by gradient descent with this step."""
        return GradientDescent(self.covariances, self.widths, learning_rate)


class GradientDescent(Map):
    r"""A linear network learning by full-batch gradient descent, Wˡ ← Wˡ − η ∂E/∂Wˡ.

    Arguments:
        covariances: what it learns from.
        widths: the layer sizes, inputs first.
        learning_rate: the step η > 0.

    Raises:
        InputError: the widths do not fit, or η is beyond the largest step for which any minimum
            can attract (`largest_stable_step`): no start but a set of measure zero converges. To
            study such steps on purpose, use `GradientStep(network.energy, step_size)`.
    """

    covariances: Covariances
    widths: tuple[int, ...] = eqx.field(static=True)
    learning_rate: float

    def __init__(self, covariances: Covariances, widths: Sequence[int], learning_rate: float):
        self.covariances = covariances
        self.widths = check_widths(widths, covariances)
        self.learning_rate = positive("learning_rate", learning_rate)
        if has_tracer(covariances, learning_rate):
            return
        limit = largest_stable_step(covariances, len(self.widths) - 1)
        if np.max(learning_rate) > limit:
            raise InputError(
                f"learning_rate {np.max(learning_rate):.6g} is beyond the largest stable step "
                f"{limit:.6g}: every minimum of this error repels, so descent oscillates or "
                f"diverges. Take less than {limit:.3g}, or GradientStep(network.energy, step_size) "
                f"to study the instability."
            )

    def step(self, t: Any, state: Weights) -> Weights:
        """One step down the gradient."""
        check_weights(state, self.widths)
        direction = descent_direction(self.covariances, state)
        return tuple(w + self.learning_rate * d for w, d in zip(state, direction, strict=True))

    def energy(self, state: Weights) -> jax.Array:
        """The squared error E of the weights."""
        return squared_error(self.covariances, state)


class OnlineDescent(Map):
    r"""Stochastic gradient descent: step t takes a batch drawn with `fold_in(key, t)`.

    Samples are drawn with replacement, so the step is that of `GradientDescent` on average.

    Arguments:
        inputs: samples in rows, `(n, N_1)`.
        targets: samples in rows, `(n, N_out)`.
        widths: the layer sizes, inputs first.
        learning_rate: the step η > 0.
        batch_size: samples a step.
        key: the randomness; None means `jax.random.key(0)`.

    Raises:
        InputError: the samples and the widths do not fit together.
    """

    inputs: Any
    targets: Any
    widths: tuple[int, ...] = eqx.field(static=True)
    learning_rate: float
    batch_size: int = eqx.field(static=True)
    key_data: jax.Array

    def __init__(
        self,
        inputs: Any,
        targets: Any,
        widths: Sequence[int],
        learning_rate: float,
        *,
        batch_size: int = 1,
        key: jax.Array | None = None,
    ):
        self.inputs, self.targets = check_samples(inputs, targets)
        self.widths = chain(widths, self.inputs.shape[1], self.targets.shape[1])
        self.learning_rate = positive("learning_rate", learning_rate)
        if not is_integer(batch_size) or batch_size < 1:
            raise InputError(f"batch_size must be a positive integer, got {batch_size!r}.")
        self.batch_size = int(batch_size)
        self.key_data = jax.random.key_data(jax.random.key(0) if key is None else key)

    def step(self, t: Any, state: Weights) -> Weights:
        """One step down the gradient of the error of one batch."""
        check_weights(state, self.widths)
        dtype = state[0].dtype
        key = jax.random.fold_in(jax.random.wrap_key_data(self.key_data), t)
        rows = jax.random.randint(key, (self.batch_size,), 0, len(self.inputs))
        x = jnp.asarray(self.inputs, dtype=dtype)[rows].T
        y = jnp.asarray(self.targets, dtype=dtype)[rows].T
        layers = [x]
        for weight in state:
            layers.append(weight @ layers[-1])
        error, new = (y - layers[-1]) / self.batch_size, []
        for weight, below in zip(reversed(state), reversed(layers[:-1]), strict=True):
            new.append(weight + self.learning_rate * (error @ below.T))
            error = weight.T @ error
        return tuple(reversed(new))

    def energy(self, state: Weights) -> jax.Array:
        """The squared error over all samples (falls on average, not at every step)."""
        dtype = state[0].dtype
        x, y = (jnp.asarray(a, dtype=dtype) for a in (self.inputs, self.targets))
        return 0.5 * jnp.mean(jnp.sum((y - x @ end_to_end(state).T) ** 2, axis=1))
