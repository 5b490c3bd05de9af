"""Check of a geometry: symmetric and positive definite at given states."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.shapes import States
from thalweg.core.trees import Layout, in_float64
from thalweg.geometry.base import Geometry

_SHOWN = 8  # entries of a state in a message


def check_metric(geometry: Geometry, states: States) -> None:
    """Check that a metric is finite, symmetric and positive definite at each of some states.

    Compiled code cannot raise (it yields NaN), so ask this on the host, for example at random
    states of the domain, `domain.chart().sample(key, 100)`.

    Arguments:
        geometry: the geometry.
        states: a batch of states: every leaf has one more, leading, axis.

    Raises:
        InputError: the metric fails at a state, which the message names.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> metric = tw.DiagonalMetric(lambda x: x**2)
        >>> states = np.array([[1.0, 2.0], [0.0, 1.0]])
        >>> tw.geometry.check_metric(metric, states)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        thalweg.core.errors.InputError: DiagonalMetric is not positive definite at state 1, ...
    """
    states = jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), states)
    with jax.enable_x64(True):
        matrices = np.asarray(_matrices(in_float64(geometry), states))
    for index, matrix in enumerate(matrices):
        fault = _fault(matrix)
        if fault is not None:
            state = jax.tree.map(lambda leaf, i=index: leaf[i], states)
            raise InputError(
                f"{type(geometry).__name__} {fault[0]} at state {index}, "
                f"x = {_shown(state)}: {fault[1]}."
            )


@eqx.filter_jit
def _matrices(geometry: Geometry, states: Any) -> jax.Array:
    """M(x) at each state, column after column by `flat`, shape `(states, d, d)`."""

    def matrix(x: Any) -> jax.Array:
        layout = Layout.of(x)

        def column(basis_vector: jax.Array) -> jax.Array:
            return layout.flatten(geometry.flat(x, layout.unflatten(basis_vector)))

        return jax.vmap(column, out_axes=1)(jnp.eye(layout.size))

    return jax.vmap(matrix)(states)


def _fault(matrix: np.ndarray) -> tuple[str, str] | None:
    """Fault of a metric's matrix and the evidence, or None."""
    if not np.all(np.isfinite(matrix)):
        return "is not finite", f"an entry is {matrix[~np.isfinite(matrix)][0]}"
    scale = np.abs(matrix).max()
    gap = np.abs(matrix - matrix.T)
    if gap.max() > 1e-9 * scale:
        i, j = (int(k) for k in np.unravel_index(gap.argmax(), gap.shape))
        return "is not symmetric", (
            f"entry {[i, j]} is {matrix[i, j]:.6g}, entry {[j, i]} is {matrix[j, i]:.6g}"
        )
    smallest = np.linalg.eigvalsh(matrix)[0]
    if smallest <= len(matrix) * np.finfo(np.float64).eps * scale:
        return "is not positive definite", f"its smallest eigenvalue is {smallest:.6g}"
    return None


def _shown(state: Any) -> str:
    flat = Layout.of(state).flatten(state).tolist()
    return f"[{', '.join(map(str, flat[:_SHOWN]))}{', …' if len(flat) > _SHOWN else ''}]"
