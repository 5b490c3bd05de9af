"""Likelihoods of machines of pairs: of each unit given the others, and of whole states."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_count
from thalweg.core.errors import InputError
from thalweg.learning.densities.base import DensityQuestion
from thalweg.learning.densities.smooth import SmoothMethod
from thalweg.learning.densities.updates import visible_energy
from thalweg.sampling.partition.exact import enumerated
from thalweg.sampling.partition.summed import summed_out


class PseudoLikelihood(SmoothMethod):
    r"""Pseudo-likelihood (Besag 1975): each unit given all others.

        −⟨Σ_i log p(x_i | x_others)⟩ → min

    It needs no partition function, is convex, and finds the truth as draws grow many; its errors
    are somewhat larger than those of maximum likelihood. For machines without hidden units.
    """

    of_machines: ClassVar[bool | None] = True
    needs_law: ClassVar[bool] = True

    @property
    def words(self) -> str:
        """Its name."""
        return "pseudo-likelihood"

    @property
    def sees(self) -> str:
        """The truth, with larger errors."""
        return (
            "It finds the truth from many draws, with somewhat larger errors than the likelihood."
        )

    def hidden(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def drawn(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def common(self, question: DensityQuestion) -> Any:
        """None.

        Raises:
            InputError: the machine has hidden units.
        """
        hidden = question.energy.size - question.states.shape[1]
        if hidden:
            raise InputError(
                f"learn_density: PseudoLikelihood is for machines without hidden units; this one "
                f"has {hidden}. Take PersistentDivergence(BlockGibbs(1.0)), or ExactLikelihood() "
                f"of a small one."
            )
        return None

    def loss(self, energy: Any, hidden: Any, x: Any, drawn: Any, common: Any, t: Any) -> jax.Array:
        """−Σ_i log p(x_i | x_others), up to nothing."""
        x = x.reshape(energy.shape)
        fields = energy.local_fields(x)
        own = jnp.sum(fields * energy.units.features(x)) - energy.units.own_energy(x)
        return jnp.sum(energy.units.log_sum(fields, t)) - own / t

    def shared(self, energy: Any, hidden: Any, common: Any, t: Any) -> jax.Array | float:
        """Nothing."""
        return 0.0


class ExactLikelihood(SmoothMethod):
    r"""Maximum likelihood of a small machine, the partition function by enumeration.

        ⟨E⟩/T + log Z → min

    E is the free energy of the visible units where there are hidden ones.

    Arguments:
        most: how many units may be enumerated (of a restricted machine, of its smaller layer).
    """

    most: int = eqx.field(static=True, default=16)
    of_machines: ClassVar[bool | None] = True
    needs_law: ClassVar[bool] = True

    def __check_init__(self):
        """Refuse what is no count."""
        check_count("ExactLikelihood: most", self.most)

    @property
    def words(self) -> str:
        """Its name."""
        return "exact maximum likelihood"

    @property
    def sees(self) -> str:
        """All of the law."""
        return "All of the law is seen; no unbiased method has smaller errors from many draws."

    def hidden(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def drawn(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def common(self, question: DensityQuestion) -> Any:
        """The units that are summed out, and the numbers of those that are enumerated.

        Raises:
            InputError: they are too many.
        """
        energy = question.energy
        # Couplings that are zero now may not stay so: an edge is one whatever it weighs.
        filled = jax.tree.map(
            lambda a: np.ones_like(a) if eqx.is_inexact_array(a) else a, energy.couplings
        )
        parts = summed_out("ExactLikelihood", eqx.tree_at(lambda e: e.couplings, energy, filled))
        others = np.flatnonzero(~np.asarray(parts.summed).reshape(-1)).astype(np.int32)
        bits = len(others) * np.log2(energy.units.num_values)
        if bits > self.most + 1e-9:
            raise InputError(
                f"learn_density: ExactLikelihood would enumerate {len(others)} units, more than "
                f"2^{self.most} states. Take PseudoLikelihood(), or PersistentDivergence("
                f"BlockGibbs(1.0))."
            )
        return parts, others, np.zeros((question.states.shape[1], 0))

    def loss(self, energy: Any, hidden: Any, x: Any, drawn: Any, common: Any, t: Any) -> jax.Array:
        """E(x)/T."""
        visible = common[2]
        return visible_energy(energy, x, t, visible.shape[0]) / t

    def shared(self, energy: Any, hidden: Any, common: Any, t: Any) -> jax.Array | float:
        """log Z."""
        parts, others, _ = common
        return enumerated(energy, parts, others, t)
