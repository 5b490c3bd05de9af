"""Langevin steps without an accept test: with exact gradients, or with noisy ones."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, has_tracer
from thalweg.dynamics import MemoryKernel
from thalweg.sampling.methods.base import Energy, Told, check_temperature
from thalweg.sampling.methods.continuous import PlainContinuousMethod, refuse_constrained
from thalweg.sampling.methods.extras import import_blackjax, in_precision_of


class NoisyGradient(eqx.Module):
    r"""The gradient of an energy with independent normal noise of a given strength.

        (key, E, x) → ∇E(x) + s ξ

    A stand-in for gradients of mini-batches, whose bias is known.

    Arguments:
        deviation: s ≥ 0, the standard deviation in each coordinate.
    """

    deviation: float = 0.0

    def __call__(self, key: jax.Array, energy: Energy, state: Any) -> Any:
        """∇E(x) + s ξ."""
        covector = jax.grad(energy)(state)
        leaves, treedef = jax.tree.flatten(covector)
        keys = jax.random.split(key, len(leaves))
        noisy = [
            g + cast_like(self.deviation, g) * jax.random.normal(k, g.shape, g.dtype)
            for k, g in zip(keys, leaves, strict=True)
        ]
        return jax.tree.unflatten(treedef, noisy)


class SGLDKernel(MemoryKernel):
    """One step of stochastic gradient Langevin dynamics.

    Arguments:
        energy: `state → scalar`.
        step_size: η, a number or a function of the index of the step.
        temperature: T ≥ 0.
        estimate: what estimates the gradient, `(key, energy, state) → gradient`; None takes it.
    """

    energy: Any
    step_size: Any
    temperature: Any
    estimate: Any = None

    def init(self, state: Any) -> Any:
        """The state itself."""
        return state

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Told]:
        """x − η g + √(2ηT) ξ."""
        own, other = jax.random.split(key)
        if self.estimate is None:
            covector = jax.grad(self.energy)(carry)
        else:
            covector = self.estimate(other, self.energy, carry)
        eta = self.step_size(t) if callable(self.step_size) else self.step_size
        down = jax.tree.map(jnp.negative, covector)
        move = import_blackjax("SGLD").sgmcmc.diffusions.overdamped_langevin()
        eta, temperature = cast_like(eta, carry), cast_like(self.temperature, carry)
        with in_precision_of(carry):
            return move(own, carry, down, eta, temperature), Told()

    def state(self, carry: Any) -> Any:
        """The carry itself."""
        return carry


class SGLD(PlainContinuousMethod):
    r"""Stochastic gradient Langevin dynamics: gradient steps, shaken.

        x⁺ = x − η g + √(2ηT) ξ,        g an estimate of ∇E(x)

    With exact gradients it is the unadjusted Langevin algorithm. Its law is off by order η: on a
    bowl of curvature λ the variance is T/(λ(1 − ηλ/2)), with gradient noise of variance s² a step
    (2T + ηs²)/(λ(2 − ηλ)); `bias_ledger` prints it. For η λ ≥ 2 there is no law, and chains run
    away. At T = 0 with exact gradients it is `GradientStep(energy, η)`.

    Arguments:
        step_size: η > 0; or a function of the index of the step, for steps that shrink: while ηs²
            is above 2T the gradient's own noise wins and it optimises, after that it samples.
        temperature: T ≥ 0, in units of the energy.
        estimate: what estimates the gradient, `(key, energy, state) → gradient`: of a mini-batch
            drawn by the key, say, or a `NoisyGradient`. None takes the gradient itself.

    Steps by BlackJAX.

    Raises:
        InputError: a number is out of its range, or BlackJAX is not installed.

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> rule = tw.sampling.SGLD(0.1, temperature=0.0).kernel(lambda x: jnp.sum(x**2) / 2)
        >>> rule.draw(jax.random.key(0), 0, jnp.ones(2)).tolist()
        [0.8999999761581421, 0.8999999761581421]

    References:
        Welling & Teh (2011), *ICML*; Vollmer, Zygalakis & Teh (2016), *JMLR* 17, 159.
    """

    step_size: Any
    temperature: Any = 1.0
    estimate: Callable[..., Any] | None = None

    def __check_init__(self):
        """Refuse numbers out of their range."""
        check_temperature("SGLD", self.temperature, least="at least 0")
        check_step("SGLD", self.step_size)

    def kernel(self, energy: Energy) -> SGLDKernel:
        """The step; it leaves e^{−E/T} invariant but for order η."""
        import_blackjax("SGLD")
        refuse_constrained("SGLD", energy)
        return SGLDKernel(energy, self.step_size, self.temperature, self.estimate)


def check_step(name: str, step_size: Any) -> None:
    """Refuse steps that are not positive.

    Raises:
        InputError: of a method called `name`.
    """
    if callable(step_size) or has_tracer(step_size):
        return
    value = np.asarray(step_size)
    if value.dtype.kind not in "iuf" or not np.all((value > 0) & np.isfinite(value)):
        raise InputError(f"{name}: step_size must be positive, got {step_size!r}.")
