"""BlackJAX, whose kernels several methods wrap; imported when first one is used."""

import contextlib
from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.extras import not_installed


def import_blackjax(method: str) -> Any:
    """BlackJAX.

    Arguments:
        method: the name of the method that needs it.

    Raises:
        InputError: it is not installed.
    """
    try:
        import blackjax
    except ModuleNotFoundError as error:
        raise InputError(not_installed(method, "BlackJAX", "sampling")) from error
    return blackjax


def in_precision_of(state: Any) -> contextlib.AbstractContextManager[Any]:
    """A context for what BlackJAX traces, which draws noise of JAX's default precision."""
    return jax.enable_x64(jnp.result_type(*jax.tree.leaves(state)) == jnp.float64)
