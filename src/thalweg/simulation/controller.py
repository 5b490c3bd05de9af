"""The control of adaptive steps: Diffrax's, which also stops where no step can be resolved."""

from collections.abc import Callable
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import optimistix

from thalweg.simulation.settled import all_finite


class Guarded(diffrax.AbstractAdaptiveStepSizeController):
    """Diffrax's PID controller, except for what it does at a singularity.

    A candidate state that is not finite counts as an infinite error: the step is rejected and
    shortened, so the accepted states stay finite. When the next step would be lost in the rounding
    of t (or is NaN) the solve ends with `dt_min_reached` instead of trying steps of no length.
    """

    rtol: Any
    atol: Any
    norm: Callable[[Any], Any] = optimistix.rms_norm

    @property
    def _pid(self) -> diffrax.PIDController:
        return diffrax.PIDController(rtol=self.rtol, atol=self.atol, norm=self.norm)

    def wrap(self, direction: Any) -> "Guarded":
        """`self`: steps do not depend on the direction of time."""
        return self

    def init(
        self,
        terms: Any,
        t0: Any,
        t1: Any,
        y0: Any,
        dt0: Any,
        args: Any,
        func: Any,
        error_order: Any,
    ) -> Any:
        """The end of the first step and the state of the controller."""
        # Diffrax chooses the first step for an `ODETerm`, and takes 0.01 for anything else: also
        # for what `diffeqsolve` has wrapped (0.7.2).
        term = diffrax.ODETerm(lambda t, y, args: func(terms, t, y, args))
        return self._pid.init(term, t0, t1, y0, dt0, args, _value, error_order)

    def adapt_step_size(
        self,
        t0: Any,
        t1: Any,
        y0: Any,
        y1_candidate: Any,
        args: Any,
        y_error: Any,
        error_order: Any,
        controller_state: Any,
    ) -> Any:
        """Accept or refuse the step from `t0` to `t1`, and choose the next one."""
        is_finite = all_finite(y1_candidate)
        error = jax.tree.map(lambda e: jnp.where(is_finite, e, jnp.inf), y_error)
        candidate = jax.tree.map(lambda a, b: jnp.where(is_finite, a, b), y1_candidate, y0)
        keep, start, stop, jump, state, result = self._pid.adapt_step_size(
            t0, t1, y0, candidate, args, error, error_order, controller_state
        )
        # Negated, so that NaN counts as too small.
        is_too_small = ~(stop - start > resolution(start))
        result = diffrax.RESULTS.where(is_too_small, diffrax.RESULTS.dt_min_reached, result)
        return keep, start, stop, jump, state, result


def _value(term: diffrax.ODETerm, t: Any, y: Any, args: Any) -> Any:
    return term.vf(t, y, args)


def resolution(t: Any) -> jax.Array:
    """The shortest step that floating point resolves at time `t`."""
    info = jnp.finfo(jnp.result_type(t))
    return jnp.maximum(4.0 * info.eps * jnp.abs(t), info.tiny)
