"""Random numbers on the host, from the keys that every random function takes."""

import jax
import numpy as np

# What `jax.random.key_data(jax.random.key(0))` holds; to make that key takes two compiled programs.
_WORDS_OF_KEY_0 = (0, 0)


def host_generator(key: jax.Array | None, *streams: int) -> np.random.Generator:
    """NumPy's generator seeded by a JAX key: random numbers without anything to compile.

    Arguments:
        key: the randomness; None means `jax.random.key(0)`.
        streams: whole numbers that tell apart several generators of one key.
    """
    words = _WORDS_OF_KEY_0 if key is None else np.asarray(jax.random.key_data(key)).ravel()
    return np.random.default_rng([*map(int, words), *streams])
