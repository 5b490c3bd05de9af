"""A population under divisive normalization: parameters, outputs, homeostatic target."""

import warnings
from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer, non_finite_leaves
from thalweg.models.normalization.model.stimuli import Ensemble, grating
from thalweg.models.normalization.model.tuning import Tuning, check_values


class Annealed(eqx.Module):
    """A learning rate that falls with the step, α(t) = start·exp(−t / decay) + floor."""

    start: float = 99.0
    decay: float = 100.0
    floor: float = 1.0

    def __call__(self, t: Any) -> Any:
        """α at step `t`."""
        return self.start * jnp.exp(-t / self.decay) + self.floor


class NormalizationNetwork(eqx.Module):
    r"""n orientation-tuned neurons whose normalization weights W adapt.

        r = g(cᵀ f(θ) + b),  g(x) = max(x, 0)²        the drive
        R = r / (σ² + W r / n)                        the outputs
        ΔW = α (R Rᵀ − C) + β (W − C)                 the reweighting
        C = s Σ_j w_j R_j R_jᵀ  at W = W₀             the homeostatic target

    Arguments:
        tuning: f, which fixes n.
        target: the stimuli of which C is the weighted average; a single one in the source's text, a
            whole ensemble in the published experiments.
        alpha: α ≥ 0, the learning rate, or a function of the step such as `Annealed()`.
        beta: β, of either sign. β < 0 is a leak that pulls W toward C (the published
            implementations write it with a minus sign); β > 0, as in the source's text,
            pushes W *away* from C.
        sigma: σ > 0, the semi-saturation.
        baseline: b; a negative one is a threshold.
        target_scale: s ≥ 0; the published runs sometimes scale the target.
        initial: W₀, `"identity"` or `"ones"` (the source's **1** can be read both ways).
        rectify: W ← max(0, W) after every update, as published. The reduction to n numbers then
            holds only while the rectifier does not act.

    With β > 0 a warning is given once: W grows as (1+β)^t in directions the outputs do not see.

    Raises:
        InputError: a parameter is not finite, or outside its range.

    References:
        Westrick, Heeger & Landy 2016, *Pattern adaptation and normalization reweighting*.
    """

    tuning: Tuning
    target: Ensemble = grating()
    alpha: float | Callable[[Any], Any] = 0.01
    beta: float = -0.05
    sigma: float = 0.5
    baseline: float = 0.0
    target_scale: float = 1.0
    initial: Literal["identity", "ones"] = eqx.field(static=True, default="identity")
    rectify: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        if self.initial not in ("identity", "ones"):
            raise InputError(
                f'NormalizationNetwork: initial must be "identity" or "ones", got {self.initial!r}.'
            )
        numbers = (self.alpha, self.beta, self.sigma, self.baseline, self.target_scale)
        if has_tracer(numbers):
            return
        check_parameters(self.alpha, self.beta, self.sigma)
        if np.asarray(self.beta) > 0.0:
            warnings.warn(
                "beta > 0 pushes the weights away from their target: W grows as (1 + beta)^t in "
                "the directions that the outputs do not see. beta < 0 is a leak toward it.",
                stacklevel=1,
            )
        named = {"baseline": self.baseline, "target_scale": self.target_scale}
        for broken in non_finite_leaves({k: np.float64(v) for k, v in named.items()}):
            raise InputError(f"NormalizationNetwork: {broken}; it must be finite.")
        if np.asarray(self.target_scale) < 0.0:
            raise InputError(
                f"NormalizationNetwork: target_scale must not be negative, got {self.target_scale}."
            )

    @property
    def size(self) -> int:
        """The number of neurons n."""
        return self.tuning.size

    def drive(self, contrasts: Any, orientations: Any) -> jax.Array:
        """r = g(cᵀ f(θ) + b) for stimuli of shape `(…, k)`, shape `(…, n)`."""
        contrasts = jnp.asarray(contrasts)
        summed = jnp.sum(contrasts[..., None] * self.tuning(orientations), axis=-2)
        return jnp.maximum(summed + self.baseline, 0.0) ** 2

    def initial_weights(self) -> np.ndarray:
        """W₀, shape `(n, n)`."""
        return np.eye(self.size) if self.initial == "identity" else np.ones((self.size, self.size))

    def initial_pool(self, drive: Any) -> Any:
        """W₀ r / n for drives of shape `(…, n)`, without the matrix."""
        if self.initial == "identity":
            return drive / self.size
        return drive.mean(axis=-1, keepdims=True) + 0.0 * drive

    def target_factor(self) -> jax.Array:
        """F of shape `(m, n)` with C = FᵀF: the initial outputs, scaled by √(s w_j)."""
        drives = self.drive(self.target.contrasts, self.target.orientations)
        outputs = drives / (self.sigma**2 + self.initial_pool(drives))
        return jnp.sqrt(self.target_scale * jnp.asarray(self.target.weights))[:, None] * outputs


def check_parameters(alpha: Any, beta: Any, sigma: Any) -> None:
    """Refuse rates that are not finite, a negative α and σ ≤ 0.

    Raises:
        InputError: one of these.
    """
    if has_tracer(alpha, beta, sigma):
        return
    if not callable(alpha) and not (np.isfinite(alpha) and np.asarray(alpha) >= 0.0):
        raise InputError(f"alpha must be finite and not negative, got {alpha}.")
    if not np.isfinite(beta):
        raise InputError(f"beta must be finite, got {beta}.")
    if not (np.isfinite(sigma) and np.asarray(sigma) > 0.0):
        raise InputError(f"sigma must be finite and positive, got {sigma}.")


class Evaluated(eqx.Module):
    """Drives and target of a network in float64, computed once; made by `evaluate`.

    Attributes:
        drives: the drive of every stimulus, shape `(m, n)`.
        factor: F with C = FᵀF, shape `(m', n)`.
    """

    drives: np.ndarray
    factor: np.ndarray

    @property
    def target(self) -> np.ndarray:
        """C, shape `(n, n)`."""
        return self.factor.T @ self.factor

    def expected(self, drive: np.ndarray) -> np.ndarray:
        """c̃ = C r / n for drives of shape `(…, n)`, without forming C."""
        return (drive @ self.factor.T) @ self.factor / drive.shape[-1]


def evaluate(network: NormalizationNetwork, ensemble: Ensemble) -> Evaluated:
    """The drives of an ensemble and the target of a network, in float64, checked.

    Raises:
        InputError: the tuning leaves [c₀, 1]; no stimulus of the ensemble drives any neuron.
    """
    with jax.enable_x64(True):
        made = _evaluate(*jax.tree.map(_as_float, (network, ensemble)))
        drives, factor, tuned, angles = (np.asarray(a) for a in made)
    check_values(tuned, angles, network.tuning.floor)
    if not np.any(drives > 0.0):
        raise InputError(
            "stimulus: no neuron is driven by any stimulus (contrasts, tuning and baseline leave "
            "every drive at zero). Raise a contrast or the baseline."
        )
    return Evaluated(drives, factor)


def _as_float(leaf: Any) -> Any:
    if isinstance(leaf, bool | int):
        return leaf
    return np.asarray(leaf, dtype=np.float64) if eqx.is_array_like(leaf) else leaf


@eqx.filter_jit
def _evaluate(network: NormalizationNetwork, ensemble: Ensemble) -> tuple[jax.Array, ...]:
    angles = jnp.concatenate([e.orientations.ravel() for e in (ensemble, network.target)])
    drives = network.drive(ensemble.contrasts, ensemble.orientations)
    return drives, network.target_factor(), network.tuning(angles), angles
