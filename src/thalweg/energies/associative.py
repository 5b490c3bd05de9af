"""Dense and modern associative memories: patterns whose pull is steeper than Hebb's."""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.checks import check_positive
from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like, computable, is_integer
from thalweg.energies.base import Energy

# Units of rounding within which two sums over patterns are a tie: a few, for the sum and its terms.
_ROUNDING = 8.0

Interaction = Literal["polynomial", "rectified", "exponential"]


class DenseAssociative(Energy):
    r"""A dense associative memory: patterns ξ^μ that pull by a steep function of ξ^μ·x.

        interaction       E(x)                                  patterns that N spins hold
        polynomial        −(N/n) Σ_μ (ξ^μ·x / N)ⁿ               ~ N^{n−1}
        rectified         −(N/n) Σ_μ max(ξ^μ·x / N, 0)ⁿ         ~ N^{n−1}
        exponential       −log Σ_μ e^{ξ^μ·x}                    ~ 2^{N/2}

    With n = 2 it is Hebb's up to a constant. On spins (`dynamics.DenseSpins`) each one turns to the
    side where E is lower, so E falls. The papers leave out the powers of N, and the logarithm:
    (ξ·x)ⁿ overflows single precision from n = 14 on with N = 784, and e^{ξ·x} from N = 89 on, while
    these orders of the same states do not.

    Arguments:
        patterns: ξ, `(P, N)`.
        interaction: one of the above.
        power: n, at least 2.

    Raises:
        InputError: the patterns are no matrix, the interaction is unknown, or the power below 2.

    References:
        Krotov & Hopfield (2016), arXiv:1606.01164; Demircigil et al. (2017), arXiv:1702.01929.
    """

    patterns: Any = eqx.field(converter=as_parameter)
    interaction: Interaction = eqx.field(static=True, default="polynomial")
    power: int = eqx.field(static=True, default=3)

    def __check_init__(self):
        """Refuse what is no matrix, unknown interactions and powers below 2."""
        _check_patterns("DenseAssociative", self.patterns)
        if self.interaction not in ("polynomial", "rectified", "exponential"):
            raise InputError(
                f"DenseAssociative: interaction must be 'polynomial', 'rectified' or "
                f"'exponential', got {self.interaction!r}."
            )
        if not self.power >= 2:
            raise InputError(f"DenseAssociative: power must be at least 2, got {self.power}.")

    def __call__(self, state: Any) -> jax.Array:
        """E(x)."""
        x = computable(state)
        z = cast_like(self.patterns, x) @ x
        if self.interaction == "exponential":
            return -jax.nn.logsumexp(z)
        size = x.shape[-1]
        return -size * self._mean_power(z / size)

    def falls(self, before: Any, after: Any) -> jax.Array:
        """True where E is lower at the overlaps `after`, `(P,)`, than at `before`, beyond rounding.

        Powers are compared in units of the largest overlap, so that none of them overflows and
        only those underflow that cannot matter.
        """
        eps = jnp.finfo(jnp.result_type(after)).eps
        if self.interaction == "exponential":
            now, then = jax.nn.logsumexp(after), jax.nn.logsumexp(before)
            return now - then > _ROUNDING * eps * (1.0 + jnp.abs(now) + jnp.abs(then))
        largest = jnp.maximum(jnp.max(jnp.abs(before)), jnp.max(jnp.abs(after)))
        unit = jnp.where(largest > 0.0, largest, 1.0)
        now, then = self._mean_power(after / unit), self._mean_power(before / unit)
        # A power multiplies the rounding of its base.
        size = self._mean_power(jnp.abs(after) / unit) + self._mean_power(jnp.abs(before) / unit)
        return now - then > _ROUNDING * eps * self.power * size

    def _mean_power(self, z: jax.Array) -> jax.Array:
        """Σ zⁿ / n, of the positive overlaps alone where they are rectified."""
        z = jnp.maximum(z, 0.0) if self.interaction == "rectified" else z
        return jnp.sum(z**self.power) / self.power


class ModernHopfield(Energy):
    r"""The continuous modern Hopfield network, whose update is attention.

        E(x) = −T log Σ_μ exp(ξ^μ·x / T) + ½ x·x
        x⁺ = Σ_μ ξ^μ softmax(ξ·x / T)_μ = x − ∇E(x)

    `retrieve` is that update, x⁺: one step of attention with keys and values ξ, query x and inverse
    temperature β = 1/T. E never rises under it, and it is bounded below.

    Arguments:
        patterns: ξ, `(P, d)`.
        temperature: T > 0; small ones retrieve one pattern, large ones a mean of many.

    Raises:
        InputError: the patterns are no matrix, or the temperature is not positive.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> memory = tw.energies.ModernHopfield([[3.0, 0.0], [0.0, 3.0]], temperature=0.25)
        >>> [round(float(v), 4) for v in memory.retrieve(jnp.array([1.0, 0.5]))]
        [2.9926, 0.0074]

    References:
        Ramsauer et al. (2020), arXiv:2008.02217, eqs. 1 and 3 (which has additive constants).
    """

    patterns: Any = eqx.field(converter=as_parameter)
    temperature: float = 1.0

    def __check_init__(self):
        """Refuse what is no matrix, and temperatures that are not positive."""
        _check_patterns("ModernHopfield", self.patterns)
        check_positive("ModernHopfield: temperature", self.temperature)

    def __call__(self, state: Any) -> jax.Array:
        """−T log Σ_μ exp(ξ^μ·x / T) + ½ x·x."""
        x = computable(state)
        temperature = cast_like(self.temperature, x)
        pull = jax.nn.logsumexp(cast_like(self.patterns, x) @ x / temperature)
        return 0.5 * jnp.sum(x * x) - temperature * pull

    def retrieve(self, queries: Any, steps: int = 1) -> jax.Array:
        """The update x⁺, `steps` times, of one query `(d,)` or of many `(…, d)`.

        Raises:
            InputError: a query has another width than the patterns, or `steps` is no whole number
                of at least 0.
        """
        x = self._checked(queries)
        if not is_integer(steps) or steps < 0:
            raise InputError(
                f"ModernHopfield.retrieve: steps must be a whole number of at least 0, got "
                f"{steps!r}."
            )
        patterns, temperature = cast_like(self.patterns, x), cast_like(self.temperature, x)
        for _ in range(steps):
            x = jax.nn.softmax(x @ patterns.T / temperature, axis=-1) @ patterns
        return x

    def attention(self, queries: Any) -> jax.Array:
        """The weights softmax(ξ·x / T) of the patterns, `(…, P)`, for queries `(…, d)`."""
        x = self._checked(queries)
        patterns, temperature = cast_like(self.patterns, x), cast_like(self.temperature, x)
        return jax.nn.softmax(x @ patterns.T / temperature, axis=-1)

    def _checked(self, queries: Any) -> jax.Array:
        x, width = computable(queries), jnp.shape(self.patterns)[1]
        if x.ndim == 0 or x.shape[-1] != width:
            raise InputError(
                f"ModernHopfield: a query has {width} entries, as the patterns do; got the shape "
                f"{x.shape}."
            )
        return x


def _check_patterns(name: str, patterns: Any) -> None:
    shape = jnp.shape(patterns)
    if len(shape) != 2 or 0 in shape:
        raise InputError(f"{name}: patterns must be a matrix (P, N), got the shape {shape}.")
