"""Random words by Threefry, written out: one fused loop with what uses them.

JAX's own generator computes the same function, round by round through memory: words that are used
up at once cost less if they are never stored.
"""

from typing import Any

import jax
import jax.numpy as jnp

# The rotations of Threefry-2x32 and the constant of its key schedule (Salmon et al. 2011, SC'11).
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
# Of Threefry's key schedule (Salmon, Moraes, Dror & Shaw 2011, C₂₄₀ for 32 bits).
_PARITY = 0x1BD11BDA


def threefry(key: tuple[Any, Any], first: Any, second: Any) -> tuple[jax.Array, jax.Array]:
    """Two random words for every pair of counters, by 20 rounds.

    Arguments:
        key: two words.
        first: counters, uint32 of any shape.
        second: counters, of the same shape or one for all.
    """
    keys = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(_PARITY))
    x, y = first + keys[0], second + keys[1]
    for group in range(5):
        for distance in _ROTATIONS[group % 2]:
            x = x + y
            y = x ^ rotated(y, distance)
        x = x + keys[(group + 1) % 3]
        y = y + keys[(group + 2) % 3] + jnp.uint32(group + 1)
    return x, y


def rotated(words: Any, distance: int, bits: int = 32) -> jax.Array:
    """The lowest `bits` of words turned by some places upwards, `0 < distance < bits`."""
    up, down = words << jnp.uint32(distance), words >> jnp.uint32(bits - distance)
    return (up | down) & jnp.uint32(2**bits - 1)
