"""Methods: how a flow is followed. `simulate(…, method=…)` takes one of these objects.

Adaptive ones are Diffrax's. Fixed steps are for results that a source obtained with them: the
classical Runge–Kutta method, which Diffrax does not have, and Euler's.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal

import diffrax
import equinox as eqx
import numpy as np
import optimistix
from jax.core import Tracer

from thalweg.core.checks import check_count
from thalweg.core.errors import InputError
from thalweg.dynamics import Flow
from thalweg.simulation.tableaus import combined, moved, stages

Derivatives = Literal["reverse", "forward", "both"]

_ADJOINTS: dict[str, diffrax.AbstractAdjoint] = {
    "reverse": diffrax.RecursiveCheckpointAdjoint(),
    "forward": diffrax.ForwardMode(),
    "both": diffrax.DirectAdjoint(),
}


class Method(eqx.Module):
    """A way to follow a rule in time (abstract): `AdaptiveMethod`, `FixedStep`, `ItoMethod`."""


class AdaptiveMethod(Method):
    """A solver of Diffrax whose step follows its own error estimate (abstract)."""

    @abstractmethod
    def solver_for(self, rtol: Any, atol: Any) -> Any:
        """The Diffrax solver, for these tolerances."""

    @property
    @abstractmethod
    def limit(self) -> int:
        """Number of steps that may be tried, accepted and rejected ones together."""

    @property
    @abstractmethod
    def adjoint(self) -> diffrax.AbstractAdjoint:
        """Way in which Diffrax differentiates a solve."""


class FixedStep(Method):
    """Steps of one length (abstract)."""

    @abstractmethod
    def advance(self, flow: Flow, t: Any, state: Any, dt: Any) -> Any:
        """The state at `t + dt`, from `state` at `t`."""

    @property
    @abstractmethod
    def step_size(self) -> Any:
        """The length dt of a step."""

    @property
    @abstractmethod
    def evaluations(self) -> int:
        """Number of evaluations of the velocity by a step."""


class Adaptive(AdaptiveMethod):
    """An explicit Runge–Kutta method with adaptive steps: the default for flows.

    Arguments:
        solver: an explicit Diffrax solver; Tsit5 unless given. `diffrax.Dopri8()` is cheaper where
            the tolerance is below about 1e-8.
        max_steps: how many steps may be tried before giving up. Inside `jit` it also sets how many
            rows `save="steps"` and `save="dense"` reserve, and the memory of a gradient (which
            grows with its square root).
        derivatives: which derivatives of a run can be taken: `"reverse"` (`jax.grad`), `"forward"`
            (`jax.jvp`, `jax.jacfwd`), or `"both"`, at a price in memory and time that is small for
            small states only.

    References:
        Tsitouras 2011, *Computers & Mathematics with Applications* 62, 770.
    """

    solver: Any = diffrax.Tsit5()
    max_steps: int = eqx.field(static=True, default=100_000)
    derivatives: Derivatives = eqx.field(static=True, default="reverse")

    def __check_init__(self) -> None:
        if not isinstance(self.solver, diffrax.AbstractERK):
            raise InputError(
                f"Adaptive: solver must be an explicit Runge–Kutta solver of Diffrax such as "
                f"diffrax.Tsit5(), got {self.solver!r}. For stiff flows there is Stiff()."
            )
        _check_options("Adaptive", self.max_steps, self.derivatives)

    def solver_for(self, rtol: Any, atol: Any) -> Any:
        """The solver, which needs no tolerances."""
        return self.solver

    @property
    def limit(self) -> int:
        """`max_steps`."""
        return self.max_steps

    @property
    def adjoint(self) -> diffrax.AbstractAdjoint:
        """The adjoint for `derivatives`."""
        return _ADJOINTS[self.derivatives]


class Stiff(AdaptiveMethod):
    """An implicit method with adaptive steps, for flows whose fast modes have long died out.

    Kværnø's method of order 5 (A- and L-stable). A step costs the solution of linear systems with
    the Jacobian, so it pays only where an explicit method is held to tiny steps by stability.

    Arguments:
        max_steps: as for `Adaptive`.
        derivatives: as for `Adaptive`.

    References:
        Kværnø 2004, *BIT Numerical Mathematics* 44, 489.
    """

    max_steps: int = eqx.field(static=True, default=100_000)
    derivatives: Derivatives = eqx.field(static=True, default="reverse")

    def __check_init__(self) -> None:
        _check_options("Stiff", self.max_steps, self.derivatives)

    def solver_for(self, rtol: Any, atol: Any) -> Any:
        """The solver; its stages are solved to the tolerances of the steps."""
        # Newton, because Diffrax's default (a Jacobian for a whole step) rejects half of the steps
        # and needs five to seven times as many (van der Pol at μ = 1000, FitzHugh–Nagumo).
        return diffrax.Kvaerno5(root_finder=optimistix.Newton(rtol=rtol, atol=atol))

    @property
    def limit(self) -> int:
        """`max_steps`."""
        return self.max_steps

    @property
    def adjoint(self) -> diffrax.AbstractAdjoint:
        """The adjoint for `derivatives`."""
        return _ADJOINTS[self.derivatives]


_CLASSICAL = diffrax.ButcherTableau(
    c=np.array([0.5, 0.5, 1.0]),
    a_lower=(np.array([0.5]), np.array([0.0, 0.5]), np.array([0.0, 0.0, 1.0])),
    b_sol=np.array([1.0, 2.0, 2.0, 1.0]) / 6.0,
    b_error=np.zeros(4),
)


def classical_step(rate: Callable[[Any, Any], Any], state: Any, first: Any, dt: Any) -> Any:
    """The state after a step of `RungeKutta4`.

    Arguments:
        rate: from the share c of the step and a state to its rate of change.
        state: where the step begins.
        first: the rate there.
        dt: the step.
    """
    rates, _ = stages(_CLASSICAL, rate, state, first, dt)
    return moved(state, dt, combined(_CLASSICAL.b_sol, rates))


class RungeKutta4(FixedStep):
    r"""The classical Runge–Kutta method of order 4, with steps of one length.

    With k₁ = f(t, x), k₂ = f(t + dt/2, x + dt·k₁/2), k₃ = f(t + dt/2, x + dt·k₂/2) and
    k₄ = f(t + dt, x + dt·k₃), the next state is x + dt (k₁ + 2k₂ + 2k₃ + k₄)/6.

    Arguments:
        dt: the step.

    References:
        Kutta 1901, *Zeitschrift für Mathematik und Physik* 46, 435.
    """

    dt: Any

    def __check_init__(self) -> None:
        check_step("RungeKutta4", self.dt)

    def advance(self, flow: Flow, t: Any, state: Any, dt: Any) -> Any:
        """One step."""

        def rate(share: float, there: Any) -> Any:
            return flow.velocity(t + share * dt, there)

        return classical_step(rate, state, flow.velocity(t, state), dt)

    @property
    def step_size(self) -> Any:
        """`dt`."""
        return self.dt

    @property
    def evaluations(self) -> int:
        """Four."""
        return 4


class Euler(FixedStep):
    """Euler's method: the next state is x + dt·f(t, x).

    Arguments:
        dt: the step.
    """

    dt: Any

    def __check_init__(self) -> None:
        check_step("Euler", self.dt)

    def advance(self, flow: Flow, t: Any, state: Any, dt: Any) -> Any:
        """One step."""
        return moved(state, dt, flow.velocity(t, state))

    @property
    def step_size(self) -> Any:
        """`dt`."""
        return self.dt

    @property
    def evaluations(self) -> int:
        """One."""
        return 1


def check_step(name: str, dt: Any) -> None:
    """Refuse a step that is no positive number.

    Raises:
        InputError: it is none.
    """
    is_traced = isinstance(dt, Tracer)
    if not is_traced and (isinstance(dt, bool) or not (dt > 0 and dt < float("inf"))):
        raise InputError(f"{name}: dt must be a positive number, got {dt!r}.")


def _check_options(name: str, max_steps: int, derivatives: str) -> None:
    check_count(f"{name}: max_steps", max_steps)
    if derivatives not in _ADJOINTS:
        raise InputError(
            f"{name}: derivatives must be one of {', '.join(map(repr, _ADJOINTS))}, got "
            f"{derivatives!r}."
        )
