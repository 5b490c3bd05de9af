"""Steps at which derivatives of a run are right: a tangent is followed, and its error controlled.

At rest a state has no error, so steps that follow it alone grow past the stability of the method.
The run does not notice; its derivatives, which are products of the derivatives of the steps, grow
without bound (x' = −x from 0 to t = 200 in steps of 100: 1e20 in place of e⁻²⁰⁰).

A tangent of the step, with respect to the state and to the parameters that are differentiated, is
one vector v with v' = J v + ∂f/∂θ·w. Its error in a step is held to `rtol` of its length, which is
made 1 again after each step (w shrinks or grows with it). Noise of size `rtol` keeps alive the
directions that have died out: where a step would amplify one of them, its error shows.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.trees import replace
from thalweg.simulation.controller import Guarded
from thalweg.simulation.settled import all_finite, rms

Loops = Literal["lax", "bounded"] | None

# A derivative adds up the errors of all steps, which nothing damps that the loss asks for; below
# the second, in units of rounding, there are no errors to be seen.
_FINER, _FINEST = 0.1, 100.0
# Odd multipliers whose products mod 2³² spread consecutive numbers evenly (Knuth's, MurmurHash's).
_SPREAD, _MIXED = 0x9E3779B1, 0x85EBCA6B


class WithTangent(diffrax.AbstractAdaptiveSolver):
    """A Diffrax solver that follows a tangent beside the state (abstract).

    The error of a step is a pair: of the state, and of the tangent relative to its length. It needs
    the controller `GuardedTangent`. Nothing about the tangent is differentiated.
    """

    solver: eqx.AbstractVar[Any]
    direction: eqx.AbstractVar[Any]
    rtol: eqx.AbstractVar[Any]

    @abstractmethod
    def pushed(self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any, move: Any) -> Any:
        """A step with a tangent: its outcome without a state of the solver, the tangent, its error.

        Arguments:
            terms: as for a step, like all that is not explained here.
            t0: where it begins.
            t1: where it ends.
            y0: the state there.
            args: the flow.
            move: v at `t0`, and w.

        Returns:
            `(y1, error, dense, result)`, the tangent at `t1`, the estimated error of that.
        """

    @property
    def term_structure(self) -> Any:  # type: ignore[override]
        """The solver's own."""
        return self.solver.term_structure

    @property
    def interpolation_cls(self) -> Any:  # type: ignore[override]
        """The solver's own."""
        return self.solver.interpolation_cls

    def order(self, terms: Any) -> Any:
        """The solver's own."""
        return self.solver.order(terms)

    def error_order(self, terms: Any) -> Any:
        """The solver's own."""
        return self.solver.error_order(terms)

    def init(self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any) -> Any:
        """A tangent of the state, of length 1, and the logarithm of its true length."""
        tangent = _fresh(y0)
        if jax.tree.leaves(self.direction):
            # Against what w drives it to, for there it would have no error from the beginning.
            terms, t0, y0, args = _stopped((terms, t0, y0, args))
            moving, fixed = _moving(args, self.direction)
            _, pull = jax.jvp(
                lambda moving: terms.vf(t0, y0, eqx.combine(moving, fixed)),
                (moving,),
                (self.direction,),
            )
            along = sum(jax.tree.leaves(jax.tree.map(lambda a, b: jnp.sum(a * b), tangent, pull)))
            tangent = jax.tree.map(lambda v: jnp.where(along > 0, -v, v), tangent)
        return jax.lax.stop_gradient((tangent, jnp.zeros_like(rms(tangent))))

    def step(
        self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any, solver_state: Any, made_jump: Any
    ) -> Any:
        """A step of the solver; its error is the pair."""
        before, length = solver_state
        begin = jax.tree.map(lambda v, e: v + self.rtol * e, before, noise_like(y0))
        scale = jnp.exp(-length)
        move = begin, jax.tree.map(lambda w: w * scale.astype(w.dtype), self.direction)
        (y1, error, dense, result), tangent, gap = self.pushed(terms, t0, t1, y0, args, move)
        tangent, gap = jax.lax.stop_gradient((tangent, gap))
        # Where the flow has no derivative there is no tangent either; the run itself goes on.
        is_fine = all_finite(tangent) & all_finite(gap) & (rms(tangent) > 0)
        # A tangent whose square is too small to be a number counts for nothing.
        is_short = length < 0.5 * jnp.log(jnp.finfo(length.dtype).tiny)
        size = jnp.where(is_fine, jnp.maximum(rms(tangent), jnp.where(is_short, 1.0, 0.0)), 1.0)
        ratio = jnp.where(is_fine, rms(gap) / size, 0.0)
        after = jax.tree.map(lambda v, new: jnp.where(is_fine, v / size, new), tangent, _fresh(y0))
        length = jnp.where(is_fine, length + jnp.log(size), 0.0)
        return y1, (error, ratio), dense, (after, length), result

    def func(self, terms: Any, t0: Any, y0: Any, args: Any) -> Any:
        """The velocity."""
        return self.solver.func(terms, t0, y0, args)


class ExplicitWithTangent(WithTangent):
    """An explicit solver: state and tangent are one larger system.

    Attributes:
        solver: the solver of the state.
        direction: w, one array for each leaf of the flow that is differentiated, else None.
        rtol: the error allowed to the tangent in a step, relative to its length.
    """

    solver: Any
    direction: Any
    rtol: Any

    def pushed(self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any, move: Any) -> Any:
        """A step of the pair."""
        pair, both = (y0, move[0]), _Pair(terms, move[1])
        state = self.solver.init(both, t0, t1, pair, args)
        (y1, tangent), (error, gap), dense, _, result = self.solver.step(
            both, t0, t1, pair, args, state, True
        )
        dense = {name: parts[0] for name, parts in dense.items()}
        return (y1, error, dense, result), tangent, gap


class ImplicitWithTangent(WithTangent):
    """An implicit solver, whose step is differentiated.

    Attributes:
        solver: the solver of the state.
        direction: as for `ExplicitWithTangent`.
        rtol: likewise.
    """

    solver: Any
    direction: Any
    rtol: Any

    def pushed(self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any, move: Any) -> Any:
        """A step, and its derivative by another."""
        state = self.solver.init(terms, t0, t1, y0, args)
        y1, error, dense, _, result = self.solver.step(terms, t0, t1, y0, args, state, True)
        terms, t0, t1, y0, args = _stopped((terms, t0, t1, y0, args))
        # Loops over stages that can be differentiated forwards.
        solver = replace(self.solver, scan_kind="lax")
        moving, fixed = _moving(args, move[1])

        def advanced(y: Any, moving: Any) -> Any:
            flow = eqx.combine(moving, fixed)
            return solver.step(terms, t0, t1, y, flow, solver.init(terms, t0, t1, y, flow), True)[
                :2
            ]

        _, (tangent, gap) = jax.jvp(advanced, (y0, moving), move)
        return (y1, error, dense, result), tangent, gap


class GuardedTangent(diffrax.AbstractAdaptiveStepSizeController):
    """`Guarded`, on the larger of the errors of the state and of the tangent.

    Attributes:
        rtol: the tolerances of the state.
        atol: likewise.
        norm: of its errors.
        finer: the error allowed to the tangent, relative to its length.
    """

    rtol: Any
    atol: Any
    norm: Callable[[Any], Any]
    finer: Any

    def wrap(self, direction: Any) -> "GuardedTangent":
        """`self`: steps do not depend on the direction of time."""
        return self

    def init(
        self, terms: Any, t0: Any, t1: Any, y0: Any, dt0: Any, args: Any, func: Any,
        error_order: Any,
    ) -> Any:  # fmt: skip
        """The end of the first step and the state of the controller."""
        plain = Guarded(self.rtol, self.atol, self.norm)
        return plain.init(terms, t0, t1, y0, dt0, args, func, error_order)

    def adapt_step_size(
        self, t0: Any, t1: Any, y0: Any, y1_candidate: Any, args: Any, y_error: Any,
        error_order: Any, controller_state: Any,
    ) -> Any:  # fmt: skip
        """Accept or refuse the step from `t0` to `t1`, and choose the next one."""
        both = Guarded(self.rtol, self.atol, _larger(self.norm))
        one = jnp.ones_like(y_error[1])
        # The tolerance of a number that is 1 is atol + rtol.
        errors = y_error[0], y_error[1] * (self.atol + self.rtol) / self.finer
        return both.adapt_step_size(
            t0, t1, (y0, one), (y1_candidate, one), args, errors, error_order, controller_state
        )


def with_tangent(
    solver: Any, controller: Guarded, direction: Any, loops: Loops = None
) -> tuple[Any, Any]:
    """A solver and a controller that follow a tangent as well.

    Arguments:
        solver: of Diffrax.
        controller: with the tolerances.
        direction: like the arguments of the solve, None instead of each leaf that is not
            differentiated.
        loops: over the stages of a step, as Diffrax names them; None for reverse mode.
    """
    kind = ExplicitWithTangent if isinstance(solver, diffrax.AbstractERK) else ImplicitWithTangent
    rtol = controller.rtol
    finest = jnp.minimum(rtol, _FINEST * jnp.finfo(jnp.result_type(rtol)).eps)
    finer = jax.lax.stop_gradient(jnp.maximum(_FINER * rtol, finest))
    both = GuardedTangent(rtol, controller.atol, controller.norm, finer)
    return kind(replace(solver, scan_kind=loops), noise_like(direction), finer), both


def noise_like(tree: Any) -> Any:
    """Numbers within −1 and 1, the same each time, that have nothing to do with one another."""
    leaves, structure = jax.tree.flatten(tree)
    made = []
    for index, leaf in enumerate(leaves):
        count = jnp.arange(1, leaf.size + 1, dtype=jnp.uint32) + jnp.uint32(index)
        mixed = count * jnp.uint32(_SPREAD)
        mixed = (mixed ^ (mixed >> 15)) * jnp.uint32(_MIXED)
        mixed = mixed ^ (mixed >> 13)
        spread = mixed.astype(leaf.dtype) / jnp.asarray(2.0**31, leaf.dtype) - 1
        made.append(spread.reshape(leaf.shape))
    return jax.tree.unflatten(structure, made)


class _Pair(diffrax.AbstractTerm):
    """The equation of a state and that of its tangent."""

    term: Any
    direction: Any

    def vf(self, t: Any, y: Any, args: Any) -> Any:
        state, tangent = y
        at, still, flow, move = _stopped((t, state, args, tangent))
        moving, fixed = _moving(flow, self.direction)

        def velocity(state: Any, moving: Any) -> Any:
            return self.term.vf(at, state, eqx.combine(moving, fixed))

        _, change = jax.jvp(velocity, (still, moving), (move, self.direction))
        return self.term.vf(t, state, args), change

    def contr(self, t0: Any, t1: Any, **given: Any) -> Any:
        return self.term.contr(t0, t1, **given)

    def prod(self, vf: Any, control: Any) -> Any:
        return tuple(self.term.prod(part, control) for part in vf)


def _moving(flow: Any, direction: Any) -> tuple[Any, Any]:
    is_moving = jax.tree.map(lambda d: d is not None, direction, is_leaf=lambda d: d is None)
    return eqx.partition(flow, is_moving)


def _stopped(tree: Any) -> Any:
    arrays, static = eqx.partition(tree, eqx.is_array)
    return eqx.combine(jax.lax.stop_gradient(arrays), static)


def _larger(norm: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda errors: jnp.maximum(norm(errors[0]), errors[1])


def _fresh(state: Any) -> Any:
    """A tangent of length 1."""
    tangent = noise_like(state)
    size = rms(tangent)
    return jax.tree.map(lambda leaf: leaf / size, tangent)
