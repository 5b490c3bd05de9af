"""Random numbers on the host."""

import jax
import numpy as np

from thalweg.core.randomness import host_generator


def test_a_key_and_its_streams_repeat_and_differ():
    key = jax.random.key(3)
    first = host_generator(key).standard_normal(4)
    np.testing.assert_array_equal(first, host_generator(key).standard_normal(4))
    others = [host_generator(key, 1), host_generator(key, 2), host_generator(jax.random.key(4))]
    assert all(np.all(first != other.standard_normal(4)) for other in others)
    np.testing.assert_array_equal(
        host_generator(None).standard_normal(4),
        host_generator(jax.random.key(0)).standard_normal(4),
    )
