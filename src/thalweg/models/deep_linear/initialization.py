"""Starts: small Gaussian, orthogonal (aligned with the task), balanced and λ-balanced.

All return float64 NumPy arrays, so that balance holds to rounding; a simulation casts them to the
precision it runs in. `key=None` means `jax.random.key(0)`.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from thalweg.core.checks import check_count, check_finite
from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.tables import counted
from thalweg.models.deep_linear.covariances import Covariances
from thalweg.models.deep_linear.layers import Weights, check_widths, end_to_end, layer_shapes
from thalweg.models.deep_linear.modes import Modes

_ROTATIONS = 1000  # offset of their keys: as many layers' weights come before them


def small_gaussian(
    widths: Sequence[int], scale: float = 0.01, key: jax.Array | None = None
) -> Weights:
    """Independent Gaussian entries of standard deviation `scale`."""
    check_finite("scale", scale)
    shapes = layer_shapes(widths)
    return tuple(scale * _normal(key, level, shape) for level, shape in enumerate(shapes))


def orthogonal(
    covariances: Covariances,
    widths: Sequence[int],
    strengths: float | Sequence[Any] = 0.1,
    key: jax.Array | None = None,
) -> Weights:
    r"""Layers aligned with the task's modes: `W¹ = R¹D¹Vᵀ, …, Wᴺ = U Dᴺ Rᴺ⁻¹ᵀ`.

    The rotations Rˡ are random. (The worksheet prints W² = Uᵀ D² R; it must be U D² Rᵀ.)

    Arguments:
        covariances: the task, whose Σyx = U S Vᵀ.
        widths: the layer sizes.
        strengths: the diagonals Dˡ: a number or a vector for all layers, or a list with one for
            every layer. A vector shorter than a layer's diagonal leaves the rest zero.
        key: the randomness of the rotations.

    Raises:
        InputError: the widths do not fit the task, or a diagonal does not fit its layer.
    """
    widths = check_widths(widths, covariances)
    shapes = layer_shapes(widths)
    each = list(strengths) if isinstance(strengths, Sequence) else [strengths] * len(shapes)
    if len(each) != len(shapes):
        raise InputError(
            f"strengths must be a number or hold one entry a layer: got {len(each)} for "
            f"{counted(len(shapes), 'layer')}."
        )
    modes = Modes.of(covariances)
    frames = [modes.right, *_rotations(widths[1:-1], key), modes.left]
    diagonals = [_diagonal(d, shape) for d, shape in zip(each, shapes, strict=True)]
    return tuple(
        above @ d @ below.T
        for below, above, d in zip(frames[:-1], frames[1:], diagonals, strict=True)
    )


def balanced(
    widths: Sequence[int],
    scale: float = 0.01,
    key: jax.Array | None = None,
    *,
    product: Any = None,
) -> Weights:
    r"""Layers with equal singular values, `Wˡ⁺¹ᵀWˡ⁺¹ = WˡWˡᵀ`, and random hidden rotations.

    Arguments:
        widths: the layer sizes.
        scale: without a product, the layers multiply to what Gaussian layers of this standard
            deviation would (`small_gaussian` with the same key).
        key: the randomness.
        product: the map Wᴺ⋯W¹ to start from.

    Raises:
        InputError: the product does not fit the widths, or has a higher rank than a hidden layer.
    """
    if product is None:
        product = end_to_end(small_gaussian(widths, scale, key))
    left, s, right = _factors(product, widths)
    depth = len(widths) - 1
    frames = [right, *_rotations(widths[1:-1], key), left]
    layers = [_diagonal(s ** (1.0 / depth), shape) for shape in layer_shapes(widths)]
    return tuple(
        above @ d @ below.T for below, above, d in zip(frames[:-1], frames[1:], layers, strict=True)
    )


def lambda_balanced(
    product: Any, hidden: int, balance: float, key: jax.Array | None = None
) -> Weights:
    r"""Two layers with the given product and `W²ᵀW² − W¹W¹ᵀ = λI`.

    With `W²W¹ = U S Vᵀ`: `W² = U S_2 Rᵀ`, `W¹ = R S_1 Vᵀ`, `S_2 = √((√(λ² + 4S²) + λ)/2)`, and S_1
    likewise with −λ. Hidden directions beyond the product's have S = 0: one layer's strength is
    √|λ| there, the other's zero.

    Arguments:
        product: the map W²W¹ to start from, `(N_3, N_1)`.
        hidden: the hidden size N_2.
        balance: λ; positive makes the second layer the larger.
        key: the randomness of R.

    Raises:
        InputError: no such start exists: it takes N_2 ≤ N_3 for λ > 0, N_2 ≤ N_1 for λ < 0, and a
            product of rank at most N_2.

    References:
        Dominé et al. (2024), arXiv:2409.14623.
    """
    product = np.asarray(product, dtype=np.float64)
    if product.ndim != 2:
        raise InputError(f"product must be a matrix, got the shape {product.shape}.")
    check_finite("product", product)
    check_finite("balance", balance)
    check_count("hidden", hidden)
    (num_out, num_in), balance = product.shape, float(balance)
    widths = (num_in, int(hidden), num_out)
    room, side = (num_out, "outputs") if balance > 0.0 else (num_in, "inputs")
    if balance != 0.0 and hidden > room:
        raise InputError(
            f"no λ-balanced start exists for widths {widths} and λ = {balance:g}: the larger layer "
            f"must have full rank in the hidden size, so hidden must be at most the {room} {side}."
        )
    left, s, right = _factors(product, widths)
    s = np.concatenate([s, np.zeros(max(hidden - len(s), 0))])[:hidden]
    both = np.sqrt(balance**2 + 4.0 * s**2)
    larger = np.sqrt(0.5 * (both + abs(balance)))
    smaller = np.where(larger > 0.0, s / np.where(larger > 0.0, larger, 1.0), 0.0)
    lower, upper = (smaller, larger) if balance >= 0.0 else (larger, smaller)
    rotation = _rotations((hidden,), key)[0]
    first = rotation @ _diagonal(lower[: min(hidden, num_in)], (hidden, num_in)) @ right.T
    second = left @ _diagonal(upper[: min(hidden, num_out)], (num_out, hidden)) @ rotation.T
    return first, second


def _factors(product: Any, widths: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    product = np.asarray(product, dtype=np.float64)
    if product.shape != (widths[-1], widths[0]):
        raise InputError(
            f"product must have the shape {(widths[-1], widths[0])} (outputs, inputs) of the "
            f"widths {tuple(widths)}, got {product.shape}."
        )
    left, s, right = np.linalg.svd(product)
    narrowest = min(widths)
    beyond = float(np.max(s[narrowest:], initial=0.0))
    if beyond > 1e-12 * max(float(s[0]), np.finfo(float).tiny):
        raise InputError(
            f"product has a higher rank than the narrowest layer, {narrowest}: its next singular "
            f"value is {beyond:.3g}."
        )
    return left, s[:narrowest], right.T


def _diagonal(values: Any, shape: tuple[int, int]) -> np.ndarray:
    values, most = np.asarray(values, dtype=np.float64), min(shape)
    values = np.full(most, float(values)) if values.ndim == 0 else values
    if values.ndim != 1 or len(values) > most:
        raise InputError(
            f"a layer of shape {shape} has {most} diagonal strengths, got an array of shape "
            f"{values.shape}."
        )
    matrix = np.zeros(shape)
    matrix[np.arange(len(values)), np.arange(len(values))] = values
    return matrix


def _rotations(sizes: Sequence[int], key: jax.Array | None) -> list[np.ndarray]:
    """Haar-distributed orthogonal matrices."""
    rotations = []
    for index, size in enumerate(sizes):
        q, r = np.linalg.qr(_normal(key, _ROTATIONS + index, (size, size)))
        rotations.append(q * np.sign(np.diag(r)))
    return rotations


def _normal(key: jax.Array | None, stream: int, shape: tuple[int, ...]) -> np.ndarray:
    """Independent normal numbers of one stream of a key, drawn on the host: nothing to compile."""
    return host_generator(key, stream).standard_normal(shape)
