"""Contrastive divergence, persistent or not, and maximum likelihood by chains."""

from typing import Any, ClassVar

import equinox as eqx

from thalweg.core.checks import check_count, check_positive
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.learning.densities.base import Answer, DensityMethod, DensityQuestion
from thalweg.learning.densities.updates import Updates, run_updates
from thalweg.sampling import PlainMethod


class ContrastiveDivergence(DensityMethod):
    r"""CD-k (Hinton 2002): chains of k steps that begin at the draws.

        θ⁺ = θ − r (⟨∂E/∂θ⟩ of the draws − ⟨∂E/∂θ⟩ of where the chains end)/T

    It is no descent of a function. With steps of exact law it is biased for small k where models
    cannot hold the truth; with `SGLD`, the unadjusted Langevin algorithm, by its steps too: on
    draws of N(0, v), E = wx²/2, T = 1, it finds w = (1 − √(1 − 2η/v))/η, whatever k. Chains with
    inertia begin with momenta of N(0, T): for k = 1 it is that with η = (1 + e^{−γh})h²/4 of
    `BAOAB`, h²/2 of `OBABO`.

    Arguments:
        sampler: a method of `thalweg.sampling` that tunes nothing, such as `SGLD(0.1)`,
            `MALA(0.1)`, or of machines `BlockGibbs(1.0)`.
        steps: k.
        updates: how many updates, and how fast.
    """

    sampler: Any
    steps: int = eqx.field(static=True, default=1)
    updates: Updates = Updates()
    of_machines: ClassVar[bool | None] = None
    needs_law: ClassVar[bool] = True

    def __check_init__(self):
        """Refuse samplers that cannot be used, and what is no count."""
        check_sampler("ContrastiveDivergence", self.sampler)
        check_count("ContrastiveDivergence: steps", self.steps)

    @property
    def words(self) -> str:
        """Its name."""
        return f"contrastive divergence, CD-{self.steps}"

    @property
    def sees(self) -> str:
        """The neighbourhood of the draws."""
        return (
            f"Chains of {counted(self.steps, 'step')} see what is near the draws: wells far "
            f"from all of them stay. The bias of a sampler's steps is a bias of the energy."
        )

    def answer(self, question: DensityQuestion) -> Answer:
        """The mean of the last updates."""
        return run_updates(self, question, None)


class PersistentDivergence(DensityMethod):
    r"""Persistent contrastive divergence (Tieleman 2008): chains go on from update to update.

    While updates are small beside the steps of the chains, these follow the law of the energy, and
    this is maximum likelihood, but for the bias of the sampler's steps. Momenta go on too: on draws
    of N(0, v) it finds 1/v with `BAOAB`, (1 − √(1 − 2η/v))/η with η = h²/2 with `OBABO`.

    Arguments:
        sampler: as of `ContrastiveDivergence`.
        chains: how many.
        steps: how many of each chain an update.
        updates: how many updates, and how fast.
    """

    sampler: Any
    chains: int = eqx.field(static=True, default=500)
    steps: int = eqx.field(static=True, default=1)
    updates: Updates = Updates()
    of_machines: ClassVar[bool | None] = None
    needs_law: ClassVar[bool] = True

    def __check_init__(self):
        """Refuse samplers that cannot be used, and what are no counts."""
        check_sampler("PersistentDivergence", self.sampler)
        check_count("PersistentDivergence: chains", self.chains)
        check_count("PersistentDivergence: steps", self.steps)

    @property
    def words(self) -> str:
        """Its name."""
        return "persistent contrastive divergence"

    @property
    def sees(self) -> str:
        """The law, where chains keep up."""
        return (
            "It follows the likelihood while updates are small beside the steps of the chains. The "
            "bias of a sampler's steps is a bias of the energy."
        )

    def answer(self, question: DensityQuestion) -> Answer:
        """The mean of the last updates."""
        return run_updates(self, question, self.chains)


class SampledLikelihood(DensityMethod):
    r"""Maximum likelihood, with the mean of the model by chains of a sampler.

        ∂/∂θ ⟨−log p⟩ = (⟨∂E/∂θ⟩ of the draws − ⟨∂E/∂θ⟩ of the model)/T

    The chains take many steps an update, and go on; where they mix, this is exact but for noise, if
    the sampler is.

    Arguments:
        sampler: one of exact law: `MALA(0.1)`, of machines `BlockGibbs(1.0)`. The law of
            `BAOAB(h)` is exact on bowls; elsewhere it is off by order h², and so is the energy.
        chains: how many.
        steps: how many of each chain an update.
        updates: how many updates, and how fast.
    """

    sampler: Any
    chains: int = eqx.field(static=True, default=1000)
    steps: int = eqx.field(static=True, default=20)
    updates: Updates = Updates(count=500)
    of_machines: ClassVar[bool | None] = None
    needs_law: ClassVar[bool] = True

    def __check_init__(self):
        """Refuse samplers that cannot be used, and what are no counts."""
        check_sampler("SampledLikelihood", self.sampler)
        check_count("SampledLikelihood: chains", self.chains)
        check_count("SampledLikelihood: steps", self.steps)

    @property
    def words(self) -> str:
        """Its name."""
        return "maximum likelihood by chains"

    @property
    def sees(self) -> str:
        """The law, shares of wells included."""
        return (
            "All of the law is seen, the shares of wells too, where chains go from one to another."
        )

    def answer(self, question: DensityQuestion) -> Answer:
        """The mean of the last updates."""
        return run_updates(self, question, self.chains)


def check_sampler(name: str, sampler: Any) -> None:
    """Refuse what is no method that tunes nothing, at a temperature above zero.

    Raises:
        InputError: it is none; of a method of learning called `name`.
    """
    if not isinstance(sampler, PlainMethod) or callable(getattr(sampler, "step_size", None)):
        raise InputError(
            f"{name}: sampler must be a method of thalweg.sampling that tunes nothing and has "
            f"steps of one size, such as SGLD(0.1), MALA(0.1) or BlockGibbs(1.0), got {sampler!r}."
        )
    method: Any = sampler
    check_positive(f"{name}: the temperature of the sampler", method.temperature)
