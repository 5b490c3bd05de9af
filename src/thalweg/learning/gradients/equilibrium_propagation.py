"""The gradient of rest from rests of a nudged energy: equilibrium propagation."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.declared import declared_energy, has_symmetric_jacobian
from thalweg.core.errors import InputError
from thalweg.core.trees import dot, has_tracer, is_integer, norm, replace
from thalweg.dynamics import GradientStep, Map
from thalweg.learning.gradients.base import Gradient, SolveInfo, filled, largest, once
from thalweg.learning.runs import Relaxed, Run
from thalweg.simulation.settled import rms

# What a displacement may be off by at rest, in units of the last place of the state: one of sums of
# a thousand terms, and more where large ones cancel.
_NOISE = 100.0


class EquilibriumPropagation(Gradient):
    r"""The gradient of rest from where E + βL rests, for a rule that descends an energy.

    With x_β the rest of E + βL that is reached from x_0, and β_j = β e^{2πij/N},

        dL/dθ ≈ Re (1/(Nβ)) Σ_j e^{−2πij/N} ∂E/∂θ(x_{β_j})

    less ∂E/∂θ(x_0)/β for N = 1. No derivative passes through a run: two (N + 1) rests and a local
    rule. On E = ½xᵀAx − bᵀx with L = ½|x − y|² it gives A⁻¹(I − (−βA⁻¹)^N)⁻¹(x* − y) in b: its bias
    is of order β^N. N = 1 is one-sided, 2 centred; for N > 2 states are complex (the energy and the
    loss must then be analytic functions: no absolute values or kinks), and |β| must be below the
    least eigenvalue of the Hessian.

    `value_and_grad` nudges by the loss. Under plain `jax.grad` the loss is not known, only its
    cotangent c = ∂L/∂x at rest: the nudge is then β ⟨c/|c|, x⟩, whose gradient times |c| has
    the same limit. (β ⟨c, x⟩ would be lost in rounding where a loss is a mean over many samples.)

    Arguments:
        nudge: β.
        points: N.
        max_steps: the most steps of each nudged run; the layer's own unless given. A run of k steps
            gives what `Truncated(k)` does, in the limit of small β.

    Where a nudged run does not come nearer to rest (β is too large) the gradient is NaN.

    Raises:
        InputError: `nudge` is not positive, a count is no positive integer, or the rule has no
            field `energy` (nothing says what to nudge).

    References:
        Scellier and Bengio 2017 (one-sided); Laborieux et al. 2021 (centred); Laborieux and Zenke
        2022 (holomorphic); Ernoult et al. 2019 (the steps of the nudged run).
    """

    nudge: float = 0.1
    points: int = eqx.field(static=True, default=2)
    max_steps: int | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        """Refuse what is no nudge or no count."""
        if not has_tracer(self.nudge) and not self.nudge > 0:
            raise InputError(f"EquilibriumPropagation: nudge must be positive, got {self.nudge!r}.")
        for name, value in (("points", self.points), ("max_steps", self.max_steps)):
            if value is not None and (not is_integer(value) or value < 1):
                raise InputError(
                    f"EquilibriumPropagation: {name} must be a positive integer, got {value!r}."
                )

    def end(self, run: Run) -> tuple[Any, jax.Array]:
        """The state at rest; its derivative is had by nudging with the cotangent."""
        law = run.law
        energy = _energy(law)
        if self.points <= 2:  # what is hoisted is of one dtype, and complex states have another
            energy = eqx.filter_closure_convert(energy, run.start)
        return _rest(replace(run, rule=replace(law, energy=energy), input=None), self)

    def value_and_grad(
        self, loss_fn: Callable[[Relaxed, Any], Any], run: Run, args: Any
    ) -> tuple[Any, Relaxed, Run, SolveInfo]:
        """Loss and gradient, by nudging with the loss."""
        _energy(run.rule)
        ends = run.each(lambda run: run.describe(*run.settle()))
        values = jax.vmap(loss_fn)(ends, args)

        def nudged(run: Run, end: Relaxed, args: Any) -> tuple[Any, SolveInfo]:
            return self.nudged(run, end.state, lambda x: loss_fn(replace(end, state=x), args))

        states, info = run.each(nudged, ends, args)
        gradients = self.contrasted(run, ends.state, states)
        return jnp.mean(values), ends, gradients, info

    def nudged(self, run: Run, state: Any, loss_fn: Callable[[Any], Any]) -> tuple[Any, SolveInfo]:
        """The rests of E + βL at the points of the circle, reached from one of E (one sample)."""
        law = run.law
        begun = replace(run, start=state, input=None, max_steps=self.max_steps or run.max_steps)
        _, nudges = self._points(state)

        def rest(beta: jax.Array) -> Any:
            energy = _Nudged(_energy(law), loss_fn, beta)
            if self.points <= 2:
                return _settled(replace(begun, rule=replace(law, energy=energy)))
            start = jax.tree.map(lambda a: a.astype(beta.dtype), state)
            return _settled(replace(begun, rule=_Holomorphic(energy, _step_size(law)), start=start))

        states, counts, residuals, is_nearer = jax.vmap(rest)(nudges)
        is_solved = jnp.all(is_nearer)
        states = jax.tree.map(lambda a: jnp.where(is_solved, a, jnp.nan), states)
        return states, SolveInfo(jnp.max(residuals), jnp.sum(counts), is_solved)

    def contrasted(self, run: Run, states: Any, nudged: Any) -> Run:
        """The gradients, from the rests of all samples and their nudged rests."""
        weights, _ = self._points(states)
        moving, fixed = eqx.partition(run, eqx.is_inexact_array)

        def contrast(moving: Any) -> jax.Array:
            """Scalar whose gradient is that of the strategy, the states held."""

            def one(run: Run, state: Any, nudged: Any) -> jax.Array:
                energy = _energy(run.law)
                value = jnp.real(jnp.sum(weights * jax.vmap(energy)(nudged)))
                return value - weights[0] * energy(state) if self.points == 1 else value

            return jnp.mean(eqx.combine(moving, fixed).each(one, states, nudged))

        return jax.grad(contrast)(moving)

    def _points(self, state: Any) -> tuple[jax.Array, jax.Array]:
        """The weights 1/(Nβ_j) and the nudges β_j.

        Points in the lower half of the circle are mirror images: those in the upper count twice.
        """
        dtype = jnp.result_type(*jax.tree.leaves(state))
        nudge = jnp.asarray(self.nudge, dtype)
        if self.points <= 2:
            nudges = jnp.array([1.0, -1.0], dtype)[: self.points] * nudge
            return 1.0 / (self.points * nudges), nudges
        indices = jnp.arange(self.points // 2 + 1)
        nudges = nudge * jnp.exp(2j * jnp.pi * indices.astype(dtype) / self.points)
        twice = (indices > 0) & (2 * indices != self.points)
        return jnp.where(twice, 2.0, 1.0) / (self.points * nudges), nudges


def _settled(run: Run) -> tuple[Any, jax.Array, jax.Array, jax.Array]:
    """The end of a run, the steps taken, how far it is from rest, and whether it came nearer.

    A run that has no rest to go to moves ever faster, and falls ever faster: the nudge is too large
    for the curvature. In a metric a run towards its rest may move faster for a while, but it falls
    more slowly. Changes that rounding makes are no movement.
    """
    state, count = run.settle()
    before, falling = _speed(run.rule, jnp.zeros_like(count), run.start)
    after, still_falling = _speed(run.rule, count, state)
    rounding = _NOISE * float(np.finfo(after.dtype).eps) * (1.0 + rms(state))
    is_nearer = (after <= before) | (still_falling <= falling) | (after <= rounding)
    return state, count, after, is_nearer


def _speed(rule: Map, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
    """The displacement of a rule, root mean square, and how fast its energy falls along it."""
    change = rule.displacement(t, state)
    if isinstance(rule, _Holomorphic):  # Euclidean: its energy falls as its square
        return rms(change), rms(change)
    return rms(change), -dot(jax.grad(_energy(rule))(state), change)


class _Nudged(eqx.Module):
    """E + βL."""

    energy: Callable[[Any], Any]
    loss_fn: Callable[[Any], Any]
    nudge: Any

    def __call__(self, state: Any) -> jax.Array:
        return self.energy(state) + self.nudge * self.loss_fn(state)


class _Holomorphic(Map):
    """x − η F'(x), for an energy F that is an analytic function of complex states."""

    energy: Callable[[Any], Any]
    step_size: Any

    def step(self, t: Any, state: Any) -> Any:
        covector = jax.grad(self.energy, holomorphic=True)(state)
        return jax.tree.map(lambda x, d: x - self.step_size * d, state, covector)


@eqx.filter_custom_vjp
def _rest(run: Run, gradient: EquilibriumPropagation) -> tuple[Any, jax.Array]:
    return run.settle()


@_rest.def_fwd
def _rest_forward(perturbed: Any, run: Run, gradient: EquilibriumPropagation) -> Any:
    end = run.settle()
    return end, end[0]


@_rest.def_bwd
def _rest_backward(
    state: Any, cotangents: Any, perturbed: Any, run: Run, gradient: EquilibriumPropagation
) -> Any:
    used = filled(cotangents[0], state)
    scale = largest(used)
    used = jax.tree.map(lambda a: a / scale, used)
    size = norm(used)
    size = jnp.where(size > 0, size, 1.0)
    nudged, _ = gradient.nudged(run, state, lambda x: dot(x, used) / size)
    start, states, nudged = jax.tree.map(lambda a: a[None], (run.start, state, nudged))
    found = gradient.contrasted(replace(run, start=start), states, nudged)
    found = jax.tree.map(lambda a: scale * size * a, found)
    found = once(found, state)
    return replace(found, start=jax.tree.map(lambda a: a[0], found.start))


def _energy(rule: Map) -> Callable[[Any], Any]:
    """The energy that a rule has as a field.

    Raises:
        InputError: it has none.
    """
    energy = declared_energy(rule)
    if energy is None or "energy" not in {field.name for field in dataclasses.fields(rule)}:
        raise InputError(
            f"EquilibriumPropagation nudges an energy, and {type(rule).__name__} has no field "
            f"`energy`: give a rule made of one, such as GradientStep(energy, step_size), or take "
            f"Implicit()."
        )
    return energy


def _step_size(rule: Map) -> Any:
    """The step of gradient descent.

    Raises:
        InputError: the rule is no plain gradient descent.
    """
    if not isinstance(rule, GradientStep) or not has_symmetric_jacobian(rule):
        raise InputError(
            f"EquilibriumPropagation: more than two points need complex states, which only "
            f"GradientStep in the Euclidean geometry has; {type(rule).__name__} takes points=2."
        )
    return rule.step_size
