"""A layer that runs a rule to rest, with a choice of gradients."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_made
from thalweg.core.errors import InputError
from thalweg.core.trees import as_arrays, has_tracer, is_integer, replace
from thalweg.dynamics import Map, MemoryMap
from thalweg.learning.gradients import Gradient, Implicit, SolveInfo
from thalweg.learning.runs import Relaxed, Run
from thalweg.simulation import Settled


class LossGradient(eqx.Module):
    """A loss at rest and its gradient.

    Attributes:
        value: the loss.
        end: where the run came to rest.
        layer: derivatives with respect to the floating arrays of the layer, shaped like it.
        start: with respect to the start.
        input: with respect to the input, or None where there was none.
        solve: how the strategy's own solve went.
    """

    value: Any
    end: Relaxed
    layer: Any
    start: Any
    input: Any
    solve: SolveInfo


class Relax(eqx.Module):
    r"""A layer that runs a map to rest, x* = g(x*), from a start, with a choice of gradients.

    Arguments:
        rule: the map. One made of an energy takes an input where the energy does:
            `energy(state, input)`, of one sample (any pytree that can be called).
        gradient: how the rest is differentiated: `Implicit()` unless given.
        tol: a state is at rest where the root mean square of its displacement is at most
            tol·(1 + that of the state).
        max_steps: the most steps.

    `layer(start, input)` returns a `Relaxed`, whose state can be differentiated with respect to the
    rule's arrays, the input and (by the strategies that see it) the start. Batches are
    `jax.vmap(layer)`. What did not settle is flagged, never silent; a gradient whose solve failed
    is NaN.

    Raises:
        InputError: the rule is no map, the gradient no strategy, `tol` is negative, or `max_steps`
            no positive integer.

    Example:
        >>> import equinox as eqx, jax, jax.numpy as jnp, thalweg as tw
        >>> class Bowl(eqx.Module):
        ...     stiffness: jax.Array
        ...     def __call__(self, state, input):
        ...         return 0.5 * self.stiffness * jnp.sum(state**2) - jnp.sum(input * state)
        >>> layer = tw.Relax(tw.GradientStep(Bowl(jnp.array(2.0)), 0.4))
        >>> end = layer(jnp.zeros(1), jnp.ones(1))
        >>> print(f"{end.state[0]:.3f}, {bool(end.is_settled)}")
        0.500, True
        >>> found = layer.value_and_grad(lambda end: end.state[0], jnp.zeros(1), jnp.ones(1))
        >>> print(f"{found.input[0]:.3f}, {found.layer.rule.energy.stiffness:.3f}")
        0.500, -0.250
    """

    rule: Map
    gradient: Gradient = Implicit()
    tol: float = 1e-6
    max_steps: int = eqx.field(static=True, default=1000)

    def __check_init__(self):
        """Refuse what is no map, no strategy, no tolerance or no count."""
        check_made("Relax: rule", self.rule)
        if not isinstance(self.rule, Map):
            raise InputError(
                f"Relax: rule must be a map, which takes steps, got {type(self.rule).__name__}. Of "
                f"a flow take GradientStep(energy, step_size), or Stroboscopic(flow, period)."
            )
        check_made("Relax: gradient", self.gradient)
        if not isinstance(self.gradient, Gradient):
            raise InputError(
                f"Relax: gradient must be a strategy such as tw.learning.Implicit(), got "
                f"{self.gradient!r}."
            )
        if not has_tracer(self.tol) and not _is_tolerance(self.tol):
            raise InputError(
                f"Relax: tol must be finite and not negative, got {self.tol!r}; 1e-6 is usual."
            )
        if not is_integer(self.max_steps) or self.max_steps < 1:
            raise InputError(
                f"Relax: max_steps must be a positive integer, got {self.max_steps!r}."
            )

    def __call__(self, start: Any, input: Any = None) -> Relaxed:
        """The state at rest, run from `start` (an array or a pytree) with `input` fixed.

        Raises:
            InputError: an input is given to a rule that has no field `energy`, or the start is no
                state of the rule.
        """
        return _relaxed(as_arrays(self), as_arrays(start), as_arrays(input))

    def value_and_grad(
        self,
        loss_fn: Callable[..., Any],
        start: Any,
        input: Any = None,
        *args: Any,
        batched: bool = False,
    ) -> LossGradient:
        """A loss at rest and its gradient, by the strategy's best means.

        It differs from `jax.grad` in three ways: equilibrium propagation nudges by the loss itself,
        the result says how the strategy's own solve went, and the derivatives of the parameters are
        summed over a batch as products of matrices (`jax.vmap` of `jax.grad` makes one gradient a
        sample first).

        Arguments:
            loss_fn: `loss_fn(end, *args) → scalar` of one sample, of the state of `end` (a
                `Relaxed`).
            start: where the run begins.
            input: the input, if the energy takes one.
            args: whatever else the loss takes, a target say.
            batched: whether `start`, `input` and `args` have a leading axis of samples; the loss is
                then their mean.
        """
        start, input, args = as_arrays((start, input, args))
        # Numbers on the layer (a step size) become arrays to be compiled; they are no parameters.
        is_parameter = jax.tree.map(eqx.is_inexact_array, self)
        layer = as_arrays(self)
        return _value_and_grad(layer, is_parameter, loss_fn, start, input, args, batched)

    def run(self, start: Any, input: Any = None) -> Run:
        """The run that a strategy differentiates."""
        start = jax.tree.map(_floating, start)
        dtype = jnp.result_type(*jax.tree.leaves(start))
        tol = jnp.asarray(self.tol, dtype)
        return Run(self.rule, start, input, Settled(tol, tol), self.max_steps)


def _is_tolerance(tol: Any) -> bool:
    is_number = np.ndim(tol) == 0 and np.asarray(tol).dtype.kind in "iuf"
    return bool(is_number and np.isfinite(tol) and tol >= 0)


def _floating(leaf: Any) -> jax.Array:
    leaf = jnp.asarray(leaf)
    is_inexact = jnp.issubdtype(leaf.dtype, jnp.inexact)
    return leaf if is_inexact else leaf.astype(jnp.result_type(float))


def _check_start(run: Run) -> None:
    """Refuse the start of one sample that is no state of its rule."""
    rule, given = run.law, jax.tree.structure(run.start)
    if isinstance(rule, MemoryMap):
        try:
            begun = eqx.filter_eval_shape(lambda z: rule.begin(rule.position(z)), run.start)
            has_memory = jax.tree.structure(begun) == given
        except (AttributeError, IndexError, TypeError, ValueError):
            has_memory = False
        if not has_memory:
            raise InputError(
                f"Relax: start must be a state of {type(rule).__name__}, which has a memory, got "
                f"{given}. Begin with rule.begin(x)."
            )
    ahead = eqx.filter_eval_shape(rule.step, jnp.zeros((), jnp.int32), run.start)
    shapes = [[leaf.shape for leaf in jax.tree.leaves(z)] for z in (run.start, ahead)]
    if jax.tree.structure(ahead) != given or shapes[0] != shapes[1]:
        raise InputError(
            f"Relax: start must be a state of {type(rule).__name__}: its step leads from {given} "
            f"of the shapes {shapes[0]} to {jax.tree.structure(ahead)} of {shapes[1]}."
        )


@eqx.filter_jit
def _relaxed(layer: Relax, start: Any, input: Any) -> Relaxed:
    run = layer.run(start, input)
    _check_start(run)
    return run.describe(*layer.gradient.end(run))


@eqx.filter_jit
def _value_and_grad(
    layer: Relax,
    is_parameter: Relax,
    loss_fn: Any,
    start: Any,
    input: Any,
    args: Any,
    batched: bool,
) -> LossGradient:
    args, static = eqx.partition(args, eqx.is_array_like)
    samples = (start, input, args)
    if not batched:
        samples = jax.tree.map(lambda a: jnp.asarray(a)[None], samples)
    start, input, args = samples

    def loss(end: Relaxed, args: Any) -> Any:
        level: Any = loss_fn(end, *eqx.combine(args, static))
        # Complex nudges ask for it at complex states.
        is_scalar = eqx.is_inexact_array(level) and np.ndim(level) == 0
        if not is_scalar and not isinstance(level, float):
            kind = repr(level)
            if eqx.is_array(level):
                kind = f"{jnp.result_type(level)} of the shape {np.shape(level)}"
            raise InputError(
                f"Relax: loss_fn must return one floating number, got {kind}; take a sum or a mean."
            )
        return level

    run = layer.run(start, input)
    _check_start(run.at(*jax.tree.map(lambda a: a[0], (run.start, run.input))))
    value, ends, found, solve = layer.gradient.value_and_grad(loss, run, args)
    to_rule = jax.tree.map(
        lambda a, b: a if b else None, found.rule, is_parameter.rule, is_leaf=lambda a: a is None
    )
    nothing = jax.tree.map(lambda a, b: jnp.zeros_like(a) if b else None, layer, is_parameter)
    of_samples = (ends, found.start, found.input, solve)
    if not batched:
        of_samples = jax.tree.map(lambda a: a[0], of_samples)
    ends, to_start, to_input, solve = of_samples
    return LossGradient(value, ends, replace(nothing, rule=to_rule), to_start, to_input, solve)
