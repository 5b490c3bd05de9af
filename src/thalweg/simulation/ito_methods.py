"""Methods for diffusions, by Diffrax: `simulate(diffusion, …, method=…)` takes one of these."""

from abc import abstractmethod
from typing import Any

import diffrax

from thalweg.simulation.methods import Method, check_step


class ItoMethod(Method):
    """A solver of Diffrax for diffusions, in Itô's sense, with steps of one length (abstract)."""

    @property
    @abstractmethod
    def solver(self) -> Any:
        """The Diffrax solver."""

    @property
    @abstractmethod
    def step_size(self) -> Any:
        """The length dt of a step."""

    @property
    @abstractmethod
    def evaluations(self) -> int | None:
        """Number of evaluations of the drift by a step; None where nobody counts."""


class EulerMaruyama(ItoMethod):
    r"""The Euler–Maruyama method: the next state is x + f(t, x) dt + g(t, x) ΔW.

    ΔW are independent normal numbers of variance dt. Means converge as dt, paths as √dt (as dt
    where the noise does not depend on the state).

    Arguments:
        dt: the step.

    References:
        Kloeden & Platen (1992), *Numerical Solution of Stochastic Differential Equations*, ch. 10.
    """

    dt: Any

    def __check_init__(self) -> None:
        check_step("EulerMaruyama", self.dt)

    @property
    def solver(self) -> Any:
        """`diffrax.Euler()`."""
        return diffrax.Euler()

    @property
    def step_size(self) -> Any:
        """`dt`."""
        return self.dt

    @property
    def evaluations(self) -> int:
        """One."""
        return 1


class Milstein(ItoMethod):
    r"""The Milstein method in the sense of Itô: Euler–Maruyama and half of (g·∇)g (ΔW² − dt).

    Paths converge as dt where the noise commutes: where it is a number, or where the strength of
    each coordinate depends on that coordinate alone. It differentiates the noise, so a step costs a
    matrix of all coordinates and processes: for small states.

    Arguments:
        dt: the step.

    References:
        Kloeden & Platen (1992), *Numerical Solution of Stochastic Differential Equations*, ch. 10.
    """

    dt: Any

    def __check_init__(self) -> None:
        check_step("Milstein", self.dt)

    @property
    def solver(self) -> Any:
        """`diffrax.ItoMilstein()`."""
        return diffrax.ItoMilstein()

    @property
    def step_size(self) -> Any:
        """`dt`."""
        return self.dt

    @property
    def evaluations(self) -> None:
        """Nobody counts."""
