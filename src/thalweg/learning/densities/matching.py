"""Score matching: exact, sliced, denoising. No partition function is needed."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_count, check_positive
from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.tables import counted
from thalweg.learning.densities.base import DensityQuestion
from thalweg.learning.densities.smooth import SmoothMethod
from thalweg.learning.inverse.data.base import checked
from thalweg.learning.inverse.losses import score_loss


class ScoreMatching(SmoothMethod):
    r"""Score matching (Hyvärinen 2005).

        ⟨½|∇E/T|² − ΔE/T⟩ → min

    On a bowl ½(x − m)ᵀW(x − m) it finds the mean of the draws, and W/T is the inverse of their
    covariance, whatever the law.

    Arguments:
        rests: states where the energy is known to have no slope, `(m, d)`, by a penalty
            ½p|∇E/T|² at each; None: none is known.
        weight: p, a number without a unit; large, so that the slope there is zero to nine digits.
    """

    rests: Any = None
    weight: Any = 1e9
    of_machines: ClassVar[bool | None] = False
    needs_law: ClassVar[bool] = False

    def __check_init__(self):
        """Refuse a weight that is not positive."""
        check_positive("ScoreMatching: weight", self.weight)

    @property
    def words(self) -> str:
        """Its name."""
        return "score matching" + (" with known rests" if self.rests is not None else "")

    @property
    def sees(self) -> str:
        """The slopes of the energy where draws are."""
        return (
            "Slopes are seen where draws are; how much of the law each of two separate wells holds "
            "is hardly seen."
        )

    def hidden(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def drawn(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def common(self, question: DensityQuestion) -> Any:
        """The rests and the weight of their penalty; None without.

        Raises:
            InputError: they are no states of the draws' coordinates.
        """
        if self.rests is None:
            return None
        rests = checked(self.rests, "ScoreMatching: rests", "(m, d)")
        if rests.shape[1] != question.states.shape[1]:
            raise InputError(
                f"ScoreMatching: rests have {counted(rests.shape[1], 'coordinate')}, the draws "
                f"{question.states.shape[1]}."
            )
        return rests, np.asarray(self.weight, np.float64)

    def loss(self, energy: Any, hidden: Any, x: Any, drawn: Any, common: Any, t: Any) -> jax.Array:
        """½|∇E/T|² − ΔE/T."""
        return score_loss(lambda y: energy(y) / t, x)

    def shared(self, energy: Any, hidden: Any, common: Any, t: Any) -> jax.Array | float:
        """The penalty."""
        if common is None:
            return 0.0
        rests, weight = common
        return 0.5 * weight * jnp.sum((jax.vmap(jax.grad(energy))(rests) / t) ** 2)


class SlicedScoreMatching(SmoothMethod):
    r"""Score matching with the Laplacian along random directions (Song et al. 2019).

        ⟨½|∇E/T|² − v·E''v/T⟩ → min,        v of signs ±1

    Its cost is that of a few gradients, however many coordinates there are; its noise falls with
    the number of directions.

    Arguments:
        slices: directions a draw.
    """

    slices: int = eqx.field(static=True, default=4)
    of_machines: ClassVar[bool | None] = False
    needs_law: ClassVar[bool] = False

    def __check_init__(self):
        """Refuse what is no count."""
        check_count("SlicedScoreMatching: slices", self.slices)

    @property
    def words(self) -> str:
        """Its name."""
        return "sliced score matching"

    @property
    def sees(self) -> str:
        """A sentence on what score matching finds and does not see."""
        return (
            "It finds what score matching finds, but for the noise of the directions: slopes where "
            "draws are, and hardly the shares of separate wells."
        )

    def hidden(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def drawn(self, question: DensityQuestion) -> Any:
        """Directions, `(n, slices, d)`."""
        shape = (len(question.states), self.slices, question.states.shape[1])
        return host_generator(question.key).choice(np.array([-1.0, 1.0]), shape)

    def common(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def loss(self, energy: Any, hidden: Any, x: Any, drawn: Any, common: Any, t: Any) -> jax.Array:
        """½|∇E/T|² − the mean of v·E''v/T."""
        gradient, along = jax.linearize(jax.grad(energy), x)
        curvatures = jax.vmap(lambda v: jnp.dot(v, along(v)))(drawn)
        return 0.5 * jnp.sum((gradient / t) ** 2) - jnp.mean(curvatures) / t

    def shared(self, energy: Any, hidden: Any, common: Any, t: Any) -> jax.Array | float:
        """Nothing."""
        return 0.0


class DenoisingScoreMatching(SmoothMethod):
    r"""Denoising score matching (Vincent 2011): what is learned is the law of blurred draws.

        ⟨½|∇E(x + σξ)/T − ξ/σ|²⟩ → min,        ξ standard normal

    On draws of N(0, v) it finds w/T = 1/(v + σ²). It needs no second derivatives.

    Arguments:
        noise: σ, in units of the coordinates.
        draws: pairs ±ξ a draw.
    """

    noise: Any
    draws: int = eqx.field(static=True, default=4)
    of_machines: ClassVar[bool | None] = False
    needs_law: ClassVar[bool] = False

    def __check_init__(self):
        """Refuse noise that is not positive."""
        check_positive("DenoisingScoreMatching: noise", self.noise)
        check_count("DenoisingScoreMatching: draws", self.draws)

    @property
    def words(self) -> str:
        """Its name."""
        return "denoising score matching"

    @property
    def sees(self) -> str:
        """The law of blurred draws."""
        return (
            f"The energy is that of draws blurred by normal noise of deviation "
            f"{float(self.noise):.4g}: variances are larger by its square."
        )

    def hidden(self, question: DensityQuestion) -> Any:
        """None."""
        return None

    def drawn(self, question: DensityQuestion) -> Any:
        """ξ, `(n, draws, d)`."""
        shape = (len(question.states), self.draws, question.states.shape[1])
        return host_generator(question.key).standard_normal(shape)

    def common(self, question: DensityQuestion) -> Any:
        """σ."""
        return np.float64(self.noise)

    def loss(self, energy: Any, hidden: Any, x: Any, drawn: Any, common: Any, t: Any) -> jax.Array:
        """The mean over ±ξ of ½|∇E(x + σξ)/T − ξ/σ|²."""

        def one(xi: Any) -> Any:
            missed = jax.grad(energy)(x + common * xi) / t - xi / common
            return 0.5 * jnp.sum(missed**2)

        # Of pairs what is odd in ξ cancels.
        return 0.5 * jnp.mean(jax.vmap(one)(drawn) + jax.vmap(one)(-drawn))

    def shared(self, energy: Any, hidden: Any, common: Any, t: Any) -> jax.Array | float:
        """Nothing."""
        return 0.0
