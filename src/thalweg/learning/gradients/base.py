"""Gradients through rest: one way to differentiate the end of a run, as an object.

A map x⁺ = g(x, θ) is run from z until it is at rest, x* = g(x*, θ). The ways to have the derivative
of x* differ in what they keep of the run, in their bias, and in what they ask of the rule.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.learning.runs import Relaxed, Run


class SolveInfo(eqx.Module):
    """Diagnostics of a strategy's reverse pass.

    Attributes:
        residual: the norm of what its linear system leaves, relative to the right-hand side; of
            nudged runs, the largest displacement that is left; zero where there are neither.
        num_steps: the steps of that solve, or of all nudged runs; zero where there are none.
        is_solved: False where the solve failed; its gradients are NaN then.
    """

    residual: Any
    num_steps: Any
    is_solved: Any


class Gradient(eqx.Module):
    """A way to differentiate the state at rest (abstract).

    For developers: `end` gives the state at rest such that `jax.grad` of anything after it has this
    strategy's derivative with respect to the rule's arrays, the input and the start.
    `value_and_grad` may do better where it sees the loss itself, and a whole batch; those that
    cannot call `through_end`. A failure is never silent: what could not be solved is NaN.
    """

    @abstractmethod
    def end(self, run: Run) -> tuple[Any, jax.Array]:
        """The state at the end of a run, differentiable, and the number of steps taken."""

    @abstractmethod
    def value_and_grad(
        self, loss_fn: Callable[[Relaxed, Any], Any], run: Run, args: Any
    ) -> tuple[Any, Relaxed, Run, SolveInfo]:
        """The mean of a loss over samples: its value, the ends, gradients, how these were had.

        `run.start`, `run.input` and `args` have a leading axis of samples; `loss_fn(end, args)` is
        of one. The gradients are a `Run` whose floating arrays are derivatives.
        """


def through_end(
    gradient: Gradient, loss_fn: Callable[[Relaxed, Any], Any], run: Run, args: Any
) -> tuple[Any, Relaxed, Run, SolveInfo]:
    """Value, ends and gradients by differentiating through `gradient.end`."""

    def mean(run: Run) -> tuple[Any, Relaxed]:
        def one(run: Run, args: Any) -> tuple[Any, Relaxed]:
            end = run.describe(*gradient.end(run))
            return loss_fn(end, args), end

        losses, ends = run.each(one, args)
        return jnp.mean(losses), ends

    (value, ends), gradients = eqx.filter_value_and_grad(mean, has_aux=True)(run)
    count = ends.num_steps.shape
    info = SolveInfo(jnp.zeros(count), jnp.zeros(count, jnp.int32), jnp.ones(count, bool))
    return value, ends, gradients, info


def filled(cotangent: Any, state: Any) -> Any:
    """A cotangent with zeros where a leaf of the state was not used."""
    return jax.tree.map(
        lambda x, c: jnp.zeros_like(x) if c is None else c,
        state,
        cotangent,
        is_leaf=lambda x: x is None,
    )


def largest(cotangent: Any) -> jax.Array:
    """The largest entry in size, a scalar, or 1 where all are zero: the unit to compute in.

    Squares of what is smaller than 1e-19 are nothing in float32.
    """
    found = jnp.max(jnp.stack([jnp.max(jnp.abs(c)) for c in jax.tree.leaves(cotangent)]))
    return jnp.where(found > 0, found, 1.0)


@jax.custom_jvp
def once(gradient: Any, end: Any) -> Any:
    """A gradient, given the end that it is of; differentiated again it raises an `InputError`.

    It was computed with the end held, so that its own derivative would lack what the end adds.
    """
    return gradient


@once.defjvp
def _once_differentiated(primals: Any, tangents: Any) -> Any:
    raise InputError(
        "This gradient of a state at rest holds that state, so that its own derivative would be "
        "wrong: for second derivatives take Relax(rule, gradient=Unrolled())."
    )
