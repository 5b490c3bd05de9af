"""Descriptions of gradients, and of end points."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import About
from thalweg.core.checks import check_positive
from thalweg.core.errors import ConvergenceError, InputError
from thalweg.core.shapes import Array, Num
from thalweg.core.trees import Layout
from thalweg.learning.densities.base import learnable
from thalweg.learning.descriptions.numbers import bits_as_known, bits_at
from thalweg.learning.descriptions.result import DescriptionLength
from thalweg.learning.descriptions.starts import Normal, basins
from thalweg.learning.inverse.data.base import checked

# Steps of Gauss and Newton; an energy that is linear in its numbers takes one.
_MOST_STEPS = 50
_SETTLED = 1e-10  # a relative change of the numbers


def describe_gradients(
    energy: Callable[..., Any],
    states: Num[Array, "n d"],
    gradients: Num[Array, "n d"],
    *,
    noise: float,
    deviation: float = 1.0,
    precision: float | None = None,
) -> DescriptionLength:
    r"""Fit an energy to gradients that were observed with noise, and say how many bits it takes.

        L = bits(θ) + bits(y − ∇E_θ(x)),        y = ∇E + σξ

    Arguments:
        energy: with floating numbers θ to fit; its own are where the fit begins.
        states: x, `(n, d)`.
        gradients: y, `(n, d)`.
        noise: σ > 0, of each coordinate.
        deviation: s, of the prior N(0, s²) of each number.
        precision: the spacing to which all numbers are rounded; None: each as well as it is known.

    Returns:
        A `DescriptionLength`, with the fitted `energy`.

    Raises:
        InputError: shapes do not fit, something is not finite, or a number is not positive.
        ConvergenceError: the fit comes to no end, or gradients do not fix the numbers.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> x = np.linspace(-1.0, 1.0, 50)[:, None]
        >>> lengths = [
        ...     tw.learning.describe_gradients(
        ...         tw.energies.Polynomial.full(1, degree), x, 3.0 * x, noise=0.1).total
        ...     for degree in (1, 2, 3)]
        >>> int(np.argmin(lengths)) + 1
        2
    """
    x = checked(states, "describe_gradients: states", "(n, d)")
    y = checked(gradients, "describe_gradients: gradients", "(n, d)")
    if x.shape != y.shape:
        raise InputError(
            f"describe_gradients: states and gradients must have one shape, got {x.shape} "
            f"and {y.shape}."
        )
    for name, value in (("noise", noise), ("deviation", deviation)):
        check_positive(f"describe_gradients: {name}", value)
    if precision is not None:
        check_positive("describe_gradients: precision", precision)
    params, static = learnable(energy)
    layout = Layout.of(params)
    vector = np.asarray(layout.flatten(jax.device_get(params)), np.float64)
    with jax.enable_x64(True):
        vector, jacobian = _fitted(layout, static, vector, x, y)
        if precision is not None:
            vector = precision * np.round(vector / precision)
        made = np.asarray(_gradients(layout, static, vector, x)[0])
    missed = (y - made) / noise
    residual = 0.5 * np.sum(missed**2) + missed.size * np.log(np.sqrt(2.0 * np.pi) * noise)
    if precision is None:
        numbers = bits_as_known(vector, jacobian.T @ jacobian / noise**2, float(deviation))
    else:
        numbers = bits_at(vector, float(precision), float(deviation))
    return DescriptionLength(
        numbers=numbers,
        residual=float(residual / np.log(2.0)),
        starts=0.0,
        num_numbers=len(vector),
        num_data=len(x),
        precision=np.nan if precision is None else float(precision),
        energy=eqx.combine(layout.unflatten(vector), static),
        about=About(type(energy).__name__),
    )


def describe_ends(
    energy: Callable[..., Any],
    ends: Num[Array, "n d"],
    *,
    noise: float,
    precision: float,
    prior: Normal | None = None,
    deviation: float = 1.0,
    key: jax.Array | None = None,
) -> DescriptionLength:
    r"""Say how many bits end points take by an energy at whose minima they lie, but for noise.

        L = bits(θ) + Σ_i bits(x_i − x*(z_i)) + Σ_i bits(z_i)

    x* is the minimum in whose basin a datum lies, and bits(z_i) = −log₂ of the prior mass of that
    basin: a spurious minimum pays.

    Arguments:
        energy: whose numbers θ are coded as they are.
        ends: x, `(n, d)`.
        noise: σ > 0, of each coordinate.
        precision: the spacing to which numbers are coded.
        prior: of starts; `Normal()` unless given.
        deviation: s, of the prior N(0, s²) of each number.
        key: the randomness of searches and draws.

    Raises:
        InputError: as `start_bits`; or a number is not positive.
    """
    rows = checked(ends, "describe_ends: ends", "(n, d)")
    for name, value in (("noise", noise), ("deviation", deviation), ("precision", precision)):
        check_positive(f"describe_ends: {name}", value)
    prior = Normal() if prior is None else prior
    bits, minima = basins(energy, rows, prior, key)
    missed = (rows - minima) / noise
    residual = 0.5 * np.sum(missed**2) + rows.size * np.log(np.sqrt(2.0 * np.pi) * noise)
    params, _ = learnable(energy)
    values = np.asarray(Layout.of(params).flatten(jax.device_get(params)), np.float64)
    return DescriptionLength(
        numbers=bits_at(values, float(precision), float(deviation)),
        residual=float(residual / np.log(2.0)),
        starts=float(np.sum(bits)),
        num_numbers=len(values),
        num_data=len(rows),
        precision=float(precision),
        energy=energy,
        about=About(type(energy).__name__),
    )


def _fitted(layout: Layout, static: Any, vector: Any, x: Any, y: Any) -> Any:
    """Numbers by least squares, and the Jacobian of gradients there, `(n d, k)`."""
    for _ in range(_MOST_STEPS):
        made, jacobian = map(np.asarray, _gradients(layout, static, vector, x))
        if not (np.all(np.isfinite(made)) and np.all(np.isfinite(jacobian))):
            raise ConvergenceError(
                "describe_gradients: gradients of the energy left the finite in the fit."
            )
        change, _, rank, _ = np.linalg.lstsq(jacobian, (y - made).ravel())
        if rank < len(vector):
            raise ConvergenceError(
                f"describe_gradients: {len(y)} gradients fix {rank} of the {len(vector)} numbers "
                f"of the energy. Leave out those that do the same, or nothing to gradients (a "
                f"constant)."
            )
        vector = vector + change
        if np.linalg.norm(change) <= _SETTLED * (1.0 + np.linalg.norm(vector)):
            return vector, jacobian
    raise ConvergenceError(f"describe_gradients: no end of the fit after {_MOST_STEPS} steps.")


@eqx.filter_jit
def _gradients(layout: Layout, static: Any, vector: Any, x: Any) -> Any:
    """∇E at rows, `(n, d)`, and its derivatives in the numbers, `(n d, k)`."""

    def at(vector: Any) -> Any:
        energy = eqx.combine(layout.unflatten(vector), static)
        return jax.vmap(jax.grad(energy))(x)

    return at(vector), jnp.reshape(jax.jacfwd(at)(vector), (x.size, -1))
