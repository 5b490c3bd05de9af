"""Products of weight matrices, their squared error and its gradient.

Weights are a tuple of matrices `(W¹, …, Wᴺ)`, the first next to the input.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_count
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import has_tracer, is_integer
from thalweg.models.deep_linear.covariances import Covariances

Weights = tuple[Any, ...]


def end_to_end(weights: Sequence[Any]) -> Any:
    """The map that the network computes, Wᴺ ⋯ W² W¹."""
    product = weights[0]
    for weight in weights[1:]:
        product = weight @ product
    return product


def squared_error(covariances: Covariances, weights: Sequence[Any]) -> jax.Array:
    r"""The error `E = ½⟨|y − Wᴺ⋯W¹ x|²⟩`, from second moments (eq. 1 of the worksheet)."""
    yx, xx = _moments(covariances, weights[0].dtype)
    product = end_to_end(weights)
    through = product if xx is None else product @ xx
    power = jnp.asarray(covariances.yy, dtype=yx.dtype)
    return 0.5 * (power + jnp.sum(product * (through - 2.0 * yx)))


def descent_direction(covariances: Covariances, weights: Sequence[Any]) -> Weights:
    r"""`−∂E/∂Wˡ = (Wᴺ⋯Wˡ⁺¹)ᵀ (Σyx − Wᴺ⋯W¹ Σxx) (Wˡ⁻¹⋯W¹)ᵀ` for every layer (eqs. 2 and 3)."""
    yx, xx = _moments(covariances, weights[0].dtype)
    below = [weights[0]]
    for weight in weights[1:]:
        below.append(weight @ below[-1])
    from_above = yx - (below[-1] if xx is None else below[-1] @ xx)
    directions = []
    for level in range(len(weights) - 1, 0, -1):
        directions.append(from_above @ below[level - 1].T)
        from_above = weights[level].T @ from_above
    return (from_above, *reversed(directions))


def layer_shapes(widths: Sequence[int]) -> list[tuple[int, int]]:
    """The shape of every weight matrix of a network with these layer sizes."""
    for width in widths:
        check_count("widths", width)
    return [(above, below) for below, above in itertools.pairwise(widths)]


def check_widths(widths: Sequence[int], covariances: Covariances) -> tuple[int, ...]:
    """The widths as a tuple, after checking that they lead from the inputs to the outputs."""
    return chain(widths, covariances.num_inputs, covariances.num_outputs)


def chain(widths: Sequence[int], num_inputs: int, num_outputs: int) -> tuple[int, ...]:
    """The widths as a tuple, after checking that they lead from `num_inputs` to `num_outputs`."""
    if len(widths) < 2 or not all(is_integer(n) and n > 0 for n in widths):
        raise InputError(
            f"widths must be two or more positive integers, inputs first, got {tuple(widths)}."
        )
    sizes = tuple(int(n) for n in widths)
    if (sizes[0], sizes[-1]) != (num_inputs, num_outputs):
        raise InputError(
            f"widths {sizes} must lead from {counted(num_inputs, 'input')} to "
            f"{counted(num_outputs, 'output')}: these are the sizes that the data have."
        )
    return sizes


def check_weights(weights: Sequence[Any], widths: Sequence[int] | None = None) -> None:
    """Check that the weights chain, and have the given layer sizes if any.

    Raises:
        InputError: naming the first two layers that do not fit together.
    """
    if not isinstance(weights, tuple | list) or not weights:
        raise InputError(f"weights must be a tuple of matrices (W1, W2, …), got {type(weights)}.")
    shapes = [tuple(np.shape(w)) for w in weights]
    for level, shape in enumerate(shapes, 1):
        if len(shape) != 2:
            raise InputError(f"weights: W{level} must be a matrix, got the shape {shape}.")
    for level in range(1, len(shapes)):
        if shapes[level][1] != shapes[level - 1][0]:
            raise InputError(
                f"weights do not chain: W{level + 1} of shape {shapes[level]} takes "
                f"{counted(shapes[level][1], 'value')}, but W{level} of shape {shapes[level - 1]} "
                f"gives {shapes[level - 1][0]}."
            )
    if widths is not None and shapes != layer_shapes(widths):
        raise InputError(
            f"weights of shapes {shapes} do not fit the widths {tuple(widths)}, which ask for "
            f"{layer_shapes(widths)}."
        )


def positive(name: str, value: Any) -> Any:
    """`value`, after checking that it is a finite number above zero."""
    if has_tracer(value):
        return value
    if not np.all(np.isfinite(value)) or not np.all(np.asarray(value) > 0.0):
        raise InputError(f"{name} must be a finite number above zero, got {value!r}.")
    return float(value) if isinstance(value, int) else value


def _moments(covariances: Covariances, dtype: Any) -> tuple[Any, Any]:
    dtype = jax.dtypes.canonicalize_dtype(dtype)
    yx = jnp.asarray(covariances.yx, dtype=dtype)
    return yx, None if covariances.xx is None else jnp.asarray(covariances.xx, dtype=dtype)
