"""The dynamic Boltzmann machine: an energy of the next state given all states before."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like, has_tracer


class DynamicMachine(eqx.Module):
    r"""A dynamic Boltzmann machine, whose units are independent given the past.

        E(x | past) = −Σ_j f_j x_j                      spins ±1
        E(x | past) = Σ_j (x_j − f_j)²/2σ_j²            real numbers
        f_t = b + Σ_{δ=1}^d W_δ x_{t−δ} + Σ_k U_k α_{k,t},    α_{k,t} = Σ_{s ≥ 0} λ_k^s x_{t−d−1−s}

    The traces α hold all that is older than d. Given the past the partition function is a product,
    so the conditional likelihood is exact.

    Arguments:
        bias: b, `(N,)`.
        weights: W, `(d, N, N)`; row j of each leads to unit j.
        traces: U, `(K, N, N)`.
        decays: λ, `(K,)`, each in [0, 1).
        variances: σ², `(N,)`; None means spins.

    Raises:
        InputError: shapes do not fit, a decay is out of range, or a variance is not positive.

    References:
        Osogami & Otsuka (2015), *Scientific Reports* 5, 14149; Osogami (2017), arXiv 1708.06004.
    """

    bias: Any = eqx.field(converter=as_parameter)
    weights: Any = eqx.field(converter=as_parameter)
    traces: Any = eqx.field(converter=as_parameter)
    decays: Any = eqx.field(converter=as_parameter)
    variances: Any = None

    def __check_init__(self):
        """Refuse shapes that do not fit, and numbers out of range."""
        size, kept = jnp.shape(self.bias), jnp.shape(self.decays)
        fits = len(size) == 1 and len(kept) == 1
        fits = fits and jnp.shape(self.weights)[1:] == 2 * size
        fits = fits and jnp.shape(self.traces) == (*kept, *size, *size)
        fits = fits and (self.variances is None or jnp.shape(self.variances) == size)
        if not fits:
            raise InputError(
                f"DynamicMachine: bias (N,), weights (d, N, N), traces (K, N, N), decays (K,) and "
                f"variances (N,) must fit, got the shapes {size}, {jnp.shape(self.weights)}, "
                f"{jnp.shape(self.traces)}, {kept} and "
                f"{None if self.variances is None else jnp.shape(self.variances)}."
            )
        if has_tracer(self.decays, self.variances):
            return
        check_decays("DynamicMachine", self.decays)
        if self.variances is not None and not np.all(np.asarray(self.variances) > 0.0):
            raise InputError("DynamicMachine: variances must be positive.")

    @property
    def delays(self) -> int:
        """d."""
        return jnp.shape(self.weights)[0]

    def field(self, past: Any) -> jax.Array:
        """f of the next state, `(N,)`.

        Arguments:
            past: all states before, the oldest first, `(t, N)`, t ≥ d.
        """
        past = jnp.asarray(past)
        weights, traces = cast_like(self.weights, past), cast_like(self.traces, past)
        near = past[past.shape[0] - self.delays :][::-1]
        older = past[: past.shape[0] - self.delays][::-1]
        powers = cast_like(self.decays, past)[:, None] ** jnp.arange(older.shape[0])[None]
        field = cast_like(self.bias, past) + jnp.einsum("dij,dj->i", weights, near)
        return field + jnp.einsum("kij,kj->i", traces, powers @ older)

    def energy(self, state: Any, past: Any) -> jax.Array:
        """E of a next state given all before, a scalar."""
        x, field = jnp.asarray(state), self.field(past)
        if self.variances is None:
            return -jnp.sum(field * x)
        return 0.5 * jnp.sum((x - field) ** 2 / cast_like(self.variances, x))

    def log_probability(self, state: Any, past: Any) -> jax.Array:
        """log p of a next state given all before, at T = 1; of real numbers of its density."""
        field = self.field(past)
        if self.variances is None:
            return -self.energy(state, past) - jnp.sum(jnp.logaddexp(field, -field))
        sizes = 0.5 * jnp.sum(jnp.log(2.0 * jnp.pi * cast_like(self.variances, field)))
        return -self.energy(state, past) - sizes


def check_decays(name: str, decays: Any) -> np.ndarray:
    """Decays as an array `(K,)`.

    Raises:
        InputError: one is not in [0, 1), or there twice.
    """
    values = np.asarray(decays, np.float64)
    if values.ndim != 1 or not np.all((values >= 0.0) & (values < 1.0)):
        raise InputError(f"{name}: decays must be numbers in [0, 1), got {decays!r}.")
    if len(np.unique(values)) < len(values):
        raise InputError(f"{name}: decays must differ, got {values.tolist()}.")
    return values
