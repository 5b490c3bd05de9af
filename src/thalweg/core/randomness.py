"""Random numbers on the host, from the keys that every random function takes."""

import jax
import numpy as np


def host_generator(key: jax.Array | None, *streams: int) -> np.random.Generator:
    """NumPy's generator seeded by a JAX key: random numbers without anything to compile.

    Arguments:
        key: the randomness; None means `jax.random.key(0)`.
        streams: whole numbers that tell apart several generators of one key.
    """
    words = jax.random.key_data(jax.random.key(0) if key is None else key)
    return np.random.default_rng([*np.asarray(words).ravel().tolist(), *streams])
