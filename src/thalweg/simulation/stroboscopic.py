"""The stroboscopic map of a flow: its state, seen once a period."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.checks import check_count, check_finite, check_made, check_positive
from thalweg.core.declared import domain_of, names_of
from thalweg.core.errors import InputError
from thalweg.core.trees import as_arrays
from thalweg.dynamics import Flow, Map
from thalweg.simulation.adaptive import Solve, solve
from thalweg.simulation.controller import Guarded
from thalweg.simulation.dormand_prince import DormandPrince8
from thalweg.simulation.methods import Adaptive, AdaptiveMethod
from thalweg.simulation.settled import as_scalar
from thalweg.simulation.steppers import FlowSteps
from thalweg.simulation.trajectory import make_trajectory

# Of eighth order: a period is followed to the 1e-9 or so that Newton's method asks for.
_METHOD = Adaptive(solver=diffrax.Dopri8(), max_steps=4096, derivatives="both")


class Stroboscopic(Map):
    r"""The map x(phase) → x(phase + period) of a flow, by integrating it over a period.

    For a flow forced with that period, the map does not depend on time, and its fixed points are
    the periodic responses: `find_equilibria(Stroboscopic(flow, period))` finds them, and the
    eigenvalues of its Jacobian are their Floquet multipliers. For a flow that does not depend on
    time it is the flow's own map over the time `period`.

    Arguments:
        flow: the flow. That it has this period is for the caller to know.
        period: how long a step lasts.
        phase: the time at which the flow is seen.
        rtol: the relative tolerance of the integration; 1e-10 unless given, or 100 times what the
            dtype of the state resolves where that is more.
        atol: the absolute tolerance; a hundredth of `rtol` unless given.
        method: the adaptive method; Diffrax's Dopri8 unless given, which can be differentiated both
            forward and in reverse.

        steps: None, or how many steps of one length a period to make instead, by the method of
            order 8 of Dormand and Prince. Where the flow is as smooth everywhere, that is many
            times faster in a search for fixed points, which integrates thousands of starts at once;
            check it by doubling the number.

    A step whose integration fails (a blow-up, 4,096 steps) is NaN.

    Raises:
        InputError: `flow` is no flow, or `period` is not positive.

    Example:
        >>> import thalweg as tw
        >>> turn = tw.Stroboscopic(tw.as_flow(lambda x: -x), period=1.0)
        >>> round(float(turn.step(0, 1.0)), 4)
        0.3679
    """

    flow: Flow
    period: Any
    phase: Any = 0.0
    rtol: Any = None
    atol: Any = None
    method: AdaptiveMethod = _METHOD
    steps: int | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        check_made("Stroboscopic: flow", self.flow)
        if not isinstance(self.flow, Flow):
            raise InputError(
                f"Stroboscopic: flow must be a Flow, got {self.flow!r}. Wrap a function with "
                f"as_flow, an energy with SteepestDescent."
            )
        check_positive("Stroboscopic: period", self.period)
        check_finite("Stroboscopic: phase", self.phase)
        for name in ("rtol", "atol"):
            if getattr(self, name) is not None:
                check_positive(f"Stroboscopic: {name}", getattr(self, name))
        if self.steps is not None:
            check_count("Stroboscopic: steps", self.steps)

    def step(self, t: Any, state: Any) -> Any:
        """The state a period later; the number `t` of the step does not matter."""
        dtype = jnp.result_type(*jax.tree.leaves(state))
        state = jax.tree.map(lambda x: jnp.asarray(x, dtype), state)
        if self.steps is not None:
            return self._in_steps(self.steps, state, dtype)
        rtol = self.rtol
        if rtol is None:
            rtol = max(1e-10, 100 * float(jnp.finfo(dtype).eps))
        atol = 1e-2 * rtol if self.atol is None else self.atol
        rtol, atol, begin = (as_scalar(x, dtype) for x in (rtol, atol, self.phase))
        problem = Solve(
            flow=as_arrays(self.flow),
            start=state,
            start_time=begin,
            stop_time=begin + as_scalar(self.period, dtype),
            times=None,
            controller=Guarded(rtol, atol),
            solver=self.method.solver_for(rtol, atol),
            until=None,
            output="end",
        )
        return make_trajectory(solve(problem, self.method), self.flow, None).final

    def _in_steps(self, count: int, state: Any, dtype: Any) -> Any:
        dt = as_scalar(self.period, dtype) / count
        stepper = FlowSteps(
            as_arrays(self.flow), DormandPrince8(dt), as_scalar(self.phase, dtype), dt
        )

        def advance(x: Any, index: Any) -> tuple[Any, None]:
            return stepper.step(index, x), None

        return jax.lax.scan(advance, state, jnp.arange(count, dtype=dtype))[0]

    domain = domain_of("flow")
    state_names = names_of("flow")
