"""`--seed N` as a key."""

import jax


def key_of(seed: int) -> jax.Array | None:
    """The key of a seed; 0 is what the verbs use unless told (and saves compiling a program)."""
    return jax.random.key(seed) if seed else None
