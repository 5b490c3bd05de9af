"""Dense and modern associative memories: patterns whose pull is steeper than Hebb's."""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like, has_tracer
from thalweg.energies.base import Energy

Interaction = Literal["polynomial", "rectified", "exponential"]


class DenseAssociative(Energy):
    r"""A dense associative memory: E(x) = −Σ_μ F(ξ^μ·x).

        interaction       F(z)              patterns that N spins hold
        polynomial        zⁿ / n            ~ N^{n−1}
        rectified         max(z, 0)ⁿ / n    ~ N^{n−1}
        exponential       e^z               ~ 2^{N/2}

    With n = 2 it is Hebb's up to factors and a constant. On spins (`dynamics.DenseSpins`) each one
    turns to the side where E is lower, so E falls.

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
        """−Σ_μ F(ξ^μ·x)."""
        x = jnp.asarray(state)
        return self._of_overlaps(cast_like(self.patterns, x) @ x)

    def level(self, overlaps: jax.Array) -> jax.Array:
        """What orders energies by the overlaps ξ·x: E, or −log(−E) where E could overflow."""
        if self.interaction == "exponential":
            return -jax.nn.logsumexp(overlaps)
        return self._of_overlaps(overlaps)

    def _of_overlaps(self, z: jax.Array) -> jax.Array:
        if self.interaction == "exponential":
            return -jnp.sum(jnp.exp(z))
        z = jnp.maximum(z, 0.0) if self.interaction == "rectified" else z
        return -jnp.sum(z**self.power) / self.power


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
        if not has_tracer(self.temperature) and not self.temperature > 0.0:
            raise InputError(
                f"ModernHopfield: temperature must be positive, got {self.temperature}."
            )

    def __call__(self, state: Any) -> jax.Array:
        """−T log Σ_μ exp(ξ^μ·x / T) + ½ x·x."""
        x = jnp.asarray(state)
        temperature = cast_like(self.temperature, x)
        pull = jax.nn.logsumexp(cast_like(self.patterns, x) @ x / temperature)
        return 0.5 * jnp.sum(x * x) - temperature * pull

    def retrieve(self, queries: Any, steps: int = 1) -> jax.Array:
        """The update x⁺, `steps` times, of one query `(d,)` or of many `(…, d)`."""
        x = jnp.asarray(queries)
        patterns, temperature = cast_like(self.patterns, x), cast_like(self.temperature, x)
        for _ in range(steps):
            x = jax.nn.softmax(x @ patterns.T / temperature, axis=-1) @ patterns
        return x

    def attention(self, queries: Any) -> jax.Array:
        """The weights softmax(ξ·x / T) of the patterns, `(…, P)`."""
        x = jnp.asarray(queries)
        patterns, temperature = cast_like(self.patterns, x), cast_like(self.temperature, x)
        return jax.nn.softmax(x @ patterns.T / temperature, axis=-1)


def _check_patterns(name: str, patterns: Any) -> None:
    shape = jnp.shape(patterns)
    if len(shape) != 2 or 0 in shape:
        raise InputError(f"{name}: patterns must be a matrix (P, N), got the shape {shape}.")
