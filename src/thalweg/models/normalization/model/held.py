"""A held input: the five quantities on which everything about it depends."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer
from thalweg.models.normalization.model.network import (
    NormalizationNetwork,
    check_parameters,
    evaluate,
)
from thalweg.models.normalization.model.stimuli import Ensemble


class HeldInput(eqx.Module):
    """A held input: r, c̃ = C r / n and three numbers, on which its outputs depend.

    Arguments:
        drive: r ≥ 0, shape `(n,)`, not all zero. Neurons of drive 0 are *silent*.
        expected: c̃ ≥ 0, shape `(n,)`: the pool that the target asks for.
        alpha: α ≥ 0, or a function of the step.
        beta: β, negative for a leak toward the target, positive away from it.
        sigma: σ > 0.
        start: u₀ = W₀ r / n; r / n (W₀ the identity) unless given.

    Raises:
        InputError: shapes differ, a value is not finite or negative, or every neuron is silent.
    """

    drive: Any
    expected: Any
    alpha: float | Callable[[Any], Any]
    beta: float
    sigma: float
    start: Any

    def __init__(
        self, drive: Any, expected: Any, alpha: Any, beta: Any, sigma: Any, start: Any = None
    ):
        drive, expected = (a if has_tracer(a) else np.asarray(a) for a in (drive, expected))
        self.drive, self.expected = drive, expected
        self.alpha, self.beta, self.sigma = alpha, beta, sigma
        self.start = drive / drive.shape[-1] if start is None else start
        if not has_tracer((drive, expected, alpha, beta, sigma, start)):
            self.drive, self.expected, self.start = (
                np.asarray(a, dtype=np.float64) for a in (drive, expected, self.start)
            )
            self._check()

    def _check(self) -> None:
        shapes = {np.shape(a) for a in (self.drive, self.expected, self.start)}
        if len(shapes) != 1 or np.ndim(self.drive) != 1:
            raise InputError(
                f"HeldInput: drive, expected and start must be vectors of one length, got the "
                f"shapes {np.shape(self.drive)}, {np.shape(self.expected)}, {np.shape(self.start)}."
            )
        for name, array in (("drive", self.drive), ("expected", self.expected)):
            if not np.all(np.isfinite(array) & (array >= 0.0)):
                i = int(np.argmin(np.where(np.isfinite(array), array, -np.inf)))
                raise InputError(
                    f"HeldInput: {name} must be finite and not negative, got {array[i]} at neuron "
                    f"{i}."
                )
        if not np.all(np.isfinite(self.start)):
            raise InputError("HeldInput: start must be finite.")
        if not np.any(self.drive > 0.0):
            raise InputError(
                "HeldInput: every neuron is silent, so there are no outputs. Raise a contrast or "
                "the baseline."
            )
        check_parameters(self.alpha, self.beta, self.sigma)

    @property
    def size(self) -> int:
        """The number of neurons n."""
        return np.shape(self.drive)[-1]

    @property
    def is_driven(self) -> np.ndarray:
        """Truths `(n,)`: the neurons whose drive is above zero."""
        return np.asarray(self.drive) > 0.0

    def increment(self, pool: Any, output: Any, alpha: Any) -> Any:
        """F(u) = α (R S / n − c̃) + β (u − c̃) for the outputs R at u, with S = R·r."""
        drive, expected = like(self.drive, pool), like(self.expected, pool)
        total = jnp.sum(output * drive)
        missing = output * (total / drive.shape[-1]) - expected
        return alpha * missing + like(self.beta, pool) * (pool - expected)


def hold(network: NormalizationNetwork, stimulus: Ensemble) -> HeldInput:
    """The held input that one stimulus is to a network.

    Raises:
        InputError: the network rectifies W (then the outputs do not depend on u alone); more than
            one stimulus is given; no neuron is driven.
    """
    refuse_rectifier(network)
    if stimulus.size != 1:
        raise InputError(
            f"hold: one stimulus is held, got an ensemble of {stimulus.size}. Use factored_rule or "
            f"full_rule for inputs that change."
        )
    made = evaluate(network, stimulus)
    drive = made.drives[0]
    return HeldInput(
        drive,
        made.expected(drive),
        network.alpha,
        network.beta,
        network.sigma,
        np.asarray(network.initial_pool(drive)),
    )


def refuse_rectifier(network: NormalizationNetwork) -> None:
    """Refuse a network whose W is rectified, where a form needs linearity in W.

    Raises:
        InputError: `network.rectify` is set.
    """
    if network.rectify:
        raise InputError(
            "rectify=True is not linear in W, so this form would not be exact. Use full_rule, or "
            "run full_rule without the rectifier and see whether any weight turns negative."
        )


def outputs(drive: Any, denominator: Any) -> jax.Array:
    """R = r / (σ² + u): 0 where r is; NaN where r > 0 and the denominator is not positive."""
    is_driven = drive > 0.0
    is_broken = is_driven & ~(denominator > 0.0)
    safe = jnp.where(is_driven & ~is_broken, denominator, 1.0)
    return jnp.where(is_broken, jnp.nan, drive / safe)


def like(value: Any, state: Any) -> jax.Array:
    """`value` as an array of the state's dtype."""
    return jnp.asarray(value, dtype=jnp.result_type(state))


def rate_at(alpha: Any, t: Any, state: Any) -> jax.Array:
    """α at step `t`, in the state's dtype."""
    return like(alpha(like(t, state)) if callable(alpha) else alpha, state)
