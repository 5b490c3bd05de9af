"""The method of order 8 of Dormand and Prince, with steps of one length."""

from typing import Any

import diffrax
import jax

from thalweg.dynamics import Flow
from thalweg.simulation.methods import FixedStep

_TABLEAU = diffrax.Dopri8.tableau
_STAGES = len(_TABLEAU.b_sol) - 1  # the last one serves the error estimate alone


class DormandPrince8(FixedStep):
    r"""Thirteen evaluations a step, an error of order dt⁹ in each: few long steps.

    Arguments:
        dt: the step.

    References:
        Prince & Dormand 1981, *Journal of Computational and Applied Mathematics* 7, 67.
    """

    dt: Any

    def advance(self, flow: Flow, t: Any, state: Any, dt: Any) -> Any:
        """One step."""
        stages = [flow.velocity(t, state)]
        for weights, place in zip(_TABLEAU.a_lower, _TABLEAU.c[: _STAGES - 1], strict=False):
            there = _shifted(state, dt, weights, stages)
            stages.append(flow.velocity(t + float(place) * dt, there))
        return _shifted(state, dt, _TABLEAU.b_sol, stages)

    @property
    def step_size(self) -> Any:
        """`dt`."""
        return self.dt

    @property
    def evaluations(self) -> int:
        """Thirteen."""
        return _STAGES


def _shifted(state: Any, dt: Any, weights: Any, stages: list[Any]) -> Any:
    """x + dt Σ_i w_i k_i."""
    for weight, stage in zip(weights, stages, strict=False):
        if weight != 0.0:
            state = jax.tree.map(lambda x, k, w=float(weight): x + dt * w * k, state, stage)
    return state
