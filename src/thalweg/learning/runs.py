"""Runs of a map to rest: what they are, and what is known of their ends."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.declared import declared_energy, has_symmetric_jacobian
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import norm, replace
from thalweg.dynamics import Map
from thalweg.simulation import Settled
from thalweg.simulation.settled import rms

# A mode nine tenths as fast as the largest has gone to a hundredth of it when averaging begins.
_POWER_STEPS, _AVERAGED = 64, 16


class Relaxed(eqx.Module):
    """End of a run at rest; under `jax.vmap`, of many samples.

    Attributes:
        state: its end, the only part that has a gradient.
        residual: the root mean square of what another step would change.
        num_steps: the steps taken.
        spectral_radius: of the Jacobian at the end, an estimate from below by the power method: the
            rate at which the distance to rest shrinks a step. Computed only where it is used.
        is_settled: whether the residual is as small as was asked.
        is_marginal: whether the spectral radius is within √tol of 1: a residual of `tol` then
            leaves √tol of the state open, and its gradient more.
    """

    state: Any
    residual: Any
    num_steps: Any
    spectral_radius: Any
    is_settled: Any
    is_marginal: Any

    @property
    def share_unsettled(self) -> float:
        """The share of the samples that did not come to rest."""
        return float(np.mean(~np.asarray(self.is_settled)))

    @property
    def share_marginal(self) -> float:
        """The share of the samples whose rest is marginal."""
        return float(np.mean(np.asarray(self.is_marginal)))

    def __str__(self) -> str:
        settled, steps = np.asarray(self.is_settled), np.asarray(self.num_steps)
        low, high = int(steps.min()), int(steps.max())
        lines = [
            f"{np.sum(settled)} of {counted(settled.size, 'sample')} at rest after "
            f"{f'{low:,} to ' if low < high else ''}{counted(high, 'step')}; largest residual "
            f"{np.max(self.residual):.1e}, spectral radius up to "
            f"{np.max(self.spectral_radius):.3g}."
        ]
        if self.share_unsettled:
            lines.append(
                f"{self.share_unsettled:.1%} did not come to rest: allow more steps (max_steps), a "
                f"larger step, or a larger tol."
            )
        if self.share_marginal:
            lines.append(f"{self.share_marginal:.1%} rest where the rule hardly contracts.")
        return "\n".join(lines)


class WithInput(eqx.Module):
    """An energy of state and input, with its input fixed."""

    energy: Callable[..., Any]
    input: Any

    def __call__(self, state: Any) -> jax.Array:
        """E(x, input)."""
        return self.energy(state, self.input)


def with_input(rule: Map, input: Any) -> Map:
    """A rule whose energy `energy(state, input)` has its input fixed; the rule itself if None.

    Raises:
        InputError: an input is given, and the rule has no field `energy`.
    """
    if input is None:
        return rule
    energy = declared_energy(rule)
    if energy is None or not hasattr(rule, "__dataclass_fields__"):
        raise InputError(
            f"Relax: {type(rule).__name__} has no field `energy` that could take an input; make "
            f"the input a field of the rule."
        )
    return replace(rule, energy=WithInput(energy, input))


class Run(eqx.Module):
    """Runs to rest as a question: the rule, where each begins, its input, and when it ends.

    Attributes:
        rule: the map g.
        start: z, an array or a pytree.
        input: what the rule's energy takes beside the state, or None.
        until: when a state counts as at rest, tolerances as arrays.
        max_steps: the most steps.

    Start and input may have a leading axis of samples; what is not said to be of many is of one.
    """

    rule: Map
    start: Any
    input: Any
    until: Settled
    max_steps: int = eqx.field(static=True)

    @property
    def law(self) -> Map:
        """The rule with the input fixed (one sample)."""
        return with_input(self.rule, self.input)

    def at(self, start: Any, input: Any) -> "Run":
        """The run of one sample."""
        return replace(self, start=start, input=input)

    def each(self, fn: Callable[..., Any], *others: Any) -> Any:
        """`fn(run, *others)` of every sample, the results stacked."""

        def one(start: Any, input: Any, *others: Any) -> Any:
            return fn(self.at(start, input), *others)

        return jax.vmap(one)(self.start, self.input, *others)

    def hoisted(self) -> "Run":
        """The same by its steps alone; what these close over (while traced) made fields."""
        count = jnp.zeros((), jnp.int32)
        law = self.law
        step = eqx.filter_closure_convert(law.step, count, self.start)
        rule = _Hoisted(step, has_symmetric_jacobian(law))
        return replace(self, rule=rule, input=None)

    def settle(self, num_steps: int | None = None) -> tuple[Any, jax.Array]:
        """The state at rest, or after `num_steps` (`max_steps` unless given), and the steps taken.

        It cannot be differentiated backwards: that is what strategies are for.
        """
        most, law = self.max_steps if num_steps is None else num_steps, self.law

        def goes_on(carry: Any) -> jax.Array:
            _, count, is_settled = carry
            return (count < most) & ~is_settled

        def advance(carry: Any) -> Any:
            state, count, _ = carry
            new = law.step(count, state)
            change = jax.tree.map(lambda a, b: a - b, new, state)
            return new, count + 1, self.until.is_at_rest(change, state)

        begin = (self.start, jnp.zeros((), jnp.int32), jnp.zeros((), bool))
        state, count, _ = jax.lax.while_loop(goes_on, advance, begin)
        return state, count

    def describe(self, state: Any, num_steps: Any) -> Relaxed:
        """Diagnostics of an end; the state alone has a gradient."""
        law, held = held_still(self.law), held_still(state)
        change = law.displacement(num_steps, held)
        radius = spectral_radius(lambda x: law.step(num_steps, x), held)
        is_marginal = radius >= 1.0 - jnp.sqrt(self.until.rtol)
        is_settled = self.until.is_at_rest(change, held)
        return Relaxed(state, rms(change), num_steps, radius, is_settled, is_marginal)


class _Hoisted(Map):
    """A map by its step alone."""

    fn: Callable[[Any, Any], Any]
    has_symmetric_jacobian: bool = eqx.field(static=True)

    def step(self, t: Any, state: Any) -> Any:
        return self.fn(t, state)


def held_still(tree: Any) -> Any:
    """The same without derivatives with respect to its arrays."""
    return jax.tree.map(lambda a: jax.lax.stop_gradient(a) if eqx.is_array(a) else a, tree)


def spectral_radius(step_fn: Callable[[Any], Any], state: Any) -> jax.Array:
    """The spectral radius of the Jacobian of a map at a state, by the power method.

    The growth of a fixed random vector, the geometric mean of that over the last steps, so that
    pairs of eigenvalues ±λ or re^{±iφ} are seen; for a symmetric Jacobian it is an estimate from
    below.
    """
    leaves, treedef = jax.tree.flatten(state)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    vector = jax.tree.unflatten(
        treedef,
        [jax.random.normal(k, x.shape, x.dtype) for k, x in zip(keys, leaves, strict=True)],
    )
    _, move = jax.linearize(step_fn, state)

    def advance(vector: Any, _: None) -> tuple[Any, jax.Array]:
        image = move(vector)
        size = norm(image)
        scale = jnp.where(size > 0, size, 1.0)
        return jax.tree.map(lambda a: a / scale, image), size

    size = norm(vector)
    vector = jax.tree.map(lambda a: a / size, vector)
    _, sizes = jax.lax.scan(advance, vector, None, length=_POWER_STEPS)
    late = sizes[-_AVERAGED:]
    return jnp.where(jnp.all(late > 0), jnp.exp(jnp.mean(jnp.log(late))), 0.0)
