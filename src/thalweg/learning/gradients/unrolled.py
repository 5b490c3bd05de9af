"""Gradients of the steps that were taken: all of them, the last few, the last one."""

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import is_integer
from thalweg.learning.gradients.base import Gradient, SolveInfo, through_end
from thalweg.learning.runs import Relaxed, Run, held_still


class Unrolled(Gradient):
    r"""The exact gradient of the steps that were taken (backpropagation through time).

    After k steps on E = ½xᵀAx − bᵀx with L = ½|x − y|² it is, in b, A⁻¹(I − (I − ηA)^k)(x_k − y):
    the gradient of where the run ended, not of rest. It is the only one that sees the start.

    Every program has `max_steps` steps, and those after rest do nothing; take `max_steps` no larger
    than runs need.

    Arguments:
        checkpoint: whether to keep one state in √`max_steps` alone and to take the steps between
            anew, one stretch at a time: memory falls to 2√`max_steps` states, for about one more
            forward pass.
    """

    checkpoint: bool = eqx.field(static=True, default=False)

    def end(self, run: Run) -> tuple[Any, jax.Array]:
        """The state after the steps, each kept (or its checkpoint)."""
        return kept_steps(run, run.max_steps, self.checkpoint)

    def value_and_grad(
        self, loss_fn: Callable[[Relaxed, Any], Any], run: Run, args: Any
    ) -> tuple[Any, Relaxed, Run, SolveInfo]:
        """Loss and gradient, by differentiating the steps."""
        return through_end(self, loss_fn, run, args)


class Truncated(Gradient):
    r"""The gradient of the last k steps of a run, as if what was before them were given.

    For a run that has settled it is H⁻¹(I − (I − ηH)^k) times what the one-step gradient's loss
    sees, H the Hessian at rest: as k grows it nears the implicit gradient, in the end at the rate
    of the spectral radius. The start has no gradient.

    Arguments:
        num_steps: k.

    Raises:
        InputError: `num_steps` is no positive integer.
    """

    num_steps: int = eqx.field(static=True)

    def __check_init__(self):
        """Refuse what is no count."""
        if not is_integer(self.num_steps) or self.num_steps < 1:
            raise InputError(
                f"Truncated: num_steps must be a positive integer, got {self.num_steps!r}."
            )

    def end(self, run: Run) -> tuple[Any, jax.Array]:
        """The state after the run, its last steps kept."""
        return last_steps(run, self.num_steps)

    def value_and_grad(
        self, loss_fn: Callable[[Relaxed, Any], Any], run: Run, args: Any
    ) -> tuple[Any, Relaxed, Run, SolveInfo]:
        """Loss and gradient, by differentiating the last steps."""
        return through_end(self, loss_fn, run, args)


class OneStep(Gradient):
    r"""The gradient of the last step alone, −η ∂²E/∂θ∂x · ∂L/∂x for a gradient step.

    On a quadratic energy it is the true gradient of b preconditioned by ηA: the same rest of
    training, another path. It costs no solve and keeps one state.

    References:
        *Inverse energy learning*, "Gradients": the source's formula, right for a single step.
    """

    def end(self, run: Run) -> tuple[Any, jax.Array]:
        """The state after the run, its last step kept."""
        return last_steps(run, 1)

    def value_and_grad(
        self, loss_fn: Callable[[Relaxed, Any], Any], run: Run, args: Any
    ) -> tuple[Any, Relaxed, Run, SolveInfo]:
        """Loss and gradient, by differentiating the last step."""
        return through_end(self, loss_fn, run, args)


def kept_steps(run: Run, num_steps: int, checkpoint: bool = False) -> tuple[Any, jax.Array]:
    """The state after at most `num_steps` steps, none after rest, and how many there were."""
    law = run.law

    def advance(carry: Any, _: None) -> tuple[Any, None]:
        state, count, is_settled = carry
        new = law.step(count, state)
        change = jax.tree.map(lambda a, b: jax.lax.stop_gradient(a - b), new, state)
        arrived = run.until.is_at_rest(change, jax.lax.stop_gradient(state))
        new = jax.tree.map(lambda a, b: jnp.where(is_settled, b, a), new, state)
        return (new, count + ~is_settled, is_settled | arrived), None

    carry = (run.start, jnp.zeros((), jnp.int32), jnp.zeros((), bool))
    length = max(1, math.isqrt(num_steps)) if checkpoint else num_steps

    def stretch(carry: Any, count: int) -> Any:
        return jax.lax.scan(advance, carry, None, length=count)[0]

    if not checkpoint:
        return stretch(carry, num_steps)[:2]
    kept = jax.checkpoint(lambda carry, _: (stretch(carry, length), None))
    carry, _ = jax.lax.scan(kept, carry, None, length=num_steps // length)
    left = num_steps % length
    return (stretch(carry, left) if left else carry)[:2]


def last_steps(run: Run, num_steps: int) -> tuple[Any, jax.Array]:
    """The state at rest by a run of which only the last steps are differentiated.

    Raises:
        InputError: there are more of them than the run may take.
    """
    if num_steps > run.max_steps:
        raise InputError(
            f"Truncated: num_steps={num_steps} is more than the max_steps={run.max_steps} of the "
            f"run."
        )
    run = run.hoisted()
    state, count = held_still(run).settle(run.max_steps - num_steps)

    def advance(carry: Any, _: None) -> tuple[Any, None]:
        state, count = carry
        return (law.step(count, state), count + 1), None

    begin, law = (held_still(state), count), run.law
    return jax.lax.scan(advance, begin, None, length=num_steps)[0]
