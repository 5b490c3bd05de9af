"""The gradient of rest itself, by the implicit function theorem."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np

from thalweg.core.declared import has_symmetric_jacobian
from thalweg.core.trees import dot, norm, replace
from thalweg.learning.gradients.base import Gradient, SolveInfo, filled, largest, once
from thalweg.learning.runs import Relaxed, Run, held_still


class Implicit(Gradient):
    r"""The gradient of rest, dL/dθ = vᵀ ∂g/∂θ with (I − J)ᵀ v = ∂L/∂x and J = ∂g/∂x at rest.

    For a gradient step it is −∂L/∂x H⁻¹ ∂²E/∂x∂θ, whatever the step. The system is solved without
    making a matrix, by conjugate gradients where the rule declares that its Jacobian is symmetric,
    else by GMRES; memory does not depend on the number of steps. The start has no gradient: it
    chooses the rest, and moves none.

    Arguments:
        rtol: what the solve may leave, relative to ∂L/∂x; the layer's own tolerance unless given.
        max_steps: the most steps of the solve; ten for each coordinate unless given.

    Where the solve fails (the equilibrium is marginal: I − J is singular) the gradient is NaN.
    Under plain `jax.grad` it cannot be differentiated again: the rest is held in it.
    """

    rtol: float | None = None
    max_steps: int | None = eqx.field(static=True, default=None)

    def end(self, run: Run) -> tuple[Any, jax.Array]:
        """The state at rest, with the implicit derivative.

        It is the state after a last step, whose own derivative takes the parameters' part; what
        comes back to it is solved for first.
        """
        run = run.hoisted()
        held = held_still(run)
        state, num_steps = held.settle(run.max_steps - 1)
        state = held_still(state)
        after = run.law.step(num_steps, state)
        return _solved(after, held, state, num_steps, self), num_steps + 1

    def value_and_grad(
        self, loss_fn: Callable[[Relaxed, Any], Any], run: Run, args: Any
    ) -> tuple[Any, Relaxed, Run, SolveInfo]:
        """Loss and gradient, by one linear solve a sample, of which it tells."""
        ends = run.each(lambda run: run.describe(*run.settle()))

        def cotangent(end: Relaxed, args: Any) -> Any:
            return jax.value_and_grad(lambda x: loss_fn(replace(end, state=x), args))(end.state)

        values, cotangents = jax.vmap(cotangent)(ends, args)
        adjoints, info = run.each(self.solve, ends.state, ends.num_steps, cotangents)
        moving, fixed = eqx.partition(run, eqx.is_inexact_array)

        def pulled(moving: Any) -> jax.Array:
            """The mean of ⟨v, g(x*)⟩, x* held: its derivative is the gradient."""
            after = eqx.combine(moving, fixed).each(
                lambda run, state, count: run.law.step(count, state), ends.state, ends.num_steps
            )
            return dot(adjoints, after) / values.size

        return jnp.mean(values), ends, jax.grad(pulled)(moving), info

    def solve(self, run: Run, state: Any, num_steps: Any, cotangent: Any) -> tuple[Any, SolveInfo]:
        """v with (I − J)ᵀ v = cotangent, J at `state`; NaN where it was not found."""
        law = run.law
        _, pull = jax.vjp(lambda x: law.step(num_steps, x), state)

        def system(v: Any) -> Any:
            return jax.tree.map(lambda a, b: a - b, v, pull(v)[0])

        scale = largest(cotangent)
        cotangent = jax.tree.map(lambda a: a / scale, cotangent)
        size = norm(cotangent)
        rtol = run.until.rtol if self.rtol is None else jnp.asarray(self.rtol, size.dtype)
        # Below that, rounding is what is left, not the solver's fault.
        floor = 10.0 * float(np.finfo(size.dtype).eps)
        atol = jnp.maximum(rtol, floor) * size
        count = sum(leaf.size for leaf in jax.tree.leaves(cotangent))
        most = 10 * count if self.max_steps is None else self.max_steps
        solver = _conjugate_gradients if has_symmetric_jacobian(law) else _minimal_residuals
        found, taken = solver(system, cotangent, atol, most)
        left = jax.tree.map(lambda a, b: a - b, system(found), cotangent)
        residual = norm(left) / jnp.where(size > 0, size, 1.0)
        # A solver that stopped early may still have come as far as rounding lets it.
        limit = jnp.maximum(10.0 * rtol, float(np.sqrt(np.finfo(size.dtype).eps)))
        is_solved = residual <= limit
        value = jax.tree.map(lambda a: jnp.where(is_solved, scale * a, jnp.nan), found)
        return value, SolveInfo(residual, taken, is_solved)


def _minimal_residuals(system: Any, right: Any, atol: Any, most: int) -> tuple[Any, Any]:
    """The solution of a system as far as GMRES comes, and the steps taken."""
    structure = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), right)
    # The size of the residual counts, not that of each entry against its own right-hand side.
    limits: Any = {"rtol": 0.0, "atol": atol, "norm": norm, "max_steps": most}
    operator = lx.FunctionLinearOperator(system, structure)
    found = lx.linear_solve(operator, right, lx.GMRES(**limits), throw=False)
    return found.value, found.stats["num_steps"]


def _conjugate_gradients(system: Any, right: Any, atol: Any, most: int) -> tuple[Any, Any]:
    """The solution of a symmetric system as far as conjugate gradients come, and the steps taken.

    Lineax's keep two states more (a scale of each entry, and the last change) and take a step
    more; JAX's do not tell of their steps. On the way to no solution all becomes NaN.
    """

    def solve(mv: Any, right: Any) -> tuple[Any, Any]:
        def goes_on(loop: Any) -> Any:
            *_, gamma, count = loop
            return (gamma > atol**2) & (count < most)

        def step(loop: Any) -> Any:
            x, r, p, gamma, count = loop
            image = mv(p)
            alpha = gamma / dot(p, image)
            x = jax.tree.map(lambda x, p: x + alpha * p, x, p)
            r = jax.tree.map(lambda r, q: r - alpha * q, r, image)
            ahead = dot(r, r)
            p = jax.tree.map(lambda r, p: r + ahead / gamma * p, r, p)
            return x, r, p, ahead, count + 1

        zero = jax.tree.map(jnp.zeros_like, right)
        begin = (zero, right, right, dot(right, right), jnp.zeros((), jnp.int32))
        x, *_, count = jax.lax.while_loop(goes_on, step, begin)
        return x, count

    return jax.lax.custom_linear_solve(system, right, solve, symmetric=True, has_aux=True)


@eqx.filter_custom_vjp
def _solved(after: Any, run: Run, state: Any, num_steps: Any, gradient: Implicit) -> Any:
    return after


@_solved.def_fwd
def _solved_forward(
    perturbed: Any, after: Any, run: Run, state: Any, num_steps: Any, gradient: Implicit
) -> Any:
    return after, None


@_solved.def_bwd
def _solved_backward(
    residuals: Any,
    cotangent: Any,
    perturbed: Any,
    after: Any,
    run: Run,
    state: Any,
    num_steps: Any,
    gradient: Implicit,
) -> Any:
    found = gradient.solve(run, state, num_steps, filled(cotangent, state))[0]
    return once(found, after)
