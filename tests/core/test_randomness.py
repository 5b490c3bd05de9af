"""Random numbers on the host."""

import jax
import numpy as np
import pytest

from thalweg.core.errors import InputError
from thalweg.core.randomness import check_key, host_generator


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


def test_what_is_no_key_is_refused():
    check_key(None)
    check_key(jax.random.key(0))
    check_key(jax.random.PRNGKey(0))
    for wrong in (3, "a", np.zeros(2), jax.random.split(jax.random.key(0), 3)):
        with pytest.raises(InputError, match=r"verb: key must be one key, such as jax.random.key"):
            check_key(wrong, "verb: key")
    with pytest.raises(InputError, match="key must be one key"):
        host_generator(3)  # type: ignore[arg-type]
