"""Random numbers on the host, from the keys that every random function takes."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from thalweg.core.errors import InputError

# What `jax.random.key_data(jax.random.key(0))` holds; to make that key takes two compiled programs.
_WORDS_OF_KEY_0 = (0, 0)


def host_generator(key: jax.Array | None, *streams: int) -> np.random.Generator:
    """NumPy's generator seeded by a JAX key: random numbers without anything to compile.

    Arguments:
        key: the randomness; None means `jax.random.key(0)`.
        streams: whole numbers that tell apart several generators of one key.

    Raises:
        InputError: it is no key.
    """
    check_key(key)
    words = _WORDS_OF_KEY_0 if key is None else np.asarray(jax.random.key_data(key)).ravel()
    return np.random.default_rng([*map(int, words), *streams])


def check_key(key: Any, name: str = "key") -> None:
    """Refuse what is no single key of `jax.random`; None and traced values pass.

    Arguments:
        key: a typed key, or the two words of an old one.
        name: of the argument, and of the verb where that is known.

    Raises:
        InputError: it is none.
    """
    if key is None or isinstance(key, Tracer):
        return
    if isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        is_key = key.shape == ()
    else:
        is_array = isinstance(key, jax.Array | np.ndarray)
        is_key = is_array and key.shape == (2,) and key.dtype == np.uint32
    if not is_key:
        is_array = hasattr(key, "shape") and np.shape(key) != ()
        got = f"an array of shape {np.shape(key)}" if is_array else repr(key)
        raise InputError(f"{name} must be one key, such as jax.random.key(0), got {got}.")
