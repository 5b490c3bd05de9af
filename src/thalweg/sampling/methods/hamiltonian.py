"""Hamiltonian methods, whose warm-up finds their steps and the scales of the coordinates."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, cast_like, has_tracer, is_integer, replace
from thalweg.dynamics import MemoryKernel
from thalweg.sampling.methods.base import Energy, Told, Warmed, check_temperature
from thalweg.sampling.methods.continuous import ContinuousMethod, refuse_constrained
from thalweg.sampling.methods.extras import import_blackjax, in_precision_of
from thalweg.sampling.methods.metropolis import LogWeight, weighed_at
from thalweg.sampling.methods.sgld import check_step


class HamiltonianKernel(MemoryKernel):
    """One trajectory of Hamilton's equations, and a point of it.

    Arguments:
        energy: `state → scalar`.
        step_size: h of the leapfrog, in units of √(mass/T).
        temperature: T > 0.
        inverse_mass: the variance of each coordinate, `(d,)`; None for ones.
        length: how many leapfrog steps a trajectory takes; None where it turns by itself.
        most_doublings: of a trajectory that turns by itself.
    """

    energy: Any
    step_size: Any
    temperature: Any
    inverse_mass: Any = None
    length: int | None = eqx.field(static=True, default=None)
    most_doublings: int = eqx.field(static=True, default=10)

    def init(self, state: Any) -> Any:
        """The state, −E/T and its gradient, as BlackJAX keeps them."""
        weighed = weighed_at(self.energy, self.temperature, state)
        return import_blackjax("HMC").mcmc.hmc.HMCState(*weighed)

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Told]:
        """A trajectory from the state, with a fresh momentum."""
        x = carry.position
        algorithm, options = self.algorithm
        mass = _ones(x) if self.inverse_mass is None else self.inverse_mass
        weight = LogWeight(self.energy, self.temperature)
        step, mass = cast_like(self.step_size, x), cast_like(mass, x)
        with in_precision_of(x):
            after, info = algorithm.build_kernel()(key, carry, weight, step, mass, **options)
        level = -cast_like(self.temperature, x) * after.logdensity
        return after, Told(info.acceptance_rate, info.is_divergent, level)

    def state(self, carry: Any) -> Any:
        """The state."""
        return carry.position

    @property
    def algorithm(self) -> tuple[Any, dict[str, Any]]:
        """BlackJAX's, and its options."""
        mcmc = import_blackjax("HMC").mcmc
        if self.length is None:
            return mcmc.nuts, {"max_num_doublings": self.most_doublings}
        return mcmc.hmc, {"num_integration_steps": self.length}


class HamiltonianMethod(ContinuousMethod):
    """A method of trajectories whose warm-up is BlackJAX's window adaptation (abstract).

    For developers: a field `target`, the acceptance to aim at.
    """

    def warm_up(self, kernel: Any, start: Any, count: int, key: jax.Array) -> Warmed:
        """The end of `count` steps that find the step size and the variances of coordinates."""
        step, mass = cast_like(kernel.step_size, start), _ones(start)
        if count == 0:
            return Warmed(start, {"step_size": step, "inverse_mass": mass})
        blackjax = import_blackjax(type(self).__name__)
        _, options = kernel.algorithm
        adaptation = blackjax.window_adaptation(
            blackjax.nuts if kernel.length is None else blackjax.hmc,
            LogWeight(kernel.energy, kernel.temperature),
            initial_step_size=step,
            target_acceptance_rate=self.aim,
            adaptation_info_fn=blackjax.adaptation.base.get_filter_adapt_info_fn(),
            **options,
        )
        with in_precision_of(start):
            ended, _ = adaptation.run(key, start, num_steps=count)
        found = ended.parameters
        tuned = {"step_size": found["step_size"], "inverse_mass": found["inverse_mass_matrix"]}
        return Warmed(ended.state.position, tuned)

    def tuned(self, kernel: Any, found: Any) -> HamiltonianKernel:
        """The kernel with the step size and the variances that were found."""
        return replace(kernel, **found)

    @property
    @abstractmethod
    def aim(self) -> Any:
        """The acceptance probability to aim at."""


class NUTS(HamiltonianMethod):
    r"""The no-U-turn sampler: trajectories of Hamilton's equations that end where they turn back.

    Its law is exact. The warm-up finds the step and the variance of each coordinate.

    Arguments:
        temperature: T > 0, in units of the energy.
        target: the acceptance probability to aim at, in (0, 1); nearer to 1 means shorter steps,
            and fewer divergences.
        step_size: the step to begin the warm-up with; without a warm-up that of all trajectories.
        most_doublings: a trajectory has at most 2 to the power of this many steps.

    Steps and warm-up by BlackJAX.

    Raises:
        InputError: a number is out of its range, or BlackJAX is not installed.

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> bowl = tw.energies.Quadratic([[2.0]])
        >>> run = tw.sample(bowl, tw.sampling.NUTS(0.5), jnp.zeros(1), key=jax.random.key(0))
        >>> bool(abs(run.sd[0] - 0.5) < 0.05)
        True

    References:
        Hoffman & Gelman (2014), *JMLR* 15, 1593; Betancourt (2017), arXiv:1701.02434.
    """

    temperature: Any = 1.0
    target: float = 0.8
    step_size: Any = 1.0
    most_doublings: int = eqx.field(static=True, default=10)

    def __check_init__(self):
        """Refuse numbers out of their range."""
        _check("NUTS", self, "most_doublings", self.most_doublings)

    def kernel(self, energy: Energy) -> HamiltonianKernel:
        """The trajectories, of the first step size; they leave e^{−E/T} invariant."""
        import_blackjax("NUTS")
        refuse_constrained("NUTS", energy)
        return HamiltonianKernel(
            energy, self.step_size, self.temperature, most_doublings=self.most_doublings
        )

    @property
    def aim(self) -> Any:
        """`target`."""
        return self.target


class HMC(HamiltonianMethod):
    r"""Hamiltonian Monte Carlo: trajectories of a fixed number of leapfrog steps.

    Its law is exact. The warm-up finds the step and the variance of each coordinate.

    Arguments:
        temperature: T > 0, in units of the energy.
        length: how many steps a trajectory takes.
        target: the acceptance probability to aim at, in (0, 1).
        step_size: the step to begin the warm-up with; without a warm-up that of all trajectories.

    Steps and warm-up by BlackJAX.

    Raises:
        InputError: a number is out of its range, or BlackJAX is not installed.

    References:
        Duane, Kennedy, Pendleton & Roweth (1987), *Physics Letters B* 195, 216; Neal (2011),
        *Handbook of Markov Chain Monte Carlo*, ch. 5.
    """

    temperature: Any = 1.0
    length: int = eqx.field(static=True, default=10)
    target: float = 0.8
    step_size: Any = 1.0

    def __check_init__(self):
        """Refuse numbers out of their range."""
        _check("HMC", self, "length", self.length)

    def kernel(self, energy: Energy) -> HamiltonianKernel:
        """The trajectories, of the first step size; they leave e^{−E/T} invariant."""
        import_blackjax("HMC")
        refuse_constrained("HMC", energy)
        return HamiltonianKernel(energy, self.step_size, self.temperature, length=self.length)

    @property
    def aim(self) -> Any:
        """`target`."""
        return self.target


def _ones(state: Any) -> jax.Array:
    return jnp.ones(Layout.of(state).size, jnp.result_type(*jax.tree.leaves(state)))


def _check(name: str, method: Any, counted: str, count: Any) -> None:
    check_temperature(name, method.temperature)
    check_step(name, method.step_size)
    if not is_integer(count) or count < 1:
        raise InputError(f"{name}: {counted} must be a whole number, at least 1, got {count!r}.")
    if not has_tracer(method.target) and not 0.0 < float(np.asarray(method.target)) < 1.0:
        raise InputError(f"{name}: target must lie in (0, 1), got {method.target!r}.")
