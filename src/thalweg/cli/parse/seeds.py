"""`--seed N` as a key."""

from typing import Any

import jax

from thalweg.dynamics import Random


def key_of(seed: int) -> jax.Array | None:
    """The key of a seed; 0 is what the verbs use unless told (and saves compiling a program)."""
    return jax.random.key(seed) if seed else None


def key_for(rule: Any, seed: int) -> jax.Array | None:
    """The key of a run, which only rules that draw random numbers have a use for."""
    # Another one than that of a start which is drawn from the same seed.
    return jax.random.fold_in(jax.random.key(seed), 1) if isinstance(rule, Random) else None
